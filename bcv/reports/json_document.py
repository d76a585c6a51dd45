"""What does a program read? A verdict or an error as one line of JSON (schema bcv.verdict/1).

Soundness does not depend on this file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Final

from bcv import __version__
from bcv.errors import BcvError
from bcv.evidence import Box, Point, Segment, Witness, WitnessKind
from bcv.outcome import Known
from bcv.reports.summary import Condition, conditions_of
from bcv.verdict import Contradiction, Opinion, Verdict

SCHEMA: Final = "bcv.verdict/1"


def to_line(document: dict[str, Any]) -> str:
    """One line of strict JSON: no NaN, no infinities."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False)


def verdict_document(file: str, name: str, verdict: Verdict) -> dict[str, Any]:
    """The document for a problem that was read."""
    document = {
        "schema": SCHEMA,
        "bcv": __version__,
        "file": file,
        "name": name,
        "verdict": verdict.answer.value,
        "assurance": verdict.assurance.name.lower(),
        "seconds": round(verdict.seconds, 6),
        "assumes": list(verdict.assumes),
        "notes": list(verdict.notes),
        "conditions": [_condition(condition) for condition in conditions_of(verdict)],
        "probability": verdict.probability,
    }
    if verdict.contradictions:
        document["contradictions"] = [_contradiction(found) for found in verdict.contradictions]
    return document


def error_document(file: str, error: Exception) -> dict[str, Any]:
    """The document for a file about which nothing was decided; its verdict is ``error``.

    ``kind`` is ``input`` for what the user can mend and ``internal`` for a failure of bcv.
    """
    found: dict[str, Any] = {"kind": "internal", "message": f"{type(error).__name__}: {error}"}
    if isinstance(error, BcvError):
        found = {"kind": "input", "message": str(error)}
        found |= {"reason": error.reason, "remedy": error.remedy}
        if error.place is not None:
            found |= {"line": error.place.line, "column": error.place.column}
    return {"schema": SCHEMA, "bcv": __version__, "file": file, "verdict": "error", "error": found}


def _condition(condition: Condition) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": condition.name,
        "verdict": condition.verdict,
        "assurance": condition.assurance.name.lower(),
        "engine": condition.engine or None,
        "seconds": round(condition.seconds, 6),
        "cached": condition.cached,
        "statement": condition.statement,
    }
    if condition.boxes is not None:
        document["boxes"] = condition.boxes
    if condition.reason is not None:
        document["reason"] = condition.reason.value
        document["detail"] = condition.detail
        document["known"] = _known(condition.known)
    if condition.witness is not None:
        document["witness"] = _witness(condition.witness)
    if condition.opinions:
        document["confirmed_by"] = [o.engine for o in condition.opinions if o.agrees]
        document["opinions"] = [_opinion(opinion) for opinion in condition.opinions]
    return document


def _contradiction(found: Contradiction) -> dict[str, Any]:
    return {
        "condition": found.condition,
        "holds": found.holds,
        "fails": found.fails,
        "right": found.right,
    }


def _opinion(opinion: Opinion) -> dict[str, Any]:
    return {
        "engine": opinion.engine,
        "says": opinion.stance.value,
        "agrees": opinion.agrees,
        "seconds": round(opinion.seconds, 6),
        "words": opinion.words,
    }


def _known(known: Known) -> dict[str, Any]:
    values: dict[str, Any] = {
        "smallest_margin": _finite(known.smallest_margin),
        "largest_violation": _finite(known.largest_violation),
        "proved_share": _finite(known.proved_share),
        "boxes_left": known.boxes_left,
        "samples": known.samples,
        "violated_share_99": _finite(known.violated_share),
        "uniform_points": known.uniform_points,
    }
    if known.at:
        values["at"] = {name: _finite(value) for name, value in known.at}
    return {key: value for key, value in values.items() if value is not None}


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _witness(witness: Witness) -> dict[str, Any]:
    match witness:
        case Point(point, value, kind):
            document: dict[str, Any] = {"point": _exact(point), "value": value}
            if kind is WitnessKind.UNDEFINED:
                document["kind"] = kind.value
            return document | {"approx": _approximate(point)}
        case Segment(start, end, value):
            ends = {"from": _exact(start), "to": _exact(end)}
            return {"segment": ends, "value": value, "approx": _approximate(start)}
        case Box(lower, upper, value):
            ends = {"lower": _exact(lower), "upper": _exact(upper)}
            return {"box": ends, "value": value, "approx": _approximate(lower)}


def _exact(point: Iterable[tuple[str, Fraction]]) -> dict[str, str]:
    return {name: str(value) for name, value in point}


def _approximate(point: Iterable[tuple[str, Fraction]]) -> dict[str, float | None]:
    return {name: approximation(value) for name, value in point}


def approximation(value: Fraction) -> float | None:
    """The nearest double; None beyond the largest one."""
    try:
        return float(value)
    except OverflowError:
        return None
