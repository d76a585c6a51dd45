"""What must hold along the flow of a differential equation, for every condition but the stochastic?

Soundness depends on this file. Theorems and sources are in docs/conditions.md.
"""

from __future__ import annotations

from bcv import expr as ex
from bcv.conditions.boundary import side_conditions
from bcv.conditions.conditions import Conditions, joined, unsupported
from bcv.conditions.inputs import heights, without_inputs
from bcv.conditions.kinks import detached, jumps, switching
from bcv.conditions.rule import Rule, claim_of
from bcv.conditions.setting import (
    barrier,
    claim,
    explicit_levels,
    in_words,
    named,
    no_jump,
    on_domain,
    on_surface,
    partial_roots,
    surface_words,
)
from bcv.expr import Expr
from bcv.gradient import gradient, has_kinks
from bcv.obligation import Obligation
from bcv.problem import TIME_NAME, ConditionKind, Mode, Problem
from bcv.region import TRUE, at_least, linear_bound


def lie_derivative(problem: Problem, b: Expr, field: tuple[Expr, ...]) -> Expr:
    """grad B . f + dB/dt: the states' terms in their order, then that of time.

    Where B has a kink and f a jump on the same surface, every combination of branches counts. At
    a kink of B, its slopes are those of one piece: there the choice is written once, unless inputs
    are to be told apart.
    """
    names = [state.name for state in problem.states]
    unknown = {name: ex.var(f" {name}") for name in (*names, TIME_NAME)}
    kinks = switching(ex.rate(b, unknown)) if has_kinks(b) else ()
    if kinks and not problem.inputs:
        rates = {n: detached(f, kinks) for n, f in zip(names, field, strict=True)}
        return ex.rate(b, {**rates, TIME_NAME: ex.ONE})
    *slopes, drift = gradient(b, [*names, TIME_NAME])
    total = ex.ZERO
    for slope, component in zip(slopes, field, strict=True):
        if slope is not ex.ZERO:
            total = total + slope * detached(component, kinks)
    return total + drift


def _rule(problem: Problem, b: Expr, lie: Expr) -> Rule | None:
    certificate, levels = problem.certificate, explicit_levels(problem)
    surface = (on_surface(problem, b),)
    match certificate.condition:
        case ConditionKind.NONINCREASING:
            return Rule("LfB <= 0", lie)
        case ConditionKind.DECREASING:
            return Rule("LfB < 0", lie, strict=True)
        case ConditionKind.EXPONENTIAL if certificate.rate is not None:
            words = f"LfB + r*B <= 0 with r = {in_words(certificate.rate)}"
            return Rule(words, lie + certificate.rate * b)
        case ConditionKind.STRICT_BOUNDARY:
            words = f"LfB < 0 where {surface_words(problem)}"
            return Rule(words, lie, surface, strict=True)
        case ConditionKind.BOUNDARY:
            return Rule(f"LfB <= 0 where {surface_words(problem)}", lie, surface)
        case ConditionKind.BETWEEN_LEVELS if levels:
            low, high = levels
            words = f"LfB <= 0 where {in_words(low)} <= B <= {in_words(high)}"
            return Rule(words, lie, (at_least(b, low), at_least(high, b)))
    return None


def _continuity(problem: Problem, mode: Mode, b: Expr) -> tuple[Obligation, ...]:
    """B must not jump: on every surface c = 0 where its pieces meet they must agree.

    Pieces that differ refute only where both are plainly met: nothing says that c takes both
    signs near c = 0 (c = -x**2 does not), nor that it does so inside the domain.
    """
    found: list[Obligation] = []
    plain = len(switching(b)) == 1 and all(_cuts(problem, mode, c) for c in switching(b))
    for jump in jumps(b):
        at = f"where {in_words(jump[0])} = 0"
        words, part = f"B does not jump {at}: its pieces' difference", f"continuity of B {at}"
        name = named(mode, "flow")
        found += no_jump(problem, mode, name, jump, words, part, defined=(b,), sufficient=not plain)
    return tuple(found)


def _one_input(problem: Problem, mode: Mode, rule: Rule) -> tuple[Obligation, ...]:
    """With inputs, what is bounded must not jump, lest pieces that meet ask for different ones."""
    if not problem.inputs:
        return ()
    found: list[Obligation] = []
    for jump in dict.fromkeys(heights(problem, rule.value)):
        surface = f"{in_words(jump[0])} = 0"
        words = f"one input does on either side of {surface}: the difference"
        name = named(mode, "flow")
        found += no_jump(problem, mode, name, jump, words, f"one input where {surface}")
    return tuple(found)


def _cuts(problem: Problem, mode: Mode, c: Expr) -> bool:
    """Whether c = 0 is plainly a plane x_i = a through the interior of a box, the domain."""
    bound = linear_bound(c)
    if bound is None or mode.domain != TRUE:
        return False
    name, slope, offset = bound
    at = -offset / slope
    return any(
        state.name == name
        and (state.range.lo is None or state.range.lo < at)
        and (state.range.hi is None or at < state.range.hi)
        for state in problem.states
    )


def _definedness(problem: Problem, mode: Mode, b: Expr) -> tuple[Obligation, ...]:
    """B must be defined on the whole domain, lest it pass from one sign to the other unseen."""
    if not partial_roots(b):
        return ()
    name = named(mode, "flow")
    statement = f"B is defined {on_domain(mode)}"
    part = "B is defined"
    claimed = claim(
        problem, name, statement, (mode.domain,), ex.ONE, part=part, defined=(b,), sufficient=True
    )
    return (claimed,)


def flow(problem: Problem, mode: Mode) -> Conditions:
    """The conditions ``flow`` and ``regular`` of one mode.

    The main part bounds the Lie derivative; others say that B is defined and continuous, and
    what the theorem of the condition asks for besides. Raises ProblemError if inputs are not
    affine.
    """
    name, b = named(mode, "flow"), barrier(problem, mode)
    field = without_inputs(problem, mode.dynamics)
    lie = lie_derivative(problem, b, mode.dynamics)
    rule = _rule(problem, b, lie)
    if rule is None:
        kind = problem.certificate.condition.value
        return unsupported(name, f"{kind} has no meaning for this continuous system")
    main = claim_of(problem, mode, name, b, rule)
    if isinstance(main, str):
        return unsupported(name, main)
    local = bool(rule.where)
    obligations = (
        main,
        *(_definedness(problem, mode, b) if local else ()),
        *_continuity(problem, mode, b),
        *_one_input(problem, mode, rule),
    )
    found = Conditions(obligations=obligations)
    if problem.certificate.condition is ConditionKind.BOUNDARY:
        return joined(found, side_conditions(problem, mode, b, field, lie))
    return found
