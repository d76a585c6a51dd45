"""Which attempts does an earlier run settle, and what of this run is worth keeping?

Soundness: outcomes come from ``recall``, which checked them again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from bcv.attempts import Attempt
from bcv.engines.engine import Budget
from bcv.events import Emit, EngineFinished, Event, Recalled
from bcv.outcome import Refuted, Undecided
from bcv.recall import Effort, Found, Recall
from bcv.verdict import Settled

PATIENCE: Final = 1.0
"""Seconds of a run after which every outcome is stored as soon as it is there."""


def effort_of(attempts: Sequence[Attempt], seconds: float, *others: object) -> Effort:
    """What an UNKNOWN would be worth: the seconds, and a digest of all else that it depends on."""
    claims = sorted(attempt.obligation.digest() for attempt in attempts)
    return Effort(seconds, hashlib.sha256(repr((claims, others)).encode()).hexdigest())


def _refuted(items: Iterable[Attempt | Settled]) -> bool:
    return any(
        isinstance(item.outcome, Refuted) and not item.obligation.sufficient for item in items
    )


def _after_refutation(effort: Effort, refuted: bool) -> Effort:
    """Once the certificate is known to be wrong, other conditions get another effort."""
    return replace(effort, setting=f"{effort.setting}, refuted") if refuted else effort


def recalled(
    attempts: list[Attempt], recall: Recall, effort: Effort | None, budget: Budget, emit: Emit
) -> bool:
    """Settle attempts, in place, by earlier outcomes; whether nothing is left to do.

    Without ``effort`` all that was tried in vain is tried again. The attempts then speak of claims
    that imply the ones they were about.
    """
    for i, attempt in enumerate(attempts):
        started = time.monotonic()
        deadline = budget.slice(budget.seconds_left / 2).deadline
        found = recall.find(attempt.obligation, deadline)
        if found is not None:
            attempts[i] = _with(attempt, found, time.monotonic() - started, emit)
    if effort is None:
        return not any(attempt.open for attempt in attempts)
    vain = _after_refutation(effort, _refuted(attempts))
    # What was tried in vain is tried again as soon as anything else has to be.
    again = [recall.find_in_vain(a.obligation, vain) if a.open else None for a in attempts]
    if any(a.open and found is None for a, found in zip(attempts, again, strict=True)):
        return False
    for i, found in enumerate(again):
        if found is not None:
            attempts[i] = _with(attempts[i], found, 0.0, emit)
    return True


def _with(attempt: Attempt, found: Found, seconds: float, emit: Emit) -> Attempt:
    emit(Recalled(attempt.obligation, found.engine, found.outcome))
    return replace(
        attempt,
        obligation=found.obligation,
        outcome=found.outcome,
        engine=found.engine,
        seconds=seconds,
        cached=bool(found.engine),  # else nobody tried it: there was nothing to remember
    )


def noting(emit: Emit, recall: Recall | None) -> Emit:
    """An observer that also stores outcomes of a long run at once, lest they be lost."""
    if recall is None:
        return emit
    started = time.monotonic()

    def hear(event: Event) -> None:
        emit(event)
        if not isinstance(event, EngineFinished) or isinstance(event.outcome, Undecided):
            return
        if time.monotonic() - started > PATIENCE:
            recall.keep([(event.obligation, event.outcome, event.engine)])

    return hear


def keep(settled: Sequence[Settled], recall: Recall, effort: Effort) -> None:
    """Store what was found out."""
    recall.keep(
        [(item.obligation, item.outcome, item.engine) for item in settled if not item.cached],
        _after_refutation(effort, _refuted(settled)),
    )
