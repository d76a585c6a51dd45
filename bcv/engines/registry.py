"""Which engines are there? One line each; nothing heavy is imported before it is used.

Soundness does not depend on this file.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from shutil import which
from typing import Final

from bcv.engines.engine import Engine
from bcv.errors import BcvError


@dataclass(frozen=True, slots=True)
class Entry:
    """Where an engine lives, and what it is.

    Attributes:
        module, type, options: where its class is, and how it is made.
        ability: what it can do, in a few words.
        needs: modules without which it cannot work.
        package: the distribution whose version is its version; "" for bcv's own.
        remedy: what to do if something is missing.
        program: an executable that serves in the place of the modules.
        own: it is bcv's own, and so used unless others are asked for.
        parts: the engines that it hands simpler claims to, by its parameters.
        final: once it has given up by itself, more time would change nothing. (Others leave out
            steps that do not fit in their time.)
        resumes: a further slice of time goes on where the last one ended.
    """

    module: str
    type: str
    ability: str
    options: tuple[tuple[str, str], ...] = ()
    needs: tuple[str, ...] = ()
    package: str = ""
    remedy: str = ""
    program: str = ""
    own: bool = True
    parts: tuple[tuple[str, str], ...] = ()
    final: bool = False
    resumes: bool = False

    @property
    def loaded(self) -> bool:
        """Whether an attempt has nothing to import; other programs start anew each time."""
        return self.own and self.module in sys.modules

    @property
    def missing(self) -> tuple[str, ...]:
        """The needed modules that are not installed; nothing is imported."""
        if self.program and which(self.program):
            return ()
        return tuple(name for name in self.needs if find_spec(name) is None)


ENGINES: Final = {
    "sampling": Entry(
        "bcv.engines.sampling", "Sampling", "finds plain counterexamples fast", final=True
    ),
    "refinement": Entry(
        "bcv.engines.sampling",
        "Sampling",
        "descends to rare and touching counterexamples",
        options=(("effort", "thorough"),),
        final=True,
    ),
    "branch-and-bound": Entry(
        "bcv.engines.branch_and_bound",
        "BranchAndBound",
        "proves by interval arithmetic",
        final=True,
        resumes=True,
    ),
    "linear-relaxation": Entry(
        "bcv.engines.linear_relaxation",
        "LinearRelaxation",
        "proves claims about neural networks",
        final=True,
        resumes=True,
    ),
    "sum-of-squares": Entry(
        "bcv.engines.sum_of_squares",
        "SumOfSquaresEngine",
        "proves polynomial claims, tight and unbounded ones too",
        needs=("flint",),
        package="python-flint",
        remedy="pip install python-flint",
    ),
    "lifting": Entry(
        "bcv.engines.lifting",
        "Lifting",
        "reduces claims with functions, quotients and kinks to polynomial ones",
        needs=("flint",),
        package="python-flint",
        remedy="pip install python-flint",
        parts=(("algebraic", "sum-of-squares"), ("numeric", "branch-and-bound")),
    ),
    "z3": Entry(
        "bcv.engines.z3",
        "Z3",
        "second opinion on polynomial claims",
        needs=("z3",),
        package="z3-solver",
        remedy="pip install z3-solver",
        own=False,
    ),
    "cvc5": Entry(
        "bcv.engines.cvc5",
        "Cvc5",
        "second opinion on polynomial claims and those with sin, cos, exp, ...",
        needs=("cvc5",),
        package="cvc5",
        remedy="pip install cvc5",
        own=False,
    ),
    "dreal": Entry(
        "bcv.engines.dreal",
        "DReal",
        "second opinion on claims with any function, up to its delta",
        needs=("dreal",),
        package="dreal",
        remedy="pip install dreal (Python 3.11 or older) and IBEX 2.7.4's shared library, "
        "or put a `dreal` program on the PATH",
        program="dreal",
        own=False,
    ),
    "sympy": Entry(
        "bcv.engines.sympy",
        "SymPy",
        "second opinion on polynomials in one variable, and in 2 or 3 on a box",
        needs=("sympy",),
        package="sympy",
        remedy="pip install sympy",
        own=False,
    ),
}

OWN: Final = tuple(name for name, entry in ENGINES.items() if entry.own)
"""bcv's own engines."""


def known_names(names: Iterable[str]) -> None:
    """Raise BcvError for the first name of which there is no engine."""
    for name in names:
        if name not in ENGINES:
            raise BcvError(f"there is no engine {name!r}", f"The engines are {', '.join(ENGINES)}")


def create(name: str) -> Engine:
    """The engine of that name.

    Raises:
        BcvError: there is no such engine.
    """
    known_names((name,))
    entry = ENGINES[name]
    parts = {parameter: create(part) for parameter, part in entry.parts}
    engine = getattr(import_module(entry.module), entry.type)(**dict(entry.options), **parts)
    assert isinstance(engine, Engine)
    return engine
