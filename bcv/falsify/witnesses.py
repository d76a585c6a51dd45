"""Is there an exact witness near these float points? Candidates first, exact verification last.

Soundness does not depend on this file: witnesses come out of ``bcv.enclosures.exact`` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

import numpy as np

from bcv.enclosures.exact import ExactPoint, in_box, verify_point
from bcv.enclosures.segments import verify_box, verify_segment
from bcv.evidence import Witness
from bcv.falsify.landscape import Array, Cell, Landscape, Mask
from bcv.falsify.rationals import (
    Coordinates,
    as_floats,
    clamp,
    complexity,
    convergents,
    named,
    nearby,
    on_surface,
)

MAX_ZEROS: Final = 8
_REACHES: Final = (3e-2, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11)


@dataclass(slots=True)
class Prosecutor:
    """Tries candidates exactly; remembers what was tried and which exact zeros were met.

    Attributes:
        landscape: the obligation in floats.
        noise: per row of the landscape, a size below which a float value may be rounding.
        multiples: which rows seem to be constant multiples of the claim's expression.
        tried: points that were looked at exactly.
        zeros: points of the region where the expression is exactly 0.
    """

    landscape: Landscape
    noise: Array
    multiples: Mask
    tried: set[Coordinates] = field(default_factory=set)
    zeros: list[Coordinates] = field(default_factory=list)

    def point(self, candidate: Coordinates) -> Witness | None:
        """The witness if this exact point is one; notes it if the expression is 0 there."""
        if candidate in self.tried:
            return None
        self.tried.add(candidate)
        obligation = self.landscape.obligation
        at = named(obligation.region.variables, candidate)
        witness = verify_point(obligation, at)
        if witness is None and len(self.zeros) < MAX_ZEROS and not obligation.strict:
            exact = ExactPoint(at)
            inside = in_box(obligation.region.box, candidate)
            zero = inside and exact.sign(obligation.expr) == 0
            if zero and exact.holds(obligation.region.formula) is True:
                self.zeros.append(candidate)
        return witness

    def near(self, suspect: tuple[Coordinates, ...]) -> Witness | None:
        """The witness if this exact point is one, or if one lies between these two."""
        if len(suspect) == 1:
            return self.point(suspect[0])
        obligation = self.landscape.obligation
        start, end = (named(obligation.region.variables, point) for point in suspect)
        return verify_segment(obligation, start, end)

    def plausible(self, cell: Cell, values: Array) -> Mask:
        """Which float points satisfy the cell and violate (or touch) the claim, up to rounding."""
        noise = self.noise[:, None]
        missed = self.landscape.excess(cell, values)
        inside = (missed <= noise[cell.rows]).all(axis=0)
        low = values[0] <= noise[0]
        undefined = np.isnan(values[: self.landscape.roots]).any(axis=0)
        return np.asarray(inside & (low | undefined))

    def _clearly_inside(self, cell: Cell, values: Array) -> Mask:
        margin = values[cell.rows] - np.where(cell.strict, self.noise[cell.rows], 0.0)[:, None]
        return np.asarray((cell.surface[:, None] | (margin >= 0)).all(axis=0))

    def points_near(self, cell: Cell, points: Array, limit: int) -> Witness | None:
        """A witness among the rational points near float points; at most ``limit`` are verified."""
        box = self.landscape.obligation.region.box
        ladders = [nearby(point, box) for point in points.T if np.isfinite(point).all()]
        candidates = list(dict.fromkeys(c for ladder in ladders for c in ladder))
        return self._first(cell, candidates, limit)

    def _first(self, cell: Cell, candidates: list[Coordinates], limit: int) -> Witness | None:
        fresh = [candidate for candidate in candidates if candidate not in self.tried]
        if not fresh:
            return None
        values = self.landscape.values(as_floats(fresh))
        # Clear violations come first: zeros of the claim are simple, and would crowd them out.
        clear = (values[0] < -self.noise[0]) & self._clearly_inside(cell, values)
        order = [(not clear[k], complexity(fresh[k]), k) for k in range(len(fresh))]
        plausible = self.plausible(cell, values)
        for _, _, k in sorted(rank for rank in order if plausible[rank[2]])[:limit]:
            if self.landscape.late():
                return None
            witness = self.point(fresh[k])
            if witness is not None:
                return witness
        return None

    def surface_points(self, cell: Cell, points: Array, limit: int) -> Witness | None:
        """A witness among exact points of the cell's equality surface near float points."""
        found = list(dict.fromkeys(self._on_surfaces(cell, points)))
        return self._first(cell, found, limit)

    def _on_surfaces(self, cell: Cell, points: Array) -> Iterator[Coordinates]:
        region = self.landscape.obligation.region
        for point in points.T:
            for near in nearby(point, region.box)[:12]:
                for surface in cell.surfaces:
                    yield from on_surface(surface, region.variables, near, tuple(self.zeros[:2]))
                if self.landscape.late():
                    return

    def touches(self, cell: Cell) -> bool:
        """Whether the cell is bounded by the claim's own zeros, where a strict claim fails."""
        own = self.multiples[cell.rows] & ~cell.strict
        return self.landscape.obligation.strict and bool(own.any())

    def boxes_near(self, cell: Cell, points: Array) -> Witness | None:
        """A witness around a common zero of the cell's equalities, close to float points."""
        from bcv.falsify.zeros import boxes_near  # for few problems

        obligation = self.landscape.obligation
        region = obligation.region
        _, slopes = self.landscape.slopes(points)
        rows = cell.rows[cell.surface]
        for k, point in enumerate(points.T):
            for ends in boxes_near(region, cell.surfaces, slopes[rows, :, k], point):
                if self.landscape.late():
                    return None
                lower, upper = (named(region.variables, end) for end in ends)
                witness = verify_box(obligation, lower, upper)
                if witness is not None:
                    return witness
        return None

    def segments_near(self, cell: Cell, points: Array, limit: int) -> Witness | None:
        """A witness across one surface, close to float points on it.

        The surface is the cell's one equality or, where the cell ``touches`` it, the claim's zeros.
        """
        if self.touches(cell):
            row = 0
        elif cell.surface.sum() == 1:
            row = int(cell.rows[cell.surface][0])
        else:
            return None
        start, end, reach = self._steps(row, points)
        sound = np.isfinite(start + end + reach).all(axis=0)
        good = np.flatnonzero(self._separated(cell, row, start, end) & sound)
        region = self.landscape.obligation.region
        for k in good[:limit]:
            if self.landscape.late():
                return None
            a, b = (self._rounded(side[:, k], reach[:, k]) for side in (start, end))
            witness = verify_segment(
                self.landscape.obligation, named(region.variables, a), named(region.variables, b)
            )
            if witness is not None:
                return witness
        return None

    def _steps(self, row: int, points: Array) -> tuple[Array, Array, Array]:
        """Points on both sides of the surface and the length of the step, the longest first."""
        _, slopes = self.landscape.slopes(points)
        scale = self.landscape.scale(points)
        longest = np.abs(slopes[row]).max(axis=0, initial=0.0)
        normal = slopes[row] * scale / np.where(longest > 0, longest, 1.0)
        reach = np.concatenate([r * scale for r in _REACHES], axis=1)
        step = np.concatenate([r * normal for r in _REACHES], axis=1)
        middle = np.tile(points, (1, len(_REACHES)))
        return self.landscape.clip(middle - step), self.landscape.clip(middle + step), reach

    def _rounded(self, point: Array, reach: Array) -> Coordinates:
        """Short rationals within about a twentieth of the reach, inside the box."""
        found = []
        box = self.landscape.obligation.region.box
        for x, r, side in zip(point.tolist(), reach.tolist(), box, strict=True):
            close = (c for c in convergents(x) if abs(float(c) - x) <= 0.05 * r)
            found.append(clamp(next(close, Fraction(x)), side))
        return tuple(found)

    def _separated(self, cell: Cell, row: int, start: Array, end: Array) -> Mask:
        """Which pairs lie on both sides of the surface, with the claim failing between them."""
        own = row == 0
        rest = ~(self.multiples[cell.rows] & ~cell.strict if own else cell.surface)
        others = cell.part(rest)
        ends = [self.landscape.values(x) for x in (start, end, 0.5 * (start + end))]
        good = np.sign(ends[0][row]) * np.sign(ends[1][row]) < 0
        for values in ends:
            good &= own | (values[0] <= 0)
            good &= (self.landscape.excess(others, values) <= 0).all(axis=0)
        return np.asarray(good)


def first_witness(attempts: Iterable[Witness | None]) -> Witness | None:
    """The first that is there; later attempts are not made."""
    return next((witness for witness in attempts if witness is not None), None)
