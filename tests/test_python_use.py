"""Does bcv work from Python as docs/python.md says?"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import bcv
from bcv.errors import BcvError

ROOT = Path(__file__).parents[1]


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


def test_a_context_agrees_with_single_validations() -> None:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    from candidates import SYSTEM, candidates

    context = bcv.Context(SYSTEM)
    for certificate in candidates(12):
        text = re.sub(r"B: [^,}]*", f"B: {certificate}", SYSTEM)
        assert context.validate(certificate).answer is bcv.validate(text).answer


def test_what_does_not_fit_is_said() -> None:
    context = bcv.Context(ROOT / "problems" / "textbook" / "henon_discrete.yaml")
    with pytest.raises(BcvError):
        context.validate("x + nobody")
    with pytest.raises(BcvError):
        context.validate({"heating": "x"})
    with pytest.raises(AttributeError):
        _ = bcv.nothing  # type: ignore[attr-defined]
