"""`bcv check`: does this proof file hold up?

Soundness: the answer is the checker's own; nothing is added here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def check(
    file: Annotated[Path, typer.Argument(help="A proof that `bcv validate --proof` wrote.")],
) -> None:
    """Replay a proof with the independent checker."""
    raise NotImplementedError
