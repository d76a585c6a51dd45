"""Does the claim hold on every box of a partition? Proves by interval arithmetic, with a record.

Soundness depends on this file and on ``bcv.paving``: a cover is complete only if no box is open.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from bcv.engines.engine import Budget, Engine
from bcv.events import Emit, Progress
from bcv.evidence import Either
from bcv.expr import ExpressionTooLargeError
from bcv.obligation import Obligation
from bcv.outcome import Hints, Known, Outcome, Proved, Reason, Refuted, Undecided
from bcv.paving.bounds import Bounds
from bcv.paving.boxes import outer_root, root_box
from bcv.paving.convexity import Zero, exact_zero, neighbourhood
from bcv.paving.exact_points import zero_witness
from bcv.paving.search import Search
from bcv.paving.splitting import midpoints
from bcv.region import alternatives, has_reversed_side

_LARGEST_BATCH: Final = 8192
_SMALLEST_BATCH: Final = 256
_OPERATIONS_A_BATCH: Final = 1_000_000
_MOST_LATE: Final = 0.15
_MOST_STUCK: Final = 32
_MOST_HINTS: Final = 16
_PROGRESS_SECONDS: Final = 0.2
_MOST_ZERO_GUESSES: Final = 8
_MOST_SEARCHES: Final = 6
_ZERO_REACH: Final = 1e-5
_ALONE: Final = 0.25
"""Seconds before work is shared: copies of the process cost some hundredths."""
_ROUND: Final = 4.0
_LEAST_SHARE: Final = 16
_WORTH_KEEPING: Final = 50_000
"""Boxes; a search that examined fewer is begun again in the next slice of time."""


@dataclass(frozen=True, slots=True)
class BranchAndBound(Engine):
    """Branch and bound with interval arithmetic, mean value forms and multipliers."""

    name: str = field(init=False, default="branch-and-bound")

    def discharge(
        self, obligation: Obligation, hints: Hints, budget: Budget, emit: Emit
    ) -> Outcome:
        """Cover the region by boxes on which the claim holds."""
        try:
            key = f"{self.name} {obligation.digest()}"
            bounds = budget.shelf.take(key) or Bounds(obligation, _LARGEST_BATCH)
            outcome = _with_zeros(_Attempt(bounds, budget, emit, self.name), hints)
            if isinstance(outcome, Undecided) and outcome.reason in _STOPPED:
                budget.shelf.put(key, bounds, 0)
            if isinstance(outcome, Undecided) and outcome.reason is Reason.INCONCLUSIVE:
                return self._by_alternatives(obligation, outcome, hints, budget, emit)
            return outcome
        except KeyboardInterrupt:
            return Undecided(Reason.INTERRUPTED, hints=hints)
        except (ExpressionTooLargeError, MemoryError):
            return Undecided(Reason.MEMORY, "the derivatives are too large", hints=hints)

    def _by_alternatives(
        self,
        obligation: Obligation,
        whole: Undecided,
        hints: Hints,
        budget: Budget,
        emit: Emit,
    ) -> Outcome:
        """What comes of each alternative of the region, with its own bounds, when the whole failed.

        A claim that is tight at the bounds of an alternative is so inside the region's box.
        """
        regions = alternatives(obligation.region)
        if regions is None or any(map(has_reversed_side, regions)):
            return whole
        proofs: list[Proved] = []
        for region in regions:
            outcome = self.discharge(replace(obligation, region=region), hints, budget, emit)
            if isinstance(outcome, Refuted):
                return outcome
            if isinstance(outcome, Undecided):
                # More time may help the alternatives, so it must not seem that none would.
                late = outcome.reason is Reason.TIMEOUT
                return replace(whole, reason=Reason.TIMEOUT, detail="") if late else whole
            proofs.append(outcome)
        first, others = proofs
        boxes = sum(proof.known.boxes or 0 for proof in proofs)
        return Proved(Either(first.evidence, others.evidence), Known(boxes=boxes))


def _with_zeros(attempt: _Attempt, hints: Hints) -> Outcome:
    """Search; where that ends at exact zeros, search again with their neighbourhoods cut out."""
    obligation = attempt.bounds.obligation
    zeros = dict.fromkeys(hints.zeros or _central_zero(attempt.bounds))
    for _ in range(_MOST_SEARCHES):
        search, reason = attempt.run(tuple(zeros))
        if search.witness is not None:
            return Refuted(search.witness, _known(search))
        if reason is None:
            return Proved(search.cover(), _known(search))
        new = _new_zeros(obligation, search, zeros) if reason is Reason.INCONCLUSIVE else []
        if obligation.strict:
            for zero in new:
                witness = zero_witness(obligation, zero)
                if witness is not None:
                    return Refuted(witness, _known(search))
        undecided = Undecided(
            reason, _DETAILS.get(reason, ""), _known(search), _hints(search, hints)
        )
        if not any(neighbourhood(obligation, zero, search.root) for zero in new):
            break
        zeros.update(dict.fromkeys(new))
    return undecided


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What all searches for one obligation share."""

    bounds: Bounds
    budget: Budget
    emit: Emit
    engine: str

    def run(self, zeros: tuple[Zero, ...]) -> tuple[Search, Reason | None]:
        """Search with convex neighbourhoods of the zeros cut out; None if all was decided."""
        obligation = self.bounds.obligation
        key = f"{obligation.digest()} {zeros}"
        waiting: Search | None = self.budget.shelf.take(key)
        filed = None if waiting else self._taken_up(key)
        search = waiting or filed or Search(self.bounds, outer_root(obligation.region))
        report = _reporter(obligation, self.engine, search, self.emit)
        try:
            # Many a claim holds by itself on all of the root: then it needs no neighbourhoods.
            begun = waiting or filed or search.settles_root()
            if not begun and self.budget.boxes == 0:
                return search, Reason.BOX_LIMIT
            for zero in () if begun else zeros:
                found = neighbourhood(obligation, zero, search.root)
                if found is not None:
                    search.carve(found)
            reason = self._search(search, report, key)
        except KeyboardInterrupt:
            return search, Reason.INTERRUPTED
        except MemoryError:
            return search, Reason.MEMORY
        if reason in _STOPPED and not filed:
            self.budget.shelf.put(key, search, search.stack.bytes + search.recorder.bytes)
        if filed and reason is None and search.witness is None and not self._confirmed(search):
            assert self.budget.checkpoints is not None
            self.budget.checkpoints.forget(key)
            return self.run(zeros)
        return search, reason

    def _taken_up(self, key: str) -> Search | None:
        """The search that an earlier run put aside."""
        state = self.budget.checkpoints.load(key) if self.budget.checkpoints else None
        if state is None:
            return None
        from bcv.paving.state import restored

        try:
            return restored(self.bounds, outer_root(self.bounds.obligation.region), state)
        except ValueError:
            return None

    def _confirmed(self, search: Search) -> bool:
        """Whether a search that began with what a file said has proved the claim."""
        from bcv.paving.rechecking import cover_holds

        return cover_holds(self.bounds.obligation, search.cover())

    def _search(self, search: Search, report: Callable[[], None], key: str) -> Reason | None:
        """Search, with several processes and checkpoints as the budget says."""
        checkpoints = self.budget.checkpoints
        batch = max(64, min(_LARGEST_BATCH, _OPERATIONS_A_BATCH // self.bounds.operations))
        if checkpoints is None and self.budget.jobs == 1:
            return _run(search, self.budget, batch, report)
        seconds = _ALONE if self.budget.jobs > 1 else _ROUND
        reason = _run(search, self.budget.slice(seconds), batch, report)
        while reason is Reason.TIMEOUT and self.budget.seconds_left > 0:
            if checkpoints is not None and checkpoints.due:
                self._put_aside(search, key)
                checkpoints.save()
            if self.budget.jobs > 1 and search.stack.count >= _LEAST_SHARE * self.budget.jobs:
                seconds = min(2 * seconds, _ROUND)
                self._shared(search, batch, seconds)
                report()
                reason = _run(search, self.budget.slice(0.0), batch, report)
            else:
                reason = _run(search, self.budget.slice(seconds), batch, report)
        if search.examined >= _WORTH_KEEPING:
            self._put_aside(search, key)
        return reason

    def _put_aside(self, search: Search, key: str) -> None:
        from bcv.paving.state import saved

        if self.budget.checkpoints is not None:
            self.budget.checkpoints.note(key, saved(search))

    def _shared(self, search: Search, batch: int, seconds: float) -> None:
        """Let copies of this process work on shares of the open boxes for a while."""
        from bcv.executors.forked import in_copies
        from bcv.paving.shares import gather, is_witness, tasks

        jobs = self.budget.jobs
        boxes = search.examined + (self.budget.boxes - search.examined) // jobs
        share = replace(self.budget.slice(seconds), boxes=boxes, memory=self.budget.memory // jobs)
        work = tasks(search, jobs, lambda part: _run(part, share, batch, lambda: None))
        gather(search, in_copies(work, is_witness))


def _nearest_to_origin(root: Sequence[tuple[float, float]]) -> tuple[float, ...]:
    return tuple(min(max(0.0, lo), hi) for lo, hi in root)


def _central_zero(bounds: Bounds) -> tuple[Zero, ...]:
    """The point of the root that is closest to the origin, if the expression is 0 there.

    Nothing need be shown around it if it is not in the region.
    """
    nearest = _nearest_to_origin(outer_root(bounds.obligation.region))
    at = root_box(tuple((x, x) for x in nearest))
    if bounds.obligation.strict or not nearest:
        return ()
    there = bounds.natural(at)
    if there.bound[0] > 0.0 or there.false_part[0] >= 0:
        return ()
    zero = exact_zero(bounds.obligation, nearest, _ZERO_REACH)
    return () if zero is None else (zero,)


def _new_zeros(obligation: Obligation, search: Search, known: Collection[Zero]) -> list[Zero]:
    """Exact zeros of the claim's expression: the origin, or in boxes that were put aside."""
    found: dict[Zero, None] = {}
    for middle in (_nearest_to_origin(search.root), *_middles(search)[:_MOST_ZERO_GUESSES]):
        zero = exact_zero(obligation, middle, _ZERO_REACH, (*known, *found))
        if zero is not None:
            found[zero] = None
    return list(found)


def _middles(search: Search) -> list[tuple[float, ...]]:
    """The middles of the boxes that were put aside."""
    columns = [column for boxes in search.stuck for column in midpoints(boxes.lo, boxes.hi).T]
    return [tuple(map(float, column)) for column in columns if np.isfinite(column).all()]


_STOPPED: Final = (Reason.TIMEOUT, Reason.BOX_LIMIT)
"""Why a search may go on later."""

_DETAILS: Final = {
    Reason.INCONCLUSIVE: "the claim is tight, or the region unbounded, where boxes remain",
    Reason.BOX_LIMIT: "the largest number of boxes was examined",
    Reason.MEMORY: "boxes and evidence filled the memory allowed",
}


def _run(search: Search, budget: Budget, batch: int, report: Callable[[], None]) -> Reason | None:
    """Search until all is decided (None) or something stops it."""
    longest = 0.0
    while search.stack.count and search.witness is None:
        started = time.monotonic()
        # A step that is longer than the engine may be late is not begun too late.
        if started + max(0.0, longest - _MOST_LATE) >= budget.deadline:
            return Reason.TIMEOUT
        if search.examined >= budget.boxes:
            return Reason.BOX_LIMIT
        if search.stack.bytes + search.recorder.bytes > budget.memory:
            return Reason.MEMORY
        if sum(boxes.count for boxes in search.stuck) > _MOST_STUCK:
            return Reason.INCONCLUSIVE
        # Small batches at first go deep, so that a hopeless place shows before the crowd comes.
        ramp = max(_SMALLEST_BATCH, search.examined // 24)
        search.step(min(batch, ramp, budget.boxes - search.examined))
        longest = max(longest, time.monotonic() - started)
        report()
    return Reason.INCONCLUSIVE if search.stuck else None


def _reporter(
    obligation: Obligation, engine: str, search: Search, emit: Emit
) -> Callable[[], None]:
    """A function that emits progress, at most every so many seconds."""
    last = time.monotonic()

    def report() -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _PROGRESS_SECONDS:
            last = now
            emit(Progress(obligation, engine, search.examined, search.stack.count))

    return report


def _known(search: Search) -> Known:
    """What the boxes say, whether or not they decided the claim."""
    open_boxes = [search.stack.all(), *search.stuck]
    left = sum(boxes.count for boxes in open_boxes)
    bound = min((float(boxes.bound.min(initial=np.inf)) for boxes in open_boxes), default=np.inf)
    return Known(
        largest_violation=max(0.0, -bound) if np.isfinite(bound) or not left else None,
        proved_share=search.proved_share,
        boxes=search.examined,
        boxes_left=left,
    )


def _hints(search: Search, given: Hints) -> Hints:
    """The given hints, and the middles of the smallest open boxes."""
    points = dict.fromkeys((*given.points, *_middles(search)))
    return Hints(tuple(points)[: len(given.points) + _MOST_HINTS], given.zeros)
