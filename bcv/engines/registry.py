"""Which engines are there? One line each; nothing heavy is imported before it is used.

Soundness does not depend on this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from bcv.engines.engine import Engine
from bcv.errors import BcvError


@dataclass(frozen=True, slots=True)
class Entry:
    """Where an engine lives, what it can do in a few words, its options and needed modules."""

    module: str
    type: str
    ability: str
    options: tuple[tuple[str, str], ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The needed modules that are not installed; nothing is imported."""
        return tuple(name for name in self.needs if find_spec(name) is None)


ENGINES: Final = {
    "sampling": Entry("bcv.engines.sampling", "Sampling", "finds plain counterexamples fast"),
    "refinement": Entry(
        "bcv.engines.sampling",
        "Sampling",
        "descends to rare and touching counterexamples",
        options=(("effort", "thorough"),),
    ),
    "branch-and-bound": Entry(
        "bcv.engines.branch_and_bound", "BranchAndBound", "proves by interval arithmetic"
    ),
    "sum-of-squares": Entry(
        "bcv.engines.sum_of_squares",
        "SumOfSquaresEngine",
        "proves polynomial claims, tight and unbounded ones too",
        needs=("clarabel", "flint"),
    ),
}


def create(name: str) -> Engine:
    """The engine of that name.

    Raises:
        BcvError: there is no such engine.
    """
    entry = ENGINES.get(name)
    if entry is None:
        raise BcvError(f"there is no engine {name!r}", f"The engines are {', '.join(ENGINES)}")
    engine = getattr(import_module(entry.module), entry.type)(**dict(entry.options))
    assert isinstance(engine, Engine)
    return engine
