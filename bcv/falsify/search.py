"""Which points are worth trying, in which order? The phases of a search for a counterexample.

Soundness does not depend on this file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from bcv.evidence import Witness
from bcv.falsify.descent import descend, feasible, finite, polish, restore
from bcv.falsify.landscape import Array, Cell, Mask, landscape_of
from bcv.falsify.samples import coarse_points
from bcv.falsify.witnesses import Prosecutor, first_witness
from bcv.obligation import Obligation
from bcv.outcome import Hints, Known
from bcv.region import atoms

MARGINS: Final = (0.0, 1e-11, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 3e-2)
"""Scaled distances by which a suspect on the region's boundary is moved inwards."""

INSIDE: Final = 1e-10
"""A scaled distance that makes a float point certainly satisfy an inequality."""

MAX_FOLLOWED: Final = 30_000
"""Coordinates of samples that are projected onto a surface at once; it bounds the memory."""

MAX_HINTS: Final = 12


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is tried, in counts: the outcome does not depend on the clock.

    Attributes:
        samples: points of the sequence per pass.
        starts: descents per cell and objective.
        rounds: steps of each descent.
        polished: local minima that Newton's method refines.
        verified: candidates verified exactly per attempt.
        passes: repetitions with other points.
        cells: conjunctions of the region (in disjunctive normal form) that are searched closely.
        held: whether descents are repeated with one coordinate held.
        curves: whether polynomial claims are decided on some curves.
    """

    samples: int
    starts: int
    rounds: int
    polished: int
    verified: int
    passes: int
    cells: int
    held: bool = False
    curves: bool = False


def distinct(indices: np.ndarray[Any, np.dtype[np.intp]]) -> np.ndarray[Any, np.dtype[np.intp]]:
    """The indices once each, in order; np.unique would import numpy.ma, at 6 ms."""
    return np.flatnonzero(np.bincount(indices))


class Search:
    """One search; ``run`` may be called once."""

    def __init__(
        self, obligation: Obligation, effort: Effort, hints: Hints, deadline: float, seed: int
    ) -> None:
        self._effort = effort
        self._seed = seed
        self._hints = hints
        self._landscape = landscape_of(obligation, deadline)
        self._prosecutor = Prosecutor(self._landscape, np.zeros(1), np.zeros(1, bool))
        self._minima: list[tuple[float, tuple[float, ...]]] = []
        self._samples = 0

    def late(self) -> bool:
        """Whether time is up."""
        return self._landscape.late()

    def run(self) -> Witness | None:
        """A verified witness, or None."""
        return first_witness(self._attempts())

    def known(self) -> Known:
        """The smallest value seen in the region, and where."""
        if not self._minima:
            return Known(samples=self._samples)
        value, point = min(self._minima)
        names = self._landscape.obligation.region.variables
        at = tuple(zip(names, point, strict=True))
        return Known(smallest_margin=value, at=at, samples=self._samples)

    def hints(self) -> Hints:
        """The worst points, and the exact zeros."""
        distinct: dict[tuple[str, ...], tuple[float, ...]] = {}
        for _, point in sorted(self._minima):
            distinct.setdefault(tuple(f"{x:.4g}" for x in point), point)
        worst = tuple(distinct.values())[:MAX_HINTS]
        return Hints(worst, tuple(self._prosecutor.zeros))

    def _attempts(self) -> Iterator[Witness | None]:
        if not self._landscape.obligation.region.variables:
            yield self._prosecutor.point(())
            return
        for turn in range(self._effort.passes):
            points = self._points(turn)
            values = self._landscape.values(points)
            self._samples += points.shape[1]
            if turn == 0:
                self._prosecutor.noise = _noise(values)
                self._prosecutor.multiples = _multiples(values)
            # First what costs nothing: samples that violate as they are, in every cell.
            for cell in self._landscape.cells:
                yield self._direct(cell, points, values)
            for cell in self._promising(values):
                yield from self._refined(cell, points, values)
                if self.late():
                    return
            if turn == 0 and self._effort.curves:
                yield from self._on_curves(self._promising(values))

    def _on_curves(self, cells: list[Cell]) -> Iterator[Witness | None]:
        """Decide a polynomial claim on curves: far out, it may fail where no descent gets to."""
        from bcv.falsify.curves import are_polynomials, curves, suspects  # for few problems

        obligation = self._landscape.obligation
        region = obligation.region
        if not are_polynomials([obligation.expr, *(a.expr for a in atoms(region.formula))]):
            return
        best = [point for _, point in sorted(self._minima)[:MAX_HINTS]]
        near = np.array(best).reshape(len(best), len(region.variables)).T
        for curve in curves(region, obligation.expr, near, self._seed):
            for cell in cells:
                for suspect in suspects(obligation.expr, cell.atoms, region, curve):
                    yield self._prosecutor.near(suspect)
                if self.late():
                    return

    def _promising(self, values: Array) -> list[Cell]:
        """The cells in which the samples come closest to a violation; all, if there are few."""
        cells = self._landscape.cells
        if len(cells) <= self._effort.cells:
            return list(cells)
        lowest = []
        for cell in cells:
            inside = (self._landscape.excess(cell, values) <= 0).all(axis=0)
            lowest.append(float(np.nan_to_num(values[0, inside], nan=-np.inf).min(initial=np.inf)))
        order = np.argsort(lowest, kind="stable")[: self._effort.cells]
        return [cells[k] for k in order]

    def _points(self, turn: int) -> Array:
        landscape = self._landscape
        points = coarse_points(landscape.lo, landscape.hi, self._effort.samples, self._seed + turn)
        hinted = [p for p in self._hints.points if len(p) == len(points) and np.isfinite(p).all()]
        if hinted and turn == 0:
            points = np.concatenate([landscape.clip(np.array(hinted).T), points], axis=1)
        return points

    def _direct(self, cell: Cell, points: Array, values: Array) -> Witness | None:
        """Samples that lie in the cell and violate the claim."""
        suspects = np.flatnonzero(self._prosecutor.plausible(cell, values))
        if not len(suspects):
            return None
        worst = suspects[np.argsort(np.nan_to_num(values[0, suspects], nan=-np.inf))]
        nearest = suspects[np.argsort(np.abs(points[:, suspects]).max(axis=0), kind="stable")]
        chosen = distinct(np.concatenate([suspects[:3], nearest[:3], worst[:5]]))
        return self._prosecutor.points_near(cell, points[:, chosen], self._effort.verified)

    def _refined(self, cell: Cell, points: Array, values: Array) -> Iterator[Witness | None]:
        """Descend from the most promising samples, for the claim and then for each hazard."""
        starts = self._starts(cell, points, values, 0)
        yield self._attack(cell, starts[:, : self._effort.starts])
        for objective in (0, *self._landscape.hazards):
            if objective:
                starts = self._starts(cell, points, values, objective)
            if not starts.shape[1]:
                return
            low = descend(self._landscape, cell, objective, starts, self._effort.rounds)
            low = self._record(cell, objective, low)
            yield self._attack(cell, low[:, : self._effort.starts])
            polished = [
                polish(self._landscape, cell, objective, point)
                for point in self._tight(objective, low).T[: self._effort.polished]
                if not self.late()
            ]
            if polished:
                yield self._attack(cell, self._record(cell, objective, np.array(polished).T))
        if self._effort.held:
            yield self._attack(cell, self._lowest_held(cell, points, values))

    def _lowest_held(self, cell: Cell, points: Array, values: Array) -> Array:
        """Where descents end that hold one coordinate each.

        At an equilibrium most claims are 0, and it draws all other descents to itself.
        """
        starts = self._starts(cell, points, values, 0, relative=True)
        if not starts.shape[1]:
            return starts
        n = len(points)
        starts = starts[:, : max(1, self._effort.starts // n)]
        held = np.repeat(np.eye(n, dtype=bool), starts.shape[1], axis=1)
        low = descend(self._landscape, cell, 0, np.tile(starts, (1, n)), self._effort.rounds, held)
        return self._record(cell, 0, low)

    def _starts(
        self, cell: Cell, points: Array, values: Array, objective: int, *, relative: bool = False
    ) -> Array:
        """Points in or projected onto the cell, of least value and least value per slope.

        With ``relative``, of least positive value per slope in the coordinates' logarithms only:
        that does not prefer points close to where the value and its slope are 0.
        """
        count = self._effort.starts
        excess = self._landscape.excess(cell, values).sum(axis=0)
        inside = np.flatnonzero(excess <= 0)
        near = np.argsort(excess, kind="stable")[: 4 * count]
        spread = np.arange(0, points.shape[1], max(1, points.shape[1] // (4 * count)))
        if len(inside) >= 4 * count and not cell.thin:
            low = inside[np.argsort(values[objective, inside], kind="stable")[: 4 * count]]
            pool = points[:, distinct(np.concatenate([low, inside[:: 1 + len(inside) // count]]))]
        else:
            # Far out a surface has asymptotes that few samples run into, so all are followed.
            endless = cell.thin and not self._landscape.obligation.region.bounded
            chosen = distinct(np.concatenate([near, spread]))
            step = 1 + points.size // MAX_FOLLOWED
            pool = points[:, ::step] if endless else points[:, chosen]
            pool = finite(restore(self._landscape, cell, pool, 16))
        found, slopes = self._landscape.slopes(pool)
        good = np.flatnonzero(feasible(self._landscape, cell, found, slopes))
        if not len(good):
            return points[:, :0]
        value = found[objective, good]
        if relative:
            slopes = slopes * (np.abs(pool) / self._landscape.scale(pool))
            good = good[found[objective, good] > self._prosecutor.noise[objective]]
            value = found[objective, good]
        steep = np.sqrt((slopes[objective][:, good] ** 2).sum(axis=0)) + 1e-300
        half = 0 if relative else (count + 1) // 2
        ranked = [*np.argsort(value)[:half], *np.argsort(value / steep)]
        order = list(dict.fromkeys(int(i) for i in ranked))[:count]
        return pool[:, good[order]]

    def _record(self, cell: Cell, objective: int, points: Array) -> Array:
        """The points that lie in the cell, lowest first; remembers those of the claim."""
        points = finite(points)
        values, slopes = self._landscape.slopes(points)
        if objective == 0 and not self._certain(cell, values, slopes).all():
            inner = restore(self._landscape, cell, points, 4, INSIDE)
            points = np.concatenate([points, finite(inner)], axis=1)
            values, slopes = self._landscape.slopes(points)
        inside = np.flatnonzero(feasible(self._landscape, cell, values, slopes))
        order = inside[np.argsort(values[objective, inside], kind="stable")]
        if objective == 0:
            sure = order[self._certain(cell, values, slopes)[order]]
            found = zip(values[0, sure].tolist(), points.T[sure].tolist(), strict=True)
            self._minima += [(value, tuple(point)) for value, point in found]
        return points[:, order]

    def _certain(self, cell: Cell, values: Array, slopes: Array) -> Mask:
        """Which points satisfy the cell in floats, its equalities up to rounding."""
        rows = values[cell.rows]
        reach = np.sqrt((slopes[cell.rows] ** 2).sum(axis=1))
        held = np.where(cell.strict[:, None], rows > 0, rows >= 0)
        held |= cell.surface[:, None] & (np.abs(rows) <= 1e-9 * reach)
        return np.asarray(held.all(axis=0))

    def _tight(self, objective: int, points: Array) -> Array:
        """Those points that are, to first order, close to where the objective vanishes."""
        values, slopes = self._landscape.slopes(points)
        reach = np.sqrt((slopes[objective] ** 2).sum(axis=0))
        low = values[objective] <= 0.1 * reach + 0.1 * np.abs(values[objective]).max(initial=0.0)
        return points[:, low]

    def _attack(self, cell: Cell, points: Array) -> Witness | None:
        """Every way from float suspects to an exact witness."""
        if not points.shape[1] or self.late():
            return None
        limit = self._effort.verified
        suspects = self._suspects(points)
        if not suspects.shape[1]:
            return None
        attempts: list[Callable[[], Witness | None]] = [
            lambda: self._prosecutor.points_near(cell, suspects, limit)
        ]
        if self._prosecutor.touches(cell):
            attempts.append(lambda: self._prosecutor.segments_near(cell, suspects, limit))
        elif len(cell.rows):
            moved = self._moved_inwards(cell, suspects[:, :6])
            if cell.thin:
                attempts.append(lambda: self._prosecutor.segments_near(cell, moved, limit))
                attempts.append(
                    lambda: self._prosecutor.surface_points(cell, suspects[:, :3], limit)
                )
                if len(cell.surfaces) > 1:
                    # Descents end within 1e-7 of the surfaces; the boxes are smaller.
                    attempts.append(
                        lambda: self._prosecutor.boxes_near(
                            cell, finite(restore(self._landscape, cell, suspects[:, :3], 4))
                        )
                    )
            else:
                attempts.append(lambda: self._prosecutor.points_near(cell, moved, limit))
        return first_witness(attempt() for attempt in attempts)

    def _suspects(self, points: Array) -> Array:
        """Those points where the claim is violated, undefined or nearly tight; worst first."""
        values, slopes = self._landscape.slopes(points)
        raw = self._landscape.values(points)[: self._landscape.roots]
        reach = np.sqrt((slopes[0] ** 2).sum(axis=0))
        near = values[0] <= 1e-3 * reach + self._prosecutor.noise[0]
        hazards = list(self._landscape.hazards)
        if hazards:
            size = np.sqrt((slopes[hazards] ** 2).sum(axis=1))
            near |= (values[hazards] <= 1e-2 * size + 1e-9).any(axis=0)
        chosen = np.flatnonzero(near | np.isnan(raw).any(axis=0))
        return points[:, chosen[np.argsort(values[0, chosen], kind="stable")]]

    def _moved_inwards(self, cell: Cell, points: Array) -> Array:
        count = points.shape[1]
        copies = np.tile(points, (1, len(MARGINS)))
        margin = np.repeat(np.array(MARGINS), count)
        moved = finite(restore(self._landscape, cell, copies, 4, margin))
        # Undefined values are kept: they may be the witness.
        holds = self._landscape.values(moved)[0] > 0
        return moved[:, ~holds][:, ::-1]


def _multiples(values: Array) -> Mask:
    """Which rows are a constant times row 0, as far as floats tell; row 0 is one."""
    sound = values[:, np.isfinite(values).all(axis=0)]
    if not sound.shape[1]:
        return np.zeros(len(values), bool)
    k = int(np.abs(sound[0]).argmax())
    left, right = sound * sound[0, k], sound[0] * sound[:, k : k + 1]
    return np.asarray((np.abs(left - right) <= 1e-9 * np.abs(left)).all(axis=1))


def _noise(values: Array) -> Array:
    """Per row a size below which a value may be rounding."""
    size = np.where(np.isfinite(values) & (values != 0), np.abs(values), np.nan)
    size.sort(axis=1)
    known = np.isfinite(size).sum(axis=1)
    typical = size[np.arange(len(size)), known // 10]
    return np.asarray(1e-11 * np.nan_to_num(typical) + 1e-15)
