"""What every condition asks of the flow, with the theorems' side conditions."""

from __future__ import annotations

from fractions import Fraction

import pytest

from bcv import expr as ex
from bcv.pipeline import Settings, validate
from bcv.region import TRUE, Atom, Relation
from bcv.verdict import Answer
from tests.conditions.problems import by_name, conditions, names, problem, same

OSCILLATOR = """
states: {x: [-2, 2], y: [-2, 2]}
dynamics: {x: y, y: -x - y}
initial: x**2 + y**2 <= 1/4
unsafe: x >= 1
certificate: {B: x**2 + x*y + y**2 - 1, condition: %s}
"""
LIE = "((2*x + y)*y + (x + 2*y)*(-x - y))"
B = "(x**2 + x*y + y**2 - 1)"


@pytest.mark.parametrize(
    ("condition", "expr", "strict"),
    [
        ("nonincreasing", f"-{LIE}", False),
        ("decreasing", f"-{LIE}", True),
        ("{exponential: 3}", f"-({LIE} + 3*{B})", False),
        ("{exponential: x - y}", f"-({LIE} + (x - y)*{B})", False),
    ],
)
def test_conditions_on_the_whole_domain(condition: str, expr: str, strict: bool) -> None:
    flow = by_name(conditions(OSCILLATOR % condition), "flow")
    assert same(flow.expr, expr)
    assert flow.strict is strict
    assert flow.region.formula == TRUE


@pytest.mark.parametrize(("condition", "strict"), [("strict-boundary", True), ("boundary", False)])
def test_boundary_conditions_hold_on_the_surface(condition: str, strict: bool) -> None:
    flow = by_name(conditions(OSCILLATOR % condition), "flow")
    assert same(flow.expr, f"-{LIE}")
    assert flow.strict is strict
    assert isinstance(flow.region.formula, Atom)
    assert flow.region.formula.relation is Relation.EQ
    assert same(flow.region.formula.expr, B)


def test_boundary_asks_for_a_gradient() -> None:
    found = conditions(OSCILLATOR % "boundary")
    regular = by_name(found, "regular")
    assert same(regular.expr, "(2*x + y)**2 + (x + 2*y)**2")
    assert regular.strict
    assert regular.region == by_name(found, "flow").region
    assert names(found) == ["initial", "unsafe", "flow", "regular"]


def test_levels_move_the_surface() -> None:
    text = OSCILLATOR % "boundary, levels: {initial: 1/3, unsafe: 2}"
    formula = by_name(conditions(text), "flow").region.formula
    assert isinstance(formula, Atom)
    assert same(formula.expr, f"{B} - 1/3")


def test_between_levels_is_about_the_band() -> None:
    text = OSCILLATOR % "between-levels, levels: {initial: 1/3, unsafe: 2}"
    flow = by_name(conditions(text), "flow")
    low, high = list(flow.region.formula.parts)  # type: ignore[union-attr]
    assert same(low.expr, f"{B} - 1/3")
    assert same(high.expr, f"2 - {B}")
    assert {low.relation, high.relation} == {Relation.GE}


def test_positive_safe_turns_the_lie_derivative_around() -> None:
    flow = by_name(conditions(OSCILLATOR % "nonincreasing, convention: positive-safe"), "flow")
    assert same(flow.expr, LIE)


def test_time_in_b_adds_its_derivative_and_counts_for_regularity() -> None:
    text = OSCILLATOR.replace("- 1, cond", "- 1 - t**2, cond") % "boundary"
    found = conditions(text)
    assert same(by_name(found, "flow").expr, f"-({LIE} - 2*t)")
    assert same(by_name(found, "regular").expr, "(2*x + y)**2 + (x + 2*y)**2 + 4*t**2")


def test_parameters_do_not_count_for_regularity() -> None:
    text = "parameters: {p: [1, 2]}\n" + OSCILLATOR.replace("- 1, cond", "- p, cond") % "boundary"
    regular = by_name(conditions(text), "regular")
    assert same(regular.expr, "(2*x + y)**2 + (x + 2*y)**2")
    assert regular.region.variables == ("x", "y", "p")


LINE = """
states: {x: [-2, 2]}
dynamics: {x: "%s"}
initial: x <= -1
unsafe: x >= 1
certificate: {B: "%s", condition: %s}
"""


def test_a_barrier_that_jumps_is_asked_to_be_continuous() -> None:
    found = conditions(LINE % ("-x", "(x if x >= 0 else 2*x + 1/10)", "nonincreasing"))
    parts = [o for o in found.obligations if o.part.startswith("continuity of B")]
    assert [same(o.expr, text) for o, text in zip(parts, ("x + 1/10", "-x - 1/10"), strict=True)]
    for one in parts:
        assert one.name == "flow"
        assert one.region.box[0].lo == one.region.box[0].hi == Fraction(0)
        assert not one.sufficient
    assert len(parts) == 2


def test_a_smooth_or_kinked_barrier_is_continuous_without_saying() -> None:
    found = conditions(LINE % ("-x", "abs(x) + max(x, 2*x) - 1", "strict-boundary"))
    assert [o.part for o in found.obligations if o.name == "flow"] == [""]


def test_a_barrier_with_a_pole_must_be_defined_on_the_whole_domain() -> None:
    found = conditions(LINE % ("1", "-1/x", "strict-boundary"))
    part = by_name(found, "flow", "B is defined")
    assert part.region.formula == TRUE
    assert [ex.to_text(root) for root in part.defined] == ["-1/x"]
    assert part.sufficient


def test_dynamics_that_may_be_undefined_are_asked_to_be_defined() -> None:
    flow = by_name(conditions(LINE % ("log(x + 3)", "x", "nonincreasing")), "flow")
    assert [ex.to_text(root) for root in flow.defined] == ["log(x + 3)"]


def test_boundary_asks_roots_in_the_dynamics_to_stay_off_zero() -> None:
    found = conditions(LINE % ("-sqrt(x + 1/2)", "x + 1/2", "boundary"))
    lipschitz = by_name(found, "flow", "Lipschitz at sqrt(x + 1/2)")
    assert same(lipschitz.expr, "x + 1/2")
    assert lipschitz.strict
    assert lipschitz.sufficient
    assert lipschitz.region == by_name(found, "flow").region


def test_boundary_asks_the_dynamics_not_to_jump_anywhere_in_the_domain() -> None:
    found = conditions(LINE % ("(-x if x >= 0 else 1)", "x - 1/2", "boundary"))
    parts = [o for o in found.obligations if o.part.startswith("continuity of dx/dt")]
    assert len(parts) == 2
    assert all(o.sufficient and o.region.box[0].hi == 0 for o in parts)
    loose = conditions(LINE % ("(-x if x >= 0 else 1)", "x - 1/2", "strict-boundary"))
    assert [o.part for o in loose.obligations if o.name == "flow"] == [""]


def test_boundary_with_a_kinked_barrier_compares_the_gradients_that_meet() -> None:
    plane = OSCILLATOR.replace("x**2 + x*y + y**2 - 1", "'max(x + y, x - y)'") % "boundary"
    kink = by_name(conditions(plane), "regular", "kink of B where x + y - (x - y) = 0")
    assert kink.sufficient
    assert kink.expr is ex.ZERO  # at a right angle
    assert not kink.strict


def test_gradients_that_are_opposite_at_the_one_kink_are_not_regular() -> None:
    ridge = OSCILLATOR.replace("x**2 + x*y + y**2 - 1", "'max(x + y, -x - y)'") % "boundary"
    kink = by_name(conditions(ridge), "regular", "kink of B where x + y - (-x - y) = 0")
    assert kink.expr.constant == 0
    obtuse = OSCILLATOR.replace("x**2 + x*y + y**2 - 1", "'max(x + y, -x)'") % "boundary"
    (kink,) = [o for o in conditions(obtuse).obligations if o.part.startswith("kink")]
    assert kink.expr.constant == 1


def test_of_three_gradients_that_meet_no_two_may_be_at_an_obtuse_angle() -> None:
    """Those of max(x, y, -x - y) at the origin surround 0, although no two are opposite.

    Everything else would hold: a flow around the origin, and the initial set is that point.
    """
    star = OSCILLATOR.replace("x**2 + x*y + y**2 - 1", "'max(x, y, -x - y)'") % "boundary"
    star = star.replace("y, y: -x - y}", "-y, y: x}").replace("<= 1/4", "<= 0")
    kinks = [o for o in conditions(star).obligations if o.part.startswith("kink")]
    assert len(kinks) == 2
    assert not any(o.strict for o in kinks)
    assert validate(problem(star), Settings(timeout=5.0)).answer is not Answer.VALID


def test_a_kink_of_b_on_a_jump_of_f_counts_all_combinations() -> None:
    """x' = -sign(x), y' = 1/2, B = |x| + y falls on both sides but grows along the sliding."""
    found = conditions(
        """
        states: {x: [-1, 1], y: [-1, 1]}
        dynamics: {x: (-1 if x > 0 else 1), y: 1/2}
        initial: x <= -1
        unsafe: y >= 1
        certificate: {B: abs(x) + y, condition: nonincreasing}
        """
    )
    flow = by_name(found, "flow")
    values = {
        (a, b)
        for a, b in (
            (node.args[0], node) for node in ex.postorder(flow.expr) if node.op is ex.Op.SELECT
        )
    }
    assert len({condition for condition, _ in values}) == 2


PART = "independent of the domain's equalities"


def test_an_equality_in_the_domain_asks_boundary_for_independent_gradients() -> None:
    text = "domain: x**2 + y**2 == 1\n" + OSCILLATOR % "boundary"
    (found,) = [o for o in conditions(text).obligations if o.part == PART]
    assert same(found.expr, "((2*x + y)*2*y - (x + 2*y)*2*x)**2")
    assert (found.name, found.strict, found.sufficient) == ("regular", True, True)
    assert conditions(text).assumes == ("the state stays in the relative interior of the domain",)
    loose = "domain: x**2 + y**2 == 1\n" + OSCILLATOR % "strict-boundary"
    assert PART not in [o.part for o in conditions(loose).obligations]


def test_two_equalities_that_leave_a_point_are_never_independent_of_a_gradient() -> None:
    text = "domain: [x**2 + y**2 == 1, x == y]\n" + OSCILLATOR % "boundary"
    (found,) = [o for o in conditions(text).obligations if o.part == PART]
    assert found.expr is ex.ZERO


def test_nothing_more_is_asked_of_a_constant_of_the_motion() -> None:
    text = "domain: x*y == 0\n" + OSCILLATOR.replace("-x - y", "-x") % "boundary"
    text = text.replace("x**2 + x*y + y**2 - 1", "x**2 + y**2 - 1")
    assert conditions(text).unsupported == ()
    assert PART not in [o.part for o in conditions(text).obligations]


@pytest.mark.parametrize(
    "change",
    [
        ("", "domain: 'x == 0 or x >= 1'"),
        ("", "domain: exp(x) == y"),
        ("", "domain: abs(x) == y"),
        ("", "domain: [x >= y, x <= y]"),
        ("", "domain: 3*(x - y)**2 <= 0"),
        ("x*y + y", "x*y + abs(y) + y"),
        ("x: y,", "x: y + u,"),
    ],
)
def test_other_equalities_in_the_domain_leave_boundary_open(change: tuple[str, str]) -> None:
    old, new = change
    more = "inputs: {u: [-1, 1]}\n" if "u" in new else ""
    text = "domain: x == y\n" + more + OSCILLATOR % "boundary"
    text = text.replace(old, new) if old else text.replace("domain: x == y", new)
    assert [name for name, _ in conditions(text).unsupported] == ["regular"]
