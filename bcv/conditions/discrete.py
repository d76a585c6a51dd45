"""What must hold at each step of a difference equation, for every condition but the stochastic?

Soundness depends on this file. Theorems and sources are in docs/conditions.md.
"""

from __future__ import annotations

from bcv import expr as ex
from bcv.conditions.conditions import Conditions, unsupported
from bcv.conditions.rule import Rule, claim_of
from bcv.conditions.setting import (
    barrier,
    claim,
    in_words,
    named,
    safe_side,
    surface_level,
)
from bcv.expr import Expr
from bcv.obligation import Obligation
from bcv.problem import TIME_NAME, ConditionKind, Mode, Problem


def successor(problem: Problem, dynamics: tuple[Expr, ...]) -> dict[str, Expr]:
    """What each state is after a step, and time: t + 1."""
    names = (state.name for state in problem.states)
    return {TIME_NAME: ex.var(TIME_NAME) + ex.ONE, **dict(zip(names, dynamics, strict=True))}


def _rule(problem: Problem, b: Expr, following: Expr) -> Rule | None:
    certificate = problem.certificate
    strict = certificate.strict_initial
    match certificate.condition:
        case ConditionKind.NONINCREASING:
            return Rule("B+ <= B", following - b)
        case ConditionKind.DECREASING:
            return Rule("B+ < B", following - b, strict=True)
        case ConditionKind.EXPONENTIAL if certificate.rate is not None:
            rate = certificate.rate
            words = f"B+ <= (1 - r)*B with r = {in_words(rate)}"
            return Rule(words, following - (ex.ONE - rate) * b)
        case ConditionKind.INDUCTIVE:
            level, sign = surface_level(problem), "<" if strict else "<="
            words = f"B+ {sign} {in_words(level)} where B {sign} {in_words(level)}"
            return Rule(words, following - level, (safe_side(problem, b),), strict)
    return None


def _rate_range(problem: Problem, mode: Mode) -> tuple[Obligation, ...]:
    """0 <= r <= 1, unless r is a constant for which it is plain.

    With ``strict: initial``, r = 1 would let B+ be 0, which is unsafe then: r < 1 is needed too.
    """
    rate = problem.certificate.rate
    if problem.certificate.condition is not ConditionKind.EXPONENTIAL or rate is None:
        return ()
    name, where = named(mode, "step"), (mode.domain,)
    found = []
    if rate.constant is None or not 0 <= rate.constant <= 1:
        room = ex.ONE - rate
        found += [
            claim(problem, name, "the rate r is at least 0", where, rate, part="r >= 0"),
            claim(problem, name, "the rate r is at most 1", where, room, part="r <= 1"),
        ]
    if problem.certificate.strict_initial and (rate.constant is None or rate.constant >= 1):
        found.append(
            claim(
                problem,
                name,
                "the rate r is less than 1, since B = 0 is unsafe",
                where,
                ex.ONE - rate,
                strict=True,
                part="r < 1",
                sufficient=True,
            )
        )
    return tuple(found)


def step(problem: Problem, mode: Mode) -> Conditions:
    """The condition ``step``. Raises ProblemError if inputs are not affine in B(f(x, u)).

    B may be discontinuous: steps do not pass through the states between.
    """
    name, b = named(mode, "step"), barrier(problem, mode)
    rule = _rule(problem, b, ex.substitute(b, successor(problem, mode.dynamics)))
    if rule is None:
        kind = problem.certificate.condition.value
        return unsupported(name, f"{kind} has no meaning for this discrete system")
    main = claim_of(problem, mode, name, b, rule)
    if isinstance(main, str):
        return unsupported(name, main)
    return Conditions(obligations=(main, *_rate_range(problem, mode)))
