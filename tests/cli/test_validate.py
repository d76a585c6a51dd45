"""Does `bcv validate` print and return what the format promises?"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import VALID
from tests.cli.snapshots import check_snapshot, run_bcv


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("valid", ["validate", "valid.yaml"]),
        ("invalid", ["validate", "invalid.yaml"]),
        ("valid_json", ["validate", "--json", "valid.yaml"]),
        ("invalid_json", ["validate", "--json", "invalid.yaml"]),
        ("typo", ["validate", "typo.yaml"]),
        ("typo_json", ["validate", "--json", "typo.yaml"]),
        ("missing_file", ["validate", "nowhere.yaml"]),
        ("folder", ["validate", "."]),
        ("several_quiet", ["validate", "--quiet", "valid.yaml", "invalid.yaml", "typo.yaml"]),
        ("no_argument", ["validate"]),
        ("unknown_option", ["validate", "--fast", "valid.yaml"]),
        ("require", ["validate", "--quiet", "--check", "never", "--require", "checked",
                     "valid.yaml"]),
    ],
)  # fmt: skip
def test_output_errors_and_exit_code_are_as_recorded(name, arguments, folder):
    check_snapshot(name, run_bcv(*arguments, folder=folder), folder)


def test_the_report_fits_a_narrow_terminal(folder):
    run = run_bcv("validate", "invalid.yaml", folder=folder, width=60)
    assert max(len(line) for line in run.stdout.splitlines()) <= 60
    check_snapshot("invalid_narrow", run, folder)


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (["valid.yaml"], 0),
        (["valid.yaml", "invalid.yaml"], 1),
        (["invalid.yaml", "typo.yaml"], 2),
        (["unknown.yaml", "valid.yaml"], 3),
        (["unknown.yaml", "invalid.yaml"], 1),
    ],
)
def test_the_most_pressing_exit_code_wins(files, code, folder):
    assert run_bcv("validate", "-q", "--timeout", "2", *files, folder=folder).returncode == code


def test_json_is_one_document_per_file_and_nothing_else(folder):
    files = ["valid.yaml", "typo.yaml", "invalid.yaml"]
    run = run_bcv("validate", "--json", *files, folder=folder)
    documents = [json.loads(line) for line in run.stdout.splitlines()]
    assert [d["file"] for d in documents] == files
    assert [d["verdict"] for d in documents] == ["valid", "error", "invalid"]
    assert {d["schema"] for d in documents} == {"bcv.verdict/1"}


def test_colours_only_where_they_are_wanted(folder):
    assert "\x1b" not in run_bcv("validate", "valid.yaml", folder=folder).stdout
    forced = run_bcv("validate", "valid.yaml", folder=folder, FORCE_COLOR="1").stdout
    assert "\x1b" in forced
    plain = run_bcv("validate", "valid.yaml", folder=folder, FORCE_COLOR="1", NO_COLOR="1").stdout
    assert "\x1b[3" not in plain


def test_standard_input_is_read_for_a_dash(folder):
    text = (folder / "valid.yaml").read_text()
    assert run_bcv("validate", "-q", "-", folder=folder, given=text).returncode == 0


def test_letters_that_the_terminal_lacks_do_no_harm(folder):
    text = (folder / "valid.yaml").read_text().replace("stable", "stàble Ω")
    (folder / "valid.yaml").write_text(text, encoding="utf-8")
    run = run_bcv("validate", "valid.yaml", folder=folder, PYTHONIOENCODING="ascii")
    assert run.returncode == 0


def test_a_reader_that_goes_away_is_no_accident(folder):
    run = subprocess.run(
        f"{sys.executable} -m bcv validate --json valid.yaml valid.yaml | head -c 1",
        shell=True, cwd=folder, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert "Traceback" not in run.stderr


def listening_to_ctrl_c():
    """In a child: where the tests run in the background, Ctrl-C is ignored, and so inherited."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_interruption_exits_with_130(folder):
    process = subprocess.Popen(
        [sys.executable, "-m", "bcv", "validate", "unknown.yaml", "valid.yaml"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=listening_to_ctrl_c,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 130, errors
    assert b"interrupted" in output
    assert b"stable spiral" not in output
    assert b"Traceback" not in errors


@pytest.mark.parametrize("milliseconds", range(20, 260, 20))
def test_an_interruption_while_bcv_starts_exits_with_130(milliseconds, folder):
    script = (
        "import sys; sys.argv = ['bcv', 'validate', 'unknown.yaml']\n"
        "from bcv.__main__ import main; print('started', flush=True); main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=listening_to_ctrl_c,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(milliseconds / 1000)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130, errors
    assert b"Traceback" not in errors


def test_a_full_disk_is_one_line_and_a_failure(folder):
    for arguments in (["validate"], ["validate", "--json"], ["validate", "-q"]):
        with open("/dev/full", "w") as full:
            run = subprocess.run(
                [sys.executable, "-m", "bcv", *arguments, "valid.yaml"],
                cwd=folder, stdout=full, stderr=subprocess.PIPE, text=True,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            )  # fmt: skip
        assert run.returncode == 4
        assert run.stderr.splitlines() == [
            "bcv: the output cannot be written: No space left on device."
        ]


@pytest.mark.parametrize("seconds", ["nan", "-inf", "0", "-1"])
def test_a_timeout_is_a_positive_number(seconds, folder):
    run = run_bcv("validate", "--timeout", seconds, "valid.yaml", folder=folder)
    assert run.returncode == 2
    assert "--timeout" in run.stderr


def test_what_nobody_tried_does_not_come_from_the_cache(folder):
    known = folder / "cache"
    for _ in range(2):
        run = run_bcv(
            "validate", "--json", "--timeout", "0.01", "unknown.yaml",
            folder=folder, BCV_CACHE_DIR=str(known),
        )  # fmt: skip
        conditions = json.loads(run.stdout)["conditions"]
        assert not any(c["cached"] for c in conditions if c["engine"] is None)


def test_the_timeout_holds_for_a_hard_problem(folder):
    run = run_bcv("validate", "--json", "--timeout", "2", "unknown.yaml", folder=folder)
    assert run.returncode == 3
    assert json.loads(run.stdout)["seconds"] < 2 + 1


def test_what_is_known_is_said_where_nothing_is_decided(folder):
    run = run_bcv("validate", "--timeout", "2", "unknown.yaml", folder=folder)
    assert run.returncode == 3
    for words in ("UNKNOWN", "? initial", "undecided:", "smallest margin seen", "✓ unsafe"):
        assert words in run.stdout


def test_a_witness_with_a_value_beyond_all_bounds_is_reported_at_once(tmp_path):
    certificate = 'certificate: {B: "exp(exp(3*x + 30))"}\n'
    lines = [line for line in VALID.splitlines() if not line.startswith("certificate")]
    (tmp_path / "huge.yaml").write_text("\n".join([*lines, certificate]), encoding="utf-8")
    run = run_bcv("validate", "--timeout", "5", "huge.yaml", folder=tmp_path)
    assert run.returncode == 1
    assert "e+" in run.stdout
