"""What can the command `bcv` do? One line per command, and what happens to what they raise.

Soundness: a failure of bcv itself must never look like a verdict, so it exits with 4.
"""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from typing import Annotated

import typer

from bcv import __version__
from bcv.cli.bench import bench
from bcv.cli.check import check
from bcv.cli.completion import completion
from bcv.cli.doctor import doctor
from bcv.cli.exit_code import ExitCode
from bcv.cli.new import new
from bcv.cli.schema import schema
from bcv.cli.validate import validate
from bcv.errors import BcvError

app = typer.Typer(
    name="bcv",
    help="Says whether a barrier certificate is right, with a proof or an exact counterexample.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(validate)
app.command()(check)
app.command()(bench)
app.command()(new)
app.command()(schema)
app.command()(doctor)
app.command()(completion)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"bcv {__version__}")
        raise typer.Exit


@app.callback()
def _bcv(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """The console script: runs a command and leaves with an ExitCode."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # a name with letters that the terminal lacks
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    # NumPy starts a thread per core for its BLAS, which bcv hardly uses: a third of the import.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if "_BCV_COMPLETE" in os.environ:  # a shell asks through the script of `bcv completion`
        from typer._completion_classes import completion_init

        completion_init()
    try:
        app(prog_name="bcv")
    except BcvError as error:
        typer.echo(f"bcv: {error}", err=True)
        sys.exit(ExitCode.USAGE)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # The reader went away, which is its right; Python must not complain at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitCode.FAILED)
    except Exception:
        traceback.print_exc()
        typer.echo("bcv: this is a failure of bcv itself, not a verdict.", err=True)
        sys.exit(ExitCode.FAILED)
