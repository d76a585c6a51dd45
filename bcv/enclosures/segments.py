"""Does a condition hold on a whole segment? By exact polynomials, or by balls on its parts.

Soundness depends on this file: refutations across an equality surface rest on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import comb
from typing import Any, Final

from bcv import expr as ex
from bcv.enclosures.exact_values import Alternatives, extend, is_number, sign
from bcv.expr import Expr, ExpressionTooLargeError, Op
from bcv.region import And, Atom, Formula, Or, Relation

MAX_DEGREE: Final = 60
MAX_COEFFICIENT_BITS: Final = 50_000
MAX_PARTS: Final = 400
MAX_DEPTH: Final = 14
BALL_BITS: Final = 128

_PARAMETER: Final = "s"

Coefficients = tuple[Fraction, ...]
"""Of 1, s, s**2, ..."""


@dataclass(frozen=True, slots=True)
class Line:
    """The segment start + s (end - start), 0 <= s <= 1."""

    variables: tuple[str, ...]
    start: tuple[Fraction, ...]
    end: tuple[Fraction, ...]

    def along(self, root: Expr) -> Expr | None:
        """``root`` as an expression in s; None if it grows too large."""
        s = ex.var(_PARAMETER)
        ends = zip(self.variables, self.start, self.end, strict=True)
        try:
            return ex.substitute(
                root, {name: ex.const(a) + ex.const(b - a) * s for name, a, b in ends}
            )
        except (ExpressionTooLargeError, ZeroDivisionError):
            return None


def _times(a: Coefficients, b: Coefficients) -> Coefficients:
    total = [Fraction(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            total[i + j] += x * y
    return tuple(total)


def _plus(a: Coefficients, b: Coefficients, scale: int) -> Coefficients:
    size = max(len(a), len(b))
    zero = Fraction(0)
    return tuple(
        (a[i] if i < len(a) else zero) + scale * (b[i] if i < len(b) else zero) for i in range(size)
    )


def _power(a: Coefficients, exponent: int) -> Coefficients | None:
    if (len(a) - 1) * exponent > MAX_DEGREE:
        return None
    result: Coefficients = (Fraction(1),)
    for _ in range(exponent):
        result = _times(result, a)
        if result[0].numerator.bit_length() > MAX_COEFFICIENT_BITS:
            return None
    return result


def _polynomial_step(
    node: Expr, args: tuple[Coefficients, ...], line: Mapping[str, Coefficients]
) -> Coefficients | None:
    match node.op:
        case Op.CONST if node.constant is not None:
            return (node.constant,)
        case Op.VAR:
            return line[str(node.value)]
        case Op.ADD:
            return _plus(args[0], args[1], 1)
        case Op.SUB:
            return _plus(args[0], args[1], -1)
        case Op.NEG:
            return tuple(-x for x in args[0])
        case Op.MUL if len(args[0]) + len(args[1]) - 2 <= MAX_DEGREE:
            return _times(args[0], args[1])
        case Op.POW if isinstance(node.value, int):
            return _power(args[0], node.value)
        case _:
            return None


def univariate(line: Line, root: Expr) -> Coefficients | None:
    """``root`` along the segment as a polynomial in s; None if it is none of fair size."""
    ends = zip(line.variables, line.start, line.end, strict=True)
    point = {name: (a, b - a) if a != b else (a,) for name, a, b in ends}
    done: dict[Expr, Coefficients] = {}
    for node in ex.postorder(root):
        found = _polynomial_step(node, tuple(done[argument] for argument in node.args), point)
        if found is None:
            return None
        done[node] = found
    return done[root]


def _bernstein(coefficients: Coefficients) -> list[Fraction]:
    n = len(coefficients) - 1
    return [
        sum((Fraction(comb(i, j), comb(n, j)) * coefficients[j] for j in range(i + 1)), Fraction(0))
        for i in range(n + 1)
    ]


def _halves(b: list[Fraction]) -> tuple[list[Fraction], list[Fraction]]:
    """De Casteljau at 1/2: the Bernstein coefficients on both halves."""
    left, right = [b[0]], [b[-1]]
    while len(b) > 1:
        b = [(x + y) / 2 for x, y in pairwise(b)]
        left.append(b[0])
        right.append(b[-1])
    return left, right[::-1]


def polynomial_keeps_sign(coefficients: Coefficients, strict: bool) -> bool | None:
    """Whether the polynomial is >= 0 (> 0 if strict) on [0, 1]; None if it stays open.

    A polynomial lies in the convex hull of its Bernstein coefficients and takes the end ones at
    the ends; if all are >= 0 and the end ones > 0, it is > 0, since the basis is positive inside.
    """
    stack = [(_bernstein(coefficients), 0)]
    while stack:
        b, depth = stack.pop()
        if min(b[0], b[-1]) < 0 or (strict and 0 in (b[0], b[-1])):
            return False
        if min(b) >= 0:
            continue
        if depth == MAX_DEPTH:
            return None
        stack.extend((half, depth + 1) for half in _halves(b))
    return True


def _on_parts(roots: tuple[Expr, ...], accept: Callable[[list[Alternatives]], bool | None]) -> bool:
    """Whether ``accept`` is True for the enclosures of the roots on each part of a subdivision.

    It may answer None (cut the part in two) or False (give up).
    """
    from flint import arb, ctx, fmpq

    parts = 1
    stack = [(0, 0)]
    with ctx.workprec(BALL_BITS):
        while stack:
            index, depth = stack.pop()
            radius = arb(fmpq(1, 2 << depth))
            middle = arb(fmpq(2 * index + 1, 2 << depth))
            point = {_PARAMETER: arb(middle, radius)}
            done: dict[Expr, Alternatives] = {}
            verdict = accept([extend(done, root, point, balls=True) for root in roots])
            if verdict is True:
                continue
            parts += 1
            if verdict is False or depth == MAX_DEPTH or parts > MAX_PARTS:
                return False
            stack += [(2 * index, depth + 1), (2 * index + 1, depth + 1)]
    return True


def _certain(values: Alternatives, relation: Relation) -> bool | None:
    """Whether each value satisfies the relation: True, False, or None if that is open."""
    numbers: list[Any] = [value for value in values if is_number(value)]
    if len(numbers) < len(values):
        return None
    if relation is Relation.EQ:
        return True if all(sign(value) == 0 for value in numbers) else None
    strict = relation is Relation.GT
    if all(bool(v > 0) if strict else bool(v >= 0) for v in numbers):
        return True
    if all(bool(v <= 0) if strict else bool(v < 0) for v in numbers):
        return False
    return None


def keeps_sign(line: Line, root: Expr, *, strict: bool) -> bool:
    """Whether root >= 0 (> 0 if strict), and defined, certainly holds on the whole segment."""
    return holds_along(line, Atom(root, Relation.GT if strict else Relation.GE))


def _atom_along(line: Line, atom: Atom) -> bool | Atom:
    """The atom's truth on the whole segment by exact algebra, else the atom in s."""
    coefficients = univariate(line, atom.expr)
    if coefficients is not None:
        if atom.relation is Relation.EQ:
            return not any(coefficients)
        known = polynomial_keeps_sign(coefficients, atom.relation is Relation.GT)
        if known is not None:
            return known
    root = line.along(atom.expr)
    return False if root is None else Atom(root, atom.relation)


def _formula_along(line: Line, formula: Formula) -> Formula:
    """The formula in s, with the conjuncts that exact algebra settles already replaced."""
    if isinstance(formula, And):
        return And(tuple(_formula_along(line, part) for part in formula.parts))
    if isinstance(formula, Or):
        return _disjunction_along(line, formula)
    settled = _atom_along(line, formula)
    if isinstance(settled, Atom):
        return settled
    return And(()) if settled else Or(())


def _disjunction_along(line: Line, formula: Or) -> Formula:
    """A disjunct may hold on a part of the segment only, so its atoms are kept open."""
    parts = []
    for part in formula.parts:
        settled = _formula_along(line, part)
        if settled == And(()):
            return settled
        parts.append(_in_parameter(line, part))
    return Or(tuple(parts))


def _in_parameter(line: Line, formula: Formula) -> Formula:
    if isinstance(formula, Atom):
        root = line.along(formula.expr)
        return Or(()) if root is None else Atom(root, formula.relation)
    return type(formula)(tuple(_in_parameter(line, part) for part in formula.parts))


def _leaves(formula: Formula) -> list[Atom]:
    if isinstance(formula, Atom):
        return [formula]
    return [atom for part in formula.parts for atom in _leaves(part)]


def _truth(formula: Formula, known: dict[Atom, bool | None]) -> bool | None:
    if isinstance(formula, Atom):
        return known[formula]
    answers = [_truth(part, known) for part in formula.parts]
    settling = not isinstance(formula, And)
    if settling in answers:
        return settling
    return None if None in answers else not settling


def holds_along(line: Line, formula: Formula) -> bool:
    """Whether the formula certainly holds on the whole segment."""
    reduced = _formula_along(line, formula)
    leaves = _leaves(reduced)
    if not leaves:
        return _truth(reduced, {}) is True

    def accept(values: list[Alternatives]) -> bool | None:
        pairs = zip(leaves, values, strict=True)
        return _truth(reduced, {leaf: _certain(v, leaf.relation) for leaf, v in pairs})

    return _on_parts(tuple(leaf.expr for leaf in leaves), accept)


def varies_continuously(line: Line, root: Expr) -> bool:
    """Whether root is certainly defined and continuous on the whole segment.

    Each operation is continuous where it is defined, except SELECT where its condition
    vanishes. On closed parts that cover the segment and on each of which every condition has
    a strict sign, a condition cannot change its branch, since neighbours share an end.
    """
    reduced = line.along(root)
    if reduced is None:
        return False
    nodes = list(ex.postorder(reduced))
    if reduced.total and not any(node.op is Op.SELECT for node in nodes):
        return True

    def accept(values: list[Alternatives]) -> bool | None:
        known = len(values[0]) == 1 and is_number(values[0][0])
        return True if known else None

    return _on_parts((reduced,), accept)
