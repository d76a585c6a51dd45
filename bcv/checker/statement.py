"""What does a statement say? From the JSON of a proof file to a system, its sets and its claim.

The checker's verdict depends on this file. What has no meaning, or is not understood, is rejected.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from .claims import Formula, Side
from .reading import Reader, entry, identifier, rational, sequence, text, truth
from .terms import RejectedError, Terms

if TYPE_CHECKING:
    from .rules.noise import Law

MOST_WORK = 20_000_000


class Variable(NamedTuple):
    """A quantity with an outer range and the formula of its true bounds."""

    name: str
    side: Side
    exact: Formula


class Mode(NamedTuple):
    name: str
    dynamics: tuple[int, ...]
    domain: Formula
    initial: Formula
    unsafe: Formula
    barrier: int


class Transition(NamedTuple):
    source: str
    target: str
    guard: Formula
    reset: tuple[int, ...]


class Statement(NamedTuple):
    """A system, its sets and its certificate; docs/proof-format.md names the fields."""

    terms: Terms
    time: str
    variables: dict[str, tuple[Variable, ...]]
    modes: tuple[Mode, ...]
    transitions: tuple[Transition, ...]
    horizon: Fraction | None
    condition: str
    rate: int | None
    strict_initial: bool
    positive_safe: bool
    levels: tuple[int, ...] | None
    gamma: int | None
    lam: int | None
    drift: int | None
    noise: tuple[tuple[str, Law], ...]
    diffusion: tuple[tuple[int, ...], ...]
    jumps: tuple[tuple[str, int, int], ...]
    chance_horizon: Fraction | None
    domain_invariant: bool
    automatic_levels: bool

    @property
    def states(self) -> tuple[Variable, ...]:
        return self.variables["states"]


KINDS = ("states", "parameters", "disturbances", "inputs")


def read_statement(data: Any) -> Statement:
    """The statement of a proof file. Raises RejectedError."""
    if entry(data, "schema") != "bcv.statement/1":
        raise RejectedError("the statement's schema is not bcv.statement/1")
    terms = Terms()
    reader = Reader(terms)
    reader.load(entry(data, "nodes"))
    certificate = entry(data, "certificate")
    levels = entry(certificate, "levels")
    horizon, until = entry(data, "horizon"), entry(certificate, "horizon")
    statement = Statement(
        terms=terms,
        time=text(entry(data, "time")),
        variables={kind: _variables(reader, entry(data, kind)) for kind in KINDS},
        modes=tuple(_mode(reader, item) for item in sequence(entry(data, "modes"))),
        transitions=tuple(
            _transition(reader, item) for item in sequence(entry(data, "transitions"))
        ),
        horizon=None if horizon is None else rational(horizon),
        condition=text(entry(certificate, "condition")),
        rate=reader.optional(entry(certificate, "rate")),
        strict_initial=truth(entry(certificate, "strict_initial")),
        positive_safe=truth(entry(certificate, "positive_safe")),
        levels=None if levels in (None, "auto") else reader.all(levels),
        gamma=reader.optional(entry(certificate, "gamma")),
        lam=reader.optional(entry(certificate, "lambda")),
        drift=reader.optional(entry(certificate, "drift")),
        noise=tuple(_noise(reader, *sequence(item, 2)) for item in sequence(entry(data, "noise"))),
        diffusion=tuple(reader.all(row) for row in sequence(entry(data, "diffusion"))),
        jumps=tuple(_jump(reader, *sequence(item, 3)) for item in sequence(entry(data, "jumps"))),
        chance_horizon=None if until is None else rational(until),
        domain_invariant=truth(entry(data, "domain_invariant")),
        automatic_levels=levels == "auto",
    )
    _check(statement)
    return statement


def _variables(reader: Reader, data: Any) -> tuple[Variable, ...]:
    return tuple(
        Variable(
            identifier(entry(item, "name")),
            reader.side(entry(item, "range")),
            reader.formula(entry(item, "exact")),
        )
        for item in sequence(data)
    )


def _mode(reader: Reader, data: Any) -> Mode:
    return Mode(
        name=identifier(name) if (name := entry(data, "name")) != "" else "",
        dynamics=reader.all(entry(data, "dynamics")),
        domain=reader.formula(entry(data, "domain")),
        initial=reader.formula(entry(data, "initial")),
        unsafe=reader.formula(entry(data, "unsafe")),
        barrier=reader.term(entry(data, "barrier")),
    )


def _transition(reader: Reader, data: Any) -> Transition:
    return Transition(
        source=identifier(entry(data, "source")),
        target=identifier(entry(data, "target")),
        guard=reader.formula(entry(data, "guard")),
        reset=reader.all(entry(data, "reset")),
    )


def _noise(reader: Reader, name: Any, law: Any) -> tuple[str, Law]:
    return identifier(name), reader.terms.library.rule("claim", "noise").law(reader, law)


def _jump(reader: Reader, name: Any, rate: Any, size: Any) -> tuple[str, int, int]:
    return identifier(name), reader.term(rate), reader.term(size)


def _check(statement: Statement) -> None:
    """Refuse what has no meaning, so that no rule needs to ask."""
    names = [v.name for group in statement.variables.values() for v in group]
    names += [name for name, _ in statement.noise]
    known = {*names, "t"}
    modes = [mode.name for mode in statement.modes]
    if len(known) != len(names) + 1 or not statement.states or len(names) > 200:
        raise RejectedError("variables are missing, too many, or named alike")
    if statement.time not in ("continuous", "discrete", "hybrid"):
        raise RejectedError("the kind of time is unknown")
    if (
        not modes
        or len(set(modes)) != len(modes)
        or (statement.time != "hybrid" and len(modes) > 1)
    ):
        raise RejectedError("the modes are missing or named alike")
    if any(len(mode.dynamics) != len(statement.states) for mode in statement.modes):
        raise RejectedError("the dynamics do not fit the states")
    if statement.transitions and statement.time != "hybrid":
        raise RejectedError("only a hybrid system has transitions")
    if (len(modes) + len(statement.transitions)) * len(statement.terms.nodes) > MOST_WORK:
        raise RejectedError("the statement is too large")
    for transition in statement.transitions:
        if {transition.source, transition.target} - set(modes):
            raise RejectedError("a transition has an unknown mode")
        if len(transition.reset) != len(statement.states):
            raise RejectedError("a reset does not fit the states")
    if statement.levels is not None and len(statement.levels) != 2:
        raise RejectedError("there must be two levels")
    strange = statement.terms.variables(range(len(statement.terms.nodes))) - known
    states = [v.name for v in statement.states]
    if statement.diffusion and len(statement.diffusion) != len(states):
        raise RejectedError("the diffusion does not fit the states")
    if {name for name, _, _ in statement.jumps} - set(states):
        raise RejectedError("a jump is of no state")
    discrete = statement.time == "discrete"
    if (statement.diffusion or statement.jumps) if discrete else statement.noise:
        raise RejectedError("this kind of noise does not go with this kind of time")
    if strange:
        raise RejectedError(f"{sorted(strange)[0][:40]!r} is not a variable of the system")
