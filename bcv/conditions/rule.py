"""How does a bound along the dynamics become a claim? The same for a flow and for a step.

Soundness depends on this file.
"""

from __future__ import annotations

from dataclasses import dataclass

from bcv.conditions.inputs import least_over_inputs, without_inputs
from bcv.conditions.setting import claim, on_domain
from bcv.expr import Expr
from bcv.obligation import Obligation
from bcv.problem import Mode, Problem
from bcv.region import Formula


@dataclass(frozen=True, slots=True)
class Rule:
    """``value <= 0`` (``< 0`` if strict) on the domain where all of ``where`` hold."""

    words: str
    value: Expr
    where: tuple[Formula, ...] = ()
    strict: bool = False


def claim_of(problem: Problem, mode: Mode, name: str, b: Expr, rule: Rule) -> Obligation | str:
    """The rule as a claim, for some value of the inputs, or why it cannot be stated.

    B, the dynamics and the rate must be defined wherever it speaks. Raises ProblemError if inputs
    are not affine.
    """
    field = without_inputs(problem, mode.dynamics)
    least = least_over_inputs(problem, rule.value, mode.dynamics, (mode.domain, *rule.where))
    if isinstance(least, str):
        return least
    rate = problem.certificate.rate
    chosen = " for some input" if problem.inputs else ""
    return claim(
        problem,
        name,
        f"{rule.words} {on_domain(mode)}{chosen}",
        (mode.domain, *rule.where, *least.where),
        -least.value,
        strict=rule.strict,
        defined=(b, *field, *((rate,) if rate is not None else ())),
    )
