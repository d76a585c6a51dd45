"""`bcv bench` on real files: what it writes, how it exits, and that it goes on after a stop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

EASY = """\
bcv: 1
name: easy
time: continuous
states: {x: [-2, 2]}
dynamics: {x: -x}
initial: x**2 <= 1/4
unsafe: x**2 >= 2
certificate: {B: x**2 - 1}
"""
WRONG = EASY.replace("dynamics: {x: -x}", "dynamics: {x: x}")


def run(folder: Path, *options: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "BCV_CACHE_DIR": str(folder / "cache"), "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-m", "bcv", "bench", *options],
        capture_output=True,
        text=True,
        env=environment,
        cwd=cwd or folder,
        timeout=100,
        check=False,
    )


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    folder = tmp_path / "suite"
    folder.mkdir()
    (folder / "easy.yaml").write_text(EASY)
    (folder / "wrong.yaml").write_text(WRONG)
    (folder / "labels.json").write_text(
        '{"easy": {"expect": "valid"}, "wrong": {"expect": "invalid"}}'
    )
    return folder


def test_a_suite_as_expected_exits_with_0_and_every_output_is_written(
    suite: Path, tmp_path: Path
) -> None:
    names = {"json": "run.json", "junit": "run.xml", "markdown": "run.md", "html": "run.html"}
    options = [word for key, name in names.items() for word in (f"--{key}", name)]
    done = run(tmp_path, "suite", "--jobs", "2", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads((tmp_path / "run.json").read_text())
    assert [r["answers"][0][1]["verdict"] for r in document["records"]] == ["valid", "invalid"]
    assert ElementTree.parse(tmp_path / "run.xml").getroot().tag == "testsuites"
    assert "2/2" in (tmp_path / "run.md").read_text()
    assert "<!doctype html>" in (tmp_path / "run.html").read_text()
    again = run(tmp_path, "suite", "--compare", "run.json")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "2 problems decided in both runs" in again.stdout


def test_a_verdict_against_a_label_exits_with_1_and_comes_first(
    suite: Path, tmp_path: Path
) -> None:
    (suite / "labels.json").write_text('{"easy": {"expect": "invalid"}}')
    done = run(tmp_path, "suite/easy.yaml")
    assert done.returncode == 1
    assert done.stdout.startswith("WRONG VERDICTS (1)")


def test_a_broken_problem_neither_stops_the_run_nor_passes(suite: Path, tmp_path: Path) -> None:
    (suite / "broken.yaml").write_text("bcv: 1\nname: [\n")
    done = run(tmp_path, "suite")
    assert done.returncode == 1
    assert "2/3" in done.stdout
    assert "broken.yaml" in done.stdout


def test_undecided_exits_with_3_only_under_strict(suite: Path, tmp_path: Path) -> None:
    options = ("suite/easy.yaml", "--timeout", "0.01")
    assert run(tmp_path, *options).returncode == 0
    done = run(tmp_path, *options, "--strict")
    assert done.returncode == 3
    assert "Undecided (1)" in done.stdout


def test_peers_are_asked_the_same_and_shown(suite: Path, tmp_path: Path) -> None:
    pytest.importorskip("z3")
    done = run(tmp_path, "suite", "--peer", "z3,sampling", "--json", "run.json")
    assert done.returncode == 0, done.stdout + done.stderr
    for record in json.loads((tmp_path / "run.json").read_text())["records"]:
        answers = dict(record["answers"])
        assert answers["z3"]["verdict"] == answers["bcv"]["verdict"]
        assert answers["sampling"]["verdict"] == answers["bcv"]["verdict"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("nowhere",), "no such file"),
        (("suite", "--peer", "coq"), "no peer"),
        (("suite", "--json", "nowhere/run.json"), "cannot be written"),
        (("suite", "--compare", "suite/labels.json"), "not a result"),
    ],
)
def test_wrong_use_is_told_before_anything_runs(
    suite: Path, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    done = run(tmp_path, *options)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_an_interrupted_run_reports_what_is_finished_and_resumes(
    suite: Path, tmp_path: Path
) -> None:
    for k in range(40):
        (suite / f"more{k:02}.yaml").write_text(EASY.replace("name: easy", f"name: more{k}"))
    environment = {**os.environ, "BCV_CACHE_DIR": str(tmp_path / "cache"), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "bcv", "bench", "suite", "--json", "run.json"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests run in the background, Ctrl-C is ignored, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("cache/bench/*.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "decided" in output
    finished = json.loads((tmp_path / "run.json").read_text())
    assert not finished["complete"]
    assert 1 <= len(finished["records"]) < 42
    rest = run(tmp_path, "suite", "--resume", "--json", "run.json", "--jobs", "2")
    assert rest.returncode == 0, rest.stdout + rest.stderr
    assert len(json.loads((tmp_path / "run.json").read_text())["records"]) == 42
