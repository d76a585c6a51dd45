"""`bcv export`: how do other tools read an obligation?

Soundness does not depend on this file: what is written is what the engines send.
"""

from __future__ import annotations

import enum
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bcv.errors import BcvError

if TYPE_CHECKING:
    from bcv.obligation import Obligation


class Language(enum.StrEnum):
    """What can be written."""

    SMT2 = "smt2"


def export(
    language: Annotated[Language, typer.Argument(help="smt2 is SMT-LIB 2.")],
    file: Annotated[str, typer.Argument(metavar="FILE", help="A problem file; - is stdin.")],
    condition: Annotated[
        list[str] | None,
        typer.Option("--condition", "-c", metavar="NAME", help="Only this one; may be repeated."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A file per obligation, in this folder.")
    ] = None,
    logic: Annotated[
        str | None,
        typer.Option(help="For set-logic; without it QF_NRA, or QF_NRAT with functions."),
    ] = None,
) -> None:
    """Write each obligation's negation: unsat means that it holds, sat that it fails."""
    from bcv.cli.validate import read_problem
    from bcv.conditions import obligations_of
    from bcv.formats.smtlib import negated_query

    if logic is not None and not re.fullmatch(r"[A-Z_]+", logic):
        raise BcvError(f"{logic!r} is not the name of a logic", "Logics look like QF_NRA")
    found = obligations_of(read_problem(file))
    chosen = [item for item in found.obligations if not condition or item.name in condition]
    known = {item.name for item in found.obligations}
    missing = [name for name in condition or () if name not in known]
    if missing:
        remedy = f"The conditions are {', '.join(sorted(known))}"
        raise BcvError(f"there is no condition {missing[0]!r}", remedy)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    for number, obligation in enumerate(chosen, start=1):
        text = negated_query(obligation, logic).text
        if out is None:
            typer.echo(("(reset)\n" if number > 1 else "") + text)
        else:
            path = out / _file_name(number, obligation)
            path.write_text(text, encoding="utf-8")
            typer.echo(str(path))
    for name, reason in found.unsupported:
        typer.echo(f"bcv: {name} is not written: {reason}.", err=True)


def _file_name(number: int, obligation: Obligation) -> str:
    words = f"{obligation.name}-{obligation.part}" if obligation.part else obligation.name
    plain = re.sub(r"[^A-Za-z0-9]+", "-", words).strip("-")
    return f"{number:02}-{plain}.smt2"
