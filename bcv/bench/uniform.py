"""How would a sampling script judge this certificate? Uniform points in the box, no proof.

Soundness does not depend on this file: it is the method this field's scripts use, kept only as
the baseline of speed and accuracy. Its "valid" means that no violation was seen.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv.enclosures.floats import evaluate
from bcv.enclosures.tape import compile_tape
from bcv.obligation import Obligation
from bcv.region import And, Atom, Formula, Range, Relation, atoms

SAMPLES: Final = 100_000
BATCH: Final = 10_000
UNBOUNDED_TO: Final = 10.0
"""Where the space has no bound such scripts pick a box; ten is common."""
SURFACE: Final = 1e-3
"""Points with abs(B) below this count as lying on B = 0."""

Floats = NDArray[np.float64]


def _sampled(side: Range) -> tuple[float, float]:
    """The interval that is sampled for a side; one without end begins or ends ten further on."""
    lo = None if side.lo is None else float(side.lo)
    hi = None if side.hi is None else float(side.hi)
    if lo is None:
        lo = -UNBOUNDED_TO if hi is None or hi > -UNBOUNDED_TO else hi - UNBOUNDED_TO
    if hi is None:
        hi = UNBOUNDED_TO if lo < UNBOUNDED_TO else lo + UNBOUNDED_TO
    return lo, hi


def _inside(formula: Formula, values: dict[Atom, Floats]) -> NDArray[np.bool_]:
    if isinstance(formula, Atom):
        value = values[formula]
        if formula.relation is Relation.EQ:
            return np.abs(value) <= SURFACE
        return value >= 0 if formula.relation is Relation.GE else value > 0
    parts = [_inside(part, values) for part in formula.parts]
    join = np.logical_and if isinstance(formula, And) else np.logical_or
    whole: NDArray[np.bool_] = join.reduce(parts) if parts else np.array(isinstance(formula, And))
    return whole


def first_violation(obligation: Obligation, samples: int, seed: int) -> int | None:
    """The number of points drawn until one violates the claim (by batches), None if none does."""
    region = obligation.region
    random = np.random.default_rng(seed)
    low, high = zip(*map(_sampled, region.box), strict=True) if region.box else ((), ())
    numbered = list(atoms(region.formula))
    tape = compile_tape([obligation.expr, *(a.expr for a in numbered)], region.variables)
    for drawn in range(0, samples, BATCH):
        points = random.uniform(low, high, (BATCH, len(low))).T
        value, *rest = evaluate(tape, points)
        inside = _inside(region.formula, dict(zip(numbered, rest, strict=True)))
        bad = inside & (value <= 0 if obligation.strict else value < 0)
        if bad.any():
            return drawn + int(np.argmax(bad)) + 1
    return None
