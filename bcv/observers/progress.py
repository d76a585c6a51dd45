"""What is bcv doing right now? A line on standard error for runs that take over a second.

Soundness does not depend on this file.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from bcv.events import Emit, EngineStarted, Event, ObligationStarted, Progress

if TYPE_CHECKING:
    from rich.status import Status

PATIENCE: Final = 1.0
"""Seconds before anything is shown; Rich is not even imported earlier."""


class ProgressLine:
    """An observer that shows the current engine and its boxes, and leaves no trace."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._total = 0
        self._status: Status | None = None

    def hear(self, event: Event) -> None:
        """Take note of an event, and show it once PATIENCE is over."""
        if isinstance(event, ObligationStarted):
            self._total = event.total
        elif isinstance(event, EngineStarted):
            self._show(f"{event.obligation.name}: {event.engine}")
        elif isinstance(event, Progress):
            boxes = f", {event.boxes:,} boxes, {event.boxes_left:,} open" if event.boxes else ""
            detail = f", {event.detail}" if event.detail else ""
            self._show(f"{event.obligation.name}: {event.engine}{boxes}{detail}")

    def close(self) -> None:
        """Take the line away."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _show(self, words: str) -> None:
        spent = time.monotonic() - self._started
        if spent < PATIENCE:
            return
        from rich.text import Text

        line = Text(f"{spent:.0f} s, {words}", overflow="ellipsis", no_wrap=True)
        if self._status is None:
            from rich.console import Console

            self._status = Console(stderr=True).status(line)
            self._status.start()
        self._status.update(line)


@contextmanager
def watching(verbose: bool) -> Iterator[Emit]:
    """The observer that suits the options: a log, a progress line on a terminal, or none."""
    from bcv.events import ignore
    from bcv.observers.log import log

    if verbose:
        yield log
    elif not sys.stderr.isatty():
        yield ignore
    else:
        line = ProgressLine()
        try:
            yield line.hear
        finally:
            line.close()
