"""Does bcv work from Python as docs/python.md says?"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import bcv
from bcv import expr as ex
from bcv.errors import BcvError
from bcv.formats.expression import parse_expression
from bcv.outcome import Proved, Refuted
from bcv.pipeline import Settings
from bcv.verdict import Answer, Assurance, Verdict

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from candidates import SYSTEM, candidates  # noqa: E402


def test_the_examples_print_what_they_say(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, "docs/python.md", "exec"), names)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "valid"
    assert [line.split()[-1] for line in lines[4:7]] == ["invalid", "valid", "valid"]
    assert lines[-1] == "True"


def test_importing_bcv_imports_nothing_else() -> None:
    program = "import sys, bcv; print(*(name for name in sys.modules if name.startswith('bcv')))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout.split() == ["bcv"]


def agree(of_context: Verdict, alone: Verdict) -> None:
    assert of_context.answer is alone.answer
    assert of_context.assumes == alone.assumes
    assert of_context.probability == alone.probability
    assert of_context.unsupported == alone.unsupported
    if alone.answer is Answer.VALID:
        assert of_context.notes == alone.notes
    for one, other in zip(of_context.conditions, alone.conditions, strict=True):
        assert one.obligation.digest() == other.obligation.digest()
        assert {type(one.outcome), type(other.outcome)} != {Proved, Refuted}


DRIFT = """
bcv: 1
name: drift
time: continuous
states: {x: [-1, 1], y: [-2, 2]}
dynamics: {x: 1 + y**2, y: 0}
initial: {box: {y: [-0.5, 0.5]}}
unsafe: y >= 1.5
certificate: {B: y**2 - 1}
"""

SYSTEMS = {
    "planar": (SYSTEM, candidates(12)),
    "leaving its domain": (DRIFT, ["y**2 - 1", "y**2 - 1/10", "y**2 - 9/8", "y - x - 1"]),
    "discrete": (
        (ROOT / "problems" / "textbook" / "henon_discrete.yaml").read_text(encoding="utf-8"),
        ["x**2 + y**2 - 1", "x - 1", "x**2 - 3", "1/(x**2 + y**2)"],
    ),
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_context_agrees_with_single_validations(name: str) -> None:
    text, tried = SYSTEMS[name]
    context = bcv.Context(text)
    problem = context.problem
    for certificate in tried:
        verdict = context.validate(certificate)
        names = {state.name: ex.var(state.name) for state in problem.states}
        barrier = parse_expression(certificate, names)
        mode = replace(problem.modes[0], barrier=barrier)
        agree(verdict, bcv.validate(replace(problem, modes=(mode,))))


def test_a_context_demands_the_assurance_that_is_asked_for() -> None:
    context = bcv.Context(SYSTEM, Settings(20.0, require=Assurance.CHECKED))
    assert context.validate("x**2 + y**2 - 1").assurance is Assurance.CHECKED
    assert context.validate("x**2 + y**2 - 3").assurance is Assurance.CHECKED


def test_what_does_not_fit_is_said() -> None:
    context = bcv.Context(ROOT / "problems" / "textbook" / "henon_discrete.yaml")
    with pytest.raises(BcvError):
        context.validate("x + nobody")
    with pytest.raises(BcvError):
        context.validate({"heating": "x"})
    with pytest.raises(AttributeError):
        _ = bcv.nothing  # type: ignore[attr-defined]
