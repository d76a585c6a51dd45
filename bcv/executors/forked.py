"""How do several cores share work that one process has begun? By copies of the process.

Soundness: a task's answer is as good as the task; a copy that dies gives none.
"""

from __future__ import annotations

import os
import selectors
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

Task = Callable[[], bytes]

_PIECE: Final = 1 << 20


def available_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_copies(
    tasks: Sequence[Task], enough: Callable[[bytes], bool] = lambda answer: False
) -> list[bytes | None]:
    """The answers of tasks, each run in a copy of this process; None where a copy died.

    Once an answer is ``enough`` the others are stopped. Whatever ends the wait (an interruption,
    an alarm) ends the copies, too. Only where there is os.fork, and no other thread holds a lock
    that a task needs.
    """
    children: dict[int, int] = {}
    answers: list[bytes | None] = [None] * len(tasks)
    pieces: list[list[bytes]] = [[] for _ in tasks]
    with selectors.DefaultSelector() as selector:
        try:
            for number, task in enumerate(tasks):
                child, output = _started(task)
                children[number] = child
                selector.register(output, selectors.EVENT_READ, number)
            while selector.get_map():
                for key, _ in selector.select():
                    number = key.data
                    piece = os.read(key.fd, _PIECE)
                    if piece:
                        pieces[number].append(piece)
                        continue
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    if _ended_well(children.pop(number)):
                        answer = b"".join(pieces[number])
                        answers[number] = answer
                        if enough(answer):
                            return answers
            return answers
        finally:
            for child in children.values():
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
                with suppress(ChildProcessError):
                    os.waitpid(child, 0)
            for key in list(selector.get_map().values()):
                os.close(key.fd)


def _ended_well(child: int) -> bool:
    _, status = os.waitpid(child, 0)
    return status == 0


def _started(task: Task) -> tuple[int, int]:
    """The child's process id, and the end of a pipe from which its answer can be read."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    status = 1
    try:  # in the copy, which must never return from here
        os.close(reading)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the original is interrupted, and ends us
        _die_with(os.getppid())
        answer = memoryview(task())
        while answer:
            answer = answer[os.write(writing, answer) :]
        status = 0
    except BaseException:
        status = 1
    finally:
        os._exit(status)


def _die_with(parent: int) -> None:
    """Be killed when the parent dies, where the system can do that (Linux)."""
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os._exit(1)
