"""Where is a box split? Across the axis along which the undecided expressions vary most.

Soundness depends on ``halves``: the two halves must cover the box.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv.paving.boxes import Boxes
from bcv.paving.recording import CoverRecorder

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Axes = NDArray[np.intp]

FAR: Final = 2.0**24
"""A box that begins farther out than this on an infinite axis is not split there again."""
_GROWTH: Final = 4.0
_TIE_BREAK: Final = 0.05
_THINNEST: Final = 2.0**-10


def midpoints(lo: Floats, hi: Floats) -> Floats:
    """lo + (hi - lo) * 0.5 in doubles: the rule that evidence states for splits and centres."""
    with np.errstate(invalid="ignore", over="ignore"):
        middle: Floats = lo + (hi - lo) * 0.5
    return middle


def variation_shares(widths: Floats, slopes: Floats, relevant: Mask) -> Floats:
    """(n, K) how much of the expressions' variation each axis carries ("smear sum relative").

    widths (n, K); slopes (m, n, K) magnitudes of the derivatives of m expressions; relevant (m, K)
    says which expressions are undecided on a box. Gilles Trombettoni et al., AAAI 2011.
    """
    smear = np.where(np.isnan(slopes), 0.0, np.minimum(slopes, 1e300)) * widths
    total = smear.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        share = np.where((total > 0.0) & np.isfinite(total), smear / total, 0.0)
    result: Floats = (share * relevant[:, None, :]).sum(axis=0)
    return result


def choose_axes(boxes: Boxes, shares: Floats, scale: Floats) -> tuple[Axes, Mask]:
    """The axis to split per box, and which boxes can be split at all.

    ``shares`` as from ``variation_shares``; ``scale`` (n, 1) are widths that count as alike,
    infinite for an axis that does not matter and is never split. An infinite axis goes first, the
    least explored one before the others.
    """
    lo, hi = boxes.lo, boxes.hi
    if not len(lo):  # a claim about constants: its one box is a point
        return np.zeros(boxes.count, dtype=np.intp), np.zeros(boxes.count, dtype=np.bool_)
    infinite = np.isinf(lo) | np.isinf(hi)
    with np.errstate(invalid="ignore", over="ignore"):
        widths = np.where(infinite, 0.0, hi - lo)
        middle = midpoints(lo, hi)
    divisible = ~infinite & np.isfinite(scale) & (middle > lo) & (middle < hi)
    relative = widths / scale
    largest = np.maximum(relative.max(axis=0, initial=0.0), 1e-300)
    # Samples of slopes can mislead; no axis gets a great deal thinner than another one.
    divisible &= relative >= _THINNEST * largest
    score = np.where(divisible, shares + _TIE_BREAK * relative / largest, -1.0)
    if bool(infinite.any()):
        edge = np.maximum(np.where(np.isinf(lo), -hi, lo), np.where(np.isinf(hi), -1.0, 0.0))
        explored = (edge >= FAR) | np.isinf(scale)
        score = np.where(infinite, np.where(explored, -1.0, 1e6 / (2.0 + edge)), score)
    axes = np.argmax(score, axis=0)
    return axes, np.take_along_axis(score, axes[None], axis=0)[0] >= 0.0


def _far_cut(lo: Floats, hi: Floats) -> Floats:
    """A finite position inside an infinite interval: 0, then 1, then four times farther out."""
    outward = np.where(lo < 0.0, 0.0, np.where(lo < 1.0, 1.0, _GROWTH * lo))
    inward = np.where(hi > 0.0, 0.0, np.where(hi > -1.0, -1.0, _GROWTH * hi))
    return np.where(np.isinf(hi), np.where(np.isinf(lo), 0.0, outward), inward)


def halves(boxes: Boxes, axes: Axes, recorder: CoverRecorder) -> list[Boxes]:
    """Both halves of every box, recorded; lower halves first, then upper ones."""
    columns = np.arange(boxes.count)
    lo, hi = boxes.lo[axes, columns], boxes.hi[axes, columns]
    infinite = np.isinf(lo) | np.isinf(hi)
    done: list[Boxes] = []
    for chosen, explicit in ((~infinite, False), (infinite, True)):
        if not bool(chosen.any()):
            continue
        part = boxes if bool(chosen.all()) else boxes.where(chosen)
        with np.errstate(invalid="ignore"):
            at = _far_cut(lo[chosen], hi[chosen]) if explicit else midpoints(lo, hi)[chosen]
        done.extend(cut_boxes(part, axes[chosen], at, recorder, explicit=explicit))
    return done


def cut_boxes(
    boxes: Boxes, axes: Axes, at: Floats, recorder: CoverRecorder, *, explicit: bool = True
) -> tuple[Boxes, Boxes]:
    """The parts of the boxes below and above ``at``, recorded as splits."""
    lower_ids = recorder.split(boxes.ids, axes.astype(np.int32), at if explicit else None)
    columns = np.arange(boxes.count)
    hi, lo = boxes.hi.copy(), boxes.lo.copy()
    hi[axes, columns] = at
    lo[axes, columns] = at
    return (
        Boxes(boxes.lo, hi, lower_ids, boxes.bound),
        Boxes(lo, boxes.hi, lower_ids + np.int32(1), boxes.bound),
    )
