"""Which line is closest to tanh, exp, 1/x, ... on an interval, and how far is it off?

Soundness depends on this file, and on NumPy's functions erring by at most 4 ulp.

Everything is computed in doubles to nearest; ``_SLACK`` of every magnitude that takes part covers
the rounding of some dozen operations and of NumPy's functions many times over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv.enclosures.assumptions import PI_HI, PI_LO

Array = NDArray[np.float64]
Range = tuple[Array, Array]

_SLACK: Final = 2.0**-44
_TINY: Final = 1e-290
_LARGEST_ANGLE: Final = 1e6


@dataclass(frozen=True, slots=True)
class Rows:
    """weights @ (the atoms named by columns) + constants."""

    weights: Array
    constants: Array
    columns: NDArray[np.intp]

    def first(self, count: int) -> Rows:
        """Some rows, over the atoms that these use."""
        if count == len(self.constants):
            return self
        weights = self.weights[:count]
        used = (weights != 0.0).any(axis=0)
        return Rows(weights[:, used], self.constants[:count], self.columns[used])


@dataclass(frozen=True, slots=True)
class Relaxation:
    """|f(x) - slope*x - offset| <= error and lo <= f(x) <= hi, for all x of an interval."""

    slope: Array
    offset: Array
    error: Array
    lo: Array
    hi: Array


@dataclass(frozen=True, slots=True)
class _Curve:
    """What is known of f on intervals: at the middle m, and on the whole of each.

    ``value`` and ``slope`` err by less than _SLACK * ``scale``; the ranges are outer ones.
    """

    value: Array
    slope: Array
    scale: Array
    range: Range
    slopes: Range
    curvature: Range


def relaxation(kind: str, exponent: int, lo: Array, hi: Array) -> Relaxation:
    """The best line for a function of one argument in [lo, hi].

    ``kind`` is an operator's token, "relu", "inverse" or "pi" (a constant). NaN where f may be
    undefined.
    """
    if kind == "relu":
        return _relu(lo, hi)
    if kind == "pi":
        zero = np.zeros_like(lo)
        return Relaxation(zero, zero + np.pi, zero + _SLACK, zero + PI_LO, zero + PI_HI)
    middle = lo + (hi - lo) * 0.5
    if kind == "**":
        return _line(_power(exponent, lo, middle, hi), lo, middle, hi)
    if kind in _CURVES:
        return _line(_CURVES[kind](lo, middle, hi), lo, middle, hi)
    return _unknown(lo)


def _unknown(like: Array) -> Relaxation:
    nothing = np.full(like.shape, np.nan)
    return Relaxation(nothing, nothing, nothing, nothing, nothing)


def _relu(lo: Array, hi: Array) -> Relaxation:
    """max(x, 0) lies between slope*x and slope*(x - lo), for a slope in [0, 1]."""
    crossing = (lo < 0.0) & (hi > 0.0)
    slope = np.where(crossing, hi / (hi - lo), np.where(hi > 0.0, 1.0, 0.0))
    slope = np.where(np.isnan(lo + hi), np.nan, np.clip(slope, 0.0, 1.0))
    above = np.where(crossing, np.maximum(-slope * lo, (1.0 - slope) * hi), 0.0)
    error = 0.5 * above * (1.0 + _SLACK)
    return Relaxation(slope, 0.5 * above, error, np.maximum(lo, 0.0), np.maximum(hi, 0.0))


def _line(f: _Curve, lo: Array, middle: Array, hi: Array) -> Relaxation:
    """The tangent at the middle, the line of the mean slope, or the constant: what errs least."""
    half = np.maximum(hi - middle, middle - lo) * (1.0 + _SLACK)
    noise = _SLACK * (f.scale * (1.0 + np.abs(middle) + half) + np.abs(f.slope * middle)) + _TINY
    # f(x) = f(m) + f'(m)*(x - m) + f''(xi)*(x - m)**2/2
    below = np.minimum(f.curvature[0], 0.0) * half * half * 0.5
    above = np.maximum(f.curvature[1], 0.0) * half * half * 0.5
    tangent = f.slope, f.value - f.slope * middle + 0.5 * (below + above), 0.5 * (above - below)
    # f(x) = f(m) + f'(xi)*(x - m)
    mean = 0.5 * (f.slopes[0] + f.slopes[1])
    spread = np.maximum(f.slopes[1] - mean, mean - f.slopes[0])
    chord = mean, f.value - mean * middle, spread * half
    flat = np.zeros_like(mean), 0.5 * (f.range[0] + f.range[1]), 0.5 * (f.range[1] - f.range[0])
    slope, offset, error = tangent
    for other in (chord, flat):
        better = ~(error <= other[2])
        slope = np.where(better, other[0], slope)
        offset = np.where(better, other[1], offset)
        error = np.where(better, other[2], error)
    noise += _SLACK * (np.abs(slope) * (np.abs(middle) + half) + np.abs(offset))
    return Relaxation(slope, offset, error * (1.0 + _SLACK) + noise, *f.range)


def _outward(lo: Array, hi: Array, scale: Array | float) -> Range:
    return lo - _SLACK * scale - _TINY, hi + _SLACK * scale + _TINY


def _times(a: Range, b: Range) -> Range:
    ends = np.stack([a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]])
    return _outward(ends.min(axis=0), ends.max(axis=0), np.abs(ends).max(axis=0))


def _square(a: Range) -> Range:
    ends = np.stack([a[0] * a[0], a[1] * a[1]])
    low = np.where((a[0] <= 0.0) & (a[1] >= 0.0), 0.0, ends.min(axis=0))
    high = ends.max(axis=0)
    return np.maximum(low - _SLACK * low, 0.0), high * (1.0 + _SLACK) + _TINY


def _tanh(lo: Array, middle: Array, hi: Array) -> _Curve:
    """tanh' = 1 - tanh**2 and tanh'' = -2*tanh*(1 - tanh**2)."""
    values = _outward(np.tanh(lo), np.tanh(hi), 1.0)
    squares = _square(values)
    slopes = np.maximum(1.0 - squares[1] - _SLACK, 0.0), 1.0 - squares[0] + _SLACK
    product = _times(values, slopes)
    most = 0.7698003589195011  # 4/(3*sqrt(3)), attained where tanh**2 = 1/3
    curvature = np.maximum(-2.0 * product[1], -most), np.minimum(-2.0 * product[0], most)
    value = np.tanh(middle)
    return _Curve(value, 1.0 - value * value, np.ones_like(value), values, slopes, curvature)


def _exp(lo: Array, middle: Array, hi: Array) -> _Curve:
    values = np.exp(lo) * (1.0 - _SLACK), np.exp(hi) * (1.0 + _SLACK) + _TINY
    value = np.exp(middle)
    return _Curve(value, value, value, values, values, values)


def _cosines(lo: Array, hi: Array) -> Range:
    """The range of cos, generously: a peak that is nearly reached counts as reached."""
    turn = 2.0 * np.pi
    slack = 1e-9 + 1e-15 * (np.abs(lo) + np.abs(hi))
    peak = np.ceil((lo - slack) / turn) * turn <= hi + slack
    valley = (np.ceil((lo - slack) / turn - 0.5) + 0.5) * turn <= hi + slack
    ends = np.sort(np.stack([np.cos(lo), np.cos(hi)]), axis=0)
    low, high = _outward(ends[0], ends[1], 1.0)
    far = ~(np.maximum(np.abs(lo), np.abs(hi)) <= _LARGEST_ANGLE)
    return np.where(valley | far, -1.0, low), np.where(peak | far, 1.0, high)


def _sines(lo: Array, hi: Array) -> Range:
    # The shift errs by less than the slack of a peak, and moves a value by less than this.
    low, high = _cosines(lo - np.pi / 2, hi - np.pi / 2)
    return np.maximum(low - 1e-9, -1.0), np.minimum(high + 1e-9, 1.0)


def _negated(a: Range) -> Range:
    return -a[1], -a[0]


def _sin(lo: Array, middle: Array, hi: Array) -> _Curve:
    waves = _sines(lo, hi)
    return _Curve(np.sin(middle), np.cos(middle), _wave_scale(middle), waves, _cosines(lo, hi),
                  _negated(waves))  # fmt: skip


def _cos(lo: Array, middle: Array, hi: Array) -> _Curve:
    waves = _cosines(lo, hi)
    return _Curve(np.cos(middle), -np.sin(middle), _wave_scale(middle), waves,
                  _negated(_sines(lo, hi)), _negated(waves))  # fmt: skip


def _wave_scale(middle: Array) -> Array:
    return np.where(np.abs(middle) <= _LARGEST_ANGLE, 1.0, np.inf)


def _inverse(lo: Array, middle: Array, hi: Array) -> _Curve:
    """1/x on one side of 0, NaN elsewhere."""
    apart = (lo > 0.0) | (hi < 0.0)
    one = np.where(apart, 1.0, np.nan)
    ends = np.stack([one / lo, one / hi])
    values = _outward(ends.min(axis=0), ends.max(axis=0), np.abs(ends).max(axis=0))
    squares = _square(values)
    cubes = _times(values, squares)
    value = one / middle
    slope = -value * value
    scale = np.maximum(np.abs(value), np.abs(slope))
    return _Curve(value, slope, scale, values, _negated(squares), (2.0 * cubes[0], 2.0 * cubes[1]))


def _sqrt(lo: Array, middle: Array, hi: Array) -> _Curve:
    """sqrt' = 1/(2 sqrt) falls and sqrt'' = -1/(4 sqrt**3) rises; NaN unless lo > 0."""
    one = np.where(lo > 0.0, 1.0, np.nan)
    values = np.sqrt(lo) * one * (1.0 - _SLACK), np.sqrt(hi) * one * (1.0 + _SLACK)
    slopes = 0.5 / values[1] * (1.0 - _SLACK), 0.5 / values[0] * (1.0 + _SLACK)
    bends = -0.25 / values[0] ** 3 * (1.0 + _SLACK), -0.25 / values[1] ** 3 * (1.0 - _SLACK)
    value = np.sqrt(middle) * one
    return _Curve(value, 0.5 / value, np.maximum(value, 0.5 / value), values, slopes, bends)


def _log(lo: Array, middle: Array, hi: Array) -> _Curve:
    """log' = 1/x and log'' = -1/x**2; NaN unless lo > 0."""
    inverse = _inverse(lo, middle, hi)
    one = np.where(lo > 0.0, 1.0, np.nan)
    ends = np.log(lo) * one, np.log(hi) * one
    values = _outward(*ends, np.maximum(np.abs(ends[0]), np.abs(ends[1])))
    value = np.log(middle) * one
    scale = np.maximum(np.abs(value), inverse.scale)
    return _Curve(value, inverse.value, scale, values, inverse.range, inverse.slopes)


def _power(exponent: int, lo: Array, middle: Array, hi: Array) -> _Curve:
    """x**n with n >= 2, n*x**(n - 1), n*(n - 1)*x**(n - 2)."""
    n = float(exponent)
    steep, bend = _powers(exponent - 1, lo, hi), _powers(exponent - 2, lo, hi)
    largest = np.maximum(np.abs(lo), np.abs(hi))
    scale = (
        exponent * _powers(exponent, largest, largest)[1]
        + n * n * _powers(exponent - 1, largest, largest)[1]
    )
    return _Curve(
        _raised(middle, exponent),
        n * _raised(middle, exponent - 1),
        scale,
        _powers(exponent, lo, hi),
        _outward(n * steep[0], n * steep[1], n * np.maximum(np.abs(steep[0]), np.abs(steep[1]))),
        _outward(
            n * (n - 1.0) * bend[0],
            n * (n - 1.0) * bend[1],
            n * n * np.maximum(np.abs(bend[0]), np.abs(bend[1])),
        ),
    )


def _raised(x: Array, exponent: int) -> Array:
    result, square = np.ones_like(x), x
    while exponent:
        if exponent % 2:
            result = result * square
        square = square * square
        exponent //= 2
    return result


def _powers(exponent: int, lo: Array, hi: Array) -> Range:
    ends = np.stack([_raised(lo, exponent), _raised(hi, exponent)])
    low, high = ends.min(axis=0), ends.max(axis=0)
    slack = exponent * _SLACK * np.abs(ends).max(axis=0)
    if exponent == 0:
        return low, high
    if exponent % 2 == 0:
        inside = (lo <= 0.0) & (hi >= 0.0)
        return np.where(inside, 0.0, np.maximum(low - slack, 0.0)), high + slack + _TINY
    return low - slack - _TINY, high + slack + _TINY


_CURVES: Final[dict[str, Callable[[Array, Array, Array], _Curve]]] = {
    "tanh": _tanh,
    "exp": _exp,
    "sin": _sin,
    "cos": _cos,
    "inverse": _inverse,
    "sqrt": _sqrt,
    "log": _log,
}
KINDS: Final = frozenset({*_CURVES, "relu", "**", "*", "select"})
"""What has a relaxation; anything else makes the result NaN."""
