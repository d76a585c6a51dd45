"""What are B and its derivative at a witness? The numbers that explain a failure.

Soundness does not depend on this file: the witness was verified before.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from bcv import expr as ex
from bcv.enclosures.exact import exact_value, value_text
from bcv.evidence import Box, Point, Segment, Witness
from bcv.expr import Expr
from bcv.problem import TIME_NAME, Mode, Problem, TimeKind
from bcv.reports.words import equation


def quantities(problem: Problem, condition: str, witness: Witness) -> list[str]:
    """Equations for B (or h) and for LfB or B+ at the witness, where they have values.

    At a segment or box they are those of its middle, which is near the surface.
    """
    point = _middle(witness)
    found = []
    for name, expression in _expressions(problem, _mode(problem, condition)):
        if ex.variables(expression) <= point.keys():
            value = exact_value(expression, point)
            if value is not None:
                exact = isinstance(value, Fraction)
                found.append(equation(name, value) if exact else f"{name} ≈ {value_text(value)}")
    return found


def _middle(witness: Witness) -> dict[str, Fraction]:
    match witness:
        case Point(point):
            return dict(point)
        case Segment(start, end) | Box(start, end):
            return {name: (a + b) / 2 for (name, a), (_, b) in zip(start, end, strict=True)}


def _mode(problem: Problem, condition: str) -> Mode:
    _, _, suffix = condition.partition(":")
    source = suffix.partition("->")[0]
    return next((mode for mode in problem.modes if mode.name == source), problem.modes[0])


def _expressions(problem: Problem, mode: Mode) -> Iterator[tuple[str, Expr]]:
    letter = "h" if problem.certificate.positive_safe else "B"
    yield letter, mode.barrier
    names = [state.name for state in problem.states]
    if problem.time is TimeKind.DISCRETE:
        after = dict(zip(names, mode.dynamics, strict=True))
        yield f"{letter}+", ex.substitute(mode.barrier, after)
        return
    rate = ex.derivative(mode.barrier, TIME_NAME)
    for name, speed in zip(names, mode.dynamics, strict=True):
        rate = rate + ex.derivative(mode.barrier, name) * speed
    if not problem.diffusion and not problem.jumps and not problem.inputs:
        yield f"Lf{letter}", rate
