"""How low can g - sum m_j h_j get on a box? By the mean value form, for a batch of boxes.

Soundness depends on this file: every bound is rounded down. The rule is evidence.Form.MEAN_VALUE.

Row 0 of values and slopes belongs to g, row 1 + j to h_j. The multipliers m_j are doubles, which
are exact numbers, and may differ from box to box.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv.paving.splitting import midpoints

Floats = NDArray[np.float64]

_ULP: Final = 2.0**-52


def combined_slopes(lo: Floats, hi: Floats, multipliers: Floats) -> tuple[Floats, Floats]:
    """(n, K) outer enclosures of grad g - sum m_j grad h_j from (1 + J, n, K) enclosures.

    multipliers (J, K); where all are 0 the enclosure of grad g itself comes back.
    """
    least, most = lo[0], hi[0]
    for j, m in enumerate(multipliers):
        if not m.any():
            continue
        a, b = m * lo[1 + j], m * hi[1 + j]
        size = np.maximum(np.abs(least), np.abs(most)) + np.maximum(np.abs(a), np.abs(b))
        slack = np.where(m == 0.0, 0.0, 2 * _ULP * size)
        a, b = np.where(m == 0.0, 0.0, a), np.where(m == 0.0, 0.0, b)
        least = least - np.maximum(a, b) - slack
        most = most - np.minimum(a, b) + slack
    return np.nan_to_num(least, nan=-np.inf, posinf=np.inf, neginf=-np.inf), np.nan_to_num(
        most, nan=np.inf, posinf=np.inf, neginf=-np.inf
    )


def combined_values(lo: Floats, hi: Floats, multipliers: Floats) -> Floats:
    """(K,) lower bounds of g - sum m_j h_j from (1 + J, K) enclosures."""
    total = lo[0].copy()
    for j, m in enumerate(multipliers):
        if not m.any():
            continue
        term = np.where(m == 0.0, 0.0, np.maximum(m * lo[1 + j], m * hi[1 + j]))
        total -= term + 2 * _ULP * (np.abs(total) + np.abs(term))
    return np.where(np.isnan(total), -np.inf, total)


def centres(lo: Floats, hi: Floats, least: Floats, most: Floats) -> Floats:
    """(n, K) where to expand: the end at which a monotone expression is smallest, or the middle."""
    return np.where(least >= 0.0, lo, np.where(most <= 0.0, hi, midpoints(lo, hi)))


def lower_bounds(
    value: Floats, least: Floats, most: Floats, lo: Floats, hi: Floats, centre: Floats
) -> Floats:
    """(K,) lower bounds of value + sum_i [least_i, most_i] * (x_i - centre_i) over the boxes.

    Where every variation is exactly 0, the value comes back unchanged.
    """
    down = np.minimum(least * (hi - centre), most * (lo - centre))
    down = np.where(np.isnan(down), -np.inf, np.minimum(down, 0.0))
    total: Floats = value + down.sum(axis=0)
    size = np.abs(value) - down.sum(axis=0)
    slack = (lo.shape[0] + 4) * _ULP * size
    return np.where(size > np.abs(value), total - slack, value)
