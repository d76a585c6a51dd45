"""In which order is a problem decided? Rounds of growing slices, then a verdict.

Soundness depends on this file: it decides what an engine's answer is worth. An engine that
raises or overruns leaves its obligation undecided, and only ``verdict.conclude`` says VALID.
"""

from __future__ import annotations

import enum
import itertools
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Final, TypeVar

from bcv.conditions import obligations_of
from bcv.enclosures.exact import verify_point
from bcv.engines.engine import Budget
from bcv.engines.registry import OWN, create
from bcv.events import Emit, EngineFinished, EngineStarted, ObligationStarted, ignore
from bcv.evidence import Attestation, Evidence, Point, SquareFactor
from bcv.obligation import Obligation
from bcv.outcome import Hints, Known, Outcome, Proved, Reason, Refuted, Undecided
from bcv.problem import Problem
from bcv.replay import Replayed, expected_seconds, replayed
from bcv.sandbox import Overrun, alarm
from bcv.verdict import Answer, Assurance, Settled, Verdict, conclude

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

CHECK_AUTO: Final = 1.0
"""Seconds that a replay may be expected to take if nobody asks for it."""

MAX_HINTS: Final = 64
"""Hints beyond these are forgotten."""

GRACE: Final = 0.4
"""Seconds past its slice after which an engine is stopped by force."""


class CheckMode(enum.Enum):
    """When evidence is replayed: if that is expected to take under a second, always, or never."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user asked for.

    Attributes:
        timeout: seconds for the whole problem.
        seed: of every random choice.
        engines: the engines that may be used, by their names in the registry.
        after_refutation: seconds that the other conditions still get once the certificate is
            known to be wrong; 0 stops at the first refutation.
        memory: bytes that an engine's working set may fill.
        check: when the independent checker replays evidence.
        require: a lesser VALID or INVALID becomes UNKNOWN.
    """

    timeout: float = 60.0
    seed: int = 0
    engines: tuple[str, ...] = OWN
    after_refutation: float = 5.0
    memory: int = 2 << 30
    check: CheckMode = CheckMode.AUTO
    require: Assurance = Assurance.ATTESTED


@dataclass(frozen=True, slots=True)
class Round:
    """Each engine in turn gets so many seconds for every open obligation.

    Infinitely many seconds mean a fair share of what is left; what an attempt does not use
    passes on to the next. In a ``simplify`` round, claims are first reduced by exact algebra.
    """

    engines: tuple[str, ...]
    seconds: float
    simplify: bool = False


PROVERS: Final = ("sum-of-squares", "lifting", "linear-relaxation", "branch-and-bound")
"""In this order: those that know at once whether a claim is for them come first."""

PLAN: Final = (
    Round(("sampling",), 0.5),
    Round(("branch-and-bound",), 0.05),
    Round(PROVERS, 0.3, simplify=True),
    Round(("refinement", *PROVERS), 1.0),
    Round(PROVERS, 4.0),
    Round(("refinement", *PROVERS), float("inf")),
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What an engine said last about an obligation, given these hints and so many seconds."""

    outcome: Undecided
    hints: Hints
    slice: float

    def might_change(self, hints: Hints, seconds: float) -> bool:
        """Whether to ask again: with a new zero of the claim, or twice the time if it ran out."""
        more_time = self.outcome.reason is Reason.TIMEOUT and seconds >= 2 * self.slice
        return more_time or hints.zeros != self.hints.zeros


@dataclass(frozen=True, slots=True)
class Attempt:
    """An obligation, what engines said about it so far, and the seconds spent.

    ``reduction`` is a simpler claim that implies the obligation; engines then work on that.
    """

    obligation: Obligation
    outcome: Outcome
    reduction: Reduction | None = None
    engine: str = ""
    seconds: float = 0.0
    hints: Hints = field(default_factory=Hints)
    replies: Mapping[str, Reply] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        return isinstance(self.outcome, Undecided)

    def wants(self, engine: str, seconds: float) -> bool:
        last = self.replies.get(engine)
        return self.open and (last is None or last.might_change(self.hints, seconds))


def validate(problem: Problem, settings: Settings | None = None, emit: Emit = ignore) -> Verdict:
    """Decide a problem within the timeout (exceeded by less than a second).

    Ctrl-C ends it early: what is settled by then is in the verdict, and the rest is undecided
    with the reason INTERRUPTED.

    Raises:
        ProblemError: the problem's parts do not fit together.
        BcvError: there is no engine of some name in the settings.
    """
    settings = settings or Settings()
    started = time.monotonic()
    budget = Budget(started + settings.timeout, memory=settings.memory, seed=settings.seed)
    try:
        with alarm(budget.deadline + GRACE):
            conditions = obligations_of(problem)
    except Overrun:
        late = "stating the conditions took longer than the timeout"
        return Verdict(*conclude(()), (), time.monotonic() - started, notes=(late,))
    attempts = [_untouched(obligation) for obligation in conditions.obligations]
    try:
        _run_plan(attempts, settings, budget, emit)
    except KeyboardInterrupt:
        attempts = [_closed(attempt, Reason.INTERRUPTED) for attempt in attempts]
    if budget.seconds_left == 0:
        attempts = [_closed(attempt, Reason.TIMEOUT) for attempt in attempts]
    found = _replayed(problem, tuple(map(_settled, attempts)), settings, budget.deadline)
    unsupported = conditions.unsupported + found.missing
    answer, assurance = conclude(found.settled, tuple(name for name, _ in unsupported))
    verdict = Verdict(
        answer,
        assurance,
        found.settled,
        time.monotonic() - started,
        conditions.assumes,
        conditions.notes + found.notes,
        conditions.probability.sentence if conditions.probability else None,
        unsupported,
    )
    return _demanding(verdict, settings.require)


def _replayed(
    problem: Problem, settled: tuple[Settled, ...], settings: Settings, deadline: float
) -> Replayed:
    """What the checker makes of the evidence, as far as the settings ask for it."""
    decided = not all(isinstance(item.outcome, Undecided) for item in settled)
    if settings.check is CheckMode.NEVER or not decided:
        return Replayed(settled)
    if settings.check is CheckMode.ALWAYS:
        return replayed(problem, settled, deadline)
    expected = expected_seconds(settled)
    patience = min(deadline, time.monotonic() + CHECK_AUTO + 3 * expected)
    return replayed(problem, settled, patience, proofs=expected < CHECK_AUTO)


def _demanding(verdict: Verdict, least: Assurance) -> Verdict:
    """The verdict, or UNKNOWN if it rests on less than the user demands."""
    if verdict.answer is Answer.UNKNOWN or verdict.assurance >= least:
        return verdict
    note = (
        f"it would be {verdict.answer.name}, but that is only {verdict.assurance.name.lower()} "
        f"and {least.name.lower()} is required"
    )
    return replace(
        verdict, answer=Answer.UNKNOWN, assurance=Assurance.NONE, notes=(*verdict.notes, note)
    )


def _untouched(obligation: Obligation) -> Attempt:
    return Attempt(obligation, Undecided(Reason.TIMEOUT, "no time was left for it"))


def _closed(attempt: Attempt, reason: Reason) -> Attempt:
    """The attempt, left open for this reason unless a weightier one is known."""
    outcome = attempt.outcome
    if not isinstance(outcome, Undecided) or WEIGHT.index(outcome.reason) >= WEIGHT.index(reason):
        return attempt
    return replace(attempt, outcome=replace(outcome, reason=reason, detail=""))


def _run_plan(attempts: list[Attempt], settings: Settings, budget: Budget, emit: Emit) -> None:
    """Work on the attempts, in place, until all are settled or nothing more can be done."""
    for index, attempt in enumerate(attempts, start=1):
        emit(ObligationStarted(attempt.obligation, index, len(attempts)))
    for round_ in itertools.chain(PLAN, itertools.repeat(PLAN[-1])):
        if round_.simplify:
            attempts[:] = [_simplified(attempt, budget) for attempt in attempts]
        before = list(attempts)
        turns = [
            (n, i) for n in round_.engines if n in settings.engines for i in range(len(attempts))
        ]
        for turn, (name, i) in enumerate(turns):
            waiting = sum(attempts[j].open for _, j in turns[turn:])
            seconds = min(round_.seconds, budget.seconds_left / max(1, waiting))
            if seconds == 0 or not attempts[i].wants(name, seconds):
                continue
            attempts[i] = _ask(name, attempts[i], budget, seconds, emit)
            if isinstance(attempts[i].outcome, Refuted) and not attempts[i].obligation.sufficient:
                budget = budget.slice(settings.after_refutation)
        settled = not any(attempt.open for attempt in attempts)
        if settled or budget.seconds_left == 0 or (round_ is PLAN[-1] and attempts == before):
            return


def _simplified(attempt: Attempt, budget: Budget) -> Attempt:
    """The attempt with a reduction if there is one; engines then start anew."""
    if not attempt.open or budget.seconds_left == 0:
        return attempt
    from bcv.algebra.reduction import reduced  # loads flint

    try:
        with alarm(budget.slice(1.0).deadline):
            reduction = reduced(attempt.obligation)
    except Overrun:
        return attempt
    except Exception as error:
        crash = Undecided(Reason.CRASHED, f"algebra: {type(error).__name__}: {error}")
        reply = Reply(crash, attempt.hints, 0.0)
        return replace(attempt, replies={**attempt.replies, "algebra": reply})
    return attempt if reduction is None else replace(attempt, reduction=reduction, replies={})


def _lifted(attempt: Attempt, outcome: Outcome) -> Outcome:
    """What an outcome for the reduction means for the obligation itself."""
    reduction = attempt.reduction
    match outcome:
        case Proved(evidence, known) if reduction is not None:
            return Proved(SquareFactor(reduction.square, reduction.goal.expr, evidence), known)
        case Refuted(Point(point), known) if reduction is not None:
            witness = verify_point(attempt.obligation, dict(point))
            if witness is not None:
                return Refuted(witness, known)
        case Refuted(_, known) if reduction is not None:
            pass
        case _:
            return outcome
    return Undecided(Reason.INCONCLUSIVE, "the claim is 0 where its reduction fails", known)


def _ask(name: str, attempt: Attempt, budget: Budget, seconds: float, emit: Emit) -> Attempt:
    """One engine's try at one obligation; whatever it does, an outcome comes of it."""
    obligation = attempt.obligation
    goal = attempt.reduction.goal if attempt.reduction else obligation
    emit(EngineStarted(obligation, name, seconds))
    outcome: Outcome
    started = time.monotonic()
    try:
        engine = create(name)
        started = time.monotonic()  # what it imports is not on its time
        part = budget.slice(seconds)
        with alarm(part.deadline + GRACE):
            outcome = _lifted(attempt, engine.discharge(goal, attempt.hints, part, emit))
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
    spent_in_all = attempt.seconds + spent
    if not isinstance(outcome, Undecided):
        return replace(attempt, outcome=outcome, engine=name, seconds=spent_in_all)
    replies = {**attempt.replies, name: Reply(outcome, attempt.hints, seconds)}
    teller, telling = max(replies.items(), key=lambda item: WEIGHT.index(item[1].outcome.reason))
    return replace(
        attempt,
        outcome=replace(telling.outcome, known=_all_known(replies.values())),
        engine=teller,
        seconds=spent_in_all,
        hints=_joined(attempt.hints, outcome.hints),
        replies=replies,
    )


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


def _rests_on_a_word(evidence: Evidence) -> bool:
    """Whether an attestation is part of it, however deep."""
    parts = [getattr(evidence, item.name) for item in fields(evidence)]
    nested = [part for part in parts if isinstance(part, Evidence)]
    return isinstance(evidence, Attestation) or any(map(_rests_on_a_word, nested))


def _settled(attempt: Attempt) -> Settled:
    match attempt.outcome:
        case Proved(evidence) if _rests_on_a_word(evidence):
            assurance = Assurance.ATTESTED
        case Proved() | Refuted():
            assurance = Assurance.RIGOROUS
        case Undecided():
            assurance = Assurance.NONE
    return Settled(attempt.obligation, attempt.outcome, attempt.engine, assurance, attempt.seconds)
