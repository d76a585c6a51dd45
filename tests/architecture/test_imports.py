"""Does every import point the way that design.md allows?"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "bcv"
MODULES = sorted(PACKAGE.rglob("*.py"))

# A module may import its own layer and the layers above it in this list.
LAYERS = (
    ("expr", "gradient", "region", "problem", "obligation", "evidence", "outcome", "verdict",
     "events", "errors", "__init__"),
    ("conditions", "formats", "enclosures", "algebra", "rewriting", "paving", "falsify",
     "canonical"),
    ("engines", "stores", "executors", "observers", "sandbox", "planning"),
    ("planning", "pipeline", "replay", "recall", "attempts", "confirmation", "recollection",
     "rechecking"),
    ("reports", "bench", "api"),
    ("cli", "service", "__main__"),
)  # fmt: skip

ONLY_IN = {
    "typer": ("cli",),
    "rich": ("cli", "reports", "observers"),
    "z3": ("engines/z3.py",),
    "cvc5": ("engines/cvc5.py",),
    "dreal": ("engines/dreal.py",),
    "sympy": ("engines/sympy.py",),
    "subprocess": ("sandbox.py",),
    "multiprocessing": ("sandbox.py", "executors"),
    "pickle": (),
}

LAZY = {"flint", "clarabel", "scipy", "sympy", "z3", "cvc5", "dreal", "joblib", "cupy", "numba"}


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def layer_of(module: str) -> int | None:
    """The number of the layer of ``bcv.<module>...``; None for the checker."""
    head = module.split(".")[0]
    return next((n for n, names in enumerate(LAYERS) if head in names), None)


def imports(tree: ast.AST, *, at_top: bool = False) -> Iterator[str]:
    """Absolute names of what a module imports; only what runs at import time if ``at_top``."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # Only the checker's are relative: it also runs as a folder, without bcv.
            module = node.module or "" if node.level == 0 else f"bcv.checker.{node.module}"
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names if module == "bcv")
        elif at_top and runs_later(node):
            continue
        else:
            yield from imports(node, at_top=at_top)


def runs_later(node: ast.AST) -> bool:
    """Whether the node's imports do not run when the module is imported."""
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.unparse(node.test)
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def own(names: Iterator[str]) -> Iterator[str]:
    """The imported modules of bcv, without the leading ``bcv.``."""
    return (name.removeprefix("bcv.") for name in names if name.startswith("bcv."))


def every(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=relative)


@every(MODULES)
def test_imports_point_one_way(path: Path) -> None:
    here = layer_of(relative(path).removesuffix(".py").replace("/", "."))
    if here is None:
        assert relative(path).startswith("checker/"), "a new folder needs a place among the layers"
        return
    # The package itself hands out what it has not imported yet.
    lazy = relative(path) == "__init__.py"
    for name in own(imports(parsed(path), at_top=lazy)):
        there = layer_of(name)
        if there is None:
            head = name.split(".")[0]
            if head != "checker":
                continue  # a name of bcv/__init__.py
            assert relative(path) in ("replay.py", "cli/check.py"), f"imports {name}"
        else:
            assert there <= here, f"imports {name} from a later layer"


@every([path for path in MODULES if relative(path).startswith("engines/")])
def test_engines_do_not_import_each_other(path: Path) -> None:
    shared = {"engine", "query"}
    if path.stem in ("registry", "__init__"):
        return
    for name in own(imports(parsed(path))):
        if name.startswith("engines."):
            assert name.split(".")[1] in shared, f"imports {name}"


@every([path for path in MODULES if relative(path).startswith("checker/")])
def test_the_checker_imports_only_the_standard_library(path: Path) -> None:
    import sys

    siblings = {other.stem for other in (PACKAGE / "checker").glob("*.py")}
    for name in imports(parsed(path)):
        head = name.split(".")[0]
        inside = name.startswith("bcv.checker") or head in siblings
        assert head in sys.stdlib_module_names or inside, f"imports {name}"


@every(MODULES)
def test_libraries_are_used_only_where_they_belong(path: Path) -> None:
    for name in imports(parsed(path)):
        places = ONLY_IN.get(name.split(".")[0])
        if places is not None:
            assert relative(path).startswith(places), f"imports {name}"


@every(MODULES)
def test_heavy_libraries_are_imported_lazily(path: Path) -> None:
    heavy = {name.split(".")[0] for name in imports(parsed(path), at_top=True)} & LAZY
    assert not heavy


@every([path for path in MODULES if relative(path).startswith("cli/")])
def test_commands_import_nothing_heavy_before_they_run(path: Path) -> None:
    allowed = {"__init__", "errors", "verdict", "outcome", "cli", "__version__"}
    for name in own(imports(parsed(path), at_top=True)):
        assert name.split(".")[0] in allowed, f"imports {name} at the top"
    assert "rich" not in {name.split(".")[0] for name in imports(parsed(path), at_top=True)}
