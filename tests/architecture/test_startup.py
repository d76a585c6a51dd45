"""What does a run import? Nothing that it does not use."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("flint", "clarabel", "scipy", "sympy", "z3", "cvc5", "joblib", "pydantic", "numba")


def imported_by(*arguments: str) -> set[str]:
    """The modules that are loaded after a command."""
    program = (
        "import sys\nfrom bcv.cli.main import main\n"
        f"sys.argv = ['bcv', *{list(arguments)!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('MODULES', *sys.modules, file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    return set(run.stderr.rpartition("MODULES")[2].split())


def test_help_and_version_need_no_numpy() -> None:
    for option in ("--help", "--version"):
        assert not imported_by(option) & {"numpy", "yaml", *HEAVY}


def test_a_small_problem_imports_nothing_heavy_nor_rich_for_json(tmp_path) -> None:
    file = tmp_path / "starter.yaml"
    assert "numpy" not in imported_by("new", str(file))
    loaded = imported_by("validate", "--json", "--check", "never", str(file))
    assert "numpy" in loaded
    assert not loaded & {*HEAVY, "rich"}
