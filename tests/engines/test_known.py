"""Is what is told of an undecided condition right where the truth is known?"""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from bcv import expr as ex
from bcv import region as rg
from bcv.attempts import asked, examined, untouched
from bcv.engines.engine import Budget
from bcv.engines.registry import create
from bcv.events import ignore
from bcv.expr import Expr, Op
from bcv.obligation import Obligation
from bcv.outcome import Hints, Known, Undecided
from bcv.region import UNBOUNDED, Formula, Range

X, Y = ex.var("x"), ex.var("y")
UNIT = Range(Fraction(-1), Fraction(1))
ONE_POINT = Range(Fraction(0), Fraction(0))
SMALL_DISK = rg.at_least(ex.const(Fraction(1, 100)) - X**2 - Y**2)


def tight(a: Expr) -> Expr:
    """0, which no enclosure shows on a box."""
    return ex.apply(Op.SIN, a) ** 2 + ex.apply(Op.COS, a) ** 2 - ex.ONE


def half(a: Expr) -> Expr:
    """Holds everywhere, and is proved where a > 0 and nowhere else."""
    return tight(a) + ex.maximum(ex.ZERO, a)


def known(
    expr: Expr,
    formula: Formula,
    box: tuple[Range, Range] = (UNIT, UNIT),
    jobs: int = 1,
    boxes: int = 20_000,
) -> Known:
    claim = Obligation("flow", "", "", rg.region(("x", "y"), box, formula), expr, False)
    budget = Budget(time.monotonic() + 30, boxes=boxes, jobs=jobs)
    found = create("branch-and-bound").discharge(claim, Hints(), budget, ignore)
    assert isinstance(found, Undecided)
    return found.known


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("formula", [rg.TRUE, SMALL_DISK])
def test_the_proved_share_is_that_of_the_region_not_of_its_box(formula: Formula, jobs: int) -> None:
    share = known(half(Y), formula, jobs=jobs).proved_share
    assert share == pytest.approx(0.5, abs=0.1)


def test_nothing_is_proved_of_a_surface_by_what_lies_beside_it() -> None:
    assert known(tight(X), rg.equal(X**2 + Y**2, ex.ONE)).proved_share == 0.0


def test_a_side_of_one_point_takes_no_part_in_the_share() -> None:
    share = known(half(Y), rg.TRUE, (ONE_POINT, UNIT)).proved_share
    assert share == pytest.approx(0.5, abs=0.1)


def test_an_unbounded_region_has_no_share() -> None:
    assert known(half(Y), rg.TRUE, (UNIT, UNBOUNDED)).proved_share is None


@pytest.mark.parametrize("boxes", [1, 3, 9])
def test_the_claim_is_nowhere_lower_than_the_largest_violation_says(boxes: int) -> None:
    place, depth = (ex.const(Fraction(1, 3)), ex.const(Fraction(1, 7))), Fraction(1, 10**6)
    pit = ex.apply(Op.ABS, X - place[0]) + ex.apply(Op.ABS, Y - place[1]) - ex.const(depth)
    bound = known(pit + tight(X + Y), rg.TRUE, boxes=boxes).largest_violation
    assert bound is not None
    assert depth <= Fraction(bound) < 4


def test_what_is_known_is_of_the_claim_and_not_of_what_it_was_reduced_to() -> None:
    square, low = (X**2 + ex.const(3)) ** 2, half(Y) + ex.const(Fraction(1, 10**6))
    claim = Obligation(
        "initial", "", "", rg.region(("x", "y"), (UNIT, UNIT), rg.TRUE), square * low, False
    )
    attempt = examined(untouched(claim), Budget(time.monotonic() + 30))
    assert attempt.reduction is not None
    budget = Budget(time.monotonic() + 30, boxes=2000)
    for name in ("sampling", "branch-and-bound"):
        attempt = asked(name, attempt, budget, 30.0, ignore)
    assert isinstance(attempt.outcome, Undecided)
    found = attempt.outcome.known
    assert found.largest_violation is None  # it is known of low alone, of which claim has 9 times
    assert found.smallest_margin == pytest.approx(9e-6, rel=0.9)
    assert found.smallest_margin >= 9e-6 * (1 - 1e-6)
