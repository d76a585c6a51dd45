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
from heapq import heappop, heappush
from itertools import count
from typing import Final, TypeVar

import numpy as np

from bcv import expr as ex
from bcv.enclosures.affine_functions import Rows
from bcv.expr import Expr, Op

Key = TypeVar("Key")

Combination = dict[int, Fraction]
"""Atom numbers with their coefficients; ONE stands for the constant."""

ONE: Final = -1
_NOTHING: Final[Combination] = {}
_UNIT: Final = ex.ONE.constant or Fraction(1)
_MINUS: Final = -_UNIT
"""The factors of most parts: whoever meets these very objects need not multiply."""


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
    groups = []
    start = len(variables)
    while order:
        key = _group_key(draft.atoms[order[0]])
        members = [k for k in order if _group_key(draft.atoms[k]) == key]
        order = order[len(members) :]
        columns = zip(*(draft.atoms[k].args for k in members), strict=True)
        args = tuple(_rows(draft, place, operands) for operands in columns)
        groups.append(Group(key[1], key[2], start, args))
        start += len(members)
    return Program(start, tuple(groups), _rows(draft, place, roots))


def _group_key(atom: _Atom) -> tuple[int, str, int]:
    return atom.depth, atom.kind, atom.exponent


class _Draft:
    """Which nodes are affine in which, and the atoms in no particular order.

    Attributes:
        atom: the number of a node that is a variable or an atom.
        parts: of what is neither, nor plainly a sum or a multiple: nodes with their factors and
            numbers of atoms with theirs.
        depth: how many atoms lie one inside the other.
        uses: how often a node was met as an operand.
        rank: the place of a node in the order of the visits.
    """

    def __init__(self, variables: Sequence[str]) -> None:
        self.variables = {name: k for k, name in enumerate(variables)}
        self.atoms: list[_Atom] = []
        self.atom: dict[Expr, int] = {}
        self.parts: dict[Expr, tuple[tuple[tuple[Expr, Fraction], ...], Combination]] = {}
        self.depth: dict[Expr, int] = {}
        self.uses: dict[Expr, int] = {}
        self.rank: dict[Expr, int] = {}
        self._ranks = count()
        self._numbers: dict[tuple[str, int, tuple[Expr, ...]], int] = {}

    def visit(self, node: Expr) -> None:
        """Take in a node, its operands having been visited."""
        self.rank[node] = next(self._ranks)
        self.uses[node] = depth = 0
        for argument in node.args:
            self.uses[argument] += 1
            depth = max(depth, self.depth[argument])
        self.depth[node] = depth
        if not _is_plain(node):
            self._visit_other(node)

    def _visit_other(self, node: Expr) -> None:
        match node.op, node.args:
            case Op.VAR, _:
                self.atom[node] = self.variables[str(node.value)]
            case Op.CONST, _:
                assert node.constant is not None
                self.parts[node] = (), {ONE: node.constant}
            case Op.PI, _:  # a function, constant, of whatever
                self._new(ex.ONE)
                self._set_atom(node, "pi", (ex.ONE,))
            case Op.MUL, (a, b):
                self._set_atom(node, "*", (a, b))
            case Op.DIV, (a, b):
                self._quotient(node, a, b)
            case ((Op.MAX | Op.MIN), (a, b)):
                self._extremum(node, a, b)
            case Op.ABS, (a,):
                self._set_parts(node, ((a, _MINUS),), "relu", a, Fraction(2))
            case Op.POW, _:
                assert isinstance(node.value, int)
                self._set_atom(node, "**", node.args, node.value)
            case _:
                self._set_atom(node, node.op.value, node.args)

    def _new(self, node: Expr) -> None:
        for inner in ex.postorder(node):
            if inner not in self.rank:
                self.visit(inner)

    def _quotient(self, node: Expr, a: Expr, b: Expr) -> None:
        """a/b = a * (1/b)."""
        inverse = ex.ONE / b
        if node is inverse:
            self._set_atom(node, "inverse", (b,))
            return
        self._new(inverse)
        self.rank[node] = next(self._ranks)  # after its parts, again
        if a.constant is None:
            self._set_atom(node, "*", (a, inverse))
        else:
            self.parts[node] = ((inverse, a.constant),), {}
            self.depth[node] = self.depth[inverse]
            self.uses[inverse] += 1

    def _extremum(self, node: Expr, a: Expr, b: Expr) -> None:
        """max(a, b) = b + relu(a - b) and min(a, b) = a - relu(a - b)."""
        gap = a - b
        self._new(gap)
        if node.op is Op.MAX:
            self._set_parts(node, ((b, _UNIT),), "relu", gap, _UNIT)
        else:
            self._set_parts(node, ((a, _UNIT),), "relu", gap, _MINUS)

    def _atom(self, kind: str, args: tuple[Expr, ...], exponent: int = 0) -> int:
        key = kind, exponent, args
        if key not in self._numbers:
            self._numbers[key] = len(self.variables) + len(self.atoms)
            depth = 1 + max((self.depth[arg] for arg in args), default=0)
            self.atoms.append(_Atom(kind, exponent, args, depth))
        return self._numbers[key]

    def _depth_of(self, number: int) -> int:
        return self.atoms[number - len(self.variables)].depth

    def _set_atom(self, node: Expr, kind: str, args: tuple[Expr, ...], exponent: int = 0) -> None:
        self.atom[node] = self._atom(kind, args, exponent)
        self.depth[node] = self._depth_of(self.atom[node])

    def _set_parts(
        self,
        node: Expr,
        nodes: tuple[tuple[Expr, Fraction], ...],
        kind: str,
        inner: Expr,
        factor: Fraction,
    ) -> None:
        """The node is a combination of nodes and of one atom of one operand."""
        number = self._atom(kind, (inner,))
        self.parts[node] = nodes, {number: factor}
        self.depth[node] = max(self.depth[node], self._depth_of(number))


def _is_plain(node: Expr) -> bool:
    """Whether it is a sum, a difference, a negative or a constant multiple."""
    op = node.op
    if op is Op.MUL:
        return node.args[0].constant is not None
    return op is Op.ADD or op is Op.SUB or op is Op.NEG


def _rows(draft: _Draft, place: dict[int, int], nodes: Sequence[Expr]) -> Rows:
    """The rows of some nodes, over the atoms that any of them uses."""
    found = [_combination(draft, node) for node in nodes]
    columns = sorted({place[k] for row in found for k in row if k != ONE})
    at = {k: i for i, k in enumerate(columns)}
    weights = np.zeros((len(nodes), len(columns)))
    constants = np.zeros(len(nodes))
    for i, row in enumerate(found):
        for k, value in row.items():
            if k == ONE:
                constants[i] = _double(value)
            else:
                weights[i, at[place[k]]] = _double(value)
    return Rows(weights, constants, np.array(columns, dtype=np.intp))


def _combination(draft: _Draft, root: Expr) -> Combination:
    """A node as a combination of atoms.

    A node with one use is replaced by its parts as soon as it is met. Others wait until all that
    was visited after them is done: by then they have been met for the last time.
    """
    total: Combination = {}
    shares: dict[Expr, Fraction] = {}
    waiting: list[tuple[int, Expr]] = []
    stack = [(root, _UNIT)]
    while stack or waiting:
        if not stack:
            node = heappop(waiting)[1]
            factor = shares.pop(node)
        else:
            node, factor = stack.pop()
            number = draft.atom.get(node)
            if number is not None:
                _add(total, number, factor)
                continue
            if draft.uses[node] > 1 and node.args:
                if node not in shares:
                    heappush(waiting, (-draft.rank[node], node))
                _add(shares, node, factor)
                continue
        nodes, atoms = draft.parts.get(node) or (_plain_parts(node), _NOTHING)
        stack.extend([(part, _product(factor, weight)) for part, weight in nodes])
        for number, weight in atoms.items():
            _add(total, number, _product(factor, weight))
    return {k: value for k, value in total.items() if value}


def _plain_parts(node: Expr) -> tuple[tuple[Expr, Fraction], ...]:
    """The operands of a sum or a multiple, with their factors."""
    op, args = node.op, node.args
    if op is Op.MUL:
        assert args[0].constant is not None
        return ((args[1], args[0].constant),)
    if op is Op.ADD:
        return ((args[0], _UNIT), (args[1], _UNIT))
    if op is Op.SUB:
        return ((args[0], _UNIT), (args[1], _MINUS))
    return ((args[0], _MINUS),)


def _product(a: Fraction, b: Fraction) -> Fraction:
    """a * b, without arithmetic where a network's weight stands alone."""
    if b is _UNIT or a is _UNIT:
        return a if b is _UNIT else b
    return -a if b is _MINUS else a * b


def _add(total: dict[Key, Fraction], key: Key, value: Fraction) -> None:
    known = total.get(key)
    total[key] = value if known is None else known + value


def _double(value: Fraction) -> float:
    """The nearest double; infinite (and so of no use) where there is none."""
    try:
        return float(value)
    except OverflowError:
        return float("inf")
