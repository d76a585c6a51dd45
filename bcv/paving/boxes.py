"""How are many boxes held at once? As columns of arrays, on a stack that is popped in batches.

Soundness depends on this file: a box that is lost is a part of the region that nobody examined.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bcv.enclosures.assumptions import enclosing_floats
from bcv.region import Range, Region

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]
Mask = NDArray[np.bool_]


@dataclass(slots=True)
class Boxes:
    """K closed boxes of R^n.

    Attributes:
        lo, hi: (n, K) ends, possibly infinite.
        ids: (K,) their nodes in the split tree.
        bound: (K,) a rigorous lower bound of the claim's expression on box and region.
    """

    lo: Floats
    hi: Floats
    ids: Ids
    bound: Floats

    @property
    def count(self) -> int:
        return self.ids.size

    def where(self, chosen: Mask | NDArray[np.intp]) -> Boxes:
        """The chosen columns, copied."""
        return Boxes(self.lo[:, chosen], self.hi[:, chosen], self.ids[chosen], self.bound[chosen])

    def contains(self, point: Sequence[Fraction]) -> bool:
        """Whether the first box contains an exact point."""
        ends = zip(self.lo[:, 0].tolist(), point, self.hi[:, 0].tolist(), strict=True)
        return all(lo <= x <= hi for lo, x, hi in ends)


def outer_root(region: Region) -> tuple[tuple[float, float], ...]:
    """The region's box in doubles, rounded outward."""

    def ends(side: Range) -> tuple[float, float]:
        lo = -math.inf if side.lo is None else enclosing_floats(side.lo)[0]
        hi = math.inf if side.hi is None else enclosing_floats(side.hi)[1]
        return lo, hi

    return tuple(ends(side) for side in region.box)


def root_box(root: tuple[tuple[float, float], ...]) -> Boxes:
    """The root as the single node 0."""
    ends = np.array(root, dtype=np.float64).reshape(len(root), 2)
    return Boxes(
        ends[:, :1].copy(), ends[:, 1:].copy(), np.zeros(1, np.int32), np.full(1, -math.inf)
    )


class BoxStack:
    """Open boxes, last in first out."""

    def __init__(self, dimension: int) -> None:
        self._rows: Floats = np.empty((2 * dimension + 1, 256))
        self._ids: Ids = np.empty(256, dtype=np.int32)
        self._dimension = dimension
        self.count = 0

    @property
    def bytes(self) -> int:
        return self._rows.nbytes + self._ids.nbytes

    def push(self, boxes: Boxes) -> None:
        """Put the boxes on top."""
        end = self.count + boxes.count
        if end > self._ids.size:
            room = max(end, 2 * self._ids.size)
            rows = np.empty((self._rows.shape[0], room))
            rows[:, : self.count] = self._rows[:, : self.count]
            self._rows = rows
            self._ids = np.resize(self._ids, room)
        n, here = self._dimension, slice(self.count, end)
        self._rows[:n, here] = boxes.lo
        self._rows[n : 2 * n, here] = boxes.hi
        self._rows[2 * n, here] = boxes.bound
        self._ids[here] = boxes.ids
        self.count = end

    def pop(self, most: int) -> Boxes:
        """Take up to ``most`` boxes from the top."""
        start = max(0, self.count - most)
        boxes = self._view(start).where(np.arange(self.count - start))
        self.count = start
        return boxes

    def all(self) -> Boxes:
        """Every open box (a view)."""
        return self._view(0)

    def _view(self, start: int) -> Boxes:
        n, here = self._dimension, slice(start, self.count)
        return Boxes(
            self._rows[:n, here],
            self._rows[n : 2 * n, here],
            self._ids[here],
            self._rows[2 * n, here],
        )
