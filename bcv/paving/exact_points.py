"""What does exact arithmetic say of a point? That the claim fails, or holds, there.

Soundness depends on ``exact_point`` alone: ``bcv.enclosures.exact`` verifies every witness.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv.evidence import Witness
from bcv.obligation import Obligation
from bcv.region import Atom, Relation, conjuncts

Floats = NDArray[np.float64]

_REACHES: Final = (1e-9, 1e-6, 1e-3)
"""How far beyond the surface a segment's ends lie, relative to the point."""


def exact_point(obligation: Obligation, point: Floats) -> dict[str, Fraction]:
    """The doubles as rationals, moved into the region's box where rounding left it."""
    coordinates = {}
    region = obligation.region
    for name, side, x in zip(region.variables, region.box, point.tolist(), strict=True):
        value = Fraction(x)
        if side.lo is not None:
            value = max(value, side.lo)
        if side.hi is not None:
            value = min(value, side.hi)
        coordinates[name] = value
    return coordinates


def zero_witness(obligation: Obligation, zero: Sequence[Fraction]) -> Witness | None:
    """The zero of a strict claim's expression as a witness, if it lies in the region."""
    from bcv.enclosures.exact import verify_point

    return verify_point(obligation, dict(zip(obligation.region.variables, zero, strict=True)))


def surface_row(obligation: Obligation) -> int | None:
    """Which conjunct is the region's one equality; None if there is none or more."""
    found = [
        row
        for row, part in enumerate(conjuncts(obligation.region.formula))
        if isinstance(part, Atom) and part.relation is Relation.EQ
    ]
    return found[0] if len(found) == 1 else None


def witness_at(
    obligation: Obligation, point: Floats, surface_slope: Floats | None, surface_value: float
) -> Witness | None:
    """A verified witness at the point or, if the region has a surface, across it nearby.

    ``surface_slope`` (n,) and ``surface_value`` are the surface's gradient and value there.
    """
    if not np.isfinite(point).all():
        return None
    from bcv.enclosures.exact import verify_point
    from bcv.enclosures.segments import verify_segment

    if surface_slope is None:
        return verify_point(obligation, exact_point(obligation, point))
    square = float(surface_slope @ surface_slope)
    if not 0.0 < square < float("inf"):
        return None
    crossing = point - surface_slope * (surface_value / square)
    for reach in _REACHES:
        step = surface_slope * (reach * max(1.0, float(np.abs(point).max())) / square**0.5)
        if not (np.isfinite(crossing).all() and np.isfinite(step).all()):
            return None  # the surface's value or slope is none, or too large
        start = exact_point(obligation, crossing - step)
        end = exact_point(obligation, crossing + step)
        found = verify_segment(obligation, start, end)
        if found is not None:
            return found
    return None
