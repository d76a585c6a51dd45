"""What does a problem file say? A system, its sets and a candidate certificate, all exact.

Soundness depends on this file only as a container: the meaning is given in ``conditions/``.
Constant parameters and ``define`` are already substituted; every formula speaks of the
variables of ``Problem.variables`` (and of ``t``).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from bcv.expr import Expr
from bcv.region import Formula, Range

TIME_NAME = "t"


class TimeKind(enum.Enum):
    """The system class that the key ``time`` names."""

    CONTINUOUS = "continuous"
    DISCRETE = "discrete"
    HYBRID = "hybrid"


class ConditionKind(enum.Enum):
    """The rows of the table "Conditions" in the format."""

    NONINCREASING = "nonincreasing"
    DECREASING = "decreasing"
    EXPONENTIAL = "exponential"
    STRICT_BOUNDARY = "strict-boundary"
    BOUNDARY = "boundary"
    BETWEEN_LEVELS = "between-levels"
    INDUCTIVE = "inductive"
    SUPERMARTINGALE = "supermartingale"


@dataclass(frozen=True, slots=True)
class Variable:
    """A named quantity and its bounds.

    ``range`` encloses the bounds; where a bound is irrational it is an outer rational one and
    ``exact`` holds the true bounds as a formula (TRUE otherwise).
    """

    name: str
    range: Range
    exact: Formula


@dataclass(frozen=True, slots=True)
class Normal:
    """Normal noise with mean and standard deviation."""

    mean: Expr
    std: Expr


@dataclass(frozen=True, slots=True)
class Uniform:
    """Uniform noise on [lo, hi]."""

    lo: Expr
    hi: Expr


@dataclass(frozen=True, slots=True)
class Exponential:
    """Exponential noise with a rate (mean 1/rate)."""

    rate: Expr


@dataclass(frozen=True, slots=True)
class Discrete:
    """Finitely many values with rational probabilities that sum to 1."""

    outcomes: tuple[tuple[Expr, Fraction], ...]


Distribution = Normal | Uniform | Exponential | Discrete


@dataclass(frozen=True, slots=True)
class Jump:
    """Poisson jumps of one state: x := x + size, at the given rate."""

    rate: Expr
    size: Expr


@dataclass(frozen=True, slots=True)
class Mode:
    """A continuous or discrete dynamics on its domain, with its sets and its certificate.

    A system that is not hybrid has one mode, called "". ``dynamics`` follows the order of
    ``Problem.states``. ``barrier`` is the expression as the file gives it (h, not B, under the
    convention positive-safe). ``domain`` joins the mode's own with the problem's.
    """

    name: str
    dynamics: tuple[Expr, ...]
    domain: Formula
    initial: Formula
    unsafe: Formula
    barrier: Expr


@dataclass(frozen=True, slots=True)
class Transition:
    """A discrete jump between modes; ``reset`` gives the new value of every state, in order."""

    source: str
    target: str
    guard: Formula
    reset: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """The claim that accompanies the barrier expression.

    Attributes:
        rate: r of ``exponential``, else None.
        strict_initial: ``strict: initial`` was given.
        levels: (c1, c2), "auto" or None.
        gamma, lambda_, drift: the stochastic constants; drift is ``c`` of the format.
        horizon: the stochastic horizon (steps or time), None for every horizon.
    """

    condition: ConditionKind
    rate: Expr | None = None
    strict_initial: bool = False
    levels: tuple[Expr, Expr] | Literal["auto"] | None = None
    positive_safe: bool = False
    gamma: Expr | None = None
    lambda_: Expr | None = None
    drift: Expr | None = None
    horizon: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One file.

    ``diffusion[i][k]`` is the coefficient of state i for the k-th Wiener process, () if there is
    none; ``jumps`` pairs state names with their jumps. ``horizon`` bounds t. ``domain_invariant``
    is ``domain_is: invariant``. ``uses_time`` says that ``t`` occurs somewhere.
    """

    name: str
    time: TimeKind
    states: tuple[Variable, ...]
    modes: tuple[Mode, ...]
    certificate: Certificate
    parameters: tuple[Variable, ...] = ()
    disturbances: tuple[Variable, ...] = ()
    inputs: tuple[Variable, ...] = ()
    noise: tuple[tuple[str, Distribution], ...] = ()
    diffusion: tuple[tuple[Expr, ...], ...] = ()
    jumps: tuple[tuple[str, Jump], ...] = ()
    transitions: tuple[Transition, ...] = ()
    horizon: Fraction | None = None
    domain_invariant: bool = False
    description: str = ""
    source: str = ""
    expect: Literal["valid", "invalid"] | None = None
    file: str = ""

    @property
    def uses_time(self) -> bool:
        from bcv import expr as ex
        from bcv.region import atoms

        roots: list[Expr] = []
        for mode in self.modes:
            roots += [*mode.dynamics, mode.barrier]
            roots += [a.expr for f in (mode.domain, mode.initial, mode.unsafe) for a in atoms(f)]
        for transition in self.transitions:
            roots += [*transition.reset, *(a.expr for a in atoms(transition.guard))]
        if self.certificate.rate is not None:
            roots.append(self.certificate.rate)
        roots += [coefficient for row in self.diffusion for coefficient in row]
        return TIME_NAME in ex.variables(*roots)
