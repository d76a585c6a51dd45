"""How large can the violated part of a region be, if uniform points found none? A statistic.

Soundness does not depend on this file: it says something of volumes with a confidence, never that
a claim holds. Membership and violation are those of floating-point values.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv.enclosures.floats import evaluate
from bcv.enclosures.intervals import IntervalMachine
from bcv.enclosures.tape import compile_tape
from bcv.obligation import Obligation
from bcv.region import And, Atom, Formula, Relation, atoms

CONFIDENCE: Final = 0.99
MOST_POINTS: Final = 200_000
_BATCH: Final = 4096
_CLEAR: Final = 0.99
_FARTHEST: Final = 10**300
"""Beyond, doubles end."""

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Share:
    """With CONFIDENCE, violations fill less than ``below`` of the region's volume.

    ``points`` are the independent uniform points of the region on which that rests.
    """

    below: float
    points: int


def bound_without_hits(points: int, confidence: float = CONFIDENCE) -> float:
    """The upper end of the one-sided Clopper-Pearson interval for no hit among so many points.

    If violations filled a share p, the chance of none among n independent uniform points would be
    (1 - p)**n; that is below 1 - confidence as soon as p exceeds 1 - (1 - confidence)**(1/n).
    """
    return float(-np.expm1(np.log1p(-confidence) / points)) if points else 1.0


def _double(end: Fraction | None) -> float:
    """An end of a side; NaN where there is none that uniform doubles could be drawn up to."""
    return float("nan") if end is None or abs(end) > _FARTHEST else float(end)


def violated_share(obligation: Obligation, deadline: float, seed: int = 0) -> Share | None:
    """The bound that uniform sampling of the region supports until the deadline.

    The points are drawn from the region's box, and those outside of the region rejected, so they
    are uniform in the region. None where that means nothing: the box is unbounded or degenerate,
    the region has an equality (its volume is 0), no point fell into it, one violates the claim, or
    rounding hides whether many do.
    """
    region = obligation.region
    lo = np.array([_double(side.lo) for side in region.box])
    hi = np.array([_double(side.hi) for side in region.box])
    numbered = list(atoms(region.formula))
    surface = any(atom.relation is Relation.EQ for atom in numbered)
    if surface or not len(lo) or not (hi > lo).all():
        return None
    tape = compile_tape([*obligation.roots, *(a.expr for a in numbered)], region.variables)
    roots = len(obligation.roots)
    random = np.random.default_rng(seed)
    inside = drawn = 0
    with np.errstate(all="ignore"):
        while drawn < MOST_POINTS and time.monotonic() < deadline:
            points = random.uniform(lo[:, None], hi[:, None], (len(lo), _BATCH))
            values = evaluate(tape, points)
            hit = _holds(region.formula, dict(zip(numbered, values[roots:], strict=True)), _BATCH)
            kept = values[:roots, hit]
            fine = kept[0] > 0 if obligation.strict else kept[0] >= 0
            if not (fine.all() and np.isfinite(kept).all()):
                return None
            if not drawn and not _is_clear(obligation, points[:, hit]):
                return None
            drawn += _BATCH
            inside += int(hit.sum())
    return Share(bound_without_hits(inside), inside) if inside else None


def _is_clear(obligation: Obligation, points: Floats) -> bool:
    """Whether the claim holds at nearly all of the points whatever their rounding errors are."""
    machine = IntervalMachine(compile_tape([obligation.expr], obligation.region.variables), _BATCH)
    least, _ = machine.evaluate(points, points)
    clear = least[0] > 0 if obligation.strict else least[0] >= 0
    return bool(clear.mean() > _CLEAR) if clear.size else True


def _holds(formula: Formula, values: dict[Atom, Floats], count: int) -> Mask:
    if isinstance(formula, Atom):
        value = values[formula]
        return np.asarray(value > 0 if formula.relation is Relation.GT else value >= 0)
    conjunction = isinstance(formula, And)
    found = np.full(count, conjunction)
    for part in formula.parts:
        mask = _holds(part, values, count)
        found = found & mask if conjunction else found | mask
    return found
