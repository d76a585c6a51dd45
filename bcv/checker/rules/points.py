"""Does a claim fail at a point, or have no value there? Exactly.

The checker's verdict depends on this file. A rule for witnesses returns words if the witness is
right, and raises RejectedError otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ..claims import Claim
from ..reading import entry, rational, sequence, text
from ..terms import RejectedError, Terms
from .values import PRECISIONS, UNDEFINED, PointValues, violates


def coordinates(claim: Claim, data: Any) -> dict[str, Fraction]:
    """A point of the region's box."""
    pairs = [sequence(pair, 2) for pair in sequence(data)]
    point = {text(name): rational(value) for name, value in pairs}
    for name, (lo, hi) in zip(claim.region.names, claim.region.box, strict=True):
        if name not in point:
            raise RejectedError(f"the witness has no {name[:40]}")
        if (lo is not None and point[name] < lo) or (hi is not None and point[name] > hi):
            raise RejectedError(f"the witness lies outside the box: {name[:40]}")
    return {name: point[name] for name in claim.region.names}


def show(point: Mapping[str, Fraction]) -> str:
    return ", ".join(f"{name} = {str(value)[:60]}" for name, value in point.items())


def refute(terms: Terms, claim: Claim, data: Any) -> str:
    """The point lies in the region, and the claim is false there, or something has no value."""
    point = coordinates(claim, entry(data, "point"))
    why = ""
    for bits in PRECISIONS:
        values = PointValues(terms, point, bits)
        if not values.holds(claim.region.formula):
            why = "the witness is not seen to lie in the region"
        elif violates(values.of(claim.expr), claim.strict):
            return f"violated at {show(point)}"
        elif any(values.of(root) == UNDEFINED for root in (claim.expr, *claim.defined)):
            return f"not defined at {show(point)}"
        else:
            why = "the claim is not seen to fail at the witness"
    raise RejectedError(why)
