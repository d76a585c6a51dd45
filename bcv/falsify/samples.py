"""Where to look first? Special points and a low-discrepancy sequence over a box.

Soundness does not depend on this file.
"""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np

from bcv.falsify.landscape import Array

MAX_CORNERS: Final = 128
MAX_LATTICE: Final = 700
_LARGEST_DECADE: Final = 8.0


def additive_sequence(count: int, dimension: int, seed: int) -> Array:
    """Points of [0, 1)^dimension, shape (dimension, count), evenly spread for every count.

    The additive recurrence with the powers of 1/phi_d, phi_d the root of x^(d+1) = x + 1
    (Roberts 2018, "The unreasonable effectiveness of quasirandom sequences"); the seed shifts it.
    """
    phi = 2.0
    for _ in range(40):
        phi = (1.0 + phi) ** (1.0 / (dimension + 1))
    slopes = phi ** -np.arange(1.0, dimension + 1)
    start = np.random.default_rng(seed).random(dimension) if seed else np.full(dimension, 0.5)
    steps = np.arange(1, count + 1, dtype=np.float64)
    return (start[:, None] + slopes[:, None] * steps) % 1.0


def _endless(u: Array, decades: bool) -> Array:
    """[0, 1) -> the reals with heavy tails, or evenly over the decades of |x|."""
    centred = 2.0 * u - 1.0
    if decades:
        size = np.abs(centred)
        return np.asarray(np.sign(centred) * 10.0 ** (-2.0 + (_LARGEST_DECADE + 2.0) * size))
    return np.asarray(3.0 * centred / (1.0 - np.abs(centred) + 1e-9))


def stretch(u: Array, lo: Array, hi: Array, decades: bool) -> Array:
    """Unit points to a box that may be endless on any side."""
    points = np.empty_like(u)
    for i, (a, b) in enumerate(zip(lo, hi, strict=True)):
        if np.isfinite(a) and np.isfinite(b):
            points[i] = a + (b - a) * u[i]
        elif np.isfinite(a):
            points[i] = a + np.abs(_endless(0.5 + 0.5 * u[i], decades))
        elif np.isfinite(b):
            points[i] = b - np.abs(_endless(0.5 + 0.5 * u[i], decades))
        else:
            points[i] = _endless(u[i], decades)
    return points


def _levels(a: float, b: float) -> list[float]:
    """Special values of one coordinate: the ends, the middle, zero and small numbers."""
    ends = [x for x in (a, b) if np.isfinite(x)]
    middle = [0.5 * (a + b)] if len(ends) == 2 else []
    small = [0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0]
    inside = [x for x in small if a <= x <= b]
    return list(dict.fromkeys([*middle, *ends, *inside]))


def special_points(lo: Array, hi: Array) -> Array:
    """Corners, centre, axes and a lattice of small numbers, shape (variables, K)."""
    levels = [_levels(a, b) for a, b in zip(lo.tolist(), hi.tolist(), strict=True)]
    n = len(levels)
    found: dict[tuple[float, ...], None] = {}
    base = [0.0 if 0.0 in side else side[0] for side in levels]
    middle = [side[0] for side in levels]
    for centre in (base, middle):
        found[tuple(centre)] = None
        for i, side in enumerate(levels):
            for x in side:
                found[(*centre[:i], x, *centre[i + 1 :])] = None
    ends = [[x for x in pair if np.isfinite(x)] or [-1.0, 1.0] for pair in zip(lo, hi, strict=True)]
    for corner in itertools.islice(itertools.product(*ends), MAX_CORNERS):
        found[tuple(corner)] = None
    if n <= 3:
        for point in itertools.islice(itertools.product(*levels), MAX_LATTICE):
            found[point] = None
    return np.array(list(found), dtype=np.float64).reshape(len(found), n).T


def coarse_points(lo: Array, hi: Array, count: int, seed: int) -> Array:
    """The special points, then about ``count`` of the sequence; (variables, K).

    Where the box is endless, half of the points have heavy tails and half go by decades.
    """
    unit = additive_sequence(count, len(lo), seed)
    parts = [special_points(lo, hi)]
    if np.isfinite(lo).all() and np.isfinite(hi).all():
        parts.append(stretch(unit, lo, hi, decades=False))
    else:
        parts.append(stretch(unit[:, ::2], lo, hi, decades=False))
        parts.append(stretch(unit[:, 1::2], lo, hi, decades=True))
    return np.clip(np.concatenate(parts, axis=1), lo[:, None], hi[:, None])
