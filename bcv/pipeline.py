"""How is a problem decided? Attempts, one after the other, then a replay, then a verdict.

Soundness depends on this file: only ``verdict.conclude`` says VALID, from outcomes whose worth
``attempts`` and ``replay`` have judged.
"""

from __future__ import annotations

import enum
import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf
from typing import Final

from bcv.attempts import (
    GRACE,
    Attempt,
    asked,
    closed,
    doubted,
    examined,
    looked,
    settled,
    untouched,
)
from bcv.conditions import Conditions, obligations_of
from bcv.confirmation import Confirmed, confirmed
from bcv.engines.engine import Budget
from bcv.engines.registry import ENGINES, OWN, known_names
from bcv.events import Emit, ObligationStarted, ignore
from bcv.obligation import Obligation
from bcv.outcome import Reason, Refuted, Undecided
from bcv.planning.features import Features, features_of
from bcv.planning.forecast import default_parameters
from bcv.planning.order import SHORTEST, BestFirst, Option, Step, Strategy
from bcv.problem import Problem
from bcv.recall import Recall
from bcv.recollection import effort_of, keep, nothing_left, noting, recalled, recognised
from bcv.replay import Replayed, expected_seconds, replayed
from bcv.sandbox import Overrun, alarm
from bcv.stores.checkpoints import Checkpoints
from bcv.verdict import Answer, Assurance, Settled, Verdict, conclude

SCOUT: Final = "sampling"
SEARCH: Final = "refinement"
LONG: Final = 2.0
"""Seconds of an attempt that is put off until a closer search took an eighth of them at most."""

LOOK: Final = "branch-and-bound"
LOOK_OPERATIONS: Final = 250_000
"""About what all sampling of a claim costs, in operations: nodes times boxes."""

MOST_LOOKS: Final = 2048
FEWEST_LOOKS: Final = 512
"""Boxes of a look; where so few are too many operations there is none."""

UNBOUNDED_LOOKS: Final = 64
"""Boxes of a look where the region has no bounds: soon these take exact coefficients each."""

SQUARES: Final = "sum-of-squares"
MANY: Final = 4
"""Variables from which on few boxes prove little; then a look is at the root alone."""

LIGHT: Final = (SCOUT, "branch-and-bound")
"""A claim is reduced by algebra before anything but a first attempt of these: it loads flint."""

SHARE_SECONDS: Final = 0.1
"""For the statistics of a condition that stays open; these may pass the timeout."""

CHECK_AUTO: Final = 1.0
"""Seconds that a replay may be expected to take if nobody asks for it."""


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
        strategy: which attempt comes next; None is the planner with bcv's own forecasts.
        after_refutation: seconds that the other conditions still get once the certificate is
            known to be wrong; 0 stops at the first refutation.
        memory: bytes that an engine's working set may fill.
        jobs: the processes that may work side by side.
        check: when the independent checker replays evidence.
        require: a lesser VALID or INVALID becomes UNKNOWN.
        confirm: engines that are asked about every condition once it is settled.
    """

    timeout: float = 60.0
    seed: int = 0
    engines: tuple[str, ...] = OWN
    strategy: Strategy | None = None
    after_refutation: float = 2.0
    memory: int = 2 << 30
    jobs: int = 1
    check: CheckMode = CheckMode.AUTO
    require: Assurance = Assurance.ATTESTED
    confirm: tuple[str, ...] = ()


def validate(
    problem: Problem,
    settings: Settings | None = None,
    emit: Emit = ignore,
    recall: Recall | None = None,
    checkpoints: Checkpoints | None = None,
) -> Verdict:
    """Decide a problem within the timeout (exceeded by less than a second).

    Ctrl-C ends it early: what is settled by then is in the verdict, and the rest is undecided
    with the reason INTERRUPTED. With ``recall``, earlier outcomes count once they are checked
    again, and new ones are kept. With ``checkpoints``, long work is put aside every few seconds,
    and taken up again.

    Raises:
        ProblemError: the problem's parts do not fit together.
        BcvError: there is no engine of some name in the settings.
    """
    settings = settings or Settings()
    known_names(settings.engines + settings.confirm)
    started = time.monotonic()
    budget = Budget(
        started + settings.timeout,
        memory=settings.memory,
        seed=settings.seed,
        jobs=settings.jobs,
        checkpoints=checkpoints,
    )
    try:
        with alarm(budget.deadline + GRACE):
            conditions = obligations_of(problem)
    except Overrun:
        late = "stating the conditions took longer than the timeout"
        return Verdict(*conclude(()), (), time.monotonic() - started, notes=(late,))
    attempts = [untouched(obligation) for obligation in conditions.obligations]
    digest = recognised(problem, conditions.obligations, recall) if recall is not None else ""
    effort = effort_of(digest, settings.timeout, replace(settings, timeout=0.0, strategy=None))
    replay = functools.partial(_replayed, problem, settings)
    tried = effort if checkpoints is None or checkpoints.empty else None
    earlier: Replayed | None = None
    try:
        if recall is not None:
            earlier = recalled(attempts, recall, replay, budget, emit)
        if recall is None or not nothing_left(attempts, recall, tried, emit):
            _work(attempts, settings, budget, noting(emit, recall))
    except KeyboardInterrupt:
        attempts = [closed(attempt, Reason.INTERRUPTED) for attempt in attempts]
    if budget.seconds_left == 0:
        attempts = [closed(attempt, Reason.TIMEOUT) for attempt in attempts]
    found = replay(tuple(map(settled, attempts)), budget.deadline, earlier)
    found = _confirmed_by_others(found, attempts, settings, budget, emit, replay)
    second = confirmed(problem, found.settled, settings.confirm, budget, emit)
    shares = tuple(_with_share(item, settings.seed) for item in second.settled)
    second = replace(second, settled=shares)
    remark = functools.partial(remark_on, problem, settings.seed)
    if recall is not None:
        keep(second.settled, recall, effort, digest, conditions.obligations)
        remark = functools.partial(recall.remark, f"{digest}:{settings.seed}", remark)
    verdict = _verdict(conditions, found, second, time.monotonic() - started)
    return _demanding(remarked(verdict, remark), settings.require)


def _reopened(attempts: list[Attempt], found: Replayed) -> list[Attempt]:
    """The attempts, those whose evidence was rejected open again; [] if there are none.

    The engine whose evidence it was is not asked again.
    """
    pairs = list(zip(attempts, found.settled, strict=True))
    if not any(isinstance(item.outcome, Undecided) and not a.open for a, item in pairs):
        return []
    return [
        doubted(attempt, item.outcome) if isinstance(item.outcome, Undecided) else attempt
        for attempt, item in pairs
    ]


def _confirmed_by_others(
    found: Replayed,
    attempts: list[Attempt],
    settings: Settings,
    budget: Budget,
    emit: Emit,
    replay: Callable[[tuple[Settled, ...], float], Replayed],
) -> Replayed:
    """What the checker says once other engines have had a try at all that it rejects."""
    while budget.seconds_left > 0 and (attempts := _reopened(attempts, found)):
        try:
            _work(attempts, settings, budget, emit)
        except KeyboardInterrupt:
            attempts = [closed(attempt, Reason.INTERRUPTED) for attempt in attempts]
        before = found.notes
        found = replay(tuple(map(settled, attempts)), budget.deadline)
        found = replace(found, notes=tuple(dict.fromkeys(before + found.notes)))
    return found


def remarked(verdict: Verdict, remark: Callable[[], str | None]) -> Verdict:
    """A note beside VALID if the domain in which it holds is one that the remark is about."""
    if verdict.answer is not Answer.VALID or not verdict.assumes:
        return verdict
    words = remark()
    return replace(verdict, notes=(*verdict.notes, words)) if words else verdict


def remark_on(problem: Problem, seed: int) -> str | None:
    """What simulation says of the system, whatever its certificate: it may leave the domain."""
    from bcv.falsify.trajectories import leaving_note

    return leaving_note(problem, seed)


def _with_share(item: Settled, seed: int) -> Settled:
    """An open condition with what uniform sampling says about the size of a violation."""
    if not isinstance(item.outcome, Undecided) or item.outcome.reason is Reason.INTERRUPTED:
        return item
    if item.cached:  # it was sampled when it was tried
        return item
    from bcv.falsify.share import violated_share

    share = violated_share(item.obligation, time.monotonic() + SHARE_SECONDS, seed)
    if share is None:
        return item
    known = replace(item.outcome.known, violated_share=share.below, uniform_points=share.points)
    return replace(item, outcome=replace(item.outcome, known=known))


def _verdict(conditions: Conditions, found: Replayed, second: Confirmed, seconds: float) -> Verdict:
    unsupported = conditions.unsupported + found.missing
    return Verdict(
        *conclude(second.settled, tuple(name for name, _ in unsupported)),
        second.settled,
        seconds,
        conditions.assumes,
        conditions.notes + found.notes + tuple(map(str, second.contradictions)),
        conditions.probability.sentence if conditions.probability else None,
        unsupported,
        second.contradictions,
    )


def _replayed(
    problem: Problem,
    settings: Settings,
    settled: tuple[Settled, ...],
    deadline: float,
    earlier: Replayed | None = None,
) -> Replayed:
    """What the checker makes of the evidence, as far as the settings ask for it.

    ``earlier`` is what it said of outcomes in the store; if nothing else counts, or all is checked,
    there is nothing to add.
    """
    nothing_new = settings.check is CheckMode.AUTO and all(item.cached for item in settled)
    checked = all(item.assurance is Assurance.CHECKED for item in settled)
    if earlier and earlier.complete and (nothing_new or checked):
        return replace(earlier, settled=settled)
    decided = not all(isinstance(item.outcome, Undecided) for item in settled)
    if settings.check is CheckMode.NEVER or not decided:
        return Replayed(settled)
    if settings.check is CheckMode.ALWAYS:
        return replayed(problem, settled, deadline)
    expected = [expected_seconds(item) for item in settled]
    too_long = _too_long(settled, expected)
    allowed = sum(seconds for i, seconds in enumerate(expected) if i not in too_long)
    patience = min(deadline, time.monotonic() + CHECK_AUTO + 3 * allowed)
    return replayed(problem, settled, patience, too_long)


def _too_long(settled: Sequence[Settled], expected: Sequence[float]) -> frozenset[int]:
    """The places of proofs that are not replayed unless somebody asks for it.

    A replay that was done in time once is always worth it; the others are, if all of them are.
    """
    unknown = [i for i, s in enumerate(settled) if not s.stored or s.stored.replay in (None, inf)]
    late = {i for i in unknown if expected[i] == inf}
    rest = sum(expected[i] for i in unknown if i not in late)
    return frozenset(unknown if rest >= CHECK_AUTO else late)


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


def _work(attempts: list[Attempt], settings: Settings, budget: Budget, emit: Emit) -> None:
    """Work on the attempts, in place, until all are settled or nothing more can be done."""
    strategy = settings.strategy or BestFirst(default_parameters())
    started = {name for name in settings.engines if ENGINES[name].loaded}
    for index, attempt in enumerate(attempts, start=1):
        emit(ObligationStarted(attempt.obligation, index, len(attempts)))
    features = functools.cache(features_of)
    if {SCOUT, LOOK} <= set(settings.engines) and _fresh(budget):
        for index, a in enumerate(attempts):
            attempts[index] = _looked_at(a, features(a.obligation), budget, emit)
    while budget.seconds_left > 0:
        unscouted = {i for i, a in enumerate(attempts) if _unscouted(a, settings.engines)}
        options = [
            Option(
                index,
                name,
                replace(features(a.goal), zero=bool(a.hints.zeros)),
                tried,
                a.needed(name),
                ENGINES[name].resumes,
            )
            for index, a in enumerate(attempts)
            if (index in unscouted if unscouted else a.open)
            for name in ((SCOUT,) if unscouted else settings.engines)
            if (tried := a.tried(name)) is not None
        ]
        step = strategy(options, started, budget.seconds_left)
        if step is None:
            return
        step = _searched_first(step, options, attempts)
        index, name = step.option.index, step.option.engine
        light = name in LIGHT and step.option.tried < SHORTEST
        if not (light or attempts[index].examined):
            attempts[index] = examined(attempts[index], budget)
            continue  # what is best may be something else now
        attempts[index] = asked(name, attempts[index], budget, step.seconds, emit)
        started.add(name)
        found = attempts[index]
        if isinstance(found.outcome, Refuted) and not found.obligation.sufficient:
            budget = budget.slice(settings.after_refutation)


def _fresh(budget: Budget) -> bool:
    """Whether no search of an earlier run waits to be taken up."""
    return budget.checkpoints is None or budget.checkpoints.empty


def _looked_at(attempt: Attempt, features: Features, budget: Budget, emit: Emit) -> Attempt:
    """The attempt, settled if branch and bound does so on fewer boxes than sampling would cost.

    Where the region is unbounded a few boxes are looked at, which replace no sampling.
    """
    boxes = min(MOST_LOOKS, LOOK_OPERATIONS // max(1, features.size))
    worked_at = attempt.examined or attempt.replies or not attempt.open
    if worked_at or features.network or boxes < FEWEST_LOOKS:
        return attempt
    squares = ENGINES[SQUARES].loaded and _for_squares(attempt.obligation, features)
    boxes = 0 if squares else boxes if features.bounded else UNBOUNDED_LOOKS
    found = looked(LOOK, attempt, budget, boxes, emit)
    return found if features.bounded or not found.open else attempt


def _for_squares(obligation: Obligation, features: Features) -> bool:
    """Whether a sum of squares is likely to cost less than boxes do: of many variables or tight."""
    if not features.degree or features.dimension >= MANY:
        return features.degree > 0
    from bcv.enclosures.exact import exact_sign

    origin = dict.fromkeys(obligation.region.variables, Fraction(0))
    return exact_sign(obligation.expr, origin) == 0


def _searched_first(step: Step, options: list[Option], attempts: list[Attempt]) -> Step:
    """The step or, before a long one, a closer search for a counterexample to the same claim.

    What resists the short attempts is false more often than forecasts know, and a search is short
    beside a long attempt at a proof.
    """
    if step.seconds < LONG or SEARCH in attempts[step.option.index].replies:
        return step
    for option in options:
        if option.index == step.option.index and option.engine == SEARCH:
            return replace(step, option=option, seconds=step.seconds / 8)
    return step


def _unscouted(attempt: Attempt, engines: tuple[str, ...]) -> bool:
    """Whether sampling comes before all else: it takes milliseconds, and helps the others.

    A refutation of any condition settles the problem, and hints make proofs cheaper. It waits for
    one attempt where a sum of squares is likely.
    """
    due = SCOUT not in attempt.replies and not _squares_next(attempt)
    return attempt.open and due and SCOUT in engines


def _squares_next(attempt: Attempt) -> bool:
    """Whether a look at the root alone was all so far, since a sum of squares was to be next."""
    look = attempt.replies.get(LOOK)
    return look is not None and len(attempt.replies) == 1 and look.outcome.known.boxes == 0
