"""What is an engine? Something that attempts an obligation within a budget.

Soundness: an engine must return ``Proved`` only from rigorous arithmetic or an exact argument and
``Refuted`` only with a witness that ``bcv.enclosures.exact`` has verified.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bcv.events import Emit
from bcv.obligation import Obligation
from bcv.outcome import Hints, Outcome
from bcv.stores.shelf import Shelf

if TYPE_CHECKING:
    from bcv.stores.checkpoints import Checkpoints


@dataclass(frozen=True, slots=True)
class Budget:
    """How much an attempt may use.

    Attributes:
        deadline: a value of ``time.monotonic()``; an engine returns within 0.2 s of it.
        boxes: the largest number of boxes to examine.
        memory: bytes that boxes and evidence may fill.
        seed: of every random choice; the same seed gives the same outcome.
        jobs: the processes that may work side by side.
        checkpoints: where long work is put aside, and taken up again.
        shelf: where searches wait for their next slice of time.
    """

    deadline: float
    boxes: int = 50_000_000
    memory: int = 2 << 30
    seed: int = 0
    jobs: int = 1
    checkpoints: Checkpoints | None = None
    shelf: Shelf = field(default_factory=Shelf, compare=False)

    @property
    def seconds_left(self) -> float:
        return max(0.0, self.deadline - time.monotonic())

    def slice(self, seconds: float) -> Budget:
        """The same budget, ending after so many seconds at the latest."""
        return replace(self, deadline=min(self.deadline, time.monotonic() + seconds))


@dataclass(frozen=True, slots=True)
class Engine(ABC):
    """An attempt at obligations. A frozen value, so that a task can travel to another process."""

    name: str = field(init=False, default="")

    @abstractmethod
    def discharge(
        self, obligation: Obligation, hints: Hints, budget: Budget, emit: Emit
    ) -> Outcome:
        """Try to settle the obligation. Never raises for what mathematics could not do."""
