"""What can the command `bcv` do? One line per command, and what happens to what they raise.

Soundness: a failure of bcv itself must never look like a verdict, so it exits with 4.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Annotated, Final

import typer

from bcv import __version__
from bcv.cli.exit_code import ExitCode
from bcv.errors import BcvError

COMMANDS: Final = (
    "validate", "check", "export", "bench", "new", "schema", "doctor", "tune", "cache",
    "completion",
)  # fmt: skip
"""Each is the function of that name in the module of that name in ``bcv.cli``."""

YOUNG: Final = 20_000
"""New objects after which Python looks for cycles among them. Its own number, 700, costs a tenth of
a small problem's time: modules and expressions are many objects that stay."""

FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Why a stream takes no more."""


def application(commands: Sequence[str] = COMMANDS) -> typer.Typer:
    """The command line with these commands."""
    app = typer.Typer(
        name="bcv",
        help="Is a barrier certificate right? With a proof, or an exact counterexample.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_bcv)
    for name in commands:
        app.command()(getattr(import_module(f"bcv.cli.{name}"), name))
    return app


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"bcv {__version__}")
        raise typer.Exit


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
    gc.set_threshold(YOUNG)
    try:
        _run()
    finally:
        # The process ends: nothing is gained by the search for cycles through all that is loaded,
        # which Python would begin now, and which takes a sixth of a small problem's time.
        gc.freeze()


def _run() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # a name with letters that the terminal lacks
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    # NumPy starts a thread per core for its BLAS, which bcv hardly uses: a third of the import.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if "_BCV_COMPLETE" in os.environ:  # a shell asks through the script of `bcv completion`
        from typer._completion_classes import completion_init

        completion_init()
    try:
        # Typer inspects every command that it is given; so it gets only the one that is called.
        called = [name for name in sys.argv[1:2] if name in COMMANDS]
        try:
            application(called or COMMANDS)(prog_name="bcv")
        finally:
            sys.stdout.flush()  # so that what goes wrong with it is told here
    except BcvError as error:
        typer.echo(f"bcv: {error}", err=True)
        sys.exit(ExitCode.USAGE)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        _stop_writing()  # the reader went away, which is its right
        sys.exit(ExitCode.FAILED)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FULL and error.filename is None:
            _stop_writing()
            typer.echo(f"bcv: the output cannot be written: {error.strerror}.", err=True)
            sys.exit(ExitCode.FAILED)
        traceback.print_exc()
        typer.echo("bcv: this is a failure of bcv itself, not a verdict.", err=True)
        sys.exit(ExitCode.FAILED)


def _stop_writing() -> None:
    """Python must not complain at exit either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
