"""How is a solver asked, and what does its answer mean? In a child process, as testimony only.

Soundness: ``unsat`` becomes an Attestation (never more); a model is a candidate that exact
arithmetic must verify before anything is called refuted.
"""

from __future__ import annotations

import json
import sys
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from bcv.enclosures.exact import verify_point
from bcv.engines.engine import Budget, Engine
from bcv.events import Emit
from bcv.evidence import Attestation
from bcv.formats.smtlib import Query
from bcv.obligation import Obligation
from bcv.outcome import Hints, Outcome, Proved, Reason, Refuted, Undecided
from bcv.sandbox import Limits, run_command

GRACE: Final = 0.15
"""Seconds between the solver's own limit and the kill: some solvers stop a little late."""


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
        model = tuple((str(symbol), Fraction(value)) for symbol, value in found["model"])
        return Reply(str(found["status"]), model, str(found["version"]), str(found["detail"]))
    except (ValueError, KeyError, TypeError, ZeroDivisionError):
        return Reply("crash", detail="the solver's process gave no readable answer")


def ask_module(module: str, query: Query, budget: Budget) -> Reply:
    """Ask a solver whose Python module is driven by ``python -m module`` (one of ours)."""
    seconds = budget.seconds_left
    request = json.dumps({"script": query.text, "seconds": seconds})
    command = [sys.executable, "-P", "-m", module]
    limits = Limits(seconds + GRACE, budget.memory)
    ended = run_command(command, limits, request.encode())
    if ended.timed_out:
        return Reply("timeout")
    if ended.status != 0:
        errors = ended.errors.decode(errors="replace").strip().splitlines()
        status = "memory" if "MemoryError" in ended.errors.decode(errors="replace") else "crash"
        return Reply(status, detail=errors[-1] if errors else f"exit status {ended.status}")
    return _decoded(ended.output)


_REASONS: Final = {
    "timeout": Reason.TIMEOUT,
    "memory": Reason.MEMORY,
    "crash": Reason.CRASHED,
    "unavailable": Reason.UNAVAILABLE,
    "unsupported": Reason.UNSUPPORTED,
    "delta-sat": Reason.DELTA_SAT,
}


def _candidates(
    obligation: Obligation, query: Query, model: Sequence[tuple[str, Fraction]]
) -> list[dict[str, Fraction]]:
    values = dict(model)
    exact = {name: values.get(symbol, Fraction(0)) for symbol, name in query.names}
    rounded = [
        {name: value.limit_denominator(bound) for name, value in exact.items()}
        for bound in (1, 8, 100, 10_000, 10**8)
    ]
    return [exact, *rounded]


def outcome_of(obligation: Obligation, query: Query, reply: Reply, solver: str) -> Outcome:
    """What a reply is worth: an attestation, a verified witness, or nothing."""
    if reply.status == "unsat":
        return Proved(Attestation(solver, reply.version, query.text, reply.status))
    if reply.status in ("sat", "delta-sat"):
        candidates = _candidates(obligation, query, reply.model) if reply.model else []
        for candidate in candidates:
            witness = verify_point(obligation, candidate)
            if witness is not None:
                return Refuted(witness)
        points = tuple(
            tuple(float(candidate[name]) for name in obligation.region.variables)
            for candidate in candidates[:1]
        )
        words = f"{solver} answered {reply.status}, and its model does not verify exactly"
        reason = _REASONS.get(reply.status, Reason.INCONCLUSIVE)
        return Undecided(reason, words, hints=Hints(points=points))
    reason = _REASONS.get(reply.status, Reason.INCONCLUSIVE)
    return Undecided(reason, reply.detail or f"{solver} answered {reply.status}")


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
        query, reply = self.ask(obligation, budget)
        return outcome_of(obligation, query, reply, self.name)
