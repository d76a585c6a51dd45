"""Are mean-value bounds true, better than natural ones, and refused where the theorem fails?"""

from __future__ import annotations

import math

import numpy as np
import pytest

from bcv import expr as ex
from bcv.enclosures.gradients import MeanValueForm, is_continuous, mean_value_bound
from bcv.expr import Expr, Op, const
from tests.enclosures.reference import NAMES, X, Y, Z, escapes, intervals, points_within, reference
from tests.enclosures.test_composites import ALL, SMOOTH, random_roots

ABS_X = ex.apply(Op.ABS, X)


def assert_bounds(root: Expr, rng: np.random.Generator, lo: np.ndarray, hi: np.ndarray) -> None:
    """At points of every box the exact value lies between the mean-value bounds."""
    form = MeanValueForm(root, NAMES)
    slopes = form.slopes(lo, hi)
    low, high = form.lower_bound(lo, hi, slopes), form.upper_bound(lo, hi, slopes)
    assert np.all(low >= slopes.lo)
    assert np.all(high <= slopes.hi)
    columns = [points_within(rng, a, b) for a, b in zip(lo, hi, strict=True)]
    for which in range(6):
        point = np.stack([column[(which + i) % 6] for i, column in enumerate(columns)])
        for k in range(lo.shape[1]):
            (value,) = reference([root], point[:, k])
            assert not escapes(value, low[k], high[k]), (root, lo[:, k], hi[:, k])


def continuous_roots(rng: np.random.Generator, functions: tuple[Op, ...]) -> list[Expr]:
    return [r for r in random_roots(rng, int(rng.integers(6, 20)), functions) if is_continuous(r)]


@pytest.mark.parametrize("seed", range(50))
def test_bounds_of_random_expressions_hold(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lo = rng.normal(0, 2, (3, 25))
    hi = lo + np.exp(rng.uniform(-25, 1, (3, 25)))
    for root in continuous_roots(rng, ALL if seed % 2 else SMOOTH):
        assert_bounds(root, rng, lo, hi)


@pytest.mark.parametrize("seed", range(20))
def test_bounds_on_hostile_boxes_hold(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    ends = [intervals(rng, 25) for _ in NAMES]
    lo, hi = np.stack([e[0] for e in ends]), np.stack([e[1] for e in ends])
    for root in continuous_roots(rng, ALL):
        assert_bounds(root, rng, lo, hi)


@pytest.mark.parametrize(
    "root",
    [
        ABS_X + ex.apply(Op.ABS, Y - X),
        ex.maximum(X, Y) * ex.minimum(Y, Z),
        ex.select(X, X * Y, const(0)),
        ex.apply(Op.SQRT, X**2 + Y**2) - Z,
        ex.apply(Op.SQRT, ex.maximum(X, const(0))),
        ABS_X**3 - const(3) * ABS_X,
    ],
)
def test_bounds_hold_at_kinks(root: Expr) -> None:
    rng = np.random.default_rng(7)
    lo = rng.choice([-1.0, -0.5, -1e-9, 0.0, 0.25], (3, 200))
    hi = lo + rng.choice([0.0, 1e-9, 0.5, 1.0, 2.0], (3, 200))
    assert_bounds(root, rng, lo, hi)


def test_monotone_expressions_have_their_value_at_a_corner() -> None:
    root = X**3 + X - const(2) * Y
    lo, hi = np.array([[1.0], [1.0]]), np.array([[2.0], [3.0]])
    form = MeanValueForm(root, NAMES[:2])
    assert form.lower_bound(lo, hi)[0] == pytest.approx(-4.0, abs=1e-13)
    assert form.upper_bound(lo, hi)[0] == pytest.approx(8.0, abs=1e-13)


def test_small_boxes_have_quadratically_good_bounds() -> None:
    root = (X - Y) ** 2 + X * Y - X
    width = 1e-4
    lo = np.full((2, 1), 0.7)
    form = MeanValueForm(root, NAMES[:2])
    low, high = form.lower_bound(lo, lo + width), form.upper_bound(lo, lo + width)
    slope = abs(0.7 - 1.0) + 0.7
    assert high[0] - low[0] <= slope * width + 10 * width**2


def test_possibly_undefined_boxes_have_no_bound() -> None:
    root = ex.apply(Op.TANH, ex.apply(Op.LOG, X)) + ex.ONE
    form = MeanValueForm(root, NAMES[:1])
    lo, hi = np.array([[-1.0, 0.5]]), np.array([[1.0, 0.6]])
    assert form.lower_bound(lo, hi)[0] == -math.inf
    assert form.upper_bound(lo, hi)[0] == math.inf
    assert math.isfinite(form.lower_bound(lo, hi)[1])


def test_losses_that_underflow_are_not_lost() -> None:
    tiny = np.full((1, 1), 1e-200)
    zero = np.zeros((1, 1))
    bound = mean_value_bound(np.zeros(1), zero, tiny, zero, -tiny, tiny)
    assert bound[0] < 0.0
    bound = mean_value_bound(np.zeros(1), zero, tiny, zero, zero, tiny)
    assert bound[0] == 0.0


def test_expressions_that_jump_are_refused() -> None:
    for root in (ex.select(X, const(1), const(-1)), Y + ex.select(X - Y, X, Y**2)):
        assert not is_continuous(root)
        with pytest.raises(ValueError, match="jump"):
            MeanValueForm(root, NAMES)


def test_pieces_that_meet_are_continuous() -> None:
    for root in (
        ex.select(X, X, const(0)),
        ex.select(X, X**2, -X),
        ex.select(X - Y, X, Y),
        ex.select(-X, const(2) * X * Y, X**3),
        ABS_X + ex.minimum(X, Y),
    ):
        assert is_continuous(root)
