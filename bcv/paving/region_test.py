"""Does a box meet the region? Three-valued: certainly not, certainly inside, or unknown.

Soundness depends on this file when the engine trusts it; the checker decides leaves again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bcv.evidence import Infeasible
from bcv.region import And, Atom, Formula, Region, Relation, atoms, conjuncts

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def _atom_false(relation: Relation, lo: Floats, hi: Floats) -> Mask:
    if relation is Relation.GE:
        return hi < 0.0
    if relation is Relation.GT:
        return hi <= 0.0
    away: Mask = (hi < 0.0) | (lo > 0.0)
    return away


def _atom_true(relation: Relation, lo: Floats, hi: Floats) -> Mask:
    if relation is Relation.GE:
        return lo >= 0.0
    if relation is Relation.GT:
        return lo > 0.0
    zero: Mask = (lo == 0.0) & (hi == 0.0)
    return zero


def _false(formula: Formula, first: int, lo: Floats, hi: Floats) -> Mask:
    """Where the formula is certainly false, if its atoms are the rows from ``first`` on."""
    if isinstance(formula, Atom):
        return _atom_false(formula.relation, lo[first], hi[first])
    some = isinstance(formula, And)
    result = np.full(lo.shape[1], not some)
    for part in formula.parts:
        here = _false(part, first, lo, hi)
        result = result | here if some else result & here
        first += sum(1 for _ in atoms(part))
    return result


def _true(formula: Formula, first: int, lo: Floats, hi: Floats) -> Mask:
    """Where the formula is certainly true."""
    if isinstance(formula, Atom):
        return _atom_true(formula.relation, lo[first], hi[first])
    every = isinstance(formula, And)
    result = np.full(lo.shape[1], every)
    for part in formula.parts:
        here = _true(part, first, lo, hi)
        result = result & here if every else result | here
        first += sum(1 for _ in atoms(part))
    return result


@dataclass(frozen=True, slots=True)
class Conjunct:
    """A part that holds all over the region; its atoms are the rows first ... first + count - 1."""

    formula: Formula
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class RegionTest:
    """The region's formula, ready for batches of boxes.

    Attributes:
        atoms: of the formula, without the box's; row k of an enclosure belongs to atoms[k].
        offset: the number that evidence gives to atoms[0].
        parts: the formula's conjuncts.
    """

    atoms: tuple[Atom, ...]
    offset: int
    parts: tuple[Conjunct, ...]

    @classmethod
    def of(cls, region: Region) -> RegionTest:
        """Prepare a region."""
        parts = []
        first = 0
        for formula in conjuncts(region.formula):
            count = sum(1 for _ in atoms(formula))
            parts.append(Conjunct(formula, first, count))
            first += count
        return cls(tuple(atoms(region.formula)), len(region.box_atoms()), tuple(parts))

    @property
    def reasons(self) -> tuple[Infeasible, ...]:
        """What to say of a box on which part i is certainly false."""
        start = self.offset
        return tuple(
            Infeasible(tuple(range(start + part.first, start + part.first + part.count)))
            for part in self.parts
        )

    @property
    def usable(self) -> tuple[int, ...]:
        """The rows of atoms that hold all over the region, so that multipliers may use them."""
        return tuple(part.first for part in self.parts if isinstance(part.formula, Atom))

    def false_part(self, lo: Floats, hi: Floats) -> NDArray[np.int32]:
        """(K,) a part that is certainly false, or -1, from (atoms, K) enclosures."""
        found = np.full(lo.shape[1], -1, dtype=np.int32)
        for number, part in reversed(list(enumerate(self.parts))):
            found[_false(part.formula, part.first, lo, hi)] = number
        return found

    def open_atoms(self, lo: Floats, hi: Floats) -> Mask:
        """(atoms, K) where an atom is not certainly true."""
        result = np.empty(lo.shape, dtype=np.bool_)
        for row, atom in enumerate(self.atoms):
            result[row] = ~_atom_true(atom.relation, lo[row], hi[row])
        return result

    def inside(self, lo: Floats, hi: Floats) -> Mask:
        """(K,) where the formula certainly holds."""
        result = np.ones(lo.shape[1], dtype=np.bool_)
        for part in self.parts:
            result &= _true(part.formula, part.first, lo, hi)
        return result
