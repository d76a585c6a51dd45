"""What happened? Events that the pipeline and the engines emit, for whoever listens.

Soundness does not depend on this file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bcv.obligation import Obligation
from bcv.outcome import Outcome
from bcv.verdict import Contradiction


@dataclass(frozen=True, slots=True)
class ObligationStarted:
    """Work on an obligation begins; ``index`` of ``total`` counts from 1."""

    obligation: Obligation
    index: int
    total: int


@dataclass(frozen=True, slots=True)
class EngineStarted:
    """An engine is tried on an obligation with so many seconds."""

    obligation: Obligation
    engine: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Progress:
    """An engine is alive: boxes examined and open, or another engine's own words."""

    obligation: Obligation
    engine: str
    boxes: int = 0
    boxes_left: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class EngineFinished:
    """An engine gave an outcome after so many seconds."""

    obligation: Obligation
    engine: str
    outcome: Outcome
    seconds: float


@dataclass(frozen=True, slots=True)
class Recalled:
    """A stored outcome was checked again and counts; ``engine`` found it, in an earlier run."""

    obligation: Obligation
    engine: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Contradicted:
    """Two engines said opposite things of an obligation."""

    obligation: Obligation
    contradiction: Contradiction


Event = Recalled | ObligationStarted | EngineStarted | Progress | EngineFinished | Contradicted
Emit = Callable[[Event], None]


def ignore(event: Event) -> None:
    """The observer that hears nothing."""
