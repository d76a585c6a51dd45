"""Is an expression convex on a leaf, and 0 with gradient 0 at a point of it?

The checker's verdict depends on this file: the theorem of Gershgorin, and that a convex function
is nowhere below its tangents.
"""

from __future__ import annotations

from fractions import Fraction
from math import inf
from typing import Any

from ..reading import rational, sequence
from ..terms import RejectedError
from .leaves import Box, Leaf
from .semidefinite import is_positive_semidefinite
from .values import PointValues


class Rule:
    """f is convex on the leaf, and f = 0 with gradient 0 at a point of it: so f >= 0 there.

    With midpoints M and half-widths R of the second derivatives, M - diag(row sums of R) is
    below the Hessian (Gershgorin); positive semidefinite, it makes f convex.
    """

    def __init__(self, leaf: Leaf, data: Any) -> None:
        if leaf.strict:
            raise RejectedError("a convex leaf proves no strict claim")
        if leaf.operands("abs", "min", "max", "select"):
            raise RejectedError("a convex leaf has a kink")
        names, terms = leaf.names, leaf.terms
        self.leaf = leaf
        self.zero = tuple(rational(z) for z in sequence(data, len(names)))
        gradient = [terms.derivative(leaf.goal, name) for name in names]
        at = PointValues(terms, dict(zip(names, self.zero, strict=True)))
        if any(at.of(term) != 0 for term in (leaf.goal, *gradient)):
            raise RejectedError("a convex leaf's zero is not one, with gradient 0")
        self.second = tuple(
            terms.derivative(slope, name)
            for i, slope in enumerate(gradient)
            for name in names[: i + 1]
        )
        self.roots = (*self.second, leaf.goal, *leaf.defined)

    def holds(self, level: int, box: Box) -> bool:
        if any(not lo <= z <= hi for z, (lo, hi) in zip(self.zero, box, strict=True)):
            return False
        cover = self.leaf.cover
        found = cover.run(level, self.roots, cover.inputs(level, box))
        if found is None or any(lo == -inf or hi == inf for lo, hi in found[: len(self.second)]):
            return False
        n, exact = len(box), cover.arithmetic(level).exact
        matrix = [[Fraction(0)] * n for _ in range(n)]
        places = [(i, j) for i in range(n) for j in range(i + 1)]
        radii, constants = [Fraction(0)] * n, map(self.leaf.terms.value, self.second)
        for (i, j), (lo, hi) in zip(places, found, strict=False):
            middle, radius = (exact(lo) + exact(hi)) / 2, (exact(hi) - exact(lo)) / 2
            constant = next(constants)
            if constant is not None:  # as 8/3, which no enclosure gives; it may be singular with it
                middle, radius = constant, Fraction(0)
            matrix[i][j] = matrix[j][i] = middle
            for k in {i, j}:
                radii[k] += radius
        for i in range(n):
            matrix[i][i] -= radii[i]
        return is_positive_semidefinite(matrix)
