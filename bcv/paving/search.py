"""What happens to a batch of boxes? Missed by the region, proved, or split and put back.

Soundness depends on this file: only a box with a reason leaves the stack without its halves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv import expr as ex
from bcv.evidence import Bounded, Convex, Cover, Form, Witness
from bcv.paving import multipliers as mult
from bcv.paving.bounds import Bounds
from bcv.paving.boxes import Boxes, BoxStack, root_box
from bcv.paving.convexity import Neighbourhood
from bcv.paving.corners import decided_at, lowest_corners
from bcv.paving.exact_points import surface_row, witness_at
from bcv.paving.recording import CoverRecorder
from bcv.paving.slabs import cut_down
from bcv.paving.splitting import choose_axes, cut_boxes, halves, midpoints, variation_shares
from bcv.paving.trial import Trial

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SMALLEST: Final = 2.0**-26
"""Boxes this small, relative to the root's box, are put aside: there the claim is tight."""
_SLOPE_PRICE: Final = 4.0
"""About what slopes and values at centres cost, in natural evaluations."""
_CONTRACTION_PRICE: Final = 4.0
_ROOTS: Final = 4
_EARLY: Final = 1024
"""Between so many boxes bounded ones are not contracted: that pays at the root, on surfaces, and
in long searches."""
_CONTRACTION_WORTH: Final = 16.0
"""A contraction by this inverse share pays for itself, as trials of the corpus showed."""
_SHRUNK: Final = 0.6
_FAR_A_BATCH: Final = 16
_SOON: Final = 16
_LATE: Final = 1000
"""How many boxes to examine before the claim is written as a polynomial."""
_ROUNDING: Final = 1e-12
_CORNERS_A_BATCH: Final = 8
_MANY_MULTIPLIERS: Final = 8192
_STUCK_ATTEMPTS: Final = 8
_FEW: Final = 128
"""Boxes that a round of fewer is divided into at once."""
_MOST_LEVELS: Final = 3


@dataclass(slots=True)
class Search:
    """The open boxes of one obligation and the record of the others.

    Attributes:
        examined: boxes looked at.
        stuck: boxes too small to split, left open.
        witness: a verified one, as soon as there is one.
        proved_volume: of the boxes on which the claim is proved, as a share of a bounded root's;
            boxes that miss the region are not among them.
    """

    bounds: Bounds
    root: tuple[tuple[float, float], ...]
    stack: BoxStack = field(init=False)
    recorder: CoverRecorder = field(init=False, default_factory=CoverRecorder)
    reasons: mult.ReasonTable = field(init=False)
    examined: int = 0
    stuck: list[Boxes] = field(default_factory=list)
    witness: Witness | None = None
    proved_volume: float = 0.0
    _scale: Floats = field(init=False)
    _matters: Mask = field(init=False)
    _flat: Mask = field(init=False)
    _natural: Trial = field(init=False)
    _slopes: Trial = field(init=False)
    _with_multipliers: Trial = field(init=False)
    _contraction: Trial = field(init=False)
    _coefficients: Trial = field(init=False)
    _attempts: int = 0
    _steps: int = 0

    def __post_init__(self) -> None:
        test = self.bounds.test
        infeasible = test.reasons
        self.reasons = mult.ReasonTable(
            (*infeasible, Bounded(Form.NATURAL)),
            tuple(test.offset + int(row) for row in self.bounds.usable),
        )
        start = root_box(self.root)
        self.stack = BoxStack(len(self.root))
        self.stack.push(start)
        with np.errstate(invalid="ignore", over="ignore"):
            widths = start.hi - start.lo
        middle = midpoints(start.lo, start.hi)
        flat = np.isfinite(widths) & ~((start.lo < middle) & (middle < start.hi))
        # The doubles around 6/5 are no width in comparison to which other sides are thin.
        self._scale = np.where(flat, np.inf, np.where(np.isfinite(widths), widths, 1.0))
        self._flat = flat[:, 0]
        used = ex.variables(*self.bounds.obligation.roots, *(atom.expr for atom in test.atoms))
        names = self.bounds.obligation.region.variables
        self._matters = np.array([name in used for name in names], dtype=np.bool_)[:, None]
        self._natural = Trial(1.0)
        self._slopes = Trial(_SLOPE_PRICE)
        self._with_multipliers = Trial(0.5 * _SLOPE_PRICE)
        self._contraction = Trial(_CONTRACTION_PRICE)
        self._coefficients = Trial(1.0)

    @property
    def bounded(self) -> bool:
        """Whether the root has a volume."""
        return all(hi - lo < math.inf for lo, hi in self.root)

    @property
    def _subtree(self) -> float:
        """About how many boxes a split costs until all is done, from the natural form's record."""
        survival = 1.0 - self._natural.settled / self._natural.tried
        return 2.0 / max(1.0 - 2.0 * survival, 1.0 / 256.0)

    def settles_root(self) -> bool:
        """Whether natural evaluation of the root decides all; else nothing changes."""
        root = self.stack.all()
        reason = self._reasons_of(root)
        if (reason < 0).any():
            return False
        self.examined += root.count
        self._settle(self.stack.pop(root.count), np.ones(root.count, dtype=np.bool_), reason)
        return True

    def step(self, most: int) -> None:
        """Examine up to ``most`` boxes from the top of the stack."""
        boxes = self.stack.pop(most)
        self.examined += boxes.count
        try:
            self._examine(boxes)
        except (KeyboardInterrupt, MemoryError):
            self.stack.push(boxes)  # what is known of the open boxes must not forget these
            raise

    def _examine(self, boxes: Boxes) -> None:
        """Settle the boxes, or put their halves on the stack."""
        rest, open_atoms = self._survivors(boxes)
        rest, open_atoms = self._contracted(rest, open_atoms)
        if rest.count == 0:
            return
        points, rows, slopes = self.bounds.estimates(rest)
        self._steps += 1
        if self._steps >= 4**self._attempts and self._look_for_witness(points, rows):
            self._attempts += 1
        with np.errstate(invalid="ignore", over="ignore"):
            widths = rest.hi - rest.lo
            size = np.where(self._matters, widths / self._scale, 0.0).max(axis=0, initial=0.0)
        widths = np.where(np.isfinite(widths), widths, 0.0)
        undecided = np.concatenate([np.ones((1, rest.count), dtype=np.bool_), open_atoms])
        shares = variation_shares(widths, slopes, undecided)
        axes, possible = choose_axes(rest, shares, np.where(self._matters, self._scale, np.inf))
        possible &= size >= SMALLEST
        if not bool(possible.all()):
            self.stuck.append(rest.where(~possible))
            if len(self.stuck) <= _STUCK_ATTEMPTS:
                self._look_for_witness(points[:, ~possible], rows[:, ~possible])
            rest, axes = rest.where(possible), axes[possible]
        self._divide(rest, axes, shares[:, possible])

    def _divide(self, boxes: Boxes, axes: NDArray[np.intp], shares: Floats) -> None:
        """Put the boxes' halves on the stack; of few boxes, the halves' halves and so on.

        A round costs the same for few boxes as for a hundred.
        """
        bounded = bool((np.isfinite(boxes.lo) & np.isfinite(boxes.hi)).all())
        few = _FEW // boxes.count if bounded and boxes.count else 0
        level = 1
        parts = halves(boxes, axes, self.recorder)
        while 2 ** (level + 1) <= few and level < _MOST_LEVELS:
            # After a cut an expression varies about half as much along that axis.
            shares[axes, np.arange(boxes.count)] *= 0.5
            scale = np.where(self._matters, self._scale, np.inf)
            axes, possible = choose_axes(parts[0], shares, scale)
            if not bool(possible.all()):
                break
            parts = [part for half in parts for part in halves(half, axes, self.recorder)]
            level += 1
        for part in parts:
            self.stack.push(part)

    def _contracted(self, boxes: Boxes, open_atoms: Mask) -> tuple[Boxes, Mask]:
        """The boxes cut down where that pays; those that shrink much wait for their next turn."""
        infinite = (np.isinf(boxes.lo) | np.isinf(boxes.hi)).any(axis=0)
        early = _ROOTS < self.examined < _EARLY and not self.bounds.surface
        early = early and not bool(infinite.any())
        if boxes.count == 0 or early or not self.bounds.contractor.usable:
            return boxes, open_atoms
        tried = np.flatnonzero(infinite)
        finite = np.flatnonzero(~infinite)
        count = self._contraction.boxes(finite.size, _CONTRACTION_WORTH)
        tried = np.concatenate([tried, finite[:count]])[: self.bounds.contractor.most_boxes]
        if not tried.size:
            return boxes, open_atoms
        part = boxes.where(tried)
        least, most = self.bounds.contractor.propose(part.lo, part.hi)
        part, share, slabs = cut_down(
            part,
            least,
            most,
            self.recorder,
            self._reasons_of,
            lambda gone, why: self._settle(gone, np.ones(gone.count, dtype=np.bool_), why),
        )
        self.examined += slabs
        self._contraction.record(tried.size, float((1.0 - share).sum()))
        shrunk = share < _SHRUNK
        self.stack.push(part.where(shrunk & (share > 0.0)))
        boxes.lo[:, tried], boxes.hi[:, tried], boxes.ids[tried] = part.lo, part.hi, part.ids
        keep = np.ones(boxes.count, dtype=np.bool_)
        keep[tried[shrunk]] = False
        return boxes.where(keep), open_atoms[:, keep]

    def _reasons_of(self, boxes: Boxes) -> NDArray[np.int32]:
        """(K,) why natural evaluation settles a box, or -1."""
        found = self.bounds.natural(boxes)
        proved = np.where(found.proved, np.int32(len(self.bounds.test.reasons)), np.int32(-1))
        return np.where(found.false_part >= 0, found.false_part, proved)

    def carve(self, found: Neighbourhood) -> None:
        """Cut a convex neighbourhood out of every open box that contains its zero."""
        reason = self.reasons.number(Convex(found.zero, self.reasons.terms(found.multiplier)))
        boxes = self.stack.pop(self.stack.count)
        for k in range(boxes.count):
            box = boxes.where(np.array([k]))
            if not box.contains(found.zero):
                self.stack.push(box)
                continue
            for axis, (lo, hi) in enumerate(zip(found.lo, found.hi, strict=True)):
                along = np.array([axis])
                if float(box.lo[axis, 0]) < lo:
                    below, box = cut_boxes(box, along, np.array([lo]), self.recorder)
                    self.stack.push(below)
                if float(box.hi[axis, 0]) > hi:
                    box, above = cut_boxes(box, along, np.array([hi]), self.recorder)
                    self.stack.push(above)
            self._settle(box, np.ones(1, dtype=np.bool_), reason)

    @property
    def proved_share(self) -> float | None:
        """The proved part of all boxes that are not known to miss the region, by their volume."""
        if not self.bounded:
            return None
        open_boxes = (self.stack.all(), *self.stuck)
        left = sum(float(self._volumes(boxes).sum()) for boxes in open_boxes)
        met = self.proved_volume + left
        return self.proved_volume / met if met > 0.0 else None

    def _volumes(self, boxes: Boxes) -> Floats:
        """(K,) volumes as shares of a bounded root's, in which flat sides do not count."""
        sides = (boxes.hi - boxes.lo) / self._scale
        return np.asarray(np.prod(sides[~self._flat], axis=0))

    def _settle(self, boxes: Boxes, done: Mask, reasons: NDArray[np.int32] | int) -> None:
        self.recorder.settle(boxes.ids[done], reasons)
        if self.bounded:
            met = np.asarray(reasons) >= len(self.bounds.test.reasons)
            self.proved_volume += float((self._volumes(boxes)[done] * met).sum())

    def _survivors(self, boxes: Boxes) -> tuple[Boxes, Mask]:
        """The boxes that no method settles, and (atoms, K) which atoms are open there."""
        found = self.bounds.natural(boxes)
        boxes.bound = np.maximum(boxes.bound, found.bound)
        missed = found.false_part >= 0
        self._settle(boxes, missed, found.false_part[missed])
        proved = found.proved & ~missed
        self._settle(boxes, proved, len(self.bounds.test.reasons))
        open_ = ~(missed | proved)
        rest = int(open_.sum())
        self._natural.record(boxes.count, boxes.count - rest)
        survivors = boxes if rest == boxes.count else boxes.where(open_)
        open_atoms = found.open_atoms[:, open_]
        if rest:
            keep = self._by_coefficients(survivors, found.defined[open_])
            if not keep.all():
                survivors, open_atoms = survivors.where(keep), open_atoms[:, keep]
                open_[open_] = keep
        if survivors.count == 0 or not self.bounds.has_slopes:
            return survivors, open_atoms
        eligible = np.flatnonzero(found.defined[open_])
        count = self._slopes.boxes(eligible.size, self._subtree)
        if count == 0:
            return survivors, open_atoms
        keep = self._by_slopes(survivors, eligible[:count], open_atoms[self.bounds.usable])
        return survivors.where(keep), open_atoms[:, keep]

    def _by_coefficients(self, boxes: Boxes, defined: Mask) -> Mask:
        """Try Bernstein coefficients, and their like on half-infinite boxes; which boxes remain."""
        keep = np.ones(boxes.count, dtype=np.bool_)
        infinite = (np.isinf(boxes.lo) | np.isinf(boxes.hi)).any(axis=0)
        far = np.flatnonzero(defined & infinite)[:_FAR_A_BATCH]
        near = np.flatnonzero(defined & ~infinite)
        soon = _SOON if far.size else _LATE
        if self.examined < soon or self.bounds.polynomial is None:
            return keep
        polynomial = self.bounds.polynomial
        self._coefficients.price = polynomial.evaluations(self.bounds.operations)
        near = near[: self._coefficients.boxes(near.size, self._subtree)]
        if near.size:
            bound = polynomial.lower_bounds(boxes.lo[:, near], boxes.hi[:, near])
            boxes.bound[near] = np.maximum(boxes.bound[near], bound)
            keep[near] = ~self.bounds.sufficient(bound)
            self._coefficients.record(near.size, int((~keep).sum()))
        least = 1 if self.bounds.obligation.strict else 0
        for k in far:
            keep[k] = polynomial.sign(boxes.lo[:, k], boxes.hi[:, k]) < least
        if not keep.all():
            self._settle(boxes, ~keep, self.reasons.number(Bounded(Form.BERNSTEIN)))
        return keep

    def _by_slopes(self, boxes: Boxes, tried: NDArray[np.intp], active: Mask) -> Mask:
        """Try mean value forms on the boxes ``tried``; which of all boxes remain."""
        part = boxes.where(tried)
        slopes = self.bounds.slopes(part)
        zero = np.zeros((active.shape[0], part.count))
        bound = self.bounds.mean_value(part, slopes, zero)
        proved = self.bounds.sufficient(bound)
        self._settle(part, proved, self.reasons.mean_value(zero[:, proved]))
        proved |= self._at_corners(part, slopes, bound, ~proved)
        boxes.bound[tried] = np.maximum(part.bound, bound)
        finite = (np.isfinite(part.lo) & np.isfinite(part.hi)).all(axis=0)
        left = np.flatnonzero(~proved & finite & active[:, tried].any(axis=0))
        left = left[: self._with_multipliers.boxes(left.size, self._subtree)]
        if left.size:
            better = self._by_multipliers(part, slopes, left, active[:, tried])
            proved[left[better]] = True
        self._slopes.record(part.count, int(proved.sum()))
        keep = np.ones(boxes.count, dtype=np.bool_)
        keep[tried[proved]] = False
        return keep

    def _at_corners(
        self, boxes: Boxes, slopes: tuple[Floats, Floats], bound: Floats, left: Mask
    ) -> Mask:
        """Which of the boxes ``left`` are short by rounding alone: proved at the lowest corner."""
        proved = np.zeros(boxes.count, dtype=np.bool_)
        chosen = np.zeros((self.bounds.usable.size, boxes.count))
        least, most = slopes[0][0], slopes[1][0]
        corner, monotone = lowest_corners(boxes, least, most)
        with np.errstate(invalid="ignore", over="ignore"):
            steepest = np.maximum(np.abs(least), np.abs(most)) * np.abs(corner)
        scale = 1.0 + np.where(np.isfinite(steepest), steepest, 0.0).sum(axis=0)
        near = left & monotone & (bound >= -_ROUNDING * scale)
        for k in np.flatnonzero(near)[:_CORNERS_A_BATCH]:
            one = slice(k, k + 1)
            here = slopes[0][:, :, one], slopes[1][:, :, one]
            found = decided_at(self.bounds, boxes.where(np.array([k])), here, corner[:, k])
            if found is not None:
                proved[k], chosen[:, k] = True, found
            elif self.witness is None:
                self.witness = witness_at(self.bounds.obligation, corner[:, k], None, 0.0)
        if proved.any():
            self._settle(boxes, proved, self.reasons.mean_value(chosen[:, proved]))
        return proved

    def _by_multipliers(
        self,
        boxes: Boxes,
        slopes: tuple[Floats, Floats],
        left: NDArray[np.intp],
        active: Mask,
    ) -> Mask:
        """Which of the boxes ``left`` a mean value form with multipliers settles."""
        part = boxes.where(left)
        lo, hi = slopes[0][:, :, left], slopes[1][:, :, left]
        size = ((part.hi - part.lo) / self._scale).max(axis=0)
        # Small boxes deserve exact multipliers, as long as there are not too many of them.
        most_bits = 26 if len(self.reasons.multipliers) < _MANY_MULTIPLIERS else 3
        bits = np.clip(3 - np.frexp(size)[1], 3, most_bits).astype(np.int64)
        chosen = mult.choose(
            self.bounds.middle_values(part),
            lo,
            hi,
            0.5 * (part.hi - part.lo),
            self.bounds.free,
            active[:, left],
        )
        chosen = mult.rounded(chosen, bits)
        bound = self.bounds.mean_value(part, (lo, hi), chosen)
        proved = self.bounds.sufficient(bound, chosen)
        self._settle(part, proved, self.reasons.mean_value(chosen[:, proved]))
        self._with_multipliers.record(part.count, int(proved.sum()))
        return proved

    def _look_for_witness(self, points: Floats, rows: Floats) -> bool:
        """Verify the worst point at which the claim seems to fail inside the region, if any."""
        test = self.bounds.test
        surface = surface_row(self.bounds.obligation)
        values = rows[1:].copy()
        if surface is not None:
            values[test.parts[surface].first] = 0.0
        values = np.where(np.isnan(values), -np.inf, values)
        inside = test.inside(values, values)
        g = np.where(np.isnan(rows[0]), -np.inf, rows[0])
        fails = inside & ((g <= 0.0) if self.bounds.obligation.strict else (g < 0.0))
        if not bool(fails.any()):
            return False
        worst = int(np.argmin(np.where(fails, g, math.inf)))
        slope, value = None, 0.0
        if surface is not None:
            row = 1 + test.parts[surface].first
            slope = self.bounds.slopes_at(points[:, worst : worst + 1])[row, :, 0]
            value = float(rows[row, worst])
        found = witness_at(self.bounds.obligation, points[:, worst], slope, value)
        self.witness = self.witness or found
        return True

    def cover(self) -> Cover:
        """The evidence, once no box is open."""
        return self.recorder.cover(
            self.root, tuple(self.reasons.reasons), tuple(self.reasons.multipliers)
        )
