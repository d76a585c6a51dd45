"""Is B smaller on the initial set than on the unsafe set, whatever the levels are?

Soundness depends on this file: this is what ``levels: auto`` asks.
"""

from __future__ import annotations

from bcv import expr as ex
from bcv.conditions.conditions import Conditions, unsupported
from bcv.conditions.setting import barrier, coordinates, partial_roots
from bcv.expr import Expr
from bcv.obligation import Obligation
from bcv.problem import TIME_NAME, ConditionKind, Mode, Problem, TimeKind, Variable
from bcv.region import Formula, all_of, atoms, region, substitute

_NEEDS_NO_LEVEL = (ConditionKind.NONINCREASING, ConditionKind.DECREASING)


def _unsafe_name(name: str) -> str:
    """The name of a coordinate of the unsafe point; no problem file can declare it."""
    return f"{name}'"


def _moved(problem: Problem) -> dict[str, Expr]:
    names = (*(state.name for state in problem.states), TIME_NAME)
    return {name: ex.var(_unsafe_name(name)) for name in names}


def _renamed(variable: Variable, moved: dict[str, Expr]) -> Variable:
    name = _unsafe_name(variable.name)
    return Variable(name, variable.range, substitute(variable.exact, moved))


def _pair(problem: Problem, start: Mode, end: Mode) -> Obligation:
    """B at any initial point, in ``start``, is less than B at any unsafe point, in ``end``."""
    moved = _moved(problem)
    low, high = barrier(problem, start), ex.substitute(barrier(problem, end), moved)
    formulas: tuple[Formula, ...] = (
        start.domain,
        start.initial,
        substitute(end.domain, moved),
        substitute(end.unsafe, moved),
    )
    roots = (high - low, *partial_roots(low, high))
    used = ex.variables(*roots, *(atom.expr for part in formulas for atom in atoms(part)))
    free = coordinates(problem)
    twins = (*problem.states, *(v for v in free if v.name == TIME_NAME))
    chosen = (
        *problem.states,
        *(v for v in free if v.name in used),
        *(_renamed(v, moved) for v in twins if v in problem.states or _unsafe_name(v.name) in used),
    )
    points = region(
        tuple(v.name for v in chosen),
        tuple(v.range for v in chosen),
        all_of(*(v.exact for v in chosen), *formulas),
    )
    timed = TIME_NAME in used or _unsafe_name(TIME_NAME) in used
    return Obligation(
        name="levels",
        part=f"{start.name} to {end.name}" if start.name else "",
        statement="B at an initial point x < B at an unsafe point x'",
        region=points,
        expr=high - low,
        strict=True,
        defined=partial_roots(low, high),
        sufficient=timed and problem.time is TimeKind.DISCRETE,
    )


def automatic_levels(problem: Problem) -> Conditions:
    """The condition ``levels`` of ``levels: auto``, over pairs of points.

    If c1 >= max B on the initial set and c2 <= min B on the unsafe set with c1 < c2, the claim
    holds for all pairs; where B does not increase along trajectories, the claim for all pairs
    keeps them off the unsafe set even if no such numbers exist. Conditions on a level surface
    need the number itself, hence are unsupported.
    """
    kind = problem.certificate.condition
    if kind not in _NEEDS_NO_LEVEL:
        return unsupported("levels", f"levels: auto gives {kind.value} no level to speak about")
    pairs = (_pair(problem, start, end) for start in problem.modes for end in problem.modes)
    return Conditions(obligations=tuple(pairs))
