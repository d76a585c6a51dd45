"""Which small boxes may hold a common zero of several surfaces near a float point?

Soundness does not depend on this file: every box is verified exactly afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

import numpy as np

from bcv.enclosures.exact import ExactPoint
from bcv.expr import Expr
from bcv.falsify.landscape import Array
from bcv.falsify.rationals import Coordinates, clamp, named, nearby, rounded
from bcv.region import Region

MOST: Final = 8
"""Rational points near the float point to be tried for the coordinates that have no side."""

_HALF: Final = Fraction(1, 2**30)
"""Half a side, relative to the coordinate: much longer than the rounding of doubles."""


def boxes_near(
    region: Region, surfaces: Sequence[Expr], slopes: Array, point: Array
) -> Iterator[tuple[Coordinates, Coordinates]]:
    """Lower and upper ends of boxes with one side for each surface that rationals do not meet.

    slopes (surfaces, variables) are scaled; each surface gets the free coordinate on which it
    depends most.
    """
    for near in nearby(point, region.box)[:MOST]:
        exact = ExactPoint(named(region.variables, near))
        missed = [k for k, surface in enumerate(surfaces) if exact.sign(surface) != 0]
        sides = _sides(slopes[missed], region)
        if not sides:
            continue
        ends = []
        for sign in (-1, 1):
            corner = list(near)
            for i in sides:
                middle = Fraction(float(point[i]))
                half = _HALF * max(abs(middle), _HALF)
                corner[i] = clamp(rounded(middle + sign * half, half), region.box[i])
            ends.append(tuple(corner))
        yield ends[0], ends[1]


def _sides(slopes: Array, region: Region) -> list[int]:
    """One free coordinate per row; none at all if they do not suffice."""
    free = [i for i, side in enumerate(region.box) if side.lo is None or side.lo != side.hi]
    chosen: list[int] = []
    for row in np.abs(slopes):
        left = [i for i in free if i not in chosen and row[i] > 0]
        if not left:
            return []
        chosen.append(max(left, key=lambda i: float(row[i])))
    return chosen
