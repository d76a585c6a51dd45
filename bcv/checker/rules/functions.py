"""In which interval do sin, exp, sqrt, pi, ... lie on an interval?

The checker's verdict depends on this file. Everything is computed in integers, by ``series``: in
doubles, too, operands and results are only converted, outward.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import inf, nextafter
from typing import Any

from ..terms import RejectedError
from . import series
from .fixed_point import Fixed, floor_scaled
from .intervals import Arithmetic, Interval, Operation, absolute, double_below

TRIG_LIMIT = 64
"""Beyond 2**TRIG_LIMIT, sin and cos are only known to lie in [-1, 1]."""
BITS = 96
"""Fixed-point bits with which functions are computed for doubles."""

_RISING = {"exp": series.exp, "atan": series.atan, "tanh": series.tanh, "sinh": series.sinh}


def _at_infinity(name: str, end: float, k: int) -> Any:
    """The limit of a rising function, rounded outward."""
    if name == "exp":
        return 0 if end < 0 else inf
    if name == "sinh":
        return end
    if name == "tanh":
        return -1 << k if end < 0 else 1 << k
    top = -(-series.pi(k + 1)[1] >> 2)  # atan
    return -top if end < 0 else top


def _rising(name: str, a: Interval, k: int) -> Interval:
    function = _RISING[name]
    lo, hi = a
    low = _at_infinity(name, lo, k) if lo == -inf else function(lo, k)[0]
    high = _at_infinity(name, hi, k) if hi == inf else function(hi, k)[1]
    return (-inf if low is None else low), (inf if high is None else high)


def _wave(a: Interval, k: int, halves: int) -> Interval:
    """sin for halves = 1, cos for halves = 0."""
    one, limit = 1 << k, 1 << (k + TRIG_LIMIT)
    lo, hi = a
    if lo < -limit or hi > limit:
        return -one, one
    first, last = series.extrema(lo, hi, k, halves)
    if last - first >= 1:
        return -one, one
    function = series.sin if halves else series.cos
    ends = (*function(lo, k), *function(hi, k))
    if first > last:
        return min(ends), max(ends)
    return (min(ends), one) if first % 2 == 0 else (-one, max(ends))


def _tangent(a: Interval, k: int) -> Interval | None:
    limit = 1 << (k + TRIG_LIMIT)
    if a[0] < -limit or a[1] > limit:
        return None
    first, last = series.extrema(a[0], a[1], k, 1)
    if first <= last:
        return None
    found = []
    for end in a:  # no pole in between: tan rises
        cosine = series.cos(end, k)
        if cosine[0] <= 0 <= cosine[1]:
            return None
        found.append(Fixed.divide_at(k, series.sin(end, k), cosine))
    return found[0][0], found[1][1]


def enclosure(name: str, a: Interval, k: int) -> Interval | None:
    """The range of a function; None where it is perhaps undefined."""
    lo, hi = a
    if name in _RISING:
        return _rising(name, a, k)
    if name in ("sin", "cos"):
        return _wave(a, k, int(name == "sin"))
    if name == "tan":
        return _tangent(a, k)
    if name == "cosh":
        lo, hi = absolute(a, None)
        top = inf if hi == inf else series.cosh(hi, k)[1]
        return series.cosh(lo, k)[0], (inf if top is None else top)
    if name == "log":
        return (
            (series.log(lo, k)[0], inf if hi == inf else series.log(hi, k)[1]) if lo > 0 else None
        )
    if name == "sqrt":
        return (
            (series.sqrt(lo, k)[0], inf if hi == inf else series.sqrt(hi, k)[1])
            if lo >= 0
            else None
        )
    if name not in ("asin", "acos"):
        raise RejectedError(f"there is no function {name!r}")
    if not -1 << k <= lo <= hi <= 1 << k:
        return None
    if name == "asin":
        return series.asin(lo, k)[0], series.asin(hi, k)[1]
    return series.acos(hi, k)[0], series.acos(lo, k)[1]


# -- for either arithmetic ------------------------------------------------------------------------


def operation(arithmetic: Arithmetic, name: str) -> Operation:
    """The function as an operation of this arithmetic."""
    if isinstance(arithmetic, Fixed):
        k = arithmetic.k
        return lambda a, _: enclosure(name, a, k)
    return lambda a, _: in_doubles(name, a)


def pi(arithmetic: Arithmetic) -> Interval:
    """An enclosure of pi."""
    if isinstance(arithmetic, Fixed):
        return series.pi(arithmetic.k)
    return pi_in_doubles()


def pi_in_doubles() -> tuple[float, float]:
    lo, hi = series.pi(BITS)
    return _scaled_below(lo, BITS), -_scaled_below(-hi, BITS)


@lru_cache(maxsize=100_000)
def in_doubles(name: str, a: Interval) -> Interval | None:
    """Round outward to fixed point, enclose there, round outward to doubles."""
    lo, hi = a
    low = lo if lo == -inf else floor_scaled(lo, BITS)
    high = hi if hi == inf else -floor_scaled(-hi, BITS)
    found = enclosure(name, (low, high), BITS)
    if found is None:
        return None
    lo, hi = found
    return (
        lo if lo == -inf else _scaled_below(lo, BITS),
        hi if hi == inf else -_scaled_below(-hi, BITS),
    )


def _scaled_below(n: int, k: int) -> float:
    """The largest double <= n / 2**k; for |n| < 2**1000, else double_below."""
    if n.bit_length() > 1000:
        return double_below(Fraction(n, 1 << k))
    near = n / (1 << k)  # correctly rounded; times 2**k it is exact, since that is no subnormal
    return near if near * float(1 << k) <= n else nextafter(near, -inf)
