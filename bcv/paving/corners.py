"""Where a claim is monotone in every variable, what does it say at the lowest corner? Exactly.

Soundness depends on this file: branch and bound settles boxes by it.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bcv import expr as ex
from bcv.paving.bounds import Bounds
from bcv.paving.boxes import Boxes
from bcv.paving.exact_points import exact_point
from bcv.paving.mean_value import centres, combined_slopes

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Slopes = tuple[Floats, Floats]


def lowest_corners(boxes: Boxes, least: Floats, most: Floats) -> tuple[Floats, Mask]:
    """(n, K) the corners from which an expression rises to every point of its box, and where so.

    least, most (n, K) enclose its slopes. Along a side without ends it must not vary.
    """
    corner = centres(boxes.lo, boxes.hi, least, most)
    lowest = ((least >= 0.0) & (corner == boxes.lo)) | ((most <= 0.0) & (corner == boxes.hi))
    return corner, (lowest | ((least == 0.0) & (most == 0.0))).all(axis=0)


def decided_at(bounds: Bounds, box: Boxes, slopes: Slopes, corner: Floats) -> Floats | None:
    """(J,) multipliers with which the exact value at the lowest corner proves the claim on the box.

    None if there are none. A strict claim that is 0 there needs one: with h > 0 on the region,
    g - m h >= 0 proves g > 0. ``slopes`` as from ``Bounds.slopes`` for the one box.
    """
    from bcv.enclosures.exact import exact_sign

    obligation = bounds.obligation
    none = np.zeros(bounds.usable.size)
    point = exact_point(obligation, corner)
    known = exact_sign(obligation.expr, point)
    if known is None or known < 0:
        return None
    if known > 0 or not obligation.strict:
        return none
    for row in np.flatnonzero(bounds.positive):
        m = none.copy()
        m[row] = _kept_slopes(slopes, 1 + int(row))
        least, most = combined_slopes(*slopes, m[:, None])
        there, monotone = lowest_corners(box, least, most)
        if not (m[row] > 0.0 and monotone[0] and (there[:, 0] == corner).all()):
            continue
        h = bounds.test.atoms[bounds.usable[row]].expr
        lowered = obligation.expr - ex.const(Fraction(float(m[row]))) * h
        if exact_sign(lowered, point) in (0, 1):
            return m
    return None


def _kept_slopes(slopes: Slopes, row: int) -> float:
    """A power of 2 so small that g, less that multiple of h, rises and falls where g does."""
    (least, most), (lo, hi) = (end[0, :, 0] for end in slopes), (end[row, :, 0] for end in slopes)
    with np.errstate(all="ignore"):
        rising = np.where((least >= 0.0) & (hi > 0.0), least / hi, np.inf)
        falling = np.where((most <= 0.0) & (lo < 0.0), most / lo, np.inf)
        # Where g does not vary it may do either.
        limit = np.where((least == 0.0) & (most == 0.0), 0.0, np.minimum(rising, falling))
    steady = (lo == 0.0) & (hi == 0.0)
    largest = float(np.min(np.where(steady, np.inf, limit), initial=2.0))
    return float(2.0 ** np.floor(np.log2(largest / 2.0))) if largest > 0.0 else 0.0
