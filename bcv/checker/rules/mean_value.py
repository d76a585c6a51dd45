"""How low does an expression get on a box, given its slopes there?

The checker's verdict depends on this file. For any c in the box and every x in it, f(x) is in
f(c) + sum s_i (x_i - c_i), where s_i encloses the i-th slope of f on the box: the mean value
theorem in Lebourg's form. It holds for a Lipschitz f with the hull of its slopes; abs, min and max
are Lipschitz, a select is not unless its condition has one sign on the box. It holds on an
unbounded box as well, since the bounded box between c and x lies in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from math import inf
from typing import Any

from ..ring import Poly, Ring, exponents
from ..terms import RejectedError
from .intervals import Interval
from .leaves import Box, Leaf
from .values import PointValues


class Rule:
    """A lower bound of a goal f on a leaf, from its enclosed slopes, is enough."""

    def __init__(self, leaf: Leaf) -> None:
        self.leaf, self.terms, self.goal = leaf, leaf.terms, leaf.goal
        self.slopes = tuple(self.terms.derivative(self.goal, name) for name in leaf.names)
        self.jumps = leaf.operands("select")
        self.roots = (*self.slopes, *self.jumps, self.goal, *leaf.defined)
        slopes = (self.terms.derivative(p, name) for p in leaf.parts for name in leaf.names)
        self.kept = (*slopes, *self.jumps, *leaf.kept)
        self.unbounded = any(None in side for side in leaf.region.box)

    def holds(self, level: int, box: Box) -> bool:
        return any(map(self.leaf.accepts, self._lower_bounds(level, box)))

    def _lower_bounds(self, level: int, box: Box) -> Iterator[Any]:
        """Lower bounds of f on the box, in an arithmetic and then, perhaps, exactly."""
        cover = self.leaf.cover
        arithmetic, inputs = cover.arithmetic(level), cover.inputs(level, box)
        found = cover.run(level, self.roots, inputs, self.kept)
        if found is None:
            return
        count = len(box)
        slopes = found[:count]
        if any(lo <= 0 <= hi for lo, hi in found[count : count + len(self.jumps)]):
            return
        if self.unbounded:
            slopes = self._cancelled(level, inputs, slopes)
        centre = [_centre(slope, lo, hi) for slope, (lo, hi) in zip(slopes, box, strict=True)]
        if any(not lo <= c <= hi for c, (lo, hi) in zip(centre, box, strict=True)):
            return
        point = [arithmetic.interval(c, c) for c in centre]
        value = cover.run(level, (self.goal,), point, self.leaf.parts)
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
            self.leaf.region.names, slopes, box, self.leaf.region.box, strict=True
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
            return tuple(_as_quotient(ring, slope) for slope in self.slopes)
        except RejectedError:  # too large to be expanded
            return self.slopes

    def _cancelled(
        self, level: int, inputs: Sequence[Interval], slopes: list[Interval]
    ) -> list[Interval]:
        """The slopes' enclosures, narrowed by what equal quotients tell: x/x is not 0*inf."""
        found = self.leaf.cover.run(level, self._quotients, inputs) or slopes
        return [(max(a, c), min(b, d)) for (a, b), (c, d) in zip(slopes, found, strict=True)]


def _centre(slope: Interval, lo: float, hi: float) -> float:
    """The end of a side from which f rises, or its middle; any finite point of it is sound."""
    if slope[0] >= 0 and lo > -inf:
        return lo
    if slope[1] <= 0 and hi < inf:
        return hi
    return lo + (hi - lo) * 0.5 if lo > -inf and hi < inf else min(max(lo, 0.0), hi)


def _as_quotient(ring: Ring, root: int) -> int:
    """The expression as one quotient, equal to it wherever it is defined."""
    p, q = ring.form(root)
    return ring.terms.div(_term(ring, p), _term(ring, q))


def _term(ring: Ring, p: Poly) -> int:
    terms, total = ring.terms, ring.terms.zero
    for monomial, c in sorted(p.items()):
        product = terms.const(c)
        for node, exponent in zip(ring.opaque, exponents(monomial, ring.count), strict=True):
            if exponent:
                product = terms.mul(product, terms.power(node, exponent))
        total = terms.add(total, product)
    return total
