"""What does `bcv bench` do? Runs a suite, compares it with its labels, peers and a baseline.

Soundness does not depend on this file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bcv.cli.exit_code import ExitCode
from bcv.cli.numbers import no_nan
from bcv.cli.validate import Check, CheckOption
from bcv.errors import BcvError

if TYPE_CHECKING:
    from bcv.bench.compare import Comparison
    from bcv.bench.records import Record
    from bcv.bench.run import RunSettings
    from bcv.bench.suite import Case

CONFIRMING_RUNS = 3
"""A suspected slow-down is run so often again before it is believed."""


def bench(
    paths: Annotated[list[Path], typer.Argument(help="Problem files, or folders of them.")],
    timeout: Annotated[
        float, typer.Option(help="Seconds for each problem.", min=0.01, callback=no_nan)
    ] = 20.0,
    memory: Annotated[
        float, typer.Option(help="GiB for each process.", min=0.1, callback=no_nan)
    ] = 8.0,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Problems side by side.", min=1)] = 1,
    repeat: Annotated[int, typer.Option(help="Runs of each problem; the best counts.", min=1)] = 1,
    peer: Annotated[str, typer.Option(help="z3, cvc5, dreal, sampling; with commas.")] = "",
    compare: Annotated[Path | None, typer.Option(help="An earlier --json to compare with.")] = None,
    check: CheckOption = Check.AUTO,
    strict: Annotated[bool, typer.Option("--strict", help="Undecided: exit with 3.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a run stopped.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the records.")] = None,
    junit_file: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML.")] = None,
    markdown_file: Annotated[
        Path | None, typer.Option("--markdown", help="Write a report.")
    ] = None,
    html_file: Annotated[Path | None, typer.Option("--html", help="Write a page.")] = None,
) -> None:
    """Run a suite of problems and say how good bcv is.

    Exit status: 0 all as expected; 1 a wrong verdict, a problem that failed, or a regression
    against the baseline; 3 something undecided, with --strict; 130 interrupted.
    """
    from bcv.bench.compare import load_run
    from bcv.bench.run import RunSettings
    from bcv.bench.suite import collect

    cases = collect(paths)
    options = ("--check", check.value)
    settings = RunSettings(timeout, int(memory * 2**30), jobs, repeat, _peers(peer), options)
    outputs = Outputs(json_file, junit_file, markdown_file, html_file)
    outputs.check()
    baseline = load_run(compare) if compare else None
    records, interrupted = _run(cases, settings, resume)
    comparison = None
    if baseline is not None:
        records, comparison = _compared(baseline, records, cases, settings)
    _report(records, settings, comparison, outputs, interrupted)
    if interrupted:
        raise typer.Exit(ExitCode.INTERRUPTED)
    raise typer.Exit(_exit_code(records, comparison, strict))


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files that were asked for."""

    json: Path | None
    junit: Path | None
    markdown: Path | None
    html: Path | None

    def check(self) -> None:
        """Find out before the long run, not after it, that a file cannot be written."""
        for path in (self.json, self.junit, self.markdown, self.html):
            if path is not None and (path.is_dir() or not path.parent.is_dir()):
                raise BcvError(f"{path} cannot be written", "Name a file in an existing folder")


def _peers(given: str) -> tuple[str, ...]:
    from bcv.bench.run import PEERS

    names = tuple(name.strip() for name in given.split(",") if name.strip())
    for name in names:
        if name not in PEERS:
            raise BcvError(f"there is no peer {name!r}", f"The peers are {', '.join(PEERS)}")
    return names


def _run(cases: Sequence[Case], settings: RunSettings, resume: bool) -> tuple[list[Record], bool]:
    """The records, and whether Ctrl-C ended the run early. The journal goes with a whole run."""
    from rich.console import Console

    from bcv import __version__
    from bcv.bench.journal import append, default_journal, finished_records, run_key
    from bcv.bench.run import run_suite
    from bcv.reports.bench_live import watch

    journal = default_journal(run_key(cases, settings, __version__))
    records = list(finished_records(journal)) if resume else []
    if not resume:
        journal.unlink(missing_ok=True)
    done = {record.file for record in records}
    todo = [case for case in cases if str(case.path) not in done]
    console = Console(stderr=True)
    running: Iterator[Record] = run_suite(todo, settings)
    writable = True
    try:
        for record in watch(running, len(cases), len(done), console):
            records.append(record)
            if writable:
                writable = _noted(append, journal, record)
    except KeyboardInterrupt:
        console.print("Interrupted; --resume goes on from here.")
        return records, True
    journal.unlink(missing_ok=True)
    return records, False


def _noted(append: Any, journal: Path, record: Record) -> bool:
    try:
        append(journal, record)
    except OSError as error:
        typer.echo(f"bcv: --resume will not work: {journal}: {error.strerror}", err=True)
        return False
    return True


def _compared(
    baseline: Sequence[Record],
    records: list[Record],
    cases: Sequence[Case],
    settings: RunSettings,
) -> tuple[list[Record], Comparison]:
    """Compare, run what looks slower some times more, and compare again."""
    from bcv.bench.compare import compare, with_more_runs
    from bcv.bench.run import ask_bcv

    first = compare(baseline, records)
    suspects = {slow.file for slow in first.slowdowns}
    if not suspects:
        return records, first
    paths = {str(case.path): case.path for case in cases}
    again = replace(settings, jobs=1)
    confirmed = []
    for record in records:
        for _ in range(CONFIRMING_RUNS if record.file in suspects else 0):
            record = with_more_runs(record, ask_bcv(paths[record.file], again))
        confirmed.append(record)
    return confirmed, compare(baseline, confirmed)


def _report(
    records: Sequence[Record],
    settings: RunSettings,
    comparison: Comparison | None,
    outputs: Outputs,
    interrupted: bool,
) -> None:
    from rich.console import Console

    from bcv import __version__
    from bcv.bench.compare import document_of
    from bcv.bench.run import machine
    from bcv.formats.whole_file import write_whole
    from bcv.reports.bench_live import show

    about = {
        "bcv": __version__,
        "machine": machine(),
        "seconds": settings.seconds,
        "jobs": settings.jobs,
        "repeat": settings.repeat,
        "complete": not interrupted,
    }
    if outputs.json:
        import json

        write_whole(outputs.json, json.dumps(document_of(records, about), indent=1) + "\n")
    if outputs.junit:
        from bcv.reports.bench_text import junit

        write_whole(outputs.junit, junit(records))
    if outputs.markdown:
        from bcv.reports.bench_text import markdown

        write_whole(outputs.markdown, markdown(records, settings.seconds, comparison))
    if outputs.html:
        from bcv.reports.bench_html import html_page

        write_whole(outputs.html, html_page(records, settings.seconds, about))
    show(records, settings.seconds, comparison, Console())


def _exit_code(records: Sequence[Record], comparison: Comparison | None, strict: bool) -> ExitCode:
    from bcv.bench.records import Score, score

    marks = {score(r.expect, a) if (a := r.answer()) else Score.FAILED for r in records}
    worse = comparison is not None and comparison.regressed
    if worse or Score.WRONG in marks or Score.FAILED in marks:
        return ExitCode.INVALID
    if strict and Score.UNDECIDED in marks:
        return ExitCode.UNKNOWN
    return ExitCode.OK
