"""Has a term a value all over the region? And only one?

The checker's verdict depends on this file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ..claims import Formula
from ..tasks import Task
from ..terms import PARTIAL, RejectedError, Terms


def has_value(task: Task, term: int) -> bool:
    """Whether the term is seen to be defined all over the region.

    It is if it is total, was shown to be, or combines such terms by an operation that is.
    """
    terms = task.terms
    if terms.total[term] or term in task.shown:
        return True
    known: dict[int, bool] = {}
    for node in terms.below([term]):
        known[node] = (
            terms.total[node]
            or node in task.shown
            or (
                terms.nodes[node][0] not in PARTIAL
                and all(known[operand] for operand in terms.operands(node))
            )
        )
    return known[term]


def single_valued(terms: Terms, roots: Iterable[int]) -> None:
    """Refuse a select, which has two values where it switches, where one value is needed."""
    if any(terms.nodes[node][0] == "select" for node in terms.below(roots)):
        raise RejectedError("a term that may have two values stands where it must have one")


def all_defined(task: Task) -> None:
    if not all(has_value(task, root) for root in (task.goal, *task.defined)):
        raise RejectedError("what the claim is made of is not shown to be defined")


def mapped(formula: Formula, change: Callable[[int], int]) -> Formula:
    """The formula with other terms, in the same shape, so that atoms keep their numbers."""
    op, *parts = formula
    if op in ("and", "or"):
        return (op, *(mapped(part, change) for part in parts))
    return op, change(parts[0])


def is_polynomial(t: Terms, root: int, names: set[str]) -> bool:
    """Whether the variables enter by + - * ** only, and in no denominator."""
    inside: set[int] = set()
    for node in t.below([root]):
        op, *rest = t.nodes[node]
        if op == "var" and rest[0] in names:
            inside.add(node)
        elif found := [operand for operand in t.operands(node) if operand in inside]:
            if op not in ("+", "-", "*", "neg", "**") and (op != "/" or rest[1] in found):
                return False
            inside.add(node)
    return True


def exchanged(terms: Terms, root: int, exchange: Mapping[int, int]) -> int:
    """The term with some sub-terms exchanged; the largest ones first."""
    done: dict[int, int] = {}
    for node in terms.below([root]):
        if node in exchange:
            done[node] = exchange[node]
        else:
            operands = [done[operand] for operand in terms.operands(node)]
            done[node] = terms.rebuild(terms.nodes[node], operands)
    return done[root]
