"""In which order are affine forms computed? Nonlinear terms in groups, between matrix products.

Soundness depends on this file: a row must be the affine combination that the expression is.

Sums, differences and constant multiples are flattened to rows over *atoms*: the variables and the
terms that are not affine in others. Atoms of one depth and kind form a group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final, TypeVar

import numpy as np

from bcv import expr as ex
from bcv.enclosures.affine_functions import Rows
from bcv.expr import Expr, Op

Key = TypeVar("Key")

Combination = dict[int, Fraction]
"""Atom numbers with their coefficients; ONE stands for the constant."""

ONE: Final = -1
_UNIT: Final = Fraction(1)
"""The factor of most parts: whoever meets this very object need not multiply."""


@dataclass(frozen=True, slots=True)
class Group:
    """Atoms of one kind that are computed together, numbered from ``start``.

    ``kind`` is an operator's token, "relu" or "inverse"; args[k] gives every k-th operand.
    """

    kind: str
    exponent: int
    start: int
    args: tuple[Rows, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """Groups in the order of their computation; atoms 0 ... n - 1 are the variables."""

    atoms: int
    groups: tuple[Group, ...]
    roots: Rows


@dataclass(frozen=True, slots=True)
class _Atom:
    kind: str
    exponent: int
    args: tuple[Expr, ...]
    depth: int


def compile_program(roots: Sequence[Expr], variables: Sequence[str]) -> Program:
    """The program for the roots; raises KeyError for a variable that is not named.

    The last few are kept, since an obligation is often tried again with more time.
    """
    return _compiled(tuple(roots), tuple(variables))


@lru_cache(maxsize=8)
def _compiled(roots: tuple[Expr, ...], variables: tuple[str, ...]) -> Program:
    draft = _Draft(variables)
    for node in ex.postorder(*roots):
        draft.visit(node)
    order = sorted(range(len(draft.atoms)), key=lambda k: _group_key(draft.atoms[k]))
    place = {ONE: ONE} | {k: k for k in range(len(variables))}
    for number, k in enumerate(order, start=len(variables)):
        place[len(variables) + k] = number
    rows = _Flattener(draft, place)
    groups = []
    start = len(variables)
    while order:
        key = _group_key(draft.atoms[order[0]])
        members = [k for k in order if _group_key(draft.atoms[k]) == key]
        order = order[len(members) :]
        atoms = [draft.atoms[k] for k in members]
        args = tuple(rows.rows([atom.args[i] for atom in atoms]) for i in range(len(atoms[0].args)))
        groups.append(Group(key[1], key[2], start, args))
        start += len(members)
    return Program(start, tuple(groups), rows.rows(roots))


def _group_key(atom: _Atom) -> tuple[int, str, int]:
    return atom.depth, atom.kind, atom.exponent


class _Draft:
    """Which nodes are affine in which, and the atoms in no particular order.

    Attributes:
        parts: a node as a combination of nodes (with coefficients) and atoms.
    """

    def __init__(self, variables: Sequence[str]) -> None:
        self.variables = {name: k for k, name in enumerate(variables)}
        self.atoms: list[_Atom] = []
        self.parts: dict[Expr, tuple[tuple[tuple[Expr, Fraction], ...], Combination]] = {}
        self.depth: dict[Expr, int] = {}
        self._numbers: dict[tuple[str, int, tuple[Expr, ...]], int] = {}

    def visit(self, node: Expr) -> None:
        """Take in a node, its operands having been visited."""
        one = _UNIT
        match node.op, node.args:
            case Op.CONST, _:
                assert node.constant is not None
                self._set(node, (), {ONE: node.constant})
            case Op.PI, _:  # a function, constant, of whatever
                self.visit(ex.ONE)
                self._set_atom(node, "pi", (ex.ONE,))
            case Op.VAR, _:
                self._set(node, (), {self.variables[str(node.value)]: one})
            case Op.ADD, (a, b):
                self._set(node, ((a, one), (b, one)))
            case Op.SUB, (a, b):
                self._set(node, ((a, one), (b, -one)))
            case Op.NEG, (a,):
                self._set(node, ((a, -one),))
            case Op.MUL, (a, b) if a.constant is not None:
                self._set(node, ((b, a.constant),))
            case Op.MUL, (a, b):
                self._set_atom(node, "*", (a, b))
            case Op.DIV, (a, b):
                inverse = ex.ONE / b
                if node is not inverse:
                    self.visit(ex.ONE)
                    self.visit(inverse)
                    if a.constant is None:
                        self._set_atom(node, "*", (a, inverse))
                    else:
                        self._set(node, ((inverse, a.constant),))
                else:
                    self._set_atom(node, "inverse", (b,))
            case ((Op.MAX | Op.MIN), (a, b)):
                self._extremum(node, a, b)
            case Op.ABS, (a,):
                number = self._atom("relu", (a,))
                self._set(node, ((a, -one),), {number: Fraction(2)})
            case Op.POW, _:
                assert isinstance(node.value, int)
                self._set_atom(node, "**", node.args, node.value)
            case _:
                self._set_atom(node, node.op.value, node.args)

    def _extremum(self, node: Expr, a: Expr, b: Expr) -> None:
        """max(a, b) = b + relu(a - b) and min(a, b) = a - relu(a - b)."""
        gap = a - b
        for inner in ex.postorder(gap):
            if inner not in self.parts:
                self.visit(inner)
        number, one = self._atom("relu", (gap,)), _UNIT
        if node.op is Op.MAX:
            self._set(node, ((b, one),), {number: one})
        else:
            self._set(node, ((a, one),), {number: -one})

    def _atom(self, kind: str, args: tuple[Expr, ...], exponent: int = 0) -> int:
        key = kind, exponent, args
        if key not in self._numbers:
            self._numbers[key] = len(self.variables) + len(self.atoms)
            depth = 1 + max((self.depth[arg] for arg in args), default=0)
            self.atoms.append(_Atom(kind, exponent, args, depth))
        return self._numbers[key]

    def _set_atom(self, node: Expr, kind: str, args: tuple[Expr, ...], exponent: int = 0) -> None:
        self._set(node, (), {self._atom(kind, args, exponent): _UNIT})

    def _set(
        self,
        node: Expr,
        nodes: tuple[tuple[Expr, Fraction], ...],
        atoms: Combination | None = None,
    ) -> None:
        self.parts[node] = nodes, atoms or {}
        first = len(self.variables)
        depths = [self.depth[part] for part, _ in nodes]
        depths += [self.atoms[k - first].depth for k in atoms or {} if k >= first]
        self.depth[node] = max(depths, default=0)


class _Flattener:
    """Writes nodes as rows over atoms."""

    def __init__(self, draft: _Draft, place: dict[int, int]) -> None:
        self._draft, self._place = draft, place

    def rows(self, nodes: Sequence[Expr]) -> Rows:
        """The rows of some nodes, over the atoms that any of them uses."""
        found = [self._combination(node) for node in nodes]
        columns = sorted({k for row in found for k in row if k != ONE})
        at = {k: i for i, k in enumerate(columns)}
        weights = np.zeros((len(nodes), len(columns)))
        constants = np.zeros(len(nodes))
        for i, row in enumerate(found):
            for k, value in row.items():
                if k == ONE:
                    constants[i] = _double(value)
                else:
                    weights[i, at[k]] = _double(value)
        return Rows(weights, constants, np.array(columns, dtype=np.intp))

    def _combination(self, root: Expr) -> Combination:
        parts = self._draft.parts
        share: dict[Expr, Fraction] = {root: _UNIT}
        total: Combination = {}
        for node in reversed(self._affine_below(root)):
            nodes, atoms = parts[node]
            here = share[node]
            for part, factor in nodes:
                _add_product(share, part, here, factor)
            for number, factor in atoms.items():
                _add_product(total, self._place[number], here, factor)
        return {k: value for k, value in total.items() if value}

    def _affine_below(self, root: Expr) -> list[Expr]:
        """The nodes that the root is affine in, operands first."""
        seen: set[Expr] = set()
        found: list[Expr] = []
        stack: list[tuple[Expr, bool]] = [(root, False)]
        while stack:
            node, ready = stack.pop()
            if ready:
                found.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((part, False) for part, _ in self._draft.parts[node][0])
        return found


def _add_product(total: dict[Key, Fraction], key: Key, a: Fraction, b: Fraction) -> None:
    """total[key] += a * b, without arithmetic where a network's weight stands alone."""
    product = a if b is _UNIT else b if a is _UNIT else a * b
    known = total.get(key)
    total[key] = product if known is None else known + product


def _double(value: Fraction) -> float:
    """The nearest double; infinite (and so of no use) where there is none."""
    try:
        return float(value)
    except OverflowError:
        return float("inf")
