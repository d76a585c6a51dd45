"""How much of the checker does a proof rest on? Lines of code, as they stand and as they are run.

Soundness does not depend on this file. A line of code is one that holds neither only a comment nor
a part of a docstring. A proof rests on the core, and on the rules that it uses with the files that
they import; of all these it executes a part.
"""

from __future__ import annotations

import ast
import inspect
import io
import sys
import tokenize
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

from measuring import ROOT

from bcv.checker import Result, check

CHECKER = ROOT / "bcv" / "checker"
_SPACE = frozenset({
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENDMARKER,
})  # fmt: skip


@cache
def code_lines(path: Path) -> int:
    """The lines of code of a file."""
    source = path.read_text(encoding="utf-8")
    words: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            words.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _SPACE:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - words)


def core() -> list[Path]:
    """The files that every proof needs."""
    return sorted(CHECKER.glob("*.py"))


@cache
def needed(rule: str) -> frozenset[str]:
    """A module in ``rules``, and those of them that it imports where it begins."""
    found = {rule}
    for node in ast.parse((CHECKER / "rules" / f"{rule}.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            names = [node.module] if node.module else [alias.name for alias in node.names]
            for name in names:
                found |= needed(name)
    return frozenset(found)


def loaded_lines(rules: Iterable[str]) -> int:
    """The lines of code of the core and of these rules with all that they need."""
    files = {CHECKER / "rules" / f"{name}.py" for rule in rules for name in needed(rule)}
    return sum(map(code_lines, [*core(), *files]))


def executed_lines(proof: str) -> tuple[Result, int]:
    """What the check of a proof comes to, and how many lines in functions it executes."""
    lines: set[tuple[str, int]] = set()
    folder = str(CHECKER)

    def local(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            lines.add((frame.f_code.co_filename, frame.f_lineno))
        return local

    def called(frame: FrameType, _: str, __: Any) -> Any:
        code = frame.f_code
        inside = code.co_filename.startswith(folder) and code.co_flags & inspect.CO_OPTIMIZED
        return local if inside else None

    before = sys.gettrace()
    sys.settrace(called)
    try:
        result = check(proof)
    finally:
        sys.settrace(before)
    return result, len(lines)
