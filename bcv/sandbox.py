"""How is code that will not stop by itself stopped? A killable child process, and an alarm.

Soundness does not depend on this file: what is stopped yields no answer.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import subprocess

ALARM_REPEAT: Final = 0.2
"""Seconds after which an alarm that was swallowed (in a destructor, say) goes off again."""


class Overrun(BaseException):
    """Raised inside code that ran past its deadline."""


@contextmanager
def alarm(deadline: float) -> Iterator[None]:
    """Raise Overrun in the body once ``time.monotonic()`` passes the deadline.

    Works in the main thread of a process that has SIGALRM; elsewhere it does nothing. It cannot
    stop a C function that does not return. Alarms do not nest.
    """
    usable = hasattr(signal, "setitimer") and (
        threading.current_thread() is threading.main_thread()
    )
    if not usable:
        yield
        return

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise Overrun

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, max(1e-3, deadline - time.monotonic()), ALARM_REPEAT)
        yield
    finally:
        _silence(before)


def _silence(handler: signal._HANDLER) -> None:
    # The alarm may still go off between these two calls: try again until both are done.
    while True:
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, handler)
        except Overrun:
            continue
        return


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child process may use: seconds of wall clock and bytes of address space."""

    seconds: float
    memory: int = 4 << 30


@dataclass(frozen=True, slots=True)
class Finished:
    """How a child process ended; ``status`` is negative for a signal, None if it was killed."""

    status: int | None
    output: bytes
    errors: bytes
    seconds: float

    @property
    def timed_out(self) -> bool:
        return self.status is None


def run_command(command: Sequence[str], limits: Limits, given: bytes = b"") -> Finished:
    """Run a command in its own process group and kill all of it when its time is over.

    Args:
        command: program and arguments; no shell is involved.
        limits: hold even if the program ignores every signal that can be ignored; the one on
            memory only where the system has prlimit (Linux).
        given: its standard input.

    Raises:
        OSError: the program cannot be started.
    """
    import resource  # POSIX only
    import subprocess

    started = time.monotonic()
    child = subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    # Set from outside: code between fork and exec could deadlock where there are threads.
    if hasattr(resource, "prlimit"):
        with suppress(ProcessLookupError):
            resource.prlimit(child.pid, resource.RLIMIT_AS, (limits.memory, limits.memory))
            resource.prlimit(child.pid, resource.RLIMIT_CORE, (0, 0))
    try:
        output, errors = child.communicate(given, timeout=limits.seconds)
        status: int | None = child.returncode
    except subprocess.TimeoutExpired:
        _kill_group(child)
        output, errors = _last_words(child)
        status = None
    except BaseException:
        _kill_group(child)
        child.wait()
        raise
    return Finished(status, output, errors, time.monotonic() - started)


def _last_words(child: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    import subprocess

    try:
        return child.communicate(timeout=1.0)
    except subprocess.TimeoutExpired:  # a descendant left the group and holds the pipes open
        return b"", b""


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
