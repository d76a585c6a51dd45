"""Over which points does a claim range, and what is B? Regions, levels and the sign convention.

Soundness depends on this file: a region that loses points makes a claim too weak.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from bcv import expr as ex
from bcv.conditions.conditions import Conditions
from bcv.errors import Place, ProblemError
from bcv.expr import Expr
from bcv.obligation import Obligation
from bcv.problem import TIME_NAME, ConditionKind, Mode, Problem, TimeKind, Variable
from bcv.region import (
    TRUE,
    Formula,
    Range,
    Region,
    Relation,
    all_of,
    any_of,
    at_least,
    atoms,
    equal,
    greater,
    region,
)

_MAX_WORDS: Final = 60


def barrier(problem: Problem, mode: Mode) -> Expr:
    """B of the conditions: the mode's expression, or its negative under positive-safe."""
    return -mode.barrier if problem.certificate.positive_safe else mode.barrier


def named(mode: Mode, condition: str) -> str:
    """The condition's name in reports: ``flow``, or ``flow:heating`` in a hybrid system."""
    return f"{condition}:{mode.name}" if mode.name else condition


def on_domain(mode: Mode) -> str:
    """The words for the mode's domain."""
    return f"on the domain of {mode.name}" if mode.name else "on the domain"


def in_words(expr: Expr) -> str:
    """The expression for a statement; (...) if it is too long to read."""
    text = ex.to_text(expr, limit=_MAX_WORDS)
    return text if len(text) <= _MAX_WORDS else "(...)"


def explicit_levels(problem: Problem) -> tuple[Expr, Expr] | None:
    """(c1, c2) if the certificate gives them."""
    levels = problem.certificate.levels
    return levels if isinstance(levels, tuple) else None


def surface_level(problem: Problem) -> Expr:
    """The level of B that separates: c1 if levels are given, else 0."""
    levels = explicit_levels(problem)
    return levels[0] if levels else ex.ZERO


def safe_side(problem: Problem, b: Expr) -> Formula:
    """Where the certificate keeps the state: B <= level, or B < level with ``strict: initial``."""
    level = surface_level(problem)
    return greater(level, b) if problem.certificate.strict_initial else at_least(level, b)


def on_surface(problem: Problem, b: Expr) -> Formula:
    """B = level."""
    return equal(b, surface_level(problem))


def surface_words(problem: Problem) -> str:
    """``B = 0``, or ``B = c1`` with its value."""
    return f"B = {in_words(surface_level(problem))}"


def coordinates(problem: Problem) -> tuple[Variable, ...]:
    """What may vary beside the states: time, ranged parameters, disturbances; in this order."""
    time = Variable(TIME_NAME, Range(Fraction(0), problem.horizon), TRUE)
    return (time, *problem.parameters, *problem.disturbances)


def region_of(
    problem: Problem, formulas: tuple[Formula, ...], roots: tuple[Expr, ...], states: bool = True
) -> Region:
    """The points of the state bounds where all formulas hold.

    Coordinates are the states (unless ``states`` is False), then those of t, the ranged
    parameters and the disturbances that occur in the formulas or the roots. Every coordinate's
    true bounds hold; conjuncts are: exact bounds in the order of coordinates, then the formulas.
    Raises ProblemError if anything else occurs.
    """
    occurring = ex.variables(*roots, *(atom.expr for part in formulas for atom in atoms(part)))
    extra = tuple(v for v in coordinates(problem) if v.name in occurring)
    known = {v.name for v in (*(problem.states if states else ()), *coordinates(problem))}
    for name in sorted(occurring - known):
        raise ProblemError(
            f"{name} stands in a set or in B",
            "Inputs and noise may stand in the dynamics only",
            Place(problem.file) if problem.file else None,
        )
    chosen = (*(problem.states if states else ()), *extra)
    return region(
        tuple(v.name for v in chosen),
        tuple(v.range for v in chosen),
        all_of(*(v.exact for v in chosen), *formulas),
    )


def partial_roots(*roots: Expr) -> tuple[Expr, ...]:
    """Those that are not defined everywhere, once each."""
    return tuple(dict.fromkeys(root for root in roots if not root.total))


def claim(
    problem: Problem,
    name: str,
    statement: str,
    where: tuple[Formula, ...],
    expr: Expr,
    *,
    strict: bool = False,
    part: str = "",
    defined: tuple[Expr, ...] = (),
    sufficient: bool = False,
) -> Obligation:
    """The obligation "expr >= 0 (> 0 if strict) where all of the formulas hold".

    In discrete time t ranges over all reals of its range, so that a failure between two steps
    refutes nothing.
    """
    needed = tuple(root for root in partial_roots(*defined) if root is not expr)
    points = region_of(problem, where, (expr, *needed))
    between_steps = problem.time is TimeKind.DISCRETE and TIME_NAME in points.variables
    return Obligation(
        name=name,
        part=part,
        statement=statement,
        region=points,
        expr=expr,
        strict=strict,
        defined=needed,
        sufficient=sufficient or between_steps,
    )


def no_jump(
    problem: Problem,
    mode: Mode,
    name: str,
    jump: tuple[Expr, Expr],
    words: str,
    part: str,
    *,
    defined: tuple[Expr, ...] = (),
    sufficient: bool = True,
) -> tuple[Obligation, Obligation]:
    """That a jump (c, height), as of ``kinks.jumps``, has height 0 where c = 0 in the domain.

    ``words`` end before "is <= 0", ``part`` before ", <=".
    """
    c, height = jump
    below, above = (
        claim(
            problem,
            name,
            f"{words} is {sign} 0",
            (mode.domain, equal(c)),
            difference,
            part=f"{part}, {sign}",
            defined=defined,
            sufficient=sufficient,
        )
        for sign, difference in (("<=", -height), (">=", height))
    )
    return below, above


def is_stochastic(problem: Problem) -> bool:
    """Whether chance enters the dynamics."""
    return bool(problem.noise or problem.diffusion or problem.jumps)


def scope(problem: Problem) -> Conditions:
    """What every claim takes for granted about the state space, the disturbances and inputs.

    ``boundary`` says nothing about a state that slides along the domain's edge.
    """
    limited = any(v.range.lo is not None or v.range.hi is not None for v in problem.states) or any(
        mode.domain != TRUE for mode in problem.modes
    )
    assumes: list[str] = []
    if limited and not problem.domain_invariant:
        edge = problem.certificate.condition is ConditionKind.BOUNDARY
        thin = any(a.relation is Relation.EQ for mode in problem.modes for a in atoms(mode.domain))
        inner = "relative interior of the " if thin else "interior of the "
        sure = " almost surely" if is_stochastic(problem) else ""
        assumes.append(f"the state stays in the {inner if edge else ''}domain{sure}")
    if problem.disturbances:
        assumes.append("disturbances are measurable in time and locally bounded")
    if problem.inputs:
        assumes.append("at each state an input that satisfies the condition is applied")
    notes: tuple[str, ...] = ()
    if problem.uses_time:
        until = "every t" if problem.horizon is None else f"0 <= t <= {problem.horizon}"
        notes = (f"the conditions are required for {until}, that on the initial set too",)
    return Conditions(assumes=tuple(assumes), notes=notes)


def empty_note(problem: Problem, what: str) -> Conditions:
    """A note if the set (``initial`` or ``unsafe``) is plainly empty in every mode."""
    sets = [all_of(mode.domain, getattr(mode, what)) for mode in problem.modes]
    if any(region_of(problem, (points,), ()).formula != any_of() for points in sets):
        return Conditions()
    return Conditions(notes=(f"the {what} set is empty: its condition holds vacuously",))
