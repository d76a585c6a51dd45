"""What must B satisfy on the initial and unsafe sets, and which levels separate them?

Soundness depends on this file.
"""

from __future__ import annotations

from bcv.conditions.conditions import Conditions, joined
from bcv.conditions.levels import automatic_levels
from bcv.conditions.setting import (
    barrier,
    claim,
    empty_note,
    explicit_levels,
    in_words,
    named,
    region_of,
)
from bcv.expr import Expr
from bcv.obligation import Obligation
from bcv.problem import Mode, Problem
from bcv.region import FALSE


def _initial(problem: Problem, mode: Mode) -> Obligation:
    strict = problem.certificate.strict_initial
    b, levels = barrier(problem, mode), explicit_levels(problem)
    if levels:
        words, expr = f"B {'<' if strict else '<='} {in_words(levels[0])}", levels[0] - b
    elif problem.certificate.positive_safe:
        words, expr = f"h {'>' if strict else '>='} 0", mode.barrier
    else:
        words, expr = f"B {'<' if strict else '<='} 0", -b
    return claim(
        problem,
        named(mode, "initial"),
        f"{words} on the initial set",
        (mode.domain, mode.initial),
        expr,
        strict=strict,
    )


def _unsafe(problem: Problem, mode: Mode) -> Obligation:
    strict = not problem.certificate.strict_initial
    b, levels = barrier(problem, mode), explicit_levels(problem)
    if levels:
        words, expr, strict = f"B >= {in_words(levels[1])}", b - levels[1], False
    elif problem.certificate.positive_safe:
        words, expr = f"h {'<' if strict else '<='} 0", b
    else:
        words, expr = f"B {'>' if strict else '>='} 0", b
    return claim(
        problem,
        named(mode, "unsafe"),
        f"{words} on the unsafe set",
        (mode.domain, mode.unsafe),
        expr,
        strict=strict,
    )


def _levels(problem: Problem, levels: tuple[Expr, Expr]) -> Obligation:
    low, high = levels
    return Obligation(
        name="levels",
        part="",
        statement=f"{in_words(low)} < {in_words(high)}",
        region=region_of(problem, (), levels, states=False),
        expr=high - low,
        strict=True,
    )


def separation(problem: Problem) -> Conditions:
    """The conditions ``initial``, ``unsafe`` and ``levels`` in every mode.

    A mode of a hybrid system without such a set has no such condition.
    """
    levels = problem.certificate.levels
    if levels == "auto":
        return joined(
            automatic_levels(problem),
            empty_note(problem, "initial"),
            empty_note(problem, "unsafe"),
        )
    found: list[Obligation] = []
    for mode in problem.modes:
        if mode.initial != FALSE or not mode.name:
            found.append(_initial(problem, mode))
    for mode in problem.modes:
        if mode.unsafe != FALSE or not mode.name:
            found.append(_unsafe(problem, mode))
    if levels is not None:
        found.append(_levels(problem, levels))
    return joined(
        Conditions(obligations=tuple(found)),
        empty_note(problem, "initial"),
        empty_note(problem, "unsafe"),
    )
