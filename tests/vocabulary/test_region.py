"""Regions: negation is the complement, tightening keeps the point set, definedness is complete."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from bcv import expr as ex
from bcv import region as rg
from bcv.expr import Expr, Op
from bcv.region import FALSE, TRUE, And, Atom, Formula, Or, Range, Relation

X, Y = ex.var("x"), ex.var("y")
RATIONAL = st.fractions(min_value=-2, max_value=2, max_denominator=3)


def value(root: Expr, point: dict[str, Fraction]) -> Fraction:
    done = ex.substitute(root, {name: ex.const(v) for name, v in point.items()})
    assert done.constant is not None
    return done.constant


def holds(formula: Formula, point: dict[str, Fraction]) -> bool:
    match formula:
        case And(parts):
            return all(holds(part, point) for part in parts)
        case Or(parts):
            return any(holds(part, point) for part in parts)
        case Atom(expr, relation):
            v = value(expr, point)
            return (
                v > 0 if relation is Relation.GT else v == 0 if relation is Relation.EQ else v >= 0
            )


LINEAR = st.builds(lambda a, b: ex.const(a) * X + ex.const(b), RATIONAL, RATIONAL)
EXPRESSIONS = st.one_of(
    LINEAR, st.builds(lambda a, b: b - ex.const(a) * Y, RATIONAL, LINEAR), st.just(X**2 - Y)
)
ATOMS = st.builds(
    lambda f, e: f(e), st.sampled_from([rg.at_least, rg.greater, rg.equal]), EXPRESSIONS
)
FORMULAS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda p: rg.all_of(*p)),
        st.lists(inner, max_size=3).map(lambda p: rg.any_of(*p)),
    ),
    max_leaves=6,
)
POINTS = st.fixed_dictionaries({"x": RATIONAL, "y": RATIONAL})


@given(FORMULAS, POINTS)
@settings(max_examples=300, deadline=None)
def test_negation_is_the_complement(formula: Formula, point: dict[str, Fraction]) -> None:
    assert holds(rg.negation(formula), point) != holds(formula, point)


@given(FORMULAS, POINTS, RATIONAL, RATIONAL)
@settings(max_examples=400, deadline=None)
def test_tightening_keeps_the_point_set(
    formula: Formula, point: dict[str, Fraction], lo: Fraction, width: Fraction
) -> None:
    box = (Range(lo, lo + abs(width)), Range(None, Fraction(1)))
    tight = rg.region(("x", "y"), box, formula)

    def inside(sides: tuple[Range, ...]) -> bool:
        return all(
            (side.lo is None or side.lo <= point[name])
            and (side.hi is None or point[name] <= side.hi)
            for name, side in zip(("x", "y"), sides, strict=True)
        )

    before = inside(box) and holds(formula, point)
    after = inside(tight.box) and holds(tight.formula, point)
    assert before == after


def test_an_empty_box_becomes_the_false_formula() -> None:
    both = rg.all_of(rg.at_least(X - ex.const(3)), rg.at_least(ex.const(2) - X))
    assert rg.region(("x",), (rg.UNBOUNDED,), both).formula == FALSE


def test_constant_atoms_are_decided() -> None:
    assert rg.at_least(ex.ZERO) == TRUE
    assert rg.greater(ex.ZERO) == FALSE
    assert rg.equal(ex.ONE) == FALSE


def test_definedness_names_every_partial_node() -> None:
    root = ex.apply(Op.LOG, X) / Y + ex.apply(Op.ASIN, ex.apply(Op.SQRT, Y)) + ex.apply(Op.TAN, X)
    found = list(rg.atoms(rg.defined_where(root)))
    assert Atom(X, Relation.GT) in found
    assert Atom(Y, Relation.GT) in found
    assert Atom(-Y, Relation.GT) in found
    assert Atom(Y, Relation.GE) in found
    assert len(found) == 8
    assert rg.defined_where(X**2 + ex.apply(Op.EXP, Y)) == TRUE


def test_atoms_are_numbered_box_first() -> None:
    region = rg.region(("x", "y"), (Range(Fraction(0), None), rg.UNBOUNDED), rg.greater(Y - X))
    assert region.box_atoms() == (Atom(X, Relation.GE),)
    assert list(rg.atoms(region.formula)) == [Atom(Y - X, Relation.GT)]


SQUARES = st.builds(lambda a, b: ex.const(a) * X**2 + ex.const(b), RATIONAL, RATIONAL)


@given(SQUARES, st.sampled_from(Relation), RATIONAL)
def test_a_square_bounds_the_box_without_losing_points(
    square: Expr, relation: Relation, x: Fraction
) -> None:
    formula = Atom(square, relation)
    found = rg.region(("x",), (rg.UNBOUNDED,), formula)
    assert _inside(found, {"x": x}) == holds(formula, {"x": x})


@given(st.lists(st.lists(st.builds(Atom, st.one_of(LINEAR, SQUARES), st.sampled_from(Relation)),
                         max_size=3), min_size=1, max_size=3), RATIONAL)  # fmt: skip
def test_alternatives_have_the_points_of_the_region(parts: list[list[Atom]], x: Fraction) -> None:
    formula = Or(tuple(And(tuple(part)) for part in parts))
    whole = rg.Region(("x",), (rg.UNBOUNDED,), formula)
    if len(parts) == 1:
        formula = Or((*formula.parts, FALSE))
        whole = rg.Region(("x",), (rg.UNBOUNDED,), formula)
    found = rg.alternatives(whole)
    assert found is not None
    point = {"x": x}
    assert any(_inside(part, point) for part in found) == holds(formula, point)


def _inside(region: rg.Region, point: dict[str, Fraction]) -> bool:
    return holds(region.formula, point) and all(
        (side.lo is None or side.lo <= point[name]) and (side.hi is None or point[name] <= side.hi)
        for name, side in zip(region.variables, region.box, strict=True)
    )
