"""Which variables matter to a claim? A proof without the others proves it too.

Soundness does not depend on this file: ``identity`` checks what comes back, on the whole system.

Constraints link the variables that they mention; what is not linked to the claim can only prove
it by being contradictory. A claim about two of six variables has far fewer squares.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from bcv.algebra.polynomial import Poly, Ring, ring
from bcv.algebra.systems import Constraint, System, rewritten
from bcv.evidence import Gram, Monomial, Polynomial, PolynomialCase


@dataclass(frozen=True, slots=True)
class Component:
    """A system in some variables of another; ``axes`` are their places there."""

    system: System
    axes: tuple[int, ...]
    size: int

    def point(self, point: tuple[Fraction, ...]) -> tuple[Fraction, ...]:
        """The coordinates of a point that belong to this component."""
        return tuple(point[axis] for axis in self.axes)

    def embedded(self, case: PolynomialCase) -> PolynomialCase:
        """A case in these variables as one in all."""
        return rewritten(case, self._gram, self._polynomial)

    def _monomial(self, monomial: Monomial) -> Monomial:
        found = [0] * self.size
        for axis, exponent in zip(self.axes, monomial, strict=True):
            found[axis] = exponent
        return tuple(found)

    def _gram(self, gram: Gram) -> Gram:
        return Gram(tuple(map(self._monomial, gram.basis)), gram.matrix)

    def _polynomial(self, terms: Polynomial) -> Polynomial:
        return tuple((self._monomial(monomial), value) for monomial, value in terms)


def components(system: System) -> Iterator[Component]:
    """The claim with what is linked to it; then the other parts, with the claim that 0 > 0.

    Of a constant claim there are the other parts alone, the largest first. Nothing if the system
    does not fall apart.
    """
    own = _axes(system.claim)
    parts: list[tuple[set[int], list[Constraint]]] = [(own, [])]
    for item in system.constraints:
        axes = _axes(item.poly)
        linked = [part for part in parts if part[0] & axes]
        if not linked:
            parts.append((set(axes), [item]))
            continue
        first = linked[0]  # the claim's part if that is among them
        for other in linked[1:]:
            first[0].update(other[0])
            first[1].extend(other[1])
            parts.remove(other)
        first[0].update(axes)
        first[1].append(item)
    linked_to_claim, *rest = parts
    if len(own) == system.over.size:
        return
    if own:
        yield _component(system, *linked_to_claim, claim=True)
    else:
        rest = sorted((part for part in rest if part[0]), key=lambda part: -len(part[1]))
        if not rest or len(rest[0][0]) == system.over.size:
            return
    for axes, constraints in rest:
        yield _component(system, axes, constraints, claim=False)


def _axes(poly: Poly) -> set[int]:
    return {axis for axis, degree in enumerate(poly.degrees()) if int(degree) > 0}


def _component(
    system: System, axes: set[int], constraints: Sequence[Constraint], *, claim: bool
) -> Component:
    kept = tuple(sorted(axes))
    over = ring(tuple(system.over.variables[axis] for axis in kept))
    items = tuple(replace(item, poly=_moved(item.poly, over, kept)) for item in constraints)
    goal = _moved(system.claim, over, kept) if claim else over.constant(0)
    inner = System(over, goal, system.strict if claim else True, items)
    return Component(inner, kept, system.over.size)


def _moved(poly: Poly, over: Ring, kept: Sequence[int]) -> Poly:
    terms = {tuple(int(m[axis]) for axis in kept): c for m, c in poly.to_dict().items()}
    return over.from_terms(terms)
