"""`bcv tune`: how fast are the engines on this machine, on problems like yours?

Soundness does not depend on this file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bcv.errors import BcvError

FEWEST = 20
"""Attempts without which nothing is fitted."""


def tune(
    reset: Annotated[
        bool, typer.Option("--reset", help="Forget what was fitted, and the history.")
    ] = False,
    history: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Fit to this history instead of your own.")
    ] = None,
) -> None:
    """Fit the planner's forecasts to the attempts recorded on this machine."""
    from bcv.planning.forecast import default_parameters, parameters_text
    from bcv.planning.history import history_file, parameters_file, recorded
    from bcv.planning.tuning import tuned

    target, source = parameters_file(), history or history_file()
    if reset:
        target.unlink(missing_ok=True)
        history_file().unlink(missing_ok=True)
        typer.echo("The planner starts anew with the forecasts that come with bcv.")
        return
    try:
        attempts, broken = recorded(source)
    except OSError as error:
        remedy = "Validate some problems first; the history grows as you do"
        raise BcvError(f"there is no history in {source} ({error.strerror})", remedy) from None
    if broken:
        typer.echo(f"bcv: {source}: {broken} lines cannot be read; they are left out.", err=True)
    if len(attempts) < FEWEST:
        raise BcvError(
            f"{source} holds {len(attempts)} attempts, which is too few to learn from",
            f"Validate more problems; {FEWEST} attempts are the least",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".new")
    fresh.write_text(parameters_text(tuned(attempts, default_parameters())), encoding="utf-8")
    fresh.replace(target)
    typer.echo(f"Fitted to {len(attempts)} attempts: {target}")
