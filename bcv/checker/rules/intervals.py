"""In which interval does an expression lie on a box? Outward-rounded arithmetic in doubles.

The checker's verdict depends on this file. An interval is a pair (lo, hi) with lo < +inf and
hi > -inf; an operation returns an interval that contains every result, or None where the
operation is perhaps undefined for some operands. In IEEE doubles + - * / and sqrt are correctly
rounded, and each result is moved one double outward. ``fixed_point`` is a finer arithmetic. Neither
uses the machine's sin, exp, ...: both go through ``functions``.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import inf, nextafter, sqrt
from typing import Any

from ..library import Library

Interval = tuple[Any, Any]
Operation = Callable[[Any, Any], Any]


def negate(a: Interval, _: Any) -> Interval:
    return -a[1], -a[0]


def absolute(a: Interval, _: Any) -> Interval:
    lo, hi = a
    if lo >= 0:
        return a
    return (-hi, -lo) if hi <= 0 else (0, max(-lo, hi))


def minimum(a: Interval, b: Interval) -> Interval:
    return min(a[0], b[0]), min(a[1], b[1])


def maximum(a: Interval, b: Interval) -> Interval:
    return max(a[0], b[0]), max(a[1], b[1])


class Arithmetic:
    """A table of operations, and of what else it takes; ``Floats`` is one, ``Fixed`` another."""

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

    def operation(self, op: str, library: Library) -> Operation:
        """The operation of that name; ``functions`` is imported when first needed."""
        if op not in self.table:
            self.table[op] = library.rule("arithmetic", "functions").operation(self, op)
        return self.table[op]

    def pi(self, library: Library) -> Interval:
        pi: Interval = library.rule("arithmetic", "functions").pi(self)
        return pi

    def power(self, exponent: int) -> Operation:
        """The operation x ** exponent, by repeated squaring; even powers are >= 0."""
        multiply = self.table["*"]

        def raised(a: Interval, _: Any) -> Interval:
            if exponent % 2 == 0:
                a = absolute(a, None)
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


def _product(x: float, y: float) -> float:
    """0 only where a factor is; 0 * inf counts as 0, since an infinite end is never attained.

    In the place of what underflows stands a number that is one double away from 0.
    """
    return (x * y or (5e-324 if (x > 0) == (y > 0) else -5e-324)) if x and y else 0.0


def _float_mul(a: Interval, b: Interval) -> Interval:
    """The signs tell which ends give the least and the largest product.

    Where no factor is 0, what underflows to 0 is moved by one double like any other product.
    """
    p, q = a
    r, s = b
    if p > 0:
        if r > 0:
            return nextafter(p * r, -inf), nextafter(q * s, inf)
        if s < 0:
            return nextafter(q * r, -inf), nextafter(p * s, inf)
        return (nextafter(q * r, -inf) if r else 0.0), (nextafter(q * s, inf) if s else 0.0)
    if q < 0:
        if r > 0:
            return nextafter(p * s, -inf), nextafter(q * r, inf)
        if s < 0:
            return nextafter(q * s, -inf), nextafter(p * r, inf)
        return (nextafter(p * s, -inf) if s else 0.0), (nextafter(p * r, inf) if r else 0.0)
    if r > 0:
        return (nextafter(p * s, -inf) if p else 0.0), (nextafter(q * s, inf) if q else 0.0)
    if s < 0:
        return (nextafter(q * r, -inf) if q else 0.0), (nextafter(p * r, inf) if p else 0.0)
    lo = min(_product(p, s), _product(q, r))
    hi = max(_product(p, r), _product(q, s))
    return (nextafter(lo, -inf) if lo else 0.0), (nextafter(hi, inf) if hi else 0.0)


def _float_div(a: Interval, b: Interval) -> Interval | None:
    """As with products; a/b = (-a)/(-b) where b is negative."""
    p, q = a
    r, s = b
    if r <= 0 <= s:
        return None
    if r == -inf or s == inf:
        return _float_mul(a, (0.0, _up(1 / r)) if r > 0 else (_down(1 / s), 0.0))
    if s < 0:
        p, q, r, s = -q, -p, -s, -r
    return (
        nextafter(p / (s if p > 0 else r), -inf) if p else 0.0,
        nextafter(q / (r if q > 0 else s), inf) if q else 0.0,
    )


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

    def __init__(self) -> None:
        self.table = {
            "+": _float_add,
            "-": _float_sub,
            "*": _float_mul,
            "/": _float_div,
            "neg": negate,
            "abs": absolute,
            "min": minimum,
            "max": maximum,
            "sqrt": _float_sqrt,
        }

    def enclose(self, value: Fraction) -> Interval:
        return double_below(value), double_above(value)

    def interval(self, lo: float, hi: float) -> Interval:
        return lo, hi

    def exact(self, end: Any) -> Fraction:
        return Fraction(end)
