"""How is a problem written so that somebody else can understand it? As one JSON-able dictionary.

Soundness depends on this file: it is what the checker takes the problem to be. A reader compares
the statement that the checker prints with the file that was meant, or lets ``bcv check --problem``
compare the digests.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, Literal

from bcv import expr as ex
from bcv.errors import BcvError
from bcv.expr import Expr, Op
from bcv.problem import (
    Certificate,
    ConditionKind,
    Discrete,
    Distribution,
    Exponential,
    Jump,
    Mode,
    Normal,
    Problem,
    TimeKind,
    Transition,
    Uniform,
    Variable,
)
from bcv.region import And, Atom, Formula, Or, Range, Relation

SCHEMA: Final = "bcv.statement/1"

_RATIONAL: Final = re.compile(r"-?[0-9]{1,10000}(/[0-9]{1,10000})?")


class StatementError(BcvError):
    """A statement cannot be written or read."""


# Writing


def rational_text(value: Fraction) -> str:
    """``p`` or ``p/q``. Raises StatementError for numbers that no checker would read."""
    try:
        return str(value)
    except ValueError:
        raise StatementError("a number has more digits than a proof file may hold") from None


def rational(text: Any) -> Fraction:
    """What ``rational_text`` wrote, and no other notation: "1e1000000000" would fill the memory.

    Raises StatementError.
    """
    if not isinstance(text, str) or not _RATIONAL.fullmatch(text):
        raise StatementError("a number is not written p or p/q, or is too long")
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise StatementError("a number is too long or has denominator 0") from None


@dataclass(slots=True)
class NodeList:
    """Expressions written into one shared list, operands before the nodes that use them."""

    nodes: list[list[object]] = field(default_factory=list)
    _places: dict[Expr, int] = field(default_factory=dict)

    def place(self, root: Expr) -> int:
        """Where the expression stands in the list; it is written if it is new."""
        for node in ex.postorder(root):
            if node not in self._places:
                self._places[node] = len(self.nodes)
                self.nodes.append(self._written(node))
        return self._places[root]

    def optional(self, root: Expr | None) -> int | None:
        """The place, or None for None."""
        return None if root is None else self.place(root)

    def formula(self, formula: Formula) -> list[object]:
        """["and", ...], ["or", ...] or [relation, place]."""
        match formula:
            case Atom(expr, relation):
                return [relation.value, self.place(expr)]
            case And(parts):
                return ["and", *map(self.formula, parts)]
            case Or(parts):
                return ["or", *map(self.formula, parts)]

    def _written(self, node: Expr) -> list[object]:
        operands: list[object] = [self._places[argument] for argument in node.args]
        if node.constant is not None:
            return ["const", rational_text(node.constant)]
        if node.op in (Op.VAR, Op.POW):
            return [node.op.value, *operands, node.value]
        return [node.op.value, *operands]


def range_of(side: Range) -> list[str | None]:
    """[lo, hi] as text, None for an infinite end."""
    return [None if end is None else rational_text(end) for end in (side.lo, side.hi)]


def _variable(nodes: NodeList, variable: Variable) -> dict[str, object]:
    return {
        "name": variable.name,
        "range": range_of(variable.range),
        "exact": nodes.formula(variable.exact),
    }


def _distribution(nodes: NodeList, law: Distribution) -> list[object]:
    match law:
        case Normal(mean, std):
            return ["normal", nodes.place(mean), nodes.place(std)]
        case Uniform(lo, hi):
            return ["uniform", nodes.place(lo), nodes.place(hi)]
        case Exponential(rate):
            return ["exponential", nodes.place(rate)]
        case Discrete(outcomes):
            return ["discrete", *([nodes.place(v), rational_text(p)] for v, p in outcomes)]


def _mode(nodes: NodeList, mode: Mode) -> dict[str, object]:
    return {
        "name": mode.name,
        "dynamics": [nodes.place(f) for f in mode.dynamics],
        "domain": nodes.formula(mode.domain),
        "initial": nodes.formula(mode.initial),
        "unsafe": nodes.formula(mode.unsafe),
        "barrier": nodes.place(mode.barrier),
    }


def _transition(nodes: NodeList, transition: Transition) -> dict[str, object]:
    return {
        "source": transition.source,
        "target": transition.target,
        "guard": nodes.formula(transition.guard),
        "reset": [nodes.place(value) for value in transition.reset],
    }


def _certificate(nodes: NodeList, certificate: Certificate) -> dict[str, object]:
    levels = certificate.levels
    horizon = certificate.horizon
    return {
        "condition": certificate.condition.value,
        "rate": nodes.optional(certificate.rate),
        "strict_initial": certificate.strict_initial,
        "levels": [nodes.place(c) for c in levels] if isinstance(levels, tuple) else levels,
        "positive_safe": certificate.positive_safe,
        "gamma": nodes.optional(certificate.gamma),
        "lambda": nodes.optional(certificate.lambda_),
        "drift": nodes.optional(certificate.drift),
        "horizon": None if horizon is None else rational_text(horizon),
    }


def statement_of(problem: Problem) -> dict[str, Any]:
    """The problem without its name and words: equal problems have equal statements.

    Rationals are text, expressions places in the list ``nodes``. Raises StatementError if a
    number is absurdly long.
    """
    nodes = NodeList()
    return {
        "schema": SCHEMA,
        "time": problem.time.value,
        "horizon": None if problem.horizon is None else rational_text(problem.horizon),
        "states": [_variable(nodes, v) for v in problem.states],
        "parameters": [_variable(nodes, v) for v in problem.parameters],
        "disturbances": [_variable(nodes, v) for v in problem.disturbances],
        "inputs": [_variable(nodes, v) for v in problem.inputs],
        "noise": [[name, _distribution(nodes, law)] for name, law in problem.noise],
        "diffusion": [[nodes.place(g) for g in row] for row in problem.diffusion],
        "jumps": [[name, nodes.place(j.rate), nodes.place(j.size)] for name, j in problem.jumps],
        "domain_invariant": problem.domain_invariant,
        "modes": [_mode(nodes, mode) for mode in problem.modes],
        "transitions": [_transition(nodes, edge) for edge in problem.transitions],
        "certificate": _certificate(nodes, problem.certificate),
        "nodes": nodes.nodes,
    }


def statement_digest(statement: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the statement as canonical JSON: sorted keys, no spaces, ASCII."""
    text = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


# Reading

_BINARY: Final[dict[str, Callable[[Expr, Expr], Expr]]] = {
    "+": ex.add,
    "-": ex.sub,
    "*": ex.mul,
    "/": ex.div,
    "min": ex.minimum,
    "max": ex.maximum,
}


@dataclass(frozen=True, slots=True)
class NodeReader:
    """Expressions read back from a list of nodes, each when it is asked for."""

    nodes: Sequence[Sequence[Any]]
    _exprs: dict[int, Expr] = field(default_factory=dict)

    def expr(self, place: int) -> Expr:
        """The expression at this place; LookupError, TypeError or ValueError if it is none."""
        if place not in self._exprs:
            needed, waiting = set[int](), [place]
            while waiting:
                here = waiting.pop()
                if here not in needed and here not in self._exprs:
                    needed.add(here)
                    waiting.extend(_operands(*self.nodes[here]))
            for here in sorted(needed):  # operands stand before the nodes that use them
                op, *rest = self.nodes[here]
                self._exprs[here] = self._expr(op, rest)
        return self._exprs[place]

    def _expr(self, op: str, rest: Sequence[Any]) -> Expr:
        if op == "const":
            return ex.const(rational(rest[0]))
        if op == "var":
            return ex.var(rest[0])
        if op == "pi":
            return ex.PI
        if op == "**":
            return ex.power(self._exprs[rest[0]], rest[1])
        args = tuple(self._exprs[place] for place in rest)
        if op in _BINARY:
            return _BINARY[op](*args)
        if op == "select":
            return ex.select(*args)
        return ex.neg(*args) if op == "neg" else ex.apply(Op(op), *args)

    def optional(self, place: int | None) -> Expr | None:
        """The expression, or None for None."""
        return None if place is None else self.expr(place)

    def formula(self, data: Sequence[Any]) -> Formula:
        """The formula, unsimplified."""
        op, *parts = data
        if op in ("and", "or"):
            return (And if op == "and" else Or)(tuple(map(self.formula, parts)))
        return Atom(self.expr(parts[0]), Relation(op))

    def range(self, data: Sequence[str | None]) -> Range:
        """The closed interval."""
        lo, hi = (None if end is None else rational(end) for end in data)
        return Range(lo, hi)


def _operands(op: str, *rest: Any) -> Sequence[int]:
    """Where a node's operands stand in the list."""
    return () if op in ("const", "var") else rest[:1] if op == "**" else rest


def _read_variable(reader: NodeReader, data: Mapping[str, Any]) -> Variable:
    return Variable(data["name"], reader.range(data["range"]), reader.formula(data["exact"]))


def _read_distribution(reader: NodeReader, data: Sequence[Any]) -> Distribution:
    kind, *rest = data
    if kind == "discrete":
        return Discrete(tuple((reader.expr(value), rational(p)) for value, p in rest))
    laws: dict[str, Callable[..., Distribution]] = {
        "normal": Normal,
        "uniform": Uniform,
        "exponential": Exponential,
    }
    return laws[kind](*map(reader.expr, rest))


def _read_mode(reader: NodeReader, data: Mapping[str, Any]) -> Mode:
    return Mode(
        name=data["name"],
        dynamics=tuple(map(reader.expr, data["dynamics"])),
        domain=reader.formula(data["domain"]),
        initial=reader.formula(data["initial"]),
        unsafe=reader.formula(data["unsafe"]),
        barrier=reader.expr(data["barrier"]),
    )


def _read_certificate(reader: NodeReader, data: Mapping[str, Any]) -> Certificate:
    levels: tuple[Expr, Expr] | Literal["auto"] | None = None
    if data["levels"] == "auto":
        levels = "auto"
    elif data["levels"] is not None:
        low, high = map(reader.expr, data["levels"])
        levels = (low, high)
    return Certificate(
        condition=ConditionKind(data["condition"]),
        rate=reader.optional(data["rate"]),
        strict_initial=data["strict_initial"],
        levels=levels,
        positive_safe=data["positive_safe"],
        gamma=reader.optional(data["gamma"]),
        lambda_=reader.optional(data["lambda"]),
        drift=reader.optional(data["drift"]),
        horizon=None if data["horizon"] is None else rational(data["horizon"]),
    )


def problem_of(statement: Mapping[str, Any]) -> Problem:
    """The problem that a statement of ours describes, without its name and words.

    For statements that ``statement_of`` made; what a stranger wrote is for the checker to read.
    Raises StatementError.
    """
    try:
        return _problem_of(statement)
    except (KeyError, ValueError, TypeError, IndexError, ZeroDivisionError) as error:
        raise StatementError(f"this is no statement of a problem ({error})") from None


def _problem_of(statement: Mapping[str, Any]) -> Problem:
    reader = NodeReader(statement["nodes"])

    def variables(kind: str) -> tuple[Variable, ...]:
        return tuple(_read_variable(reader, data) for data in statement[kind])

    return Problem(
        name="",
        time=TimeKind(statement["time"]),
        states=variables("states"),
        modes=tuple(_read_mode(reader, data) for data in statement["modes"]),
        certificate=_read_certificate(reader, statement["certificate"]),
        parameters=variables("parameters"),
        disturbances=variables("disturbances"),
        inputs=variables("inputs"),
        noise=tuple((name, _read_distribution(reader, law)) for name, law in statement["noise"]),
        diffusion=tuple(tuple(map(reader.expr, row)) for row in statement["diffusion"]),
        jumps=tuple(
            (name, Jump(reader.expr(rate), reader.expr(size)))
            for name, rate, size in statement["jumps"]
        ),
        transitions=tuple(
            Transition(
                data["source"],
                data["target"],
                reader.formula(data["guard"]),
                tuple(map(reader.expr, data["reset"])),
            )
            for data in statement["transitions"]
        ),
        horizon=None if statement["horizon"] is None else rational(statement["horizon"]),
        domain_invariant=statement["domain_invariant"],
    )
