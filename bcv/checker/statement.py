"""What does a statement say? From the JSON of a proof file to a system, its sets and its claim.

The checker's verdict depends on this file. What has no meaning, or is not understood, is rejected.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .reading import Reader, entry, identifier, rational, sequence, text, truth
from .terms import RejectedError, Terms

if TYPE_CHECKING:
    from .rules.noise import Law

MOST_WORK = 20_000_000


KINDS = ("states", "parameters", "disturbances", "inputs")


class Variable:
    """A quantity with an outer range and the formula of its true bounds."""

    def __init__(self, reader: Reader, data: Any) -> None:
        self.name = identifier(entry(data, "name"))
        self.side = reader.side(entry(data, "range"))
        self.exact = reader.formula(entry(data, "exact"))


class Mode:
    """How the states change in one mode, its sets and its B; "" is the name of an only mode."""

    def __init__(self, reader: Reader, data: Any) -> None:
        self.name = identifier(name) if (name := entry(data, "name")) != "" else ""
        self.dynamics = reader.all(entry(data, "dynamics"))
        self.domain = reader.formula(entry(data, "domain"))
        self.initial = reader.formula(entry(data, "initial"))
        self.unsafe = reader.formula(entry(data, "unsafe"))
        self.barrier = reader.term(entry(data, "barrier"))


class Transition:
    """Where a hybrid system may change its mode, and the state after that."""

    def __init__(self, reader: Reader, data: Any) -> None:
        self.source = identifier(entry(data, "source"))
        self.target = identifier(entry(data, "target"))
        self.guard = reader.formula(entry(data, "guard"))
        self.reset = reader.all(entry(data, "reset"))


class Statement:
    """A system, its sets and its certificate; docs/proof-format.md names the fields."""

    def __init__(self, data: Any) -> None:
        """Raises RejectedError."""
        if entry(data, "schema") != "bcv.statement/1":
            raise RejectedError("the statement's schema is not bcv.statement/1")
        self.terms = Terms()
        reader = Reader(self.terms)
        reader.load(entry(data, "nodes"))

        def several(key: str) -> list[Any]:
            return sequence(entry(data, key))

        self.time = text(entry(data, "time"))
        self.variables = {
            kind: tuple(Variable(reader, item) for item in several(kind)) for kind in KINDS
        }
        self.states = self.variables["states"]
        self.modes = tuple(Mode(reader, item) for item in several("modes"))
        self.transitions = tuple(Transition(reader, item) for item in several("transitions"))
        self.horizon = _number(entry(data, "horizon"))
        self.noise = tuple(_noise(reader, *sequence(item, 2)) for item in several("noise"))
        self.diffusion = tuple(reader.all(row) for row in several("diffusion"))
        self.jumps = tuple(_jump(reader, *sequence(item, 3)) for item in several("jumps"))
        self.domain_invariant = truth(entry(data, "domain_invariant"))
        self._read_certificate(reader, entry(data, "certificate"))
        _check(self)

    def _read_certificate(self, reader: Reader, data: Any) -> None:
        self.condition = text(entry(data, "condition"))
        self.strict_initial = truth(entry(data, "strict_initial"))
        self.positive_safe = truth(entry(data, "positive_safe"))
        levels = entry(data, "levels")
        self.automatic_levels = levels == "auto"
        self.levels = None if levels in (None, "auto") else reader.all(levels)
        self.rate, self.gamma, self.lam, self.drift = (
            reader.optional(entry(data, key)) for key in ("rate", "gamma", "lambda", "drift")
        )
        self.chance_horizon = _number(entry(data, "horizon"))


def _number(data: Any) -> Fraction | None:
    return None if data is None else rational(data)


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
