"""How does B drift on average along a diffusion with jumps? The infinitesimal generator.

Soundness depends on this file.
"""

from __future__ import annotations

from fractions import Fraction

from bcv import expr as ex
from bcv.conditions.continuous import lie_derivative
from bcv.expr import Expr
from bcv.problem import Problem


def _second_order(problem: Problem, b: Expr) -> Expr:
    """1/2 trace(G G^T Hess B); each off-diagonal pair is counted once, doubled.

    An empty row of G is a state without noise.
    """
    names = tuple(state.name for state in problem.states)
    total = ex.ZERO
    for i, row in enumerate(problem.diffusion):
        slope = ex.derivative(b, names[i])
        for j in range(i + 1):
            covariance = ex.ZERO
            for left, right in zip(row, problem.diffusion[j], strict=False):
                covariance = covariance + left * right
            if covariance is ex.ZERO:
                continue
            curvature = ex.derivative(slope, names[j])
            weight = ex.const(Fraction(1, 2) if i == j else Fraction(1))
            total = total + weight * (covariance * curvature)
    return total


def generator(problem: Problem, b: Expr, field: tuple[Expr, ...]) -> Expr:
    """AB = grad B . f + dB/dt + 1/2 trace(G G^T Hess B) + sum of rate*(B(x + size e_i) - B(x)).

    Ito's formula; B must be twice differentiable. Source: Oksendal and Sulem, Applied Stochastic
    Control of Jump Diffusions, section 1.
    """
    total = lie_derivative(problem, b, field) + _second_order(problem, b)
    for name, jump in problem.jumps:
        after = ex.substitute(b, {name: ex.var(name) + jump.size})
        total = total + jump.rate * (after - b)
    return total
