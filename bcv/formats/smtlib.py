"""How is an obligation said in SMT-LIB 2? As its negation: satisfiable means violated.

Soundness of attested results depends on this file: the query must admit every point that would
violate the claim, including those where an expression is undefined.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from bcv import expr as ex
from bcv.expr import Expr, Op
from bcv.obligation import Obligation
from bcv.region import (
    TRUE,
    And,
    Atom,
    Formula,
    Or,
    Relation,
    atoms,
    conjuncts,
    defined_where,
    negation,
)

TRANSCENDENTAL: Final = {
    Op.SIN: "sin",
    Op.COS: "cos",
    Op.TAN: "tan",
    Op.ASIN: "arcsin",
    Op.ACOS: "arccos",
    Op.ATAN: "arctan",
    Op.SINH: "sinh",
    Op.COSH: "cosh",
    Op.TANH: "tanh",
    Op.EXP: "exp",
    Op.LOG: "log",
}
_WIDEST: Final = 72
"""Characters of an expression in a comment; longer sub-terms become ``(...)``."""

_PI_LOW: Final = Fraction(314159265358979, 10**14)
_PI_HIGH: Final = Fraction(314159265358980, 10**14)


@dataclass(frozen=True, slots=True)
class Query:
    """The negation of an obligation.

    ``text`` is a script that ends with ``(check-sat)``; ``names`` maps the script's symbols back
    to the region's variables; ``functions`` are the non-polynomial functions that it uses.
    """

    text: str
    names: tuple[tuple[str, str], ...]
    functions: frozenset[Op]


@dataclass(slots=True)
class _Writer:
    """Collects declarations while the DAG is written bottom up."""

    symbols: dict[str, str]
    words: dict[Expr, str]
    lines: list[str] = field(default_factory=list)
    text: dict[Expr, str] = field(default_factory=dict)
    fresh: int = 0

    def declare(self, prefix: str, node: Expr) -> str:
        self.fresh += 1
        name = f"{prefix}{self.fresh}"
        self.lines.append(f"; {self.words[node]}")
        self.lines.append(f"(declare-fun {name} () Real)")
        return name

    def require(self, claim: str) -> None:
        self.lines.append(f"(assert {claim})")


def _number(value: Fraction) -> str:
    size = f"{abs(value.numerator)}.0"
    if value.denominator != 1:
        size = f"(/ {size} {value.denominator}.0)"
    return f"(- {size})" if value < 0 else size


def _power(base: str, exponent: int) -> str:
    return f"(* {' '.join([base] * exponent)})"


def _relaxed(writer: _Writer, node: Expr, args: list[str]) -> str | None:
    """A fresh symbol tied to the node's value wherever the node is defined, else None."""
    if node.op is Op.PI:
        name = writer.declare("pi_", node)
        writer.require(f"(and (< {_number(_PI_LOW)} {name}) (< {name} {_number(_PI_HIGH)}))")
    elif node.op is Op.DIV:
        name = writer.declare("quotient_", node)
        writer.require(f"(or (= {args[1]} 0.0) (= (* {name} {args[1]}) {args[0]}))")
    elif node.op is Op.SQRT:
        name = writer.declare("root_", node)
        writer.require(f"(>= {name} 0.0)")
        writer.require(f"(or (< {args[0]} 0.0) (= (* {name} {name}) {args[0]}))")
    elif node.op is Op.SELECT:
        name = writer.declare("branch_", node)
        then = f"(and (>= {args[0]} 0.0) (= {name} {args[1]}))"
        otherwise = f"(and (<= {args[0]} 0.0) (= {name} {args[2]}))"
        writer.require(f"(or {then} {otherwise})")
    else:
        return None
    return name


def _term(writer: _Writer, node: Expr) -> str:
    args = [writer.text[argument] for argument in node.args]
    if isinstance(node.value, Fraction):
        return _number(node.value)
    if node.op is Op.VAR:
        return writer.symbols[str(node.value)]
    relaxed = _relaxed(writer, node, args)
    if relaxed is not None:
        return relaxed
    match node.op:
        case Op.POW:
            assert isinstance(node.value, int)
            written = _power(args[0], node.value)
        case Op.NEG:
            written = f"(- {args[0]})"
        case Op.ABS:
            written = f"(ite (>= {args[0]} 0.0) {args[0]} (- {args[0]}))"
        case Op.MIN:
            written = f"(ite (<= {args[0]} {args[1]}) {args[0]} {args[1]})"
        case Op.MAX:
            written = f"(ite (>= {args[0]} {args[1]}) {args[0]} {args[1]})"
        case Op.ADD | Op.SUB | Op.MUL:
            written = f"({node.op.value} {args[0]} {args[1]})"
        case _:
            written = f"({TRANSCENDENTAL[node.op]} {args[0]})"
    if len(written) <= 40:
        return written
    writer.fresh += 1
    name = f"n_{writer.fresh}"
    writer.lines.append(f"; {writer.words[node]}")
    writer.lines.append(f"(define-fun {name} () Real {written})")
    return name


def _formula(writer: _Writer, formula: Formula) -> str:
    match formula:
        case Atom(expr, relation):
            sign = "=" if relation is Relation.EQ else relation.value
            return f"({sign} {writer.text[expr]} 0.0)"
        case And(parts):
            return f"(and {' '.join(_formula(writer, p) for p in parts)})" if parts else "true"
        case Or(parts):
            return f"(or {' '.join(_formula(writer, p) for p in parts)})" if parts else "false"


def _bounds(obligation: Obligation, symbols: dict[str, str]) -> Iterator[str]:
    for name, side in zip(obligation.region.variables, obligation.region.box, strict=True):
        if side.lo is not None:
            yield f"(assert (>= {symbols[name]} {_number(side.lo)}))"
        if side.hi is not None:
            yield f"(assert (<= {symbols[name]} {_number(side.hi)}))"


def negated_query(obligation: Obligation, logic: str | None = None) -> Query:
    """The script that is satisfiable exactly if the obligation fails.

    Division, square root and SELECT become fresh symbols with their defining constraints, so that
    the solver's own reading of ``1/0`` plays no part: a point where something is undefined
    satisfies the query by itself. pi is a fresh symbol in a tight interval, which can only add
    solutions; ``sat`` must therefore be verified, and ``unsat`` stands.
    """
    region = obligation.region
    symbols = {name: f"x_{index}" for index, name in enumerate(region.variables)}
    undefined = negation(defined_where(*obligation.roots))
    roots = [obligation.expr]
    roots += [atom.expr for formula in (region.formula, undefined) for atom in atoms(formula)]
    functions = frozenset(n.op for n in ex.postorder(*roots) if n.op in TRANSCENDENTAL)
    writer = _Writer(symbols, ex.texts(*roots, limit=_WIDEST))
    for node in ex.postorder(*roots):
        writer.text[node] = _term(writer, node)
    footer = ["; the region", *_region_lines(writer, region.formula)]
    header = [
        *_introduction(obligation, symbols),
        f"(set-logic {logic or ('QF_NRAT' if functions else 'QF_NRA')})",
        *(f"(declare-fun {symbol} () Real)" for symbol in symbols.values()),
        "; the state bounds",
        *_bounds(obligation, symbols),
        "; shared sub-expressions",
    ]
    footer += [*_denial(writer, obligation, undefined), "(check-sat)"]
    names = tuple((symbol, name) for name, symbol in symbols.items())
    return Query("\n".join([*header, *writer.lines, *footer]) + "\n", names, functions)


def _introduction(obligation: Obligation, symbols: dict[str, str]) -> Iterator[str]:
    name = f"{obligation.name} / {obligation.part}" if obligation.part else obligation.name
    yield f"; {_one_line(name)}: {_one_line(obligation.statement)}"
    yield "; This is its negation: satisfiable means that the certificate is wrong here."
    yield from (f"; {symbol} is {name}" for name, symbol in symbols.items())


def _one_line(words: str) -> str:
    # A comment ends with its line, and what follows would be taken for a command.
    return " ".join(words.split())


def _region_lines(writer: _Writer, formula: Formula) -> Iterator[str]:
    for part in conjuncts(formula):
        if isinstance(part, Atom):
            yield f"; {writer.words[part.expr]} {part.relation.value} 0"
        yield f"(assert {_formula(writer, part)})"


def _denial(writer: _Writer, obligation: Obligation, undefined: Formula) -> Iterator[str]:
    claim = f"{writer.words[obligation.expr]} {'>' if obligation.strict else '>='} 0"
    violated = f"({'<=' if obligation.strict else '<'} {writer.text[obligation.expr]} 0.0)"
    if undefined == negation(TRUE):
        yield f"; the claim fails: not {claim}"
        yield f"(assert {violated})"
    else:
        yield f"; the claim fails: not {claim}; or something is undefined"
        yield f"(assert (or {violated} {_formula(writer, undefined)}))"
