"""`bcv validate`: is this certificate right?

Soundness does not depend on this file: it only carries files in and verdicts out.
"""

from __future__ import annotations

import enum
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bcv.cli.exit_code import ExitCode, code_of, combined
from bcv.cli.output import Output, output_for
from bcv.errors import BcvError

if TYPE_CHECKING:
    from bcv.pipeline import Settings
    from bcv.problem import Problem
    from bcv.recall import Recall
    from bcv.verdict import Verdict


class Check(enum.StrEnum):
    """The values of ``--check``."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Require(enum.StrEnum):
    """The values of ``--require``."""

    CHECKED = "checked"
    RIGOROUS = "rigorous"
    ATTESTED = "attested"


def validate(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Problem files; - is standard input.")
    ],
    timeout: Annotated[
        float, typer.Option(min=0.01, help="Seconds for each problem.", metavar="SECONDS")
    ] = 60.0,
    json: Annotated[bool, typer.Option("--json", help="One line of JSON per file.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="One line per file.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say on standard error what each engine does.")
    ] = False,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first condition that fails.")
    ] = False,
    proof: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a proof for `bcv check`.")
    ] = None,
    check: Annotated[
        Check, typer.Option(help="Replay evidence with the independent checker.")
    ] = Check.AUTO,
    require: Annotated[
        Require, typer.Option(help="What VALID and INVALID must rest on at least.")
    ] = Require.ATTESTED,
    seed: Annotated[int, typer.Option(help="Of random choices.", metavar="NUMBER")] = 0,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Decide everything anew.")] = False,
) -> None:
    """Say whether barrier certificates are right.

    Exits with 0 if all are VALID, 1 if some is INVALID, 2 for a wrong command or file, 3 if some
    is UNKNOWN, 4 if bcv failed, 130 if interrupted.
    """
    from bcv.pipeline import CheckMode, Settings
    from bcv.verdict import Assurance

    if proof is not None and len(files) > 1:
        raise BcvError("--proof writes one proof file", "Validate the problems one by one")
    settings = Settings(
        timeout, seed, check=CheckMode(check.value), require=Assurance[require.name]
    )
    if fail_fast:
        settings = replace(settings, after_refutation=0.0)
    output = output_for(json=json, quiet=quiet)
    recall = None if no_cache else user_recall()
    codes = []
    for file in files:
        codes.append(_validate_one(file, settings, output, verbose, proof, recall))
        if codes[-1] is ExitCode.INTERRUPTED:
            break
    if recall is not None:
        recall.store.close()
    raise typer.Exit(combined(codes))


def _validate_one(
    file: str,
    settings: Settings,
    output: Output,
    verbose: bool,
    proof: Path | None,
    recall: Recall | None,
) -> ExitCode:
    """Whatever happens to this file, the next ones are validated too."""
    from bcv.observers.progress import watching
    from bcv.pipeline import validate as decide

    try:
        problem = read_problem(file)
        with watching(verbose) as emit:
            verdict = decide(problem, settings, emit, recall)
        if proof is not None:
            _write_proof(proof, problem, verdict)
    except BcvError as error:
        output.error(file, error)
        return ExitCode.USAGE
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Exception as error:
        traceback.print_exc()
        output.error(file, error)
        return ExitCode.FAILED
    output.verdict(file, problem, verdict)
    return code_of(verdict)


def user_recall() -> Recall:
    """What earlier runs of this user found out; trouble with it is a warning on standard error."""
    from bcv.recall import Recall
    from bcv.stores.folder import user_store

    return Recall(user_store(warn), warn)


def warn(words: str) -> None:
    """Say on standard error what went wrong without consequences."""
    typer.echo(f"bcv: warning: {words}.", err=True)


def read_problem(file: str) -> Problem:
    """The problem in a file, or on standard input for ``-``.

    Raises:
        ProblemError: the file cannot be read or is wrong.
    """
    from bcv.formats.problem_yaml import load_problem, parse_problem

    if file == "-":
        return parse_problem(sys.stdin.read(), "<standard input>")
    path = Path(file)
    if path.is_dir():
        raise BcvError(f"{file} is a folder", "Name its files, or run `bcv bench` on the folder")
    return load_problem(path)


def _write_proof(file: Path, problem: Problem, verdict: Verdict) -> None:
    from bcv.formats.proof import proof_document, write_proof
    from bcv.verdict import Answer

    if verdict.answer is Answer.UNKNOWN:
        typer.echo(f"bcv: no proof was written to {file}: the answer is UNKNOWN.", err=True)
    else:
        write_proof(file, proof_document(problem, verdict))
