"""How did each attempt go? What `bcv tune` learns from, kept on this machine.

Soundness does not depend on this file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from bcv.events import Emit, EngineFinished, Event
from bcv.outcome import Reason, Undecided
from bcv.planning.features import features_of
from bcv.planning.history import Attempted, append, line_of

_NOT_ABOUT_TIME: Final = frozenset({Reason.CRASHED, Reason.UNAVAILABLE, Reason.INTERRUPTED})


@dataclass(slots=True)
class Recorder:
    """An observer that remembers attempts."""

    attempts: list[Attempted] = field(default_factory=list)

    def hear(self, event: Event) -> None:
        """Take note of an engine's attempt."""
        if not isinstance(event, EngineFinished):
            return
        outcome = event.outcome
        reason = outcome.reason if isinstance(outcome, Undecided) else None
        if reason not in _NOT_ABOUT_TIME:
            vector = features_of(event.obligation).vector()
            ended = reason is not Reason.TIMEOUT
            self.attempts.append(
                Attempted(event.engine, vector, event.seconds, ended, decided=reason is None)
            )


@contextmanager
def recording(emit: Emit, wanted: bool) -> Iterator[Emit]:
    """An observer that passes everything on and, if wanted, saves the attempts at the end."""
    if not wanted:
        yield emit
        return
    recorder = Recorder()

    def both(event: Event) -> None:
        recorder.hear(event)
        emit(event)

    try:
        yield both
    finally:
        if recorder.attempts:
            append([line_of(attempt) for attempt in recorder.attempts])
