"""What was tried on this machine, and how did it go? A local file, for `bcv tune`.

Soundness does not depend on this file. What is kept is numbers: an engine's name, the features of
an obligation, seconds, and whether it was decided; no names, expressions or paths.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bcv.planning.features import NAMES
from bcv.planning.forecast import Parameters, default_parameters, parameters_from

LARGEST: Final = 4 << 20
"""Bytes after which the older half of the history is dropped."""


@dataclass(frozen=True, slots=True)
class Attempted:
    """One recorded attempt.

    Attributes:
        engine: its name.
        vector: ``Features.vector()`` of the obligation.
        seconds: how long it took.
        ended: it ended by itself; else it ran out of time and T is only known to be longer.
        decided: it proved or refuted.
    """

    engine: str
    vector: tuple[float, ...]
    seconds: float
    ended: bool
    decided: bool


def data_folder() -> Path:
    """``BCV_DATA_DIR``, or the place where this system keeps users' data."""
    named = os.environ.get("BCV_DATA_DIR")
    if named:
        return Path(named)
    from platformdirs import user_data_path

    return user_data_path("bcv", appauthor=False)


def history_file() -> Path:
    """Where attempts are recorded."""
    return data_folder() / "attempts.jsonl"


def parameters_file() -> Path:
    """Where `bcv tune` leaves what it fitted."""
    return data_folder() / "planner.json"


def known_parameters() -> tuple[dict[str, Parameters], str]:
    """The tuned parameters, else those that come with bcv; and a warning, mostly empty."""
    defaults = default_parameters()
    path = parameters_file()
    try:
        return {**defaults, **parameters_from(path.read_text(encoding="utf-8"))}, ""
    except FileNotFoundError:
        return defaults, ""
    except (OSError, ValueError) as error:
        return defaults, f"{path} cannot be used ({error}); run `bcv tune` to write it anew"


def append(lines: Sequence[str]) -> None:
    """Add lines to the history. Where the folder cannot be written, nothing is kept."""
    with suppress(OSError):
        _append(history_file(), "".join(line + "\n" for line in lines))


def line_of(attempt: Attempted) -> str:
    """The line of the history that ``attempted`` reads."""
    return json.dumps(
        {
            "engine": attempt.engine,
            "features": [round(x, 4) for x in attempt.vector],
            "seconds": round(attempt.seconds, 5),
            "ended": attempt.ended,
            "decided": attempt.decided,
        }
    )


def _append(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # One write to a file opened for appending: lines of several processes do not mix.
    place = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(place, text.encode())
    finally:
        os.close(place)
    if path.stat().st_size > LARGEST:
        _halved(path)


def _halved(path: Path) -> None:
    recent = path.read_bytes()[-LARGEST // 2 :]
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_bytes(recent[recent.find(b"\n") + 1 :])
    fresh.replace(path)


def recorded(path: Path) -> tuple[list[Attempted], int]:
    """The attempts in a history file, and the number of lines that could not be read.

    Raises:
        OSError: the file cannot be read.
    """
    found, broken = [], 0
    for line in path.read_bytes().splitlines():
        try:
            found.append(attempted(json.loads(line)))
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            broken += 1
    return found, broken


def attempted(entry: dict[str, object]) -> Attempted:
    vector, seconds = entry["features"], entry["seconds"]
    if not isinstance(vector, list) or not isinstance(seconds, (int, float)):
        raise TypeError(entry)
    numbers = tuple(float(x) for x in vector)
    if len(numbers) != len(NAMES) or not all(map(math.isfinite, (*numbers, seconds))):
        raise ValueError(entry)
    return Attempted(
        str(entry["engine"]), numbers, float(seconds), bool(entry["ended"]), bool(entry["decided"])
    )
