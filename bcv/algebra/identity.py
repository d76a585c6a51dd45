"""Does a refutation identity hold, and does it refute? Exactly, by expansion.

Soundness depends on this file: nothing is called proved that it has not accepted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from bcv.algebra.gram import expand, from_evidence, is_positive_semidefinite
from bcv.algebra.polynomial import Poly, to_flint
from bcv.algebra.systems import System
from bcv.evidence import PolynomialCase
from bcv.region import Relation

CLAIM = -1
"""The number of the negated claim among the atoms of a case."""


def is_refutation(case: PolynomialCase, system: System, deadline: float = math.inf) -> bool:
    """Whether the case is an identity in exact rationals that rules the negated claim out.

    False also when ``deadline``, a value of ``time.monotonic()``, passes before that is known.
    """
    by_index = {item.index: item for item in system.constraints}
    nonnegative: dict[int, Poly] = {CLAIM: -system.claim}
    positive: dict[int, Poly] = {} if system.strict else {CLAIM: -system.claim}
    zero: dict[int, Poly] = {}
    for index, item in by_index.items():
        if item.relation is Relation.EQ:
            zero[index] = item.poly
        else:
            nonnegative[index] = item.poly
            if item.relation is Relation.GT:
                positive[index] = item.poly
    used = [i for indices, _ in case.cone for i in indices]
    if not set(used) <= nonnegative.keys() or not set(case.strict) <= positive.keys():
        return False
    if not {index for index, _ in case.free} <= zero.keys() or case.scale <= 0:
        return False
    return _sums_to_zero(case, system, nonnegative, zero) and all(
        is_positive_semidefinite(from_evidence(gram), deadline) for _, gram in case.cone
    )


def _product(indices: Sequence[int], polys: dict[int, Poly], system: System) -> Poly:
    result = system.over.constant(1)
    for index in indices:
        result = result * polys[index]
    return result


def _sums_to_zero(
    case: PolynomialCase, system: System, nonnegative: dict[int, Poly], zero: dict[int, Poly]
) -> bool:
    over = system.over
    total = over.constant(case.scale) * _product(case.strict, nonnegative, system)
    for indices, gram in case.cone:
        square = expand(gram.basis, from_evidence(gram), over)
        total += square * _product(indices, nonnegative, system)
    for index, terms in case.free:
        factor = over.from_terms({monomial: to_flint(value) for monomial, value in terms})
        total += factor * zero[index]
    return bool(total.is_zero())
