"""Where do verdicts go? To a person, to a program, or as one line, by the options.

Soundness does not depend on this file.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from bcv.problem import Problem
    from bcv.verdict import Verdict


class Output(ABC):
    """Prints what became of a file. Modules are imported when the first verdict is there."""

    @abstractmethod
    def verdict(self, file: str, problem: Problem, verdict: Verdict) -> None:
        """Print a verdict."""

    def error(self, file: str, error: Exception) -> None:
        """Print why nothing was decided."""
        from bcv.errors import BcvError

        if isinstance(error, BcvError):
            typer.echo(f"bcv: {error}", err=True)
        else:
            typer.echo(f"bcv: {file}: this is a failure of bcv itself, not a verdict.", err=True)


class Report(Output):
    """The report for people, with a blank line between two of them."""

    def __init__(self) -> None:
        self._reports = 0

    def verdict(self, file: str, problem: Problem, verdict: Verdict) -> None:
        from rich.console import Console

        from bcv.reports.terminal import print_verdict

        if self._reports:
            typer.echo()
        self._reports += 1
        print_verdict(problem, verdict, Console(highlight=False))


class Quiet(Output):
    """One line."""

    def verdict(self, file: str, problem: Problem, verdict: Verdict) -> None:
        from bcv.reports.words import one_line

        typer.echo(one_line(file, verdict))


class Json(Output):
    """One line of JSON for every file, also for one that is wrong."""

    def verdict(self, file: str, problem: Problem, verdict: Verdict) -> None:
        from bcv.reports.json_document import to_line, verdict_document

        typer.echo(to_line(verdict_document(file, problem.name, verdict)))

    def error(self, file: str, error: Exception) -> None:
        from bcv.reports.json_document import error_document, to_line

        super().error(file, error)
        typer.echo(to_line(error_document(file, error)))


def output_for(*, json: bool, quiet: bool) -> Output:
    """The output that the options ask for."""
    if json:
        return Json()
    return Quiet() if quiet else Report()
