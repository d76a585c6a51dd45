"""Does any engine contradict a label? Undecided is always allowed, wrong never."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import pytest

from bcv.engines.engine import Engine
from bcv.engines.registry import ENGINES, create
from bcv.evidence import Attestation, Point
from bcv.outcome import Proved, Refuted
from tests.conformance.judging import Labelled, contradicts, labelled_problems, outcomes

ALL = list(labelled_problems())
LATEST = 20.0
"""Seconds past its deadline at which an engine counts as hung, on however busy a machine."""


def mark_of(name: str) -> tuple[pytest.MarkDecorator, ...]:
    missing = ", ".join(ENGINES[name].missing)
    absent = pytest.mark.skipif(bool(missing), reason=f"{name} needs {missing}")
    return (absent,) if ENGINES[name].own else (absent, pytest.mark.slow)


ENGINES_HERE = [pytest.param(name, marks=mark_of(name)) for name in ENGINES]


def marked(labelled: Labelled) -> object:
    marks = () if labelled.fast else pytest.mark.slow
    return pytest.param(labelled, id=labelled.file.stem, marks=marks)


@pytest.mark.parametrize("name", ENGINES_HERE)
@pytest.mark.parametrize("labelled", [marked(labelled) for labelled in ALL])
def test_no_engine_contradicts_a_label(name, labelled):
    found = outcomes(create(name), labelled.file, seconds=1.0)
    assert not contradicts(labelled, tuple(settled for settled, _ in found))
    assert max(late for _, late in found) < LATEST


@dataclass(frozen=True, slots=True)
class Gullible(Engine):
    """Believes every claim."""

    def discharge(self, obligation, hints, budget, emit):  # type: ignore[no-untyped-def]
        return Proved(Attestation("none", "0", "", "yes"))


@dataclass(frozen=True, slots=True)
class Slanderous(Engine):
    """Denies every claim."""

    def discharge(self, obligation, hints, budget, emit):  # type: ignore[no-untyped-def]
        origin = tuple((name, Fraction(0)) for name in obligation.region.variables)
        return Refuted(Point(origin, "-1"))


@pytest.mark.parametrize(("liar", "truth"), [(Gullible(), "invalid"), (Slanderous(), "valid")])
def test_a_lying_engine_fails_this_suite(liar, truth):
    caught = [
        contradicts(labelled, tuple(settled for settled, _ in outcomes(liar, labelled.file, 1.0)))
        for labelled in ALL
        if labelled.fast and labelled.truth == truth
    ]
    assert caught
    assert all(caught)


def test_the_problems_are_there():
    assert len(ALL) > 200
    assert {labelled.truth for labelled in ALL} == {"valid", "invalid"}
