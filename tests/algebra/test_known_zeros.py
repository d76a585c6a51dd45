"""Known zeros help a certificate; knowing only some of them must not prevent it."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from bcv import expr as ex
from bcv.engines.engine import Budget
from bcv.engines.sum_of_squares import SumOfSquaresEngine
from bcv.events import ignore
from bcv.expr import Expr, const, var
from bcv.obligation import Obligation
from bcv.outcome import Hints, Proved, Undecided
from bcv.region import TRUE, UNBOUNDED, Range, Region


def robinson() -> Expr:
    """Robinson's form: nonnegative, no sum of squares, with ten zeros up to scale."""
    x, y, z = map(var, "xyz")
    mixed = [a**4 * b**2 for a in (x, y, z) for b in (x, y, z) if a is not b]
    return x**6 + y**6 + z**6 - sum(mixed, ex.ZERO) + const(3) * x**2 * y**2 * z**2


@pytest.mark.parametrize("known", [(), ((0, 0, 0),), ((0, 0, 0), (1, 1, 1)), ((0, 1, 1),)])
def test_robinsons_form_is_proved_whichever_zeros_are_known(
    known: tuple[tuple[int, ...], ...],
) -> None:
    region = Region(("x", "y", "z"), (UNBOUNDED,) * 3, TRUE)
    claim = Obligation("initial", "", "robinson >= 0", region, robinson(), strict=False)
    zeros = tuple(tuple(map(Fraction, point)) for point in known)
    budget = Budget(time.monotonic() + 20)
    assert isinstance(
        SumOfSquaresEngine().discharge(claim, Hints(zeros=zeros), budget, ignore), Proved
    )


def test_numbers_beyond_doubles_are_no_crash() -> None:
    side = Range(Fraction(-(10**400)), Fraction(10**400))
    region = Region(("x",), (side,), TRUE)
    x = var("x")
    claim = Obligation("flow", "", "", region, const(9 * 10**399) - x, strict=False)
    outcome = SumOfSquaresEngine().discharge(claim, Hints(), Budget(time.monotonic() + 20), ignore)
    assert isinstance(outcome, Undecided)
