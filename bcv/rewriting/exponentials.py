"""What is a claim as a polynomial in exp(u), if it has tanh(u), sinh(2*u), exp(-3*u) in it?

Soundness depends on this file: goal == claim * factor must hold identically, with factor > 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm
from typing import Final

from bcv import expr as ex
from bcv.evidence import Power
from bcv.expr import Expr, Op
from bcv.rewriting.normal_form import exponential_factor, fraction
from bcv.rewriting.pieces import addends, exchanged

_HYPERBOLIC: Final = frozenset({Op.SINH, Op.COSH, Op.TANH})
_MOST_MULTIPLES: Final = 12
"""Larger powers of one exponential are not made."""


@dataclass(frozen=True, slots=True)
class Exponential:
    """``goal == claim * factor`` with the ``powers`` put in, where factor > 0."""

    powers: tuple[Power, ...]
    factor: Expr
    goal: Expr


def exponential_form(claim: Expr) -> Exponential | None:
    """The claim with its exponentials and hyperbolic functions as powers of a few exponentials.

    Exponentials that are factors of the whole are left out. None if there is nothing to gain (at
    most one function of each operand's multiples), or if the claim's denominator is not plainly
    positive.
    """
    powers = tuple(_powers(ex.postorder(claim)))
    used = [unit for power in powers for unit, _ in power.units if ex.variables(unit)]
    if len(set(used)) == len(used):
        return None
    found = fraction(exchanged(claim, {power.term: written(power) for power in powers}))
    if found is None:
        return None
    goal, factor = found
    if not is_plainly_positive(factor):
        goal, factor = -goal, -factor
    if not is_plainly_positive(factor):
        return None
    common, rest = exponential_factor(goal)
    return Exponential(powers, ex.div(factor, common), rest)


def written(power: Power) -> Expr:
    """The term, by the units' powers."""
    p = ex.ONE
    for unit, count in power.units:
        size = unit ** abs(count)
        p = p * size if count >= 0 else p / size
    q = ex.ONE / p
    match power.term.op:
        case Op.SINH:
            return (p - q) / ex.const(2)
        case Op.COSH:
            return (p + q) / ex.const(2)
        case Op.TANH:
            return (p - q) / (p + q)
        case _:
            return p


def is_plainly_positive(root: Expr) -> bool:
    """Whether the term is made of positive constants and exponentials by + * / ** alone."""
    known: dict[Expr, bool] = {}
    for node in ex.postorder(root):
        sums = node.op in (Op.ADD, Op.MUL, Op.DIV, Op.POW) and all(
            known[part] for part in node.args
        )
        positive = node.constant is not None and node.constant > 0
        known[node] = node.op is Op.EXP or sums or positive
    return known[root]


def _powers(nodes: Iterable[Expr]) -> Iterator[Power]:
    """Each exponential and hyperbolic function with the exponentials it is made of."""
    terms = [node for node in nodes if node.op in _HYPERBOLIC or node.op is Op.EXP]
    parts = {term: _linear(term.args[0]) for term in terms}
    measures: dict[Expr, Fraction] = {}
    for part in parts.values():
        for base, factor in part.items():
            measures[base] = _common_measure(measures.get(base, Fraction(0)), abs(factor))
    for term in terms:
        counts = {base: int(factor / measures[base]) for base, factor in parts[term].items()}
        if all(abs(count) <= _MOST_MULTIPLES for count in counts.values()):
            units = (
                (ex.apply(Op.EXP, ex.const(measures[base]) * base), count)
                for base, count in counts.items()
            )
            yield Power(term, tuple(units))


def _linear(operand: Expr) -> dict[Expr, Fraction]:
    """Bases u and factors k with operand = sum k*u, as it is written; a sum of numbers is one."""
    found: dict[Expr, Fraction] = {}
    number = Fraction(0)
    for addend in addends(operand):
        factor, base = Fraction(1), addend
        if base.op is Op.NEG:
            factor, base = -factor, base.args[0]
        if base.op is Op.MUL and base.args[0].constant is not None:
            factor, base = factor * base.args[0].constant, base.args[1]
        if base.constant is not None:
            number += factor * base.constant
        else:
            found[base] = found.get(base, Fraction(0)) + factor
    if number:
        found[ex.const(abs(number))] = Fraction(1 if number > 0 else -1)
    return {base: factor for base, factor in found.items() if factor}


def _common_measure(a: Fraction, b: Fraction) -> Fraction:
    """The largest rational of which both are whole multiples."""
    bottom = lcm(a.denominator, b.denominator)
    return Fraction(gcd(int(a * bottom), int(b * bottom)), bottom)
