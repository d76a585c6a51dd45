"""Which multiples of the region's constraints help on a box? Found in floats, used exactly.

Soundness does not depend on this file: any multiplier >= 0 (any, on an equality) is sound.

At a constrained minimum of g the gradient of g - m h vanishes for the Karush-Kuhn-Tucker
multiplier m, so that the mean value form of g - m h loses nothing of first order there.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv import expr as ex
from bcv.evidence import Bounded, Form, LeafReason, Multiplier
from bcv.expr import Expr

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_LARGEST: Final = 2.0**60


def rounded(multipliers: Floats, bits: NDArray[np.int64]) -> Floats:
    """The multipliers with so many leading bits kept, so that few different ones arise."""
    mantissa, exponent = np.frexp(multipliers)
    kept = np.ldexp(np.rint(np.ldexp(mantissa, bits)), exponent - bits)
    return np.where(np.abs(kept) > 2.0**-60, np.clip(kept, -_LARGEST, _LARGEST), 0.0)


@np.errstate(invalid="ignore", over="ignore")
def estimated_bound(value: Floats, least: Floats, most: Floats, half_widths: Floats) -> Floats:
    """(K,) about how low the mean value form gets: monotone axes cost their mean slope only."""
    slope = np.maximum(np.abs(least), np.abs(most))
    monotone = (least >= 0.0) | (most <= 0.0)
    slope = np.where(monotone, 0.5 * np.abs(least + most), slope)
    result: Floats = value - (slope * half_widths).sum(axis=0)
    return np.where(np.isnan(result), -np.inf, result)


def _candidates(
    value: Floats, slope: Floats, value_h: Floats, slope_h: Floats, half_widths: Floats
) -> list[Floats]:
    """Multipliers worth a try on each box, from (K,) values and (n, K) mean slopes of g and h."""
    weight = half_widths**2
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        least_squares = (weight * slope * slope_h).sum(axis=0) / (weight * slope_h**2).sum(axis=0)
        ratios = list(slope / slope_h)
        sway = np.abs(slope * half_widths).sum(axis=0) + np.abs(value)
        away = np.abs(value_h) - np.abs(slope_h * half_widths).sum(axis=0)
        # Where h keeps the wrong sign on the whole box, a large multiplier discharges the box.
        decisive = np.where(away > 0.0, -np.sign(value_h) * 2.0 * sway / away, 0.0)
    return [np.where(np.isfinite(m), m, 0.0) for m in (least_squares, decisive, *ratios)]


@np.errstate(invalid="ignore", over="ignore")  # unbounded slopes: 0 * inf, inf - inf
def choose(
    values: Floats, lo: Floats, hi: Floats, half_widths: Floats, free: Mask, active: Mask
) -> Floats:
    """(J, K) multipliers that make the estimated bound of g - sum m_j h_j large.

    values (1 + J, K) at the middles, lo and hi (1 + J, n, K) slopes; row 0 is g. free (J,) marks
    equalities, active (J, K) the constraints worth a try on a box. Greedy, one at a time.
    """
    count, boxes = active.shape
    chosen = np.zeros((count, boxes))
    value, least, most = values[0], lo[0], hi[0]
    best = estimated_bound(value, least, most, half_widths)
    for _ in range(min(count, 2)):
        step, where = np.zeros(boxes), np.full(boxes, -1)
        for j in range(count):
            if not active[j].any():
                continue
            middle_h = 0.5 * (lo[1 + j] + hi[1 + j])
            for m in _candidates(value, 0.5 * (least + most), values[1 + j], middle_h, half_widths):
                m = np.where(active[j], m, 0.0)
                if not free[j]:
                    m = np.maximum(m, -chosen[j])
                a, b = m * lo[1 + j], m * hi[1 + j]
                bound = estimated_bound(
                    value - m * values[1 + j],
                    least - np.maximum(a, b),
                    most - np.minimum(a, b),
                    half_widths,
                )
                better = bound > best
                best = np.where(better, bound, best)
                step, where = np.where(better, m, step), np.where(better, j, where)
        for j in range(count):
            m = np.where(where == j, step, 0.0)
            chosen[j] += m
            a, b = m * lo[1 + j], m * hi[1 + j]
            value = value - m * values[1 + j]
            least, most = least - np.maximum(a, b), most - np.minimum(a, b)
    return chosen


class ReasonTable:
    """Why leaves are done, each reason once."""

    def __init__(self, reasons: tuple[LeafReason, ...], atoms: tuple[int, ...]) -> None:
        """Start with some reasons; atoms[j] is the number of multiplier row j's atom."""
        self.reasons: list[LeafReason] = list(reasons)
        self.multipliers: list[Multiplier] = []
        self._atoms = atoms
        self._numbers: dict[LeafReason, int] = {r: i for i, r in enumerate(reasons)}
        self._rows: dict[tuple[tuple[int, Expr], ...], int] = {}

    def number(self, reason: LeafReason) -> int:
        """The reason's number, new if necessary."""
        found = self._numbers.setdefault(reason, len(self.reasons))
        if found == len(self.reasons):
            self.reasons.append(reason)
        return found

    def terms(self, multiplier: Multiplier) -> int | None:
        """The multiplier's number, new if necessary; None if it has no terms."""
        if not multiplier.terms:
            return None
        found = self._rows.setdefault(multiplier.terms, len(self.multipliers))
        if found == len(self.multipliers):
            self.multipliers.append(multiplier)
        return found

    def _row(self, row: list[float]) -> int | None:
        terms = zip(self._atoms, row, strict=True)
        return self.terms(
            Multiplier(tuple((atom, ex.const(Fraction(m))) for atom, m in terms if m))
        )

    def mean_value(self, rows: Floats) -> NDArray[np.int32]:
        """(K,) the numbers of "mean value form with multiplier", for (J, K) multipliers."""
        return self.bounded(Form.MEAN_VALUE, rows)

    def bounded(self, form: Form, rows: Floats) -> NDArray[np.int32]:
        """(K,) the numbers of "this form with multiplier", for (J, K) multipliers."""
        result = np.empty(rows.shape[1], dtype=np.int32)
        if rows.shape[0] == 0 or not rows.any():
            result[:] = self.number(Bounded(form))
            return result
        distinct, place = np.unique(rows, axis=1, return_inverse=True)
        numbers = [self.number(Bounded(form, self._row(column.tolist()))) for column in distinct.T]
        result[:] = np.array(numbers, dtype=np.int32)[place.reshape(-1)]
        return result
