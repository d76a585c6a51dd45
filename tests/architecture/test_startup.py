"""What does a run import? Nothing that it does not use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SMALL = Path(__file__).parents[2] / "problems" / "fm-llm-solver" / "fm_linear_stable_2d_basic.yaml"

RARE = (
    "bcv.conditions.stochastic", "bcv.conditions.expectation", "bcv.conditions.generator",
    "bcv.formats.onnx", "bcv.formats.schema", "bcv.formats.smtlib", "bcv.algebra", "bcv.rewriting",
    "bcv.engines.query", "bcv.engines.sum_of_squares", "bcv.engines.lifting",
    "bcv.engines.linear_relaxation", "bcv.reports.terminal", "numpy.random", "numpy.fft",
    "bcv.checker.wording", "bcv.checker.rules.affine", "bcv.checker.rules.chance",
    "bcv.checker.rules.functions", "bcv.checker.rules.steps", "bcv.checker.rules.theorems",
)  # fmt: skip
"""What a small continuous problem with polynomials does not use."""

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


def test_the_version_needs_no_mathematics() -> None:
    assert not imported_by("--version") & {"bcv.expr", "bcv.verdict", "fractions"}


def test_a_small_problem_imports_nothing_heavy_nor_rich_for_json(tmp_path) -> None:
    file = tmp_path / "starter.yaml"
    assert "numpy" not in imported_by("new", str(file))
    loaded = imported_by("validate", "--json", "--check", "never", str(file))
    assert "numpy" in loaded
    assert not loaded & {*HEAVY, "rich"}


@pytest.mark.parametrize("options", [("--no-cache",), ()])
def test_a_small_problem_imports_only_what_it_uses(options: tuple[str, ...]) -> None:
    # The second and third time its proofs come from the cache, unless that is forbidden. What
    # every run imports counts: on a busy machine one may be sent to slower engines.
    runs = [imported_by("validate", "--json", *options, str(SMALL)) for _ in range(3)]
    loaded = set.intersection(*runs)
    assert "bcv.checker" in loaded
    assert not loaded & {*HEAVY, *RARE, "rich"}


def test_a_repeat_asks_the_checker_and_imports_no_engine_nor_numpy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BCV_CACHE_DIR", str(tmp_path))
    first, again = (imported_by("validate", "--json", str(SMALL)) for _ in range(2))
    unused = {"bcv.engines.branch_and_bound", "bcv.paving.search", "bcv.paving.rechecking",
              "numpy", "tempfile"}  # fmt: skip
    assert first & unused
    assert "bcv.checker" in again
    assert not again & unused
