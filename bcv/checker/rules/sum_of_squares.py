"""Does a polynomial identity show that no point of the region contradicts the claim?

The checker's verdict depends on this file; all of it is exact rational arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from ..claims import Formula
from ..reading import entry, index, rational, sequence
from ..ring import FIELD, Poly, Ring
from ..tasks import Task
from ..terms import RejectedError
from .semidefinite import is_positive_semidefinite

MOST_CASES = 20_000


def prove(task: Task, data: Any, depth: int) -> str:
    """Every way to satisfy the region's formula is refuted, with the negated claim, by some case.

    The goal and the atoms used are polynomials in the variables and everything that must be
    defined is so everywhere, so that the identities hold at every point.
    """
    if any(not task.terms.total[d] for d in task.defined):
        raise RejectedError("a sum of squares says nothing about where expressions are defined")
    ring = Ring(task.terms, task.region.names)
    cases = [frozenset(_case(task, ring, case)) for case in sequence(entry(data, "cases"))]
    first = task.first
    for chosen in _disjuncts(task.region.formula, iter(range(first, 1 << 62))):
        if not any({n for n in case if n >= first} <= chosen for case in cases):
            raise RejectedError("a part of the region is in no case")
    return f"sums of squares in {len(cases)} cases"


def _disjuncts(formula: Formula, numbers: Iterator[int]) -> list[set[int]]:
    """The sets of atoms each of which makes the formula true; together they are all ways."""
    if formula[0] not in ("and", "or"):
        return [{next(numbers)}]
    parts = [_disjuncts(part, numbers) for part in formula[1:]]
    if formula[0] == "or":
        found = [chosen for part in parts for chosen in part]
        if len(found) > MOST_CASES:
            raise RejectedError(f"the region has more than {MOST_CASES} parts")
        return found
    found = [set()]
    for part in parts:
        if len(found) * len(part) > MOST_CASES:
            raise RejectedError(f"the region has more than {MOST_CASES} parts")
        found = [a | b for a in found for b in part]
    return found


def _case(task: Task, ring: Ring, data: Any) -> set[int]:
    """The atoms (>= 0) that a case uses, after its identity has been checked.

    sum gram_k * prod h_i + sum free_j * p_j + scale * prod h_i = 0 cannot hold at a point where
    the Gram polynomials and h_i are >= 0, p_j = 0, and the last product is > 0: so no point of
    the region satisfies the negated claim. -1 stands for G = -goal, which is > 0 there if the
    claim is not strict, else >= 0.
    """
    count, used = len(task.region.names), set()

    def product(numbers: Any, positive: bool) -> Poly:
        result = ring.one
        for number in sequence(numbers):
            place = index(number, len(task.numbered), -1)
            if place < 0:
                if positive and task.strict:
                    raise RejectedError("the negation of a strict claim is not strict")
                relation, term = ">=", task.terms.neg(task.goal)
            else:
                relation, term = task.numbered[place]
                if positive and relation != ">":
                    raise RejectedError("a factor that may be 0 stands where a positive one must")
                used.add(place)
            if not task.terms.total[term]:
                raise RejectedError("an atom is not defined everywhere")
            result = ring.multiply(result, ring.polynomial(term, count))
        return result

    total: Poly = {}
    for numbers, gram in (sequence(part, 2) for part in sequence(entry(data, "cone"))):
        total = ring.add(total, ring.multiply(_gram(ring, gram, count), product(numbers, False)))
    for number, factor in (sequence(part, 2) for part in sequence(entry(data, "free"))):
        place = index(number, len(task.numbered))
        if task.numbered[place][0] != "==":
            raise RejectedError("a free factor stands at an inequality")
        total = ring.add(total, ring.multiply(_polynomial(factor, count), product([place], False)))
    scale = rational(entry(data, "scale"))
    if scale <= 0:
        raise RejectedError("the scale is not positive")
    if ring.add(total, product(entry(data, "strict"), True), scale):
        raise RejectedError("the identity of a sum of squares does not hold")
    return used


def _gram(ring: Ring, data: Any, count: int) -> Poly:
    """basis^T * matrix * basis for a positive semidefinite matrix: nowhere negative."""
    basis = [_monomial(item, count) for item in sequence(entry(data, "basis"))]
    entries = [rational(item) for item in sequence(entry(data, "matrix"))]
    if len(entries) != len(basis) * (len(basis) + 1) // 2:
        raise RejectedError("a Gram matrix does not fit its basis")
    rows = [entries[i * (i + 1) // 2 : (i + 1) * (i + 2) // 2] for i in range(len(basis))]
    for i, row in enumerate(rows):
        row.extend(rows[j][i] for j in range(i + 1, len(rows)))
    if not is_positive_semidefinite(rows):
        raise RejectedError("a Gram matrix is not positive semidefinite")
    result: Poly = {}
    for i, left in enumerate(basis):
        for j, right in enumerate(basis):
            if rows[i][j]:
                result[left + right] = result.get(left + right, Fraction(0)) + rows[i][j]
    return {m: c for m, c in result.items() if c}


def _monomial(data: Any, count: int) -> int:
    """Exponents as one int; see ``polynomials``."""
    powers = [index(e, 1 << (FIELD - 4)) for e in sequence(data, count)]
    return sum(e << (FIELD * i) for i, e in enumerate(powers))


def _polynomial(data: Any, count: int) -> Poly:
    """[[exponents, coefficient], ...]."""
    result: Poly = {}
    for powers, coefficient in (sequence(term, 2) for term in sequence(data)):
        place = _monomial(powers, count)
        result[place] = result.get(place, Fraction(0)) + rational(coefficient)
    return {m: c for m, c in result.items() if c}
