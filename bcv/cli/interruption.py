"""Was Ctrl-C pressed, although nobody noticed? Then it is raised again before the next engine.

Soundness does not depend on this file. Python drops an exception that is raised in a destructor
or in the callback of a weak reference, and with it the KeyboardInterrupt that came just then.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bcv.events import Emit, Event


@contextmanager
def insisting_on_ctrl_c(emit: Emit) -> Iterator[Emit]:
    """An observer for the body that raises KeyboardInterrupt where an earlier one was lost.

    Where Ctrl-C is ignored (under nohup, say) it stays so. For the main thread.
    """
    from bcv.events import EngineStarted

    pressed = False

    def press(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        raise KeyboardInterrupt

    def insist(event: Event) -> None:
        if pressed and isinstance(event, EngineStarted):
            raise KeyboardInterrupt
        emit(event)

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield emit
        return
    signal.signal(signal.SIGINT, press)
    try:
        yield insist
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
