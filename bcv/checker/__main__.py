"""``python bcv/checker FILE``: is the proof right? Works without bcv installed.

The verdict depends on this file only in that it prints what ``check`` says.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def _package() -> ModuleType:
    """This folder as a package, under a name of its own if it was started as a folder."""
    if __package__:
        return importlib.import_module(__package__)
    here = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != here]
    spec = importlib.util.spec_from_file_location(
        "bcv_checker", here / "__init__.py", submodule_search_locations=[str(here)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["bcv_checker"] = package
    spec.loader.exec_module(package)
    return package


def main(arguments: list[str]) -> int:
    """Print the statement, then VERIFIED or REJECTED with the reason; 0 or 1 (2: wrong usage)."""
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        print("usage: python bcv/checker FILE", file=sys.stderr)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    result = _package().check(arguments[0])
    for line in (result.statement, *result.details, result.trusted if result.verified else ""):
        if line:
            print(line)
    print(f"{'VERIFIED' if result.verified else 'REJECTED'}: {result.reason}")
    return 0 if result.verified else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
