"""Does some input in the box do? The least value over the inputs, in closed form.

Soundness depends on this file: the least value may not be taken too low.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bcv import expr as ex
from bcv.conditions.kinks import jumps, switching
from bcv.conditions.terms import terms_in
from bcv.errors import Place, ProblemError
from bcv.expr import Expr, Op
from bcv.problem import Problem, TimeKind, Variable
from bcv.region import TRUE, Formula, at_least, atoms, equal


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
    problem: Problem,
    value: Expr,
    slopes: tuple[Expr, ...],
    dynamics: tuple[Expr, ...],
    where: tuple[Formula, ...],
) -> str:
    if problem.time is not TimeKind.DISCRETE and switching(*dynamics):
        return "with inputs, the dynamics must not jump: one input must do for every piece " + (
            "where they meet"
        )
    if any(v.exact != TRUE for v in problem.inputs):
        return "an input has an irrational bound"
    unknown = (*problem.parameters, *problem.disturbances)
    if {v.name for v in unknown} & ex.variables(*slopes) and not (
        _order_is_immaterial(problem, value, unknown, where)
    ):
        return "the effect of an input depends on a ranged parameter or a disturbance, so that " + (
            "the best input depends on what is not known"
        )
    return ""


def _order_is_immaterial(
    problem: Problem, value: Expr, unknown: Sequence[Variable], where: tuple[Formula, ...]
) -> bool:
    """Whether the unknown may just as well be chosen first: by Sion's minimax theorem.

    For each state, the value is affine in the inputs, which fill a bounded box, and affine in the
    unknown, whose box is bounded and does not depend on the state: so max over the unknown of min
    over the inputs is min over the inputs of max over the unknown, and both are attained.
    """
    present = [v for v in unknown if v.name in ex.variables(value)]
    names = {v.name for v in present}
    bounded = all(v.range.bounded for v in (*present, *problem.inputs))
    if not bounded or names & ex.variables(*(a.expr for part in where for a in atoms(part))):
        return False
    terms = terms_in(value, tuple(names))
    return terms is not None and all(sum(exponents) <= 1 for exponents in terms)


def heights(problem: Problem, value: Expr) -> Iterator[tuple[Expr, Expr]]:
    """Pairs (c, height): what a value affine in the inputs jumps by across c = 0, if not by 0.

    The value is continuous for every input if its coefficients are: where pieces meet they then
    agree, and one input does for all of them.
    """
    rest, slopes = _affine(problem, value)
    for coefficient in (rest, *slopes):
        yield from jumps(coefficient)


def least_over_inputs(
    problem: Problem,
    value: Expr,
    dynamics: tuple[Expr, ...],
    where: tuple[Formula, ...],
) -> Least | str:
    """min over the box of inputs of a value along the dynamics, or why it cannot be stated.

    It is to be at most something wherever ``where`` holds, for all disturbances and ranged
    parameters. These stand in no coefficient of an input, or the order of choosing is immaterial:
    hence max over d of min over u equals min over u of max over d. A value with cases must also be
    continuous (``heights``). Raises ProblemError if the value is not affine in the inputs.
    """
    if not problem.inputs:
        return Least(value)
    rest, slopes = _affine(problem, value)
    obstacle = _obstacle(problem, value, slopes, dynamics, where)
    if obstacle:
        return obstacle
    total = rest
    conditions: list[Formula] = []
    for slope, variable in zip(slopes, problem.inputs, strict=True):
        least = _least_term(slope, variable)
        total = total + least.value
        conditions += least.where
    return Least(total, tuple(conditions))
