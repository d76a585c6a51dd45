"""Along which directions does nothing change? A claim about differences has fewer variables.

Soundness does not depend on this file: ``identity`` checks what it makes.

If all polynomials are constant along a direction v with v_k = 1, they are the same at x and at
x - x_k*v, where the k-th coordinate is 0. A certificate in the other coordinates is one for all
x once x_i - v_i*x_k stands in their place. Without the reduction, squares are constant along v,
too: no Gram matrix on all monomials has an interior to start from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from bcv.algebra import gram
from bcv.algebra.faces import null_space
from bcv.algebra.polynomial import Poly, Ring, ring, to_flint, to_fraction, to_terms
from bcv.algebra.systems import System, rewritten
from bcv.evidence import Gram, Monomial, Polynomial, PolynomialCase


@dataclass(frozen=True, slots=True)
class Projection:
    """A system in some of the variables of another, and what stands for each of them there.

    ``axes`` are the variables that are left; ``forms`` are linear forms in the original ones.
    """

    system: System
    original: Ring
    axes: tuple[int, ...]
    forms: tuple[Poly, ...]

    def point(self, point: Sequence[Fraction]) -> tuple[Fraction, ...]:
        """The coordinates of a point in the system's variables."""
        at = [to_flint(x) for x in point]
        return tuple(to_fraction(form(*at)) for form in self.forms)

    def embedded(self, case: PolynomialCase) -> PolynomialCase:
        """A case in these variables as one in the original ones."""
        return rewritten(case, self._gram, self._polynomial)

    def _written(self, poly: Poly) -> Poly:
        return poly.compose(*self.forms, ctx=self.original.context)

    def _gram(self, found: Gram) -> Gram:
        over = self.system.over
        rows = [self._written(over.from_terms({monomial: 1})) for monomial in found.basis]
        return gram.to_evidence(*gram.congruent(rows, gram.from_evidence(found)))

    def _polynomial(self, terms: Polynomial) -> Polynomial:
        over = self.system.over
        return to_terms(self._written(over.from_terms({m: to_flint(c) for m, c in terms})))


def projected(system: System) -> Projection | None:
    """The system without the directions along which nothing changes; None if there are none."""
    over, size = system.over, system.over.size
    fixed = _directions(system)
    if not 0 < len(fixed) < size:
        return None
    pivots = [next(i for i in reversed(range(size)) if v[i] != 0) for v in fixed]
    axes = tuple(i for i in range(size) if i not in pivots)
    forms = []
    for axis in axes:
        form = over.generator(axis)
        for vector, pivot in zip(fixed, pivots, strict=True):
            form = form - over.generator(pivot) * (vector[axis] / vector[pivot])
        forms.append(form)
    inner = ring(tuple(over.variables[axis] for axis in axes))

    def cut(poly: Poly) -> Poly:
        terms = {tuple(map(int, m)): c for m, c in poly.to_dict().items()}
        return inner.from_terms(
            {
                tuple(m[axis] for axis in axes): c
                for m, c in terms.items()
                if not any(m[pivot] for pivot in pivots)
            }
        )

    constraints = tuple(replace(item, poly=cut(item.poly)) for item in system.constraints)
    reduced = System(inner, cut(system.claim), system.strict, constraints)
    return Projection(reduced, over, axes, tuple(forms))


def _directions(system: System) -> list[list[Any]]:
    """A basis of the directions, each the only one with an entry at the place of its last one."""
    size = system.over.size
    nothing = to_flint(Fraction(0))
    rows: dict[tuple[int, Monomial], list[Any]] = {}
    for number, poly in enumerate((system.claim, *(item.poly for item in system.constraints))):
        for axis in range(size):
            for monomial, value in poly.derivative(axis).to_dict().items():
                row = rows.setdefault((number, tuple(map(int, monomial))), [nothing] * size)
                row[axis] = value
    return null_space(list(rows.values()), size)
