"""Which module holds the rule for a kind of evidence, of leaf, of witness, of claim? One table.

The checker's verdict depends on this file: it decides which rules a proof is checked by. A module
is imported when a proof first needs it, and remembered, so that the result can say what the proof
rests on. Only names that stand in this file are ever imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

RULES = {
    "evidence": {
        "cover": "cover",
        "sum-of-squares": "sum_of_squares",
        "square-factor": "square_factor",
        "defined-first": "defined_first",
        "by-theorems": "theorems",
        "lifted": "lifted",
        "cases": "cases",
        "either": "either",
        "vanishing": "vanishing",
        "sum": "sums",
        "exponentials": "exponentials",
        "rising": "rising",
    },
    "leaf": {
        "mean-value": "mean_value",
        "bernstein": "bernstein",
        "affine": "affine",
        "convex": "convex",
    },
    "witness": {"point": "points", "segment": "segments", "box": "boxes"},
    "claim": {
        "network": "gradients",
        "regular": "regular",
        "independence": "independence",
        "step": "steps",
        "jump": "transitions",
        "inputs": "inputs",
        "kinks": "kinks",
        "supermartingale": "chance",
        "noise": "noise",
        "transforms": "transforms",
        "levels": "levels",
        "stays": "invariance",
    },
    "arithmetic": {"functions": "functions", "fixed point": "fixed_point"},
}


class Library:
    """The rules that one proof has used so far."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    @property
    def used(self) -> tuple[str, ...]:
        """The names of their modules."""
        return tuple(sorted(self._used))

    def rule(self, role: str, kind: str) -> Any:
        """The module for it, or None."""
        name = RULES[role].get(kind)
        if name is None:
            return None
        self._used.add(name)
        return import_module(f"{__package__}.rules.{name}")
