"""What changed since a baseline? Verdicts per problem, and slow-downs beyond noise.

Soundness does not depend on this file.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bcv.bench.records import SCHEMA, Answer, Record, from_json, to_json
from bcv.errors import BcvError, Place

SLOWER: Final = 1.25
"""A problem is slower when its best time grew by more than this factor, drift taken out ..."""
NOISE_SECONDS: Final = 0.05
"""... and by more than so many seconds, ..."""
# ... and when its best new run is slower than the worst old one.


@dataclass(frozen=True, slots=True)
class Change:
    """A problem whose verdict differs from the baseline's; ``regression`` if for the worse."""

    file: str
    before: str
    after: str
    regression: bool


@dataclass(frozen=True, slots=True)
class Slowdown:
    """A problem that became slower (seconds of the best run)."""

    file: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run beside a baseline.

    Attributes:
        ratio: geometric mean of new over old best times, over problems decided in both.
        drift: median of these ratios; what is common to all problems is the machine's doing.
        p_value: of the two-sided sign test that times are unchanged.
        added, removed: files in only one of the two.
    """

    changes: tuple[Change, ...]
    slowdowns: tuple[Slowdown, ...]
    ratio: float
    drift: float
    p_value: float
    paired: int
    added: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def regressed(self) -> bool:
        return bool(self.slowdowns) or any(change.regression for change in self.changes)


def load_run(path: Path) -> tuple[Record, ...]:
    """The records of an earlier ``bcv bench --json``.

    Raises:
        BcvError: it is not such a file.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["schema"] != SCHEMA:
            raise ValueError(f"schema {document['schema']!r}")
        return tuple(from_json(entry) for entry in document["records"])
    except OSError as error:
        raise BcvError(
            f"the baseline cannot be read: {error.strerror}", "", Place(str(path))
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise BcvError(
            f"this is not a result of `bcv bench --json`: {error}", "", Place(str(path))
        ) from None


def _is_regression(expect: str | None, before: str, after: str) -> bool:
    rank = {"error": 0, "unknown": 1}
    if expect in ("valid", "invalid"):
        rank |= {"valid": -1, "invalid": -1, expect: 2}
    else:
        rank |= {"valid": 2, "invalid": 2}
    contradiction = {before, after} == {"valid", "invalid"} and after != expect
    return contradiction or rank[after] < rank[before]


def _times(answer: Answer) -> tuple[float, ...]:
    return answer.repeats or (answer.seconds,)


def sign_test(faster: int, slower: int) -> float:
    """The two-sided p-value of so many pairs on either side, were both equally likely."""
    total, fewer = faster + slower, min(faster, slower)
    tail: float = sum(math.comb(total, k) for k in range(fewer + 1)) / 2**total
    return min(1.0, 2 * tail)


def compare(baseline: Sequence[Record], current: Sequence[Record]) -> Comparison:
    """Pair the records by file and compare bcv's own answers."""
    old = {record.file: record for record in baseline}
    new = {record.file: record for record in current}
    changes, timed = [], []
    for file in sorted(old.keys() & new.keys()):
        before, after = old[file].answer(), new[file].answer()
        if before is None or after is None:
            continue
        if before.verdict != after.verdict:
            worse = _is_regression(new[file].expect, before.verdict, after.verdict)
            changes.append(Change(file, before.verdict, after.verdict, worse))
        elif before.decided:
            timed.append((file, _times(before), _times(after)))
    ratios = {file: min(after) / max(min(before), 1e-9) for file, before, after in timed}
    drift = statistics.median(ratios.values()) if ratios else 1.0
    slow = tuple(
        Slowdown(file, min(before), min(after))
        for file, before, after in timed
        if min(after) > SLOWER * max(drift, 1.0) * min(before)
        and min(after) - min(before) > NOISE_SECONDS
        and min(after) > max(before)
    )
    faster = sum(ratio < 0.95 for ratio in ratios.values())
    slower = sum(ratio > 1 / 0.95 for ratio in ratios.values())
    logs = [math.log(max(ratio, 1e-9)) for ratio in ratios.values()]
    return Comparison(
        tuple(changes),
        slow,
        math.exp(statistics.fmean(logs)) if logs else 1.0,
        drift,
        sign_test(faster, slower),
        len(ratios),
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(old.keys() - new.keys())),
    )


def with_more_runs(record: Record, answer: Answer) -> Record:
    """The record with another run's times joined to bcv's own."""
    ours = record.answer()
    assert ours is not None
    repeats = _times(ours) + _times(answer)
    joined = Answer(
        ours.verdict,
        min(repeats),
        ours.assurance,
        ours.conditions,
        repeats,
        ours.detail,
    )
    return Record(record.file, record.family, record.expect, (("bcv", joined), *record.answers[1:]))


def document_of(records: Sequence[Record], about: dict[str, Any]) -> dict[str, Any]:
    """The JSON document of a run; ``load_run`` reads it back."""
    ordered = sorted(records, key=lambda record: record.file)
    return {"schema": SCHEMA, **about, "records": [to_json(record) for record in ordered]}
