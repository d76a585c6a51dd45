"""Does a proof about automatic levels show that B is smaller at initial than at unsafe points?"""

from __future__ import annotations

import json

import pytest

from bcv.checker import check
from bcv.formats.problem_yaml import parse_problem
from bcv.formats.statement import statement_of
from tests.checker.test_conditions import OURS
from tests.checker.test_invariance import proof_of

TEXT = (OURS / "parameters-time" / "lotka_volterra_levels_auto.yaml").read_text()


def test_proofs_about_automatic_levels_are_verified() -> None:
    result = check(json.loads(json.dumps(proof_of(parse_problem(TEXT, "a.yaml")))))
    assert result.verified, result.reason


@pytest.mark.parametrize(
    ("old", "new"),
    [("x >= 1.6", "x >= 1.05"), ("<= 0.01", "<= 1"), ("(y - 1)**2 <=", "(y - 3)**2 <=")],
)
def test_the_evidence_of_automatic_levels_does_not_prove_other_sets(old: str, new: str) -> None:
    proof = proof_of(parse_problem(TEXT, "a.yaml"))
    assert old in TEXT
    false = statement_of(parse_problem(TEXT.replace(old, new), "a.yaml"))
    assert not check({**proof, "statement": false}).verified
