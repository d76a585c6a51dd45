"""No false statement is proved by any engine, nor verified with the evidence of its true twin."""

from __future__ import annotations

import json
import random
import time
from fractions import Fraction

import pytest

from bcv.checker import UNREADABLE, check
from bcv.formats.statement import statement_of
from bcv.outcome import Proved
from tests.checker.families import FAMILIES, PLACES, dressed
from tests.checker.mutations import altered
from tests.checker.proofs import (
    ENGINES,
    attempted,
    borrowed,
    document,
    obligations,
    proofs_of,
    refutation,
)

TRUE = Fraction(1, 1000)
MARGINS = [Fraction(1, 10**e) for e in (3, 5, 7, 9)]
CASES = [(family, place) for family in range(len(FAMILIES)) for place in PLACES]


@pytest.mark.parametrize("place", PLACES)
def test_a_true_statement_is_verified(place: str) -> None:
    verified = 0
    for family in range(len(FAMILIES)):
        proof = borrowed(family, place, TRUE, TRUE, 0)
        if proof is not None:
            result = check(json.loads(json.dumps(proof)))
            assert result.verified, (FAMILIES[family], place, result.reason)
            verified += 1
    assert verified >= len(FAMILIES) // 2


@pytest.mark.parametrize("place", PLACES)
def test_the_evidence_of_a_true_twin_does_not_prove_a_false_statement(place: str) -> None:
    for family in range(len(FAMILIES)):
        for margin in MARGINS:
            for choice in range(len(ENGINES)):
                proof = borrowed(family, place, TRUE, -margin, choice)
                if proof is not None:
                    assert not check(proof).verified, (FAMILIES[family], place, margin)


@pytest.mark.parametrize("place", PLACES)
def test_a_counterexample_to_a_false_twin_does_not_refute_a_true_statement(place: str) -> None:
    for family in range(len(FAMILIES)):
        entries = refutation(family, place, -TRUE)
        assert check(
            document(statement_of(dressed(FAMILIES[family], place, -TRUE)), "invalid", entries)
        ).verified == bool(entries)
        true = statement_of(dressed(FAMILIES[family], place, TRUE))
        assert not check(document(true, "invalid", entries)).verified


@pytest.mark.slow
@pytest.mark.parametrize(("family", "place"), CASES)
def test_no_engine_proves_a_false_statement(family: int, place: str) -> None:
    for margin in MARGINS:
        for engine in ENGINES:
            outcomes = [attempted(engine, o, 0.2) for o in obligations(family, place, -margin)]
            assert not all(isinstance(outcome, Proved) for outcome in outcomes)


def _altered_proofs_are_rejected(seed: int, count: int) -> None:
    pick = random.Random(seed)
    proofs = []
    for family, place in pick.sample(CASES, 24):
        for choice in range(len(ENGINES)):
            proof = borrowed(family, place, pick.choice([TRUE, Fraction(0)]), -TRUE, choice)
            if proof is not None:
                proofs.append(proof)
    assert len(proofs) > 20
    for _ in range(count):
        proof = altered(pick.choice(proofs), pick.choice(proofs), pick)
        start = time.monotonic()
        result = check(proof)
        assert not result.verified, json.dumps(proof)
        assert UNREADABLE not in result.reason, (result.reason, json.dumps(proof))
        assert time.monotonic() - start < 10


def _altered_witnesses_are_rejected(seed: int, count: int) -> None:
    pick = random.Random(seed)
    proofs = []
    for family, place in pick.sample(CASES, 24):
        entries = refutation(family, place, -TRUE)
        if entries:
            true = statement_of(dressed(FAMILIES[family], place, TRUE))
            proofs.append(document(true, "invalid", entries))
    for _ in range(count):
        assert not check(altered(pick.choice(proofs), pick.choice(proofs), pick)).verified


def test_altered_proofs_of_false_statements_are_rejected() -> None:
    _altered_proofs_are_rejected(1, 1000)


def test_altered_counterexamples_to_true_statements_are_rejected() -> None:
    _altered_witnesses_are_rejected(2, 300)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 22))
def test_many_altered_proofs_of_false_statements_are_rejected(seed: int) -> None:
    _altered_proofs_are_rejected(seed, 1000)
    _altered_witnesses_are_rejected(seed, 300)


def test_an_attestation_is_not_a_proof() -> None:
    proof = borrowed(0, "initial", TRUE, TRUE, 0)
    assert proof is not None
    for entry in proof["conditions"]:
        entry["evidence"] = {"kind": "attestation", "solver": "z3", "reply": "unsat"}
    result = check(proof)
    assert not result.verified
    assert "solver's word" in result.reason


def test_there_is_something_to_alter() -> None:
    kinds = {
        type(outcome.evidence).__name__
        for family, place in CASES[:40]
        for outcomes in proofs_of(family, place, TRUE)
        for outcome in outcomes
        if isinstance(outcome, Proved)
    }
    assert kinds > {"Cover", "SumOfSquares"}
