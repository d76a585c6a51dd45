"""Does a claim fail at a zero somewhere on a segment?

The checker's verdict depends on this file: the intermediate value theorem.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ..claims import Claim
from ..reading import entry
from ..terms import RejectedError, Terms
from .crossings import Inspection, side, surfaces
from .points import coordinates, show
from .values import PointValues, violates

MOST_PIECES = 2_000


def refute(terms: Terms, claim: Claim, data: Any) -> str:
    """Some p is < 0 at the start and > 0 at the end, and so 0 in between, where the claim fails.

    p is continuous on the segment, and where it is 0, the claim fails as ``Inspection`` sees on
    pieces of the segment.
    """
    start, end = (coordinates(claim, entry(data, key)) for key in ("start", "end"))
    for surface in surfaces(claim):
        signs = [PointValues(terms, point).of(surface) for point in (start, end)]
        crossed = violates(signs[0], False) and _is_positive(signs[1])
        if crossed and _fails_between(Inspection(terms, claim, [surface]), start, end):
            return f"violated between {show(start)} and {show(end)}"
    raise RejectedError("the segment is not seen to cross the surface where the claim fails")


def _is_positive(value: Any) -> bool:
    lo = value[0] if isinstance(value, tuple) else value
    return not isinstance(lo, str) and bool(lo > 0)


def _fails_between(
    inspection: Inspection, start: dict[str, Fraction], end: dict[str, Fraction]
) -> bool:
    """Whether the claim is seen to fail on the segment, halved where needed."""
    pieces = [(Fraction(0), Fraction(1))]
    for _ in range(MOST_PIECES):
        if not pieces:
            return True
        a, b = pieces.pop()
        sides = ((x + a * (end[name] - x), x + b * (end[name] - x)) for name, x in start.items())
        if not inspection.fails_on([side(inspection.arithmetic, *ends) for ends in sides]):
            middle = (a + b) / 2
            pieces += [(middle, b), (a, middle)]
    return False
