"""Is the claim false somewhere? Sampling, descent and exact verification; it never proves.

Soundness: a refutation is returned only with a witness that ``bcv.enclosures.exact`` verified.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from bcv.engines.engine import Budget, Engine
from bcv.events import Emit
from bcv.falsify.search import Effort, Search
from bcv.obligation import Obligation
from bcv.outcome import Hints, Outcome, Reason, Refuted, Undecided

_EFFORTS: Final = {
    "coarse": Effort(samples=512, starts=10, rounds=8, polished=3, verified=10, passes=1, cells=5),
    "thorough": Effort(
        samples=8192,
        starts=48,
        rounds=30,
        polished=10,
        verified=40,
        passes=3,
        cells=24,
        held=True,
        curves=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Sampling(Engine):
    """Looks for counterexamples; an effort is a number of points, not of seconds."""

    name: str = field(init=False, default="sampling")
    effort: Literal["coarse", "thorough"] = "coarse"

    def discharge(
        self, obligation: Obligation, hints: Hints, budget: Budget, emit: Emit
    ) -> Outcome:
        """Refute the obligation, or say where it is weakest and where it is exactly 0."""
        with np.errstate(all="ignore"):
            search = Search(obligation, _EFFORTS[self.effort], hints, budget.deadline, budget.seed)
            witness = search.run()
        if witness is not None:
            return Refuted(witness, search.known())
        reason = Reason.TIMEOUT if search.late() else Reason.INCONCLUSIVE
        detail = "no counterexample among the points tried"
        return Undecided(reason, detail, search.known(), search.hints())
