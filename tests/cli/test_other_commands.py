"""Do the small commands do what they say?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.snapshots import check_snapshot, run_bcv

COMPLETIONS = Path(__file__).parents[2] / "completions"


def test_a_new_problem_validates_and_is_not_overwritten(folder):
    assert run_bcv("new", "mine.yaml", folder=folder).returncode == 0
    assert run_bcv("validate", "-q", "mine.yaml", folder=folder).returncode == 0
    check_snapshot("new_refuses", run_bcv("new", "mine.yaml", folder=folder), folder)


def test_a_proof_is_verified_and_a_changed_one_rejected(folder):
    run = run_bcv("validate", "-q", "--proof", "proof.json", "valid.yaml", folder=folder)
    assert run.returncode == 0
    run = run_bcv("check", "proof.json", folder=folder)
    assert run.returncode == 0
    assert "condition: strict-boundary" in run.stdout
    assert run.stdout.splitlines()[-1] == "VERIFIED: the certificate is valid"
    proof = json.loads((folder / "proof.json").read_text())
    proof["conditions"] = proof["conditions"][1:]
    (folder / "proof.json").write_text(json.dumps(proof))
    run = run_bcv("check", "proof.json", folder=folder)
    assert run.returncode == 1
    assert "REJECTED" in run.stdout


def test_a_proof_about_another_problem_is_named_as_such(folder):
    run_bcv("validate", "-q", "--proof", "proof.json", "valid.yaml", folder=folder)
    about = ["check", "proof.json", "--problem"]
    assert run_bcv(*about, "valid.yaml", folder=folder).returncode == 0
    assert run_bcv(*about, "invalid.yaml", folder=folder).returncode == 1


def test_version_and_doctor(folder):
    assert run_bcv("--version", folder=folder).stdout.startswith("bcv ")
    doctor = run_bcv("doctor", folder=folder)
    assert doctor.returncode == 0
    assert "branch-and-bound" in doctor.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_committed_completions_are_up_to_date(shell, folder):
    found = run_bcv("completion", shell, folder=folder).stdout
    assert found == (COMPLETIONS / f"bcv.{shell}").read_text()


def test_bash_completes_options(folder):
    question = {"COMP_WORDS": "bcv validate --ti", "COMP_CWORD": "2"}
    run = run_bcv(folder=folder, _BCV_COMPLETE="complete_bash", **question)
    assert run.stdout.split() == ["--timeout"]
