"""Do the kernels for elementary functions enclose every exact value, and not much more?"""

from __future__ import annotations

import math

import numpy as np
import pytest

from bcv import expr as ex
from bcv.expr import Op
from tests.enclosures.reference import X, assert_encloses, enclose, intervals

FUNCTIONS = [Op.SIN, Op.COS, Op.TAN, Op.ASIN, Op.ACOS, Op.ATAN, Op.SINH, Op.COSH, Op.TANH]
FUNCTIONS += [Op.EXP, Op.LOG, Op.SQRT]
RANGES = {
    Op.SIN: (-1.0, 1.0),
    Op.COS: (-1.0, 1.0),
    Op.TANH: (-1.0, 1.0),
    Op.ATAN: (-1.5707963267948968, 1.5707963267948968),
    Op.COSH: (1.0, math.inf),
    Op.EXP: (0.0, math.inf),
}


@pytest.mark.parametrize("op", FUNCTIONS)
def test_function_encloses_values_on_hostile_intervals(op: Op) -> None:
    rng = np.random.default_rng(11)
    lo, hi = intervals(rng, 1000)
    assert_encloses([ex.apply(op, X)], rng, lo[None], hi[None])


@pytest.mark.parametrize("op", FUNCTIONS)
def test_function_encloses_values_on_ordinary_intervals(op: Op) -> None:
    rng = np.random.default_rng(12)
    scale = 0.4 if op in (Op.ASIN, Op.ACOS) else 3.0
    lo = rng.normal(0, scale, 500)
    hi = lo + np.exp(rng.uniform(-20, 1, 500)) * scale / 3
    if op in (Op.LOG, Op.SQRT):
        lo, hi = np.exp(lo), np.exp(hi)
    assert_encloses([ex.apply(op, X)], rng, lo[None], hi[None])


@pytest.mark.parametrize("op", [Op.SIN, Op.COS, Op.TAN])
def test_extrema_and_poles_are_found_at_multiples_of_half_pi(op: Op) -> None:
    rng = np.random.default_rng(13)
    turns = rng.integers(-600_000, 600_000, 1200) * (math.pi / 2)
    gap = np.exp(rng.uniform(-40, 0, (2, 1200))) * rng.integers(0, 2, (2, 1200))
    lo, hi = turns - gap[0], turns + gap[1]
    assert_encloses([ex.apply(op, X)], rng, lo[None], hi[None])


@pytest.mark.parametrize("op", FUNCTIONS)
def test_point_intervals_give_narrow_results(op: Op) -> None:
    rng = np.random.default_rng(14)
    x = rng.uniform(0.01, 0.99, (1, 500))
    low, high = enclose([ex.apply(op, X)], x, x)
    assert np.all(high - low <= 40 * np.spacing(np.abs(high)))


@pytest.mark.parametrize("op", RANGES)
def test_results_stay_in_the_range_of_the_function(op: Op) -> None:
    rng = np.random.default_rng(15)
    lo, hi = intervals(rng, 3000)
    low, high = enclose([ex.apply(op, X)], lo[None], hi[None])
    assert low.min() >= RANGES[op][0]
    assert high.max() <= RANGES[op][1]


def test_monotone_pieces_of_waves_are_not_widened_to_one() -> None:
    low, high = enclose(
        [ex.apply(Op.SIN, X), ex.apply(Op.COS, X)], np.array([[0.1]]), np.array([[1.5]])
    )
    assert high[0, 0] < 0.998
    assert low[0, 0] > 0.0998
    assert high[1, 0] < 0.996
    assert low[1, 0] > 0.07


def test_large_angles_give_the_whole_range() -> None:
    big = np.array([[2.0**21, 1e300]])
    low, high = enclose([ex.apply(Op.SIN, X), ex.apply(Op.COS, X)], big, big)
    assert np.all(low == -1.0)
    assert np.all(high == 1.0)


def test_overflow_of_exp_keeps_a_finite_lower_bound() -> None:
    x = np.array([[1000.0, 709.0, -1000.0]])
    low, high = enclose([ex.apply(op, X) for op in (Op.EXP, Op.COSH, Op.SINH)], x, x)
    assert np.all(np.isfinite(low[0]))
    assert low[0, 0] > 1e308
    assert high[0, 0] == math.inf
    assert low[0, 2] == 0.0
    assert 0.0 < high[0, 2] < 1e-300
    assert high[2, 2] < -1e308
    assert low[2, 2] == -math.inf
