"""Which parameters explain the recorded attempts best? Regression, pulled towards what was known.

Soundness does not depend on this file.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv.planning.forecast import UNKNOWN_ENGINE, Parameters
from bcv.planning.history import Attempted

Array = NDArray[np.float64]

PULL: Final = 3.0
"""How many attempts the parameters known before weigh as much as, per weight."""

_ROUNDS: Final = 30
_SHORTEST: Final = 1e-4


def tuned(attempts: Iterable[Attempted], before: Mapping[str, Parameters]) -> dict[str, Parameters]:
    """The parameters of every engine, fitted anew where there are attempts of it."""
    by_engine: dict[str, list[Attempted]] = {}
    for attempt in attempts:
        by_engine.setdefault(attempt.engine, []).append(attempt)
    fitted = {
        name: _fitted(found, before.get(name, UNKNOWN_ENGINE)) for name, found in by_engine.items()
    }
    return {**before, **fitted}


def _fitted(attempts: list[Attempted], before: Parameters) -> Parameters:
    x = np.array([attempt.vector for attempt in attempts])
    log_time = np.log([max(attempt.seconds, _SHORTEST) for attempt in attempts])
    ended = np.array([attempt.ended for attempt in attempts])
    decided = np.array([attempt.decided for attempt in attempts], dtype=np.float64)
    time, spread = _log_normal(x, log_time, ended, np.array(before.time), before.spread)
    # Whether an attempt that ran out of time would have decided is not known; it is counted as
    # one that had not, so that hopeless engines are not asked forever.
    success = _logistic(x, decided, np.array(before.success))
    return Parameters(tuple(time.tolist()), tuple(success.tolist()), spread, before.startup)


def _log_normal(
    x: Array, y: Array, ended: NDArray[np.bool_], before: Array, spread: float
) -> tuple[Array, float]:
    """Censored regression by expectation and maximisation (Tobit), ridge towards ``before``."""
    weights = before
    ridge = PULL * np.eye(x.shape[1])
    for _ in range(_ROUNDS):
        mean = x @ weights
        hidden = np.where(ended, y, _mean_beyond(mean, spread, y))
        weights = before + np.linalg.solve(x.T @ x + ridge, x.T @ (hidden - x @ before))
        left = hidden - x @ weights
        spread = math.sqrt((float(left @ left) + PULL * spread**2) / (len(y) + PULL))
        spread = min(max(spread, 0.3), 3.0)
    return weights, spread


def _mean_beyond(mean: Array, spread: float, least: Array) -> Array:
    """The mean of a normal variable that is known to exceed ``least`` (inverse Mills ratio)."""
    z = np.clip((least - mean) / spread, -8.0, 8.0)
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    beyond = 0.5 * np.array([math.erfc(value / math.sqrt(2)) for value in z])
    return np.asarray(np.maximum(least, mean + spread * density / beyond))


def _logistic(x: Array, y: Array, before: Array) -> Array:
    """Newton's method for the penalised likelihood; a step that is too long is cut."""
    weights = before
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (y - chance) - PULL / 3 * (weights - before)
        curve = x.T @ (x * (chance * (1 - chance))[:, None]) + PULL / 3 * np.eye(x.shape[1])
        step = np.linalg.solve(curve, slope)
        weights = weights + step * min(1.0, 2.0 / max(1e-12, float(np.abs(step).max())))
    return weights
