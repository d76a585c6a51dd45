"""How low does an expression get on a box, given its slopes there?

The checker's verdict depends on this file. For any c in the box and every x in it, f(x) is in
f(c) + sum s_i (x_i - c_i), where s_i encloses the i-th slope of f on the box: the mean value
theorem in Lebourg's form. It holds for a Lipschitz f with the hull of its slopes; abs, min and max
are Lipschitz, a select is not unless its condition has one sign on the box. It holds on an
unbounded box as well, since the bounded box between c and x lies in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from math import inf
from typing import Any

from .claims import PointValues, Region
from .intervals import Arithmetic, Interval
from .polynomials import Ring
from .terms import RejectedError, Terms

Box = Sequence[tuple[float, float]]
Run = Callable[[int, tuple[int, ...], Sequence[Interval]], list[Interval] | None]


class MeanValue:
    """A goal f, ready to be bounded on many boxes.

    ``jumps`` are the conditions of its selects; ``defined`` must have values on the box.
    ``run`` encloses terms in one of the arithmetics, or returns None where they are undefined.
    """

    def __init__(
        self,
        terms: Terms,
        region: Region,
        goal: int,
        jumps: tuple[int, ...],
        defined: tuple[int, ...],
        arithmetics: Sequence[Arithmetic],
        run: Run,
    ) -> None:
        self.terms, self.region, self.goal = terms, region, goal
        self.jumps, self.arithmetics, self.run = jumps, arithmetics, run
        self.slopes = tuple(terms.derivative(goal, name) for name in region.names)
        self.roots = (*self.slopes, *jumps, goal, *defined)

    def lower_bounds(self, level: int, box: Box) -> Iterator[Any]:
        """Lower bounds of f on the box, in an arithmetic and then, perhaps, exactly."""
        arithmetic = self.arithmetics[level]
        inputs = [arithmetic.interval(lo, hi) for lo, hi in box]
        found = self.run(level, self.roots, inputs)
        if found is None:
            return
        count = len(box)
        slopes = found[:count]
        if any(lo <= 0 <= hi for lo, hi in found[count : count + len(self.jumps)]):
            return
        if any(least is None or most is None for least, most in self.region.box):
            slopes = self._cancelled(level, inputs, slopes)
        centre = [_centre(slope, lo, hi) for slope, (lo, hi) in zip(slopes, box, strict=True)]
        if any(not lo <= c <= hi for c, (lo, hi) in zip(centre, box, strict=True)):
            return
        point = [arithmetic.interval(c, c) for c in centre]
        value = self.run(level, (self.goal,), point)
        if value is None:
            return
        total, table = value[0], arithmetic.table
        for slope, side, c in zip(slopes, inputs, point, strict=True):
            total = table["+"](total, table["*"](slope, table["-"](side, c)))
        yield total[0]
        yield from self._at_lowest_corner(slopes, box)

    def _at_lowest_corner(self, slopes: Sequence[Interval], box: Box) -> Iterator[Any]:
        """Where f is monotone in every variable, its exact value at the lowest corner.

        The corner is that of the leaf cut with the region's box, whose ends are rationals: from
        there f rises to every point of the region in the leaf. Where f does not vary along a side
        without ends, any coordinate does.
        """
        corner: dict[str, Fraction] = {}
        low: Any
        high: Any
        for name, slope, (lo, hi), (least, most) in zip(
            self.region.names, slopes, box, self.region.box, strict=True
        ):
            low = lo if least is None else max(lo, least)
            high = hi if most is None else min(hi, most)
            rises, falls = slope[0] >= 0, slope[1] <= 0
            ends = [low] * rises + [high] * falls + [0] * (rises and falls)
            finite = [end for end in ends if -inf < end < inf]
            if low > high or not finite:
                return
            corner[name] = Fraction(finite[0])
        value = PointValues(self.terms, corner).of(self.goal)
        lower = value[0] if isinstance(value, tuple) else value
        if isinstance(lower, Fraction):
            yield lower

    @cached_property
    def _quotients(self) -> tuple[int, ...]:
        """The slopes as one quotient each."""
        ring = Ring(self.terms)
        try:
            return tuple(ring.as_quotient(slope) for slope in self.slopes)
        except RejectedError:  # too large to be expanded
            return self.slopes

    def _cancelled(
        self, level: int, inputs: Sequence[Interval], slopes: list[Interval]
    ) -> list[Interval]:
        """The slopes' enclosures, narrowed by what equal quotients tell: x/x is not 0*inf."""
        found = self.run(level, self._quotients, inputs) or slopes
        return [(max(a, c), min(b, d)) for (a, b), (c, d) in zip(slopes, found, strict=True)]


def _centre(slope: Interval, lo: float, hi: float) -> float:
    """The end of a side from which f rises, or its middle; any finite point of it is sound."""
    if slope[0] >= 0 and lo > -inf:
        return lo
    if slope[1] <= 0 and hi < inf:
        return hi
    return lo + (hi - lo) * 0.5 if lo > -inf and hi < inf else min(max(lo, 0.0), hi)
