"""Does a command still print what it printed? Output, errors and exit code, kept together.

Run pytest with BCV_UPDATE_SNAPSHOTS=1 to write the files again, and read the difference.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "snapshots"
VARYING = (
    (re.compile(r"(\"seconds\": )[0-9.e-]+"), r"\1SECONDS"),
    (re.compile(r"(\"bcv\": )\"[^\"]+\""), r'\1"VERSION"'),
    (re.compile(r"(\"engine\": )\"[^\"]+\""), r'\1"ENGINE"'),
    (re.compile(r", \"boxes\": \d+"), ""),
    (re.compile(r" by [a-z-]+(, [a-z-]+)* \((\w+),[^)]*\)"), r" by ENGINE (\2)"),
    (re.compile(r" *\b\d+(\.\d+)? s\b"), " TIME"),
)


def run_bcv(
    *arguments: str, folder: Path, given: str = "", width: int = 80, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run bcv in a folder as a shell script would: no terminal, no colours."""
    return subprocess.run(
        [sys.executable, "-m", "bcv", *arguments],
        cwd=folder,
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "COLUMNS": str(width), "PYTHONPATH": _root(), **environment},
    )


def _root() -> str:
    return str(Path(__file__).parents[2])


def masked(text: str, folder: Path) -> str:
    """The text without what differs from run to run; trailing blanks go too."""
    text = text.replace(str(folder), "FOLDER")
    for pattern, replacement in VARYING:
        text = pattern.sub(replacement, text)
    return "\n".join(line.rstrip() for line in text.splitlines())


def check_snapshot(name: str, run: subprocess.CompletedProcess[str], folder: Path) -> None:
    """Compare with ``snapshots/NAME.txt``; write it where it is missing or an update is asked."""
    found = (
        f"exit code {run.returncode}\n"
        f"--- standard output\n{masked(run.stdout, folder)}\n"
        f"--- standard error\n{masked(run.stderr, folder)}\n"
    )
    file = FOLDER / f"{name}.txt"
    if os.environ.get("BCV_UPDATE_SNAPSHOTS"):
        FOLDER.mkdir(exist_ok=True)
        file.write_text(found, encoding="utf-8")
    assert file.exists(), f"no snapshot {name}: run with BCV_UPDATE_SNAPSHOTS=1"
    assert found.splitlines() == file.read_text(encoding="utf-8").splitlines()
