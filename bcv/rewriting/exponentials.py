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
from bcv.rewriting.normal_form import fraction
from bcv.rewriting.pieces import exchanged

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

    None if there is nothing to gain: at most one function of each operand's multiples; or if the
    claim's denominator is not plainly positive.
    """
    powers = tuple(_powers(ex.postorder(claim)))
    if len({power.unit for power in powers}) == len(powers):
        return None
    exchange = {power.term: written(power) for power in powers}
    found = fraction(exchanged(claim, exchange))
    if found is None:
        return None
    goal, factor = found
    if not is_plainly_positive(factor):
        goal, factor = -goal, -factor
    return Exponential(powers, factor, goal) if is_plainly_positive(factor) else None


def written(power: Power) -> Expr:
    """The term, by the unit's powers."""
    p = power.unit ** abs(power.count)
    q = ex.ONE / p
    if power.count < 0:
        p, q = q, p
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
    """Whether the term is made of positive constants and exponentials by + * ** alone."""
    known: dict[Expr, bool] = {}
    for node in ex.postorder(root):
        sums = node.op in (Op.ADD, Op.MUL, Op.POW) and all(known[part] for part in node.args)
        positive = node.constant is not None and node.constant > 0
        known[node] = node.op is Op.EXP or sums or positive
    return known[root]


def _powers(nodes: Iterable[Expr]) -> Iterator[Power]:
    """Each exponential and hyperbolic function with the exponential it is made of."""
    terms = [node for node in nodes if node.op in _HYPERBOLIC or node.op is Op.EXP]
    units: dict[Expr, Fraction] = {}
    for term in terms:
        factor, base = _scaled(term.args[0])
        units[base] = _common_measure(units.get(base, Fraction(0)), abs(factor))
    for term in terms:
        factor, base = _scaled(term.args[0])
        count = int(factor / units[base])
        if abs(count) <= _MOST_MULTIPLES:
            yield Power(term, ex.apply(Op.EXP, ex.const(units[base]) * base), count)


def _scaled(operand: Expr) -> tuple[Fraction, Expr]:
    """(c, u) with operand = c*u, as it is written."""
    if operand.op is Op.NEG:
        factor, base = _scaled(operand.args[0])
        return -factor, base
    if operand.op is Op.MUL and operand.args[0].constant is not None:
        return operand.args[0].constant, operand.args[1]
    return Fraction(1), operand


def _common_measure(a: Fraction, b: Fraction) -> Fraction:
    """The largest rational of which both are whole multiples."""
    bottom = lcm(a.denominator, b.denominator)
    return Fraction(gcd(int(a * bottom), int(b * bottom)), bottom)
