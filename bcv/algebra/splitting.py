"""Into which cases does an endless region fall apart, so that squares prove each of them?

Soundness: what comes out is evidence for the closed halves where a term is >= 0 and <= 0, which
the caller's ``prove`` has found for exactly these claims (``bcv.rewriting.pieces.half``).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv import expr as ex
from bcv.algebra.polynomial import Poly, polynomial, ring
from bcv.evidence import Cases, Evidence
from bcv.expr import Expr
from bcv.obligation import Obligation
from bcv.region import Atom, Relation, atoms, conjuncts
from bcv.rewriting.pieces import half

Prove = Callable[[Obligation, float], Evidence | None]
"""Evidence for a claim, found before a deadline (a value of ``time.monotonic()``)."""

MOST_VARIABLES: Final = 4
"""Variables of a claim that is split."""

_DIRECTIONS: Final = 2000
_ROOM: Final = 1.1
"""Bounds are wider than what samples show by this factor."""


def split(obligation: Obligation, prove: Prove, deadline: float) -> Evidence | None:
    """Evidence by cases, within bounds that the region implies or by the signs of variables."""
    names = _endless(obligation)
    if not names:
        return None
    bounds = _bounds(obligation, names)
    if bounds:
        found = _within(obligation, bounds, prove, _until(deadline, 0.7))
        if found is not None:
            return found
    odd = [name for name in names if name in _odd(obligation)]
    return _by_signs(obligation, odd, prove, deadline)


def applies(obligation: Obligation) -> bool:
    """Whether there is anything to split."""
    return bool(_endless(obligation))


def _until(deadline: float, share: float) -> float:
    """The deadline of a part that may take this share of the time that is left."""
    now = time.monotonic()
    return now + share * max(0.0, deadline - now)


def _endless(obligation: Obligation) -> tuple[str, ...]:
    """The variables without any bound, if all variables are few."""
    region = obligation.region
    if len(region.box) > MOST_VARIABLES:
        return ()
    sides = zip(region.variables, region.box, strict=True)
    return tuple(name for name, side in sides if side.lo is None and side.hi is None)


def _odd(obligation: Obligation) -> set[str]:
    """The variables of which an odd power occurs in a polynomial of the claim or the region."""
    over = ring(obligation.region.variables)
    roots = (obligation.expr, *(atom.expr for atom in atoms(obligation.region.formula)))
    found = [polynomial(root, over) for root in roots]
    terms = [monomial for poly in found if poly is not None for monomial in poly.monoms()]
    return {name for i, name in enumerate(over.variables) if any(int(m[i]) % 2 for m in terms)}


def _by_signs(
    obligation: Obligation, names: Sequence[str], prove: Prove, deadline: float
) -> Evidence | None:
    """Evidence for the cases where a variable is >= 0, and where it is <= 0; else for subcases.

    A curve with a term of odd degree, as y**3 = x**2, looks the same to squares on both sides;
    with the side known they have multiples of the variable to work with.
    """
    for depth in range(1, len(names) + 1):
        for place, name in enumerate(names):
            others = (*names[:place], *names[place + 1 :])[: depth - 1]
            left = len(names) * (len(names) + 1 - depth) - place
            part = _until(deadline, 1 / left)
            evidence = _in_halves(obligation, (name, *others), prove, part)
            if evidence is not None or time.monotonic() > deadline:
                return evidence
    return None


def _in_halves(
    obligation: Obligation, names: Sequence[str], prove: Prove, deadline: float
) -> Evidence | None:
    """Evidence by the signs of these variables, each only where the ones before do not suffice."""
    found: list[Evidence] = []
    on = ex.var(names[0])
    for positive, share in ((True, 0.5), (False, 1.0)):
        piece, part = half(obligation, on, positive), _until(deadline, share)
        evidence = prove(piece, part if len(names) == 1 else _until(part, 0.4))
        if evidence is None and len(names) > 1:
            evidence = _in_halves(piece, names[1:], prove, part)
        if evidence is None:
            return None
        found.append(evidence)
    return Cases(on, *found)


def _within(
    obligation: Obligation, bounds: dict[str, Fraction], prove: Prove, deadline: float
) -> Evidence | None:
    """Evidence within the bounds, and that the region has no points beyond them.

    Numbers in [-1, 1] have powers of one size, and products with the bounds make proofs short.
    """
    outside: list[tuple[Expr, Evidence]] = []
    inside = obligation
    for name, bound in bounds.items():
        on = ex.const(bound**2) - ex.var(name) ** 2
        beyond = replace(half(inside, on, positive=False), expr=ex.ZERO, strict=True)
        evidence = prove(beyond, _until(deadline, 0.3))
        if evidence is None:
            return None
        outside.append((on, evidence))
        inside = half(inside, on, positive=True)
    found = prove(inside, deadline)
    for on, evidence in reversed(outside):
        found = None if found is None else Cases(on, found, evidence)
    return found


def _bounds(obligation: Obligation, names: Sequence[str]) -> dict[str, Fraction]:
    """Estimated bounds of |x| on the region for those of the variables that it seems to bound."""
    over = ring(obligation.region.variables)
    found: dict[str, Fraction] = {}
    for poly in _closing(obligation):
        axes = [i for i, degree in enumerate(poly.degrees()) if int(degree)]
        reach = _reach(poly, axes)
        for axis, most in zip(axes, () if reach is None else reach.tolist(), strict=False):
            name, bound = over.variables[axis], _rounded_up(most)
            if name in names:
                found[name] = min(found.get(name, bound), bound)
    return found


def _closing(obligation: Obligation) -> Iterator[Poly]:
    """Polynomials p of degree > 2, p <= 0 on the region."""
    over = ring(obligation.region.variables)
    for part in conjuncts(obligation.region.formula):
        poly = polynomial(part.expr, over) if isinstance(part, Atom) else None
        if poly is not None and poly.total_degree() > 1:
            yield -poly
            if isinstance(part, Atom) and part.relation is Relation.EQ:
                yield poly


def _reach(poly: Poly, axes: Sequence[int]) -> NDArray[np.float64] | None:
    """The extents of {p <= 0}, as samples show; None if p is not positive far out."""
    turns = np.random.default_rng(3).normal(size=(_DIRECTIONS, len(axes)))
    turns /= np.linalg.norm(turns, axis=1)[:, None]
    forms = np.zeros((int(poly.total_degree()) + 1, len(turns)))
    for monomial, value in poly.to_dict().items():
        exponents = [int(monomial[axis]) for axis in axes]
        size = float(int(value.p) / int(value.q))
        forms[sum(exponents)] += size * np.prod(turns ** np.array(exponents), axis=1)
    if forms[-1].min() <= 1e-9 * np.abs(forms).max():
        return None
    far = np.zeros(len(turns))
    for k in range(len(turns)):
        roots = np.roots(forms[::-1, k])
        far[k] = max((r.real for r in roots if abs(r.imag) < 1e-6 * (1 + abs(r))), default=0.0)
    most: NDArray[np.float64] = np.abs(turns * np.maximum(far, 0.0)[:, None]).max(axis=0)
    return most


def _rounded_up(value: float) -> Fraction:
    """A bound with few bits, a little beyond the value."""
    if value <= 0:
        return Fraction(1)
    step = Fraction(2) ** (math.floor(math.log2(value)) - 2)
    return math.ceil(_ROOM * value / float(step)) * step
