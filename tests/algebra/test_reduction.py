"""Is a claim really the square times its reduction?"""

from __future__ import annotations

from fractions import Fraction

import pytest

from bcv import expr as ex
from bcv.algebra.reduction import reduced
from bcv.enclosures.exact import exact_value
from bcv.expr import Expr, Op
from bcv.obligation import Obligation
from bcv.region import TRUE, UNBOUNDED, equal, region

X, Y = ex.var("x"), ex.var("y")
SIN = ex.apply(Op.SIN, X)
PLANE = region(("x", "y"), (UNBOUNDED, UNBOUNDED), TRUE)


def claim(expression: Expr, strict: bool = False) -> Obligation:
    return Obligation("flow", "", "", PLANE, expression, strict)


@pytest.mark.parametrize(
    "expression",
    [
        Y * SIN * ex.const(3) + Y * (Y - ex.const(3) * SIN),
        (X - Y) ** 4 * (X + ex.ONE) ** 3,
        SIN**2 * (X + Y),
        (X + Y) * (X - Y) - X**2 + Y**2,
    ],
)
def test_the_claim_is_the_square_times_the_goal(expression):
    found = reduced(claim(expression))
    assert found is not None
    for x, y in ((2, 3), (-1, 5), (Fraction(1, 3), -2)):
        point = {"x": Fraction(x), "y": Fraction(y)}
        difference = expression - found.square**2 * found.goal.expr
        value = exact_value(difference, point)
        assert value is not None
        assert value == 0 or (not isinstance(value, Fraction) and value.contains(0))


@pytest.mark.parametrize("expression", [X + Y, X * Y, SIN + Y])
def test_nothing_is_reduced_where_nothing_factors(expression):
    assert reduced(claim(expression)) is None


def test_a_strict_claim_keeps_its_zeros():
    assert reduced(claim(X**2 * (Y**2 + ex.ONE), strict=True)) is None


def test_a_square_that_vanishes_on_the_region_stays() -> None:
    """-(x - y)^2 >= 0 holds where x = y, and -1 >= 0 does not."""
    line = region(("x", "y"), (UNBOUNDED, UNBOUNDED), equal(X, Y))
    assert reduced(Obligation("flow", "", "", line, -((X - Y) ** 2), strict=False)) is None
    other = reduced(Obligation("flow", "", "", line, (X + Y) ** 2 * X, strict=False))
    assert other is not None
    assert other.goal.expr is X
