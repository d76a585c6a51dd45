"""Do other engines agree with what was settled? And if two contradict each other, who is right?

Soundness depends on this file: it may replace an outcome, and does so only for a witness that the
independent checker verified. A contradiction that nothing settles leaves the condition undecided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bcv.attempts import guarded, worth
from bcv.engines.engine import Budget, Engine
from bcv.events import Contradicted, Emit
from bcv.outcome import Hints, Outcome, Proved, Reason, Refuted, Undecided
from bcv.problem import Problem
from bcv.replay import replayed
from bcv.verdict import Assurance, Contradiction, Opinion, Settled, Stance

if TYPE_CHECKING:
    from bcv.engines.query import Reply


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The conditions with the other engines' opinions, and the contradictions among them."""

    settled: tuple[Settled, ...]
    contradictions: tuple[Contradiction, ...] = ()


def confirmed(
    problem: Problem,
    settled: Sequence[Settled],
    engines: Sequence[str],
    budget: Budget,
    emit: Emit,
) -> Confirmed:
    """Ask each engine about each settled condition, within what is left of the budget."""
    found, contradictions = list(settled), []
    turns = [
        (name, index)
        for name in engines
        for index, item in enumerate(settled)
        if not isinstance(item.outcome, Undecided)
    ]
    for turn, (name, index) in enumerate(turns):
        item = found[index]
        if isinstance(item.outcome, Undecided):
            continue  # an earlier contradiction left it so
        seconds = budget.seconds_left / (len(turns) - turn)
        opinion, outcome = _opinion(name, item, budget, seconds, emit)
        item = found[index] = replace(item, opinions=(*item.opinions, opinion))
        if opinion.agrees is False:
            other = Settled(item.obligation, outcome, name, worth(outcome), opinion.seconds)
            found[index], contradiction = _arbitrated(problem, item, other, opinion.stance, budget)
            contradictions.append(contradiction)
            emit(Contradicted(item.obligation, contradiction))
    return Confirmed(tuple(found), tuple(contradictions))


def _opinion(
    name: str, item: Settled, budget: Budget, seconds: float, emit: Emit
) -> tuple[Opinion, Outcome]:
    from bcv.engines.query import Solver, outcome_of

    said: list[Reply] = []

    def run(engine: Engine, part: Budget) -> Outcome:
        if not isinstance(engine, Solver):
            return engine.discharge(item.obligation, Hints(), part, emit)
        query, reply = engine.ask(item.obligation, part)
        said.append(reply)
        return outcome_of(item.obligation, query, reply, name, part)

    outcome, spent = guarded(name, item.obligation, budget, seconds, run, emit)
    stance = _stance(item.outcome, outcome, said)
    if stance is Stance.HOLDS and isinstance(outcome, Refuted):
        outcome = Undecided(Reason.INCONCLUSIVE, f"a search refutes what {name} said")
    agrees = None
    if stance is not Stance.NOTHING:
        agrees = (stance is Stance.HOLDS) is isinstance(item.outcome, Proved)
    words = ""
    if stance is Stance.NOTHING and isinstance(outcome, Undecided):
        words = outcome.detail or outcome.reason.value
    return Opinion(name, stance, agrees, spent, words), outcome


def _stance(ours: Outcome, outcome: Outcome, said: Sequence[Reply]) -> Stance:
    """What the engine itself said: a solver's word counts even where it does not verify.

    Except that a witness against what we had proved counts for more than any word.
    """
    if isinstance(ours, Proved) and isinstance(outcome, Refuted):
        return Stance.FAILS
    status = said[0].status if said else ""
    if status == "unsat" or (not said and isinstance(outcome, Proved)):
        return Stance.HOLDS
    if status == "sat" or isinstance(outcome, Refuted):
        return Stance.FAILS
    return Stance.NOTHING


def _arbitrated(
    problem: Problem, ours: Settled, other: Settled, stance: Stance, budget: Budget
) -> tuple[Settled, Contradiction]:
    """Who is right is for the checker to say; if it confirms both or neither, nobody is."""
    fails, holds = (other, ours) if stance is Stance.FAILS else (ours, other)
    name = ours.obligation.name

    def judged(right: str | None) -> Contradiction:
        return Contradiction(name, holds.engine, fails.engine, right)

    verified = [_checked(problem, item, budget) for item in (ours, other)]
    # An exact witness was verified twice over, by bcv's arithmetic and by the checker; against a
    # mere word the first alone is enough.
    exact = isinstance(ours.outcome, Refuted) and worth(other.outcome) < Assurance.RIGOROUS
    if (verified[0] or exact) and not verified[1]:
        return ours, judged(ours.engine)
    if verified[1] and not verified[0]:
        won = replace(other, assurance=Assurance.CHECKED, opinions=ours.opinions)
        return won, judged(other.engine)
    contradiction = judged(None)
    open_ = Undecided(Reason.CRASHED, f"a contradiction: {contradiction}", ours.outcome.known)
    return replace(ours, outcome=open_, assurance=Assurance.NONE), contradiction


def _checked(problem: Problem, item: Settled, budget: Budget) -> bool:
    """Whether the independent checker confirms it."""
    if item.assurance is Assurance.CHECKED:
        return True
    if isinstance(item.outcome, Undecided) or worth(item.outcome) < Assurance.RIGOROUS:
        return False
    found = replayed(problem, (item,), budget.deadline)
    return found.settled[0].assurance is Assurance.CHECKED
