"""Do the signs of the variables contradict a constraint term by term? Odd powers need no more.

Soundness does not depend on this file: ``identity`` checks what it proposes.

With x > 0 and the negated claim z > 0, x + z**3 <= 0 is impossible: each term has a sign, and all
signs agree. As an identity: -(x + z**3) + x + z**2 * z = 0, with squares z**2 and products of what
is known to be positive. No Gram matrix of it has an interior.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from bcv.algebra.identity import CLAIM
from bcv.algebra.polynomial import to_terms
from bcv.algebra.systems import Constraint, System
from bcv.evidence import Gram, Monomial, Polynomial, PolynomialCase
from bcv.region import Relation


@dataclass(frozen=True, slots=True)
class _Sign:
    """``slope`` times the variable is >= 0, or > 0 if strict, by the atom of this index."""

    index: int
    slope: Fraction
    strict: bool


def refute(system: System) -> PolynomialCase | None:
    """A refutation of the negated claim by a constraint all of whose terms have the wrong sign."""
    relation = Relation.GE if system.strict else Relation.GT
    items = (*system.constraints, Constraint(CLAIM, -system.claim, relation))
    known = _signs(items)
    for item in items:
        for side in (1, -1) if item.relation is Relation.EQ else (1,):
            found = _contradiction(system, item, side, known)
            if found is not None:
                return found
    return None


def _signs(items: tuple[Constraint, ...]) -> dict[int, _Sign]:
    """What single constraints c*x >= 0 say, by variable."""
    found: dict[int, _Sign] = {}
    for item in items:
        if len(item.poly) != 1 or item.poly.total_degree() != 1 or item.relation is Relation.EQ:
            continue
        ((monomial, slope),) = to_terms(item.poly)
        axis, strict = monomial.index(1), item.relation is Relation.GT
        if axis not in found or (strict and not found[axis].strict):
            found[axis] = _Sign(item.index, slope, strict)
    return found


def _contradiction(
    system: System, item: Constraint, side: int, known: dict[int, _Sign]
) -> PolynomialCase | None:
    """side*h, and what its terms lack to 0: impossible if one of these terms is not 0, or h > 0."""
    one = (0,) * system.over.size
    cone: list[tuple[tuple[int, ...], Gram]] = []
    strict: tuple[int, ...] | None = (item.index,) if item.relation is Relation.GT else None
    scale = Fraction(1)
    for monomial, value in to_terms(item.poly):
        odd = [axis for axis, exponent in enumerate(monomial) if exponent % 2]
        if not all(axis in known for axis in odd):
            return None
        weight = -side * value / math.prod(known[axis].slope for axis in odd)
        if weight < 0:
            return None
        if strict is None and _is_strict(monomial, known):
            axes = [axis for axis, exponent in enumerate(monomial) for _ in range(exponent)]
            strict = tuple(known[axis].index for axis in axes)
            scale = -side * value / math.prod(known[axis].slope for axis in axes)
            continue
        root = tuple(exponent // 2 for exponent in monomial)
        cone.append((tuple(known[axis].index for axis in odd), Gram((root,), (weight,))))
    if strict is None:
        return None
    free: tuple[tuple[int, Polynomial], ...] = ()
    if item.relation is Relation.EQ:
        free = ((item.index, ((one, Fraction(side)),)),)
    elif item.relation is Relation.GE:
        cone.append(((item.index,), Gram((one,), (Fraction(1),))))
    return PolynomialCase(tuple(cone), free, scale, strict)


def _is_strict(monomial: Monomial, known: dict[int, _Sign]) -> bool:
    """Whether all variables of the monomial are known not to be 0."""
    axes = [axis for axis, exponent in enumerate(monomial) if exponent]
    return all(axis in known and known[axis].strict for axis in axes)
