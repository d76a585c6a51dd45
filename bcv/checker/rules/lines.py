"""Which line is closest to tanh, exp, 1/x, ... on an interval, and how far is it off?

The checker's verdict depends on this file. Form.AFFINE in docs/proof-format.md says which line is
meant. Numbers are plain doubles. Each line is made by some dozen operations of values whose own
error is at most 2**-46 of their magnitude, and an operation errs by 2**-53 of its result's (and by
5e-324 where that underflows): ``SLACK`` = 2**-44 of all magnitudes that take part, and ``TINY``,
cover it several times over. The ends of an interval are below ``HUGE``; what overflows on the way
is infinite or not a number, and so then is the line's error, which the caller refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from math import factorial, inf, ldexp, sqrt

Line = tuple[float, float, float, float, float]
"""Slope, offset, error, least, most: |f(x) - slope*x - offset| <= error, least <= f(x) <= most."""
Curve = tuple[float, float, float, float, float, float, float, float, float]
"""f and f' at the middle; a scale, of which they err by 2**-45; the ranges of f, f' and f''."""

SLACK = 2.0**-44
TINY = 1e-200
HUGE = 1e100
_UP, _DOWN = 1.0 + SLACK, 1.0 - SLACK

_BEND_OF_TANH = 0.7698003589195012  # |tanh''| <= 4/(3*sqrt(3)), which is less

_LOG2_E = 1.4426950408889634
_LOG2_HIGH = 0.6931471803691238  # 32 bits of log(2), so that multiples up to 2**11 are exact
_LOG2_LOW = 1.9082149292705877e-10  # and the next 53
_SERIES = tuple(1.0 / factorial(n) for n in range(13, -1, -1))


class UnboundedError(Exception):
    """A term is perhaps undefined on the box, or unbounded."""


def line(kind: str, exponent: int, lo: float, hi: float) -> Line:
    """The best line for a function on [lo, hi]; raises UnboundedError where there is none."""
    if kind == "**" and exponent == 2:
        return _square(lo, hi)
    if kind == "relu":
        return _relu(lo, hi)
    middle = 0.5 * (lo + hi)  # rounding is monotone, so that it lies in between
    if kind == "**":
        return _best(lo, middle, hi, _power(exponent, lo, middle, hi))
    if kind not in _CURVES:
        raise UnboundedError
    return _best(lo, middle, hi, _CURVES[kind](lo, middle, hi))


def _best(lo: float, middle: float, hi: float, curve: Curve) -> Line:
    """The tangent at the middle, the line of the mean slope, or the constant: what errs least.

    f(m + t) = f(m) + f'(m)*t + f''(xi)*t**2/2 = f(m) + f'(xi)*t.
    """
    value, slope, scale, least, most, d_lo, d_hi, b_lo, b_hi = curve
    half = max(hi - middle, middle - lo) * _UP
    below, above = min(b_lo, 0.0) * half * half * 0.5, max(b_hi, 0.0) * half * half * 0.5
    offset, error = value - slope * middle + 0.5 * (below + above), 0.5 * (above - below)
    mean = 0.5 * (d_lo + d_hi)
    spread = max(d_hi - mean, mean - d_lo) * half
    if not error <= spread:
        slope, offset, error = mean, value - mean * middle, spread
    flat = 0.5 * (most - least)
    if not error <= flat:
        slope, offset, error = 0.0, 0.5 * (least + most), flat
    far = abs(middle) + half
    noise = SLACK * (scale * (1.0 + far) + abs(slope) * far + abs(offset)) + TINY
    return slope, offset, error * _UP + noise, least, most


def _square(lo: float, hi: float) -> Line:
    """x**2 = 2*m*x - m**2 + (x - m)**2: the tangent is always best."""
    middle = 0.5 * (lo + hi)
    half = max(hi - middle, middle - lo) * _UP
    error = 0.5 * half * half
    least, most = _squared(lo, hi)
    noise = SLACK * (middle * middle + error) + TINY
    return 2.0 * middle, error - middle * middle, error + noise, least, most


def _relu(lo: float, hi: float) -> Line:
    """relu(x) - s*x lies in [0, max(-s*lo, (1 - s)*hi)] for any slope s in [0, 1]."""
    if lo >= 0.0:
        return 1.0, 0.0, 0.0, lo, hi
    if hi <= 0.0:
        return 0.0, 0.0, 0.0, 0.0, 0.0
    slope = min(1.0, hi / (hi - lo))
    error = 0.5 * max(-slope * lo, (1.0 - slope) * hi)
    return slope, error, error * _UP + TINY, 0.0, hi


# -- curves ---------------------------------------------------------------------------------------


def _exp(x: float) -> float:
    """exp(x), with a relative error below 2**-46 and, under exp(-700), an error below TINY.

    x = k*log(2) + r with |r| < 0.35, where r errs by 3 units of 2**-53. Horner's rule on 14 terms
    errs by 28 units of exp(|r|), which is 57 of exp(r); what is left out is far below one unit.
    """
    if x < -700.0:
        return 0.0
    if not x < 240.0:
        raise UnboundedError
    k = round(x * _LOG2_E)
    r = (x - k * _LOG2_HIGH) - k * _LOG2_LOW
    total = 0.0
    for coefficient in _SERIES:
        total = total * r + coefficient
    return ldexp(total, k)


def _tanh(x: float) -> float:
    """tanh(x) = 1 - 2/(exp(2x) + 1), with an error below 2**-46."""
    return 1.0 - 2.0 / (_exp(2.0 * min(x, 50.0)) + 1.0)


def _squared(lo: float, hi: float) -> tuple[float, float]:
    least, most = lo * lo, hi * hi
    if least > most:
        least, most = most, least
    return (0.0 if lo <= 0.0 <= hi else least * _DOWN), most * _UP + TINY


def _curve_of_tanh(lo: float, middle: float, hi: float) -> Curve:
    """tanh' = 1 - tanh**2 and tanh'' = -2*tanh*tanh'."""
    value, least, most = _tanh(middle), _tanh(lo) - SLACK, _tanh(hi) + SLACK
    squares = _squared(least, most)
    d_lo, d_hi = max(1.0 - squares[1] - SLACK, 0.0), 1.0 - squares[0] + SLACK
    upper = 2.0 * most * (d_hi if most > 0.0 else d_lo) + SLACK
    lower = 2.0 * least * (d_hi if least < 0.0 else d_lo) - SLACK
    bends = max(-upper, -_BEND_OF_TANH), min(-lower, _BEND_OF_TANH)
    return value, 1.0 - value * value, 1.0, least, most, d_lo, d_hi, *bends


def _curve_of_exp(lo: float, middle: float, hi: float) -> Curve:
    value, least, most = _exp(middle), _exp(lo) * _DOWN, _exp(hi) * _UP + TINY
    return value, value, value, least, most, least, most, least, most


def _through_table(name: str, lo: float, hi: float) -> tuple[float, float]:
    from .functions import in_doubles  # most proofs need no table

    found = in_doubles(name, (lo, hi))
    if found is None:
        raise UnboundedError
    return float(found[0]), float(found[1])


def _curve_of_sin(lo: float, middle: float, hi: float) -> Curve:
    waves, others = _through_table("sin", lo, hi), _through_table("cos", lo, hi)
    value = _through_table("sin", middle, middle)[0]
    slope = _through_table("cos", middle, middle)[0]
    return value, slope, _scale_of_waves(middle), *waves, *others, -waves[1], -waves[0]


def _curve_of_cos(lo: float, middle: float, hi: float) -> Curve:
    waves, others = _through_table("cos", lo, hi), _through_table("sin", lo, hi)
    value = _through_table("cos", middle, middle)[0]
    slope = -_through_table("sin", middle, middle)[0]
    return (
        value, slope, _scale_of_waves(middle), *waves,
        -others[1], -others[0], -waves[1], -waves[0],
    )  # fmt: skip


def _scale_of_waves(middle: float) -> float:
    """Far out, the table knows no more than [-1, 1]."""
    return 1.0 if abs(middle) <= 1e6 else inf


def _outside_zero(lo: float, hi: float) -> None:
    if not (lo > 1.0 / HUGE or hi < -1.0 / HUGE):
        raise UnboundedError


def _positive(lo: float, hi: float) -> None:
    if not 1.0 / HUGE < lo <= hi:
        raise UnboundedError


def _curve_of_inverse(lo: float, middle: float, hi: float) -> Curve:
    """1/x falls on either side of 0, f' = -1/x**2 and f'' = 2/x**3."""
    _outside_zero(lo, hi)
    value, least, most = 1.0 / middle, 1.0 / hi, 1.0 / lo
    slope = -value * value
    least, most = least - abs(least) * SLACK, most + abs(most) * SLACK
    low, high = _squared(least, most)
    b_lo, b_hi = 2.0 * least * least * least, 2.0 * most * most * most
    return (
        value, slope, max(abs(value), -slope), least, most,
        -high, -low, b_lo - abs(b_lo) * SLACK, b_hi + abs(b_hi) * SLACK,
    )  # fmt: skip


def _curve_of_sqrt(lo: float, middle: float, hi: float) -> Curve:
    """f' = 1/(2f) falls and f'' = -1/(4 f**3) rises."""
    _positive(lo, hi)
    value, least, most = sqrt(middle), sqrt(lo) * _DOWN, sqrt(hi) * _UP
    slope = 0.5 / value
    return (
        value, slope, max(value, slope), least, most,
        0.5 / most * _DOWN, 0.5 / least * _UP,
        -0.25 / (least * least * least) * _UP, -0.25 / (most * most * most) * _DOWN,
    )  # fmt: skip


def _curve_of_log(lo: float, middle: float, hi: float) -> Curve:
    """f' = 1/x and f'' = -1/x**2."""
    _positive(lo, hi)
    value = _through_table("log", middle, middle)[0]
    slope, _, scale, d_lo, d_hi, b_lo, b_hi, _, _ = _curve_of_inverse(lo, middle, hi)
    least, most = _through_table("log", lo, hi)
    return value, slope, max(abs(value), scale), least, most, d_lo, d_hi, b_lo, b_hi


def _power(exponent: int, lo: float, middle: float, hi: float) -> Curve:
    """x**n with n > 2, n*x**(n - 1), n*(n - 1)*x**(n - 2)."""
    n = float(exponent)
    largest = max(abs(lo), abs(hi))
    low, high = _powers(exponent - 1, lo, hi)
    bend_low, bend_high = _powers(exponent - 2, lo, hi)
    below = _raised(largest, exponent - 1)
    return (
        _raised(middle, exponent),
        n * _raised(middle, exponent - 1),
        n * (n + largest) * below * _UP,
        *_powers(exponent, lo, hi),
        n * low, n * high, n * (n - 1.0) * bend_low, n * (n - 1.0) * bend_high,
    )  # fmt: skip


def _raised(x: float, exponent: int) -> float:
    """x**exponent with a relative error below exponent * 2**-52, unless it underflows."""
    result, square = 1.0, x
    while exponent:
        if exponent % 2:
            result *= square
        exponent //= 2
        if exponent:
            square *= square
    return result


def _powers(exponent: int, lo: float, hi: float) -> tuple[float, float]:
    """The range of x**exponent, exponent >= 1, so far outward that n*(n - 1) times it may round."""
    ends = _raised(lo, exponent), _raised(hi, exponent)
    slack = SLACK * exponent * max(abs(ends[0]), abs(ends[1])) + TINY
    least, most = min(ends) - slack, max(ends) + slack
    if exponent % 2 == 0:
        least = 0.0 if lo <= 0.0 <= hi else max(least, 0.0)
    return least, most


_CURVES: dict[str, Callable[[float, float, float], Curve]] = {
    "tanh": _curve_of_tanh,
    "exp": _curve_of_exp,
    "sin": _curve_of_sin,
    "cos": _curve_of_cos,
    "inverse": _curve_of_inverse,
    "sqrt": _curve_of_sqrt,
    "log": _curve_of_log,
}
