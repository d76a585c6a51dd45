"""Does the claim hold on every box of a partition? Proves by affine forms, made for networks.

Soundness depends on this file, on ``bcv.enclosures.affine`` and on ``bcv.paving``: a cover is
complete only if no box is open.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from math import isinf
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from bcv import expr as ex
from bcv.enclosures.affine import AffineMachine, Forms, Trace
from bcv.enclosures.intervals import IntervalMachine
from bcv.enclosures.tape import compile_tape
from bcv.engines.engine import Budget, Engine
from bcv.events import Emit, Progress
from bcv.evidence import Cover, Form, Witness
from bcv.obligation import Obligation
from bcv.outcome import Hints, Known, Outcome, Proved, Reason, Refuted, Undecided
from bcv.paving.boxes import Boxes, BoxStack, outer_root, root_box
from bcv.paving.exact_points import surface_row, witness_at
from bcv.paving.multipliers import ReasonTable, choose, rounded
from bcv.paving.recording import CoverRecorder
from bcv.paving.region_test import RegionTest
from bcv.paving.splitting import choose_axes, halves, midpoints

if TYPE_CHECKING:
    from bcv.stores.checkpoints import Checkpoints

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Root = tuple[tuple[float, float], ...]

_NUMBERS_A_BATCH: Final = 1_500_000
_MOST_MULTIPLIERS: Final = 8
_CHEAP: Final = 500
"""What has more nodes is left to forms: natural interval arithmetic takes long, and says little."""
_MARGIN: Final = 2.0**-24
"""How far above 0 a bound must be, relatively: a checker rounds otherwise."""
_SMALLEST: Final = 2.0**-20
_LEAST: Final = 1e-300
_MOST_STUCK: Final = 32
_PROGRESS_SECONDS: Final = 0.2
_WORTH_KEEPING: Final = 2_000_000
"""Numbers; a search that computed fewer is begun again in the next run."""

_NUMBERS: Final = ("examined", "stuck", "steps")
"""What a checkpoint says of a search beside its boxes and its record."""


@dataclass(frozen=True, slots=True)
class LinearRelaxation(Engine):
    """Branch and bound with affine forms, on bounded boxes."""

    name: str = field(init=False, default="linear-relaxation")

    def discharge(
        self, obligation: Obligation, hints: Hints, budget: Budget, emit: Emit
    ) -> Outcome:
        """Cover the region by boxes on which the claim holds."""
        root = outer_root(obligation.region)
        if not root or any(isinf(end) for side in root for end in side):
            return Undecided(Reason.UNSUPPORTED, "linear relaxations need a bounded region")
        key = f"{self.name} {obligation.digest()}"
        waiting: _Search | None = budget.shelf.take(key)
        filed = None if waiting else _taken_up(obligation, root, budget.checkpoints, key)
        search = waiting or filed or _Search(obligation, root)
        reason = search.run(budget, emit, self.name, key)
        if reason is Reason.TIMEOUT:
            _put_aside(search, budget, key, filed is not None)
        known = Known(boxes=search.examined, boxes_left=search.stack.count + search.stuck)
        if search.witness is not None:
            return Refuted(search.witness, known)
        if reason is not None:
            return Undecided(reason, "", known)
        if filed is not None and not _confirmed(filed):
            assert budget.checkpoints is not None
            budget.checkpoints.forget(key)
            return self.discharge(obligation, hints, budget, emit)
        return Proved(search.cover(), known)


def _taken_up(
    obligation: Obligation, root: Root, checkpoints: Checkpoints | None, key: str
) -> _Search | None:
    """The search that an earlier run put aside."""
    state = checkpoints.load(key) if checkpoints else None
    if state is None:
        return None
    try:
        return _Search.restored(obligation, root, state)
    except ValueError:
        return None


def _put_aside(search: _Search, budget: Budget, key: str, filed: bool) -> None:
    """Keep a search for its next slice of time, and for the next run.

    One that began with what a file said stays marked as such: its cover is not believed.
    """
    if not filed:
        budget.shelf.put(key, search, search.size)
    long = search.examined * search.machine.size >= _WORTH_KEEPING
    if budget.checkpoints is not None and (filed or long):
        budget.checkpoints.note(key, search.saved())


def _confirmed(search: _Search) -> bool:
    """Whether a search that began with what a file said has proved the claim."""
    from bcv.paving.rechecking import cover_holds

    try:
        return cover_holds(search.obligation, search.cover())
    except RuntimeError:  # the file left out boxes that are still open
        return False


class _Search:
    """The open boxes of one obligation, and the record of the others."""

    def __init__(self, obligation: Obligation, root: Root) -> None:
        self.obligation, self.root = obligation, root
        names = obligation.region.variables
        test = self.test = RegionTest.of(obligation.region)
        usable = sorted(test.usable, key=lambda row: _size(test.atoms[row].expr))
        self.rows = tuple(usable[-_MOST_MULTIPLIERS:])
        partial = [part for part in obligation.roots if not part.total]
        small = [part for part in partial if _size(part) <= _CHEAP]
        self.by_forms = len(small) < len(partial)
        self.machine = AffineMachine(
            [obligation.expr, *(test.atoms[row].expr for row in self.rows)],
            names,
            [part for part in partial if part not in small],
        )
        self.free = np.array([test.atoms[row].relation.value == "==" for row in self.rows])
        self.cheap = [k for k, atom in enumerate(test.atoms) if _size(atom.expr) <= _CHEAP]
        self.partial = len(small)
        tape = compile_tape([*small, *(test.atoms[k].expr for k in self.cheap)], names)
        self.natural = IntervalMachine(tape)
        numbers = tuple(test.offset + row for row in self.rows)
        self.reasons = ReasonTable(test.reasons, numbers)
        self.recorder = CoverRecorder()
        self.stack = BoxStack(len(root))
        start = root_box(root)
        self.stack.push(start)
        widths = start.hi - start.lo
        self.scale = np.where(widths > 0.0, widths, 1.0)
        self.witness: Witness | None = None
        self.examined = self.stuck = self.steps = 0

    @property
    def size(self) -> int:
        """Bytes."""
        return self.stack.bytes + self.recorder.bytes

    def cover(self) -> Cover:
        """The finished record."""
        table = self.reasons
        return self.recorder.cover(self.root, tuple(table.reasons), tuple(table.multipliers))

    def saved(self) -> bytes:
        """The search between two steps."""
        from bcv.paving.state import written

        numbers = {name: float(getattr(self, name)) for name in _NUMBERS}
        return written(self.root, self.recorder, self.reasons, [self.stack.all()], numbers)

    @classmethod
    def restored(cls, obligation: Obligation, root: Root, data: bytes) -> _Search:
        """The search that was saved. Raises ValueError."""
        from bcv.paving.state import taken_up

        search = cls(obligation, root)
        state = taken_up(data, root, search.reasons)
        search.recorder = state.recorder
        search.stack.pop(search.stack.count)
        search.stack.push(state.boxes[0])
        for name in _NUMBERS:
            setattr(search, name, int(state.number(name)))
        return search

    def run(self, budget: Budget, emit: Emit, engine: str, key: str) -> Reason | None:
        """Search until all is decided (None) or something stops it; now and then, save it."""
        batch = max(16, min(4096, _NUMBERS_A_BATCH // self.machine.size))
        last = time.monotonic()
        while self.stack.count and self.witness is None:
            now = time.monotonic()
            if now >= budget.deadline:
                return Reason.TIMEOUT
            if self.examined >= budget.boxes:
                return Reason.BOX_LIMIT
            if self.size > budget.memory:
                return Reason.MEMORY
            if self.stuck > _MOST_STUCK:
                return Reason.INCONCLUSIVE
            if now - last >= _PROGRESS_SECONDS:
                last = now
                emit(Progress(self.obligation, engine, self.examined, self.stack.count))
                if budget.checkpoints is not None and budget.checkpoints.due:
                    budget.checkpoints.note(key, self.saved())
                    budget.checkpoints.save()
            self._step(self.stack.pop(min(batch, max(16, self.examined // 8))))
        return Reason.INCONCLUSIVE if self.stuck else None

    def _step(self, boxes: Boxes) -> None:
        """Settle what can be settled, and split the rest."""
        self.examined += boxes.count
        missed, defined = self._natural(boxes)
        self.recorder.settle(boxes.ids[missed >= 0], missed[missed >= 0])
        boxes, defined = boxes.where(missed < 0), defined[missed < 0]
        if boxes.count == 0:
            return
        trace = self.machine.trace(boxes.lo, boxes.hi)
        if self.by_forms:
            defined &= self.machine.defined(trace)
        forms, depth = self._forms(trace)
        chosen = self._multipliers(forms, depth, boxes)
        factors = np.concatenate([np.ones((1, boxes.count)), -chosen])
        proved = defined & (self.machine.lower(trace, factors, _MARGIN) > 0.0)
        self.recorder.settle(
            boxes.ids[proved], self.reasons.bounded(Form.AFFINE, chosen[:, proved])
        )
        rest = boxes.where(~proved)
        if rest.count:
            self._split(rest, forms, ~proved)
            self._try_witness(rest, forms, ~proved)

    def _forms(self, trace: Trace) -> tuple[Forms, Array]:
        """The claim's and the usable atoms' forms, by backward passes.

        Next to them, (K,) how far below 0 the claim may get by its form or by its interval.
        """
        forms = self.machine.roots(trace)
        natural = forms.lo[0].copy()
        for row in range(len(forms.error)):
            factors = np.zeros_like(forms.error)
            factors[row] = 1.0
            forms.terms[row], forms.error[row] = self.machine.backward(trace, factors)
        terms, error = forms.terms[0], forms.error[0]
        form = np.abs(terms[0]) + np.abs(terms[1:]).sum(axis=0) + error
        return forms.narrowed(), np.maximum(np.abs(natural), form)

    def _natural(self, boxes: Boxes) -> tuple[NDArray[np.int32], Mask]:
        """A part of the region that each box misses, or -1; and where small roots are defined."""
        lo, hi = self.natural.evaluate(boxes.lo, boxes.hi)
        n = self.partial
        defined: Mask = np.logical_and.reduce(np.isfinite(lo[:n]) | np.isfinite(hi[:n]), axis=0)
        shape = (len(self.test.atoms), boxes.count)
        below, above = np.full(shape, -np.inf), np.full(shape, np.inf)
        below[self.cheap], above[self.cheap] = lo[n:], hi[n:]
        return self.test.false_part(below, above), defined

    def _multipliers(self, forms: Forms, depth: Array, boxes: Boxes) -> Array:
        """(J, K) multipliers of the usable atoms that lift the claim's bound."""
        count = len(self.rows)
        if not count:
            return np.zeros((0, boxes.count))
        slopes = np.nan_to_num(forms.terms[:, 1:], nan=0.0)
        ones = np.ones(slopes.shape[1:])
        values = np.nan_to_num(forms.terms[:, 0], nan=0.0)
        active = np.ones((count, boxes.count), dtype=np.bool_)
        chosen = choose(values, slopes, slopes, ones, self.free, active)
        far = (forms.lo[1:] > 0.0) | (forms.hi[1:] < 0.0)
        for j in range(count):
            # Where the box misses the region, a large multiple of the atom settles it.
            gap = np.where(forms.hi[1 + j] < 0.0, -forms.hi[1 + j], forms.lo[1 + j])
            sign = np.where(forms.hi[1 + j] < 0.0, 1.0, -1.0)
            misses = far[j] & (self.free[j] | (sign > 0.0))
            with np.errstate(all="ignore"):
                large = sign * 2.0 * (depth + 1e-6) / gap
            use = misses & np.isfinite(large)
            chosen[:, use] = 0.0
            chosen[j, use] = large[use]
        plain = self._lower_bound(forms, np.zeros_like(chosen)) > 0.0
        chosen[:, plain] = 0.0
        return rounded(chosen, np.full(boxes.count, 12, dtype=np.int64))

    def _lower_bound(self, forms: Forms, chosen: Array) -> Array:
        """(K,) about the least of g - sum m_j h_j."""
        if not chosen.any():
            return np.asarray(forms.lo[0] - _MARGIN * (np.abs(forms.lo[0]) + forms.reach[0]))
        terms = forms.terms[0] - (chosen[:, None] * forms.terms[1:]).sum(axis=0)
        error = forms.error[0] + (np.abs(chosen) * forms.error[1:]).sum(axis=0)
        size = np.abs(forms.terms[0]).sum(axis=0) + error
        size += (np.abs(chosen) * np.abs(forms.terms[1:]).sum(axis=1)).sum(axis=0)
        bound = terms[0] - np.abs(terms[1:]).sum(axis=0) - error - _MARGIN * size
        # The intervals of g and h are often tighter than their forms.
        with np.errstate(invalid="ignore"):  # 0 * inf, which the next line replaces
            apart = np.where(chosen >= 0.0, -chosen * forms.hi[1:], -chosen * forms.lo[1:])
        apart = np.where(chosen == 0.0, 0.0, apart)
        other = (
            forms.lo[0]
            + apart.sum(axis=0)
            - _MARGIN * (np.abs(forms.lo[0]) + np.abs(apart).sum(axis=0))
        )
        return np.asarray(np.where(other > bound, other, bound))

    def _split(self, boxes: Boxes, forms: Forms, chosen: Mask) -> None:
        """Halve the boxes where the forms vary most; their errors grow like squared widths."""
        widths = ((boxes.hi - boxes.lo) / self.scale) ** 2
        widths /= np.maximum(widths.sum(axis=0), _LEAST)
        slopes = np.abs(forms.terms[:, 1:, chosen])
        parts = slopes + forms.error[:, None, chosen] * widths
        total = parts.sum(axis=1, keepdims=True)
        known = np.isfinite(total) & (total > 0.0)
        shares = np.where(known, parts / np.where(known, total, 1.0), widths).sum(axis=0)
        axes, possible = choose_axes(boxes, shares, self.scale)
        possible &= ((boxes.hi - boxes.lo) / self.scale).max(axis=0) >= _SMALLEST
        self.stuck += int((~possible).sum())
        for half in halves(boxes.where(possible), axes[possible], self.recorder):
            self.stack.push(half)

    def _try_witness(self, boxes: Boxes, forms: Forms, chosen: Mask) -> None:
        """Now and then, verify the middle at which the claim looks worst."""
        self.steps += 1
        if self.steps & (self.steps - 1):
            return
        terms = forms.terms[:, :, chosen]
        surface = surface_row(self.obligation)
        here = None if surface is None else self.test.parts[surface].first
        if here is not None and here not in self.rows:
            return
        value = terms[0, 0].copy()
        for j, row in enumerate(self.rows):
            if row == here:  # near enough for a step along the gradient
                value[np.abs(terms[1 + j, 0]) > np.abs(terms[1 + j, 1:]).sum(axis=0)] = np.inf
            else:
                value[terms[1 + j, 0] < 0.0] = np.inf
        worst = int(np.argmin(np.nan_to_num(value, nan=np.inf)))
        if not value[worst] <= 0.0:
            return
        middle = midpoints(boxes.lo, boxes.hi)[:, worst]
        if here is None:
            self.witness = witness_at(self.obligation, middle, None, 0.0)
            return
        surface_form = terms[1 + self.rows.index(here), :, worst]
        half = 0.5 * (boxes.hi - boxes.lo)[:, worst]
        slope = surface_form[1:] / np.where(half > 0.0, half, 1.0)
        self.witness = witness_at(self.obligation, middle, slope, float(surface_form[0]))


def _size(root: ex.Expr) -> int:
    return sum(1 for _ in ex.postorder(root))
