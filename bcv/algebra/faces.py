"""On which face do all the Gram matrices of a tight identity lie? Facial reduction.

Soundness does not depend on this file: a wrong cut only loses certificates.

Where the claim's polynomial vanishes at a point of the region, every square in the identity must
vanish there too, so no Gram matrix is positive definite and none can be rounded. Cutting the
bases to combinations that vanish makes the identity strictly feasible again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from bcv.algebra.gram import Matrix
from bcv.algebra.polynomial import Poly, to_flint
from bcv.algebra.program import Block, Program
from bcv.algebra.semidefinite import Array
from bcv.algebra.zeros import BITS, TINY

MOST_RELATED = 80
"""Monomials among which relations are looked for."""

LARGEST_DENOMINATOR = 144
TOLERANCE = 2e-4


def _value(poly: Poly, point: Sequence[Any]) -> Any:
    return poly(*point)


def null_space(vectors: list[list[Any]], size: int) -> Matrix:
    """A basis of {c : v . c = 0 for all v}, in rationals."""
    from flint import fmpq, fmpq_mat

    if not vectors:
        return [[fmpq(int(i == j)) for j in range(size)] for i in range(size)]
    reduced, rank = fmpq_mat(vectors).rref()
    rows = reduced.tolist()[:rank]
    pivots = [next(j for j, entry in enumerate(row) if entry != 0) for row in rows]
    found = []
    for free in range(size):
        if free in pivots:
            continue
        vector = [fmpq(int(j == free)) for j in range(size)]
        for row, pivot in zip(rows, pivots, strict=True):
            vector[pivot] = -row[free]
        found.append(vector)
    return found


def _cut(block: Block, vectors: list[list[Any]]) -> Block | None:
    """The block with squares orthogonal to the vectors (in its own basis), if any are left."""
    return _restricted(block, null_space(vectors, block.size))


def _restricted(block: Block, null: Matrix) -> Block | None:
    """The block with squares of these combinations (of its own basis), if there are any."""
    from flint import fmpq_mat

    if not null:
        return None
    if block.rows is None:
        single = [[j for j, entry in enumerate(row) if entry != 0] for row in null]
        if all(len(places) == 1 for places in single):
            return replace(block, basis=tuple(block.basis[places[0]] for places in single))
        return replace(block, rows=null)
    rows = (fmpq_mat(null) * fmpq_mat(block.rows)).tolist()
    return replace(block, rows=[list(row) for row in rows])


def cut_at_zeros(program: Program, zeros: Sequence[tuple[Fraction, ...]]) -> Program:
    """The program with squares that vanish at these zeros of the target, where they must."""
    points = [[to_flint(x) for x in zero] for zero in zeros]
    points = [p for p in points if _value(program.target, p) == 0]
    if not points:
        return program
    blocks: list[Block] = []
    for block in program.blocks:
        vectors = []
        for point in points:
            if _value(block.poly, point) > 0:
                values = [_value(program.over.from_terms({m: 1}), point) for m in block.basis]
                vectors.append(values)
        smaller = _cut(block, vectors) if vectors else block
        if smaller is not None:
            blocks.append(smaller)
    return replace(program, blocks=tuple(blocks))


def cut_at_estimates(program: Program, points: Sequence[Sequence[Fraction]]) -> Program:
    """The program with squares that vanish near these points, where the target seems to be 0.

    A combination of monomials with small integer coefficients that vanishes to hundreds of digits
    is taken to vanish exactly; lattice reduction finds them (Lenstra, Lenstra and Lovasz, 1982).
    """
    estimates = [[to_flint(x) for x in point] for point in points]
    estimates = [p for p in estimates if abs(_value(program.target, p)) < to_flint(TINY)]
    blocks: list[Block] = []
    for block in program.blocks:
        inside = [p for p in estimates if abs(_value(block.poly, p)) > to_flint(TINY)]
        if not inside or block.size > MOST_RELATED:
            blocks.append(block)
            continue
        basis = [program.over.from_terms({m: 1}) for m in block.basis]
        smaller = _restricted(
            block, _relations(block, [[_value(b, p) for b in basis] for p in inside])
        )
        if smaller is not None:
            blocks.append(smaller)
    return replace(program, blocks=tuple(blocks))


def _relations(block: Block, vectors: list[list[Any]]) -> Matrix:
    """Combinations of the block's own basis that vanish with the values of its monomials."""
    from flint import fmpq, fmpq_mat, fmpz_mat

    if block.rows is not None:
        outer = fmpq_mat(block.rows).transpose()
        vectors = [list((fmpq_mat([vector]) * outer).tolist()[0]) for vector in vectors]
    size, count, bits = block.size, len(vectors), BITS - 64
    lattice = fmpz_mat(size, size + count)
    for i in range(size):
        lattice[i, i] = 1
        for j, vector in enumerate(vectors):
            lattice[i, size + j] = ((2**bits) * vector[i]).round()
    # A relation by chance has coefficients of about bits * count / size bits.
    largest = 2 ** (bits * count // (2 * size))
    reduced = [[int(entry) for entry in row] for row in lattice.lll().tolist()]
    return [
        [fmpq(entry) for entry in row[:size]]
        for row in reduced
        if max(map(abs, row[:size])) < largest and max(map(abs, row[size:])) < largest << 32
    ]


def _echelon(vectors: Array) -> Array:
    """The reduced row echelon form in floats, with the earliest well-sized pivots."""
    rows = vectors.copy()
    done = 0
    for column in range(rows.shape[1]):
        if done == rows.shape[0]:
            break
        best = done + int(np.abs(rows[done:, column]).argmax())
        if abs(rows[best, column]) < 1e-3 * np.abs(rows[done:]).max():
            continue
        rows[[done, best]] = rows[[best, done]]
        rows[done] /= rows[done, column]
        for other in range(rows.shape[0]):
            if other != done:
                rows[other] -= rows[other, column] * rows[done]
        done += 1
    return rows[:done]


def _recognised(row: Array) -> list[Any] | None:
    """The row in rationals with small denominators, if it plainly is near such a row."""
    from flint import fmpq

    found = []
    for value in row.tolist():
        near = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
        if abs(float(near) - value) > TOLERANCE / max(near.denominator, 1):
            return None
        found.append(fmpq(near.numerator, near.denominator))
    return found


def _range(moment: Array) -> Array:
    """Rows that span the range of a moment matrix that is near a singular one."""
    size = np.sqrt(np.maximum(np.diag(moment), 1e-300))
    values, vectors = np.linalg.eigh(moment / np.outer(size, size))
    order = np.log10(np.maximum(values, 1e-14))
    if order[-1] - order[0] < 2.5:
        return (vectors * size[:, None]).T
    jumps = np.diff(order)
    cut = int(jumps.argmax()) + 1
    rows: Array = (vectors[:, cut:] * size[:, None]).T
    return rows


def cut_by_moments(program: Program, moments: Sequence[Array]) -> Program | None:
    """The program on the face that the dual moments expose; None if they expose nothing plain.

    Every feasible Gram matrix Q has trace(Q M) = 0 for the optimal moment matrices M when the
    optimal margin is 0, hence annihilates the range of M.
    """
    top = max((float(np.abs(m).max()) for m in moments), default=0.0)
    blocks: list[Block] = []
    changed = False
    for block, moment in zip(program.blocks, moments, strict=True):
        if float(np.abs(moment).max()) < 1e-4 * top:
            blocks.append(block)
            continue
        found = [_recognised(row) for row in _echelon(_range(moment))]
        vectors = [row for row in found if row is not None]
        smaller = _cut(block, vectors) if vectors else block
        changed = changed or bool(vectors)
        if smaller is not None:
            blocks.append(smaller)
    return replace(program, blocks=tuple(blocks)) if changed and blocks else None
