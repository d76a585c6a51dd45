"""Is a method worth its price on the next boxes? By what it settled so far.

Soundness does not depend on this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_PROBE_EVERY: Final = 8
_PROBE_BOXES: Final = 256


@dataclass(slots=True)
class Trial:
    """Is a method worth its price? Decided by counts, so that a run can be repeated exactly.

    ``price`` is in evaluations of the cheapest method. A box that is settled here saves the
    subtree that splitting it would grow.
    """

    price: float
    tried: float = 1.0
    settled: float = 1.0
    calls: int = 0

    def boxes(self, count: int, subtree: float) -> int:
        """On how many of ``count`` boxes to try it."""
        self.calls += 1
        if self.settled / self.tried * subtree >= self.price:
            return count
        return min(count, _PROBE_BOXES) if self.calls % _PROBE_EVERY == 0 else 0

    def record(self, tried: int, settled: float) -> None:
        """What came of it; old news fades."""
        self.tried = 0.75 * self.tried + tried
        self.settled = 0.75 * self.settled + settled
