"""When does an engine contradict a label? And which problems are labelled?"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bcv.conditions import obligations_of
from bcv.engines.engine import Budget, Engine
from bcv.events import ignore
from bcv.formats.problem_yaml import load_problem
from bcv.outcome import Hints, Outcome
from bcv.verdict import Answer, Assurance, Settled, conclude

PROBLEMS = Path(__file__).parents[2] / "problems"
SHARE = 6
"""One problem in so many belongs to the fast part of the suite ..."""
LARGE = 3000
"""... unless its file has more bytes than this: such networks take seconds just to be read."""


@dataclass(frozen=True)
class Labelled:
    """A problem file and what is known to be true: "valid" or "invalid"."""

    file: Path
    truth: str

    @property
    def fast(self) -> bool:
        small = self.file.stat().st_size <= LARGE
        return small and zlib.crc32(self.file.stem.encode()) % SHARE == 0


def labelled_problems() -> Iterator[Labelled]:
    """Every problem whose truth is known."""
    for labels in sorted(PROBLEMS.glob("*/labels.json")):
        for name, label in json.loads(labels.read_text(encoding="utf-8")).items():
            if label["expect"] in ("valid", "invalid"):
                yield Labelled(labels.parent / f"{name}.yaml", label["expect"])


def outcomes(engine: Engine, file: Path, seconds: float) -> list[tuple[Settled, float]]:
    """What the engine makes of each obligation, with the seconds by which it was late."""
    found = []
    for obligation in obligations_of(load_problem(file)).obligations:
        budget = Budget(time.monotonic() + seconds)
        outcome: Outcome = engine.discharge(obligation, Hints(), budget, ignore)
        late = time.monotonic() - budget.deadline
        settled = Settled(obligation, outcome, engine.name, Assurance.RIGOROUS, 0.0)
        found.append((settled, late))
    return found


def contradicts(labelled: Labelled, settled: tuple[Settled, ...]) -> bool:
    """Whether these outcomes cannot be true together with the label."""
    unsupported = obligations_of(load_problem(labelled.file)).unsupported
    answer, _ = conclude(settled, tuple(name for name, _ in unsupported))
    wrong = {"valid": Answer.INVALID, "invalid": Answer.VALID}
    return answer is wrong[labelled.truth]
