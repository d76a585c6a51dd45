"""Does a recorded cover still prove the claim? Every leaf is bounded again, in batches.

Soundness depends on this file: evidence that comes from a file counts only after this said yes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv.enclosures.affine import AffineMachine
from bcv.enclosures.intervals import IntervalMachine
from bcv.enclosures.tape import compile_tape
from bcv.evidence import Bounded, Convex, Cover, Form, Infeasible, Multiplier
from bcv.obligation import Obligation
from bcv.paving.bounds import Bounds
from bcv.paving.boxes import Boxes, outer_root
from bcv.paving.convexity import neighbourhood
from bcv.paving.region_test import RegionTest
from bcv.paving.search import Search
from bcv.region import Relation

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]
Mask = NDArray[np.bool_]

_BATCH: Final = 8192
_NUMBERS_A_BATCH: Final = 1_500_000
"""Of affine forms."""

_MARGIN: Final = 2.0**-24
_SPLITS: Final = 100_000
"""Boxes to examine beyond a multiple of the leaves, before a cover is given up."""


class _BrokenTreeError(Exception):
    pass


def cover_holds(obligation: Obligation, cover: Cover, deadline: float = np.inf) -> bool:
    """Whether the leaves cover the region's box, and the claim holds on each of them.

    The recorded reasons are tried first, and nothing but them is computed as long as they serve; a
    leaf that they don't settle here is split further.
    False also when ``deadline``, a value of ``time.monotonic()``, passes.
    """
    outer = outer_root(obligation.region)
    if len(cover.root) != len(outer):
        return False
    for (lo, hi), (least, most) in zip(cover.root, outer, strict=True):
        if not (lo <= least and most <= hi):
            return False
    try:
        ends = leaves(cover, deadline)
    except _BrokenTreeError:
        return False
    task = _Recheck(obligation, cover)
    for start in range(0, ends.reasons.size, _BATCH):
        if time.monotonic() > deadline:
            return False
        task.batch(*ends.batch(start))
    return not task.left or task.finish(deadline)


@dataclass(frozen=True, slots=True)
class Leaves:
    """(n, K) ends of the leaves' boxes, and (K,) numbers of their reasons."""

    lo: Floats
    hi: Floats
    reasons: Ids

    def batch(self, start: int) -> tuple[Boxes, Ids]:
        """A batch of leaves, with their reasons."""
        here = slice(start, start + _BATCH)
        reasons = self.reasons[here]
        nowhere, unknown = np.zeros(reasons.size, np.int32), np.full(reasons.size, -np.inf)
        return Boxes(self.lo[:, here], self.hi[:, here], nowhere, unknown), reasons


def leaves(cover: Cover, deadline: float = np.inf) -> Leaves:
    """The leaves of a cover, level by level.

    Raises _BrokenTreeError if the nodes are no tree, or too deep to be done by the deadline.
    """
    nodes = np.frombuffer(cover.nodes, dtype=np.intc)
    if int(nodes.max(initial=-1)) >= len(cover.reasons):
        raise _BrokenTreeError
    upper = _upper_children(nodes)
    split = nodes < 0
    explicit = split & ((-nodes - 1) % 2 == 1)
    if int(explicit.sum()) != len(cover.cuts):
        raise _BrokenTreeError
    cuts = np.zeros(nodes.size)
    cuts[explicit] = np.frombuffer(cover.cuts, dtype=np.float64)
    axes = np.where(split, (-nodes - 1) // 2, 0)
    n = len(cover.root)
    if split.any() and int(axes.max()) >= n:
        raise _BrokenTreeError
    root = np.array(cover.root, dtype=np.float64).reshape(n, 2)
    level, lo, hi = np.zeros(1, np.int64), root[:, :1].copy(), root[:, 1:].copy()
    found: list[tuple[Floats, Floats, Ids]] = []
    while level.size:
        if time.monotonic() > deadline:
            raise _BrokenTreeError
        leaf = ~split[level]
        found.append((lo[:, leaf], hi[:, leaf], nodes[level[leaf]]))
        level, lo, hi = level[~leaf], lo[:, ~leaf], hi[:, ~leaf]
        columns, along = np.arange(level.size), axes[level]
        least, most = lo[along, columns], hi[along, columns]
        with np.errstate(all="ignore"):
            at = np.where(explicit[level], cuts[level], least + (most - least) * 0.5)
        if not bool(((least <= at) & (at <= most)).all()):  # NaN: the middle of an infinite side
            raise _BrokenTreeError
        below, above = hi.copy(), lo.copy()
        below[along, columns], above[along, columns] = at, at
        lo, hi = np.concatenate([lo, above], axis=1), np.concatenate([below, hi], axis=1)
        level = np.concatenate([level + 1, upper[level]])
    return Leaves(
        np.concatenate([part[0] for part in found], axis=1),
        np.concatenate([part[1] for part in found], axis=1),
        np.concatenate([part[2] for part in found]),
    )


def _upper_children(nodes: NDArray[np.intc]) -> NDArray[np.int64]:
    """(N,) the place of each split's upper child, in preorder. Raises _BrokenTreeError.

    With +1 for a split and -1 for a leaf, a subtree ends where the running sum first falls one
    below its value before the subtree. That is found by grouping places of equal running sums.
    """
    if not nodes.size:
        raise _BrokenTreeError
    running = np.cumsum(np.where(nodes < 0, 1, -1))
    if running[-1] != -1 or bool((running[:-1] < 0).any()):
        raise _BrokenTreeError
    before = running - np.where(nodes < 0, 1, -1)
    # The lower child of split i starts at i + 1 with the sum before[i] + 1, and ends at the first
    # j > i where running[j] == before[i]; the upper child is at j + 1. As sums move by one, that
    # j is the next place of the value before[i] among all running sums.
    order = np.lexsort((np.arange(nodes.size), running))
    keys = running[order] * np.int64(nodes.size + 1) + order
    splits = np.flatnonzero(nodes < 0)
    wanted = before[splits] * np.int64(nodes.size + 1) + splits
    places = np.searchsorted(keys, wanted, side="right")
    if bool((places >= keys.size).any()):
        raise _BrokenTreeError
    upper = np.zeros(nodes.size, dtype=np.int64)
    upper[splits] = order[places] + 1
    return upper


class _Recheck:
    """One cover of one obligation; ``left`` gathers leaves that need more than a look.

    A machine is built when the first leaf needs it: a large claim's are most of the work.
    """

    def __init__(self, obligation: Obligation, cover: Cover) -> None:
        self._obligation = obligation
        self._cover = cover
        self.left: list[Boxes] = []
        self._test = RegionTest.of(obligation.region)
        self._infeasible = np.array(
            [isinstance(reason, Infeasible) for reason in cover.reasons], dtype=np.bool_
        )
        self._affine = np.array(
            [isinstance(r, Bounded) and r.form is Form.AFFINE for r in cover.reasons],
            dtype=np.bool_,
        )
        chosen = [getattr(reason, "multiplier", None) for reason in cover.reasons]
        count = len(cover.multipliers)
        self._column = np.array(
            [count if c is None or not 0 <= c < count else c for c in chosen], dtype=np.int64
        )

    def batch(self, boxes: Boxes, reasons: Ids) -> None:
        """Bound the claim on a batch of leaves."""
        infeasible, affine = self._infeasible[reasons], self._affine[reasons]
        for chosen, settled in (
            (infeasible, self._missed),
            (affine, self._by_forms),
            (~(infeasible | affine), self._by_bounds),
        ):
            if chosen.any():
                part = boxes.where(chosen)
                rest = ~settled(part, self._column[reasons[chosen]])
                if rest.any():
                    self.left.append(part.where(rest))

    def _missed(self, boxes: Boxes, columns: NDArray[np.int64]) -> Mask:
        """Which boxes certainly miss the region."""
        found: Mask = self._test.false_part(*self._atoms.evaluate(boxes.lo, boxes.hi)) >= 0
        return found

    @cached_property
    def _atoms(self) -> IntervalMachine:
        roots = [atom.expr for atom in self._test.atoms]
        return IntervalMachine(compile_tape(roots, self._obligation.region.variables), _BATCH)

    @cached_property
    def _bounds(self) -> Bounds:
        return Bounds(self._obligation, _BATCH)

    def _by_bounds(self, boxes: Boxes, columns: NDArray[np.int64]) -> Mask:
        """Which boxes are settled by natural enclosures, or by mean values with multipliers."""
        bounds = self._bounds
        found = bounds.natural(boxes)
        settled: Mask = found.proved | (found.false_part >= 0)
        tried = np.flatnonzero(~settled & found.defined)
        if tried.size and bounds.has_slopes:
            part = boxes.where(tried)
            multipliers = self._slope_multipliers[:, columns[tried]]
            bound = bounds.mean_value(part, bounds.slopes(part), multipliers)
            settled[tried[bounds.sufficient(bound, multipliers)]] = True
        return settled

    @cached_property
    def _slope_multipliers(self) -> Floats:
        return _columns(self._cover, self._test, self._bounds.usable)

    @cached_property
    def _forms(self) -> tuple[AffineMachine, Floats]:
        """A machine for the claim and the usable atoms, and the multipliers of these.

        Atoms that no multiplier uses are left out.
        """
        obligation = self._obligation
        rows = np.array(self._test.usable, dtype=np.intp)
        multipliers = _columns(self._cover, self._test, rows)
        used = multipliers.any(axis=1)
        rows, multipliers = rows[used], multipliers[used]
        roots = [obligation.expr, *(self._test.atoms[row].expr for row in rows)]
        return AffineMachine(roots, obligation.region.variables), multipliers

    @cached_property
    def _partial(self) -> IntervalMachine | None:
        """A machine for the terms that may be undefined, if there are any."""
        roots = [root for root in self._obligation.roots if not root.total]
        tape = compile_tape(roots, self._obligation.region.variables)
        return IntervalMachine(tape, _BATCH) if roots else None

    def _by_forms(self, boxes: Boxes, columns: NDArray[np.int64]) -> Mask:
        """On which boxes affine forms prove the claim, with the multipliers of these columns."""
        finite = np.isfinite(boxes.lo) & np.isfinite(boxes.hi)
        settled: Mask = np.logical_and.reduce(finite, axis=0)
        if self._partial is not None:
            undefined = self._partial.evaluate_masked(boxes.lo, boxes.hi)[2]
            settled[undefined.any(axis=0)] = False
        machine, multipliers = self._forms
        chosen = np.flatnonzero(settled)
        step = max(16, _NUMBERS_A_BATCH // machine.size)
        for start in range(0, chosen.size, step):
            part = chosen[start : start + step]
            factors = -multipliers[:, columns[part]]
            factors = np.concatenate([np.ones((1, part.size)), factors])
            trace = machine.trace(boxes.lo[:, part], boxes.hi[:, part])
            bound = machine.lower(trace, factors, _MARGIN)
            settled[part] = bound > 0.0 if self._obligation.strict else bound >= 0.0
        return settled

    def finish(self, deadline: float) -> bool:
        """Whether the claim holds on the leaves that are left, by splitting them if need be."""
        search = Search(self._bounds, self._cover.root)
        search.stack.pop(1)
        count = sum(boxes.count for boxes in self.left)
        ids = np.zeros(1, np.int32)
        while ids.size < count:  # nodes to hang the boxes on; the record is thrown away
            lower = search.recorder.split(ids, 0)
            ids = np.concatenate([lower, lower + 1])
        for boxes in self.left:
            boxes.ids, ids = ids[: boxes.count].copy(), ids[boxes.count :]
            search.stack.push(boxes)
        for zero in dict.fromkeys(r.zero for r in self._cover.reasons if isinstance(r, Convex)):
            found = neighbourhood(self._obligation, zero, search.root)
            if found is not None:
                search.carve(found)
        while search.stack.count and search.examined < 64 * count + _SPLITS:
            if search.witness is not None or search.stuck or time.monotonic() > deadline:
                return False
            search.step(_BATCH)
        return not (search.stack.count or search.stuck or search.witness)


def _columns(cover: Cover, test: RegionTest, rows: NDArray[np.intp]) -> Floats:
    """(J, M + 1) the constants of the cover's multipliers, for J of the region's atoms.

    The last column has no terms: it stands for no multiplier, and for one of another kind.
    """
    places = {test.offset + int(row): j for j, row in enumerate(rows)}
    free = np.array([test.atoms[row].relation is Relation.EQ for row in rows], dtype=np.bool_)
    columns = [_column(m, places, free) for m in cover.multipliers]
    return np.array([*columns, np.zeros(rows.size)]).T


def _column(multiplier: Multiplier, rows: dict[int, int], free: Mask) -> Floats:
    """(J,) the multiplier's constants in doubles; zeros if it is of another kind."""
    column = np.zeros(len(rows))
    for number, factor in multiplier.terms:
        value = factor.constant
        if value is None or number not in rows or Fraction(float(value)) != value:
            return np.zeros(len(rows))
        column[rows[number]] += float(value)
    allowed = (column >= 0.0) | free
    return column if bool(allowed.all()) else np.zeros(len(rows))
