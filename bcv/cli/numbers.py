"""Is the number given for an option one? Python reads "nan" and "inf" as numbers, too.

Soundness does not depend on this file.
"""

from __future__ import annotations

import math

import typer


def finite(value: float) -> float:
    """The value of an option, unless it is infinite or no number; an option's ``callback``."""
    if not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no finite number")
    return value
