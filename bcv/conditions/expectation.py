"""What is the exact mean of an expression over independent noise?

Soundness depends on this file: a mean that is too low makes a false bound on a probability.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from bcv import expr as ex
from bcv.conditions.moments import moment
from bcv.conditions.terms import TooManyTermsError, terms_in
from bcv.conditions.transforms import mean_of_functions
from bcv.expr import Expr
from bcv.problem import Discrete, Distribution

MAX_OUTCOMES: Final = 4096
"""More combinations of discrete outcomes than this are not summed up."""

Noise = tuple[tuple[str, Distribution], ...]


def _summed(root: Expr, noise: Noise) -> Expr | str:
    """The mean over discrete noise, by summing over all combinations of outcomes."""
    cases: list[tuple[Fraction, dict[str, Expr]]] = [(Fraction(1), {})]
    for name, distribution in noise:
        if isinstance(distribution, Discrete):
            if len(cases) * len(distribution.outcomes) > MAX_OUTCOMES:
                return f"the noise has more than {MAX_OUTCOMES} combinations of outcomes"
            cases = [
                (weight * probability, {**chosen, name: value})
                for weight, chosen in cases
                for value, probability in distribution.outcomes
            ]
    total = ex.ZERO
    for weight, chosen in cases:
        total = total + ex.const(weight) * ex.substitute(root, chosen)
    return total


def _by_moments(root: Expr, noise: Noise) -> Expr | str:
    names = tuple(name for name, _ in noise)
    try:
        terms = terms_in(root, names)
    except TooManyTermsError as error:
        return f"B after a step has {error} in the noise"
    if terms is None:
        return _by_transforms(root, noise)
    total = ex.ZERO
    for exponents, coefficient in terms.items():
        for (_, distribution), order in zip(noise, exponents, strict=True):
            if order:
                coefficient = coefficient * moment(distribution, order)
        total = total + coefficient
    return total


def _by_transforms(root: Expr, noise: Noise) -> Expr | str:
    """The mean over one noise after the other, of exp, sin, ... of it, too."""
    for name, law in noise:
        found = mean_of_functions(root, name, law)
        if found is None:
            return f"B after a step has no mean in closed form over the noise {name}"
        root = found
    return root


def expectation(root: Expr, noise: Noise) -> Expr | str:
    """The mean over the noise as an expression free of it, or why it has no exact form here.

    Exact: polynomials by moments (the noise is independent), exp, sin and cos of affine operands
    by transforms, any function of discrete noise by summation.
    The result is undefined where the expression is undefined for some outcome.
    """
    present = ex.variables(root)
    used = tuple((name, law) for name, law in noise if name in present)
    if not used:
        return root
    direct = _by_moments(root, used)
    if isinstance(direct, Expr) or not any(isinstance(law, Discrete) for _, law in used):
        return direct
    summed = _summed(root, used)
    if isinstance(summed, str):
        return summed
    rest = tuple((name, law) for name, law in used if not isinstance(law, Discrete))
    return _by_moments(summed, rest) if rest else summed
