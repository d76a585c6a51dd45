"""Evidence for the known statements, and documents that claim a false one with it."""

from __future__ import annotations

import functools
import time
from fractions import Fraction
from typing import Any

from bcv.conditions import obligations_of
from bcv.engines.branch_and_bound import BranchAndBound
from bcv.engines.engine import Budget, Engine
from bcv.engines.lifting import Lifting
from bcv.engines.linear_relaxation import LinearRelaxation
from bcv.engines.sampling import Sampling
from bcv.engines.sum_of_squares import SumOfSquaresEngine
from bcv.events import ignore
from bcv.formats.proof import proved_entry, refuted_entry
from bcv.formats.statement import statement_of
from bcv.obligation import Obligation
from bcv.outcome import Hints, Outcome, Proved, Refuted
from tests.checker.families import FAMILIES, dressed

ENGINES: tuple[Engine, ...] = (
    BranchAndBound(),
    LinearRelaxation(),
    SumOfSquaresEngine(),
    Lifting(SumOfSquaresEngine(), BranchAndBound()),
)


def attempted(engine: Engine, obligation: Obligation, seconds: float = 0.5) -> Outcome:
    """One engine's outcome within a small budget."""
    budget = Budget(time.monotonic() + seconds, boxes=30_000)
    return engine.discharge(obligation, Hints(), budget, ignore)


def document(
    statement: dict[str, Any], claims: str, entries: list[dict[str, Any]]
) -> dict[str, Any]:
    """A proof file's content."""
    return {
        "schema": "bcv.proof/1",
        "claims": claims,
        "statement": statement,
        "assumes": [],
        "conditions": entries,
    }


@functools.cache
def obligations(family: int, place: str, margin: Fraction) -> tuple[Obligation, ...]:
    """The obligations of a dressed family."""
    return obligations_of(dressed(FAMILIES[family], place, margin)).obligations


@functools.cache
def proofs_of(family: int, place: str, margin: Fraction) -> tuple[tuple[Outcome, ...], ...]:
    """Per obligation of a true statement, what each engine proved."""
    found = []
    for obligation in obligations(family, place, margin):
        outcomes = [attempted(engine, obligation, 0.15) for engine in ENGINES]
        found.append(tuple(o for o in outcomes if isinstance(o, Proved)))
    return tuple(found)


def borrowed(
    family: int, place: str, true_margin: Fraction, false_margin: Fraction, choice: int
) -> dict[str, Any] | None:
    """The false statement with its own obligations and the evidence of its true twin."""
    problem = dressed(FAMILIES[family], place, false_margin)
    proofs = proofs_of(family, place, true_margin)
    entries = []
    for obligation, found in zip(obligations_of(problem).obligations, proofs, strict=True):
        if not found:
            return None
        outcome = found[choice % len(found)]
        assert isinstance(outcome, Proved)
        entries.append(proved_entry(obligation, outcome.evidence))
    return document(statement_of(problem), "valid", entries)


def refutation(family: int, place: str, margin: Fraction) -> list[dict[str, Any]]:
    """Entries with witnesses against a false statement."""
    entries = []
    for obligation in obligations(family, place, margin):
        outcome = attempted(Sampling(), obligation)
        if isinstance(outcome, Refuted):
            entries.append(refuted_entry(obligation, outcome.witness))
    return entries
