"""What does a peer say of a problem? One process: load, state, ask, print JSON.

Soundness does not depend on this file.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from bcv.bench.records import Condition
from bcv.bench.uniform import SAMPLES, first_violation
from bcv.conditions import obligations_of
from bcv.engines.engine import Budget
from bcv.engines.query import Solver
from bcv.engines.registry import create
from bcv.formats.problem_yaml import load_problem
from bcv.obligation import Obligation

_VERDICTS = {"unsat": "proved", "sat": "refuted"}


def _sampled(obligation: Obligation) -> Condition:
    started = time.monotonic()
    found = first_violation(obligation, SAMPLES, seed=0)
    verdict = "proved" if found is None else "refuted"
    seconds = time.monotonic() - started
    return Condition(obligation.name, verdict, "sampling", "none", seconds, "")


def _asked(solver: Solver, obligation: Obligation, budget: Budget) -> Condition:
    started = time.monotonic()
    _, reply = solver.ask(obligation, budget)
    verdict = _VERDICTS.get(reply.status, "undecided")
    seconds = time.monotonic() - started
    return Condition(obligation.name, verdict, solver.name, "none", seconds, reply.status)


def conditions_by(peer: str, path: Path, seconds: float) -> tuple[tuple[Condition, ...], bool]:
    """The peer's own answer to each obligation, and whether all could be stated.

    ``refuted`` ends the work, as a violated condition settles the problem.
    """
    budget = Budget(time.monotonic() + seconds)
    stated = obligations_of(load_problem(path))
    found = []
    for obligation in stated.obligations:
        if peer == "sampling":
            found.append(_sampled(obligation))
        else:
            solver = create(peer)
            assert isinstance(solver, Solver)
            found.append(_asked(solver, obligation, budget))
        if found[-1].verdict == "refuted" or budget.seconds_left == 0:
            break
    whole = len(found) == len(stated.obligations) and not stated.unsupported
    return tuple(found), whole


def main(peer: str, path: str, seconds: str) -> None:
    """Print {"verdict", "conditions"} as JSON."""
    found, whole = conditions_by(peer, Path(path), float(seconds))
    verdicts = {condition.verdict for condition in found}
    verdict = "unknown"
    if "refuted" in verdicts:
        verdict = "invalid"
    elif verdicts <= {"proved"} and whole:
        verdict = "valid"
    json.dump({"verdict": verdict, "conditions": [asdict(c) for c in found]}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
