"""How much of the first run's time does a repeated validation take, beyond start-up?

    python benchmarks/repeats.py [--json FILE] [--timeout 5] [--every 1] [FOLDER...]

Soundness does not depend on this file, but it fails where a repeat has another verdict. Every run
is a copy of a process that has imported what ``bcv validate`` imports and has read the problem: one
only states the conditions (start-up), one validates with an empty store, one validates again. What
a run imports on its way counts. Processor time is measured, so that other load matters little.
"""

from __future__ import annotations

import compileall
import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from measuring import ROOT, about, arguments, seconds, table, write

REPEATS: Final = 3
"""Start-up and repeats are run so often; the least time of each counts."""


@dataclass(frozen=True, slots=True)
class Row:
    """Processor seconds of the runs of one problem; ``recalled`` of ``conditions`` were stored."""

    name: str
    answer: str
    startup: float
    first: float
    again: float
    conditions: int
    recalled: int
    same: bool


def measured(action: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What the action tells in a copy of this process, with the processor ``seconds`` it took."""
    from bcv.executors.forked import in_copies

    def task() -> bytes:
        before = time.process_time()
        told = action()
        return json.dumps({**told, "seconds": time.process_time() - before}).encode()

    (answer,) = in_copies([task])
    if answer is None:
        raise RuntimeError("a run ended without an answer")
    found: dict[str, Any] = json.loads(answer)
    return found


def row(path: Path, timeout: float) -> Row:
    """The runs of one problem."""
    from bcv.cli.validate import strategy, user_recall
    from bcv.conditions import obligations_of
    from bcv.formats.problem_yaml import load_problem
    from bcv.pipeline import Settings, validate
    from bcv.stores.folder import VARIABLE

    problem = load_problem(path)

    def states() -> dict[str, Any]:
        return {"conditions": len(obligations_of(problem).obligations)}

    def validates() -> dict[str, Any]:
        recall = user_recall()
        verdict = validate(problem, Settings(timeout, strategy=strategy()), recall=recall)
        recall.store.close()
        return {
            "verdict": [verdict.answer.value, verdict.assurance.name],
            "recalled": sum(condition.cached for condition in verdict.conditions),
        }

    with tempfile.TemporaryDirectory() as folder:
        os.environ[VARIABLE] = folder
        startup = [measured(states) for _ in range(REPEATS)]
        first = measured(validates)
        again = [measured(validates) for _ in range(REPEATS)]
    return Row(
        str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path),
        first["verdict"][0],
        min(run["seconds"] for run in startup),
        first["seconds"],
        min(run["seconds"] for run in again),
        startup[0]["conditions"],
        again[0]["recalled"],
        all(run["verdict"] == first["verdict"] for run in again),
    )


def summary(rows: Sequence[Row]) -> dict[str, Any]:
    """The sums beyond start-up, and their ratio; once for all, once for what was decided."""
    decided = [found for found in rows if found.answer != "unknown"]

    def sums(chosen: Sequence[Row]) -> dict[str, float]:
        first = sum(found.first - found.startup for found in chosen)
        again = sum(found.again - found.startup for found in chosen)
        return {"first": first, "again": again, "ratio": again / first}

    ratios = sorted((found.again - found.startup) / (found.first - found.startup) for found in rows)
    return {
        "problems": len(rows),
        "all": sums(rows),
        "decided": sums(decided),
        "median": ratios[len(ratios) // 2],
        "conditions": sum(found.conditions for found in rows),
        "recalled": sum(found.recalled for found in rows),
        "different": [found.name for found in rows if not found.same],
    }


def show(rows: Sequence[Row], found: dict[str, Any]) -> str:
    """The slowest repeats, and the sums."""
    slow = sorted(rows, key=lambda one: one.startup - one.again)[:15]
    lines = [
        (one.name, one.answer, seconds(one.startup), seconds(one.first), seconds(one.again),
         f"{one.recalled}/{one.conditions}") for one in slow
    ]  # fmt: skip
    lines += [
        (f"sum, {which}", "", "", seconds(found[which]["first"]), seconds(found[which]["again"]),
         f"{found[which]['ratio']:.3f}") for which in ("all", "decided")
    ]  # fmt: skip
    return table(("problem", "answer", "start-up", "first", "again", "recalled"), lines)


def main() -> None:
    """Prints the slowest repeats and the sums; exits with 1 if a verdict differs."""
    parser = arguments(__doc__)
    parser.add_argument("folders", nargs="*", type=Path, default=[ROOT / "problems"])
    parser.add_argument("--timeout", type=float, default=5.0, help="seconds for each problem")
    parser.add_argument("--every", type=int, default=1, help="only every so many problems")
    asked = parser.parse_args()
    import bcv
    from bcv.bench.suite import collect

    compileall.compile_dir(Path(bcv.__file__).parent, quiet=1)  # else a run may translate modules
    start = about()
    cases = collect([folder.resolve() for folder in asked.folders])[:: asked.every]
    rows = [row(case.path, asked.timeout) for case in cases]
    found = summary(rows)
    print(show(rows, found))
    write(asked.json, {"about": start, **found, "timeout": asked.timeout,
                       "rows": [asdict(one) for one in rows]})  # fmt: skip
    if found["different"]:
        raise SystemExit(f"another verdict: {', '.join(found['different'])}")


if __name__ == "__main__":
    main()
