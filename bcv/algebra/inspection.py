"""Does a claim follow at sight? A constant, or a multiple of one constraint plus a constant.

Soundness does not depend on this file: ``identity`` checks what it proposes.
"""

from __future__ import annotations

from fractions import Fraction

from bcv.algebra.identity import CLAIM
from bcv.algebra.polynomial import Poly, to_fraction
from bcv.algebra.systems import Constraint, System
from bcv.evidence import Gram, Polynomial, PolynomialCase
from bcv.region import Relation


def refute(system: System) -> PolynomialCase | None:
    """A refutation of the negated claim that needs no search, or None."""
    for item in system.constraints:
        found = _contradiction(system, item)
        if found is not None:
            return found
    found = _from_constant(system, system.claim, None, Fraction(0))
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
