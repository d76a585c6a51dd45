"""What does ``boundary`` need where the domain has equalities? Independent gradients.

Soundness depends on this file: along {h = 0} B can be singular although grad B is not 0.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from bcv import expr as ex
from bcv.conditions.conditions import Conditions, unsupported
from bcv.conditions.kinks import switching
from bcv.conditions.setting import claim, named, on_domain, on_surface, surface_words
from bcv.expr import Expr, Op
from bcv.problem import Mode, Problem
from bcv.region import Atom, Relation, atoms, conjuncts

MOST_MINORS: Final = 300
LARGEST_SIDE: Final = 200
"""Nodes; a constraint with more is not looked at for its sign."""

_POLYNOMIAL: Final = frozenset({Op.CONST, Op.VAR, Op.ADD, Op.SUB, Op.MUL, Op.NEG, Op.POW})


def _equalities(mode: Mode) -> tuple[Expr, ...]:
    """The h of all atoms h = 0 of the domain."""
    return tuple(a.expr for a in atoms(mode.domain) if a.relation is Relation.EQ)


def _is_flat(problem: Problem, mode: Mode) -> bool:
    """Whether inequalities plainly leave the domain without interior, as h >= 0 and -h >= 0 do."""
    if any(s.range.lo is not None and s.range.lo == s.range.hi for s in problem.states):
        return True
    parts = (p for p in conjuncts(mode.domain) if isinstance(p, Atom))
    sides = [p.expr for p in parts if p.relation is Relation.GE]
    sides = [side for side in sides if sum(1 for _ in ex.postorder(side)) <= LARGEST_SIDE]
    if any(side.constant is None and _has_sign(side, -1) for side in sides):
        return True
    return any(_are_opposite(a, b) for a, b in itertools.combinations(sides, 2))


def _has_sign(root: Expr, sign: int) -> bool:
    """Whether the expression is plainly >= 0 (sign 1) or <= 0 (sign -1), being made of squares."""
    first, *others = root.args or (root,)
    match root.op:
        case Op.CONST:
            return root.constant is not None and root.constant * sign >= 0
        case Op.POW:
            return sign > 0 and isinstance(root.value, int) and root.value % 2 == 0
        case Op.ABS:
            return sign > 0
        case Op.NEG:
            return _has_sign(first, -sign)
        case Op.ADD:
            return _has_sign(first, sign) and _has_sign(others[0], sign)
        case Op.SUB:
            return _has_sign(first, sign) and _has_sign(others[0], -sign)
        case Op.MUL:
            return any(_has_sign(first, s) and _has_sign(others[0], s * sign) for s in (1, -1))
    return False


def _are_opposite(a: Expr, b: Expr) -> bool:
    """Whether a = -b; the values at one point say no before polynomials are expanded."""
    total = a + b
    names = enumerate(sorted(ex.variables(total)), start=3)
    point = {name: ex.const(Fraction(k * k + 1, k)) for k, name in names}
    value = ex.substitute(total, point).constant
    if value:
        return False
    from bcv.rewriting.normal_form import is_identically_zero

    return is_identically_zero(total)


def independent(problem: Problem, mode: Mode, b: Expr, lie: Expr) -> Conditions:
    """grad B and the gradients of the domain's equalities are linearly independent where B = level.

    They are taken by the states alone, so that a nearby point of the surface is one of the same
    time. Nothing is asked if there are none, or if LfB is 0 everywhere, since B is constant along
    every trajectory then. docs/conditions.md has the theorem.
    """
    name, surfaces, flat = named(mode, "regular"), _equalities(mode), _is_flat(problem, mode)
    if not (surfaces or flat):
        return Conditions()
    from bcv.rewriting.normal_form import is_identically_zero

    plain = [p.expr for p in conjuncts(mode.domain) if isinstance(p, Atom) and p.expr in surfaces]
    rows = [[ex.derivative(root, s.name) for s in problem.states] for root in (b, *surfaces)]
    used = [column for column in zip(*rows, strict=True) if any(c is not ex.ZERO for c in column)]
    reason = ""
    if problem.inputs or switching(*rows[0]):
        reason = "an equality in the domain, together with inputs or kinks of B"
    elif lie.total and is_identically_zero(lie):
        return Conditions()
    elif flat:
        reason = "an equality in the domain that is written as inequalities: it can be told by =="
    elif len(plain) < len(surfaces):
        reason = "an equality in one of several alternatives of the domain"
    elif any(node.op not in _POLYNOMIAL for node in ex.postorder(*surfaces)):
        reason = "an equality in the domain that is no polynomial"
    elif math.comb(len(used), len(rows)) > MOST_MINORS:
        reason = "too many equalities in the domain"
    if reason:
        return unsupported(name, reason)
    total = ex.ZERO
    for minor in _minors(used, len(rows)):
        total = total + minor**2
    stated = claim(
        problem,
        name,
        f"grad B is independent of the gradients of the equalities where {surface_words(problem)} "
        f"{on_domain(mode)}",
        (mode.domain, on_surface(problem, b)),
        total,
        strict=True,
        part="independent of the domain's equalities",
        defined=(b,),
        sufficient=True,
    )
    return Conditions(obligations=(stated,))


def _minors(columns: Sequence[Sequence[Expr]], size: int) -> Iterator[Expr]:
    """The determinants of so many of the columns, other than 0."""
    for chosen in itertools.combinations(columns, size):
        found = _determinant([list(column) for column in chosen])
        if found is not ex.ZERO:
            yield found


def _determinant(columns: Sequence[Sequence[Expr]]) -> Expr:
    """By Laplace's expansion along the first row."""
    if not columns:
        return ex.ONE
    total = ex.ZERO
    for place, (head, *_) in enumerate(columns):
        if head is not ex.ZERO:
            others = [column[1:] for k, column in enumerate(columns) if k != place]
            term = head * _determinant(others)
            total = total + term if place % 2 == 0 else total - term
    return total
