"""How much faster is ``bcv bench`` with two jobs than with one?

    python benchmarks/jobs.py [--json FILE] [--jobs 2] [--repeat 2] [FOLDER...]

Soundness does not depend on this file. A fixed part of ``problems/`` is run with one job and with
several, in turns; the best wall-clock time of each counts. On a machine where others work too the
speed-up says little: the processor time used, over the wall-clock time, says how many cores
a run got, and the load average is beside it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from measuring import ROOT, about, arguments, seconds, table, write

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


def show(rows: list[Row], found: dict[str, Any]) -> str:
    """The runs, and the speed-up."""
    lines = [
        (r.jobs, seconds(r.wall), seconds(r.cpu), f"{r.cpu / r.wall:.2f}", f"{r.load:.1f}")
        for r in rows
    ]
    runs = table(("jobs", "wall", "processor", "cores used", "load before"), lines)
    return f"{runs}\nspeed-up of {found['jobs']} jobs: {found['speedup']:.2f}"


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
    found = summary(rows, asked.jobs)
    print(show(rows, found))
    write(asked.json, {"about": start, **found, "rows": [asdict(row) for row in rows]})


if __name__ == "__main__":
    main()
