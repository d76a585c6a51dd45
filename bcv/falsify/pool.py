"""Do points that are at hand refute a claim? For loops over many claims about one system.

Soundness does not depend on this file: ``verify_point`` decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv.enclosures import floats
from bcv.enclosures.exact import verify_point
from bcv.enclosures.tape import compile_tape
from bcv.evidence import Point
from bcv.falsify.landscape import nearest_float
from bcv.obligation import Obligation
from bcv.paving.region_test import RegionTest

Floats = NDArray[np.float64]

SAMPLES: Final = 512
MOST_POINTS: Final = 128
_VERIFIED: Final = 2
_REACH: Final = 4.0
"""Samples are taken up to here where a variable has no bound."""


@dataclass(slots=True)
class Pool:
    """Points that refuted earlier claims, and samples of the box: uniform, and dense at its middle.

    The samples depend on the seed and on the box alone.
    """

    seed: int = 0
    _refuting: list[dict[str, float]] = field(default_factory=list)
    _samples: dict[object, Floats] = field(default_factory=dict)

    def add(self, point: Mapping[str, Fraction]) -> None:
        """Remember a point that refuted a claim."""
        self._refuting.insert(0, {name: float(value) for name, value in point.items()})
        del self._refuting[MOST_POINTS:]

    @property
    def size(self) -> int:
        """How many points refuted a claim, as far as they are remembered."""
        return len(self._refuting)

    def refute(self, obligation: Obligation) -> Point | None:
        """A verified witness among the points, of the two at which the claim fails most."""
        region = obligation.region
        test = RegionTest.of(region)
        tape = compile_tape([obligation.expr, *(a.expr for a in test.atoms)], region.variables)
        points = self._points(obligation)
        with np.errstate(all="ignore"):
            rows = floats.evaluate(tape, points)
            inside = test.inside(rows[1:], rows[1:])
            margin = np.where(inside & ~np.isnan(rows[0]), rows[0], np.inf)
        for k in np.argsort(margin)[:_VERIFIED]:
            if margin[k] < 0.0 or (obligation.strict and margin[k] == 0.0):
                exact = dict(
                    zip(region.variables, map(Fraction, points[:, k].tolist()), strict=True)
                )
                witness = verify_point(obligation, exact)
                if witness is not None:
                    return witness
        return None

    def _points(self, obligation: Obligation) -> Floats:
        region = obligation.region
        key = (region.variables, region.box)
        if key not in self._samples:
            if len(self._samples) > MOST_POINTS:
                self._samples.clear()
            self._samples[key] = self._drawn(obligation)
        known = [
            [point[name] for name in region.variables]
            for point in self._refuting
            if all(name in point for name in region.variables)
        ]
        old = np.array(known).reshape(len(known), len(region.variables)).T
        return np.concatenate([old, self._samples[key]], axis=1)

    def _drawn(self, obligation: Obligation) -> Floats:
        ends = []
        for side in obligation.region.box:
            lo = -_REACH if side.lo is None else nearest_float(side.lo)
            hi = _REACH if side.hi is None else nearest_float(side.hi)
            ends.append((min(lo, hi), max(lo, hi)))
        least, most = np.array(ends).reshape(len(ends), 2, 1).transpose(1, 0, 2)
        chance = np.random.default_rng(self.seed)
        middle, half = 0.5 * (least + most), 0.5 * (most - least)
        # Claims of barrier certificates are often tight at an equilibrium in the middle.
        scale = np.where(np.arange(SAMPLES) % 2 == 0, 1.0, 2.0 ** -chance.uniform(0, 12, SAMPLES))
        found: Floats = middle + half * scale * chance.uniform(-1.0, 1.0, (len(ends), SAMPLES))
        return found
