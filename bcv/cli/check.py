"""`bcv check`: does this proof file hold up?

Soundness: the answer is the checker's own; nothing is added here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bcv.cli.exit_code import ExitCode
from bcv.errors import BcvError, Place


def check(
    file: Annotated[Path, typer.Argument(help="A proof that `bcv validate --proof` wrote.")],
    problem: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also: is the proof about this problem?")
    ] = None,
) -> None:
    """Replay a proof with the independent checker.

    Exits with 0 if it is verified and 1 if it is rejected.
    """
    from bcv.checker import check as replay

    if not file.is_file():
        raise BcvError("there is no such proof file", place=Place(str(file)))
    result = replay(str(file))
    for line in (result.statement, *result.details, result.trusted if result.verified else ""):
        if line:
            typer.echo(line)
    verified, reason = result.verified, result.reason
    if verified and problem is not None and not _is_about(file, problem):
        verified, reason = False, f"the proof holds, but it is not about {problem}"
    typer.echo(f"{'VERIFIED' if verified else 'REJECTED'}: {reason}")
    raise typer.Exit(ExitCode.OK if verified else ExitCode.INVALID)


def _is_about(file: Path, problem: Path) -> bool:
    import json

    from bcv.formats.problem_yaml import load_problem
    from bcv.formats.statement import statement_of

    proof = json.loads(file.read_text(encoding="utf-8"))
    return bool(proof["statement"] == json.loads(json.dumps(statement_of(load_problem(problem)))))
