"""Which variables matter to a polynomial claim? A proof without the others proves it too.

Soundness does not depend on this file: the checker sees the whole claim with the evidence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bcv import expr as ex
from bcv.evidence import Gram, Monomial, Polynomial, PolynomialCase, SumOfSquares
from bcv.obligation import Obligation
from bcv.region import And, Formula, Region, atoms, conjuncts


@dataclass(frozen=True, slots=True)
class Projection:
    """A claim about fewer variables on a larger region.

    Attributes:
        obligation: the claim, with the constraints that its variables are linked to.
        places: for each variable of the original region, its place among the new ones, or None.
        numbers: for each atom of the new region, its number in the original one.
    """

    obligation: Obligation
    places: tuple[int | None, ...]
    numbers: tuple[int, ...]

    def embedded(self, evidence: SumOfSquares) -> SumOfSquares:
        """The evidence as one about the original claim."""
        return SumOfSquares(tuple(map(self._case, evidence.cases)))

    def _case(self, case: PolynomialCase) -> PolynomialCase:
        return PolynomialCase(
            tuple((self._atoms(cone), self._gram(gram)) for cone, gram in case.cone),
            tuple((self.numbers[n], self._polynomial(factor)) for n, factor in case.free),
            case.scale,
            self._atoms(case.strict),
        )

    def _atoms(self, numbers: tuple[int, ...]) -> tuple[int, ...]:
        """-1, the claim, stays."""
        return tuple(n if n < 0 else self.numbers[n] for n in numbers)

    def _monomial(self, monomial: Monomial) -> Monomial:
        return tuple(0 if place is None else monomial[place] for place in self.places)

    def _gram(self, gram: Gram) -> Gram:
        return Gram(tuple(map(self._monomial, gram.basis)), gram.matrix)

    def _polynomial(self, polynomial: Polynomial) -> Polynomial:
        return tuple((self._monomial(monomial), c) for monomial, c in polynomial)


def _variables(formula: Formula) -> frozenset[str]:
    return ex.variables(*(atom.expr for atom in atoms(formula)))


def projected(obligation: Obligation) -> Projection:
    """The claim without variables and constraints that are not linked to its expression."""
    region = obligation.region
    parts = conjuncts(region.formula)
    linked = set(ex.variables(obligation.expr))
    while any(not linked.isdisjoint(v) and not v <= linked for v in map(_variables, parts)):
        for part in parts:
            if not linked.isdisjoint(_variables(part)):
                linked |= _variables(part)
    kept = [name for name in region.variables if name in linked]
    sides = [s for n, s in zip(region.variables, region.box, strict=True) if n in linked]
    numbers, number = [], 0
    for name, side in zip(region.variables, region.box, strict=True):
        for end in (side.lo, side.hi):
            if end is not None:
                numbers += [number] if name in linked else []
                number += 1
    chosen = []
    for part in parts:
        size = sum(1 for _ in atoms(part))
        if not linked.isdisjoint(_variables(part)):
            chosen.append(part)
            numbers += range(number, number + size)
        number += size
    smaller = Region(tuple(kept), tuple(sides), And(tuple(chosen)))
    places = tuple(kept.index(n) if n in linked else None for n in region.variables)
    return Projection(replace(obligation, region=smaller), places, tuple(numbers))
