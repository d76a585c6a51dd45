"""What does the planner save? A fixed order of engines, the planner, and a tuned planner.

    python benchmarks/planner.py [--timeout 5] [--every 1] [--cpu] [--json FILE] [FOLDER...]

The fixed order is what one writes without thinking: each engine in turn, sampling first, with an
equal share of the time that is left. The tuned planner is fitted to the attempts of the two other
runs on the other half of the problems, never to the half on which it is measured. With ``--cpu``
all times and limits are processor time, for machines that others use too.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from measuring import arguments

ROOT = Path(__file__).parents[1]


def fixed_order(engines: Sequence[str]) -> Any:
    """The strategy that asks each engine once about each obligation, in this order."""
    from bcv.planning.order import Option, Step

    def choose(options: Sequence[Option], started: Collection[str], left: float) -> Step | None:
        untried = [option for option in options if not option.tried]
        if not untried:
            return None
        first = min(untried, key=lambda option: (option.index, engines.index(option.engine)))
        return Step(first, left / len(untried), 0.0, 0.0)

    return choose


def run(file: Path, strategy: Any, seconds: float, emit: Any) -> tuple[str, float]:
    """The answer for a file, and the seconds."""
    from bcv.errors import BcvError
    from bcv.formats.problem_yaml import load_problem
    from bcv.pipeline import CheckMode, Settings, validate

    try:
        problem = load_problem(file)
        settings = Settings(timeout=seconds, strategy=strategy, check=CheckMode.NEVER)
        started = time.monotonic()
        verdict = validate(problem, settings, emit)
        return verdict.answer.value, time.monotonic() - started
    except BcvError:
        return "error", 0.0


def measure(files: list[Path], seconds: float) -> dict[str, dict[str, tuple[str, float]]]:
    """For each way of planning, the answer and the seconds for each file."""
    from bcv.engines.registry import OWN
    from bcv.observers.recording import Recorder
    from bcv.planning.forecast import default_parameters
    from bcv.planning.order import BestFirst
    from bcv.planning.tuning import tuned

    found: dict[str, dict[str, tuple[str, float]]] = {"fixed": {}, "planner": {}, "tuned": {}}
    heard: list[list[Any]] = [[], []]
    ways = {"fixed": fixed_order(OWN), "planner": BestFirst(default_parameters())}
    for number, file in enumerate(files):
        for way, strategy in ways.items():
            recorder = Recorder()
            found[way][str(file)] = run(file, strategy, seconds, recorder.hear)
            heard[number % 2] += recorder.attempts
        print(file.stem, *(f"{way}: {found[way][str(file)]}" for way in ways), flush=True)
    for half in (0, 1):
        strategy = BestFirst(tuned(heard[1 - half], default_parameters()))
        for file in files[half::2]:
            found["tuned"][str(file)] = run(file, strategy, seconds, lambda event: None)
    return found


def report(found: dict[str, dict[str, tuple[str, float]]]) -> None:
    """A table: decided share, total time, and that of the problems that every way decides."""
    settled = {"valid", "invalid"}
    files = [f for f, (answer, _) in found["fixed"].items() if answer != "error"]
    common = [f for f in files if all(answers[f][0] in settled for answers in found.values())]
    base = sum(found["fixed"][f][1] for f in files), sum(found["fixed"][f][1] for f in common)
    print(f"\n{len(files)} problems, {len(common)} decided in every way")
    print(f"{'':<10}{'decided':>9}{'total s':>10}{'ratio':>7}{'common s':>10}{'ratio':>7}")
    for way, answers in found.items():
        decided = sum(answers[f][0] in settled for f in files)
        total = sum(answers[f][1] for f in files)
        shared = sum(answers[f][1] for f in common)
        ratios = total / base[0], shared / base[1]
        print(
            f"{way:<10}{decided:>9}{total:>10.1f}{ratios[0]:>7.2f}{shared:>10.1f}{ratios[1]:>7.2f}"
        )


def count_processor_time() -> None:
    """Make every clock of bcv count processor time, and leave out its alarms, which cannot."""
    time.monotonic = time.process_time
    from bcv import attempts, pipeline

    for module in (attempts, pipeline):
        module.alarm = lambda deadline: contextlib.nullcontext()  # type: ignore[assignment]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("folders", nargs="*", type=Path, default=[ROOT / "problems"])
    parser.add_argument("--timeout", type=float, default=5.0)
    parser.add_argument("--every", type=int, default=1, help="take one file in so many")
    parser.add_argument("--cpu", action="store_true")
    asked = parser.parse_args()
    if asked.cpu:
        count_processor_time()
    files = sorted(file for folder in asked.folders for file in folder.rglob("*.yaml"))
    found = measure(files[:: asked.every], asked.timeout)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    report(found)


if __name__ == "__main__":
    main()
