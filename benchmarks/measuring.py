"""What do all benchmarks share? The machine's description, repeated timing, one table, JSON.

Soundness does not depend on this file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Timed:
    """What an action gave, and the medians of its processor time and wall-clock time, in s."""

    value: Any
    cpu: float
    wall: float
    runs: int


def timed(action: Callable[[], Any], repeat: int = 3, patience: float = 2.0) -> Timed:
    """Run an action so often, or until the runs took so many seconds; the last value counts."""
    cpu: list[float] = []
    wall: list[float] = []
    value = None
    while len(cpu) < repeat and (not cpu or sum(wall) < patience):
        wall_start, cpu_start = time.perf_counter(), time.process_time()
        value = action()
        cpu.append(time.process_time() - cpu_start)
        wall.append(time.perf_counter() - wall_start)
    return Timed(value, statistics.median(cpu), statistics.median(wall), len(cpu))


def processor() -> str:
    """The processor's own name, and its family and model where the system tells."""
    fields: dict[str, str] = {}
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            fields.setdefault(key.strip(), value.strip())
    if "model name" not in fields:
        return platform.processor() or platform.machine()
    return f"{fields['model name']} (family {fields['cpu family']}, model {fields['model']})"


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return "unknown"


def about() -> dict[str, Any]:
    """The machine, the versions, the load average (1 and 5 minutes) and the date."""
    import numpy as np

    import bcv

    return {
        "bcv": bcv.__version__,
        "commit": _commit(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "load": [round(value, 2) for value in os.getloadavg()[:2]],
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }


def seconds(value: float | None) -> str:
    """A time as tables show it: three digits, in s or ms; "-" for none."""
    if value is None:
        return "-"
    return f"{1000 * value:.3g} ms" if value < 1 else f"{value:.3g} s"


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The rows under their headers, the first column to the left and the others to the right."""
    cells = [[str(cell) for cell in row] for row in (headers, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row in cells:
        rest = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        lines.append("  ".join((row[0].ljust(widths[0]), *rest)).rstrip())
    return "\n".join(lines)


def one_thread() -> None:
    """Start this script again with one BLAS thread, as ``bcv`` has it, unless that is settled."""
    if "OPENBLAS_NUM_THREADS" not in os.environ:
        os.environ["OPENBLAS_NUM_THREADS"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.argv])


def arguments(question: str | None) -> argparse.ArgumentParser:
    """A parser that knows ``--json``; the script has one BLAS thread from here on."""
    one_thread()
    parser = argparse.ArgumentParser(description=(question or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, help="also write the measurements to this file")
    return parser


def write(path: Path | None, document: dict[str, Any]) -> None:
    """Write a benchmark's document, if it is to be kept."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
