"""On a curve, every violation that lasts for an interval is found."""

from __future__ import annotations

from fractions import Fraction

import pytest
from flint import fmpq_poly

from bcv import expr as ex
from bcv.expr import Expr, Op
from bcv.falsify.curves import are_polynomials, suspects, weights
from bcv.region import TRUE, UNBOUNDED, Atom, Range, Relation, region

X, Y = ex.var("x"), ex.var("y")
PLANE = region(("x", "y"), (UNBOUNDED, UNBOUNDED), TRUE)
DIAGONAL = (fmpq_poly([0, 1]), fmpq_poly([0, 1]))


def c(value: str | int) -> Expr:
    return ex.const(Fraction(value))


def test_a_narrow_violation_on_a_line_is_found() -> None:
    needle = (X - c("123456789.5")) ** 2 - c("1e-12") + (X - Y) ** 2
    [place] = suspects(needle, (), PLANE, DIAGONAL)
    assert needle_value(needle, place[0]) < 0
    assert not list(suspects(needle + c("1e-12"), (), PLANE, DIAGONAL))


def needle_value(root: Expr, point: tuple[Fraction, ...]) -> Fraction:
    found = ex.substitute(root, {"x": ex.const(point[0]), "y": ex.const(point[1])}).constant
    assert found is not None
    return found


def test_places_lie_in_the_box_and_meet_the_constraints() -> None:
    box = region(("x", "y"), (Range(Fraction(1), Fraction(2)), UNBOUNDED), TRUE)
    upper = Atom(Y - c("3/2"), Relation.GE)
    places = list(suspects(c(-1) - X**2, (upper,), box, DIAGONAL))
    assert places
    assert all(Fraction(3, 2) <= s <= 2 for ((s, _),) in places)
    never = Atom(X - Y, Relation.GT)
    assert not list(suspects(c(-1) - X**2, (never,), box, DIAGONAL))


def test_a_root_of_a_surface_is_bracketed() -> None:
    surface = Atom(X * Y - c(2), Relation.EQ)
    [(start, end)] = suspects(X, (surface,), PLANE, DIAGONAL)
    assert start[0] ** 2 > 2 > end[0] ** 2 or start[0] ** 2 < 2 < end[0] ** 2
    assert start[0] < 0
    [exact] = suspects(-X, (Atom(X + Y - c(1), Relation.EQ),), PLANE, DIAGONAL)
    assert exact == ((Fraction(1, 2), Fraction(1, 2)),)


@pytest.mark.parametrize(
    ("root", "found"),
    [(X**2 + Y**6, (3, 1)), (X**4 + X * Y + Y**6, (3, 2)), (X * Y, (1, 1)), (X**3, (1, 3))],
    ids=str,
)
def test_weights_let_pure_powers_grow_alike(root: Expr, found: tuple[int, int]) -> None:
    assert weights(root, ("x", "y")) == found


def test_only_polynomials_are_decided_on_curves() -> None:
    assert are_polynomials([X**3 * Y - c("1/3")])
    assert not are_polynomials([X, ex.apply(Op.SIN, Y)])
    assert not are_polynomials([X / Y])
    assert not are_polynomials([ex.PI * X])
