"""How long does a small problem take from the command line, next to importing NumPy?

Soundness does not depend on this file. Run ``python benchmarks/startup.py [--json FILE]``.

Whole processes are measured. The commands take turns, so that other load on the machine falls on
all of them alike, and the ratios are of processor times. The bytecode of bcv is written first, as
installers do: without it Python translates every module in every run.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import bcv

PROBLEM = (
    Path(__file__).parents[1] / "problems" / "fm-llm-solver" / "fm_linear_stable_2d_basic.yaml"
)
REFERENCE = "import numpy"


@dataclass(frozen=True, slots=True)
class Row:
    """Medians of one command in seconds; ``ratio`` compares its processor time to REFERENCE's."""

    what: str
    processor: float
    wall: float
    ratio: float


def commands() -> dict[str, tuple[str, ...]]:
    """What is measured. A validation is a first one, or one that was done before."""
    validate = (sys.executable, "-m", "bcv", "validate", "--json", str(PROBLEM))
    return {
        "pass": (sys.executable, "-c", "pass"),
        REFERENCE: (sys.executable, "-c", "import numpy"),
        "bcv --version": (sys.executable, "-m", "bcv", "--version"),
        "bcv validate": (*validate, "--no-cache"),
        "bcv validate, known": validate,
    }


def seconds_of(command: Sequence[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """The processor's and the wall's seconds of one process.

    Raises:
        RuntimeError: the command failed.
    """
    started = time.perf_counter()
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} exited with {child.returncode}")
    return used.ru_utime + used.ru_stime, wall


def measured(runs: int, cache: Path) -> list[Row]:
    """One row per command; every command also runs once beforehand, unmeasured."""
    environment = {**os.environ, "BCV_CACHE_DIR": str(cache)}
    chosen = commands()
    times: dict[str, list[tuple[float, float]]] = {what: [] for what in chosen}
    for number in range(runs + 1):
        for what, command in chosen.items():
            found = seconds_of(command, environment)
            if number:
                times[what].append(found)
    medians = {
        what: [statistics.median(column) for column in zip(*rows, strict=True)]
        for what, rows in times.items()
    }
    reference = medians[REFERENCE][0]
    return [
        Row(what, processor, wall, processor / reference)
        for what, (processor, wall) in medians.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there, too")
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    compileall.compile_dir(Path(bcv.__file__).parent, quiet=1)
    with tempfile.TemporaryDirectory() as folder:
        rows = measured(arguments.runs, Path(folder))
    print(f"{'':20} {'processor':>10} {'wall':>10} {'ratio':>7}")
    for row in rows:
        processor, wall = f"{row.processor * 1e3:.0f} ms", f"{row.wall * 1e3:.0f} ms"
        print(f"{row.what:20} {processor:>10} {wall:>10} {row.ratio:7.2f}")
    if arguments.json:
        document = {"python": platform.python_version(), "rows": [asdict(row) for row in rows]}
        arguments.json.write_text(json.dumps(document, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
