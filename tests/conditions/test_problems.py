"""Obligations of every problem that comes with bcv; known witnesses violate them."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from bcv.conditions import Conditions, obligations_of
from bcv.enclosures.exact import verify_point
from bcv.enclosures.segments import verify_segment
from bcv.formats.problem_yaml import load_problem
from bcv.obligation import Obligation

PROBLEMS = Path(__file__).parents[2] / "problems"
FILES = sorted(PROBLEMS.glob("*/*.yaml"))
LABELS: dict[Path, dict[str, Any]] = {
    path.parent / f"{name}.yaml": label
    for path in sorted(PROBLEMS.glob("*/labels.json"))
    for name, label in json.loads(path.read_text()).items()
}


def _is_exact(witness: Any) -> bool:
    return "?" not in json.dumps(witness)


WITNESSES = {
    path: label["witness"]
    for path, label in LABELS.items()
    if label.get("witness") and _is_exact(label["witness"]) and path.exists()
}


def _point(texts: dict[str, str]) -> dict[str, Fraction]:
    return {name: Fraction(text) for name, text in texts.items()}


def _candidates(found: Conditions, condition: str) -> list[Obligation]:
    """The labels say ``flow`` for ``step`` too."""
    wanted = {condition, "step"} if condition == "flow" else {condition}
    return [o for o in found.obligations if o.name in wanted and not o.sufficient]


def _refutes(obligation: Obligation, point: dict[str, Any]) -> bool:
    if "segment_from" in point:
        ends = _point(point["segment_from"]), _point(point["segment_to"])
        return verify_segment(obligation, *ends) is not None
    coordinates = _point(point)
    if not set(obligation.region.variables) <= set(coordinates):
        return False
    return verify_point(obligation, coordinates) is not None


def test_there_are_problems_and_witnesses() -> None:
    assert len(FILES) >= 229
    assert len(WITNESSES) >= 45


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_condition_can_be_stated(path: Path) -> None:
    found = obligations_of(load_problem(path))
    assert found.unsupported == ()
    keys = [(o.name, o.part) for o in found.obligations]
    assert len(set(keys)) == len(keys)
    kinds = {name.split(":")[0] for name, _ in keys}
    assert {"initial", "unsafe"} < kinds or "levels" in kinds


@pytest.mark.parametrize("path", WITNESSES, ids=lambda path: path.stem)
def test_known_witnesses_violate_the_condition_they_are_said_to(path: Path) -> None:
    found = obligations_of(load_problem(path))
    label = WITNESSES[path]
    candidates = _candidates(found, label["condition"])
    assert any(_refutes(obligation, label["point"]) for obligation in candidates)
