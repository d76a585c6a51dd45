"""Does some input in the box do? The least value over the inputs, in closed form.

Soundness depends on this file: the least value may not be taken too low.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from bcv import expr as ex
from bcv.conditions.kinks import switching
from bcv.conditions.terms import terms_in
from bcv.errors import Place, ProblemError
from bcv.expr import Expr, Op
from bcv.problem import Problem, TimeKind, Variable
from bcv.region import TRUE, Formula, at_least, equal


@dataclass(frozen=True, slots=True)
class Least:
    """min over u of an expression: ``value`` where all of ``where`` hold, minus infinity elsewhere.

    Conditions arise from unbounded inputs only.
    """

    value: Expr
    where: tuple[Formula, ...] = ()


def _wrong(problem: Problem, what: str) -> ProblemError:
    names = ", ".join(v.name for v in problem.inputs)
    place = Place(problem.file) if problem.file else None
    return ProblemError(
        f"{what} is not an affine function of the inputs ({names})",
        "Inputs may enter linearly only, with coefficients free of inputs",
        place,
    )


def without_inputs(problem: Problem, dynamics: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """The dynamics with all inputs 0: defined wherever the dynamics are, for any input.

    Raises ProblemError if an input stands in a function other than a polynomial.
    """
    names = tuple(v.name for v in problem.inputs)
    if not names:
        return dynamics
    for state, f in zip(problem.states, dynamics, strict=True):
        if terms_in(f, names) is None:
            raise _wrong(problem, f"the dynamics of {state.name}")
    zeros = dict.fromkeys(names, ex.ZERO)
    return tuple(ex.substitute(f, zeros) for f in dynamics)


def _affine(problem: Problem, value: Expr) -> tuple[Expr, tuple[Expr, ...]]:
    names = tuple(v.name for v in problem.inputs)
    terms = terms_in(value, names)
    if terms is None or any(sum(exponents) > 1 for exponents in terms):
        raise _wrong(problem, "the condition on the dynamics")
    units = [tuple(int(i == k) for i in range(len(names))) for k in range(len(names))]
    return terms.get((0,) * len(names), ex.ZERO), tuple(terms.get(u, ex.ZERO) for u in units)


def _least_term(slope: Expr, variable: Variable) -> Least:
    """The least value of slope*u: at mid -+ half where bounded, so that no case split is needed."""
    lo, hi = variable.range.lo, variable.range.hi
    if slope is ex.ZERO:
        return Least(ex.ZERO)
    if lo is not None and hi is not None:
        middle, half = ex.const((lo + hi) / 2), ex.const(Fraction(hi - lo) / 2)
        return Least(slope * middle - half * ex.apply(Op.ABS, slope))
    if lo is not None:
        return Least(slope * ex.const(lo), (at_least(slope),))
    if hi is not None:
        return Least(slope * ex.const(hi), (at_least(-slope),))
    return Least(ex.ZERO, (equal(slope),))


def _obstacle(
    problem: Problem, value: Expr, slopes: tuple[Expr, ...], dynamics: tuple[Expr, ...]
) -> str:
    if problem.time is not TimeKind.DISCRETE and switching(value, *dynamics):
        return "with inputs, B and the dynamics must be differentiable: one input must do for " + (
            "every piece where they meet"
        )
    if any(v.exact != TRUE for v in problem.inputs):
        return "an input has an irrational bound"
    unknown = {v.name for v in (*problem.parameters, *problem.disturbances)}
    if unknown & ex.variables(*slopes):
        return "the effect of an input depends on a ranged parameter or a disturbance, so that " + (
            "the best input depends on what is not known"
        )
    return ""


def least_over_inputs(problem: Problem, value: Expr, dynamics: tuple[Expr, ...]) -> Least | str:
    """min over the box of inputs of a value along the dynamics, or why it cannot be stated.

    The coefficients of the inputs are free of disturbances and ranged parameters, hence
    max over d of min over u equals min over u of max over d. Raises ProblemError if the value is
    not affine in the inputs.
    """
    if not problem.inputs:
        return Least(value)
    rest, slopes = _affine(problem, value)
    obstacle = _obstacle(problem, value, slopes, dynamics)
    if obstacle:
        return obstacle
    total = rest
    where: list[Formula] = []
    for slope, variable in zip(slopes, problem.inputs, strict=True):
        least = _least_term(slope, variable)
        total = total + least.value
        where += least.where
    return Least(total, tuple(where))
