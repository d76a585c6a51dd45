"""How many samples until a known violation is found? bcv's sampling engine against uniform points.

    python benchmarks/detection.py [--json FILE] [--seeds 3]

Soundness does not depend on this file. The problems are those labelled invalid under
``problems/``. A sample is one evaluation of a claim and its region at a point: for bcv every point
of every descent counts, each with its 2n neighbours for the slopes, and so does every candidate
that is verified exactly; a detection is a verified exact witness. A sample that violates the claim
as it is counts by its place in the sequence, in both methods. bcv's engine is run on a growing
schedule of efforts, and all the work of the efforts that found nothing counts. The baseline draws
uniform points, as the scripts of this field do; points that violate in doubles count as a
detection, also within 1e-3 of a surface, which favours it. A problem is detected by N samples if
one of its claims is, with N samples for each claim.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from measuring import ROOT, about, arguments, seconds, table, write

BUDGETS: Final = tuple(4**k for k in range(2, 9))
MOST: Final = BUDGETS[-1]
EFFORTS: Final = (16, 64, 256, 1024, 4096)
PATIENCE: Final = 3.0
"""Seconds that one effort on one claim may take."""


@dataclass(frozen=True, slots=True)
class Row:
    """One problem under one seed: samples and processor seconds to detection, None without one."""

    problem: str
    seed: int
    samples: int | None
    seconds: float
    uniform_samples: int | None
    uniform_seconds: float


def known_violations() -> list[Path]:
    """The files of all problems that are labelled invalid."""
    from bcv.bench.suite import collect

    return [case.path for case in collect([ROOT / "problems"]) if case.expect == "invalid"]


@contextmanager
def batches() -> Iterator[list[Any]]:
    """The values of every batch of points at which landscapes are evaluated, (rows, K) each."""
    from bcv.falsify.landscape import Array, Landscape

    seen: list[Array] = []
    plain = Landscape.values

    def values(self: Landscape, points: Array) -> Array:
        found = plain(self, points)
        seen.append(found)
        return found

    Landscape.values = values  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        Landscape.values = plain  # type: ignore[method-assign]


def refined(obligation: Any, seed: int) -> int | None:
    """The samples until bcv's engine has a witness, over all efforts; None if it finds none."""
    from bcv.falsify.search import Effort, Search
    from bcv.outcome import Hints

    spent = 0
    for points in EFFORTS:
        scale = points // EFFORTS[0]
        starts = min(48, 2 + scale // 2)
        effort = Effort(
            samples=points,
            starts=starts,
            rounds=min(30, 4 + scale // 2),
            polished=min(10, 1 + scale // 8),
            verified=min(40, 4 + scale // 2),
            passes=1,
            cells=24,
        )
        with batches() as seen, np.errstate(all="ignore"):
            search = Search(obligation, effort, Hints(), time.monotonic() + PATIENCE, seed)
            witness = search.run()
        verified = len(search._prosecutor.tried)
        if witness is not None and not search._minima:  # no descent was needed
            return spent + _first_suspect(search, seen[0]) + verified
        spent += sum(values.shape[1] for values in seen) + verified
        if witness is not None:
            return spent
        if spent > MOST:
            return None
    return None


def _first_suspect(search: Any, values: Any) -> int:
    """The place of the first of these samples that looks like a violation, counted from 1."""
    masks = [search._prosecutor.plausible(cell, values) for cell in search._landscape.cells]
    suspects = np.flatnonzero(np.any(masks, axis=0)) if masks else np.zeros(0)
    return int(suspects[0]) + 1 if len(suspects) else values.shape[1]


def least(found: list[int | None]) -> int | None:
    """The least of the numbers, None if there is none."""
    return min((n for n in found if n is not None), default=None)


def measure(file: Path, seed: int) -> Row | None:
    """Both methods on one problem; None if bcv cannot state its claims."""
    from bcv.bench.uniform import first_violation
    from bcv.conditions import obligations_of
    from bcv.errors import BcvError
    from bcv.formats.problem_yaml import load_problem

    try:
        conditions = obligations_of(load_problem(file))
    except BcvError:
        return None
    claims = [item for item in conditions.obligations if not item.sufficient]
    start = time.process_time()
    ours = least([refined(item, seed) for item in claims])
    middle = time.process_time()
    with np.errstate(all="ignore"):
        theirs = least([first_violation(item, MOST, seed) for item in claims])
    end = time.process_time()
    return Row(file.stem, seed, ours, middle - start, theirs, end - middle)


def rate(found: list[int | None], budget: int) -> float:
    """The share detected with at most so many samples."""
    return sum(n is not None and n <= budget for n in found) / len(found)


def samples_for(found: list[int | None], share: float) -> int | None:
    """The least number of samples that detect this share; None if no number does."""
    ordered = sorted(n for n in found if n is not None and n <= MOST)
    place = math.ceil(share * len(found)) - 1
    return ordered[max(place, 0)] if place < len(ordered) else None


def summary(rows: list[Row]) -> dict[str, Any]:
    """Detection rates by samples, and the samples for the same rate."""
    ours = [row.samples for row in rows]
    theirs = [row.uniform_samples for row in rows]
    curve = [{"samples": b, "bcv": rate(ours, b), "uniform": rate(theirs, b)} for b in BUDGETS]
    best = rate(theirs, MOST)
    shares = sorted({s for s in (0.25, 0.5, 0.75, best) if 0 < s <= best})
    same = [
        {"share": s, "bcv": samples_for(ours, s), "uniform": samples_for(theirs, s)} for s in shares
    ]
    return {"problems": len({row.problem for row in rows}), "runs": len(rows), "curve": curve,
            "same_rate": same, "seconds": sum(row.seconds for row in rows),
            "uniform_seconds": sum(row.uniform_seconds for row in rows)}  # fmt: skip


def show(found: dict[str, Any]) -> str:
    """The tables of a summary."""
    curve = [(p["samples"], f"{p['bcv']:.1%}", f"{p['uniform']:.1%}") for p in found["curve"]]
    same = []
    for point in found["same_rate"]:
        a, b = point["bcv"], point["uniform"]
        ratio = f"{a / b:.3g}" if a is not None and b else "-"
        same.append((f"{point['share']:.1%}", a, b, ratio))
    both = table(("samples", "bcv", "uniform"), curve)
    again = table(("detected", "bcv samples", "uniform samples", "ratio"), same)
    times = f"{seconds(found['seconds'])} bcv, {seconds(found['uniform_seconds'])} uniform"
    return f"{both}\n\n{again}\nprocessor time, all runs: {times}"


def main() -> None:
    """Prints the rates, and writes all as JSON if asked to."""
    parser = arguments(__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    start = about()
    rows = [
        row
        for file in known_violations()
        for seed in range(asked.seeds)
        if (row := measure(file, seed)) is not None
    ]
    found = summary(rows)
    print(f"{found['problems']} problems with a known violation, {asked.seeds} seeds")
    print(show(found))
    write(asked.json, {"about": start, **found, "rows": [asdict(row) for row in rows]})


if __name__ == "__main__":
    main()
