"""Does a claim follow from one about powers of exponentials, in the place of tanh, sinh, cosh?

The checker's verdict depends on this file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .lifting import exchanged, has_value
from .matching import Obligation
from .polynomials import Ring
from .statement import entry, index, sequence
from .terms import RejectedError, Terms

if TYPE_CHECKING:
    from .rules import Task

MOST_TERMS = 100
MOST_COUNT = 100


def by_exponentials(
    task: Task, data: Any, depth: int, prove: Callable[[Task, Any, int], str]
) -> str:
    """goal * factor = other, identically, once f(k*u) is written by exp(u)^k; and factor > 0.

    Written so, all denominators are positive powers of exponentials, or the sum of two, beside
    those of the goal, which is defined. So the identity holds at every point of the region.
    """
    terms = task.terms
    factor, other = (task.reader.term(entry(data, key)) for key in ("factor", "goal"))
    if not all(has_value(task, root) for root in (task.goal, other, *task.defined)):
        raise RejectedError("what the claim is made of is not shown to be defined")
    if not _is_plainly_positive(terms, factor):
        raise RejectedError("a factor is not seen to be positive")
    ring, exchange = Ring(terms), {}
    powers = sequence(entry(data, "powers"))
    if len(powers) > MOST_TERMS:
        raise RejectedError(f"there are more than {MOST_TERMS} powers")
    for power in powers:
        term, unit, count = sequence(power, 3)
        number, base = task.reader.term(term), task.reader.term(unit)
        exchange[number] = _by_unit(
            terms, ring, number, base, index(count, MOST_COUNT + 1, -MOST_COUNT)
        )
    product = terms.mul(exchanged(terms, task.goal, exchange), factor)
    if not ring.same(product, other):
        raise RejectedError("the goal by exponentials is not the other one")
    region = task.obligation.region
    inner = replace(task, obligation=Obligation(region, other, task.strict), goal=other, defined=())
    return f"exponentials and {prove(inner, entry(data, 'inner'), depth + 1)}"


def _by_unit(terms: Terms, ring: Ring, term: int, unit: int, count: int) -> int:
    """exp, sinh, cosh or tanh of k*u by p = exp(u)^k and q = 1/p."""
    (op, *v), (exp, *u) = terms.nodes[term], terms.nodes[unit]
    if op not in ("exp", "sinh", "cosh", "tanh") or exp != "exp":
        raise RejectedError("a term is no exponential, or its unit is not")
    if not count:
        raise RejectedError("an exponential's power is 0")
    if not ring.same(v[0], terms.mul(terms.const(count), u[0])):
        raise RejectedError("an operand is not so many times the unit's")
    p = terms.power(unit, abs(count))
    q = terms.div(terms.one, p)
    if count < 0:
        p, q = q, p
    if op == "exp":
        return p
    total, difference = terms.add(p, q), terms.sub(p, q)
    if op == "tanh":
        return terms.div(difference, total)
    return terms.div(difference if op == "sinh" else total, terms.const(2))


def _is_plainly_positive(terms: Terms, root: int) -> bool:
    """Whether it is made of positive constants and exponentials by + * ** alone."""
    known: dict[int, bool] = {}
    for node in terms.below([root]):
        op, value = terms.nodes[node][0], terms.value(node)
        sums = op in ("+", "*", "**") and all(known[operand] for operand in terms.operands(node))
        known[node] = op == "exp" or sums if value is None else value > 0
    return known[root]
