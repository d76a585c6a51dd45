"""How is the noise of a system distributed?

The checker's verdict depends on this file.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from ..reading import Reader, rational, sequence
from ..terms import RejectedError


class Law(NamedTuple):
    """normal (mean, std), uniform (lo, hi), exponential (rate), discrete (values; weights)."""

    kind: str
    values: tuple[int, ...]
    weights: tuple[Fraction, ...] = ()


def law(reader: Reader, data: Any) -> Law:
    """The distribution of one noise. That its values depend on parameters only is checked later."""
    kind, *rest = sequence(data) or [None]
    if kind == "discrete":
        pairs = [sequence(pair, 2) for pair in rest]
        weights = tuple(rational(weight) for _, weight in pairs)
        if sum(weights) != 1 or min(weights, default=-1) < 0:
            raise RejectedError("the probabilities of a discrete noise do not sum up to 1")
        return Law(kind, tuple(reader.term(value) for value, _ in pairs), weights)
    if {"normal": 2, "uniform": 2, "exponential": 1}.get(str(kind)) != len(rest):
        raise RejectedError("a distribution is malformed")
    values = reader.all(rest)
    if kind == "exponential" and not (reader.terms.value(values[0]) or 0) > 0:
        raise RejectedError("the rate of an exponential noise is not a positive constant")
    return Law(str(kind), values)
