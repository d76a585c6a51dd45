"""How is a suite run? Each problem in its own killable process, several side by side.

Soundness does not depend on this file: it records what bcv and its peers say of themselves.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bcv.bench.records import Answer, Condition, Record
from bcv.bench.suite import Case
from bcv.sandbox import Limits, run_command

GRACE: Final = 5.0
"""Seconds past its limit after which a process is killed: start-up, and a clean stop."""

PEERS: Final = ("z3", "cvc5", "dreal", "sampling")


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How to run: seconds and bytes per problem, processes side by side, runs of each problem.

    ``options`` are passed on to ``bcv validate``.
    """

    seconds: float = 20.0
    memory: int = 8 << 30
    jobs: int = 1
    repeat: int = 1
    peers: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


def _own_conditions(document: dict[str, Any]) -> tuple[Condition, ...]:
    return tuple(
        Condition(
            c["name"],
            c["verdict"],
            c.get("engine") or "",
            c.get("assurance", "none"),
            c.get("seconds", 0.0),
            c.get("reason") or "",
        )
        for c in document.get("conditions", [])
    )


def ask_bcv(path: Path, settings: RunSettings) -> Answer:
    """What ``bcv validate`` says of a file; "error" with a detail if it crashed or was killed."""
    limit = ["--timeout", str(settings.seconds)]
    command = [sys.executable, "-P", "-m", "bcv", "validate", "--json"]
    command += ["--no-cache", "--no-record", *limit]
    ended = run_command(
        [*command, *settings.options, str(path)],
        Limits(settings.seconds + GRACE, settings.memory),
    )
    try:
        document = json.loads(ended.output)
        return Answer(
            document["verdict"],
            ended.seconds,
            document.get("assurance", "none"),
            _own_conditions(document),
            (ended.seconds,),
        )
    except (ValueError, KeyError, TypeError):
        words = ended.errors.decode(errors="replace").strip().splitlines()
        detail = "killed at the time limit" if ended.timed_out else " ".join(words[-1:])
        return Answer("error", ended.seconds, repeats=(ended.seconds,), detail=detail)


def _peer_answer(path: Path, peer: str, settings: RunSettings) -> Answer:
    ended = run_command(
        [sys.executable, "-P", "-m", "bcv.bench.peer", peer, str(path), str(settings.seconds)],
        Limits(settings.seconds + GRACE, settings.memory),
    )
    if ended.timed_out:
        return Answer("unknown", ended.seconds, detail="killed at the time limit")
    try:
        document = json.loads(ended.output)
        conditions = tuple(Condition(**c) for c in document["conditions"])
        return Answer(document["verdict"], ended.seconds, "none", conditions, (ended.seconds,))
    except (ValueError, KeyError, TypeError):
        words = ended.errors.decode(errors="replace").strip().splitlines()
        return Answer("error", ended.seconds, detail=" ".join(words[-1:]))


def _repeated(ask: Callable[[], Answer], times: int) -> Answer:
    """The first answer with the times of all runs; a run that differs is an error."""
    first = ask()
    repeats = [first.seconds]
    for _ in range(times - 1):
        again = ask()
        repeats.append(again.seconds)
        if again.verdict != first.verdict and {again.verdict, first.verdict} != {"unknown"}:
            if not (again.decided and first.decided):
                continue
            detail = f"{first.verdict} in one run and {again.verdict} in another"
            return Answer("error", first.seconds, repeats=tuple(repeats), detail=detail)
    return Answer(
        first.verdict,
        min(repeats),
        first.assurance,
        first.conditions,
        tuple(repeats),
        first.detail,
    )


def run_case(case: Case, settings: RunSettings) -> Record:
    """Run bcv and the peers on one problem. Never raises for what they do."""
    answers = [("bcv", _repeated(lambda: ask_bcv(case.path, settings), settings.repeat))]
    for peer in settings.peers:
        answers.append((peer, _peer_answer(case.path, peer, settings)))
    return Record(str(case.path), case.family, case.expect, tuple(answers))


def run_suite(cases: Sequence[Case], settings: RunSettings) -> Iterator[Record]:
    """The records as they are finished, in any order; stops its processes when closed."""
    if settings.jobs == 1:
        yield from (run_case(case, settings) for case in cases)
        return
    from joblib import Parallel, delayed

    # Each thread only waits for a child process, so threads share the work without the cost of
    # worker processes; the children are the parallel part.
    pool = Parallel(n_jobs=settings.jobs, prefer="threads", return_as="generator_unordered")
    yield from pool(delayed(run_case)(case, settings) for case in cases)


def machine() -> dict[str, str | int]:
    """What the figures were measured on."""
    import os
    import platform

    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count() or 1,
        "date": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()),
    }
