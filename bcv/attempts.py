"""What came of an engine's try at an obligation? Whatever it does, an outcome.

Soundness depends on this file: it decides what an engine's answer is worth. An engine that raises
or overruns leaves its obligation undecided.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeVar

from bcv.enclosures.segments import verify_witness
from bcv.engines.engine import Budget, Engine
from bcv.engines.registry import ENGINES, create
from bcv.events import Emit, EngineFinished, EngineStarted, Event, ignore
from bcv.evidence import Point, SquareFactor, rests_on_a_word
from bcv.obligation import Obligation
from bcv.outcome import Hints, Known, Outcome, Proved, Reason, Refuted, Undecided
from bcv.sandbox import Overrun, alarm
from bcv.verdict import Assurance, Settled, Stored

if TYPE_CHECKING:
    from bcv.algebra.reduction import Reduction

T = TypeVar("T", int, float)

WEIGHT: Final = (
    Reason.UNSUPPORTED,
    Reason.UNAVAILABLE,
    Reason.INCONCLUSIVE,
    Reason.DELTA_SAT,
    Reason.TIMEOUT,
    Reason.BOX_LIMIT,
    Reason.MEMORY,
    Reason.CRASHED,
    Reason.INTERRUPTED,
)
"""Which of several engines' reasons is reported: the last of these."""

MAX_HINTS: Final = 64
"""Hints beyond these are forgotten."""

GRACE: Final = 0.4
"""Seconds past its slice after which an engine is stopped by force."""


LOOK_SECONDS: Final = 0.25
"""Seconds after which a look ends, should its few boxes be that expensive."""

LEAST_SHARE: Final = 1 / 16
"""Of the region: where a look proves less, nobody knows how much longer the rest takes."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What an engine said last about an obligation, given so many seconds, and how many it took.

    The slices of an engine that goes on where it stopped are added up. ``hints`` are those that
    were known when it had ended.
    """

    outcome: Undecided
    hints: Hints
    slice: float
    seconds: float

    def short_of_time(self, final: bool) -> bool:
        """Whether more time may help; ``final`` says that giving up does not depend on it.

        Engines that divide their time give up before the end if the rest is too short for the
        next step; so one that used up half of its slice is taken to have been short of time.
        """
        divided = self.outcome.reason is Reason.INCONCLUSIVE and not final
        return self.outcome.reason is Reason.TIMEOUT or (
            divided and self.seconds > 0.5 * self.slice
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """An obligation, what engines said about it so far, and the seconds spent.

    ``reduction`` is a simpler claim that implies the obligation; engines then work on that.
    ``examined`` says that a reduction was looked for, ``cached`` that an earlier run settled it,
    and ``checked`` that the checker has replayed what that run left, which is ``stored``, in
    ``replay`` seconds.
    """

    obligation: Obligation
    outcome: Outcome
    reduction: Reduction | None = None
    examined: bool = False
    engine: str = ""
    seconds: float = 0.0
    hints: Hints = field(default_factory=Hints)
    replies: Mapping[str, Reply] = field(default_factory=dict)
    cached: bool = False
    checked: bool = False
    stored: Stored | None = None
    replay: float | None = None

    @property
    def open(self) -> bool:
        return isinstance(self.outcome, Undecided)

    @property
    def goal(self) -> Obligation:
        """What engines are asked about."""
        return self.reduction.goal if self.reduction else self.obligation

    def tried(self, engine: str) -> float | None:
        """The seconds that were not enough for the engine; None if more would not help.

        An engine that gave up by itself is asked again only once a new zero of the claim is known.
        """
        last = self.replies.get(engine)
        if last is None or last.hints.zeros != self.hints.zeros:
            return 0.0
        return last.slice if last.short_of_time(ENGINES[engine].final) else None

    def needed(self, engine: str) -> float | None:
        """The engine's own estimate of the seconds that it needs, as of its last try."""
        last = self.replies.get(engine)
        return None if last is None else last.outcome.needed


def untouched(obligation: Obligation) -> Attempt:
    """The attempt at which nobody has worked."""
    return Attempt(obligation, Undecided(Reason.TIMEOUT, "no time was left for it"))


def closed(attempt: Attempt, reason: Reason) -> Attempt:
    """The attempt, left open for this reason unless a weightier one is known."""
    outcome = attempt.outcome
    if not isinstance(outcome, Undecided) or WEIGHT.index(outcome.reason) >= WEIGHT.index(reason):
        return attempt
    return replace(attempt, outcome=replace(outcome, reason=reason, detail=""))


def doubted(attempt: Attempt, outcome: Undecided) -> Attempt:
    """The attempt without what its engine claimed, which is not asked again."""
    if attempt.open:
        return attempt
    reply = Reply(outcome, attempt.hints, 0.0, 0.0)
    replies = {**attempt.replies, attempt.engine: reply}
    return replace(
        attempt, outcome=outcome, replies=replies, cached=False, checked=False, stored=None
    )


def examined(attempt: Attempt, budget: Budget) -> Attempt:
    """The attempt with a reduction if there is one; engines then start anew."""
    attempt = replace(attempt, examined=True)
    from bcv.algebra.reduction import reduced  # loads flint

    try:
        with alarm(budget.slice(1.0).deadline):
            reduction = reduced(attempt.obligation)
    except Overrun:
        return attempt
    except Exception as error:
        crash = Undecided(Reason.CRASHED, f"algebra: {type(error).__name__}: {error}")
        reply = Reply(crash, attempt.hints, 0.0, 0.0)
        return replace(attempt, replies={**attempt.replies, "algebra": reply})
    return attempt if reduction is None else replace(attempt, reduction=reduction, replies={})


def guarded(
    name: str,
    obligation: Obligation,
    budget: Budget,
    seconds: float,
    run: Callable[[Engine, Budget], Outcome],
    emit: Emit,
) -> tuple[Outcome, float]:
    """What comes of running an engine, and its seconds; whatever it raises is undecided."""
    emit(EngineStarted(obligation, name, seconds))
    outcome: Outcome
    started = time.monotonic()
    try:
        engine = create(name)
        started = time.monotonic()  # what it imports is not on its time
        part = budget.slice(seconds)
        with alarm(part.deadline + GRACE):
            outcome = run(engine, part)
    except Overrun:
        outcome = Undecided(Reason.TIMEOUT, f"{name} was stopped past its time")
    except MemoryError:
        outcome = Undecided(Reason.MEMORY, f"{name} ran out of memory")
    except ModuleNotFoundError as error:
        outcome = Undecided(Reason.UNAVAILABLE, f"{name} needs {error.name}")
    except Exception as error:
        outcome = Undecided(Reason.CRASHED, f"{name}: {type(error).__name__}: {error}")
    spent = time.monotonic() - started
    emit(EngineFinished(obligation, name, outcome, spent))
    return outcome, spent


def asked(name: str, attempt: Attempt, budget: Budget, seconds: float, emit: Emit) -> Attempt:
    """One engine's try at one obligation."""

    def run(engine: Engine, part: Budget) -> Outcome:
        outcome = _lifted(attempt, engine.discharge(attempt.goal, attempt.hints, part, emit))
        if outcome is not None:
            return outcome
        # The claim probably fails where its square factor is not 0.
        return engine.discharge(attempt.obligation, attempt.hints, part, emit)

    outcome, spent = guarded(name, attempt.obligation, budget, seconds, run, emit)
    return _after(attempt, name, outcome, seconds, spent)


def looked(name: str, attempt: Attempt, budget: Budget, boxes: int, emit: Emit) -> Attempt:
    """The attempt once the engine had a look at so few boxes, at a quarter of them first.

    Without any boxes it may only say whether the root as a whole settles the claim. A refutation
    becomes a hint: sampling finds simpler points close by. A look that settles nothing goes
    unreported, since the engine will go on from there.
    """
    heard: list[Event] = []
    spent, outcome = 0.0, attempt.outcome

    def run(engine: Engine, part: Budget) -> Outcome:
        return engine.discharge(attempt.obligation, attempt.hints, part, ignore)

    for limit in (boxes // 4, boxes):
        heard.clear()
        part = replace(budget, boxes=limit, jobs=1)
        outcome, seconds = guarded(name, attempt.obligation, part, LOOK_SECONDS, run, heard.append)
        spent += seconds
        stopped = isinstance(outcome, Undecided) and outcome.reason is Reason.BOX_LIMIT
        if not stopped or _hopeless(outcome.known.proved_share):
            break
    match outcome:
        case Proved():
            for event in heard:
                emit(event)
        case Refuted(Point(point)):
            from bcv.enclosures.assumptions import enclosing_floats  # loads numpy

            seen = Hints((tuple(enclosing_floats(x)[0] for _, x in point),))
            return replace(attempt, seconds=spent, hints=_joined(attempt.hints, seen))
        case Refuted():
            return replace(attempt, seconds=spent)
        case Undecided(Reason.BOX_LIMIT, known=known):
            share = known.proved_share
            needed = None if share is None else spent / max(share, LEAST_SHARE)
            outcome = replace(outcome, reason=Reason.TIMEOUT, detail="", needed=needed)
    return _after(attempt, name, outcome, spent, spent)


def _hopeless(share: float | None) -> bool:
    """Whether four times the boxes that proved this share would not do."""
    return share is not None and share < 0.25


def _after(attempt: Attempt, name: str, outcome: Outcome, seconds: float, spent: float) -> Attempt:
    """The attempt after an engine's outcome, for which it was given so many seconds."""
    spent_in_all = attempt.seconds + spent
    if not isinstance(outcome, Undecided):
        return replace(attempt, outcome=outcome, engine=name, seconds=spent_in_all)
    hints = _joined(attempt.hints, outcome.hints)
    before = (attempt.tried(name) or 0.0) if ENGINES[name].resumes else 0.0
    replies = {**attempt.replies, name: Reply(outcome, hints, before + seconds, spent)}
    teller, telling = max(replies.items(), key=lambda item: WEIGHT.index(item[1].outcome.reason))
    return replace(
        attempt,
        outcome=replace(telling.outcome, known=_all_known(replies.values())),
        engine=teller,
        seconds=spent_in_all,
        hints=hints,
        replies=replies,
    )


def _lifted(attempt: Attempt, outcome: Outcome) -> Outcome | None:
    """What an outcome for the reduction means for the obligation itself; None for nothing."""
    reduction = attempt.reduction
    match outcome:
        case Proved(evidence, known) if reduction is not None:
            return Proved(SquareFactor(reduction.square, reduction.goal.expr, evidence), known)
        case Refuted(found, known) if reduction is not None:
            witness = verify_witness(attempt.obligation, found)
            return None if witness is None else Refuted(witness, known)
        case Undecided(known=known) if reduction is not None:
            return replace(outcome, known=_about(attempt.obligation, known))
        case _:
            return outcome


def _about(obligation: Obligation, known: Known) -> Known:
    """What is known of the reduced claim, as far as it is known of the obligation as well.

    Where the square is large the obligation fails by more, so that bounds don't carry over.
    """
    import numpy as np

    from bcv.enclosures.floats import evaluate
    from bcv.enclosures.tape import compile_tape

    margin, at = None, dict(known.at)
    if known.smallest_margin is not None and at.keys() >= set(obligation.region.variables):
        names = obligation.region.variables
        point = np.array([[at[name]] for name in names])
        with np.errstate(all="ignore"):
            value = float(evaluate(compile_tape([obligation.expr], names), point)[0, 0])
        margin = value if np.isfinite(value) else None
    at = at if margin is not None else {}
    return replace(known, largest_violation=None, smallest_margin=margin, at=tuple(at.items()))


def _all_known(replies: Iterable[Reply]) -> Known:
    """What the engines know together: the best bounds, and the sums of their work."""
    known = [reply.outcome.known for reply in replies]

    def among(values: Iterable[T | None], choose: Callable[[list[T]], T]) -> T | None:
        found = [value for value in values if value is not None]
        return choose(found) if found else None

    margin = among((k.smallest_margin for k in known), min)
    return Known(
        smallest_margin=margin,
        at=next((k.at for k in known if k.smallest_margin == margin), ()),
        largest_violation=among((k.largest_violation for k in known), min),
        proved_share=among((k.proved_share for k in known), max),
        boxes=among((k.boxes for k in known), sum),
        boxes_left=among((k.boxes_left for k in known), min),
        samples=among((k.samples for k in known), sum),
    )


def _joined(old: Hints, new: Hints) -> Hints:
    return Hints(
        points=tuple(dict.fromkeys(new.points + old.points))[:MAX_HINTS],
        zeros=tuple(dict.fromkeys(old.zeros + new.zeros))[:MAX_HINTS],
    )


def worth(outcome: Outcome) -> Assurance:
    """What an outcome rests on before anything is replayed."""
    match outcome:
        case Proved(evidence) if rests_on_a_word(evidence):
            return Assurance.ATTESTED
        case Proved() | Refuted():
            return Assurance.RIGOROUS
        case Undecided():
            return Assurance.NONE


def settled(attempt: Attempt) -> Settled:
    """The attempt as verdicts record it."""
    return Settled(
        attempt.obligation,
        attempt.outcome,
        attempt.engine,
        Assurance.CHECKED if attempt.checked else worth(attempt.outcome),
        attempt.seconds,
        attempt.cached,
        stored=attempt.stored,
        replay=attempt.replay,
    )
