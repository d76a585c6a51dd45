"""How much faster is ``bcv bench``, or one hard condition, with two jobs than with one?

    python benchmarks/jobs.py [--json FILE] [--jobs 2] [--repeat 2] [FOLDER...]

Soundness does not depend on this file. A fixed part of ``problems/`` is run with one job and with
several, in turns; the best wall-clock time of each counts. On a machine where others work too the
speed-up says little: the processor time used, over the wall-clock time, says how many cores
a run got, and the load average is beside it.

For one condition that branch and bound has to work at for seconds there is a figure that other load
does not spoil: the processor time of the longest chain, which is what the first process does alone
and, of each round of shares, the longest share.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from measuring import ROOT, about, arguments, seconds, table, write

if TYPE_CHECKING:
    from bcv.obligation import Obligation

HARD: Final = "x**4*y**2 + x**2*y**4 + z**6 - 3*x**2*y**2*z**2 + 1/3000000"
"""Motzkin's form, which is 0 in many places, raised a little."""

PART: Final = ("textbook", "tools", "neural-controllers")


@dataclass(frozen=True, slots=True)
class Row:
    """One run: wall-clock and processor seconds, load average before it, exit status."""

    jobs: int
    wall: float
    cpu: float
    load: float
    status: int


def run(folders: list[Path], jobs: int, limit: float) -> Row:
    """One run of the suite."""
    command = [sys.executable, "-m", "bcv", "bench", "--jobs", str(jobs), "--timeout", str(limit)]
    load, before, start = os.getloadavg()[0], os.times(), time.perf_counter()
    with tempfile.TemporaryDirectory() as cache:
        ended = subprocess.run(
            [*command, *map(str, folders)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "XDG_CACHE_HOME": cache},
            check=False,
        )
    wall, after = time.perf_counter() - start, os.times()
    cpu = after.children_user + after.children_system - before.children_user
    return Row(jobs, wall, cpu - before.children_system, load, ended.returncode)


@dataclass(frozen=True, slots=True)
class Chain:
    """One condition: wall-clock seconds, and the processor's, in all and of the longest chain.

    ``idle`` is the share of the workers' time that they wait for the longest of a round.
    """

    jobs: int
    boxes: int
    wall: float
    processor: float
    longest: float
    idle: float


def chain(jobs: int) -> Chain:
    """Branch and bound at the hard condition."""
    from bcv.engines.branch_and_bound import BranchAndBound
    from bcv.engines.engine import Budget
    from bcv.executors import forked
    from bcv.outcome import Hints, Proved

    rounds: list[list[float]] = []
    in_copies = forked.in_copies

    def observed(tasks: Sequence[forked.Task], enough: Callable[[bytes], bool]) -> Any:
        def timed(task: forked.Task) -> bytes:
            before = time.process_time()
            answer = task()
            return answer + struct.pack("d", time.process_time() - before)

        answers = in_copies([partial(timed, task) for task in tasks], lambda a: enough(a[:-8]))
        rounds.append([struct.unpack("d", a[-8:])[0] for a in answers if a is not None])
        return [None if a is None else a[:-8] for a in answers]

    forked.in_copies = observed  # type: ignore[assignment]
    wall, own = time.perf_counter(), time.process_time()
    budget = Budget(time.monotonic() + 600.0, jobs=jobs)
    found = BranchAndBound().discharge(hard_condition(), Hints(), budget, lambda event: None)
    own, wall = time.process_time() - own, time.perf_counter() - wall
    forked.in_copies = in_copies
    if not isinstance(found, Proved):
        raise RuntimeError(f"the hard condition is not proved but {found}")
    work, longest = sum(map(sum, rounds)), sum(map(max, rounds))
    idle = 1 - work / (jobs * longest) if rounds else 0.0
    return Chain(jobs, found.known.boxes or 0, wall, own + work, own + longest, idle)


def hard_condition() -> Obligation:
    from bcv import expr as ex
    from bcv.formats.expression import parse_expression
    from bcv.obligation import Obligation
    from bcv.region import TRUE, Range, region

    names = {name: ex.var(name) for name in ("x", "y", "z")}
    side = Range(Fraction(-2), Fraction(2))
    where = region(tuple(names), (side,) * len(names), TRUE)
    return Obligation("hard", "", HARD, where, parse_expression(HARD, names), strict=False)


def summary(rows: list[Row], jobs: int) -> dict[str, Any]:
    """The best times, and the speed-up."""
    one = min((row for row in rows if row.jobs == 1), key=lambda row: row.wall)
    more = min((row for row in rows if row.jobs == jobs), key=lambda row: row.wall)
    return {
        "jobs": jobs,
        "one": one.wall,
        "more": more.wall,
        "speedup": one.wall / more.wall,
        "cores_one": one.cpu / one.wall,
        "cores_more": more.cpu / more.wall,
    }


def show(rows: list[Row], chains: list[Chain], found: dict[str, Any]) -> str:
    """The runs, and the speed-ups."""
    lines = [
        (r.jobs, seconds(r.wall), seconds(r.cpu), f"{r.cpu / r.wall:.2f}", f"{r.load:.1f}")
        for r in rows
    ]
    runs = table(("jobs", "wall", "processor", "cores used", "load before"), lines)
    lines = [
        (c.jobs, f"{c.boxes:,}", seconds(c.wall), seconds(c.processor), seconds(c.longest),
         f"{c.idle:.0%}") for c in chains
    ]  # fmt: skip
    hard = table(("jobs", "boxes", "wall", "processor", "longest chain", "idle"), lines)
    return (
        f"{runs}\nspeed-up of {found['jobs']} jobs: {found['speedup']:.2f}\n\n"
        f"one condition:\n{hard}\nspeed-up: {found['speedup_wall']:.2f} by the clock, "
        f"{found['speedup_chain']:.2f} by the longest chain"
    )


def main() -> None:
    """Prints the runs, and writes them as JSON if asked to."""
    parser = arguments(__doc__)
    parser.add_argument(
        "folders", nargs="*", type=Path, default=[ROOT / "problems" / name for name in PART]
    )
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=3.0, help="seconds for each problem")
    asked = parser.parse_args()
    start = about()
    rows = [
        run(asked.folders, jobs, asked.timeout)
        for _ in range(asked.repeat)
        for jobs in (1, asked.jobs)
    ]
    chains = [chain(1), chain(asked.jobs)]
    found = {
        **summary(rows, asked.jobs),
        "speedup_wall": chains[0].wall / chains[1].wall,
        "speedup_chain": chains[0].longest / chains[1].longest,
        "chains": [asdict(one) for one in chains],
    }
    print(show(rows, chains, found))
    write(asked.json, {"about": start, **found, "rows": [asdict(row) for row in rows]})


if __name__ == "__main__":
    main()
