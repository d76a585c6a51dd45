"""What would be tried, in which order, and why? The planner's forecasts in words.

Soundness does not depend on this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

from bcv.obligation import Obligation
from bcv.planning.features import Features, features_of
from bcv.planning.order import BestFirst, Option, foreseen
from bcv.reports.words import duration

MOST_STEPS: Final = 12
"""Steps that are shown."""


def plan_text(
    obligations: Sequence[Obligation], engines: Sequence[str], planner: BestFirst, seconds: float
) -> str:
    """Each obligation with each engine's forecast, then the steps if none of them decided."""
    options = [
        Option(index, name, features_of(obligation))
        for index, obligation in enumerate(obligations)
        for name in engines
    ]
    lines = []
    for index, obligation in enumerate(obligations):
        title = f"{obligation.name} {obligation.part}".strip()
        lines.append(f"\n{title}: {structure(features_of(obligation))}")
        own = [option for option in options if option.index == index]
        forecasts = [(option.engine, planner.forecast(option)) for option in own]
        for name, f in sorted(forecasts, key=lambda item: -item[1].success / item[1].median):
            lines.append(
                f"  {name:<18} decides with a chance of {f.success:4.0%}, in about "
                f"{_brief(f.median)}"
            )
    lines.append("\nThe steps, best chance per second first, as long as none of them decides:")
    for number, step in enumerate(islice(foreseen(planner, options, seconds), MOST_STEPS), 1):
        obligation = obligations[step.option.index]
        lines.append(
            f"  {number:2}. {obligation.name:<16} {step.option.engine:<18} for up to "
            f"{_brief(step.seconds)} (chance {step.chance:.1%}, costs {_brief(step.cost)})"
        )
    lines.append("      and so on, with growing slices, until the time is over")
    return "\n".join(lines)


def structure(features: Features) -> str:
    """``polynomial of degree 4 in 2 variables, bounded, 31 nodes``."""
    kind = f"polynomial of degree {features.degree}" if features.degree else "not polynomial"
    words = [f"{kind} in {features.dimension} variable{'s' if features.dimension != 1 else ''}"]
    if features.functions:
        words.append(f"{features.functions} other functions")
    if features.kinks:
        words.append(f"{features.kinks} kinks")
    words.append("bounded" if features.bounded else "unbounded")
    if features.surface:
        words.append("on an equality surface")
    return ", ".join([*words, f"{features.size} nodes"])


def _brief(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 0.995 else duration(seconds)
