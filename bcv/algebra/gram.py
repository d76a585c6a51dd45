"""Is a rational matrix positive semidefinite, and which polynomial does it stand for? Exactly.

Soundness depends on this file: it accepts Gram matrices.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

from bcv.algebra.polynomial import Poly, Ring, to_fraction
from bcv.evidence import Gram, Monomial

Matrix = list[list[Any]]
"""The rows of a symmetric matrix of flint rationals."""


def is_positive_semidefinite(matrix: Matrix, deadline: float = math.inf) -> bool:
    """Exact LDL^T by symmetric elimination: no pivot is negative, a zero pivot has a zero row.

    Works on integers without fractions (Bareiss): scaling by a positive number and the sign of a
    Schur complement's entries do not change the answer. False also when ``deadline``, a value of
    ``time.monotonic()``, passes before the answer is known.
    """
    from flint import fmpz

    common = fmpz(1)
    for row in matrix:
        for entry in row:
            common = common.lcm(entry.q)
    rows = [[entry.p * (common // entry.q) for entry in row] for row in matrix]
    previous = fmpz(1)
    alive = list(range(len(rows)))
    while alive:
        pivot = max(alive, key=lambda i: rows[i][i])
        value = rows[pivot][pivot]
        alive.remove(pivot)
        if value < 0 or time.monotonic() > deadline:
            return False
        if value == 0:
            # The largest diagonal entry is 0: the rest must vanish altogether.
            rest = [*alive, pivot]
            return all(rows[i][j] == 0 for i in rest for j in rest)
        top = rows[pivot]
        for i in alive:
            row, factor = rows[i], rows[i][pivot]
            for j in alive:
                if j <= i:
                    row[j] = (value * row[j] - factor * top[j]) // previous
                    rows[j][i] = row[j]
        previous = value
    return True


def expand(basis: Sequence[Monomial], matrix: Matrix, over: Ring) -> Poly:
    """basis^T * matrix * basis."""
    terms: dict[Monomial, Any] = {}
    for i, left in enumerate(basis):
        for j in range(i + 1):
            entry = matrix[i][j]
            if entry == 0:
                continue
            monomial = tuple(a + b for a, b in zip(left, basis[j], strict=True))
            value = entry if i == j else 2 * entry
            terms[monomial] = terms[monomial] + value if monomial in terms else value
    return over.from_terms(terms)


def congruent(rows: Sequence[Poly], matrix: Matrix) -> tuple[tuple[Monomial, ...], Matrix]:
    """The polynomial rows^T * matrix * rows as a Gram matrix on monomials."""
    from flint import fmpq_mat

    written = [{tuple(map(int, m)): c for m, c in row.to_dict().items()} for row in rows]
    monomials = tuple(sorted({m for terms in written for m in terms}))
    if not monomials:
        return (), []
    number = {m: i for i, m in enumerate(monomials)}
    outer = fmpq_mat(len(rows), len(monomials))
    for i, terms in enumerate(written):
        for m, c in terms.items():
            outer[i, number[m]] = c
    full = outer.transpose() * fmpq_mat(matrix) * outer
    return monomials, [list(row) for row in full.tolist()]


def to_evidence(basis: Sequence[Monomial], matrix: Matrix) -> Gram:
    """The Gram matrix in the form of evidence, without rows that are zero."""
    kept = [i for i in range(len(basis)) if any(entry != 0 for entry in matrix[i])]
    lower = tuple(to_fraction(matrix[i][j]) for n, i in enumerate(kept) for j in kept[: n + 1])
    return Gram(tuple(basis[i] for i in kept), lower)


def from_evidence(found: Gram) -> Matrix:
    """The full symmetric matrix of a Gram matrix."""
    from bcv.algebra.polynomial import to_flint

    size = len(found.basis)
    rows: Matrix = [[None] * size for _ in range(size)]
    entries = iter(found.matrix)
    for i in range(size):
        for j in range(i + 1):
            rows[i][j] = rows[j][i] = to_flint(next(entries))
    return rows
