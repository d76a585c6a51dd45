"""Which obligations make a certificate right? One table: system class and condition to rules.

Soundness depends on this file: what it leaves out is never shown.
"""

from __future__ import annotations

from bcv.conditions.conditions import Conditions, joined, unsupported
from bcv.conditions.continuous import flow
from bcv.conditions.discrete import step
from bcv.conditions.sets import separation
from bcv.conditions.setting import scope
from bcv.errors import Place, ProblemError
from bcv.problem import ConditionKind, Problem, TimeKind

_ON_A_LEVEL = (
    ConditionKind.BOUNDARY,
    ConditionKind.STRICT_BOUNDARY,
    ConditionKind.INDUCTIVE,
    ConditionKind.BETWEEN_LEVELS,
)


def _error(problem: Problem, reason: str, remedy: str) -> ProblemError:
    return ProblemError(reason, remedy, Place(problem.file) if problem.file else None)


def _check(problem: Problem) -> None:
    """Refuse combinations that mean nothing. Raises ProblemError."""
    certificate = problem.certificate
    kind = certificate.condition
    if kind is ConditionKind.EXPONENTIAL and certificate.levels is not None:
        raise _error(problem, "exponential says nothing about levels other than 0", "Drop levels")
    if kind is ConditionKind.EXPONENTIAL and certificate.rate is None:
        raise _error(problem, "exponential has no rate", "Write condition: {exponential: 1}")
    if kind is ConditionKind.BETWEEN_LEVELS and certificate.levels is None:
        remedy = "Write levels: {initial: c1, unsafe: c2}"
        raise _error(problem, "between-levels needs levels", remedy)


def _dynamics(problem: Problem) -> Conditions:
    kind = problem.certificate.condition
    if problem.certificate.levels == "auto" and kind in _ON_A_LEVEL:
        return unsupported("levels", f"levels: auto cannot be used with {kind.value} yet")
    rule = step if problem.time is TimeKind.DISCRETE else flow
    return joined(*(rule(problem, mode) for mode in problem.modes))


def obligations_of(problem: Problem) -> Conditions:
    """Everything that must be shown for the problem's certificate, as the format defines it.

    Raises ProblemError for a certificate that means nothing for this system.
    """
    _check(problem)
    return joined(separation(problem), _dynamics(problem), scope(problem))
