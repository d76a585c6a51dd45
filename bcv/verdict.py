"""When is the whole thing VALID? A pure function of the conditions' outcomes.

Soundness depends on this file: it turns parts into the answer that users act on.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bcv.evidence import Evidence
from bcv.obligation import Obligation
from bcv.outcome import Outcome, Proved, Refuted


class Assurance(enum.IntEnum):
    """What an answer rests on; a larger one is worth more."""

    NONE = 0
    ATTESTED = 1
    RIGOROUS = 2
    CHECKED = 3


class Answer(enum.Enum):
    """The answer for a file."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "unknown"


class Stance(enum.Enum):
    """What an engine says of a claim, whether or not it can be believed."""

    HOLDS = "holds"
    FAILS = "fails"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What another engine said of a claim that was settled before; ``words`` if it said nothing.

    ``agrees`` is None if it said nothing.
    """

    engine: str
    stance: Stance
    agrees: bool | None
    seconds: float
    words: str = ""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two engines said opposite things of a condition.

    ``right`` is the engine whose exact witness or replayed proof settled it, None if neither has
    one that stands alone: then the condition is undecided, and something is broken.
    """

    condition: str
    holds: str
    fails: str
    right: str | None

    def __str__(self) -> str:
        said = f"{self.condition}: {self.holds} says that it holds, {self.fails} that it fails"
        if self.right is None:
            return f"{said}; neither could be checked against the other"
        wrong = self.fails if self.right == self.holds else self.holds
        return f"{said}; {wrong} is wrong, for the evidence of {self.right} was checked"


@dataclass(frozen=True, slots=True)
class Stored:
    """A proof as an earlier run left it.

    Attributes:
        entry: the entry of a proof file, as the checker reads it; None once something else than the
            checker said that the evidence holds: nobody then looked at what else the entry says.
        replay: the seconds in which the checker confirmed it; infinite if that took, or was
            expected to take, too long; None if it was not asked.
        expected: an estimate of these seconds.
    """

    entry: Mapping[str, Any] | None
    replay: float | None
    expected: float


@dataclass(frozen=True, slots=True)
class Settled:
    """An obligation with the outcome that counts, who found it, and what it rests on.

    ``stored`` is the proof as it was found in the store; ``replay`` is as there, for this run.
    """

    obligation: Obligation
    outcome: Outcome
    engine: str
    assurance: Assurance
    seconds: float
    cached: bool = False
    opinions: tuple[Opinion, ...] = ()
    stored: Stored | None = field(default=None, compare=False, repr=False)
    replay: float | None = None

    @property
    def evidence(self) -> Evidence | None:
        return self.outcome.evidence if isinstance(self.outcome, Proved) else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one problem.

    ``assumes`` lists what VALID takes for granted; ``notes`` are remarks (vacuous sets, ...);
    ``probability`` is the statement of a stochastic certificate, else None. ``unsupported`` pairs
    conditions for which no obligation could be stated with the reason.
    """

    answer: Answer
    assurance: Assurance
    conditions: tuple[Settled, ...]
    seconds: float
    assumes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    probability: str | None = None
    unsupported: tuple[tuple[str, str], ...] = ()
    contradictions: tuple[Contradiction, ...] = ()


def conclude(
    settled: tuple[Settled, ...], unsupported: tuple[str, ...] = ()
) -> tuple[Answer, Assurance]:
    """VALID if all is proved, INVALID if something is refuted, else UNKNOWN.

    ``unsupported`` names conditions for which no obligation could be stated; they keep the answer
    from being VALID. VALID is worth its weakest part, INVALID its best refutation; a refuted side
    condition (``sufficient``) refutes nothing but leaves the answer open.
    """
    refuted = [
        item.assurance
        for item in settled
        if isinstance(item.outcome, Refuted) and not item.obligation.sufficient
    ]
    if refuted:
        return Answer.INVALID, max(refuted)
    open_ = any(not isinstance(item.outcome, Proved) for item in settled)
    if open_ or unsupported or not settled:
        return Answer.UNKNOWN, Assurance.NONE
    return Answer.VALID, min(item.assurance for item in settled)
