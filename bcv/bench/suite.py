"""Which problems are in a suite, and what is known of each?

Soundness does not depend on this file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bcv.errors import BcvError, Place

LABELS: Final = "labels.json"
_EXPECT: Final = re.compile(r"^expect:\s*(valid|invalid)\s*(#.*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Case:
    """A problem file, the family it is counted under, and its expected verdict if known."""

    path: Path
    family: str
    expect: str | None


def _labels(folder: Path) -> dict[str, str]:
    """Expected verdicts by file stem, from the labels file of the folder; {} without one."""
    path = folder / LABELS
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {name: str(entry["expect"]) for name, entry in found.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BcvError(
            f"this labels file cannot be read: {error}",
            'It must map each problem to {"expect": "valid" | "invalid" | "unknown"}',
            Place(str(path)),
        ) from error


def _stated(path: Path) -> str | None:
    """The file's own ``expect``; a broken file has none (running it will say what is wrong)."""
    try:
        found = _EXPECT.search(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
    return found.group(1) if found else None


def collect(paths: Sequence[Path]) -> tuple[Case, ...]:
    """Every problem file at or below the paths, each once, in alphabetical order.

    The family is the folder's name. A label beats the file's own ``expect``.

    Raises:
        BcvError: a path does not exist, nothing was found, or a labels file is broken.
    """
    files: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found = [p for p in path.rglob("*") if p.suffix in (".yaml", ".yml") and p.is_file()]
            files.update(dict.fromkeys(sorted(found)))
        elif path.is_file():
            files[path] = None
        else:
            raise BcvError("there is no such file or folder", "", Place(str(path)))
    if not files:
        raise BcvError("no problem files were found", "A problem file's name ends in .yaml or .yml")
    labels = {folder: _labels(folder) for folder in {path.parent for path in files}}
    return tuple(
        Case(
            path,
            path.resolve().parent.name,
            labels[path.parent].get(path.stem) or _stated(path),
        )
        for path in files
    )
