"""`bcv doctor`: what can bcv do on this machine?

Soundness does not depend on this file.
"""

from __future__ import annotations

import re
import shutil
import sys
from typing import TYPE_CHECKING, Final

import typer

from bcv import __version__

if TYPE_CHECKING:
    from bcv.engines.registry import Entry

PACKAGES: Final = ("numpy", "pyyaml", "typer", "rich", "python-flint", "joblib")

PARTS: Final = {
    "branch-and-bound": (
        ("natural", "enclosure by interval arithmetic on every node"),
        ("mean-value", "enclosure by the mean value theorem, with monotonicity"),
        ("bernstein", "enclosure of polynomials by their Bernstein coefficients"),
        ("second order", "claims that are 0 inside: convex around an exact zero"),
        ("multipliers", "claims that are tight where a constraint is active"),
    ),
    "sum-of-squares": (
        ("algebra", "square factors and terms that cancel, by exact factorisation"),
        ("inspection", "claims that are sums of even powers as they stand"),
    ),
}
"""The methods inside bcv's own engines: they come with it."""


def doctor() -> None:
    """Say which methods there are, in which version, and how to get what is missing."""
    import platform

    from bcv.engines.registry import ENGINES

    typer.echo(f"bcv {__version__}, Python {platform.python_version()}, {platform.platform()}")
    typer.echo("\nMethods")
    remedies = []
    for name, entry in ENGINES.items():
        version, remedy = _state(name, entry)
        typer.echo(f"  {name:<18} {version:<14} {entry.ability}")
        for part, ability in PARTS.get(name, ()):
            typer.echo(f"    {part:<16} {version if remedy else 'ready':<14} {ability}")
        if remedy:
            remedies.append(f"  {name}: {remedy}")
    typer.echo("\nPackages")
    for package in PACKAGES:
        typer.echo(f"  {package:<18} {_version(package) or 'not installed'}")
    if remedies:
        typer.echo("\nTo get what is missing\n" + "\n".join(remedies))


def _state(name: str, entry: Entry) -> tuple[str, str]:
    """The version, or what is wrong; and the remedy, "" if all is well."""
    if entry.missing:
        return "missing", entry.remedy
    if name == "dreal":
        fault = _dreal_fault()
        if fault and (program := shutil.which(entry.program)):
            return _program_state(program)
        if fault:
            return "does not load", f"{fault}; {entry.remedy}"
    return _version(entry.package) or ("ready" if entry.own else "installed"), ""


def _version(package: str) -> str | None:
    """The version of a distribution; nothing of it is imported."""
    from importlib.metadata import PackageNotFoundError, version

    if not package:
        return None
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _program_state(program: str) -> tuple[str, str]:
    """What a program says of its version, or that it does not run; and the remedy."""
    from bcv.sandbox import Limits, run_command

    try:
        ended = run_command([program, "--version"], Limits(5.0))
    except OSError as error:
        return "does not run", f"{program}: {error.strerror}"
    if ended.status != 0:
        what = "gives no answer" if ended.timed_out else f"ends with status {ended.status}"
        return "does not run", f"`{program} --version` {what}"
    found = re.search(r"\d+(\.\d+)+", ended.output.decode(errors="replace"))
    return found[0] if found else "installed", ""


def _dreal_fault() -> str:
    """Why dReal's module cannot be used; "" if it can.

    It is often installed without the shared library that it needs, so it is loaded, in a process
    of its own.
    """
    from bcv.sandbox import Limits, run_command

    ended = run_command([sys.executable, "-P", "-c", "import dreal"], Limits(10.0))
    if ended.status == 0:
        return ""
    words = ended.errors.decode(errors="replace").strip().splitlines()
    return words[-1] if words else "its module does not load"
