"""Which polynomial systems must have no solution for an obligation to hold?

Soundness depends on this file: it says which constraints hold together. A constraint that is not
polynomial is dropped, which only enlarges the region.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bcv.algebra.polynomial import Poly, Ring, polynomial
from bcv.evidence import Gram, Polynomial, PolynomialCase
from bcv.region import And, Atom, Formula, Region, Relation

MAX_CASES: Final = 64


@dataclass(frozen=True, slots=True)
class Constraint:
    """``poly relation 0``; ``index`` numbers the atom as evidence does."""

    index: int
    poly: Poly
    relation: Relation


@dataclass(frozen=True, slots=True)
class System:
    """The claim ``claim >= 0`` (> 0 if strict) where all constraints hold.

    Attributes:
        over: the ring of the region's variables.
        claim: the polynomial g.
        strict: whether g > 0 is claimed.
        constraints: the polynomial conjuncts of one disjunct of the region.
    """

    over: Ring
    claim: Poly
    strict: bool
    constraints: tuple[Constraint, ...]


def rewritten(
    case: PolynomialCase,
    gram: Callable[[Gram], Gram],
    polynomial: Callable[[Polynomial], Polynomial],
) -> PolynomialCase:
    """The case with other Gram matrices and factors in the place of its own."""
    return replace(
        case,
        cone=tuple((numbers, gram(found)) for numbers, found in case.cone),
        free=tuple((number, polynomial(factor)) for number, factor in case.free),
    )


def _disjuncts(formula: Formula, start: int) -> tuple[list[tuple[tuple[int, Atom], ...]], int]:
    """The disjunctive normal form over numbered atoms, and the next number.

    Raises OverflowError past MAX_CASES disjuncts.
    """
    if isinstance(formula, Atom):
        return [((start, formula),)], start + 1
    conjunction = isinstance(formula, And)
    found: list[tuple[tuple[int, Atom], ...]] = [()] if conjunction else []
    for part in formula.parts:
        inner, start = _disjuncts(part, start)
        found = [a + b for a in found for b in inner] if conjunction else found + inner
        if len(found) > MAX_CASES:
            raise OverflowError
    return found, start


def constraint_sets(region: Region, over: Ring) -> list[tuple[Constraint, ...]] | None:
    """The polynomial constraints of each disjunct of the region; None if there are too many."""
    box = list(enumerate(region.box_atoms()))
    try:
        found, _ = _disjuncts(region.formula, len(box))
    except (OverflowError, RecursionError):
        return None
    known: dict[int, Constraint | None] = {}
    return [_constraints((*box, *disjunct), over, known) for disjunct in found]


def _constraints(
    numbered: Sequence[tuple[int, Atom]], over: Ring, known: dict[int, Constraint | None]
) -> tuple[Constraint, ...]:
    kept: dict[int, Constraint] = {}
    for index, atom in numbered:
        if index not in known:
            poly = polynomial(atom.expr, over)
            known[index] = None if poly is None else Constraint(index, poly, atom.relation)
        found = known[index]
        if found is not None:
            kept[index] = found
    return tuple(kept.values())
