"""Does a `dreal` program on the PATH that misbehaves lose nothing but its own answer?"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bcv.cli.exit_code import ExitCode, code_of
from bcv.engines.engine import Budget
from bcv.engines.registry import create
from bcv.events import ignore
from bcv.formats.problem_yaml import load_problem, parse_problem
from bcv.obligation import Obligation
from bcv.outcome import Hints, Outcome, Proved, Reason, Refuted, Undecided
from bcv.pipeline import Settings, validate
from bcv.verdict import Answer, Assurance
from tests.engines.test_solvers import FALSE_CLAIM, TRUE_CLAIM

STARTERS = Path(__file__).parents[2] / "problems" / "starters"
SHOUT = "import os, sys; print('unsat', flush=True); "
DELTA_SAT = "print('delta-sat with delta = 0.001'); "

Install = Callable[[str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a `dreal` program of this source first on the PATH, and its module out of sight."""

    def write(source: str) -> None:
        program = tmp_path / "dreal"
        program.write_text(f"#!{sys.executable}\n{source}\n")
        program.chmod(0o755)

    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr("bcv.engines.dreal.find_spec", lambda name: None)
    return write


def asked(obligation: Obligation, seconds: float = 10.0) -> Outcome:
    budget = Budget(time.monotonic() + seconds, memory=1 << 30)
    return create("dreal").discharge(obligation, Hints(), budget, ignore)


def test_its_word_is_attested_if_it_ends_well(install: Install) -> None:
    install("print('unsat')")
    assert isinstance(asked(TRUE_CLAIM), Proved)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (SHOUT + "os.kill(os.getpid(), 11)", Reason.CRASHED),
        (SHOUT + "sys.exit(3)", Reason.CRASHED),
        (SHOUT + "sys.exit('terminate called: std::bad_alloc')", Reason.MEMORY),
        (SHOUT + "[print('unsat' * 10000) for _ in iter(int, 1)]", Reason.CRASHED),
        ("print('unsatisfactory')", Reason.CRASHED),
        ("import os; os.write(1, bytes(range(128, 256)))", Reason.CRASHED),
        (DELTA_SAT + "print('x_0 : [1e, .]')", Reason.CRASHED),
        (DELTA_SAT + "print('x_0 : [1e999999999, 1e999999999]')", Reason.DELTA_SAT),
        (DELTA_SAT + "print('nonsense : [0, 1]')", Reason.DELTA_SAT),
    ],
)
def test_an_answer_with_a_fault_is_none(install: Install, source: str, reason: Reason) -> None:
    install(source)
    found = asked(TRUE_CLAIM)
    assert isinstance(found, Undecided)
    assert found.reason is reason
    assert "Error" not in found.detail


def test_a_box_that_holds_a_violation_is_searched(install: Install) -> None:
    install(DELTA_SAT + "print('x_0 : [-0.1, 0.1]'); print('x_1 : [-0.1, 0.1]')")
    assert isinstance(asked(FALSE_CLAIM), Refuted)


def test_a_lying_program_alone_makes_no_wrong_certificate_valid(install: Install) -> None:
    install("print('unsat')")
    problem = load_problem(STARTERS / "wrong_ellipse.yaml")
    verdict = validate(problem, Settings(timeout=20, engines=("dreal",)))
    assert (verdict.answer, verdict.assurance) == (Answer.INVALID, Assurance.CHECKED)


@pytest.mark.parametrize("name", ["damped_pendulum", "wrong_ellipse"])
@pytest.mark.parametrize(
    "source",
    [
        "print('unsat')",
        "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(1000)",
        "import subprocess; subprocess.Popen(['sleep', '1000']); print('unsat')",
        SHOUT + "os.abort()",
    ],
)
def test_it_changes_no_verdict(install: Install, source: str, name: str) -> None:
    install(source)
    problem = load_problem(STARTERS / f"{name}.yaml")
    verdict = validate(problem, Settings(timeout=6, confirm=("dreal",)))
    expected = Answer.VALID if name == "damped_pendulum" else Answer.INVALID
    assert (verdict.answer, verdict.assurance) == (expected, Assurance.CHECKED)
    for contradiction in verdict.contradictions:
        assert contradiction.right not in (None, "dreal")


IRRATIONAL = """\
bcv: 1
name: fails at an irrational point only
time: continuous
states: {x: [0, 2]}
dynamics: {x: -x}
initial: false
unsafe: x >= 1
certificate: {B: (x**3 - 2)**2, condition: strict-boundary}
"""


def test_where_no_side_can_be_checked_the_exit_code_is_that_of_a_failure(install: Install) -> None:
    pytest.importorskip("z3")
    install("print('unsat')")
    settings = Settings(timeout=20, engines=("dreal",), confirm=("z3",))
    verdict = validate(parse_problem(IRRATIONAL, "p.yaml"), settings)
    assert verdict.answer is Answer.UNKNOWN
    found = [(c.condition, c.holds, c.fails, c.right) for c in verdict.contradictions]
    assert ("unsafe", "dreal", "z3", None) in found
    assert code_of(verdict) is ExitCode.FAILED
