"""Is a symmetric matrix positive semidefinite?

The checker's verdict depends on this file; all of it is exact arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import lcm

from ..ring import MOST_BITS
from ..terms import RejectedError

MOST_ELIMINATION = 2 * 10**10


def common_denominator(values: Iterable[Fraction]) -> int:
    """Their least common multiple, unless it is absurdly long."""
    result = 1
    for value in values:
        result = lcm(result, value.denominator)
        if result.bit_length() > MOST_BITS:
            raise RejectedError(f"a common denominator has more than {MOST_BITS} bits")
    return result


def is_positive_semidefinite(matrix: Sequence[Sequence[Fraction]]) -> bool:
    """Whether a symmetric matrix is, exactly: fraction-free elimination (Bareiss).

    Every pivot is, up to a positive factor, the next entry of D in L D L^T. A zero pivot demands
    a zero row, which is then left out.
    """
    scale = common_denominator(entry for row in matrix for entry in row)
    rows = [[int(entry * scale) for entry in row] for row in matrix]
    longest = max((entry.bit_length() for row in rows for entry in row), default=0)
    if len(rows) ** 4 * longest > MOST_ELIMINATION:
        raise RejectedError("a Gram matrix is too large")
    previous = 1
    while rows:
        (pivot, *row), rows = rows[0], rows[1:]
        if pivot < 0 or (pivot == 0 and any(row)):
            return False
        if pivot == 0:
            rows = [other[1:] for other in rows]
            continue
        rows = [
            [
                (pivot * value - other[0] * right) // previous
                for value, right in zip(other[1:], row, strict=True)
            ]
            for other in rows
        ]
        previous = pivot
    return True
