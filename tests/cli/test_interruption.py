"""An interruption that Python dropped is raised again, once, before the next engine."""

from __future__ import annotations

import signal

import pytest

from bcv import expr as ex
from bcv.cli.interruption import insisting_on_ctrl_c
from bcv.events import EngineStarted, Event, ignore
from bcv.obligation import Obligation
from bcv.region import TRUE, Region

STARTED = EngineStarted(
    Obligation("initial", "", "B <= 0", Region((), (), TRUE), ex.ONE, False), "sampling", 1.0
)


class Dropping:
    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interruption_in_a_destructor_is_not_lost() -> None:
    heard: list[Event] = []
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with insisting_on_ctrl_c(heard.append) as emit:
            emit(STARTED)
            Dropping()
            with pytest.raises(KeyboardInterrupt):
                emit(STARTED)
        assert heard == [STARTED]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_where_ctrl_c_is_ignored_it_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with insisting_on_ctrl_c(ignore) as emit:
            signal.raise_signal(signal.SIGINT)
            emit(STARTED)
    finally:
        signal.signal(signal.SIGINT, before)
