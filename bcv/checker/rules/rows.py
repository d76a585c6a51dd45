"""Which sums of constant multiples of atoms is an expression made of? Worked out once, exactly.

The checker's verdict depends on this file. Everything that + - neg, constant factors, min, max and
abs are made of is flattened: each operand of a product or a function becomes one *row* over
*atoms*: the number 1, the variables, and the terms that are no such sums. So
max(a, b) = b + relu(a - b), min(a, b) = a - relu(a - b), abs(a) = 2*relu(a) - a, a/b = a * (1/b).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import inf
from typing import NamedTuple

from ..terms import RejectedError, Terms

TABLED = ("sin", "cos", "log", "pi")
"""Atoms whose lines are computed by ``functions``."""
ONE = 0
"""The place of the number 1; the variables stand at 1, 2, ..., in their order."""

Weights = tuple[float, ...]
Exact = tuple[tuple[int, int], ...]
"""Weights as numerators and denominators. Rows are told apart by these, not by doubles: terms that
differ by less than a rounding error are no multiples of each other and must not cancel."""
Row = tuple[tuple[int, ...], Weights]
Factor = Fraction | int
Multiples = tuple[tuple[int, Factor], ...]
Parts = tuple[Multiples, Multiples]
"""A term as a sum of multiples of terms, and of places."""


class Atom(NamedTuple):
    """A product, a select, pi, or a function named ``kind``, of what stands in some places."""

    place: int
    kind: str
    exponent: int
    args: tuple[int, ...]


class Block(NamedTuple):
    """Rows over the atoms in ``columns``; ``turned`` are the weights by atom, not by row."""

    columns: tuple[int, ...]
    places: tuple[int, ...]
    weights: tuple[Weights, ...]
    magnitudes: tuple[Weights, ...]
    turned: tuple[Weights, ...]


class Goal(NamedTuple):
    """What computes one expression: steps, operands first; the last one is a row at ``place``."""

    steps: tuple[Atom | Block, ...]
    place: int


def block(columns: tuple[int, ...], rows: Sequence[tuple[int, Weights]]) -> Block:
    """Rows, each with its place."""
    weights = tuple(row for _, row in rows)
    magnitudes = tuple(tuple(map(abs, row)) for row in weights)
    turned = tuple(zip(*weights, strict=True))
    return Block(columns, tuple(place for place, _ in rows), weights, magnitudes, turned)


class Rows:
    """Atoms and rows of some terms, found when they are first asked for."""

    def __init__(self, terms: Terms, names: Sequence[str]) -> None:
        self.terms = terms
        self._variables = {name: 1 + i for i, name in enumerate(names)}
        self._depths = [0] * (1 + len(names))
        self._parts: dict[int, Parts] = {}
        self._places: dict[object, int] = {}
        self._atoms: dict[int, Atom] = {}
        self._rows: dict[int, Row] = {}
        self._of_terms: dict[int, tuple[Row, Exact]] = {}
        self._used: dict[tuple[int, ...], set[int]] = {}
        self._steps: dict[tuple[int, ...], tuple[Atom | Block, ...]] = {}
        self._goals: dict[int, Goal] = {}

    def goal(self, term: int) -> Goal:
        """What computes the term."""
        if term not in self._goals:
            columns, weights = self._row(term)[0]
            if columns not in self._steps:
                self._steps[columns] = tuple(self._ordered(self._below(columns)))
            place = len(self._depths)
            steps = (*self._steps[columns], block(columns, [(place, weights)]))
            self._goals[term] = Goal(steps, place)
        return self._goals[term]

    def contains(self, goal: int, term: int) -> bool:
        """Whether each atom of the term is one of the goal's."""
        return self._below(self._row(term)[0][0]) <= self._below(self._row(goal)[0][0])

    def _below(self, places: tuple[int, ...]) -> set[int]:
        """The atoms and rows that what stands in some places is computed from, these included."""
        if places in self._used:
            return self._used[places]
        seen = self._used[places] = set()
        stack = list(places)
        while stack:
            place = stack.pop()
            if place not in seen:
                seen.add(place)
                atom = self._atoms.get(place)
                stack.extend(atom.args if atom else self._rows.get(place, ((), ()))[0])
        return seen

    def _ordered(self, places: set[int]) -> Iterable[Atom | Block]:
        """Atoms and rows, by depth, so that each stands behind what it is computed from."""
        levels: list[tuple[list[Atom], dict[tuple[int, ...], list[tuple[int, Weights]]]]]
        levels = [([], {}) for _ in range(1 + max((self._depths[p] for p in places), default=0))]
        for place in sorted(places):
            atoms, rows = levels[self._depths[place]]
            if place in self._atoms:
                atoms.append(self._atoms[place])
            elif place in self._rows:
                columns, weights = self._rows[place]
                rows.setdefault(columns, []).append((place, weights))
        for atoms, rows in levels:
            yield from atoms
            for columns, found in rows.items():
                yield block(columns, found)

    # -- reading terms --------------------------------------------------------------------------

    def _visit(self, term: int) -> None:
        """Read all nodes below the term. What is used once more by new ones is flattened."""
        new = self.terms.below([term], self._parts)
        old = {operand for node in new for operand in self.terms.operands(node)}.difference(new)
        for node in old:
            self._parts[node] = (), self._flattened(node)
        for node in new:
            if node not in self._parts:
                self._parts[node] = self._read(node)

    def _read(self, node: int) -> Parts:
        """One node, whose operands have been read."""
        terms = self.terms
        op, *rest = terms.nodes[node]
        if op == "const":
            return (), ((ONE, rest[0]),)
        if op == "var":
            if rest[0] not in self._variables:
                raise RejectedError(f"{rest[0][:40]!r} is not a variable of the obligation")
            return (), ((self._variables[rest[0]], 1),)
        if op in ("+", "-"):
            return ((rest[0], 1), (rest[1], 1 if op == "+" else -1)), ()
        if op == "neg":
            return ((rest[0], -1),), ()
        if op == "abs":
            return ((rest[0], -1),), ((self._atom("relu", rest), 2),)
        if op in ("max", "min"):
            relu = self._atom("relu", [terms.sub(*rest)])
            first, sign = (rest[1], 1) if op == "max" else (rest[0], -1)
            return ((first, 1),), ((relu, sign),)
        factor = terms.value(rest[0]) if rest else None
        if op == "*" and factor is not None:
            return ((rest[1], factor),), ()
        if op == "/":
            inverse = self._atom("inverse", rest[1:])
            if factor is not None:
                return (), ((inverse, factor),)
            return (), ((self._made("*", 0, (self._place(rest[0]), inverse)), 1),)
        if op == "**":
            return (), ((self._atom(op, rest[:1], rest[1]), 1),)
        return (), ((self._atom(op, rest), 1),)

    def _atom(self, kind: str, args: Sequence[int], exponent: int = 0) -> int:
        return self._made(kind, exponent, tuple(map(self._place, args)))

    def _made(self, kind: str, exponent: int, args: tuple[int, ...]) -> int:
        place = self._new(
            (kind, exponent, args), 1 + max((self._depths[a] for a in args), default=0)
        )
        if kind in TABLED:
            self.terms.library.rule("arithmetic", "functions")
        self._atoms[place] = Atom(place, kind, exponent, args)
        return place

    def _new(self, key: object, depth: int) -> int:
        if key not in self._places:
            self._places[key] = len(self._depths)
            self._depths.append(depth)
        return self._places[key]

    def _place(self, term: int) -> int:
        """Where the term stands: an atom's place, or that of a row."""
        (columns, weights), exact = self._row(term)
        if exact == ((1, 1),):
            return columns[0]
        place = self._new((columns, exact), max((self._depths[k] for k in columns), default=0))
        self._rows[place] = columns, weights
        return place

    def _row(self, term: int) -> tuple[Row, Exact]:
        """The term as a row, in doubles and exactly."""
        if term not in self._of_terms:
            self._visit(term)
            total = dict(self._flattened(term))
            columns = tuple(sorted(total))
            weights = tuple(_double(total[k]) for k in columns)
            exact = tuple(total[k].as_integer_ratio() for k in columns)
            self._of_terms[term] = (columns, weights), exact
        return self._of_terms[term]

    def _flattened(self, term: int) -> Multiples:
        """The term over atoms. One whose weights cancel stays: it says what must be defined."""
        seen: set[int] = set()
        stack = [term]
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                stack.extend(part for part, _ in self._parts[node][0])
        shares: dict[int, Factor] = {term: 1}
        total: dict[int, Factor] = {}
        for node in sorted(seen, reverse=True):  # operands have smaller numbers
            nodes, atoms = self._parts[node]
            for part, factor in nodes:
                _add_product(shares, part, shares[node], factor)
            for place, factor in atoms:
                _add_product(total, place, shares[node], factor)
        return tuple(total.items())


def _add_product(total: dict[int, Factor], key: int, a: Factor, b: Factor) -> None:
    """total[key] += a * b, without a Fraction's arithmetic where a weight stands alone."""
    product = b if a == 1 else a if b == 1 else a * b
    total[key] = total[key] + product if key in total else product


def _double(value: Factor) -> float:
    """The nearest double; infinite (and so of no use) where there is none."""
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return inf
