"""How is a box cut down to a smaller one? By slabs, each a leaf of its own that is bounded first.

Soundness depends on this file: a slab leaves the search only with the reason that its bound gave.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv.paving.boxes import Boxes
from bcv.paving.recording import CoverRecorder
from bcv.paving.splitting import cut_boxes

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Reasons = NDArray[np.int32]

_LEAST_SHARE: Final = 0.1
"""Slabs thinner than this share of their box are not worth a leaf."""
_FARTHEST: Final = 2.0**60


@dataclass(frozen=True, slots=True)
class _Slab:
    """What lies below (or above) ``at`` on one axis of the boxes ``columns``."""

    axis: int
    upper: bool
    columns: NDArray[np.intp]
    at: Floats
    lo: Floats
    hi: Floats


def _wanted(lo: Floats, hi: Floats, at: Floats, *, upper: bool, whole: Mask) -> Mask:
    """Where a cut at ``at`` inside (lo, hi) takes enough away; only infinite ends if not whole."""
    with np.errstate(invalid="ignore", over="ignore"):
        inside = (at > lo) & (at < hi) & (np.abs(at) < _FARTHEST)
        gone, width = (hi - at if upper else at - lo), hi - lo
        enough = (gone >= _LEAST_SHARE * width) & np.isfinite(width)
        return inside & np.where(whole, enough, np.isinf(gone))


def _slabs(boxes: Boxes, least: Floats, most: Floats) -> tuple[list[_Slab], Boxes, Floats]:
    """The slabs, each of what the ones before it leave; what is left, and (K,) its share."""
    left = boxes.where(np.arange(boxes.count))
    lo, hi = left.lo, left.hi
    share = np.ones(boxes.count)
    bounded: Mask = np.logical_and.reduce(np.isfinite(lo) & np.isfinite(hi), axis=0)
    found = []
    for axis in range(lo.shape[0]):
        for upper, at in ((False, least[axis]), (True, most[axis])):
            wanted = _wanted(lo[axis], hi[axis], at, upper=upper, whole=bounded)
            columns = np.flatnonzero(wanted)
            if not columns.size:
                continue
            cut = at[columns]
            slab_lo, slab_hi = lo[:, columns], hi[:, columns]
            with np.errstate(invalid="ignore", over="ignore"):
                width = slab_hi[axis] - slab_lo[axis]
                rest = (cut - slab_lo[axis]) if upper else (slab_hi[axis] - cut)
                share[columns] *= np.where(np.isinf(width), 0.25, rest / width)
            (slab_lo if upper else slab_hi)[axis] = cut
            (hi if upper else lo)[axis, columns] = cut
            found.append(_Slab(axis, upper, columns, cut, slab_lo, slab_hi))
    return found, left, share


def cut_down(
    boxes: Boxes,
    least: Floats,
    most: Floats,
    recorder: CoverRecorder,
    reasons_of: Callable[[Boxes], Reasons],
    settle: Callable[[Boxes, Reasons], None],
) -> tuple[Boxes, Floats, int]:
    """The boxes cut towards [least, most], as far as their slabs are settled.

    ``reasons_of`` gives the reason (or -1) for which a box is done, and ``settle`` takes note of
    it. Where the ends cross, what is left of the box is tried as well. Returns the boxes, (K,)
    the share of each that is left (0: settled; a guess on infinite axes), and how many were tried.
    """
    slabs, rest, share = _slabs(boxes, least, most)
    crossed = np.flatnonzero((least >= most).any(axis=0))
    if not slabs and not crossed.size:
        return boxes, share, 0
    owners = np.concatenate([*(slab.columns for slab in slabs), crossed])
    lo = np.concatenate([*(slab.lo for slab in slabs), rest.lo[:, crossed]], axis=1)
    hi = np.concatenate([*(slab.hi for slab in slabs), rest.hi[:, crossed]], axis=1)
    reasons = reasons_of(Boxes(lo, hi, boxes.ids[owners], boxes.bound[owners]))
    # Slabs after one that is not settled would have to be larger: they are left where they are.
    whole = np.ones(boxes.count, dtype=np.bool_)
    start = 0
    for slab in slabs:
        found = reasons[start : start + slab.columns.size]
        start += slab.columns.size
        whole[slab.columns[found < 0]] = False
        good = whole[slab.columns]
        if not good.any():
            continue
        columns = slab.columns[good]
        axes = np.full(columns.size, slab.axis)
        below, above = cut_boxes(boxes.where(columns), axes, slab.at[good], recorder)
        gone, kept = (above, below) if slab.upper else (below, above)
        settle(gone, found[good])
        boxes.lo[:, columns], boxes.hi[:, columns] = kept.lo, kept.hi
        boxes.ids[columns] = kept.ids
    share[~whole] = 1.0
    found = reasons[start:]
    good = whole[crossed] & (found >= 0)
    settle(boxes.where(crossed[good]), found[good])
    share[crossed[good]] = 0.0
    return boxes, share, owners.size
