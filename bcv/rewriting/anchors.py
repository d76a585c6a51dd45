"""Where does a claim in one variable touch 0 at an irrational bound of its region, as x > pi/3?

Soundness depends on this file: at the bound that is found, the claim must be 0 exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Final

import numpy as np

from bcv import expr as ex
from bcv.enclosures.floats import evaluate
from bcv.enclosures.tape import compile_tape
from bcv.expr import Expr, Op
from bcv.obligation import Obligation
from bcv.region import TRUE, Atom, Region, Relation, atoms, conjuncts
from bcv.rewriting.normal_form import is_identically_zero
from bcv.rewriting.pieces import addends

_TINY: Final = 1e-9
_MARGIN: Final = 1e-6
"""A bound is surely in the box if its estimate is so far inside."""
_SINES: Final = {
    Fraction(0): Fraction(0),
    Fraction(1, 6): Fraction(1, 2),
    Fraction(1, 2): Fraction(1),
    Fraction(5, 6): Fraction(1, 2),
}
"""sin(r pi) for 0 <= r < 1, where r and the sine are rational (Niven's theorem: no others)."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A conjunct that says x >= value (or > value, or <=), by its number, and on which side."""

    atom: int
    value: Expr
    upward: bool
    open: bool


@dataclass(frozen=True, slots=True)
class Touch:
    """A bound where the claim is 0; ``cut`` is where to split first, to have little around it."""

    bound: Bound
    cut: Expr | None


def touch(claim: Obligation) -> Touch | None:
    """An irrational bound at which a claim in one variable is 0."""
    if len(claim.region.variables) != 1 or claim.expr.constant is not None:
        return None
    (name,), (side,) = claim.region.variables, claim.region.box
    for bound in irrational_bounds(claim.region, name):
        at = estimate(bound.value)
        value = evaluate(compile_tape((claim.expr,), (name,)), np.array([[at]]))[0, 0]
        if not abs(value) <= _TINY or not _is_zero(claim.expr, name, bound.value):
            continue
        lo = -np.inf if side.lo is None else float(side.lo)
        hi = np.inf if side.hi is None else float(side.hi)
        if not lo + _MARGIN < at < hi - _MARGIN or (claim.strict and not bound.open):
            continue
        low = Fraction(floor(4 * at), 4) - (0 if 4 * at % 1 > 0.1 else Fraction(1, 4))
        high = low + Fraction(3, 4)
        if side.lo is None or side.lo < low:
            return Touch(bound, ex.var(name) - ex.const(low))
        if side.hi is None or side.hi > high:
            return Touch(bound, ex.var(name) - ex.const(high))
        return Touch(bound, None)
    return None


def slope_claim(claim: Obligation, bound: Bound) -> Obligation:
    """That the claim's expression moves away from 0 on the box, going away from the bound."""
    region = claim.region
    slope = ex.derivative(claim.expr, region.variables[0])
    return Obligation(
        claim.name,
        claim.part,
        claim.statement,
        Region(region.variables, region.box, TRUE),
        slope if bound.upward else -slope,
        claim.strict,
        tuple(root for root in claim.roots if not root.total),
    )


def irrational_bounds(region: Region, name: str) -> Iterator[Bound]:
    """The conjuncts that bound the variable by a constant that is no rational number."""
    number = len(region.box_atoms())
    for part in conjuncts(region.formula):
        if isinstance(part, Atom) and part.relation is not Relation.EQ:
            parts = tuple(addends(part.expr))
            own = [p for p in parts if ex.variables(p)]
            rest = ex.ZERO
            for p in parts:
                rest = rest if ex.variables(p) else rest + p
            if own in ([ex.var(name)], [-ex.var(name)]) and rest.constant is None:
                upward, is_open = own == [ex.var(name)], part.relation is Relation.GT
                yield Bound(number, -rest if upward else rest, upward, is_open)
        number += sum(1 for _ in atoms(part))


def estimate(c: Expr) -> float:
    """A constant's value, roughly."""
    return float(evaluate(compile_tape((c,), ()), np.zeros((0, 1)))[0, 0])


def _is_zero(root: Expr, name: str, at: Expr) -> bool:
    """Whether the value at a constant is seen to be 0 exactly."""
    value = plain_angles(ex.substitute(root, {name: at}))
    return value is ex.ZERO or is_identically_zero(value)


def plain_angles(root: Expr) -> Expr:
    """The expression with sin(r*pi) and cos(r*pi) as rationals, where they are."""
    done: dict[Expr, Expr] = {}
    for node in ex.postorder(root):
        done[node] = ex.rebuild(node, tuple(done[argument] for argument in node.args))
        r = _half_turns(node.args[0]) if node.op in (Op.SIN, Op.COS) else None
        if r is not None:
            turned = r + (Fraction(1, 2) if node.op is Op.COS else 0)
            value = _SINES.get(turned % 1)
            if value is not None:
                done[node] = ex.const(-value if turned % 2 >= 1 else value)
    return done[root]


def _half_turns(c: Expr) -> Fraction | None:
    """r with c = r*pi, as it is written."""
    if c is ex.PI:
        return Fraction(1)
    if c.op is Op.NEG:
        inner = _half_turns(c.args[0])
        return None if inner is None else -inner
    if c.op is Op.MUL and c.args[0].constant is not None and c.args[1] is ex.PI:
        return c.args[0].constant
    return None
