"""How is bcv used from Python? Load a problem, validate it, or try many certificates in turn.

Soundness: verdicts come from ``pipeline``, or in ``Context`` from engines directly and from points
that are verified exactly.
"""

from __future__ import annotations

import functools
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bcv import expr as ex
from bcv.attempts import guarded, worth
from bcv.conditions import obligations_of
from bcv.engines.engine import Budget
from bcv.errors import BcvError
from bcv.events import ignore
from bcv.evidence import Point
from bcv.expr import Expr
from bcv.falsify.pool import Pool
from bcv.formats.expression import parse_expression
from bcv.formats.problem_yaml import load_problem, parse_problem
from bcv.obligation import Obligation
from bcv.outcome import Hints, Outcome, Reason, Refuted, Undecided
from bcv.pipeline import CheckMode, Settings, remark_on, remarked
from bcv.pipeline import validate as decide
from bcv.problem import Problem
from bcv.verdict import Answer, Assurance, Settled, Verdict, conclude

if TYPE_CHECKING:
    from bcv.recall import Recall

FIRST_ENGINES: Final = ("branch-and-bound", "sum-of-squares")
FIRST_ATTEMPT: Final = 0.05
"""Seconds that each of them gets for a condition before the planner takes over."""

MOST_REMEMBERED: Final = 256


def load(source: str | Path) -> Problem:
    """The problem in a file, or in a text with more than one line.

    Raises ProblemError if it is wrong.
    """
    if isinstance(source, str) and "\n" in source:
        return parse_problem(source, "<text>")
    return load_problem(Path(source))


def validate(
    problem: Problem | str | Path,
    *,
    timeout: float = 60.0,
    settings: Settings | None = None,
    recall: Recall | None = None,
) -> Verdict:
    """Decide a problem, as ``bcv validate`` does; without a cache, unless ``recall`` is given.

    ``settings`` take the place of ``timeout``. Raises BcvError for what is wrong in the problem.
    """
    stated = problem if isinstance(problem, Problem) else load(problem)
    return decide(stated, settings or Settings(timeout), recall=recall)


class Context:
    """One system with its sets, for which many certificates are tried.

    The system is read once, and its expressions stay in memory; what refuted one candidate is
    tried on the next, and conditions that did not change are not decided again.
    """

    def __init__(self, problem: Problem | str | Path, settings: Settings | None = None) -> None:
        """``settings`` are for candidates that a first attempt leaves undecided.

        By default they get 5 seconds, and no replay by the checker. The certificate of the
        problem is only a first candidate.
        """
        self.problem = problem if isinstance(problem, Problem) else load(problem)
        self.settings = settings or Settings(5.0, check=CheckMode.NEVER, after_refutation=0.0)
        named = (
            self.problem.states
            + self.problem.parameters
            + self.problem.disturbances
            + self.problem.inputs
        )
        self._names = {variable.name: ex.var(variable.name) for variable in named}
        self._settled: dict[str, Settled] = {}
        self._pools: dict[str, Pool] = {}
        self._failures: Counter[str] = Counter()
        self._engines: dict[str, str] = {}
        self._remark = functools.cache(
            functools.partial(remark_on, self.problem, self.settings.seed)
        )

    def validate(self, certificate: str | Expr | Mapping[str, str | Expr]) -> Verdict:
        """Decide whether the expression is a certificate for the system.

        A hybrid system takes an expression for each mode. After the first condition that fails,
        the others are left undecided. Raises BcvError if the expression cannot be read.
        """
        candidate = self._with(certificate)
        started = time.monotonic()
        conditions = obligations_of(candidate)
        settled = self._in_turn(conditions.obligations)
        names = tuple(name for name, _ in conditions.unsupported)
        answer, assurance = conclude(settled, names)
        if answer is Answer.UNKNOWN or assurance < self.settings.require:
            verdict = decide(candidate, self.settings)
            self._learn(verdict.conditions)
            return verdict
        verdict = Verdict(
            answer,
            assurance,
            settled,
            time.monotonic() - started,
            conditions.assumes,
            conditions.notes,
            conditions.probability.sentence if conditions.probability else None,
            conditions.unsupported,
        )
        return remarked(verdict, self._remark)

    def _in_turn(self, obligations: tuple[Obligation, ...]) -> tuple[Settled, ...]:
        """Conditions that failed before come first: most candidates are wrong for one reason."""
        settled = [_untried(obligation) for obligation in obligations]
        failures = self._failures
        for i in sorted(range(len(settled)), key=lambda i: -failures[obligations[i].name]):
            found = self._recalled(obligations[i])
            if found is None:
                continue
            settled[i] = found
            if _refutes(found):
                return tuple(settled)
        for i, item in enumerate(settled):
            if isinstance(item.outcome, Undecided):
                settled[i] = self._searched(item.obligation)
                if _refutes(settled[i]):
                    break
        return tuple(settled)

    def _with(self, certificate: str | Expr | Mapping[str, str | Expr]) -> Problem:
        modes = self.problem.modes
        if not isinstance(certificate, Mapping):
            certificate = {mode.name: certificate for mode in modes}
        wrong = {mode.name for mode in modes} ^ set(certificate)
        if wrong:
            raise BcvError(f"the certificate does not fit the modes ({', '.join(sorted(wrong))})")
        barriers = {mode: self._read(expression) for mode, expression in certificate.items()}
        return replace(
            self.problem,
            modes=tuple(replace(mode, barrier=barriers[mode.name]) for mode in modes),
        )

    def _read(self, expression: str | Expr) -> Expr:
        if isinstance(expression, str):
            return parse_expression(expression, self._names)
        return expression

    def _recalled(self, obligation: Obligation) -> Settled | None:
        """What is known already, or what a point shows that refuted an earlier candidate."""
        known = self._settled.get(obligation.digest())
        if known is not None:
            return replace(known, obligation=obligation, cached=True)
        started = time.monotonic()
        witness = self._pools.setdefault(obligation.name, Pool(self.settings.seed)).refute(
            obligation
        )
        if witness is None:
            return None
        outcome, spent = Refuted(witness), time.monotonic() - started
        found = Settled(obligation, outcome, "sampling", worth(outcome), spent)
        self._learn((found,))
        return found

    def _searched(self, obligation: Obligation) -> Settled:
        """Short attempts of a few engines, without the planner.

        What decided the condition for an earlier candidate probably does so again.
        """
        last = self._engines.get(obligation.name, "")
        started = time.monotonic()
        outcome: Outcome = Undecided(Reason.TIMEOUT)
        for name in sorted(FIRST_ENGINES, key=lambda name: name != last):
            hints = outcome.hints if isinstance(outcome, Undecided) else Hints()
            budget = Budget(time.monotonic() + FIRST_ATTEMPT, seed=self.settings.seed)
            outcome, _ = guarded(
                name,
                obligation,
                budget,
                FIRST_ATTEMPT,
                lambda engine, part, hints=hints: engine.discharge(  # type: ignore[misc]
                    obligation, hints, part, ignore
                ),
                ignore,
            )
            if not isinstance(outcome, Undecided):
                self._engines[obligation.name] = name
                break
        spent = time.monotonic() - started
        found = Settled(obligation, outcome, name, worth(outcome), spent)
        self._learn((found,))
        return found

    def _learn(self, settled: Sequence[Settled]) -> None:
        """Remember what may serve the next candidates; the oldest is forgotten."""
        for item in settled:
            if isinstance(item.outcome, Undecided):
                continue
            if len(self._settled) >= MOST_REMEMBERED:
                del self._settled[next(iter(self._settled))]
            self._settled[item.obligation.digest()] = item
            self._failures[item.obligation.name] += isinstance(item.outcome, Refuted)
            if isinstance(item.outcome, Refuted) and isinstance(item.outcome.witness, Point):
                self._pool(item.obligation.name).add(dict(item.outcome.witness.point))

    def _pool(self, name: str) -> Pool:
        return self._pools.setdefault(name, Pool(self.settings.seed))


def _refutes(item: Settled) -> bool:
    return isinstance(item.outcome, Refuted) and not item.obligation.sufficient


def _untried(obligation: Obligation) -> Settled:
    why = Undecided(Reason.INCONCLUSIVE, "another condition fails already")
    return Settled(obligation, why, "", Assurance.NONE, 0.0)
