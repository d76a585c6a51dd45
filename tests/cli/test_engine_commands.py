"""Do export, tune, doctor and the options about engines do what they say?"""

from __future__ import annotations

import json
import os
import re
from importlib.util import find_spec

import pytest

from tests.cli.snapshots import run_bcv


def test_what_is_exported_is_what_z3_refutes(folder):
    z3 = pytest.importorskip("z3")
    run = run_bcv("export", "smt2", "valid.yaml", "--out", "scripts", folder=folder)
    assert run.returncode == 0
    written = [folder / line for line in run.stdout.split()]
    assert written
    for file in written:
        solver = z3.Solver()
        solver.from_file(str(file))
        assert str(solver.check()) == "unsat"
        assert re.match(r"; \w+.*: .+\n; This is its negation", file.read_text())


def test_an_unknown_condition_or_engine_is_named(folder):
    run = run_bcv("export", "smt2", "valid.yaml", "-c", "flwo", folder=folder)
    assert run.returncode == 2
    assert "flow" in run.stderr
    for option in ("--engine", "--confirm"):
        run = run_bcv("validate", option, "z4", "valid.yaml", folder=folder)
        assert run.returncode == 2
        assert "z4" in run.stderr


def test_the_plan_names_engines_and_decides_nothing(folder):
    run = run_bcv("validate", "--plan", "valid.yaml", folder=folder)
    assert run.returncode == 0
    assert "branch-and-bound" in run.stdout
    assert "VALID" not in run.stdout


def test_doctor_lists_methods_with_versions(folder):
    run = run_bcv("doctor", folder=folder)
    for method in (
        "sampling", "refinement", "branch-and-bound", "mean-value", "bernstein", "second order",
        "algebra", "sum-of-squares", "lifting", "z3", "cvc5", "dreal", "sympy",
    ):  # fmt: skip
        assert method in run.stdout


@pytest.mark.skipif(find_spec("dreal") is not None, reason="dReal's module goes before")
@pytest.mark.parametrize(
    ("source", "told"),
    [("echo dReal v4.21.06.2", "4.21.06.2"), ("echo yes", "installed"), ("exit 3", "status 3")],
)
def test_doctor_asks_a_dreal_program_for_its_version(folder, source, told):
    program = folder / "dreal"
    program.write_text(f"#!/bin/sh\n{source}\n")
    program.chmod(0o755)
    run = run_bcv("doctor", folder=folder, PATH=f"{folder}:{os.environ['PATH']}")
    assert run.returncode == 0
    assert any(told in line for line in run.stdout.splitlines() if "dreal" in line)


def test_attempts_are_recorded_and_tuned(folder):
    data = {"BCV_DATA_DIR": str(folder / "data")}
    assert run_bcv("tune", folder=folder, **data).returncode == 2
    unrecorded = ["validate", "-q", "--no-cache", "--no-record", "valid.yaml"]
    assert run_bcv(*unrecorded, folder=folder, **data).returncode == 0
    assert not (folder / "data").exists()
    for _ in range(8):
        run_bcv("validate", "-q", "--no-cache", "valid.yaml", folder=folder, **data)
    run = run_bcv("tune", folder=folder, **data)
    assert run.returncode == 0, run.stderr
    assert "sampling" in json.loads((folder / "data" / "planner.json").read_text())["engines"]
    assert run_bcv("validate", "-q", "valid.yaml", folder=folder, **data).returncode == 0
    assert run_bcv("tune", "--reset", folder=folder, **data).returncode == 0
    assert not (folder / "data" / "planner.json").exists()
