"""What became of each condition? Its parts' outcomes joined into one line for a report.

Soundness does not depend on this file, but what users read does: a condition counts as proved
only when all of its parts are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bcv.evidence import Witness
from bcv.outcome import Known, Outcome, Proved, Reason, Refuted, Undecided
from bcv.verdict import Assurance, Opinion, Settled, Verdict

ORDER = ("proved", "undecided", "refuted")


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as reports show it.

    ``verdict`` is proved, refuted or undecided; ``statement`` and ``known`` are those of the part
    that decided it; ``seconds`` and ``boxes`` are sums over the parts.
    """

    name: str
    verdict: str
    assurance: Assurance
    engine: str
    seconds: float
    cached: bool
    statement: str
    known: Known
    boxes: int | None = None
    witness: Witness | None = None
    reason: Reason | None = None
    detail: str = ""
    opinions: tuple[Opinion, ...] = ()


def outcome_name(outcome: Outcome) -> str:
    """The word for an outcome."""
    match outcome:
        case Proved():
            return "proved"
        case Refuted():
            return "refuted"
        case Undecided():
            return "undecided"


def conditions_of(verdict: Verdict) -> tuple[Condition, ...]:
    """Every condition in the order of the obligations, then those that bcv cannot state."""
    parts: dict[str, list[Settled]] = {}
    for settled in verdict.conditions:
        parts.setdefault(settled.obligation.name, []).append(settled)
    stated = tuple(_joined(name, group) for name, group in parts.items())
    return stated + tuple(_unsupported(name, why) for name, why in verdict.unsupported)


def _in_effect(part: Settled) -> Settled:
    """The part, or undecided where a side condition fails: that refutes nothing."""
    if not (part.obligation.sufficient and isinstance(part.outcome, Refuted)):
        return part
    detail = f"a side condition of the theorem fails: {part.obligation.statement}"
    outcome = Undecided(Reason.INCONCLUSIVE, detail, part.outcome.known)
    return replace(part, outcome=outcome, assurance=Assurance.NONE)


def _joined(name: str, whole: list[Settled]) -> Condition:
    parts = [_in_effect(part) for part in whole]
    telling = max(parts, key=lambda part: ORDER.index(outcome_name(part.outcome)))
    outcome = telling.outcome
    boxes = [part.outcome.known.boxes for part in parts if part.outcome.known.boxes is not None]
    proved = isinstance(outcome, Proved)
    engines = dict.fromkeys(part.engine for part in (parts if proved else [telling]))
    return Condition(
        name,
        outcome_name(outcome),
        min(part.assurance for part in parts) if proved else telling.assurance,
        ", ".join(engine for engine in engines if engine),
        sum(part.seconds for part in parts),
        all(part.cached for part in parts),
        (parts[0] if proved else telling).obligation.statement,
        outcome.known,
        sum(boxes) if boxes else None,
        outcome.witness if isinstance(outcome, Refuted) else None,
        outcome.reason if isinstance(outcome, Undecided) else None,
        outcome.detail if isinstance(outcome, Undecided) else "",
        _common(parts if proved else [telling]),
    )


def _common(parts: list[Settled]) -> tuple[Opinion, ...]:
    """One opinion per engine: it agrees with a condition if it agrees with all of its parts."""
    by_engine: dict[str, list[Opinion]] = {}
    for part in parts:
        for opinion in part.opinions:
            by_engine.setdefault(opinion.engine, []).append(opinion)
    return tuple(
        replace(min(said, key=_weakest), seconds=sum(opinion.seconds for opinion in said))
        for said in by_engine.values()
    )


def _weakest(opinion: Opinion) -> int:
    return {False: 0, None: 1, True: 2}[opinion.agrees]


def _unsupported(name: str, why: str) -> Condition:
    return Condition(
        name,
        "undecided",
        Assurance.NONE,
        "",
        0.0,
        False,
        "",
        Known(),
        reason=Reason.UNSUPPORTED,
        detail=why,
    )
