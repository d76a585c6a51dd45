"""Which obligations make a certificate right? One table: system class and condition to rules.

Soundness depends on this file: what it leaves out is never shown.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from bcv.conditions.conditions import Conditions, joined, unsupported
from bcv.conditions.continuous import flow
from bcv.conditions.discrete import step
from bcv.conditions.hybrid import transitions
from bcv.conditions.invariance import staying
from bcv.conditions.sets import separation
from bcv.conditions.setting import is_stochastic, scope
from bcv.errors import Place, ProblemError
from bcv.problem import TIME_NAME, ConditionKind, Problem, TimeKind

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
    if any(v.name == TIME_NAME for v in (*problem.states, *problem.parameters)):
        raise _error(problem, f"{TIME_NAME} is time and cannot be declared", "Use another name")
    if kind is ConditionKind.EXPONENTIAL and certificate.levels is not None:
        raise _error(problem, "exponential says nothing about levels other than 0", "Drop levels")
    if kind is ConditionKind.SUPERMARTINGALE and certificate.levels is not None:
        remedy = "gamma and lambda are its levels; drop levels"
        raise _error(problem, "supermartingale has no levels of its own", remedy)
    if kind is ConditionKind.EXPONENTIAL and certificate.rate is None:
        raise _error(problem, "exponential has no rate", "Write condition: {exponential: 1}")
    if kind is ConditionKind.BETWEEN_LEVELS and certificate.levels is None:
        remedy = "Write levels: {initial: c1, unsafe: c2}"
        raise _error(problem, "between-levels needs levels", remedy)


def _stochastic(problem: Problem) -> Conditions:
    if problem.time is TimeKind.HYBRID:
        return unsupported("flow", "supermartingale is not defined for hybrid systems")
    from bcv.conditions.stochastic import supermartingale

    return supermartingale(problem)


def _dynamics(problem: Problem) -> Conditions:
    kind = problem.certificate.condition
    if problem.certificate.levels == "auto" and kind in _ON_A_LEVEL:
        return Conditions()
    discrete = problem.time is TimeKind.DISCRETE
    if is_stochastic(problem):
        reason = f"with noise, diffusion or jumps only supermartingale is a claim, not {kind.value}"
        return unsupported("step" if discrete else "flow", reason)
    rule = step if discrete else flow
    return joined(*(rule(problem, mode) for mode in problem.modes), transitions(problem))


def _told_apart(conditions: Conditions) -> Conditions:
    """The same, with a number added to a part that is called like an earlier one."""
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for obligation in conditions.obligations:
        key = (obligation.name, obligation.part)
        seen[key] += 1
        number = f" ({seen[key]})" if seen[key] > 1 else ""
        found.append(replace(obligation, part=obligation.part + number))
    return replace(conditions, obligations=tuple(found))


def obligations_of(problem: Problem) -> Conditions:
    """Everything that must be shown for the problem's certificate, as the format defines it.

    Raises ProblemError for a certificate that means nothing for this system.
    """
    _check(problem)
    if problem.certificate.condition is ConditionKind.SUPERMARTINGALE:
        main = _stochastic(problem)
    else:
        main = joined(separation(problem), _dynamics(problem))
    return _told_apart(joined(main, staying(problem), scope(problem)))
