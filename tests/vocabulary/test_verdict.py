"""The answer for a file is a pure function of its parts."""

from __future__ import annotations

from array import array
from dataclasses import replace

import pytest

from bcv import expr as ex
from bcv.evidence import Cover, Point
from bcv.obligation import Obligation
from bcv.outcome import Outcome, Proved, Reason, Refuted, Undecided
from bcv.region import TRUE, Region
from bcv.verdict import Answer, Assurance, Settled, conclude

CLAIM = Obligation("initial", "", "B <= 0", Region((), (), TRUE), ex.ONE, False)
PROOF = Proved(Cover((), array("i", [0]), array("d"), ()))
WITNESS = Refuted(Point((), "-1"))
OPEN = Undecided(Reason.TIMEOUT)


def settled(outcome: Outcome, assurance: Assurance) -> Settled:
    return Settled(CLAIM, outcome, "test", assurance, 0.0)


@pytest.mark.parametrize("first", [OPEN, WITNESS])
def test_one_part_that_is_not_proved_prevents_valid(first: Outcome) -> None:
    parts = (settled(PROOF, Assurance.CHECKED), settled(first, Assurance.NONE))
    assert conclude(parts)[0] is not Answer.VALID


def test_valid_is_worth_its_weakest_part() -> None:
    parts = (settled(PROOF, Assurance.CHECKED), settled(PROOF, Assurance.RIGOROUS))
    assert conclude(parts) == (Answer.VALID, Assurance.RIGOROUS)


def test_a_refutation_beats_open_parts() -> None:
    parts = (settled(OPEN, Assurance.NONE), settled(WITNESS, Assurance.RIGOROUS))
    assert conclude(parts) == (Answer.INVALID, Assurance.RIGOROUS)


def test_nothing_shown_is_not_valid() -> None:
    assert conclude(())[0] is Answer.UNKNOWN


def test_an_unsupported_condition_prevents_valid() -> None:
    parts = (settled(PROOF, Assurance.CHECKED),)
    assert conclude(parts, ("stays",))[0] is Answer.UNKNOWN


def test_a_refuted_side_condition_leaves_the_answer_open() -> None:
    side = Settled(replace(CLAIM, sufficient=True), WITNESS, "test", Assurance.CHECKED, 0.0)
    assert conclude((settled(PROOF, Assurance.CHECKED), side)) == (Answer.UNKNOWN, Assurance.NONE)
