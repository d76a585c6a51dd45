"""Does a claim follow at sight? A constant, or one more than a constraint's multiple or a square.

Soundness does not depend on this file: ``identity`` checks what it proposes.
"""

from __future__ import annotations

from fractions import Fraction

from bcv.algebra.coordinates import bounds
from bcv.algebra.identity import CLAIM
from bcv.algebra.polynomial import Poly, to_fraction, to_terms
from bcv.algebra.systems import Constraint, System
from bcv.evidence import Gram, Polynomial, PolynomialCase
from bcv.region import Relation

MOST_TERMS = 200
"""Of a polynomial whose square is recognised."""


def refute(system: System) -> PolynomialCase | None:
    """A refutation of the negated claim that needs no search, or None."""
    for item in system.constraints:
        found = _contradiction(system, item)
        if found is not None:
            return found
    found = _crossed_bounds(system)
    if found is not None:
        return found
    found = _from_constant(system, system.claim, None, Fraction(0)) or _square_and_more(system)
    if found is not None:
        return found
    for item in system.constraints:
        slope = _slope(system.claim, item.poly)
        if slope is not None and (slope > 0 or item.relation is Relation.EQ):
            rest = system.claim - system.over.constant(slope) * item.poly
            found = _from_constant(system, rest, item, slope)
            if found is not None:
                return found
    return None


def _constant(poly: Poly) -> Fraction | None:
    if poly.is_zero():
        return Fraction(0)
    return to_fraction(poly.leading_coefficient()) if poly.is_constant() else None


def _square(system: System, value: Fraction) -> Gram:
    return Gram(((0,) * system.over.size,), (value,))


def _contradiction(system: System, item: Constraint) -> PolynomialCase | None:
    """A constraint between constants that is false refutes everything."""
    value = _constant(item.poly)
    if value is None:
        return None
    if item.relation is Relation.EQ and value != 0:
        factor = (((0,) * system.over.size, -1 / value),)
        return PolynomialCase((), ((item.index, factor),), Fraction(1), ())
    if item.relation is Relation.GT and value == 0:
        return PolynomialCase((), (), Fraction(1), (item.index,))
    if item.relation is not Relation.EQ and value < 0:
        cone = (((item.index,), _square(system, -1 / value)),)
        return PolynomialCase(cone, (), Fraction(1), ())
    return None


def _crossed_bounds(system: System) -> PolynomialCase | None:
    """The refutation if a variable's bounds leave it no value."""
    edges = bounds(system.constraints)
    by_index = {item.index: item for item in system.constraints}
    for (axis, is_lower), (lo, first) in edges.items():
        hi, second = edges.get((axis, False), (lo, first))
        if not is_lower or lo < hi or first == second:
            continue
        pair = [by_index[first], by_index[second]]
        slopes = [abs(to_fraction(item.poly.leading_coefficient())) for item in pair]
        cone = tuple(
            ((item.index,), _square(system, 1 / slope))
            for item, slope in zip(pair, slopes, strict=True)
        )
        if lo > hi:
            return PolynomialCase(cone, (), lo - hi, ())
        for item, slope, (other,) in zip(pair, slopes, (cone[1:], cone[:1]), strict=True):
            if item.relation is Relation.GT:
                return PolynomialCase((other,), (), 1 / slope, (item.index,))
    return None


def _square_and_more(system: System) -> PolynomialCase | None:
    """The refutation if claim = scale * root^2 + constant with a constant that suffices."""
    root = _root(system.claim, system)
    if root is None:
        return None
    scale, poly = root
    rest = _constant(system.claim - system.over.constant(scale) * poly**2)
    if rest is None or rest < 0 or (system.strict and rest == 0):
        return None
    terms = to_terms(poly)
    basis = tuple(monomial for monomial, _ in terms)
    values = [value for _, value in terms]
    lower = tuple(scale * a * b for i, a in enumerate(values) for b in values[: i + 1])
    cone: list[tuple[tuple[int, ...], Gram]] = [((), Gram(basis, lower))]
    if system.strict:
        cone.append(((CLAIM,), _square(system, Fraction(1))))
        return PolynomialCase(tuple(cone), (), rest, ())
    if rest > 0:
        cone.append(((), _square(system, rest)))
    return PolynomialCase(tuple(cone), (), Fraction(1), (CLAIM,))


def _root(claim: Poly, system: System) -> tuple[Fraction, Poly] | None:
    """A scale > 0 and a monic root with claim = scale * root^2 up to a constant, if they exist.

    By the schoolbook square root in the ring's order of monomials: each further term of the root
    is the leading term of what is left, divided by twice the root's own.
    """
    over = system.over
    if claim.is_zero():
        return None
    scale = to_fraction(claim.leading_coefficient())
    head = tuple(map(int, claim.monoms()[0]))
    if scale <= 0 or any(e % 2 for e in head) or sum(head) == 0:
        return None
    half = tuple(e // 2 for e in head)
    root = over.from_terms({half: 1})
    left = claim * over.constant(1 / scale) - root**2
    for _ in range(min(len(claim), MOST_TERMS)):
        if left.is_constant():
            return scale, root
        lead = tuple(map(int, left.monoms()[0]))
        if any(a < b for a, b in zip(lead, half, strict=True)):
            return None
        quotient = tuple(a - b for a, b in zip(lead, half, strict=True))
        term = over.from_terms({quotient: left.leading_coefficient() / 2})
        left = left - term * (2 * root + term)
        root = root + term
    return None


def _slope(claim: Poly, constraint: Poly) -> Fraction | None:
    """The c for which claim - c * constraint may be constant."""
    if len(constraint) == 0 or constraint.is_constant():
        return None
    monomial = constraint.monoms()[0]
    coefficient = claim.to_dict().get(monomial)
    return None if coefficient is None else to_fraction(coefficient / constraint.coeffs()[0])


def _from_constant(
    system: System, rest: Poly, item: Constraint | None, slope: Fraction
) -> PolynomialCase | None:
    """The refutation if claim = slope * constraint + rest with a constant rest that suffices."""
    value = _constant(rest)
    if value is None or value < 0:
        return None
    cone: list[tuple[tuple[int, ...], Gram]] = []
    free: tuple[tuple[int, Polynomial], ...] = ()
    if item is not None and item.relation is Relation.EQ:
        free = ((item.index, (((0,) * system.over.size, slope),)),)
    positive = item is not None and item.relation is Relation.GT
    if item is not None and not free and not (system.strict and value == 0):
        cone.append(((item.index,), _square(system, slope)))
    if not system.strict:
        if value > 0:
            cone.append(((), _square(system, value)))
        return PolynomialCase(tuple(cone), free, Fraction(1), (CLAIM,))
    cone.append(((CLAIM,), _square(system, Fraction(1))))
    if value > 0:
        return PolynomialCase(tuple(cone), free, value, ())
    if positive and item is not None:
        return PolynomialCase(tuple(cone), free, slope, (item.index,))
    return None
