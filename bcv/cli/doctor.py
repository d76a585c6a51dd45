"""`bcv doctor`: what can bcv do on this machine?

Soundness does not depend on this file, but it runs the self-tests on which soundness depends.
"""

from __future__ import annotations

from typing import Final

import typer

from bcv import __version__

PACKAGES: Final = (
    "numpy", "pyyaml", "typer", "rich", "python-flint", "clarabel", "z3-solver", "cvc5", "sympy",
)  # fmt: skip


def doctor() -> None:
    """Say which engines and packages are there, and test the floating-point unit."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from bcv.engines.registry import ENGINES

    typer.echo(f"bcv {__version__}, Python {platform.python_version()}, {platform.platform()}")
    typer.echo("\nEngines")
    for name, entry in ENGINES.items():
        missing = entry.missing
        state = f"needs {', '.join(missing)}" if missing else "ready"
        typer.echo(f"  {name:<18} {state:<14} {entry.ability}")
    typer.echo("\nPackages")
    for package in PACKAGES:
        try:
            found = version(package)
        except PackageNotFoundError:
            found = "not installed"
        typer.echo(f"  {package:<18} {found}")
