"""`bcv validate`: is this certificate right?

Soundness does not depend on this file: it only carries files in and verdicts out.
"""

from __future__ import annotations

import enum
import sys
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bcv.cli.exit_code import ExitCode, code_of, combined
from bcv.cli.numbers import no_nan
from bcv.cli.output import Output, output_for
from bcv.errors import BcvError

if TYPE_CHECKING:
    from bcv.pipeline import Settings
    from bcv.planning.order import BestFirst, Strategy
    from bcv.problem import Problem
    from bcv.recall import Recall
    from bcv.stores.checkpoints import Checkpoints
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


Files = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="Problem files; - is standard input.")
]
Timeout = Annotated[
    float,
    typer.Option(min=0.01, help="Seconds for each problem.", metavar="SECONDS", callback=no_nan),
]
Json = Annotated[bool, typer.Option("--json", help="One line of JSON per file.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="One line per file.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Say on standard error what each engine does.")
]
FailFast = Annotated[
    bool, typer.Option("--fail-fast", help="Stop at the first condition that fails.")
]
Proof = Annotated[Path | None, typer.Option(metavar="FILE", help="Write a proof for `bcv check`.")]
CheckOption = Annotated[Check, typer.Option(help="Replay evidence with the independent checker.")]
RequireOption = Annotated[
    Require, typer.Option(help="What VALID and INVALID must rest on at least.")
]
Engines = Annotated[
    str, typer.Option(metavar="NAMES", help="Use these engines only; see `bcv doctor`.")
]
Confirm = Annotated[
    str, typer.Option(metavar="NAMES", help="Ask these engines too, once all is settled.")
]
Plan = Annotated[bool, typer.Option("--plan", help="Only say what would be tried, and why.")]
NoRecord = Annotated[bool, typer.Option("--no-record", help="Keep no times for `bcv tune`.")]
Seed = Annotated[int, typer.Option(help="Of random choices.", metavar="NUMBER")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Decide everything anew.")]
Jobs = Annotated[
    str, typer.Option(metavar="NUMBER", help="Processes for a hard condition, or auto.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where an earlier run was stopped.")]
Checkpoint = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Put unfinished work aside there.")
]


@dataclass(frozen=True, slots=True)
class Manner:
    """How files are validated, beside the settings.

    Attributes:
        proof: where a proof is written.
        recall: what earlier runs found out; None without a cache.
        record: whether times are kept for ``bcv tune``.
        checkpoint: where unfinished work is put aside; None is a file in the cache.
        resume: whether to go on where an earlier run was stopped.
    """

    verbose: bool
    proof: Path | None
    recall: Recall | None
    record: bool
    checkpoint: Path | None
    resume: bool


def validate(
    files: Files,
    timeout: Timeout = 60.0,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    fail_fast: FailFast = False,
    proof: Proof = None,
    check: CheckOption = Check.AUTO,
    require: RequireOption = Require.ATTESTED,
    engine: Engines = "",
    confirm: Confirm = "",
    plan: Plan = False,
    no_record: NoRecord = False,
    seed: Seed = 0,
    no_cache: NoCache = False,
    jobs: Jobs = "1",
    resume: Resume = False,
    checkpoint: Checkpoint = None,
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
        timeout,
        seed,
        strategy=strategy(),
        check=CheckMode(check.value),
        require=Assurance[require.name],
        confirm=_names(confirm),
    )
    if engine:
        settings = replace(settings, engines=_names(engine))
    settings = replace(settings, jobs=_processes(jobs))
    if checkpoint is not None and len(files) > 1:
        raise BcvError("--checkpoint is for one problem", "Validate the problems one by one")
    if fail_fast:
        settings = replace(settings, after_refutation=0.0)
    if plan:
        for file in files:
            _print_plan(file, settings)
        return
    output = output_for(json=json, quiet=quiet)
    recall = None if no_cache or engine else user_recall()
    manner = Manner(verbose, proof, recall, not no_record, checkpoint, resume)
    codes = []
    for file in files:
        codes.append(_validate_one(file, settings, output, manner))
        if codes[-1] is ExitCode.INTERRUPTED:
            break
    if recall is not None:
        recall.store.close()
    raise typer.Exit(combined(codes))


def _validate_one(file: str, settings: Settings, output: Output, manner: Manner) -> ExitCode:
    """Whatever happens to this file, the next ones are validated too."""
    from bcv.cli.interruption import insisting_on_ctrl_c
    from bcv.observers.progress import watching
    from bcv.observers.recording import recording
    from bcv.pipeline import validate as decide

    try:
        problem = read_problem(file)
        checkpoints = _checkpoints(problem, manner)
        with (
            watching(manner.verbose) as emit,
            recording(emit, manner.record) as emit,
            insisting_on_ctrl_c(emit) as emit,
        ):
            verdict = decide(problem, settings, emit, manner.recall, checkpoints)
        if checkpoints is not None:
            checkpoints.finish() if verdict.assurance else _save(checkpoints)
        if manner.proof is not None:
            _write_proof(manner.proof, problem, verdict)
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


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def strategy() -> Strategy:
    """The planner, which is read when the first choice is due."""
    from bcv.planning.order import when_needed

    return when_needed(planner)


def planner() -> BestFirst:
    """The planner with what is known of this machine; trouble with it is a warning."""
    from bcv.planning.history import known_parameters
    from bcv.planning.order import BestFirst

    parameters, trouble = known_parameters()
    if trouble:
        warn(trouble)
    return BestFirst(parameters)


def _print_plan(file: str, settings: Settings) -> None:
    from bcv.conditions import obligations_of
    from bcv.reports.plan import plan_text

    obligations = obligations_of(read_problem(file)).obligations
    typer.echo(f"{file}\n{plan_text(obligations, settings.engines, planner(), settings.timeout)}")


def _processes(text: str) -> int:
    from bcv.executors.forked import available_cores

    if text == "auto":
        return available_cores()
    if not text.isdecimal() or not 1 <= int(text) <= 256:
        raise BcvError(f"--jobs {text} is no number of processes", "Say 1, 2, ... or auto")
    return int(text)


def _save(checkpoints: Checkpoints) -> None:
    if not checkpoints.empty:
        checkpoints.save()


def _checkpoints(problem: Problem, manner: Manner) -> Checkpoints | None:
    """Where unfinished work is put aside; what an earlier run left there, if that is asked for.

    Raises:
        BcvError: it is of another problem.
    """
    from bcv.formats.statement import StatementError, statement_digest, statement_of
    from bcv.stores.checkpoints import Checkpoints, resumed
    from bcv.stores.folder import checkpoint_file

    if manner.checkpoint is None and not (manner.resume or manner.recall):
        return None
    try:
        digest = statement_digest(statement_of(problem))
    except StatementError:
        return None
    file = manner.checkpoint or checkpoint_file(digest)
    return resumed(file, digest, warn) if manner.resume else Checkpoints(file, digest, warn)


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
