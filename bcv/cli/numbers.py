"""Is the number given for an option one? Python reads "nan" as a number, too.

Soundness does not depend on this file.
"""

from __future__ import annotations

import math

import typer


def no_nan(value: float) -> float:
    """The value of an option, unless it is not a number; an option's ``callback``."""
    if math.isnan(value):
        raise typer.BadParameter(f"{value} is no number")
    return value
