"""What does a statement say? From the JSON of a proof file to a system, its sets and its claim.

The checker's verdict depends on this file. Everything comes from a stranger: each value is
checked for its type and size, and what is not understood is rejected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf
from typing import Any

from .claims import FALSE, TRUE, Formula, Side, formula_text
from .terms import BINARY, LARGEST_POWER, UNARY, RejectedError, Terms, checked_size

DEEPEST_FORMULA = 200
LONGEST_NUMBER = 20_000
LONGEST_NAME = 100
MOST_WORK = 20_000_000


# -- single values --------------------------------------------------------------------------------


def entry(data: Any, key: str) -> Any:
    """data[key], for a dict with that key."""
    if not isinstance(data, dict) or key not in data:
        raise RejectedError(f"{key!r} is missing")
    return data[key]


def sequence(data: Any, length: int | None = None) -> list[Any]:
    """A list (of that length)."""
    if not isinstance(data, list) or (length is not None and len(data) != length):
        raise RejectedError(f"a list{'' if length is None else f' of {length}'} was expected")
    return data


def text(data: Any) -> str:
    if not isinstance(data, str):
        raise RejectedError("a text was expected")
    return data


def identifier(data: Any) -> str:
    """A name that shows as what it is: no line break of it could be taken for another statement."""
    if not text(data).isidentifier() or len(data) > LONGEST_NAME:
        raise RejectedError("a name is not made of letters, digits and _")
    return str(data)


def truth(data: Any) -> bool:
    if not isinstance(data, bool):
        raise RejectedError("true or false was expected")
    return data


def index(data: Any, below: int, least: int = 0) -> int:
    """An int in least ... below - 1."""
    if type(data) is not int or not least <= data < below:
        raise RejectedError(f"an integer from {least} to {below - 1} was expected")
    return int(data)


def rational(data: Any) -> Fraction:
    """A rational written p or p/q."""
    numerator, _, denominator = text(data).partition("/")
    if len(data) > LONGEST_NUMBER:
        raise RejectedError("a number is too long")
    for part in (numerator.removeprefix("-"), denominator or "1"):
        if not (part.isascii() and part.isdigit()):
            raise RejectedError(f"{data[:40]!r} is not a rational number")
    try:
        return checked_size(Fraction(int(numerator), int(denominator or "1")))
    except (ValueError, ZeroDivisionError):
        raise RejectedError("a number is too long or has denominator 0") from None


def double(data: Any) -> float:
    """A double in hexadecimal, or inf, or -inf."""
    try:
        value = float.fromhex(text(data))
    except (ValueError, OverflowError):
        raise RejectedError(f"{data[:40]!r} is not a double") from None
    if value != value:
        raise RejectedError("a double is not a number")
    return value


# -- expressions and formulas ---------------------------------------------------------------------


@dataclass
class Reader:
    """Reads expressions and formulas that refer to one list of nodes."""

    terms: Terms
    numbers: list[int] = field(default_factory=list)

    def load(self, nodes: Any) -> None:
        """The list of nodes: [op, operands...], each operand the place of an earlier node."""
        for node in sequence(nodes):
            if not sequence(node):
                raise RejectedError("an empty node")
            self.numbers.append(self._node(*node))

    def _node(self, op: Any, *rest: Any) -> int:
        arity = {"const": 1, "var": 1, "pi": 0, "**": 2, "select": 3, **dict.fromkeys(UNARY, 1)}
        arity.update(dict.fromkeys(BINARY, 2))
        if not isinstance(op, str) or arity.get(op) != len(rest):
            raise RejectedError(f"a node {str(op)[:20]!r} with {len(rest)} operands is unknown")
        if op == "const":
            return self.terms.const(rational(rest[0]))
        if op == "var":
            return self.terms.node(op, text(rest[0]))
        if op == "**":
            return self.terms.node(op, self.term(rest[0]), index(rest[1], LARGEST_POWER, 2))
        return self.terms.node(op, *(self.term(operand) for operand in rest))

    def term(self, data: Any) -> int:
        return self.numbers[index(data, len(self.numbers))]

    def all(self, data: Any) -> tuple[int, ...]:
        return tuple(self.term(item) for item in sequence(data))

    def optional(self, data: Any) -> int | None:
        return None if data is None else self.term(data)

    def formula(self, data: Any, depth: int = 0) -> Formula:
        op, *parts = sequence(data) or [None]
        if op in ("and", "or"):
            if depth > DEEPEST_FORMULA:
                raise RejectedError("a formula is nested too deeply")
            return (op, *(self.formula(part, depth + 1) for part in parts))
        if op not in (">=", ">", "==") or len(parts) != 1:
            raise RejectedError("a formula is malformed")
        return (op, self.term(parts[0]))

    def side(self, data: Any) -> Side:
        lo, hi = (None if end is None else rational(end) for end in sequence(data, 2))
        return lo, hi


# -- the statement --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Variable:
    """A quantity with an outer range and the formula of its true bounds."""

    name: str
    side: Side
    exact: Formula


@dataclass(frozen=True)
class Mode:
    name: str
    dynamics: tuple[int, ...]
    domain: Formula
    initial: Formula
    unsafe: Formula
    barrier: int


@dataclass(frozen=True)
class Transition:
    source: str
    target: str
    guard: Formula
    reset: tuple[int, ...]


@dataclass(frozen=True)
class Law:
    """normal (mean, std), uniform (lo, hi), exponential (rate), discrete (values; weights)."""

    kind: str
    values: tuple[int, ...]
    weights: tuple[Fraction, ...] = ()


@dataclass(frozen=True)
class Statement:
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
        noise=tuple(_law(reader, *sequence(item, 2)) for item in sequence(entry(data, "noise"))),
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


def _law(reader: Reader, name: Any, data: Any) -> tuple[str, Law]:
    """The distribution of one noise. Its values may depend on parameters only (see ``_check``)."""
    kind, *rest = sequence(data) or [None]
    if kind == "discrete":
        pairs = [sequence(pair, 2) for pair in rest]
        weights = tuple(rational(weight) for _, weight in pairs)
        if sum(weights) != 1 or min(weights, default=-1) < 0:
            raise RejectedError("the probabilities of a discrete noise do not sum up to 1")
        return identifier(name), Law(kind, tuple(reader.term(value) for value, _ in pairs), weights)
    if {"normal": 2, "uniform": 2, "exponential": 1}.get(str(kind)) != len(rest):
        raise RejectedError("a distribution is malformed")
    values = reader.all(rest)
    if kind == "exponential" and not (reader.terms.value(values[0]) or 0) > 0:
        raise RejectedError("the rate of an exponential noise is not a positive constant")
    return identifier(name), Law(kind, values)


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


# -- the statement in words -----------------------------------------------------------------------


def words(statement: Statement) -> str:
    """The statement for a reader, who decides whether it is the one that was meant."""
    show, lines = statement.terms.text, [f"time: {statement.time}"]
    for kind in KINDS:
        for v in statement.variables[kind]:
            lo, hi = (
                (-inf if v.side[0] is None else v.side[0]),
                (inf if v.side[1] is None else v.side[1]),
            )
            exact = "" if v.exact == TRUE else f", {formula_text(statement.terms, v.exact)}"
            lines.append(f"{kind.removesuffix('s')} {v.name} in [{lo}, {hi}]{exact}")
    if statement.horizon is not None:
        lines.append(f"t in [0, {statement.horizon}]")
    derivative = "d{}/dt" if statement.time != "discrete" else "next {}"
    for mode in statement.modes:
        if mode.name:
            lines.append(f"mode {mode.name}:")
        for state, f in zip(statement.states, mode.dynamics, strict=True):
            lines.append(f"{derivative.format(state.name)} = {show(f)}")
        for what in ("domain", "initial", "unsafe"):
            lines.append(f"{what}: {formula_text(statement.terms, getattr(mode, what))}")
        lines.append(f"{'h' if statement.positive_safe else 'B'} = {show(mode.barrier)}")
    for edge in statement.transitions:
        guard = formula_text(statement.terms, edge.guard)
        resets = ", ".join(map(show, edge.reset))
        lines.append(f"{edge.source} -> {edge.target} where {guard}, to ({resets})")
    for name, law in statement.noise:
        values = ", ".join(map(show, law.values))
        weights = f" with probabilities {', '.join(map(str, law.weights))}" if law.weights else ""
        lines.append(f"noise {name}: {law.kind}({values}){weights}")
    for state, row in zip(statement.states, statement.diffusion, strict=False):
        lines.append(f"diffusion of {state.name}: ({', '.join(map(show, row))})")
    for name, rate, size in statement.jumps:
        lines.append(f"{name} jumps by {show(size)} at rate {show(rate)}")
    lines.append(_certificate_words(statement))
    return "\n".join(lines)


def _certificate_words(statement: Statement) -> str:
    found = [f"condition: {statement.condition}"]
    if statement.rate is not None:
        found.append(f"rate {statement.terms.text(statement.rate)}")
    if statement.levels is not None:
        found.append("levels " + ", ".join(map(statement.terms.text, statement.levels)))
    if statement.automatic_levels:
        found.append("levels: auto")
    if statement.strict_initial:
        found.append("strict on the initial set")
    if statement.positive_safe:
        found.append("h is positive where it is safe (B = -h)")
    for label, term in (
        ("gamma", statement.gamma),
        ("lambda", statement.lam),
        ("c", statement.drift),
    ):
        if term is not None:
            found.append(f"{label} = {statement.terms.text(term)}")
    if statement.domain_invariant:
        found.append("the domain is invariant")
    if statement.chance_horizon is not None:
        found.append(f"horizon {statement.chance_horizon}")
    return ", ".join(found)


def plain(terms: Terms, formula: Formula) -> Formula:
    """The formula, with everything that is plainly true or false resolved."""
    op, *rest = formula
    if op not in ("and", "or"):
        value = terms.value(rest[0])
        if value is None:
            return formula
        holds = value >= 0 if op == ">=" else value > 0 if op == ">" else value == 0
        return TRUE if holds else FALSE
    unit, absorbing = (TRUE, FALSE) if op == "and" else (FALSE, TRUE)
    parts: list[Formula] = []
    for part in (plain(terms, part) for part in rest):
        if part == absorbing:
            return absorbing
        parts.extend(part[1:] if part[0] == op else (part,))
    return parts[0] if len(parts) == 1 else (unit[0], *parts)


def names_in(terms: Terms, formulas: Sequence[Formula], roots: Sequence[int]) -> set[str]:
    """The variables that occur."""
    from .claims import atoms

    inside = [atom[1] for formula in formulas for atom in atoms(formula)]
    return terms.variables([*roots, *inside])
