"""In which interval does an expression lie on a box? Arithmetic in integers of any precision.

The checker's verdict depends on this file. ``Fixed(k)`` is exact for what k fractional bits can
hold: an int n stands for n / 2**k, and the floats -inf and +inf stand for themselves.
"""

from __future__ import annotations

from fractions import Fraction
from math import inf
from typing import Any

from .intervals import Arithmetic, Interval, absolute, maximum, minimum, negate

LARGEST_BITS = 100_000
"""Fixed-point numbers longer than this become infinite (or lose their digits, inward)."""


def floor_scaled(value: float, k: int) -> int:
    numerator, denominator = value.as_integer_ratio()
    return (numerator << k) // denominator


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
            "neg": negate,
            "abs": absolute,
            "min": minimum,
            "max": maximum,
        }

    def enclose(self, value: Fraction) -> Interval:
        scaled = value * (1 << self.k)
        return scaled.__floor__(), scaled.__ceil__()

    def interval(self, lo: float, hi: float) -> Interval:
        return (
            lo if lo == -inf else floor_scaled(lo, self.k),
            hi if hi == inf else -floor_scaled(-hi, self.k),
        )

    def exact(self, end: Any) -> Fraction:
        return Fraction(end, 1 << self.k)

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
