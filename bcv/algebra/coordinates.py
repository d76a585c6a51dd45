"""In which coordinates are a system's numbers of moderate size? Exact affine changes of variables.

Soundness does not depend on this file: identities are checked in the original variables.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from bcv.algebra.gram import Matrix, congruent
from bcv.algebra.polynomial import Poly, Ring, to_flint
from bcv.algebra.systems import Constraint, System
from bcv.enclosures.assumptions import enclosing_floats
from bcv.evidence import Monomial
from bcv.region import Relation


@dataclass(frozen=True, slots=True)
class Change:
    """x = center + radius * u, per variable; ``place[i]`` is the position of x_i's own u.

    The order of the u decides which monomial leads a polynomial.
    """

    over: Ring
    center: tuple[Fraction, ...]
    radius: tuple[Fraction, ...]
    place: tuple[int, ...]

    def point_into(self, point: Sequence[Fraction]) -> tuple[Fraction, ...]:
        """A point's coordinates u."""
        moved = [Fraction(0)] * len(self.place)
        for x, c, r, k in zip(point, self.center, self.radius, self.place, strict=True):
            moved[k] = (x - c) / r
        return tuple(moved)

    def into(self, poly: Poly) -> Poly:
        """The polynomial in u."""
        images = [
            self.over.generator(k) * to_flint(r) + to_flint(c)
            for c, r, k in zip(self.center, self.radius, self.place, strict=True)
        ]
        return poly.compose(*images, ctx=self.over.context)

    def back(self, poly: Poly) -> Poly:
        """A polynomial in u, written in x."""
        images: list[Poly] = [None] * len(self.place)
        for i, (c, r, k) in enumerate(zip(self.center, self.radius, self.place, strict=True)):
            images[k] = (self.over.generator(i) - to_flint(c)) / to_flint(r)
        return poly.compose(*images, ctx=self.over.context)

    def gram_back(
        self, basis: Sequence[Monomial], matrix: Matrix
    ) -> tuple[tuple[Monomial, ...], Matrix]:
        """A Gram matrix on monomials in u as one on monomials in x."""
        written = [self.back(self.over.from_terms({b: 1})) for b in basis]
        if any(len(poly) > 1 for poly in written):
            return congruent(written, matrix)
        scale = [poly.leading_coefficient() for poly in written]
        rows = [
            [entry * scale[i] * scale[j] for j, entry in enumerate(row)]
            for i, row in enumerate(matrix)
        ]
        return tuple(tuple(map(int, poly.monoms()[0])) for poly in written), rows


def _linear_bounds(constraint: Constraint) -> tuple[int, Fraction, bool] | None:
    """(variable, edge, is lower bound) of an inequality a*x + b >= 0."""
    if constraint.relation is Relation.EQ or constraint.poly.total_degree() != 1:
        return None
    terms = {tuple(m): c for m, c in constraint.poly.to_dict().items()}
    slopes = [(m.index(1), c) for m, c in terms.items() if sum(m) == 1]
    if len(slopes) != 1:
        return None
    axis, slope = slopes[0]
    offset = sum((c for m, c in terms.items() if sum(m) == 0), start=0 * slope)
    edge = -offset / slope
    return axis, Fraction(int(edge.p), int(edge.q)), bool(slope > 0)


def bounds(constraints: Sequence[Constraint]) -> dict[tuple[int, bool], tuple[Fraction, int]]:
    """Per (variable, is lower bound): the tightest edge and the index of its constraint."""
    found: dict[tuple[int, bool], tuple[Fraction, int]] = {}
    for constraint in constraints:
        linear = _linear_bounds(constraint)
        if linear is None:
            continue
        axis, edge, lower = linear
        known = found.get((axis, lower))
        if known is None or (edge > known[0] if lower else edge < known[0]):
            found[axis, lower] = (edge, constraint.index)
    return found


def _ellipsoid(constraint: Constraint, size: int) -> list[tuple[float, float]] | None:
    """Estimated extents of {h >= 0} per variable if h is a concave quadratic, else None."""
    if constraint.relation is Relation.EQ or constraint.poly.total_degree() != 2:
        return None
    hessian, slope, constant = np.zeros((size, size)), np.zeros(size), 0.0
    for monomial, coefficient in constraint.poly.to_dict().items():
        value = float(int(coefficient.p) / int(coefficient.q))
        axes = [i for i, e in enumerate(monomial) for _ in range(int(e))]
        if len(axes) == 2:
            hessian[axes[0], axes[1]] += value
            hessian[axes[1], axes[0]] += value
        elif axes:
            slope[axes[0]] += value
        else:
            constant += value
    used = [i for i in range(size) if hessian[i, i] < 0]
    if any(hessian[i].any() or slope[i] for i in range(size) if i not in used):
        return None
    inner = -hessian[np.ix_(used, used)]
    if not used or np.linalg.eigvalsh(inner)[0] <= 1e-12 * np.abs(inner).max():
        return None
    inverse = np.linalg.inv(inner)
    middle = inverse @ slope[used]
    height = constant + 0.5 * float(slope[used] @ middle)
    if height <= 0:
        return None
    found = [(-math.inf, math.inf)] * size
    for position, axis in enumerate(used):
        reach = math.sqrt(2 * height * inverse[position, position])
        found[axis] = (middle[position] - reach, middle[position] + reach)
    return found


def _extents(system: System) -> list[tuple[float, float]]:
    size = system.over.size
    found = [(-math.inf, math.inf)] * size
    for (axis, lower), (edge, _) in bounds(system.constraints).items():
        lo, hi = found[axis]
        below, above = enclosing_floats(edge)
        found[axis] = (max(lo, below), hi) if lower else (lo, min(hi, above))
    for constraint in system.constraints:
        for axis, (lo, hi) in enumerate(_ellipsoid(constraint, size) or ()):
            found[axis] = (max(found[axis][0], lo), min(found[axis][1], hi))
    return found


def _short(value: float) -> Fraction:
    """A nearby number with four significant bits."""
    if value == 0 or not math.isfinite(value):
        return Fraction(0)
    mantissa, exponent = math.frexp(value)
    return Fraction(round(mantissa * 16), 16) * Fraction(2) ** exponent


def _balanced(system: System, known: dict[int, float]) -> dict[int, float]:
    """log2 radii for the other variables that even out the coefficients' sizes."""
    others = [i for i in range(system.over.size) if i not in known]
    polys = [system.claim, *(c.poly for c in system.constraints)]
    rows, right = [], []
    for k, poly in enumerate(polys):
        for monomial, c in poly.to_dict().items():
            size = math.log2(abs(int(c.p))) - math.log2(int(c.q))
            size += sum(known[i] * int(e) for i, e in enumerate(monomial) if i in known)
            constant = [0.0] * len(polys)
            constant[k] = -1.0
            rows.append([*(float(monomial[i]) for i in others), *constant])
            right.append(-size)
    for i in range(len(others)):
        rows.append([0.3 if j == i else 0.0 for j in range(len(others) + len(polys))])
        right.append(0.0)
    found = np.linalg.lstsq(np.array(rows), np.array(right), rcond=None)[0]
    return {axis: float(found[i]) for i, axis in enumerate(others)}


def moderate(system: System) -> Change:
    """Coordinates in which bounded variables run over about [-1, 1] and coefficients are even."""
    center, logs = [Fraction(0)] * system.over.size, {}
    for axis, (lo, hi) in enumerate(_extents(system)):
        if not (math.isfinite(lo) and math.isfinite(hi)) or lo > hi:
            continue
        half = (hi - lo) / 2
        if half < 1e-6 * max(abs(lo), abs(hi)) or half == 0:
            half = max(abs(lo), abs(hi)) or 1.0
        if lo > 0 or hi < 0:
            middle = (lo + hi) / 2
            step = Fraction(2) ** math.floor(math.log2(half / 4))
            center[axis] = round(middle / float(step)) * step
            reach = half
        else:
            reach = max(abs(lo), abs(hi), half)
        logs[axis] = math.log2(reach)
    radii = {axis: _short(2.0**value) for axis, value in logs.items()}
    if len(logs) < system.over.size:
        balanced = _balanced(system, logs)
        for axis, value in balanced.items():
            radii[axis] = Fraction(2) ** max(-20, min(20, round(value)))
    spread = tuple(radii[i] for i in range(system.over.size))
    plain = Change(system.over, tuple(center), spread, tuple(range(system.over.size)))
    return replace(plain, place=_order(system, plain))


def _order(system: System, change: Change) -> tuple[int, ...]:
    """Places of the variables that give the equalities large leading coefficients.

    Divisions by a polynomial with a small leading coefficient would magnify everything.
    """
    equalities = [change.into(c.poly) for c in system.constraints if c.relation is Relation.EQ]
    equalities = [p for p in equalities if not p.is_zero()]
    size = system.over.size

    def places(first: int) -> tuple[int, ...]:
        return tuple(0 if i == first else i + (i < first) for i in range(size))

    def worth(first: int) -> float:
        permuted = replace(change, place=places(first), center=(Fraction(0),) * size)
        unit = replace(permuted, radius=(Fraction(1),) * size)
        shares = []
        for poly in equalities:
            sizes = [abs(float(int(c.p) / int(c.q))) for c in unit.into(poly).coeffs()]
            shares.append(sizes[0] / max(sizes))
        return min(shares, default=1.0)

    if not equalities or size > 30:
        return change.place
    return places(max(range(size), key=lambda i: (worth(i), -i)))


def normal(poly: Poly) -> tuple[Poly, Any]:
    """The polynomial times a power of two that brings its largest coefficient to about 1."""
    from flint import fmpq

    coefficients = [abs(c) for c in poly.coeffs()]
    if not coefficients:
        return poly, fmpq(1)
    top = max(coefficients)
    shift = int(top.q).bit_length() - int(top.p).bit_length()
    scale = fmpq(2) ** shift
    return poly * scale, scale
