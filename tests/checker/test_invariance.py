"""Does the checker derive ``stays`` for itself, and refuse proofs in which it is not shown?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bcv.checker import Session, check
from bcv.conditions import obligations_of
from bcv.formats.problem_yaml import load_problem, parse_problem
from bcv.formats.proof import proved_entry, refuted_entry
from bcv.formats.statement import statement_of
from bcv.outcome import Proved, Refuted
from bcv.problem import Problem
from tests.checker.proofs import ENGINES, attempted, document
from tests.checker.test_conditions import OURS, unmatched

FOLDER = OURS / "invariant-domains"
FILES = sorted(FOLDER.glob("*.yaml"))
LABELS = json.loads((FOLDER / "labels.json").read_text())
VALID = [file for file in FILES if LABELS[file.stem]["expect"] == "valid"]
REST = "initial: x**2 + y**2 <= 1/4\nunsafe: x >= 3/2\n"


def problem(domain: str, f: str, b: str, more: str = "", time: str = "continuous") -> Problem:
    head = f"bcv: 1\nname: a\ntime: {time}\nstates: {{x: [-2, 2], y: null}}\n"
    text = f"{head}domain_is: invariant\ndomain: {domain}\ndynamics: {{{f}}}\n{REST}"
    return parse_problem(f'{text}certificate:\n  B: "{b}"\n  {more}', "a.yaml")


def proof_of(problem: Problem) -> dict[str, Any]:
    """A proof with an entry for each obligation that an engine decided."""
    entries: list[dict[str, Any]] = []
    refuted: list[dict[str, Any]] = []
    for obligation in obligations_of(problem).obligations:
        for engine in ENGINES:
            outcome = attempted(engine, obligation, 0.5)
            if isinstance(outcome, Proved):
                entries.append(proved_entry(obligation, outcome.evidence))
            if isinstance(outcome, Refuted) and not obligation.sufficient:
                refuted.append(refuted_entry(obligation, outcome.witness))
            if isinstance(outcome, Proved | Refuted):
                break
    return document(statement_of(problem), "invalid" if refuted else "valid", refuted or entries)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_proofs_about_invariant_domains_are_verified(file: Path) -> None:
    proof = json.loads(json.dumps(proof_of(load_problem(file))))
    assert proof["claims"] == LABELS[file.stem]["expect"]
    result = check(proof)
    assert result.verified, result.reason


NOT_VACUOUS = [file for file in VALID if file.stem != "logistic_growth_box"]
"""There the edge x = 2 plainly has no points with x <= 1.5, and x = 0 is made of a trajectory."""

ONE_WAY = [file for file in VALID if file.stem != "rotation_in_a_disc"]
"""A rotation about the middle of a disc is as safe backwards."""


@pytest.mark.parametrize("file", NOT_VACUOUS, ids=lambda file: file.stem)
def test_no_claim_of_staying_can_be_left_out(file: Path) -> None:
    proof = proof_of(load_problem(file))
    entries = proof["conditions"]
    assert any(entry["name"] == "stays" for entry in entries)
    for left_out in entries:
        if left_out["name"] == "stays" and left_out["obligation"]["strict"]:
            kept = [entry for entry in entries if entry is not left_out]
            result = check({**proof, "conditions": kept})
            assert not result.verified
            assert result.reason.startswith("stays")
    loose = [e for e in entries if e["name"] != "stays" or not e["obligation"]["strict"]]
    assert not check({**proof, "conditions": loose}).verified


@pytest.mark.parametrize("file", ONE_WAY, ids=lambda file: file.stem)
def test_the_evidence_of_a_flow_does_not_prove_its_reverse(file: Path) -> None:
    proof, text = proof_of(load_problem(file)), file.read_text()
    start = text.index("dynamics: {") + len("dynamics: {")
    inside = text[start : text.index("}", start)]
    turned = ", ".join("{}: -({})".format(*part.split(": ", 1)) for part in inside.split(", "))
    reverse = statement_of(parse_problem(text.replace(inside, turned), "a.yaml"))
    assert not check({**proof, "statement": reverse}).verified


STEPS = "x: x/2 + y/4, y: y/2"
DOMAINS = ["x + y <= 2", "x > -1 and y < 1", "exp(x) + t <= 9", "log(y + 5) <= 2", "1/(y + 9) <= 5"]
MORE = ["x <= 1 or y >= 0", "x <= 1 or y > 0 or x + y == 0", "abs(y) <= 1", "x == y", "y <= 3"]


@pytest.mark.parametrize("domain", [*DOMAINS, *MORE])
@pytest.mark.parametrize("f", ["x: -x + y, y: -y", STEPS, "x: x - x**3, y: sqrt(1 + x**2)"])
@pytest.mark.parametrize("time", ["continuous", "discrete"])
def test_staying_is_derived_alike(domain: str, f: str, time: str) -> None:
    middle = "strict-boundary" if time == "continuous" else "inductive"
    for b in ("x**2 + y**2 - 1", "x - log(y + 9)"):
        for more in ("", f"condition: {middle}", "levels: {initial: -1/2, unsafe: 1}"):
            made = problem(domain, f, b, more, time)
            conditions, session = obligations_of(made), Session(statement_of(made))
            assert not unmatched(made)
            assert not conditions.unsupported or session.derived.missing
            if not session.derived.missing:
                own = sorted((c.name, not c.refutable) for c in session.derived.claims)
                assert own == sorted((o.name, o.sufficient) for o in conditions.obligations)


def test_a_slide_along_an_edge_must_be_excluded_under_boundary() -> None:
    flow = "x: 0, y: -y"
    for condition, count in (("strict-boundary", 0), ("boundary", 4)):
        made = problem("x >= -2", flow, "x + y - 1", f"condition: {condition}")
        claims = Session(statement_of(made)).derived.claims
        assert sum(claim.name == "stays" for claim in claims) >= count
        assert count or not any(claim.name == "stays" for claim in claims)


def test_a_plane_that_roots_let_trajectories_leave_is_no_exempt_edge() -> None:
    made = problem("y >= 0", "x: -x, y: sqrt(y)", "x - 1")
    assert any(claim.name == "stays" for claim in Session(statement_of(made)).derived.claims)


@pytest.mark.parametrize(
    ("domain", "b", "time", "why"),
    [
        ("x > 0", "-1/x", "continuous", "perhaps undefined"),
        ("x == 0", "x", "continuous", "equality"),
        ("x <= 1 or y <= 1", "x", "continuous", "alternatives"),
        ("1/x >= 1 or y >= 0", "x", "discrete", "alternatives"),
    ],
)
def test_what_is_not_covered_is_named(domain: str, b: str, time: str, why: str) -> None:
    missing = Session(statement_of(problem(domain, STEPS, b, "", time))).derived.missing
    assert any(why in text and text.startswith("stays") for text in missing)
