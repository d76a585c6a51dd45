"""Does a search go on in its next slice of time where the last one ended?"""

from __future__ import annotations

import time

import pytest

from bcv.checker import check_evidence
from bcv.engines.engine import Budget
from bcv.engines.registry import create
from bcv.events import ignore
from bcv.formats.proof import proved_entry
from bcv.outcome import Hints, Outcome, Proved, Reason, Undecided
from bcv.planning.features import features_of
from bcv.planning.forecast import default_parameters
from bcv.planning.order import BestFirst, Option
from bcv.stores.shelf import LARGEST, MOST, Shelf
from tests.rewriting.claims import claim

CLAIM = claim(
    "x**2 + y**2 + z**2 + sin(x*y) + sin(y*z) + sin(x*z) + 1/10**4",
    {"x": ("-1", "1"), "y": ("-1", "1"), "z": ("-1", "1")},
    strict=True,
)


@pytest.mark.parametrize("name", ["branch-and-bound", "linear-relaxation"])
def test_slices_together_make_one_search(name: str) -> None:
    whole = create(name).discharge(CLAIM, Hints(), Budget(time.monotonic() + 60), ignore)
    assert isinstance(whole, Proved)
    budget = Budget(time.monotonic() + 60)
    outcome: Outcome = Undecided(Reason.TIMEOUT)
    slices, examined = 0, 0
    while isinstance(outcome, Undecided):
        assert outcome.reason is Reason.TIMEOUT
        outcome = create(name).discharge(CLAIM, Hints(), budget.slice(0.002), ignore)
        assert (outcome.known.boxes or 0) >= examined
        examined = outcome.known.boxes or 0
        slices += 1
    assert slices > 1
    assert isinstance(outcome, Proved)
    assert outcome.known.boxes == whole.known.boxes
    assert check_evidence(proved_entry(CLAIM, outcome.evidence)).verified


def test_search_of_another_claim_is_not_taken() -> None:
    other = claim("x - 2", {"x": ("0", "1"), "y": ("0", "1"), "z": ("0", "1")}, strict=True)
    budget = Budget(time.monotonic() + 10)
    for name in ("branch-and-bound", "linear-relaxation"):
        create(name).discharge(CLAIM, Hints(), budget.slice(0.002), ignore)
        assert not isinstance(create(name).discharge(other, Hints(), budget, ignore), Proved)


def test_shelf_keeps_few_searches_and_no_large_ones() -> None:
    shelf = Shelf()
    for k in range(MOST + 1):
        shelf.put(str(k), k, 0)
    shelf.put("large", 0, LARGEST + 1)
    assert shelf.take("0") is None
    assert shelf.take("large") is None
    assert shelf.take("1") == 1
    assert shelf.take("1") is None


def test_planner_does_not_count_again_what_an_engine_has_behind_it() -> None:
    strategy = BestFirst(default_parameters())
    features = features_of(CLAIM)
    costs = [
        strategy([Option(0, "branch-and-bound", features, 1.6, resumes=resumes)], {"x"}, 10.0)
        for resumes in (True, False)
    ]
    assert costs[0] is not None
    assert costs[1] is not None
    assert costs[0].cost < costs[1].cost
