"""`bcv completion`: the script that completes bcv's options in a shell.

Soundness does not depend on this file.
"""

from __future__ import annotations

import enum
from typing import Annotated

import typer


class Shell(enum.StrEnum):
    """The shells with completion."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    shell: Annotated[Shell, typer.Argument(help="The shell to print the script for.")],
) -> None:
    """Print the completion script of a shell."""
    from typer._completion_shared import get_completion_script

    typer.echo(
        get_completion_script(prog_name="bcv", complete_var="_BCV_COMPLETE", shell=shell.value)
    )
