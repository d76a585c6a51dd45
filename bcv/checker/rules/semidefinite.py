"""Is a symmetric matrix positive semidefinite?

The checker's verdict depends on this file; all of it is exact arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import lcm, ldexp, sqrt
from operator import mul

from ..ring import MOST_BITS
from ..terms import RejectedError

BITS = 50
SMALL, LARGE = 4, 400
"""Rows of a matrix for which an approximate root is tried."""
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
    """Whether a symmetric matrix is, exactly."""
    scale = common_denominator(entry for row in matrix for entry in row)
    rows = [[int(entry * scale) for entry in row] for row in matrix]
    return _exceeds_a_square(rows) or _is_eliminated(rows)


def _exceeds_a_square(rows: list[list[int]]) -> bool:
    """Whether A is seen to be R * R^T and something positive semidefinite, for some matrix R.

    Any R would do; the one taken is an approximate root of D*A*D - shift, where the diagonal
    matrix D of powers of 2 makes the diagonal about 1: A is positive semidefinite if D*A*D is.
    What is left, computed in integers, has a diagonal that exceeds the sums of the other entries'
    magnitudes (Gershgorin). In units of 2**-(2*BITS), D*A*D is rounded down, by less than 1.
    """
    n = len(rows)
    if not SMALL < n <= LARGE or any(rows[i][i] <= 0 for i in range(n)):
        return False
    halves = [rows[i][i].bit_length() // 2 for i in range(n)]
    try:
        root = _approximate_root(
            [[rows[i][j] / (1 << halves[i] + halves[j]) for j in range(i + 1)] for i in range(n)]
        )
        whole = [[round(ldexp(value, BITS)) for value in row] for row in root]
    except (ArithmeticError, ValueError):  # no root: the exact way will tell
        return False
    sums = [0] * n
    for i in range(n):
        for j in range(i):
            left = _scaled(rows[i][j], halves[i] + halves[j]) - sum(map(mul, whole[i], whole[j]))
            sums[i] += abs(left) + 1
            sums[j] += abs(left) + 1
    return all(
        _scaled(rows[i][i], 2 * halves[i]) - sum(map(mul, whole[i], whole[i])) >= sums[i]
        for i in range(n)
    )


def _scaled(entry: int, bits: int) -> int:
    """The largest integer <= entry * 2**(2*BITS - bits)."""
    return (entry << 2 * BITS) >> bits


def _approximate_root(rows: list[list[float]]) -> list[list[float]]:
    """Rows of a lower triangle (Cholesky); raises ArithmeticError or ValueError where none is."""
    shift = 2.0**-BITS * (len(rows) + 1) ** 2
    root: list[list[float]] = []
    for i, given in enumerate(rows):
        row: list[float] = []
        for value, other in zip(given, root, strict=False):
            row.append((value - sum(map(mul, row, other))) / other[-1])
        row.append(sqrt(given[i] - shift - sum(map(mul, row, row))))
        root.append(row)
    return root


def _is_eliminated(rows: list[list[int]]) -> bool:
    """Fraction-free elimination (Bareiss).

    Every pivot is, up to a positive factor, the next entry of D in L D L^T. A zero pivot demands
    a zero row, which is then left out.
    """
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
