"""Which engine did what, and how long did it take? One line per attempt on standard error.

Soundness does not depend on this file.
"""

from __future__ import annotations

import sys

from bcv.events import Contradicted, EngineFinished, Event, Recalled
from bcv.outcome import Outcome, Proved, Refuted, Undecided


def log(event: Event) -> None:
    """An observer that writes a line for every finished attempt."""
    if isinstance(event, EngineFinished):
        part = f"/{event.obligation.part}" if event.obligation.part else ""
        print(
            f"{event.obligation.name + part:<16} {event.engine:<18} {event.seconds:7.3f} s  "
            f"{_words(event.outcome)}",
            file=sys.stderr,
        )
    elif isinstance(event, Recalled):
        print(
            f"{event.obligation.name:<16} {event.engine:<18} cached     {_words(event.outcome)}",
            file=sys.stderr,
        )
    elif isinstance(event, Contradicted):
        print(f"contradiction: {event.contradiction}", file=sys.stderr)


def _words(outcome: Outcome) -> str:
    known = outcome.known
    boxes = f", {known.boxes:,} boxes" if known.boxes else ""
    match outcome:
        case Proved(evidence):
            return f"proved ({type(evidence).__name__}{boxes})"
        case Refuted(witness):
            return f"refuted ({type(witness).__name__}{boxes})"
        case Undecided(reason, detail):
            return f"undecided ({reason.value}{boxes}){': ' + detail if detail else ''}"
