"""Are multiplier combinations and mean value bounds rounded down, whatever the numbers' size?"""

from __future__ import annotations

import time
from fractions import Fraction

import numpy as np
import pytest

from bcv.engines.branch_and_bound import BranchAndBound
from bcv.engines.engine import Budget
from bcv.events import ignore
from bcv.expr import var
from bcv.obligation import Obligation
from bcv.outcome import Hints, Proved
from bcv.paving import mean_value
from bcv.region import TRUE, Range, Region


def numbers(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Doubles of every size, some of them 0."""
    size = np.ldexp(rng.uniform(-2, 2, shape), rng.integers(-1074, 1022, shape))
    choice = rng.random(shape)
    return np.where(choice < 0.2, 0.0, np.where(choice < 0.6, rng.normal(0, 1, shape), size))


@pytest.mark.parametrize("seed", range(10))
def test_combinations_enclose_exact_results(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ends = np.sort(numbers(rng, (2, 3, 200)), axis=0)
    multipliers = numbers(rng, (2, 200))
    with np.errstate(all="ignore"):
        value = mean_value.combined_values(ends[0], ends[1], multipliers)
        least, most = mean_value.combined_slopes(ends[0][:, None], ends[1][:, None], multipliers)
    for k in range(200):
        for pick in (ends[0, :, k], ends[1, :, k], np.r_[ends[0, :1, k], ends[1, 1:, k]]):
            g, *h = map(Fraction, pick.tolist())
            exact = g - sum(
                Fraction(float(m)) * x for m, x in zip(multipliers[:, k], h, strict=True)
            )
            assert value[k] <= exact
            assert least[0, k] <= exact <= most[0, k]


def test_exact_zeros_stay_zero() -> None:
    zero, one = np.zeros((2, 1)), np.ones((1, 1))
    assert mean_value.combined_values(zero, zero, one).tolist() == [0.0]


def test_a_product_that_underflows_is_no_proof() -> None:
    # x*y is negative in two quadrants, though every product of doubles there rounds to 0.
    tiny = Fraction(1, 10**200)
    region = Region(("x", "y"), (Range(-tiny, tiny),) * 2, TRUE)
    claim = Obligation("flow", "", "x*y >= 0", region, var("x") * var("y"), strict=False)
    budget = Budget(time.monotonic() + 2)
    outcome = BranchAndBound().discharge(claim, Hints(), budget, ignore)
    assert not isinstance(outcome, Proved)
