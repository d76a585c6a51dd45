"""Which attempt is the best to make next? The one with the largest chance per second.

Soundness does not depend on this file: an order of attempts changes no answer.

The rule is that of optimal search among independent boxes (Weitzman 1979): open the box with the
best ratio of chance to cost. Since an engine's time is not known beforehand, each attempt gets a
slice, and an engine that ran out of time may be asked again for at least twice as long; so all
repetitions together cost at most as much as the last one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Final

from bcv.planning.features import Features
from bcv.planning.forecast import UNKNOWN_ENGINE, Forecast, Parameters

SHORTEST: Final = 0.1
"""Seconds of the shortest slice; the others are this times a power of GROWTH."""

GROWTH: Final = 4.0

ANEW: Final = SHORTEST * GROWTH
"""Seconds of the shortest slice for an engine that would begin the next one from scratch."""

OWN_SPREAD: Final = 0.5
"""The spread of log T where the engine itself has estimated T."""


@dataclass(frozen=True, slots=True)
class Option:
    """Something that could be tried: an engine on the obligation of this index.

    ``tried`` are the seconds of its last slice, which have not been enough; 0 if there was none.
    ``needed`` is the engine's own estimate of the seconds that would be, if it gave one. An engine
    that ``resumes`` needs no second time for what it did before; its ``tried`` are all its slices.
    """

    index: int
    engine: str
    features: Features
    tried: float = 0.0
    needed: float | None = None
    resumes: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """An option with its slice, and what is expected of it."""

    option: Option
    seconds: float
    chance: float
    cost: float


Strategy = Callable[[Sequence[Option], Collection[str], float], Step | None]
"""Choose among the options, given the engines already in use and the seconds left."""


@dataclass(frozen=True, slots=True)
class BestFirst:
    """The strategy by forecasts; ``parameters`` are those of each engine that is known."""

    parameters: Mapping[str, Parameters]

    def forecast(self, option: Option) -> Forecast:
        """What is expected of the option's engine; of its time it knows better by itself."""
        found = self.parameters.get(option.engine, UNKNOWN_ENGINE).forecast(option.features)
        if option.needed is None:
            return found
        return replace(found, location=log(option.needed), spread=OWN_SPREAD)

    def __call__(
        self, options: Sequence[Option], started: Collection[str], left: float
    ) -> Step | None:
        """The best step; None if there is nothing left that is worth repeating."""
        share = left / max(1, len({option.index for option in options}))
        steps = [
            self._step(option, seconds, started)
            for option in options
            for seconds in _slices(option, share)
        ]
        return max(steps, key=lambda step: step.chance / step.cost, default=None)

    def _step(self, option: Option, seconds: float, started: Collection[str]) -> Step:
        forecast = self.forecast(option)
        before = option.tried if option.resumes else 0.0
        cost = forecast.cost(before + seconds, option.tried, before) + 1e-6
        if option.engine not in started:
            cost += forecast.startup
        # The smallest chance keeps hopeless attempts in an order: by their cost.
        chance = forecast.chance(before + seconds, option.tried) + 1e-9
        return Step(option, seconds, chance, cost)


def when_needed(make: Callable[[], Strategy]) -> Strategy:
    """A strategy that is made when the first choice is due: a known answer needs none."""
    made = functools.cache(make)
    return lambda options, started, left: made()(options, started, left)


def _slices(option: Option, share: float) -> Iterator[float]:
    again = option.tried if option.resumes else 2 * option.tried
    least = max(again, option.needed or 0.0)
    seconds = SHORTEST if option.resumes else ANEW
    while seconds < share:
        if seconds >= least:
            yield seconds
        seconds *= GROWTH
    if share > 0 and share >= again:
        yield share


def foreseen(strategy: Strategy, options: Sequence[Option], seconds: float) -> Iterator[Step]:
    """The steps that would be made if none of them decided anything."""
    open_ = list(options)
    started: set[str] = set()
    while (step := strategy(open_, started, seconds)) is not None:
        yield step
        seconds -= min(seconds, step.cost)
        started.add(step.option.engine)
        place = open_.index(step.option)
        before = step.option.tried if step.option.resumes else 0.0
        open_[place] = replace(step.option, tried=before + step.seconds)
        if seconds <= 0:
            return
