"""Is the statistical bound on violations what its confidence says?"""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from bcv import expr as ex
from bcv import region as rg
from bcv.falsify.share import bound_without_hits, violated_share
from bcv.obligation import Obligation
from bcv.region import UNBOUNDED, Formula, Range

X, Y = ex.var("x"), ex.var("y")
UNIT = Range(Fraction(-1), Fraction(1))


def claim(expr: ex.Expr, formula: Formula = rg.TRUE, side: Range = UNIT) -> Obligation:
    return Obligation("flow", "", "", rg.region(("x", "y"), (side, side), formula), expr, False)


def soon() -> float:
    return time.monotonic() + 10


def test_the_bound_is_that_of_clopper_and_pearson() -> None:
    assert bound_without_hits(0) == 1.0
    assert bound_without_hits(1) == pytest.approx(0.99)
    assert bound_without_hits(458) == pytest.approx(0.01, rel=1e-2)
    assert (1 - bound_without_hits(1000)) ** 1000 == pytest.approx(0.01)


def test_points_outside_of_the_region_do_not_count() -> None:
    disk = rg.at_least(ex.const(Fraction(1, 4)) - X**2 - Y**2)
    whole, part = (
        violated_share(claim(X + ex.const(2)), soon()),
        violated_share(claim(X + ex.const(2), disk), soon()),
    )
    assert whole is not None
    assert part is not None
    assert part.points == pytest.approx(whole.points * 3.14159 / 16, rel=0.02)
    assert part.below > whole.below


def test_a_violation_that_is_seen_leaves_no_bound() -> None:
    assert violated_share(claim(X + ex.const(Fraction(1, 2))), soon()) is None
    assert violated_share(claim(ex.apply(ex.Op.LOG, X)), soon()) is None


def test_there_is_no_volume_without_bounds_nor_on_a_surface() -> None:
    assert violated_share(claim(X**2, side=UNBOUNDED), soon()) is None
    assert violated_share(claim(X**2, side=Range(Fraction(0), Fraction(10**400))), soon()) is None
    assert violated_share(claim(X**2, rg.equal(X, Y)), soon()) is None
    assert violated_share(claim(X**2, side=Range(Fraction(1), Fraction(1))), soon()) is None


def test_a_violation_of_that_share_would_be_seen_as_often_as_promised() -> None:
    missed = 0
    for seed in range(100):
        corner = X + Y + ex.const(2 - Fraction(1, 200))  # fails on 1/320000 of the square
        missed += violated_share(claim(corner), soon(), seed) is not None
    expected = (1 - 1 / 320_000) ** 200_704  # about one half
    assert abs(missed / 100 - expected) < 0.2


def test_nothing_is_said_where_rounding_hides_the_sign() -> None:
    """In doubles, exp((1 + 1e-17) x) - exp(x) is 0; times -10^20 it is below -270 on the box."""
    near = ex.apply(ex.Op.EXP, X * ex.const(1 + Fraction(1, 10**17)))
    difference = ex.const(10**20) * (ex.apply(ex.Op.EXP, X) - near) + ex.ONE
    side = Range(Fraction(1), Fraction(2))
    assert violated_share(claim(difference, side=side), soon()) is None
