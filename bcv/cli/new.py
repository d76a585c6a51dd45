"""`bcv new`: how does a problem file begin? A commented one that validates.

Soundness does not depend on this file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final

import typer

from bcv.errors import BcvError

STARTER: Final = """\
bcv: 1                            # version of the format
name: NAME
description: A damped oscillator that must stay below speed 2.

time: continuous                  # or: discrete, hybrid
states:                           # bounds, or null for an unbounded state
  x: [-3, 3]
  v: [-3, 3]
parameters: {k: 1/2}              # exact numbers; a range [lo, hi] means: for all values
dynamics:                         # dx/dt for continuous time, the next value for discrete
  x: v
  v: -x - k*v

initial: {box: {x: [-0.5, 0.5], v: [-0.5, 0.5]}}
unsafe: v >= 2                    # or a list, {any: [...]}, {ball: ...}, {not: ...}

certificate:
  B: x**2 + v**2 - 1              # B <= 0 on initial, B > 0 on unsafe
  condition: nonincreasing        # and dB/dt <= 0 along the dynamics
"""


def new(
    file: Annotated[Path, typer.Argument(help="The file to write.")] = Path("problem.yaml"),
) -> None:
    """Write a commented starter file to edit."""
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(STARTER.replace("NAME", json.dumps(file.stem)))
    except FileExistsError:
        raise BcvError(f"{file} exists already", "Name another file") from None
    except OSError as error:
        raise BcvError(f"{file} cannot be written: {error.strerror}") from error
    typer.echo(f"Wrote {file}. Try: bcv validate {file}")
