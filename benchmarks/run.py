"""How good and how fast is bcv now? Runs all benchmarks, prints one table, compares with before.

    python benchmarks/run.py [--out FOLDER] [--compare FOLDER] [--no-suites] [--only core,jobs]

Soundness does not depend on this file, but it fails when a benchmark meets a wrong verdict. Each
part is a script beside this one, in a process of its own; what it measured and what it printed is
kept as ``FOLDER/PART.json`` and ``FOLDER/PART.txt``. ``benchmarks/report.py`` then writes the
tables of BENCHMARKS.md from that folder.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from measuring import ROOT, about, table

HERE: Final = Path(__file__).parent
NOISE: Final = 1.25
"""A figure counts as changed when it moved by more than this factor."""

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that stands for a part; ``better`` is 1 if larger is better, -1 if smaller."""

    what: str
    value: float
    unit: str
    better: int


@dataclass(frozen=True, slots=True)
class Part:
    """A benchmark: its command (after Python), what it is summed up by, whether it is a suite."""

    name: str
    command: tuple[str, ...]
    figures: Callable[[Document], Iterable[Figure]]
    suite: bool = False


def _core(document: Document) -> Iterable[Figure]:
    for row in document["rows"]:
        if row["width"] == 8192:
            yield Figure(f"{row['what']}, 8192 boxes", row["per_operation"], "ns/op", -1)


def _startup(document: Document) -> Iterable[Figure]:
    for row in document["rows"]:
        if row["what"].startswith("bcv validate"):
            yield Figure(row["what"], 1000 * row["processor"], "ms", -1)


def _scaling(document: Document) -> Iterable[Figure]:
    counts, rows = document["summary"], document["rows"]
    yield Figure("claims decided rightly", counts["right"] / counts["claims"], "", 1)
    yield Figure("wrong verdicts", counts["wrong"], "", -1)
    ratios = [
        math.log(row["prove"] / row["prototype"])
        for row in rows
        if row["prototype"] and row["answer"] == row["expected"]
    ]
    if ratios:
        mean = math.exp(statistics.fmean(ratios))
        yield Figure("time / prototype's, geometric mean", mean, "", -1)


def _detection(document: Document) -> Iterable[Figure]:
    for point in document["curve"]:
        if point["samples"] in (1024, 16384):
            for method in ("bcv", "uniform"):
                yield Figure(f"{method}: found in {point['samples']}", point[method], "", 1)
    last = document["same_rate"][-1]
    if last["bcv"] and last["uniform"]:
        yield Figure("samples / uniform's, its best rate", last["bcv"] / last["uniform"], "", -1)


def _proofs(document: Document) -> Iterable[Figure]:
    yield Figure("wrong verdicts", len(document["wrong"]), "", -1)
    yield Figure("verified", document["verified"] / max(1, document["decided"]), "", 1)
    yield Figure("replay, median", 1000 * document["warm"]["median"], "ms", -1)
    for name, leaves, rate in document["rates"]:
        if name.startswith("made: "):
            yield Figure(f"{name[6:]}, {leaves} leaves", rate, "leaves/s", 1)


def _jobs(document: Document) -> Iterable[Figure]:
    jobs = document["jobs"]
    yield Figure(f"speed-up of {jobs} jobs, many problems", document["speedup"], "", 1)
    yield Figure(f"speed-up of {jobs} jobs, one condition", document["speedup_chain"], "", 1)


def _repeats(document: Document) -> Iterable[Figure]:
    yield Figure("repeat / first run, beyond start-up", document["decided"]["ratio"], "", -1)
    yield Figure("other verdicts", len(document["different"]), "", -1)


def _candidates(document: Document) -> Iterable[Figure]:
    for row in document["rows"]:
        yield Figure(f"a candidate, {row['answer']}", 1000 * row["processor"], "ms", -1)


def _suite(document: Document) -> Iterable[Figure]:
    from bcv.bench.records import best_of, from_json, tally

    records = [from_json(entry) for entry in document["records"]]
    limit = document["seconds"]
    peers = [name for name, _ in records[0].answers[1:]]
    if peers:
        records = list(best_of(records, peers))
    for solver in ("bcv", *peers, *(["best peer"] if peers else [])):
        row = tally(solver, records, limit)
        yield Figure(f"{solver}: decided", row.decided / row.total, "", 1)
        yield Figure(f"{solver}: wrong verdicts", row.wrong, "", -1)
        yield Figure(f"{solver}: PAR-2", row.par2, "s", -1)


def _nothing(document: Document) -> Iterable[Figure]:
    return ()


def parts(jobs: int, peers: str) -> list[Part]:
    """All benchmarks, the suites last."""
    suite = ("-m", "bcv", "bench", "problems", "--timeout", "20", "--jobs", str(jobs))
    asked = ("--peer", peers) if peers else ()
    return [
        Part("core", ("benchmarks/core.py",), _core),
        Part("startup", ("benchmarks/startup.py",), _startup),
        Part("scaling", ("benchmarks/scaling.py", "--timeout", "5"), _scaling),
        Part("detection", ("benchmarks/detection.py", "--seeds", "2"), _detection),
        Part("proofs", ("benchmarks/proofs.py", "--timeout", "2", "--every", "2"), _proofs),
        Part("jobs", ("benchmarks/jobs.py", "--repeat", "1"), _jobs),
        Part("repeats", ("benchmarks/repeats.py", "--every", "3"), _repeats),
        Part("candidates", ("benchmarks/candidates.py",), _candidates),
        Part("planner", ("benchmarks/planner.py", "--cpu", "--every", "2"), _nothing, suite=True),
        Part("suite", (*suite, *asked), _suite, suite=True),
    ]


def run(part: Part, folder: Path) -> tuple[float, int]:
    """Run a part; its wall-clock seconds and exit status."""
    document = folder / f"{part.name}.json"
    document.unlink(missing_ok=True)
    command = [sys.executable, *part.command, "--json", str(document)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    conditions, start = about(), time.perf_counter()
    with (folder / f"{part.name}.txt").open("w", encoding="utf-8") as printed:
        ended = subprocess.run(command, cwd=ROOT, env=environment, stdout=printed, check=False)
    spent = time.perf_counter() - start
    if document.is_file():
        found = {"about": conditions, **json.loads(document.read_text(encoding="utf-8"))}
        document.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return spent, ended.returncode


def figures(part: Part, folder: Path) -> dict[str, Figure]:
    """What a part's document says, by name; nothing if there is none."""
    path = folder / f"{part.name}.json"
    if not path.is_file():
        return {}
    found = part.figures(json.loads(path.read_text(encoding="utf-8")))
    return {figure.what: figure for figure in found}


def _shown(figure: Figure | None) -> str:
    if figure is None:
        return "-"
    return f"{figure.value:,.4g} {figure.unit}".strip()


def _change(now: Figure, before: Figure | None) -> str:
    """How a figure moved; "worse" and "better" only beyond the noise."""
    if before is None or not before.value or not now.value:
        return "" if before is None or before.value == now.value else "changed"
    ratio = now.value / before.value
    if 1 / NOISE <= ratio <= NOISE:
        return ""
    return f"{'better' if (ratio > 1) == (now.better > 0) else 'WORSE'} ({ratio:.2f})"


def lines(part: Part, folder: Path, baseline: Path | None) -> list[tuple[str, ...]]:
    """The part's lines of the table."""
    before = figures(part, baseline) if baseline else {}
    found = []
    for what, figure in figures(part, folder).items():
        line = (f"{part.name}: {what}", _shown(figure))
        old = (_shown(before.get(what)), _change(figure, before.get(what))) if baseline else ()
        found.append((*line, *old))
    return found


def main() -> None:
    """Runs what was asked for and prints the table; exits with 1 if a part failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=HERE / "results", help="folder of results")
    parser.add_argument("--compare", type=Path, help="folder of earlier results")
    parser.add_argument("--no-suites", action="store_true", help="leave out the long suites")
    parser.add_argument("--peers", default="", help="for the suite: z3,cvc5,...")
    parser.add_argument("--only", default="", help="parts, with commas")
    parser.add_argument("--jobs", type=int, default=2, help="for the suite")
    asked = parser.parse_args()
    known = parts(asked.jobs, asked.peers)
    only = asked.only.split(",") if asked.only else [part.name for part in known]
    unknown = set(only) - {part.name for part in known}
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    folder, baseline = asked.out.resolve(), asked.compare
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[str, ...]] = []
    failed = []
    for part in known:
        if part.name not in only or (part.suite and asked.no_suites):
            continue
        spent, status = run(part, folder)
        print(f"{part.name}: {spent:.0f} s" + (f", exit {status}" if status else ""), flush=True)
        failed += [part.name] if status else []
        rows += lines(part, folder, baseline)
    headers = ("figure", "now", "before", "change") if baseline else ("figure", "now")
    print(f"\nload {os.getloadavg()[0]:.1f}\n{table(headers, rows)}")
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
