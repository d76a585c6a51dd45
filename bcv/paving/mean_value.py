"""How low can g - sum m_j h_j get on a box? By the mean value form, for a batch of boxes.

Soundness depends on this file: every bound is rounded down. The rule is evidence.Form.MEAN_VALUE.

Row 0 of values and slopes belongs to g, row 1 + j to h_j. The multipliers m_j are doubles, which
are exact numbers, and may differ from box to box.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv.enclosures.assumptions import MAX_FLOAT
from bcv.enclosures.gradients import mean_value_bound
from bcv.paving.splitting import midpoints

Floats = NDArray[np.float64]

_ULP: Final = 2.0**-52
_TINY: Final = 2.0**-1074


def combined_slopes(lo: Floats, hi: Floats, multipliers: Floats) -> tuple[Floats, Floats]:
    """(n, K) outer enclosures of grad g - sum m_j grad h_j from (1 + J, n, K) enclosures.

    multipliers (J, K); where all are 0 the enclosure of grad g itself comes back.
    """
    least, most = lo[0], hi[0]
    for j, m in enumerate(multipliers):
        if not m.any():
            continue
        smallest, largest = _scaled(m, lo[1 + j], hi[1 + j])
        least = _rounded(least - largest, -1.0)
        most = _rounded(most - smallest, 1.0)
    return np.where(np.isnan(least), -np.inf, least), np.where(np.isnan(most), np.inf, most)


def combined_values(lo: Floats, hi: Floats, multipliers: Floats) -> Floats:
    """(K,) lower bounds of g - sum m_j h_j from (1 + J, K) enclosures."""
    total = lo[0]
    for j, m in enumerate(multipliers):
        if m.any():
            total = _rounded(total - _scaled(m, lo[1 + j], hi[1 + j])[1], -1.0)
    return np.where(np.isnan(total), -np.inf, total)


def _scaled(m: Floats, lo: Floats, hi: Floats) -> tuple[Floats, Floats]:
    """An outer enclosure of m * [lo, hi]; exact zeros stay, and underflows are covered."""

    def product(end: Floats) -> tuple[Floats, Floats]:
        zero = (m == 0.0) | (end == 0.0)
        nearest = np.where(zero, 0.0, m * end)
        return nearest, np.where(zero, 0.0, np.abs(nearest) * _ULP + _TINY)

    (a, a_error), (b, b_error) = product(lo), product(hi)
    smallest = np.minimum(a - a_error, b - b_error)
    largest = np.maximum(a + a_error, b + b_error)
    return np.minimum(smallest, MAX_FLOAT), np.maximum(largest, -MAX_FLOAT)


def _rounded(total: Floats, direction: float) -> Floats:
    """A sum moved down (-1) or up (1) by one unit in the last place; subnormal sums are exact."""
    # An overflow in the other direction would be no bound.
    tame = direction * np.maximum(direction * total, -MAX_FLOAT)
    return tame + direction * (np.abs(tame) * _ULP)


def centres(lo: Floats, hi: Floats, least: Floats, most: Floats) -> Floats:
    """(n, K) where to expand: the end from which a monotone expression rises, or the middle.

    On an infinite side without that end it is the point next to 0: any finite one is sound, but
    only where the slope is exactly 0 is there a bound.
    """
    middle = np.where(np.isfinite(lo) & np.isfinite(hi), midpoints(lo, hi), np.clip(0.0, lo, hi))
    falling = np.where((most <= 0.0) & np.isfinite(hi), hi, middle)
    return np.where((least >= 0.0) & np.isfinite(lo), lo, falling)


def lower_bounds(
    value: Floats, least: Floats, most: Floats, lo: Floats, hi: Floats, centre: Floats
) -> Floats:
    """(K,) lower bounds of value + sum_i [least_i, most_i] * (x_i - centre_i) over the boxes.

    Where every variation is exactly 0, the value comes back unchanged.
    """
    return mean_value_bound(value, lo, hi, centre, least, most)
