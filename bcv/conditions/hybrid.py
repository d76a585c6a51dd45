"""What must hold when a hybrid system changes its mode?

Soundness depends on this file. The theorem and its sources are in docs/conditions.md.
"""

from __future__ import annotations

from collections import Counter

from bcv import expr as ex
from bcv.conditions.conditions import Conditions, unsupported
from bcv.conditions.setting import (
    barrier,
    claim,
    in_words,
    safe_side,
    surface_level,
)
from bcv.obligation import Obligation
from bcv.problem import ConditionKind, Mode, Problem, Transition
from bcv.region import Formula, at_least

_MONOTONE = (
    ConditionKind.NONINCREASING,
    ConditionKind.DECREASING,
    ConditionKind.EXPONENTIAL,
)


def _jump(
    problem: Problem, modes: dict[str, Mode], transition: Transition, part: str
) -> Obligation:
    source, target = modes[transition.source], modes[transition.target]
    before = barrier(problem, source)
    names = (state.name for state in problem.states)
    reset = dict(zip(names, transition.reset, strict=True))
    after = ex.substitute(barrier(problem, target), reset)
    name = f"jump:{source.name}->{target.name}"
    where: tuple[Formula, ...] = (source.domain, transition.guard)
    # Between levels the flow keeps B <= c1 but may reach c1, so the jump may not lose that edge.
    banded = problem.certificate.condition is ConditionKind.BETWEEN_LEVELS
    strict = problem.certificate.strict_initial and not banded
    if problem.certificate.condition in _MONOTONE:
        statement, expr, strict = "B after the jump <= B before it", before - after, False
    else:
        level, sign = surface_level(problem), "<" if strict else "<="
        bound = f"{sign} {in_words(level)}"
        statement = f"B after the jump {bound} where B before it {bound}"
        kept = safe_side(problem, before) if strict else at_least(level, before)
        expr, where = level - after, (*where, kept)
    return claim(
        problem,
        name,
        f"{statement}, on the guard",
        where,
        expr,
        strict=strict,
        part=part,
        defined=(before, *transition.reset),
    )


def transitions(problem: Problem) -> Conditions:
    """The conditions ``jump:a->b``, one part per transition between the same modes.

    With ``strict: initial`` the claim keeps B < level, since B = level is unsafe then.
    """
    if any(v.name in ex.variables(*t.reset) for t in problem.transitions for v in problem.inputs):
        return unsupported("jump", "a reset depends on an input")
    modes = {mode.name: mode for mode in problem.modes}
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for transition in problem.transitions:
        ends = (transition.source, transition.target)
        seen[ends] += 1
        part = f"transition {seen[ends]}" if seen[ends] > 1 else ""
        found.append(_jump(problem, modes, transition, part))
    return Conditions(obligations=tuple(found))
