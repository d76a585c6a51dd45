"""Do Bernstein bounds enclose polynomials, closely?"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from bcv.enclosures.bernstein import BernsteinForm

Polynomial = dict[tuple[int, ...], Fraction]


def random_polynomial(rng: np.random.Generator, n: int, degree: int, terms: int) -> Polynomial:
    return {
        tuple(int(e) for e in rng.integers(0, degree + 1, n)): Fraction(
            int(rng.integers(-999, 999)), int(rng.integers(1, 99))
        )
        for _ in range(terms)
    }


def exact(polynomial: Polynomial, point: np.ndarray) -> Fraction:
    coordinates = [Fraction(float(x)) for x in point]
    return sum(
        (
            coefficient * math.prod(x**e for x, e in zip(coordinates, exponents, strict=True))
            for exponents, coefficient in polynomial.items()
        ),
        Fraction(0),
    )


@pytest.mark.parametrize("seed", range(40))
def test_bounds_enclose_exact_values(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5))
    polynomial = random_polynomial(rng, n, int(rng.integers(1, 5 if n > 2 else 9)), 12)
    scale = 10.0 ** rng.integers(-5, 5)
    lo = rng.normal(0, scale, (n, 40))
    hi = lo + scale * np.exp(rng.uniform(-35, 1, (n, 40))) * rng.integers(0, 2, (n, 40))
    lower, upper = BernsteinForm(polynomial, n).bounds(lo, hi)
    for share in (0.0, 1.0, 0.5, *rng.random(3)):
        points = np.clip(lo + (hi - lo) * share * rng.integers(0, 2, (n, 40)), lo, hi)
        for k in range(40):
            assert lower[k] <= exact(polynomial, points[:, k]) <= upper[k]


def test_bounds_at_points_are_narrow() -> None:
    rng = np.random.default_rng(1)
    polynomial = random_polynomial(rng, 3, 4, 12)
    point = rng.uniform(-1, 1, (3, 50))
    lower, upper = BernsteinForm(polynomial, 3).bounds(point, point)
    assert np.all(upper - lower <= 1e-9)


def test_bounds_are_exact_at_a_vertex() -> None:
    square = {(2, 0): Fraction(1), (1, 1): Fraction(-2), (0, 2): Fraction(1), (0, 0): Fraction(1)}
    lo, hi = np.array([[1.0], [-3.0]]), np.array([[2.0], [0.0]])
    lower, upper = BernsteinForm(square, 2).bounds(lo, hi)
    assert lower[0] == pytest.approx(2.0, abs=1e-12)
    assert upper[0] == pytest.approx(26.0, abs=1e-10)


def test_infinite_huge_and_subnormal_boxes_are_sound() -> None:
    form = BernsteinForm({(2,): Fraction(1), (1,): Fraction(-3, 7)}, 1)
    lo = np.array([[-math.inf, 0.0, 1e200, 5e-324, -1e-310]])
    hi = np.array([[math.inf, math.inf, 1e201, 1e-323, 1e-310]])
    lower, upper = form.bounds(lo, hi)
    assert lower[:3].tolist() == [-math.inf] * 3
    assert upper[:3].tolist() == [math.inf] * 3
    assert lower[3] < 0.0
    assert lower[4] < 0.0 < upper[4]


def test_the_zero_polynomial_is_zero() -> None:
    lower, upper = BernsteinForm({}, 2).bounds(np.zeros((2, 3)), np.ones((2, 3)))
    assert np.all(lower <= 0.0)
    assert np.all(upper >= 0.0)
    assert np.all(upper - lower < 1e-200)


def test_large_tensors_are_refused() -> None:
    with pytest.raises(ValueError, match="coefficients"):
        BernsteinForm({(10, 10, 10): Fraction(1)}, 3)


def test_large_batches_are_worked_on_in_blocks() -> None:
    rng = np.random.default_rng(2)
    form = BernsteinForm(random_polynomial(rng, 3, 5, 20), 3)
    lo = rng.normal(0, 1, (3, 5000))
    hi = lo + rng.random((3, 5000))
    lower, _ = form.bounds(lo, hi)
    few, _ = form.bounds(lo[:, 4000:4010], hi[:, 4000:4010])
    assert np.allclose(lower[4000:4010], few, rtol=1e-9)
