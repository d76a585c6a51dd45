"""How did an attempt at an obligation end? Proved, refuted or undecided, always as a value.

Soundness: an engine's ``Proved`` is a claim; the pipeline decides what it is worth.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from bcv.evidence import Evidence, Witness


class Reason(enum.Enum):
    """Why nothing was decided."""

    TIMEOUT = "timeout"
    BOX_LIMIT = "box-limit"
    MEMORY = "memory"
    UNSUPPORTED = "unsupported"
    UNAVAILABLE = "unavailable"
    DELTA_SAT = "delta-sat"
    CRASHED = "crashed"
    INTERRUPTED = "interrupted"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known although nothing was decided; None where it is not.

    Attributes:
        smallest_margin: an estimate: the smallest value of the expression at a sampled point.
        at: that point, in floats.
        largest_violation: rigorous: the expression is at least minus this on the whole region.
        proved_share: of the boxes that may meet the region, the share by volume on which the
            claim is proved; None where the region has no bounds.
        boxes: boxes examined.
        boxes_left: boxes still open.
        samples: points drawn.
        violated_share: statistical: with 99 % confidence, violations fill less than this share of
            the region's volume (None where the region has none, or is unbounded).
        uniform_points: the uniform points of the region on which that rests.
    """

    smallest_margin: float | None = None
    at: tuple[tuple[str, float], ...] = ()
    largest_violation: float | None = None
    proved_share: float | None = None
    boxes: int | None = None
    boxes_left: int | None = None
    samples: int | None = None
    violated_share: float | None = None
    uniform_points: int | None = None


@dataclass(frozen=True, slots=True)
class Hints:
    """What earlier stages saw, to order a search; never to shrink it.

    Attributes:
        points: suspicious points (floats, in the order of the region's variables), worst first.
        zeros: exact points of the region where the claim's expression is 0.
        estimates: finds points within about 2**-600 of other zeros; None to look for them oneself.
    """

    points: tuple[tuple[float, ...], ...] = ()
    zeros: tuple[tuple[Fraction, ...], ...] = ()
    estimates: Callable[[], Sequence[tuple[Fraction, ...]]] | None = field(
        default=None, compare=False
    )


@dataclass(frozen=True, slots=True)
class Proved:
    """The claim holds; the evidence says why."""

    evidence: Evidence
    known: Known = field(default_factory=Known)


@dataclass(frozen=True, slots=True)
class Refuted:
    """The claim fails at an exactly verified witness."""

    witness: Witness
    known: Known = field(default_factory=Known)


@dataclass(frozen=True, slots=True)
class Undecided:
    """Not settled: why, what is known, and hints for whoever tries next.

    ``needed`` estimates the seconds of the next thing that the engine would try, if it knows.
    """

    reason: Reason
    detail: str = ""
    known: Known = field(default_factory=Known)
    hints: Hints = field(default_factory=Hints)
    needed: float | None = None


Outcome = Proved | Refuted | Undecided
