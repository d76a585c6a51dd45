"""How is a solver asked, and what does its answer mean? In a child process, as testimony only.

Soundness: ``unsat`` becomes an Attestation (never more); a model is a candidate that exact
arithmetic must verify before anything is called refuted.
"""

from __future__ import annotations

import json
import re
import sys
import time
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from bcv.enclosures.exact import verify_point
from bcv.engines.engine import Budget, Engine
from bcv.events import Emit
from bcv.evidence import Attestation, Witness
from bcv.formats.smtlib import Query
from bcv.obligation import Obligation
from bcv.outcome import Hints, Outcome, Proved, Reason, Refuted, Undecided
from bcv.sandbox import Ending, Finished, Limits, run_command

GRACE: Final = 0.15
"""Seconds between the solver's own limit and the kill: some solvers stop a little late."""

_PATIENCE: Final = 1.0
"""Seconds for the search around a model that does not verify as it is."""

_LEAST: Final = 0.2
"""Seconds for looking into an ``unsat`` even where the solver took all the time there was: a word
must not count for more because it came late."""

_SHARE: Final = 0.85
"""Of the time, for the solver itself; the rest is for looking at its answer."""

_RATIONAL: Final = re.compile(r"-?[0-9]+(/[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Reply:
    """A solver's answer.

    Attributes:
        status: ``sat``, ``unsat``, ``delta-sat``, ``unknown``, or why there is none: ``timeout``,
            ``memory``, ``crash``, ``unavailable``, ``unsupported``.
        model: rational values, or rational approximations of algebraic ones, by symbol.
        version: what the solver calls itself.
        detail: its own words, where it has any.
    """

    status: str
    model: tuple[tuple[str, Fraction], ...] = ()
    version: str = ""
    detail: str = ""


Child = Callable[[str, float], Reply]
"""Solve a script within so many seconds; runs in the child process only."""


def child_main(solve: Child) -> None:
    """The child's main program: a JSON request on standard input, a JSON reply on output."""
    request = json.load(sys.stdin)
    reply = solve(request["script"], request["seconds"])
    json.dump(
        {
            "status": reply.status,
            "model": [[symbol, str(value)] for symbol, value in reply.model],
            "version": reply.version,
            "detail": reply.detail[:2000],
        },
        sys.stdout,
    )


def _decoded(output: bytes) -> Reply:
    # A solver that lies or breaks must only lose its own answer.
    try:
        found = json.loads(output)
        model = tuple((str(symbol), _rational(value)) for symbol, value in found["model"])
        return Reply(str(found["status"]), model, str(found["version"]), str(found["detail"]))
    except (ValueError, KeyError, TypeError, ZeroDivisionError, RecursionError):
        return Reply("crash", detail="the solver's process gave no readable answer")


def _rational(text: str) -> Fraction:
    if not _RATIONAL.fullmatch(text):  # Fraction("1e999999999") would fill the memory
        raise ValueError(text)
    return Fraction(text)


def ask_module(module: str, query: Query, budget: Budget) -> Reply:
    """Ask a solver whose Python module is driven by ``python -m module`` (one of ours)."""
    seconds = budget.seconds_left
    request = json.dumps({"script": query.text, "seconds": seconds})
    command = [sys.executable, "-P", "-m", module]
    limits = Limits(seconds + GRACE, budget.memory)
    ended = run_command(command, limits, request.encode())
    return failure(ended) or _decoded(ended.output)


def failure(ended: Finished) -> Reply | None:
    """Why a solver's process has no answer, whatever it wrote; None if it ended well."""
    if ended.timed_out:
        return Reply("timeout")
    if ended.ending is Ending.OUTPUT:
        return Reply("crash", detail="it wrote without end")
    if ended.status == 0:
        return None
    errors = ended.errors.decode(errors="replace")
    last = errors.strip().splitlines()[-1:]
    status = "memory" if "MemoryError" in errors or "bad_alloc" in errors else "crash"
    return Reply(status, detail=last[0] if last else f"exit status {ended.status}")


_REASONS: Final = {
    "timeout": Reason.TIMEOUT,
    "memory": Reason.MEMORY,
    "crash": Reason.CRASHED,
    "unavailable": Reason.UNAVAILABLE,
    "unsupported": Reason.UNSUPPORTED,
    "delta-sat": Reason.DELTA_SAT,
}


def _model_of(obligation: Obligation, query: Query, reply: Reply) -> tuple[Fraction, ...] | None:
    """The model's point, in the order of the region's variables; 0 where the solver is silent."""
    if not reply.model:
        return None
    values = dict(reply.model)
    named = {name: values.get(symbol, Fraction(0)) for symbol, name in query.names}
    return tuple(named[name] for name in obligation.region.variables)


def _verified(
    obligation: Obligation, model: tuple[Fraction, ...], budget: Budget
) -> Witness | None:
    """An exact witness at the model or close to it.

    Where the violation is an algebraic point, no rational need be one: then simpler rationals,
    exact points of an equality surface and segments across it are tried.
    """
    names = obligation.region.variables
    for limit in (1, 8, 100, 10_000, 10**8, None):
        near = [value.limit_denominator(limit) if limit else value for value in model]
        witness = verify_point(obligation, dict(zip(names, near, strict=True)))
        if witness is not None:
            return witness
    return _searched(obligation, _hints_at(model), budget, samples=64)


def _searched(
    obligation: Obligation, hints: Hints, budget: Budget, samples: int, least: float = 0.0
) -> Witness | None:
    """A witness from a quick search, which gets so many seconds at least."""
    # Imported here, because the child processes import this module too.
    import numpy as np

    from bcv.falsify.search import Effort, Search

    deadline = max(budget.slice(_PATIENCE).deadline, time.monotonic() + least)
    effort = Effort(
        samples=samples, starts=10, rounds=10, polished=3, verified=20, passes=1, cells=5
    )
    with np.errstate(all="ignore"):
        return Search(obligation, effort, hints, deadline, budget.seed).run()


def _hints_at(model: tuple[Fraction, ...]) -> Hints:
    try:
        return Hints(points=(tuple(map(float, model)),))
    except OverflowError:
        return Hints()


def outcome_of(
    obligation: Obligation, query: Query, reply: Reply, solver: str, budget: Budget
) -> Outcome:
    """What a reply is worth: an attestation, a verified witness, or nothing."""
    if reply.status == "unsat":
        # A word is not taken for what a quick search can refute.
        lie = _searched(obligation, Hints(), budget, samples=1024, least=_LEAST)
        if lie is not None:
            return Refuted(lie)
        return Proved(Attestation(solver, reply.version, query.text, reply.status))
    reason = _REASONS.get(reply.status, Reason.INCONCLUSIVE)
    if reply.status not in ("sat", "delta-sat"):
        return Undecided(reason, reply.detail or f"{solver} answered {reply.status}")
    model = _model_of(obligation, query, reply)
    if model is None:
        return Undecided(reason, f"{solver} answered {reply.status} without a model")
    witness = _verified(obligation, model, budget)
    if witness is not None:
        return Refuted(witness)
    words = f"{solver} answered {reply.status}, and its model does not verify exactly"
    return Undecided(reason, words, hints=_hints_at(model))


@dataclass(frozen=True, slots=True)
class Solver(Engine):
    """An engine that passes the negated obligation to somebody else's solver."""

    @abstractmethod
    def ask(self, obligation: Obligation, budget: Budget) -> tuple[Query, Reply]:
        """The solver's own answer to the negated obligation, as it stands."""

    def discharge(
        self, obligation: Obligation, hints: Hints, budget: Budget, emit: Emit
    ) -> Outcome:
        """Ask for a violation, and believe no more of the answer than can be verified."""
        patience = budget.slice(_SHARE * budget.seconds_left)
        query, reply = self.ask(obligation, patience)
        return outcome_of(obligation, query, reply, self.name, budget)
