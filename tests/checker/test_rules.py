"""Each rule of the checker, at the edge of what it must accept and what it must refuse."""

from __future__ import annotations

from array import array
from fractions import Fraction
from math import inf

import pytest

from bcv import expr as ex
from bcv.checker import Result, Session, check_condition
from bcv.checker.claims import Region
from bcv.checker.matching import tight_box
from bcv.checker.ring import Ring
from bcv.checker.rules.bernstein import Bernstein
from bcv.checker.rules.intervals import double_below
from bcv.checker.rules.semidefinite import is_positive_semidefinite
from bcv.checker.terms import RejectedError, Terms
from bcv.conditions import obligations_of
from bcv.evidence import (
    Bounded,
    Box,
    Convex,
    Cover,
    Either,
    Evidence,
    Form,
    Gram,
    Infeasible,
    LeafReason,
    Multiplier,
    Point,
    PolynomialCase,
    Segment,
    SquareFactor,
    SumOfSquares,
    Witness,
)
from bcv.formats.problem_yaml import parse_problem
from bcv.formats.proof import proved_entry, refuted_entry
from bcv.formats.statement import statement_of
from bcv.problem import Problem

ONE = Fraction(1)


def stated(
    claim: str, where: str = "true", states: str = "x: [-1, 1]", strict: bool = False
) -> Problem:
    """The problem whose condition ``initial`` is "claim >= 0 (> 0) where ..."."""
    names = [part.split(":")[0].strip() for part in states.split(",") if ":" in part]
    return parse_problem(
        f"bcv: 1\nname: rule\ntime: discrete\nstates: {{{states}}}\n"
        f"dynamics: {{{', '.join(f'{n}: {n}' for n in names)}}}\n"
        f"initial: '{where}'\nunsafe: 'false'\n"
        f"certificate: {{B: '-({claim})', condition: inductive"
        f"{', strict: initial' if strict else ''}}}\n",
        "rule.yaml",
    )


def proved(problem: Problem, evidence: Evidence, name: str = "initial") -> Result:
    """What the checker makes of the evidence for the condition."""
    obligation = next(o for o in obligations_of(problem).obligations if o.name == name)
    return check_condition(
        Session(statement_of(problem)), name, "", proved_entry(obligation, evidence)
    )


def refuted(problem: Problem, witness: Witness, name: str = "initial") -> Result:
    """What the checker makes of the witness against the condition."""
    obligation = next(o for o in obligations_of(problem).obligations if o.name == name)
    return check_condition(
        Session(statement_of(problem)), name, "", refuted_entry(obligation, witness)
    )


def leaf(
    reason: LeafReason, *sides: tuple[float, float], multipliers: tuple[Multiplier, ...] = ()
) -> Cover:
    """A cover of one leaf."""
    return Cover(sides or ((-1.0, 1.0),), array("q", [0]), array("d"), (reason,), multipliers)


NATURAL = Bounded(Form.NATURAL)


def test_a_bound_must_hold_on_the_leaf() -> None:
    assert proved(stated("x + 1"), leaf(NATURAL)).verified
    assert not proved(stated("x + 999/1000"), leaf(NATURAL)).verified


def test_a_strict_claim_needs_a_positive_bound() -> None:
    assert not proved(stated("x + 1", strict=True), leaf(NATURAL)).verified
    assert proved(stated("x + 1001/1000", strict=True), leaf(NATURAL)).verified


def test_an_expression_must_be_defined_on_the_leaf() -> None:
    assert not proved(stated("sqrt(x) + 5"), leaf(NATURAL)).verified
    assert not proved(stated("5 + 0*log(x)"), leaf(NATURAL)).verified
    assert not proved(stated("1 + (x + 2)/(x + 2) + x/x"), leaf(NATURAL)).verified
    assert proved(stated("sqrt(x + 1) + 5"), leaf(NATURAL)).verified


def test_infeasible_needs_a_false_formula() -> None:
    problem = stated("x - 5", "x**2 >= 2 and x**3 >= -5")
    assert proved(problem, leaf(Infeasible((2,)))).verified
    assert not proved(problem, leaf(Infeasible((3,)))).verified
    assert not proved(problem, leaf(Infeasible(()))).verified
    either = stated("x - 5", "x**2 >= 2 or x**3 >= 5")
    assert not proved(either, leaf(Infeasible((2,)))).verified
    assert proved(either, leaf(Infeasible((2, 3)))).verified


def test_an_undefined_atom_is_not_false() -> None:
    problem = stated("x - 5", "log(x) >= 5")
    assert not proved(problem, leaf(Infeasible((2,)))).verified
    assert not proved(problem, leaf(Infeasible((0,)))).verified


def test_a_touching_atom_is_not_false() -> None:
    assert not proved(stated("x - 5", "x**2 >= 1"), leaf(Infeasible((2,)))).verified
    assert proved(stated("x - 5", "x**2 > 1"), leaf(Infeasible((2,)))).verified


@pytest.mark.parametrize(
    ("where", "number", "factor", "good"),
    [
        ("x**2 <= 1/4", 2, ex.ONE, True),
        ("x**2 <= 1/4", 2, ex.const(-1), False),
        ("x**2 <= 1/4", 2, ex.var("x"), False),
        ("x**2 <= 1/4 or x >= 1", 2, ex.ONE, False),
        ("x**2 == 1/4", 2, ex.const(-1), True),
        ("x**2 <= 1/4", 9, ex.ONE, False),
    ],
)
def test_multipliers_belong_to_what_holds(
    where: str, number: int, factor: ex.Expr, good: bool
) -> None:
    """1/4 - x**2 >= 0 where it is; the goal less the multiplied atom is 0."""
    problem = stated("1/4 - x**2", where)
    multiplier = Multiplier(((number, factor),))
    cover = leaf(Bounded(Form.BERNSTEIN, 0), multipliers=(multiplier,))
    assert proved(problem, cover).verified == good


@pytest.mark.parametrize(
    ("claim", "where", "number", "factor", "good"),
    [
        ("exp(x) - e", "x > 1", 2, "1/2", True),
        ("exp(x) - e", "x > 1", 2, "3", False),  # too much: there it falls
        ("exp(x) - e", "x > 1", 2, "0", False),
        ("exp(x) - e", "x > 1", 0, "1/2", False),  # the bound of the box, which is x >= 1
        ("exp(x) - e - 1/10**9", "x > 1", 2, "1/2", False),
        ("exp(x) - e", "x > 1 - 1/10**9", 2, "1/2", False),
        ("exp(x) - e", "x**3 >= 1", 2, "1/2", False),
        ("exp(x) - e", "x > 1 or x**2 > 1", 2, "1/2", False),
    ],
)
def test_a_strict_constraint_makes_a_strict_claim(
    claim: str, where: str, number: int, factor: str, good: bool
) -> None:
    """exp(x) - e - m (x - 1) >= 0, and x > 1: so exp(x) > e, though not at the leaf's end."""
    problem = stated(claim, where, states="x: [1/2, 3]", strict=True)
    multiplier = Multiplier(((number, ex.const(Fraction(factor))),))
    cover = leaf(Bounded(Form.MEAN_VALUE, 0), (1.0, 3.0), multipliers=(multiplier,))
    assert proved(problem, cover).verified == good


TWO = "x >= -2 and x <= -1 or x >= 1 and x <= 2"
BELOW, ABOVE = leaf(NATURAL, (-2.0, -1.0)), leaf(NATURAL, (1.0, 2.0))


@pytest.mark.parametrize(
    ("claim", "where", "evidence", "good"),
    [
        ("4 - x**2", TWO, Either(BELOW, ABOVE), True),
        (
            "4 - x**2",
            f"{TWO} or x == 0",
            Either(BELOW, Either(ABOVE, leaf(NATURAL, (0.0, 0.0)))),
            True,
        ),
        ("4 - x**2", TWO, Either(ABOVE, BELOW), False),
        ("4 - x**2", TWO, Either(BELOW, leaf(NATURAL, (1.0, 1.5))), False),
        ("4 - x**2 - 1/10**9", TWO, Either(BELOW, ABOVE), False),
        ("4 - x**2", f"{TWO} or x > 4", Either(BELOW, ABOVE), False),
        ("4 - x**2", "x >= 1 and x <= 2", Either(ABOVE, ABOVE), False),
    ],
)
def test_alternatives_have_their_own_bounds(
    claim: str, where: str, evidence: Either, good: bool
) -> None:
    assert proved(stated(claim, where, states="x: [-5, 5]"), evidence).verified == good


@pytest.mark.parametrize(
    ("where", "good"),
    [("x**2 <= 4", True), ("3*x**2 < 12", True), ("x**2 == 4", True),
     ("-x**2 >= -4 and y > 0", True), ("x**2 >= 4", False), ("x**2 <= 4 + 1/10**9", False),
     ("x**2 <= 5", False),     ("x**2 + 0*y**2 <= 4 or y > 4", False)],
)  # fmt: skip
def test_a_square_with_a_rational_root_bounds_the_box(where: str, good: bool) -> None:
    problem = stated("5 - x + 0*y", where, states="x: [-9, 9], y: [-9, 9]")
    evidence = leaf(NATURAL, (-2.0, 2.0), (-9.0, 9.0))
    assert proved(problem, evidence).verified == good


@pytest.mark.parametrize(
    ("claim", "states", "root", "good"),
    [
        ("x**3 - x", "x: [1, .inf]", (1.0, inf), True),
        ("x**3 - x", "x: [1, .inf]", (0.5, inf), False),
        ("x - x**3", "x: [-.inf, -1]", (-inf, -1.0), True),
        ("x**3 - x", "x: [-.inf, -1]", (-inf, -1.0), False),
        ("x - x**2 + 10**9", "x: [0, .inf]", (0.0, inf), False),
        ("x**2 + 1", "x: [-.inf, .inf]", (-inf, inf), False),
    ],
)
def test_coefficients_decide_out_to_infinity(
    claim: str, states: str, root: tuple[float, float], good: bool
) -> None:
    problem = stated(claim, states=states)
    assert proved(problem, leaf(Bounded(Form.BERNSTEIN), root)).verified == good


def test_the_root_must_contain_the_box() -> None:
    assert not proved(stated("x + 1"), leaf(NATURAL, (-0.5, 1.0))).verified
    assert not proved(stated("x + 1"), leaf(NATURAL, (1.0, -1.0))).verified
    assert proved(stated("x + 1"), leaf(NATURAL, (-1.0, inf))).verified
    third = stated("x + 1", states="x: [-1/3, 1/3]")
    assert not proved(third, leaf(NATURAL, (-1 / 3, 0.3333333333333333))).verified
    assert proved(third, leaf(NATURAL, (-0.3333333333333334, 0.3333333333333334))).verified


def test_a_mean_value_form_needs_continuity() -> None:
    mean = Bounded(Form.MEAN_VALUE)
    assert proved(stated("x + abs(x)"), leaf(mean)).verified
    assert proved(stated("abs(x) - x", states="x: [0, 1]"), leaf(mean, (0.0, 1.0))).verified
    jumping = stated("(1 if x >= 0 else -1) + x")
    assert not proved(jumping, leaf(mean)).verified
    assert not proved(stated("(0 if x >= 0 else -1)"), leaf(mean)).verified


def test_a_mean_value_form_sees_more_than_intervals() -> None:
    mean = Bounded(Form.MEAN_VALUE)
    problem = stated("x - x**3/4 + 9/4 - 3/2")
    assert not proved(problem, leaf(NATURAL)).verified
    assert proved(problem, leaf(mean)).verified


INFINITE = float("inf")
REACHES = {
    # What holds on all of [lo, inf), and how much more would be false there.
    "x - 1 - log(x) - 2 + log(3)": 3,
    "x - 1 - log(x)": 1,
    "x*log(x) - x + 1": 1,
    "x*atan(x) - log(1 + x**2)/2": 0,
    "exp(x) - exp(1/2)": "1/2",
    "tanh(x)**2 - tanh(2)**2": 2,
    "log(x) - log(2)": 2,
    "sqrt(1 + x) - sqrt(1 + 1/10)": "1/10",
}


@pytest.mark.parametrize("claim", REACHES)
def test_a_mean_value_form_reaches_out_to_infinity_as_far_as_it_is_true(claim: str) -> None:
    mean, end = Bounded(Form.MEAN_VALUE), Fraction(REACHES[claim])
    states, side = f"x: [{end}, .inf]", (double_below(end), INFINITE)
    mirrored, other = f"x: [-.inf, {-end}]", (-INFINITE, -double_below(end))
    turned = claim.replace("exp", "e_p").replace("x", "(-x)").replace("e_p", "exp")
    for goal, where, box in ((claim, states, side), (turned, mirrored, other)):
        assert proved(stated(goal, states=where), leaf(mean, box)).verified
        assert not proved(stated(goal, states=where, strict=True), leaf(mean, box)).verified
        assert not proved(stated(f"{goal} - 1/10**9", states=where), leaf(mean, box)).verified
        above = stated(f"{goal} + 1/10**9", states=where, strict=True)
        assert proved(above, leaf(mean, box)).verified
    early = end - Fraction(1, 1000)
    below = stated(claim, states=f"x: [{early}, .inf]")
    assert not proved(below, leaf(mean, (double_below(early), INFINITE))).verified


@pytest.mark.parametrize(
    ("claim", "holds"),
    [("x + y - y", True), ("x + y", False), ("x + y**2", False), ("x + y - y - 1/10**9", False)],
)
def test_nothing_may_vary_along_a_line_without_ends(claim: str, holds: bool) -> None:
    problem = stated(claim, states="x: [0, 1], y: [-.inf, .inf]")
    evidence = leaf(Bounded(Form.MEAN_VALUE), (0.0, 1.0), (-INFINITE, INFINITE))
    assert proved(problem, evidence).verified is holds


@pytest.mark.parametrize("claim", ["10 - x", "10 - exp(-x) - x/10**9", "1/x", "exp(x)", "-log(x)"])
def test_a_half_line_has_no_bound_at_its_far_end(claim: str) -> None:
    goal = claim if claim != "exp(x)" else "-exp(x)"
    problem = stated(goal, states="x: [0, .inf]")
    assert not proved(problem, leaf(Bounded(Form.MEAN_VALUE), (0.0, INFINITE))).verified


CONVEX = Convex((Fraction(0),))


def test_a_convex_leaf_needs_an_exact_zero_in_the_leaf() -> None:
    assert proved(stated("1 - cos(x)"), leaf(CONVEX)).verified
    assert proved(stated("exp(x) - x - 1"), leaf(CONVEX)).verified
    assert not proved(stated("x**2 - x**4"), leaf(CONVEX)).verified
    assert not proved(stated("x**2 + x/1000"), leaf(CONVEX)).verified
    assert not proved(stated("x**2 - 1/1000000"), leaf(CONVEX)).verified
    assert not proved(stated("abs(x)"), leaf(CONVEX)).verified
    assert not proved(stated("x**2", strict=True), leaf(CONVEX)).verified
    moved = leaf(Convex((Fraction(2),)))
    assert not proved(stated("(x - 2)**2"), moved).verified


def test_a_convex_leaf_in_two_variables() -> None:
    sides = ((-1.0, 1.0), (-1.0, 1.0))
    zero = Convex((Fraction(0), Fraction(0)))
    both = "x: [-1, 1], y: [-1, 1]"
    assert proved(stated("x**2 + x*y + y**2", states=both), leaf(zero, *sides)).verified
    assert proved(stated("x**2 - 2*x*y + y**2", states=both), leaf(zero, *sides)).verified
    assert not proved(stated("x**2 - 3*x*y + y**2", states=both), leaf(zero, *sides)).verified
    thirds = "16*x**2 + 8/3*x*y + %s*y**2"  # singular, with entries between doubles
    assert proved(stated(thirds % "1/9", states=both), leaf(zero, *sides)).verified
    assert not proved(stated(thirds % "0.111", states=both), leaf(zero, *sides)).verified


def case(
    *cone: tuple[tuple[int, ...], list[tuple[int, ...]], list[int]],
    free: tuple[tuple[int, list[tuple[tuple[int, ...], int]]], ...] = (),
    scale: int = 1,
    strict: tuple[int, ...] = (-1,),
) -> PolynomialCase:
    """A case with integer entries."""
    grams = tuple(
        (atoms, Gram(tuple(basis), tuple(map(Fraction, matrix)))) for atoms, basis, matrix in cone
    )
    factors = tuple((n, tuple((m, Fraction(c)) for m, c in poly)) for n, poly in free)
    return PolynomialCase(grams, factors, Fraction(scale), strict)


def test_a_sum_of_squares_is_an_identity() -> None:
    """G + x**2 = 0 with G = -x**2 > 0 is absurd."""
    square = case(((), [(1,)], [1]))
    assert proved(stated("x**2"), SumOfSquares((square,))).verified
    assert not proved(stated("x**2 - 1/1000"), SumOfSquares((square,))).verified
    assert not proved(stated("x**2", strict=True), SumOfSquares((square,))).verified
    assert not proved(stated("-x**2"), SumOfSquares((case(((), [(1,)], [-1])),))).verified
    assert not proved(stated("x**2"), SumOfSquares((case(((), [(1,)], [1]), scale=0),))).verified
    assert not proved(stated("x**2"), SumOfSquares(())).verified


def test_a_strict_claim_needs_a_strict_product_without_it() -> None:
    """x**2 + 1 > 0: G + x**2 + 1 = 0 with G >= 0, where the 1 is an empty product."""
    good = case(((-1,), [(0,)], [1]), ((), [(1,)], [1]), strict=())
    assert proved(stated("x**2 + 1", strict=True), SumOfSquares((good,))).verified
    assert not proved(stated("x**2", strict=True), SumOfSquares((good,))).verified


@pytest.mark.parametrize(
    ("where", "good"), [("x**2 > 1/4", True), ("x**2 >= 1/4", False), ("x**2 == 1/4", False)]
)
def test_only_strict_atoms_stand_in_a_strict_product(where: str, good: bool) -> None:
    """x**2 - 1/4 > 0 where x**2 - 1/4 > 0: G + h = 0."""
    evidence = SumOfSquares((case(((-1,), [(0,)], [1]), strict=(2,)),))
    assert proved(stated("x**2 - 1/4", where, strict=True), evidence).verified == good


def test_free_factors_stand_at_equalities_only() -> None:
    """x**2 - 1/4 = p >= 0 on p = 0: G + p = 0."""
    evidence = SumOfSquares((case(free=((2, [((0,), 1)]),)),))
    assert proved(stated("x**2 - 1/4", "x**2 == 1/4"), evidence).verified
    assert not proved(stated("x**2 - 1/4", "x**2 >= 1/4"), evidence).verified


def test_cases_exhaust_the_region() -> None:
    """x**3 >= 0 by h = x**3: G + h = 0; the other disjunct needs a case of its own."""
    one = case(((2,), [(0,)], [1]))
    other = case(((3,), [(0,)], [1]))
    alike = stated("x**3", "x**3 >= 0 or x**5 >= 0")
    assert proved(stated("x**3", "x**3 >= 0"), SumOfSquares((one,))).verified
    assert not proved(alike, SumOfSquares((one,))).verified
    assert not proved(alike, SumOfSquares((one, other))).verified
    both = stated("x**3", "(x**3 >= 0 or x**5 >= 1) and x**3 >= 0")
    assert not proved(both, SumOfSquares((one,))).verified
    assert proved(both, SumOfSquares((case(((4,), [(0,)], [1])),))).verified


def test_a_sum_of_squares_says_nothing_of_definedness() -> None:
    square = SumOfSquares((case(((), [(1,)], [1])),))
    assert not proved(stated("x**2 + 0*log(x)"), square).verified
    assert not proved(stated("x**3/x"), square).verified


def test_a_gram_matrix_is_semidefinite_exactly() -> None:
    def psd(*rows: list[int]) -> bool:
        return is_positive_semidefinite([[Fraction(v) for v in row] for row in rows])

    assert psd([1, 1], [1, 1])
    assert psd([0, 0], [0, 1])
    assert not psd([0, 1], [1, 1])
    assert not psd([1, 2], [2, 1])
    assert not psd([-1])
    assert psd([4, 2, 0], [2, 1, 0], [0, 0, 3])
    assert not psd([4, 2, 1], [2, 1, 0], [1, 0, 3])
    tiny = Fraction(1, 10**40)
    assert not is_positive_semidefinite([[ONE, ONE], [ONE, ONE - tiny]])
    assert is_positive_semidefinite([[ONE, ONE], [ONE, ONE + tiny]])


def test_a_square_factor_divides() -> None:
    x = ex.var("x")
    inner = leaf(NATURAL)
    problem = stated("x**2*(x + 1)")
    assert proved(problem, SquareFactor(x, x + ex.ONE, inner)).verified
    assert not proved(problem, SquareFactor(x, x, inner)).verified
    assert not proved(problem, SquareFactor(ex.ONE, x + ex.ONE, inner)).verified
    strict = stated("x**2*(x + 2)", strict=True)
    assert not proved(strict, SquareFactor(x, x + ex.const(2), inner)).verified


def test_a_square_that_is_undefined_somewhere_proves_nothing_there() -> None:
    """x = (1/x)**2 * x**3, but not at 0; and exp(log(x)) is no square root of anything at -1."""
    x = ex.var("x")
    assert not proved(stated("x**2"), SquareFactor(ex.ONE / x, x**4, leaf(NATURAL))).verified


def point(**values: str) -> Point:
    return Point(tuple((name, Fraction(value)) for name, value in values.items()), "")


def test_a_point_refutes_exactly() -> None:
    assert refuted(stated("x + 999/1000"), point(x="-1")).verified
    assert not refuted(stated("x + 1"), point(x="-1")).verified
    assert refuted(stated("x + 1", strict=True), point(x="-1")).verified
    assert not refuted(stated("x + 999/1000"), point(x="-2")).verified
    assert not refuted(stated("x", "x**2 > 1/4"), point(x="-1/2")).verified
    assert not refuted(stated("x + 1"), point(y="-1")).verified
    assert refuted(stated("sin(x) + 841/1000"), point(x="-1")).verified
    assert not refuted(stated("sin(x) + 842/1000"), point(x="-1")).verified


def test_a_point_at_a_switch_refutes_nothing() -> None:
    problem = stated("(1 if x >= 0 else -1)", "x**2 <= 0")
    assert not refuted(problem, point(x="0")).verified


def test_a_point_where_the_claim_has_no_value() -> None:
    assert refuted(stated("1/x + 5", "x**2 <= 1/4"), point(x="0")).verified
    assert refuted(stated("log(x) + 50"), point(x="0")).verified
    assert not refuted(stated("sqrt(x) + 50"), point(x="0")).verified
    assert refuted(stated("5 + 0*asin(2*x)"), point(x="1")).verified


def segment(start: dict[str, str], end: dict[str, str]) -> Segment:
    ends = [tuple((n, Fraction(v)) for n, v in d.items()) for d in (start, end)]
    return Segment(ends[0], ends[1], "")


def test_a_segment_crosses_the_surface_where_the_claim_fails() -> None:
    problem = stated("x - 2", "x**3 + x == 1")
    assert refuted(problem, segment({"x": "0"}, {"x": "1"})).verified
    assert not refuted(problem, segment({"x": "1"}, {"x": "0"})).verified
    assert not refuted(problem, segment({"x": "0"}, {"x": "1/2"})).verified
    assert not refuted(stated("x", "x**3 + x == 1"), segment({"x": "0"}, {"x": "1"})).verified
    bound = stated("x - 2", "x**3 + x == 1 and x**2 <= 1/4")
    assert not refuted(bound, segment({"x": "0"}, {"x": "1"})).verified


def test_a_segment_across_a_pole_crosses_nothing() -> None:
    problem = stated("x - 2", "1/x == 0")
    assert not refuted(problem, segment({"x": "-1"}, {"x": "1"})).verified
    jump = stated("x - 2", "(1 if x >= 0 else -1) == 0")
    assert not refuted(jump, segment({"x": "-1"}, {"x": "1"})).verified


def test_a_segment_refutes_a_strict_claim_whose_expression_cancels() -> None:
    ends = segment({"x": "0"}, {"x": "1"})
    zero = "(x - 1)**2 - x**2 + 2*x - 1"
    assert refuted(stated(zero, "x**3 + x == 1", strict=True), ends).verified
    assert not refuted(stated(zero, "x**3 + x == 1"), ends).verified
    near = stated(f"{zero} + x/10**99", "x**3 + x == 1", strict=True)
    assert not refuted(near, ends).verified


@pytest.mark.parametrize(
    ("claim", "where", "lower", "fails"),
    [
        ("x - y", "x**2 == 2 and y**2 == 3", ("1.41", "1.73"), True),
        ("x - y", "x**2 == 2 and y**2 == 3 and z == 0", ("1.41", "1.73"), True),
        ("x - y", "x == 9 or x**2 == 2 and y**2 == 3", ("1.41", "1.73"), True),
        ("y - x", "x**2 == 2 and y**2 == 3", ("1.41", "1.73"), False),
        ("x - y", "x**2 == 2 and y**2 == 3", ("1.42", "1.73"), False),
        ("x - y", "x**2 == 2 and y**2 == 3", ("1.41", "1.74"), False),
        ("x - y", "x**2 == 2 and x**4 == 4", ("1.41", "1.73"), False),
        ("x - y", "x**2 == 2 and y**2 >= 3", ("1.41", "1.73"), False),
        ("x - y", "x**2 == 2 and y**2 == 3 and x*y == 6**0.5", ("1.41", "1.73"), False),
        ("x - y", "x**2 == 2 and y**2 == 3 and z >= 1", ("1.41", "1.73"), False),
        ("x - y", "1/(x**2 - 2) == 0 and y**2 == 3", ("1.41", "1.73"), False),
        ("x - y", "(1 if x**2 >= 2 else -1) == 0 and y**2 == 3", ("1.41", "1.73"), False),
    ],
)
def test_a_box_refutes_through_a_common_zero_of_its_own_surfaces(
    claim: str, where: str, lower: tuple[str, str], fails: bool
) -> None:
    problem = stated(claim, where.replace("6**0.5", "sqrt(6)"), "x: null, y: null, z: null")
    ends = [
        [(name, Fraction(x) + shift) for name, x in zip("xy", lower, strict=True)]
        for shift in (Fraction(0), Fraction(1, 100))
    ]
    low, high = ((*end, ("z", Fraction(0))) for end in ends)
    assert refuted(problem, Box(low, high, "")).verified == fails
    assert not refuted(problem, Box(high, low, "")).verified


@pytest.mark.parametrize(
    ("claim", "where", "strict", "fails"),
    [
        ("x**3 - 2", "3*x**3 >= 6", True, True),
        ("x**3 - 2", "6 - 3*x**3 >= 0 and x <= 3/2", True, True),
        ("x**3 - 2", "3*x**3 == 6", True, True),
        ("x**3 - 2", "x >= 3 or x**3 >= 2", True, True),
        ("exp(x) - 2", "2*exp(x) - 4 >= 0", True, True),
        ("x**3 - 2", "3*x**3 >= 6", False, False),
        ("x**3 - 2", "3*x**3 > 6", True, False),
        ("x**3 - 2", "3*x**3 >= 6 + 1/10**9", True, False),
        ("x**3 - 2 + 1/10**9", "3*x**3 >= 6", True, False),
        ("x**3 - 2", "3*x**3 >= 6 and x >= 13/10", True, False),
        ("x**3 - 2", "3*x**3 >= 6 and x**4 - 2*x > 0", True, False),
        ("1/(x**3 - 2)", "1/(x**3 - 2) >= 0", True, False),
        ("1 if x**3 >= 2 else -1", "(1 if x**3 >= 2 else -1) >= 0", True, False),
    ],
)
def test_a_strict_claim_fails_where_its_own_zero_lies_in_the_region(
    claim: str, where: str, strict: bool, fails: bool
) -> None:
    problem = stated(claim, where, states="x: [-2, 2]", strict=strict)
    ends = {"x": "0"}, {"x": "3/2"}
    assert refuted(problem, segment(*ends)).verified == fails


@pytest.mark.parametrize(
    ("claim", "fails"),
    [
        ("1e-300 - exp(690*x)", True),
        ("1e-300 - exp(691*x)", False),
        ("1e-435 - exp(1000*x)", True),
        ("1e-434 - exp(1000*x)", False),
    ],
)
def test_a_point_refutes_by_less_than_the_first_precision_tells(claim: str, fails: bool) -> None:
    assert refuted(stated(claim), point(x="-1")).verified == fails


def test_exponents_never_spill_into_the_next_indeterminate() -> None:
    terms = Terms()
    node = terms.power(terms.node("var", "x"), 9999)
    for _ in range(6):
        node = terms.node("*", node, node)
    with pytest.raises(RejectedError):
        Ring(terms, ("x", "y")).form(node)


def test_an_atom_without_a_value_does_not_tighten_the_box() -> None:
    """Where log(x) has no value, x + 0*log(x) >= 1/2 may not be relied on."""
    terms = Terms()
    x = terms.node("var", "x")
    hidden = terms.add(x, terms.mul(terms.zero, terms.apply("log", x)))
    side = (Fraction(-1), Fraction(1))
    region = Region(("x",), (side,), (">=", terms.sub(hidden, terms.const(Fraction(1, 2)))))
    assert tight_box(Ring(terms), region) == {"x": side}


def test_bernstein_coefficients_bound_a_polynomial() -> None:
    terms = Terms()
    x, y = terms.node("var", "x"), terms.node("var", "y")
    ring = Ring(terms, ("x", "y"))
    product = terms.mul(terms.sub(terms.one, x), terms.add(y, terms.const(2)))
    form = Bernstein(ring.polynomial(product, 2), 2)
    assert form.signs(((0.0, 1.0), (-1.0, 3.0))) == 0
    assert form.signs(((0.0, 0.5), (-1.0, 3.0))) == 1
    assert form.signs(((0.0, 0.5), (-3.0, 3.0))) == -1
    assert form.signs(((1.0, 1.0), (0.0, 0.0))) == 0


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("barrier", "u"),
        ("barrier", "d"),
        ("level", "t"),
        ("level", "x"),
        ("domain", "d"),
        ("rate", "u"),
    ],
)
def test_quantities_stand_where_the_theorems_allow_them(place: str, name: str) -> None:
    """A stranger's statement may put anything anywhere; the theorems need it where it belongs."""
    problem = parse_problem(
        "bcv: 1\nname: p\ntime: continuous\nstates: {x: [-1, 1]}\ninputs: {u: [-1, 1]}\n"
        "disturbances: {d: [-1, 1]}\ndynamics: {x: -x + u + d}\ninitial: 'x <= -1/2'\n"
        "unsafe: 'x >= 1/2'\ncertificate: {B: x}\n",
        "p.yaml",
    )
    statement = statement_of(problem)
    Session(statement)
    nodes = statement["nodes"]
    nodes.append(["var", name])
    node = len(nodes) - 1
    if place == "level":
        statement["certificate"]["levels"] = [node, node]
    elif place == "rate":
        statement["certificate"]["rate"] = node
    else:
        statement["modes"][0][place] = node if place == "barrier" else [">=", node]
    with pytest.raises(RejectedError):
        Session(statement)
