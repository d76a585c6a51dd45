"""What does ``boundary`` need besides LfB <= 0 where B = 0? Regularity and a Lipschitz field.

Soundness depends on this file: without them the condition proves nothing.
"""

from __future__ import annotations

from bcv import expr as ex
from bcv.conditions.conditions import Conditions, joined
from bcv.conditions.independence import independent
from bcv.conditions.kinks import detached, jumps, piece, switching
from bcv.conditions.setting import (
    claim,
    in_words,
    named,
    no_jump,
    on_domain,
    on_surface,
    surface_words,
)
from bcv.expr import Expr, Op
from bcv.gradient import gradient
from bcv.obligation import Obligation
from bcv.problem import TIME_NAME, Mode, Problem
from bcv.region import equal


def _dot(a: tuple[Expr, ...], b: tuple[Expr, ...]) -> Expr:
    total = ex.ZERO
    for left, right in zip(a, b, strict=True):
        total = total + left * right
    return total


def _slopes(problem: Problem, b: Expr) -> tuple[Expr, ...]:
    """The derivatives by the states and by time; time flows too, parameters do not."""
    names = (*(state.name for state in problem.states), TIME_NAME)
    return gradient(b, names)


def _regular(problem: Problem, mode: Mode, b: Expr) -> tuple[Obligation, ...]:
    """|grad B|^2 > 0 on the surface; where pieces meet, no two gradients at an obtuse angle.

    Then 0 is not a convex combination of the gradients g_i that meet, which is what a regular
    point of a piecewise smooth function is: |sum l_i g_i|^2 >= sum l_i^2 |g_i|^2 > 0. Where there
    is one kink only two gradients meet, and it is enough that these are not opposite: that they
    are independent, or at an acute angle.
    """
    slopes = _slopes(problem, b)
    where = (mode.domain, on_surface(problem, b))
    name, surface = named(mode, "regular"), surface_words(problem)
    found = [
        claim(
            problem,
            name,
            f"grad B is not zero where {surface} {on_domain(mode)}",
            where,
            _dot(slopes, slopes),
            strict=True,
            defined=(b,),
        )
    ]
    kinks = switching(*slopes)
    for c in kinks:
        above = tuple(piece(slope, c, True) for slope in slopes)
        below = tuple(detached(piece(slope, c, False), kinks) for slope in slopes)
        angle, words, strict = _dot(above, below), "do not point apart", False
        if len(kinks) == 1 and (angle.constant is None or angle.constant < 0):
            words, strict = "are not opposite", True
            angle = ex.maximum(angle, _dot(above, above) * _dot(below, below) - angle**2)
        found.append(
            claim(
                problem,
                name,
                f"gradients on both sides of {in_words(c)} = 0 {words}",
                (*where, equal(c)),
                angle,
                strict=strict,
                part=f"kink of B where {in_words(c)} = 0",
                sufficient=True,
            )
        )
    return tuple(found)


def _not_lipschitz_at(node: Expr) -> Expr | None:
    """An expression that is positive wherever the node is Lipschitz in its operand, if defined."""
    if node.op is Op.SQRT and (node.args[0].constant is None):
        return node.args[0]
    if node.op in (Op.ASIN, Op.ACOS) and node.args[0].constant is None:
        return ex.ONE - node.args[0] ** 2
    return None


def _lipschitz(
    problem: Problem, mode: Mode, b: Expr, field: tuple[Expr, ...]
) -> tuple[Obligation, ...]:
    """Enough for f to be locally Lipschitz: roots stay off 0 on the surface, and f never jumps.

    Every other operation is locally Lipschitz where it is defined; a continuous choice between
    Lipschitz pieces is Lipschitz.
    """
    name = named(mode, "flow")
    found = []
    for node in ex.postorder(*field):
        inner = _not_lipschitz_at(node)
        if inner is not None:
            found.append(
                claim(
                    problem,
                    name,
                    f"f is Lipschitz near {surface_words(problem)}: {in_words(inner)} > 0",
                    (mode.domain, on_surface(problem, b)),
                    inner,
                    strict=True,
                    part=f"Lipschitz at {in_words(node)}",
                    sufficient=True,
                )
            )
    for component, state in zip(field, problem.states, strict=True):
        for jump in jumps(component):
            at = f"where {in_words(jump[0])} = 0"
            words = f"the dynamics of {state.name} do not jump {at}: the difference"
            part = f"continuity of d{state.name}/dt {at}"
            found += no_jump(problem, mode, name, jump, words, part)
    return tuple(found)


def side_conditions(
    problem: Problem, mode: Mode, b: Expr, field: tuple[Expr, ...], lie: Expr
) -> Conditions:
    """``regular``, and what makes f locally Lipschitz, for a mode under ``boundary``."""
    obligations = (*_regular(problem, mode, b), *_lipschitz(problem, mode, b, field))
    return joined(Conditions(obligations=obligations), independent(problem, mode, b, lie))
