"""Which attempts does an earlier run settle, and what of this run is worth keeping?

Soundness depends on this file: an outcome from the store counts only if the checker confirmed it,
or else ``recall`` itself by its own arithmetic.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from bcv.attempts import Attempt, settled
from bcv.engines.engine import Budget
from bcv.events import Emit, EngineFinished, Event, Recalled
from bcv.formats.statement import StatementError, statement_digest, statement_of
from bcv.obligation import Obligation
from bcv.outcome import Refuted, Undecided
from bcv.problem import Problem
from bcv.recall import Effort, Found, Recall
from bcv.replay import Replayed, expected_seconds
from bcv.verdict import Assurance, Settled

PATIENCE: Final = 1.0
"""Seconds of a run after which every outcome is stored as soon as it is there."""


def recognised(problem: Problem, obligations: Sequence[Obligation], recall: Recall) -> str:
    """A digest of the problem, which ``recall`` then recognises if it was validated before.

    It is one of the conditions if the problem cannot be written down.
    """
    try:
        digest = statement_digest(statement_of(problem))
    except StatementError:
        claims = "|".join(claim.digest() for claim in obligations)
        digest = hashlib.sha256(claims.encode()).hexdigest()
    recall.recognise(digest, obligations)
    return digest


def effort_of(problem: str, seconds: float, *others: object) -> Effort:
    """What an UNKNOWN would be worth: the seconds, and a digest of all else that it depends on."""
    return Effort(seconds, hashlib.sha256(repr((problem, others)).encode()).hexdigest())


def _refuted(items: Iterable[Attempt | Settled]) -> bool:
    return any(
        isinstance(item.outcome, Refuted) and not item.obligation.sufficient for item in items
    )


def _after_refutation(effort: Effort, refuted: bool) -> Effort:
    """Once the certificate is known to be wrong, other conditions get another effort."""
    return replace(effort, setting=f"{effort.setting}, refuted") if refuted else effort


Replay = Callable[[tuple[Settled, ...], float], Replayed]
"""What the checker makes of outcomes until a deadline."""

SOON: Final = 0.25
"""Of the time left; a longer replay of what is stored waits until faster arithmetic is done."""


def recalled(
    attempts: list[Attempt], recall: Recall, replay: Replay, budget: Budget, emit: Emit
) -> Replayed:
    """Settle attempts, in place, by earlier outcomes; what the checker said of these.

    The attempts then speak of claims that imply the ones they were about. What the checker confirms
    in a short time needs no other arithmetic; the rest is checked by ours. The answer is complete
    only if the checker rejected nothing.
    """
    started = time.monotonic()
    stored = [recall.stored(attempt.obligation, _half(budget)) for attempt in attempts]
    first = [next(found, None) for found in stored]
    believed = [
        attempt if found is None or _takes_long(found) else _with(attempt, found)
        for attempt, found in zip(attempts, first, strict=True)
    ]
    judged = Replayed(tuple(map(settled, believed)))
    if sum(map(expected_seconds, judged.settled)) < SOON * budget.seconds_left:
        judged = replay(judged.settled, _half(budget))
    each = (time.monotonic() - started) / max(1, len(attempts))
    for i, item in enumerate(judged.settled):
        if item.assurance is Assurance.CHECKED:
            attempts[i] = replace(believed[i], checked=True, seconds=each, replay=item.replay)
        elif (known := first[i]) is not None:
            started = time.monotonic()
            found = recall.confirmed(itertools.chain([known], stored[i]), _half(budget))
            if found is not None:
                attempts[i] = replace(_with(attempts[i], found), seconds=time.monotonic() - started)
        if not attempts[i].open:
            emit(Recalled(attempts[i].obligation, attempts[i].engine, attempts[i].outcome))
    rejected = any(
        isinstance(item.outcome, Undecided) and not attempt.open
        for attempt, item in zip(believed, judged.settled, strict=True)
    )
    return replace(judged, complete=judged.complete and not rejected)


def _takes_long(found: Found) -> bool:
    """Whether the checker would not be asked again: it was not done in time, last time."""
    return found.stored is not None and found.stored.replay == math.inf


def _half(budget: Budget) -> float:
    """The time at which half of what is left of the budget is spent."""
    return budget.slice(budget.seconds_left / 2).deadline


def nothing_left(
    attempts: list[Attempt], recall: Recall, effort: Effort | None, emit: Emit
) -> bool:
    """Whether no attempt need go on; those that were in vain are then closed, in place.

    Without ``effort`` all that was tried in vain is tried again.
    """
    if effort is None:
        return not any(attempt.open for attempt in attempts)
    vain = _after_refutation(effort, _refuted(attempts))
    # What was tried in vain is tried again as soon as anything else has to be.
    again = [recall.find_in_vain(a.obligation, vain) if a.open else None for a in attempts]
    if any(a.open and found is None for a, found in zip(attempts, again, strict=True)):
        return False
    for i, found in enumerate(again):
        if found is not None:
            attempts[i] = _with(attempts[i], found)
            emit(Recalled(attempts[i].obligation, found.engine, found.outcome))
    return True


def _with(attempt: Attempt, found: Found) -> Attempt:
    return replace(
        attempt,
        obligation=found.obligation,
        outcome=found.outcome,
        engine=found.engine,
        # else nobody tried it: there was nothing to remember
        cached=bool(found.engine) or not isinstance(found.outcome, Undecided),
        stored=found.stored,
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


def keep(
    settled: Sequence[Settled],
    recall: Recall,
    effort: Effort,
    problem: str,
    obligations: Sequence[Obligation],
) -> None:
    """Store what was found out about a problem with these obligations."""
    new = [item for item in settled if not item.cached or _newly_checked(item)]
    recall.keep(
        [(item.obligation, item.outcome, item.engine) for item in new],
        _after_refutation(effort, _refuted(settled)),
        {item.obligation: item.replay for item in new if item.replay is not None},
    )
    recall.remember(problem, obligations)


def _newly_checked(item: Settled) -> bool:
    """Whether the checker confirmed now what it took too long for, or was not asked about."""
    before = item.stored.replay if item.stored else 0.0
    return item.replay not in (None, math.inf) and before in (None, math.inf)
