"""What does ``boundary`` need where the domain has equalities? Independent gradients.

Soundness depends on this file: along {h = 0} B can be singular although grad B is not 0.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Final

from bcv import expr as ex
from bcv.conditions.conditions import Conditions, unsupported
from bcv.conditions.kinks import switching
from bcv.conditions.setting import claim, named, on_domain, on_surface, surface_words
from bcv.expr import Expr, Op
from bcv.problem import Mode, Problem
from bcv.region import Atom, Relation, atoms, conjuncts

MOST_MINORS: Final = 300

_POLYNOMIAL: Final = frozenset({Op.CONST, Op.VAR, Op.ADD, Op.SUB, Op.MUL, Op.NEG, Op.POW})


def equalities(mode: Mode) -> tuple[Expr, ...]:
    """The h of all atoms h = 0 of the domain."""
    return tuple(a.expr for a in atoms(mode.domain) if a.relation is Relation.EQ)


def independent(problem: Problem, mode: Mode, b: Expr, lie: Expr) -> Conditions:
    """grad B and the gradients of the domain's equalities are linearly independent where B = level.

    They are taken by the states alone, so that a nearby point of the surface is one of the same
    time. Nothing is asked if LfB is 0 everywhere, since B is constant along every trajectory then.
    docs/conditions.md has the theorem.
    """
    from bcv.rewriting.normal_form import is_identically_zero

    name, surfaces = named(mode, "regular"), equalities(mode)
    plain = [p.expr for p in conjuncts(mode.domain) if isinstance(p, Atom) and p.expr in surfaces]
    rows = [[ex.derivative(root, s.name) for s in problem.states] for root in (b, *surfaces)]
    used = [column for column in zip(*rows, strict=True) if any(c is not ex.ZERO for c in column)]
    reason = ""
    if problem.inputs or switching(*rows[0]):
        reason = "an equality in the domain, together with inputs or kinks of B"
    elif lie.total and is_identically_zero(lie):
        return Conditions()
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
