"""Do the files keep the shape that readers rely on?"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "bcv").rglob("*.py"))
LONGEST_FILE = 500
LONGER = {"expr.py": 600, "intervals.py": 530}
LONGEST_FUNCTION = 60


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


every_module = pytest.mark.parametrize("path", MODULES, ids=relative)


@every_module
def test_a_file_can_be_read_at_one_sitting(path: Path) -> None:
    longest = LONGER.get(path.name, LONGEST_FILE)
    assert len(path.read_text(encoding="utf-8").splitlines()) <= longest


@every_module
def test_a_function_fits_on_a_screen(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name


@every_module
def test_a_module_says_which_question_it_answers_and_if_soundness_depends_on_it(
    path: Path,
) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if not tree.body:
        return
    words = ast.get_docstring(tree) or ""
    assert words, "no docstring"
    if path.name != "__init__.py" and "checker" not in path.parts:
        assert "sound" in words.lower(), "does not say if soundness depends on it"


def test_no_file_is_called_utils() -> None:
    assert not [relative(path) for path in MODULES if path.stem in ("utils", "helpers", "misc")]
