"""How is code that will not stop by itself stopped? A killable child process, and an alarm.

Soundness does not depend on this file: what is stopped yields no answer.
"""

from __future__ import annotations

import enum
import functools
import os
import signal
import sys
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

_LONGEST_ALARM: Final = 1e8
"""Seconds, three years; the system's clock refuses infinity."""


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

    report = sys.unraisablehook

    def unless_alarm(dropped: sys.UnraisableHookArgs) -> None:
        if not isinstance(dropped.exc_value, Overrun):
            report(dropped)

    before = signal.signal(signal.SIGALRM, ring)
    sys.unraisablehook = unless_alarm
    try:
        seconds = min(max(1e-3, deadline - time.monotonic()), _LONGEST_ALARM)
        signal.setitimer(signal.ITIMER_REAL, seconds, ALARM_REPEAT)
        yield
    finally:
        _silence(before)
        sys.unraisablehook = report


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
    """What a child process may use: wall-clock seconds, bytes of address space, bytes it prints."""

    seconds: float
    memory: int = 4 << 30
    output: int = 64 << 20


class Ending(enum.Enum):
    """Who ended a child process."""

    ITSELF = "itself"
    TIME = "time"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Finished:
    """How a child process ended; ``status`` is negative for a signal, None if we killed it."""

    status: int | None
    output: bytes
    errors: bytes
    seconds: float
    ending: Ending = Ending.ITSELF

    @property
    def timed_out(self) -> bool:
        return self.ending is Ending.TIME


def run_command(command: Sequence[str], limits: Limits, given: bytes = b"") -> Finished:
    """Run a command in its own process group and kill all of it when it passes a limit.

    On Linux it does not outlive the thread that started it, either.

    Args:
        command: program and arguments; no shell is involved.
        limits: hold even if the program ignores every signal that can be ignored; the one on
            memory only where util-linux has its program prlimit (Linux).
        given: its standard input.

    Raises:
        OSError: the program cannot be started.
    """
    import subprocess
    import tempfile

    started = time.monotonic()
    with tempfile.TemporaryFile() as source:  # unlike a pipe, a file needs nobody to fill it
        source.write(given)
        source.seek(0)
        child = subprocess.Popen(
            [*_dying_with_its_parent(), *_with_less_memory(limits.memory), *command],
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    try:
        heard, ending = _listen(child, limits, started + limits.seconds)
    finally:
        _kill_group(child)
        status = child.wait()
        for pipe in (child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()
    seconds = time.monotonic() - started
    return Finished(status if ending is Ending.ITSELF else None, *heard, seconds, ending)


@functools.cache
def _dying_with_its_parent() -> tuple[str, ...]:
    """A prefix for commands that asks the kernel to end them with us; () where there is none.

    What Popen offers for it (preexec_fn) runs Python between fork and exec, which can deadlock in
    a process with threads; util-linux has a small program that does the same.
    """
    import shutil
    import subprocess

    program = shutil.which("setpriv")
    prefix = (program or "", "--pdeathsig", "KILL", "--")
    if program is None:
        return ()
    try:
        tried = subprocess.run([*prefix, "true"], capture_output=True, timeout=5.0, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return prefix if tried.returncode == 0 else ()


def _with_less_memory(limit: int) -> tuple[str, ...]:
    """A prefix for commands that limits their address space; () where there is none.

    A limit set from outside, once the child runs, may come too late on a busy machine.
    """
    import shutil

    program = shutil.which("prlimit")
    return () if program is None else (program, f"--as={limit}", "--core=0", "--")


def _listen(
    child: subprocess.Popen[bytes], limits: Limits, deadline: float
) -> tuple[tuple[bytes, bytes], Ending]:
    """What the child writes until it ends or passes a limit; it is left for the caller to kill."""
    import selectors
    import subprocess

    heard: dict[object, bytearray] = {child.stdout: bytearray(), child.stderr: bytearray()}
    ending = Ending.ITSELF
    with selectors.DefaultSelector() as waiting:
        for pipe in (child.stdout, child.stderr):
            assert pipe is not None
            waiting.register(pipe, selectors.EVENT_READ)
        while waiting.get_map() and ending is Ending.ITSELF:
            for key, _ in waiting.select(max(0.0, deadline - time.monotonic())):
                chunk = os.read(key.fd, 1 << 16)
                heard[key.fileobj] += chunk
                if not chunk:
                    waiting.unregister(key.fileobj)
            if sum(map(len, heard.values())) > limits.output:
                ending = Ending.OUTPUT
            elif time.monotonic() >= deadline:
                ending = Ending.TIME
    if ending is Ending.ITSELF:  # it closed its output, but may still run
        try:
            child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            ending = Ending.TIME
    output, errors = map(bytes, heard.values())
    return (output, errors), ending


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
