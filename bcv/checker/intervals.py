"""In which interval does an expression lie on a box? Two outward-rounded arithmetics.

The checker's verdict depends on this file. An interval is a pair (lo, hi) with lo < +inf and
hi > -inf; an operation returns an interval that contains every result, or None where the
operation is perhaps undefined for some operands. ``Floats`` is fast: IEEE doubles, for which
+ - * / and sqrt are correctly rounded, and each result is moved one double outward.
``Fixed(k)`` is exact for what k fractional bits can hold: an int n stands for n / 2**k, and the
floats -inf and +inf stand for themselves. Neither uses the machine's sin, exp, ...: both go
through ``fixed``.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import inf, nextafter, sqrt
from typing import Any

from . import fixed
from .terms import FUNCTIONS

Interval = tuple[Any, Any]
Operation = Callable[[Any, Any], Any]

TRIG_LIMIT = 64
"""Beyond 2**TRIG_LIMIT, sin and cos are only known to lie in [-1, 1]."""
LARGEST_BITS = 100_000
"""Fixed-point numbers longer than this become infinite (or lose their digits, inward)."""


# -- what both arithmetics share: order only, so that it holds for floats and ints alike ----------


def _negate(a: Interval, _: Any) -> Interval:
    return -a[1], -a[0]


def _absolute(a: Interval, _: Any) -> Interval:
    lo, hi = a
    if lo >= 0:
        return a
    return (-hi, -lo) if hi <= 0 else (0, max(-lo, hi))


def _minimum(a: Interval, b: Interval) -> Interval:
    return min(a[0], b[0]), min(a[1], b[1])


def _maximum(a: Interval, b: Interval) -> Interval:
    return max(a[0], b[0]), max(a[1], b[1])


# -- elementary functions, on fixed-point numbers of k bits or infinite ends ----------------------

_RISING = {"exp": fixed.exp, "atan": fixed.atan, "tanh": fixed.tanh, "sinh": fixed.sinh}


def _at_infinity(name: str, end: float, k: int) -> Any:
    """The limit of a rising function, rounded outward."""
    if name == "exp":
        return 0 if end < 0 else inf
    if name == "sinh":
        return end
    if name == "tanh":
        return -1 << k if end < 0 else 1 << k
    top = -(-fixed.pi(k + 1)[1] >> 2)  # atan
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
    first, last = fixed.extrema(lo, hi, k, halves)
    if last - first >= 1:
        return -one, one
    function = fixed.sin if halves else fixed.cos
    ends = (*function(lo, k), *function(hi, k))
    if first > last:
        return min(ends), max(ends)
    return (min(ends), one) if first % 2 == 0 else (-one, max(ends))


def _tangent(a: Interval, k: int) -> Interval | None:
    limit = 1 << (k + TRIG_LIMIT)
    if a[0] < -limit or a[1] > limit:
        return None
    first, last = fixed.extrema(a[0], a[1], k, 1)
    if first <= last:
        return None
    found = []
    for end in a:  # no pole in between: tan rises
        cosine = fixed.cos(end, k)
        if cosine[0] <= 0 <= cosine[1]:
            return None
        found.append(Fixed.divide_at(k, fixed.sin(end, k), cosine))
    return found[0][0], found[1][1]


def _elementary(name: str, a: Interval, k: int) -> Interval | None:
    lo, hi = a
    if name in _RISING:
        return _rising(name, a, k)
    if name in ("sin", "cos"):
        return _wave(a, k, int(name == "sin"))
    if name == "tan":
        return _tangent(a, k)
    if name == "cosh":
        lo, hi = _absolute(a, None)
        top = inf if hi == inf else fixed.cosh(hi, k)[1]
        return fixed.cosh(lo, k)[0], (inf if top is None else top)
    if name == "log":
        return (fixed.log(lo, k)[0], inf if hi == inf else fixed.log(hi, k)[1]) if lo > 0 else None
    if name == "sqrt":
        return (
            (fixed.sqrt(lo, k)[0], inf if hi == inf else fixed.sqrt(hi, k)[1]) if lo >= 0 else None
        )
    if not -1 << k <= lo <= hi <= 1 << k:
        return None
    if name == "asin":
        return fixed.asin(lo, k)[0], fixed.asin(hi, k)[1]
    return fixed.acos(hi, k)[0], fixed.acos(lo, k)[1]


class Arithmetic:
    """A table of operations (``add``, ``sub``, ...) and of constants; see the two subclasses."""

    table: dict[str, Operation]

    def enclose(self, value: Fraction) -> Interval:
        """The tightest interval around a rational."""
        raise NotImplementedError

    def interval(self, lo: float, hi: float) -> Interval:
        """The tightest interval around [lo, hi]."""
        raise NotImplementedError

    def exact(self, end: Any) -> Fraction:
        """A finite end as a rational."""
        raise NotImplementedError

    def pi(self) -> Interval:
        raise NotImplementedError

    def power(self, exponent: int) -> Operation:
        """The operation x ** exponent, by repeated squaring; even powers are >= 0."""
        multiply = self.table["*"]

        def raised(a: Interval, _: Any) -> Interval:
            if exponent % 2 == 0:
                a = _absolute(a, None)
            lo, hi = a
            if lo < 0 < hi:
                low, high = raised_sign((0, -lo)), raised_sign((0, hi))
                return -low[1], high[1]
            if hi <= 0:
                low, high = raised_sign((-hi, -lo))
                return -high, -low
            return raised_sign(a)

        def raised_sign(a: Interval) -> Interval:
            """For 0 <= a, where multiplication loses nothing but rounding."""
            result, square, left = None, a, exponent
            while left:
                if left % 2:
                    result = square if result is None else multiply(result, square)
                left //= 2
                if left:
                    square = multiply(square, square)
            assert result is not None
            return max(result[0], 0), result[1]

        return raised


# -- doubles --------------------------------------------------------------------------------------


def _down(value: float) -> float:
    return nextafter(value, -inf)


def _up(value: float) -> float:
    return nextafter(value, inf)


def _float_add(a: Interval, b: Interval) -> Interval:
    lo, hi = a[0] + b[0], a[1] + b[1]  # a double sum is 0 only if the true sum is
    return (nextafter(lo, -inf) if lo else lo), (nextafter(hi, inf) if hi else hi)


def _float_sub(a: Interval, b: Interval) -> Interval:
    lo, hi = a[0] - b[1], a[1] - b[0]
    return (nextafter(lo, -inf) if lo else lo), (nextafter(hi, inf) if hi else hi)


def _tiny(x: float, y: float) -> float:
    """In the place of a result that underflowed to 0: one double outward contains it."""
    return 5e-324 if (x > 0) == (y > 0) else -5e-324


def _float_mul(a: Interval, b: Interval) -> Interval:
    p, q = a
    r, s = b
    if p >= 0 and r >= 0:
        return (
            nextafter(p * r, -inf) if p and r else 0.0,
            nextafter(q * s, inf) if q and s else 0.0,
        )
    # 0 * inf counts as 0, since an infinite end is never attained; exact zeros stay exact.
    products = [(x * y or _tiny(x, y)) if x and y else 0.0 for x in a for y in b]
    lo, hi = min(products), max(products)
    return (nextafter(lo, -inf) if lo else 0.0), (nextafter(hi, inf) if hi else 0.0)


def _float_div(a: Interval, b: Interval) -> Interval | None:
    lo, hi = b
    if lo <= 0 <= hi:
        return None
    if lo == -inf or hi == inf:
        return _float_mul(a, (0.0, _up(1 / lo)) if lo > 0 else (_down(1 / hi), 0.0))
    quotients = [(x / y or _tiny(x, y)) if x else 0.0 for x in a for y in b]
    lo, hi = min(quotients), max(quotients)
    return (nextafter(lo, -inf) if lo else 0.0), (nextafter(hi, inf) if hi else 0.0)


def _float_sqrt(a: Interval, _: Any) -> Interval | None:
    lo, hi = a
    if lo < 0:
        return None
    return (max(0.0, _down(sqrt(lo))) if lo else 0.0), (_up(sqrt(hi)) if hi else 0.0)


def double_below(value: Fraction) -> float:
    """The largest double <= value, or -inf."""
    try:
        near = value.numerator / value.denominator  # correctly rounded
    except OverflowError:
        return -inf if value < 0 else nextafter(inf, 0)
    return near if near == -inf or Fraction(near) <= value else _down(near)


def double_above(value: Fraction) -> float:
    """The smallest double >= value, or inf."""
    return -double_below(-value)


class Floats(Arithmetic):
    """Intervals of doubles."""

    BITS = 96
    """Fixed-point bits with which elementary functions are computed."""

    def __init__(self) -> None:
        self.table = {
            "+": _float_add,
            "-": _float_sub,
            "*": _float_mul,
            "/": _float_div,
            "neg": _negate,
            "abs": _absolute,
            "min": _minimum,
            "max": _maximum,
            "sqrt": _float_sqrt,
        }
        for name in FUNCTIONS:
            self.table[name] = self._through_fixed(name)

    def enclose(self, value: Fraction) -> Interval:
        return double_below(value), double_above(value)

    def interval(self, lo: float, hi: float) -> Interval:
        return lo, hi

    def exact(self, end: Any) -> Fraction:
        return Fraction(end)

    def pi(self) -> Interval:
        lo, hi = fixed.pi(self.BITS)
        return double_below(Fraction(lo, 1 << self.BITS)), double_above(
            Fraction(hi, 1 << self.BITS)
        )

    def _through_fixed(self, name: str) -> Operation:
        """Round outward to fixed point, enclose there, round outward to doubles; remember."""
        k = self.BITS
        seen: dict[Interval, Interval | None] = {}

        def apply(a: Interval, _: Any) -> Interval | None:
            if a in seen:
                return seen[a]
            lo, hi = a
            low = lo if lo == -inf else _floor_scaled(lo, k)
            high = hi if hi == inf else -_floor_scaled(-hi, k)
            found = _elementary(name, (low, high), k)
            if found is not None:
                lo, hi = found
                found = (
                    lo if lo == -inf else _scaled_below(lo, k),
                    hi if hi == inf else -_scaled_below(-hi, k),
                )
            if len(seen) > 100_000:
                seen.clear()
            seen[a] = found
            return found

        return apply


def _scaled_below(n: int, k: int) -> float:
    """The largest double <= n / 2**k; for |n| < 2**1000, else double_below."""
    if n.bit_length() > 1000:
        return double_below(Fraction(n, 1 << k))
    near = n / (1 << k)  # correctly rounded; times 2**k it is exact, since that is no subnormal
    return near if near * float(1 << k) <= n else _down(near)


def _floor_scaled(value: float, k: int) -> int:
    numerator, denominator = value.as_integer_ratio()
    return (numerator << k) // denominator


# -- fixed point ----------------------------------------------------------------------------------


def _plus(x: Any, y: Any) -> Any:
    """Sum of ends; at most one kind of infinity occurs."""
    if type(x) is float:
        return x
    return y if type(y) is float else x + y


def _times(x: Any, y: Any) -> Any:
    """Product of ends in units of 4**-k; 0 * inf is 0."""
    if x == 0 or y == 0:
        return 0
    if type(x) is float or type(y) is float:
        return inf if (x > 0) == (y > 0) else -inf
    return x * y


class Fixed(Arithmetic):
    """Intervals of integers in units of 2**-k."""

    def __init__(self, k: int) -> None:
        self.k = k
        self.table = {
            "+": lambda a, b: self._within((_plus(a[0], b[0]), _plus(a[1], b[1]))),
            "-": lambda a, b: self._within((_plus(a[0], -b[1]), _plus(a[1], -b[0]))),
            "*": self._multiply,
            "/": lambda a, b: None if b[0] <= 0 <= b[1] else self._within(self.divide_at(k, a, b)),
            "neg": _negate,
            "abs": _absolute,
            "min": _minimum,
            "max": _maximum,
            "sqrt": lambda a, _: _elementary("sqrt", a, k),
        }
        for name in FUNCTIONS:
            self.table[name] = self._elementary_at(name)

    def _elementary_at(self, name: str) -> Operation:
        return lambda a, _: _elementary(name, a, self.k)

    def enclose(self, value: Fraction) -> Interval:
        scaled = value * (1 << self.k)
        return scaled.__floor__(), scaled.__ceil__()

    def interval(self, lo: float, hi: float) -> Interval:
        return (
            lo if lo == -inf else _floor_scaled(lo, self.k),
            hi if hi == inf else -_floor_scaled(-hi, self.k),
        )

    def exact(self, end: Any) -> Fraction:
        return Fraction(end, 1 << self.k)

    def pi(self) -> Interval:
        return fixed.pi(self.k)

    def _within(self, a: Interval) -> Interval:
        """Longer numbers than LARGEST_BITS give way to infinities, or stop at the limit."""
        lo, hi = a
        limit = 1 << LARGEST_BITS
        if lo < -limit:
            lo = -inf
        elif lo > limit:
            lo = limit
        if hi > limit:
            hi = inf
        elif hi < -limit:
            hi = -limit
        return lo, hi

    def _multiply(self, a: Interval, b: Interval) -> Interval:
        products = [_times(x, y) for x in a for y in b]
        lo, hi = min(products), max(products)
        return self._within(
            (
                lo if type(lo) is float else lo >> self.k,
                hi if type(hi) is float else -(-hi >> self.k),
            )
        )

    @staticmethod
    def divide_at(k: int, a: Interval, b: Interval) -> Interval:
        """a / b for b without 0."""
        lows: list[Any] = []
        highs: list[Any] = []
        for x in a:
            for y in b:
                if type(y) is float:
                    lows.append(0)  # x / inf; where x is infinite too, the finite y does more
                    highs.append(0)
                elif type(x) is float:
                    lows.append(x if y > 0 else -x)
                    highs.append(lows[-1])
                else:
                    lows.append((x << k) // y)
                    highs.append(-((-x << k) // y))
        return min(lows), max(highs)
