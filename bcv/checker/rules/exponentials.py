"""Does a claim follow from one about powers of exponentials, in the place of tanh, sinh, cosh?

The checker's verdict depends on this file.
"""

from __future__ import annotations

from typing import Any

from .. import tasks
from ..reading import entry, index, sequence
from ..ring import Ring
from ..tasks import Task
from ..terms import RejectedError, Terms
from .definedness import all_defined, exchanged, has_value

MOST_TERMS = 100
MOST_COUNT = 100


def prove(task: Task, data: Any, depth: int) -> str:
    """goal * factor = other, identically, once f(k*u) is written by exp(u)^k; and factor > 0.

    Written so, all denominators are powers of exponentials, sums of two of them, or factors of
    ``factor``, which are not 0, beside those of the goal, which is defined. So the identity holds
    at every point of the region.
    """
    terms = task.terms
    factor, other = (task.reader.term(entry(data, key)) for key in ("factor", "goal"))
    all_defined(task)
    if not has_value(task, other):
        raise RejectedError("what the claim is made of is not shown to be defined")
    if not _is_plainly_positive(terms, factor):
        raise RejectedError("a factor is not seen to be positive")
    ring, exchange = Ring(terms), {}
    powers = sequence(entry(data, "powers"))
    if len(powers) > MOST_TERMS:
        raise RejectedError(f"there are more than {MOST_TERMS} powers")
    for power in powers:
        term, units = sequence(power, 2)
        pairs = [
            (task.reader.term(unit), index(count, MOST_COUNT + 1, -MOST_COUNT))
            for unit, count in (sequence(pair, 2) for pair in sequence(units))
        ]
        number = task.reader.term(term)
        exchange[number] = _by_units(terms, ring, number, pairs)
    product = terms.mul(exchanged(terms, task.goal, exchange), factor)
    if not ring.same(product, other):
        raise RejectedError("the goal by exponentials is not the other one")
    inner = task.within(task.region, other, defined=())
    return f"exponentials and {tasks.prove(inner, entry(data, 'inner'), depth + 1)}"


def _by_units(terms: Terms, ring: Ring, term: int, pairs: list[tuple[int, int]]) -> int:
    """exp, sinh, cosh or tanh of sum k*u by p = product of exp(u)^k, and 1/p."""
    op, *operands = terms.nodes[term]
    if op not in ("exp", "sinh", "cosh", "tanh") or len(pairs) > MOST_TERMS:
        raise RejectedError("a term is no exponential, or has too many factors")
    total, p = terms.zero, terms.one
    for unit, count in pairs:
        name, *u = terms.nodes[unit]
        if name != "exp":
            raise RejectedError("a unit is no exponential")
        total = terms.add(total, terms.mul(terms.const(count), u[0]))
        power = terms.power(unit, abs(count))
        p = terms.mul(p, power) if count >= 0 else terms.div(p, power)
    if not ring.same(operands[0], total):
        raise RejectedError("an operand is not the sum of the units' operands")
    if op == "exp":
        return p
    q = terms.div(terms.one, p)
    both, difference = terms.add(p, q), terms.sub(p, q)
    if op == "tanh":
        return terms.div(difference, both)
    return terms.div(difference if op == "sinh" else both, terms.const(2))


def _is_plainly_positive(terms: Terms, root: int) -> bool:
    """Whether it is made of positive constants and exponentials by + * / ** alone."""
    known: dict[int, bool] = {}
    for node in terms.below([root]):
        op, value = terms.nodes[node][0], terms.value(node)
        sums = op in ("+", "*", "/", "**") and all(
            known[operand] for operand in terms.operands(node)
        )
        known[node] = op == "exp" or sums if value is None else value > 0
    return known[root]
