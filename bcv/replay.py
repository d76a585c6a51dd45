"""Does the independent checker confirm what the engines found?

Soundness depends on this file: it grants ``checked``, and only for a yes of ``bcv.checker`` to
every claim that the checker derived itself. What the checker rejects is undecided afterwards.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bcv.evidence import Evidence
from bcv.formats.proof import entry_of, proved_entry, refuted_entry, replay_seconds
from bcv.formats.statement import StatementError, statement_of
from bcv.obligation import Obligation
from bcv.outcome import Proved, Reason, Refuted, Undecided
from bcv.problem import Problem
from bcv.sandbox import Overrun, alarm
from bcv.verdict import Assurance, Settled

if TYPE_CHECKING:
    from bcv.checker import Session


@dataclass(frozen=True, slots=True)
class Replayed:
    """The conditions with what the checker says of them.

    ``missing`` pairs conditions that the checker asks for, and for which nothing was proved, with
    the reason; ``complete`` says that they are known.
    """

    settled: tuple[Settled, ...]
    notes: tuple[str, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    complete: bool = False


def expected_seconds(item: Settled) -> float:
    """The time that a replay of a proof that is not checked yet takes, as measured or estimated."""
    if not isinstance(item.outcome, Proved) or item.assurance is Assurance.CHECKED:
        return 0.0
    if item.stored is not None:
        known = item.stored.replay
        return item.stored.expected if known is None else known
    return replay_seconds(item.obligation, item.outcome.evidence)


def replayed(
    problem: Problem,
    settled: tuple[Settled, ...],
    deadline: float,
    too_long: Set[int] = frozenset(),
) -> Replayed:
    """Replay the witnesses and the proofs until the deadline.

    What was not replayed by then keeps the assurance it had, and so does a condition of which
    every part is checked already. ``too_long`` are the places of proofs that are not replayed.
    """
    from bcv.checker import Session
    from bcv.checker.terms import RejectedError

    judged = [
        replace(item, replay=math.inf) if i in too_long else item for i, item in enumerate(settled)
    ]
    notes: list[str] = []
    missing: tuple[tuple[str, str], ...] = ()
    complete = False
    try:
        with alarm(deadline):
            session = Session(statement_of(problem))
            missing, complete = _missing(session, settled), True
            for name in dict.fromkeys(item.obligation.name for item in settled):
                places = [i for i, item in enumerate(settled) if item.obligation.name == name]
                parts = [judged[i] for i in places]
                for i in places:  # should time be up
                    judged[i] = replace(judged[i], replay=math.inf)
                parts = _judged(session, name, parts, too_long.isdisjoint(places))
                for i, part in zip(places, parts, strict=True):
                    judged[i] = part
    except RejectedError as why:
        notes.append(f"the checker cannot read the problem: {why}")
    except (Overrun, MemoryError, RecursionError, OverflowError, StatementError):
        pass  # too large to be replayed: the evidence keeps the assurance it had
    for before, after in zip(settled, judged, strict=True):
        if isinstance(after.outcome, Undecided) and after is not before:
            notes.append(f"{after.obligation.name}: the evidence was {after.outcome.detail}")
    return Replayed(tuple(judged), tuple(dict.fromkeys(notes)), missing, complete)


def confirmed(obligation: Obligation, evidence: Evidence, deadline: float) -> bool:
    """Whether the checker accepts evidence for an obligation by itself, before the deadline."""
    from bcv.checker import check_evidence

    try:
        with alarm(deadline):
            return check_evidence(proved_entry(obligation, evidence)).verified
    except (Overrun, MemoryError, RecursionError, OverflowError):
        return False


def _judged(session: Session, name: str, parts: list[Settled], proofs: bool) -> list[Settled]:
    """The parts of one condition after their evidence was replayed."""
    if all(part.assurance is Assurance.CHECKED for part in parts):
        return parts
    provable = proofs and not session.derived.missing and bool(session.claims(name))
    if provable and all(_replayable(part) for part in parts):
        started = time.process_time()
        why = _proof_rejected(session, name, [_entry(part) for part in parts])
        if why is None:
            each = (time.process_time() - started) / len(parts)
            return [replace(_checked(part), replay=each) for part in parts]
        return [_rejected(part, why) for part in parts]
    return [_with_witness(session, part) for part in parts]


def _with_witness(session: Session, part: Settled) -> Settled:
    if not isinstance(part.outcome, Refuted) or part.obligation.sufficient:
        return part
    why = _refutation_rejected(session, part)
    if why is None:
        return _checked(part)
    # The claim it refutes may be one that the checker cannot state yet.
    return part if session.derived.missing else _rejected(part, why)


def _replayable(item: Settled) -> bool:
    return isinstance(item.outcome, Proved) and item.assurance >= Assurance.RIGOROUS


def _entry(item: Settled) -> Mapping[str, Any]:
    entry = entry_of(item)
    assert entry is not None
    return entry


def _refutation_rejected(session: Session, item: Settled) -> str | None:
    """Why the witness shows nothing; None if it refutes a claim of that name."""
    from bcv.checker import check_condition

    assert isinstance(item.outcome, Refuted)
    entry = refuted_entry(item.obligation, item.outcome.witness)
    result = check_condition(session, item.obligation.name, item.obligation.part, entry)
    return None if result.verified else result.reason


def _proof_rejected(session: Session, name: str, entries: list[Mapping[str, Any]]) -> str | None:
    """Why the entries together do not prove the condition; None if every claim is proved."""
    from bcv.checker.terms import RejectedError

    for claim in session.claims(name):
        if claim.vacuous:
            continue
        reasons: dict[str, None] = {}
        for entry in entries:
            try:
                session.prove(claim, entry)
                break
            except RejectedError as why:
                reasons[str(why)] = None
        else:
            return f"{claim.words}: {'; '.join(reasons)}"
    return None


def _checked(item: Settled) -> Settled:
    return replace(item, assurance=Assurance.CHECKED)


def _rejected(item: Settled, why: str) -> Settled:
    outcome = Undecided(Reason.CRASHED, f"rejected by the checker: {why}", item.outcome.known)
    return replace(item, outcome=outcome, assurance=Assurance.NONE)


def _missing(session: Session, settled: tuple[Settled, ...]) -> tuple[tuple[str, str], ...]:
    stated = {item.obligation.name for item in settled}
    asked = dict.fromkeys(c.name for c in session.derived.claims if not c.vacuous)
    why = "the checker asks for it, but nothing was proved about it"
    return tuple((name, why) for name in asked if name not in stated)
