"""How long will an engine take, and will it decide? A forecast with few parameters per engine.

Soundness does not depend on this file.

The time T that an engine needs until it ends by itself is taken to be log-normal, its mean linear
in the obligation's features; whether it has decided when it ends, to be logistic in them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bcv.planning.features import NAMES, Features

SCHEMA: Final = "bcv.planner/1"
DEFAULTS: Final = Path(__file__).with_name("defaults.json")


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected of one engine for one obligation.

    Attributes:
        success: the chance that it has decided when it ends by itself.
        location: the mean of log T, T in seconds.
        spread: the standard deviation of log T.
        startup: seconds before its first attempt in a process (imports, a child process).
    """

    success: float
    location: float
    spread: float
    startup: float = 0.0

    @property
    def median(self) -> float:
        """Seconds in which it ends with a chance of one half."""
        return math.exp(self.location)

    def ends_within(self, seconds: float) -> float:
        """The chance of T <= seconds."""
        return _normal((math.log(seconds) - self.location) / self.spread) if seconds > 0 else 0.0

    def _spent_within(self, seconds: float) -> float:
        """The mean of min(T, seconds)."""
        if seconds <= 0:
            return 0.0
        shifted = (math.log(seconds) - self.location) / self.spread
        mean = math.exp(min(700.0, self.location + self.spread**2 / 2))
        return mean * _normal(shifted - self.spread) + seconds * (1 - _normal(shifted))

    def chance(self, seconds: float, tried: float = 0.0) -> float:
        """The chance of a decision in so many seconds, when fewer have not been enough."""
        open_ = 1 - self.ends_within(tried)
        if open_ <= 1e-9:
            return 0.0
        return self.success * max(0.0, self.ends_within(seconds) - (1 - open_)) / open_

    def cost(self, seconds: float, tried: float = 0.0, done: float = 0.0) -> float:
        """The mean time of such an attempt, less the seconds of it that are done already.

        These are 0 for an engine that starts anew each time, else what was tried.
        """
        open_ = 1 - self.ends_within(tried)
        if open_ <= 1e-9:
            return seconds - done
        further = self._spent_within(seconds) - self._spent_within(tried)
        return min(seconds, tried + further / open_) - done


def _normal(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))


@dataclass(frozen=True, slots=True)
class Parameters:
    """The fitted parameters of one engine, weights in the order of ``features.NAMES``."""

    time: tuple[float, ...]
    success: tuple[float, ...]
    spread: float
    startup: float = 0.0

    def forecast(self, features: Features) -> Forecast:
        """The forecast for an obligation with these features."""
        vector = features.vector()
        score = sum(w * x for w, x in zip(self.success, vector, strict=True))
        location = sum(w * x for w, x in zip(self.time, vector, strict=True))
        success = 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))
        # Far from its data a linear model may say anything: times stay between 1 us and 3 h.
        return Forecast(success, max(-14.0, min(9.0, location)), self.spread, self.startup)


_ZEROS: Final = (0.0,) * (len(NAMES) - 1)
UNKNOWN_ENGINE: Final = Parameters((math.log(0.3), *_ZEROS), (-1.0, *_ZEROS), 1.0, 0.3)
"""Of an engine about which nothing is known: a solver, which has a process to start."""


def parameters_from(text: str) -> dict[str, Parameters]:
    """Parameters per engine from JSON.

    Raises:
        ValueError: it is not what ``parameters_text`` writes.
    """
    try:
        document = json.loads(text)
        if document["schema"] != SCHEMA or document["features"] != list(NAMES):
            raise ValueError("it was written by another version of bcv")
        return {str(name): _one(entry) for name, entry in document["engines"].items()}
    except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"a field is missing or wrong: {error}") from None


def _one(entry: Mapping[str, Any]) -> Parameters:
    time, success = (tuple(map(float, entry[key])) for key in ("time", "success"))
    spread, startup = float(entry["spread"]), float(entry["startup"])
    numbers = (*time, *success, spread, startup)
    if len(time) != len(NAMES) or len(success) != len(NAMES) or spread <= 0:
        raise ValueError("the numbers of an engine are incomplete")
    if not all(map(math.isfinite, numbers)):
        raise ValueError("a number is not finite")
    return Parameters(time, success, spread, startup)


def parameters_text(engines: Mapping[str, Parameters]) -> str:
    """The JSON that ``parameters_from`` reads."""

    def rounded(values: tuple[float, ...]) -> list[float]:
        return [round(value, 4) for value in values]

    entries = {
        name: {
            "time": rounded(found.time),
            "success": rounded(found.success),
            "spread": round(found.spread, 4),
            "startup": round(found.startup, 4),
        }
        for name, found in sorted(engines.items())
    }
    return json.dumps({"schema": SCHEMA, "features": list(NAMES), "engines": entries}, indent=1)


def default_parameters() -> dict[str, Parameters]:
    """Those that come with bcv, fitted to its own problems."""
    return parameters_from(DEFAULTS.read_text(encoding="utf-8"))
