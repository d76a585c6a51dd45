"""What did a run over a suite find? One record per problem, its score, and the sums.

Soundness does not depend on this file; it is how we notice that something else is unsound.
"""

from __future__ import annotations

import enum
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

SCHEMA: Final = "bcv.bench/1"


class Score(enum.Enum):
    """A record against what is known of the problem."""

    RIGHT = "right"
    WRONG = "wrong"
    UNDECIDED = "undecided"
    NEW = "new"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a problem: ``verdict`` is proved, refuted or undecided."""

    name: str
    verdict: str
    engine: str = ""
    assurance: str = "none"
    seconds: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one solver (bcv or a peer) said of a problem.

    ``verdict`` is valid, invalid, unknown or error; ``seconds`` is wall-clock time of the whole
    process or processes, start-up included; ``repeats`` are the times of all runs.
    """

    verdict: str
    seconds: float
    assurance: str = "none"
    conditions: tuple[Condition, ...] = ()
    repeats: tuple[float, ...] = ()
    detail: str = ""

    @property
    def decided(self) -> bool:
        return self.verdict in ("valid", "invalid")


@dataclass(frozen=True, slots=True)
class Record:
    """One problem: what is expected (valid, invalid, unknown or None), and the answers by solver.

    ``answers[0]`` is bcv's own, called "bcv".
    """

    file: str
    family: str
    expect: str | None
    answers: tuple[tuple[str, Answer], ...]

    def answer(self, solver: str = "bcv") -> Answer | None:
        return dict(self.answers).get(solver)


def score(expect: str | None, answer: Answer) -> Score:
    """WRONG only for a decided answer that contradicts a label; FAILED for a crash or an error."""
    if answer.verdict == "error":
        return Score.FAILED
    if not answer.decided:
        return Score.UNDECIDED
    if expect not in ("valid", "invalid"):
        return Score.NEW
    return Score.RIGHT if answer.verdict == expect else Score.WRONG


@dataclass(frozen=True, slots=True)
class Tally:
    """The sums for one solver over some records; times in seconds.

    ``par2`` is the mean time with twice the limit for each problem that was not decided rightly.
    """

    solver: str
    total: int
    right: int
    wrong: int
    undecided: int
    new: int
    failed: int
    checked: int
    median: float
    par2: float

    @property
    def decided(self) -> int:
        return self.right + self.wrong + self.new


def tally(solver: str, records: Sequence[Record], limit: float) -> Tally:
    """The sums over the records that hold an answer of this solver."""
    found = [(r.expect, a) for r in records if (a := r.answer(solver)) is not None]
    scores = [score(expect, answer) for expect, answer in found]
    good = (Score.RIGHT, Score.NEW)
    costs = [
        min(answer.seconds, limit) if mark in good else 2 * limit
        for (_, answer), mark in zip(found, scores, strict=True)
    ]
    times = [a.seconds for (_, a), mark in zip(found, scores, strict=True) if mark in good]
    return Tally(
        solver,
        len(found),
        scores.count(Score.RIGHT),
        scores.count(Score.WRONG),
        scores.count(Score.UNDECIDED),
        scores.count(Score.NEW),
        scores.count(Score.FAILED),
        sum(a.assurance == "checked" for _, a in found),
        statistics.median(times) if times else 0.0,
        statistics.fmean(costs) if costs else 0.0,
    )


def best_of(records: Iterable[Record], peers: Sequence[str]) -> tuple[Record, ...]:
    """Records with one more answer, "best peer": for each problem the fastest right peer's."""
    found = []
    for record in records:
        answers = [a for name, a in record.answers if name in peers]
        good = [a for a in answers if score(record.expect, a) in (Score.RIGHT, Score.NEW)]
        best = min(good, key=lambda a: a.seconds) if good else Answer("unknown", 0.0)
        found.append(
            Record(
                record.file, record.family, record.expect, (*record.answers, ("best peer", best))
            )
        )
    return tuple(found)


def families(records: Sequence[Record]) -> dict[str, list[Record]]:
    """The records by family, in alphabetical order."""
    groups: dict[str, list[Record]] = {}
    for record in sorted(records, key=lambda r: r.family):
        groups.setdefault(record.family, []).append(record)
    return groups


def disagreements(record: Record) -> tuple[str, ...]:
    """The peers whose decided answer contradicts bcv's decided one."""
    ours = record.answer()
    if ours is None or not ours.decided:
        return ()
    return tuple(name for name, a in record.answers[1:] if a.decided and a.verdict != ours.verdict)


def to_json(record: Record) -> dict[str, Any]:
    """A JSON-able form of a record; ``from_json`` gives the record back."""
    return asdict(record)


def from_json(data: Mapping[str, Any]) -> Record:
    """The record of a JSON object.

    Raises:
        KeyError, TypeError: the object is not a record.
    """
    answers = []
    for name, fields in data["answers"]:
        conditions = tuple(Condition(**c) for c in fields["conditions"])
        given = {**fields, "conditions": conditions, "repeats": tuple(fields["repeats"])}
        answers.append((str(name), Answer(**given)))
    return Record(data["file"], data["family"], data["expect"], tuple(answers))
