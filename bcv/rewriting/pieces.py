"""Where does a claim have kinks, and what is it on either side of one?

Soundness depends on this file: on the closed half where c >= 0, a term must equal its branch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from bcv import expr as ex
from bcv.algebra.polynomial import expression, polynomial, ring
from bcv.expr import Expr, Op
from bcv.obligation import Obligation
from bcv.region import (
    And,
    Atom,
    Formula,
    Or,
    Region,
    Relation,
    conjuncts,
    has_reversed_side,
    tightened,
)

LARGEST_EXPANDED: Final = 300
"""Nodes of an atom that is expanded."""

_PARTIAL: Final = frozenset({Op.DIV, Op.LOG, Op.SQRT, Op.ASIN, Op.ACOS, Op.TAN})


def is_single_valued(*roots: Expr) -> bool:
    """Whether no SELECT occurs, which has two values where it switches."""
    return all(node.op is not Op.SELECT for node in ex.postorder(*roots))


def has_value(root: Expr, shown: frozenset[Expr]) -> bool:
    """Whether the term is defined wherever the terms in ``shown`` are."""
    if root.total or root in shown:
        return True
    known: dict[Expr, bool] = {}
    for node in ex.postorder(root):
        parts = node.op not in _PARTIAL and all(known[argument] for argument in node.args)
        known[node] = node.total or node in shown or parts
    return known[root]


def evaluated(roots: Iterable[Expr]) -> frozenset[Expr]:
    """The terms without whose values the roots have none: all below but a SELECT's branches."""
    found: set[Expr] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack.extend(node.args[:1] if node.op is Op.SELECT else node.args)
    return frozenset(found)


def partial_terms(roots: Iterable[Expr]) -> tuple[Expr, ...]:
    """Terms that are defined only where the roots are; 1/b for a/b, which is less often infinite.

    In interval arithmetic, an unbounded value looks like an undefined one.
    """
    found: dict[Expr, None] = {}
    for node in ex.postorder(*roots):
        if node.op in _PARTIAL and not node.total:
            found[ex.div(ex.ONE, node.args[1]) if node.op is Op.DIV else node] = None
    return tuple(found)


def mapped(formula: Formula, change: Callable[[Expr], Expr]) -> Formula:
    """The formula with other terms, in the same shape, so that atoms keep their numbers."""
    match formula:
        case And(parts):
            return And(tuple(mapped(part, change) for part in parts))
        case Or(parts):
            return Or(tuple(mapped(part, change) for part in parts))
        case Atom(term, relation):
            return Atom(change(term), relation)


def exchanged(root: Expr, exchange: Mapping[Expr, Expr]) -> Expr:
    """The term with some sub-terms exchanged; the largest ones first."""
    done: dict[Expr, Expr] = {}
    for node in ex.postorder(root):
        if node in exchange:
            done[node] = exchange[node]
        else:
            done[node] = ex.rebuild(node, tuple(done[argument] for argument in node.args))
    return done[root]


def kinks(root: Expr) -> tuple[Expr, ...]:
    """The terms c at whose zeros an ABS, MIN, MAX or SELECT below the root switches."""
    found: dict[Expr, None] = {}
    for node in ex.postorder(root):
        if node.op in (Op.ABS, Op.SELECT):
            found[node.args[0]] = None
        elif node.op in (Op.MIN, Op.MAX):
            found[ex.sub(*node.args)] = None
    return tuple(found)


def branch(root: Expr, on: Expr, positive: bool, *, selects: bool = True) -> Expr:
    """What the term equals where ``on`` >= 0 (or <= 0); SELECT only if ``selects``."""
    done: dict[Expr, Expr] = {}
    for node in ex.postorder(root):
        inner = tuple(done[argument] for argument in node.args)
        if node.op is Op.ABS and node.args[0] is on:
            done[node] = inner[0] if positive else ex.neg(inner[0])
        elif node.op in (Op.MIN, Op.MAX) and ex.sub(*node.args) is on:
            done[node] = inner[0] if positive == (node.op is Op.MAX) else inner[1]
        elif node.op is Op.SELECT and selects and node.args[0] is on:
            done[node] = inner[1] if positive else inner[2]
        else:
            done[node] = ex.rebuild(node, inner)
    return done[root]


def half(obligation: Obligation, on: Expr, positive: bool) -> Obligation:
    """The claim on the closed half of the region where ``on`` >= 0 (or <= 0)."""
    region = obligation.region

    def kept(term: Expr) -> Expr:
        return branch(term, on, positive, selects=False)

    side = Atom(on if positive else ex.neg(on), Relation.GE)
    formula = And((*(mapped(part, kept) for part in conjuncts(region.formula)), side))
    whole = Region(region.variables, region.box, formula)
    # What bounds a variable only once terms cancel, as y - x + 1 - y >= 0, tightens the box, too.
    expanded = And(tuple(map(_expanded, conjuncts(formula))))
    smaller = replace(tightened(replace(whole, formula=expanded)), formula=formula)
    return replace(
        obligation,
        region=whole if has_reversed_side(smaller) else smaller,
        expr=branch(obligation.expr, on, positive),
        defined=(),
    )


def _expanded(part: Formula) -> Formula:
    """An atom's polynomial with its terms collected; anything else as it is."""
    if not isinstance(part, Atom) or sum(1 for _ in ex.postorder(part.expr)) > LARGEST_EXPANDED:
        return part
    over = ring(tuple(sorted(ex.variables(part.expr))))
    poly = polynomial(part.expr, over)
    return part if poly is None else Atom(expression(poly, over), part.relation)


def addends(root: Expr, positive: bool = True) -> Iterator[Expr]:
    """The terms of a sum, as they are written; constant factors are multiplied out."""
    match root.op, root.args:
        case Op.ADD, (a, b):
            yield from addends(a, positive)
            yield from addends(b, positive)
        case Op.SUB, (a, b):
            yield from addends(a, positive)
            yield from addends(b, not positive)
        case Op.NEG, (a,):
            yield from addends(a, not positive)
        case Op.MUL, (a, b) if a.constant is not None and b.op in (Op.ADD, Op.SUB, Op.NEG):
            yield from (a * part for part in addends(b, positive))
        case _:
            yield root if positive else -root
