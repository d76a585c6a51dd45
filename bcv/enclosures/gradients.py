"""How low can this expression get on these boxes, given its slopes there? Mean-value forms.

Soundness depends on this file: branch and bound proves claims by these bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bcv import expr as ex
from bcv.enclosures.floats import gradient_tape
from bcv.enclosures.intervals import IntervalMachine
from bcv.enclosures.tape import compile_tape
from bcv.expr import Expr, Op

Array = NDArray[np.float64]


def is_continuous(root: Expr) -> bool:
    """True only if the expression is continuous wherever it is defined.

    Every operation is, save SELECT; one is accepted if its branches visibly agree where its
    condition is 0: their difference has the condition as a factor.
    """
    return all(
        _vanishes_with(node.args[0], node.args[1] - node.args[2])
        or all(_vanishes_with(node.args[0], branch) for branch in node.args[1:])
        for node in ex.postorder(root)
        if node.op is Op.SELECT
    )


def _vanishes_with(condition: Expr, node: Expr) -> bool:
    """True only if the node is 0 wherever the condition is, as its outermost factors show."""
    plain = condition.args[0] if condition.op is Op.NEG else condition
    pending, seen = [node], {node}
    while pending:
        factor = pending.pop()
        if factor is ex.ZERO or factor in (condition, plain, -condition):
            return True
        if factor.op in (Op.MUL, Op.POW, Op.NEG, Op.ABS):
            pending.extend(set(factor.args) - seen)
            seen.update(factor.args)
    return False


@dataclass(frozen=True, slots=True)
class Slopes:
    """An expression and its gradient on K boxes; rounded outwards.

    Attributes:
        lo, hi: enclosures of the values, (K,).
        slope_lo, slope_hi: enclosures of the partial derivatives, (n_variables, K); at kinks of
            all Clarke generalised gradients. (-inf, +inf) where one is possibly undefined.
    """

    lo: Array
    hi: Array
    slope_lo: Array
    slope_hi: Array


class MeanValueForm:
    """Bounds an expression on boxes by its value at a point and its slopes. One per thread.

    For x in the box and c any point of it, g(x) is in g(c) + sum_i G_i (x_i - c_i), G_i an
    enclosure of the generalised i-th partial derivative on the box (Lebourg's mean value theorem,
    for g locally Lipschitz on the box). c is the point that makes the bound best (Baumann 1988):
    an end of the box in each direction in which g is monotone.

    Where g is possibly undefined the bound is infinite, and where a slope has no bound, because
    of a square root at 0 say, the natural enclosure of g is the bound: so g need not be Lipschitz.

    Args:
        root: the expression g, continuous by ``is_continuous``; else ValueError.
        variables: names of the coordinates.
        capacity: the largest batch that is expected.
    """

    def __init__(self, root: Expr, variables: Sequence[str], capacity: int = 4096) -> None:
        if not is_continuous(root):
            raise ValueError("the mean value theorem does not hold for an expression that can jump")
        self._slopes = IntervalMachine(gradient_tape(root, variables), capacity)
        self._value = IntervalMachine(compile_tape((root,), variables), capacity)

    def slopes(self, lo: Array, hi: Array) -> Slopes:
        """Enclosures of value and gradient on boxes (n_variables, K)."""
        low, high = self._slopes.evaluate(lo, hi)
        return Slopes(low[0], high[0], low[1:], high[1:])

    def lower_bound(self, lo: Array, hi: Array, slopes: Slopes | None = None) -> Array:
        """Rigorous lower bounds on boxes (n_variables, K), never below the natural ones.

        Args:
            slopes: what ``slopes(lo, hi)`` gave for the same boxes, if it is known already.

        Returns:
            (K,); -inf where the expression is possibly undefined.
        """
        known = self.slopes(lo, hi) if slopes is None else slopes
        centre = best_centre(lo, hi, known.slope_lo, known.slope_hi)
        value, _ = self._value.evaluate(centre, centre)
        bound = mean_value_bound(value[0], lo, hi, centre, known.slope_lo, known.slope_hi)
        return _better(known.lo, known.hi, bound)

    def upper_bound(self, lo: Array, hi: Array, slopes: Slopes | None = None) -> Array:
        """Rigorous upper bounds; otherwise like ``lower_bound``."""
        known = self.slopes(lo, hi) if slopes is None else slopes
        least, most = -known.slope_hi, -known.slope_lo
        centre = best_centre(lo, hi, least, most)
        _, value = self._value.evaluate(centre, centre)
        bound = mean_value_bound(-value[0], lo, hi, centre, least, most)
        return -_better(-known.hi, -known.lo, bound)


def best_centre(lo: Array, hi: Array, slope_lo: Array, slope_hi: Array) -> Array:
    """The points (n, K) at which a mean-value lower bound is best; any point of the box is sound.

    An end where the slope has one sign, otherwise the point from which both ends lose alike.
    """
    with np.errstate(all="ignore"):
        share = np.clip(-slope_lo / (slope_hi - slope_lo), 0.0, 1.0)
        share = np.where(np.isnan(share), 0.5, share)
        centre = np.where(share == 1.0, hi, np.where(share == 0.0, lo, lo + (hi - lo) * share))
    finite = np.where(np.isfinite(centre), centre, np.clip(0.0, lo, hi))
    return np.clip(finite, lo, hi)


def mean_value_bound(
    value: Array, lo: Array, hi: Array, centre: Array, slope_lo: Array, slope_hi: Array
) -> Array:
    """Rigorous lower bounds, (K,), of value + sum_i [slope_i] (x_i - centre_i) over boxes.

    Rounded down, also where a product underflows; the value itself where nothing is lost.

    Args:
        value: lower bounds of the expression at the centres, (K,).
        lo, hi, centre: the boxes and points in them, (n, K).
        slope_lo, slope_hi: enclosures of the generalised partial derivatives, (n, K).
    """
    with np.errstate(all="ignore"):
        below = _product_up(np.maximum(slope_hi, 0.0), _difference_up(centre, lo))
        above = _product_up(np.maximum(-slope_lo, 0.0), _difference_up(hi, centre))
        terms = np.maximum(below, above)
        # n - 1 additions of nonnegative numbers err by at most (n - 1) u of the sum.
        loss = terms.sum(axis=0) * (1.0 + (len(terms) + 1) * 2.0**-52)
        bound = value - loss
        # Exact where nothing is lost; otherwise a step down, see interval_arithmetic.round_up.
        return np.where(loss == 0.0, value, bound - np.abs(bound) * 2.0**-52)


def _difference_up(a: Array, b: Array) -> Array:
    """An upper bound of a - b for a >= b; exact where it is 0 or subnormal."""
    difference: Array = a - b
    return difference * (1.0 + 2.0**-51)


def _product_up(a: Array, b: Array) -> Array:
    """An upper bound of a * b for a, b >= 0, with 0 * inf = 0."""
    return np.where((a == 0.0) | (b == 0.0), 0.0, a * b * (1.0 + 2.0**-51) + 2.0**-1073)


def _better(natural_lo: Array, natural_hi: Array, bound: Array) -> Array:
    """The larger lower bound; the natural one where the expression is possibly undefined."""
    unknown = np.isneginf(natural_lo) & np.isposinf(natural_hi)
    best: Array = np.where(unknown | np.isnan(bound), natural_lo, np.maximum(natural_lo, bound))
    return best
