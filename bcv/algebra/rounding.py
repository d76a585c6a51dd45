"""Which exact identity lies near one in floats? Rounding, and projection onto the equations.

Soundness does not depend on this file: ``identity`` checks what comes out.

The way of Peyrl and Parrilo ("Computing sum of squares decompositions with rational
coefficients", 2008): a positive definite Gram matrix stays so under small changes, hence round
it to growing precision, restore the coefficient equations exactly, and test.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from bcv.algebra.gram import Matrix, expand, is_positive_semidefinite
from bcv.algebra.polynomial import Poly
from bcv.algebra.program import Block, Program, floats
from bcv.algebra.semidefinite import Array
from bcv.algebra.support import product
from bcv.evidence import Monomial

PRECISIONS = (10, 18, 28, 40, 56)
PRIME = (1 << 61) - 1
LONGEST = 6000
"""Bits of the largest numerator that is of use: proofs are to be written down and read."""
SECONDS_PER_STEP = 3e-9
"""Of exact elimination; there are as many steps as equations squared times unknowns."""


class LateError(Exception):
    """The deadline has come, or comes before the next step could end, which takes ``seconds``."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Exact:
    """Exact Gram matrices per block (on its monomials) and factors per free term."""

    grams: tuple[Matrix, ...]
    factors: tuple[Poly, ...]


def _rounded(matrix: Array, bits: int) -> Matrix:
    from flint import fmpq

    scale = 2**bits
    whole = np.rint(np.ldexp((matrix + matrix.T) / 2, bits)).tolist()
    return [[fmpq(int(entry), scale) for entry in row] for row in whole]


def on_monomials(matrix: Matrix, rows: Matrix | None) -> Matrix:
    """rows^T * matrix * rows."""
    from flint import fmpq_mat

    if rows is None:
        return matrix
    inner, outer = fmpq_mat(matrix), fmpq_mat(rows)
    return [list(row) for row in (outer.transpose() * inner * outer).tolist()]


class _Unknowns:
    """The Gram entries and free coefficients as one vector, with their polynomials."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.equations: _Equations | None = None
        self.places: list[tuple[int, int, int]] = []
        self.polys: list[Poly] = []
        for k, block in enumerate(program.blocks):
            rows = self._row_polys(k)
            for i in range(block.size):
                for j in range(i + 1):
                    self.places.append((k, i, j))
                    poly = rows[i] * rows[j] * block.poly
                    self.polys.append(poly if i == j else 2 * poly)
        for k, free in enumerate(program.frees):
            for i, monomial in enumerate(free.basis):
                self.places.append((-1 - k, i, 0))
                self.polys.append(program.over.from_terms({monomial: 1}) * free.poly)

    def _row_polys(self, k: int) -> list[Poly]:
        block, over = self.program.blocks[k], self.program.over
        if block.rows is None:
            return [over.from_terms({monomial: 1}) for monomial in block.basis]
        return [
            over.from_terms({m: c for m, c in zip(block.basis, row, strict=True) if c != 0})
            for row in block.rows
        ]

    def correction(self, residual: Poly, deadline: float) -> list[Any] | None:
        """A small exact change of the unknowns that adds ``residual``, if there is one.

        Raises LateError if it could not be found before the deadline.
        """
        wanted = {tuple(m): c for m, c in residual.to_dict().items()}
        if self.equations is None:
            terms = [{tuple(m): c for m, c in poly.to_dict().items()} for poly in self.polys]
            monomials = {m for t in terms for m in t}
            cost = SECONDS_PER_STEP * len(monomials) ** 2 * len(terms)
            if not wanted.keys() <= monomials:
                return None
            if cost > deadline - time.monotonic():
                raise LateError(cost)
            self.equations = _Equations(terms, sorted(monomials))
        return self.equations.solution(wanted)


class _Equations:
    """sum_j x_j * terms_j = right, coefficient by coefficient; many more unknowns than equations.

    ``whole`` are the coefficients of terms_j times ``scales[j]``, integers. Equations that follow
    from the others modulo a large prime are left out, until a solution is checked at the end.
    """

    def __init__(self, terms: Sequence[dict[Monomial, Any]], monomials: list[Monomial]) -> None:
        from flint import fmpz, fmpz_mat, nmod_mat

        self.number = {m: i for i, m in enumerate(monomials)}
        self.scales = [fmpz(1)] * len(terms)
        self.whole = fmpz_mat(len(monomials), len(terms))
        for j, poly in enumerate(terms):
            for c in poly.values():
                self.scales[j] = self.scales[j].lcm(c.q)
            for m, c in poly.items():
                self.whole[self.number[m], j] = c.p * (self.scales[j] // c.q)
        modular = nmod_mat(self.whole.transpose(), PRIME)
        reduced, rank = modular.rref()
        rows = reduced.tolist()[:rank]
        self.kept = [next(j for j, entry in enumerate(row) if int(entry)) for row in rows]
        entries = self.whole.tolist()
        self.independent: Any = fmpz_mat([entries[i] for i in self.kept]) if self.kept else None

    @cached_property
    def square(self) -> tuple[Any, Any]:
        """An integer n, and n^2 A A^T for the independent rows A of the equations."""
        from flint import fmpz, fmpz_mat

        common = fmpz(1)
        for scale in self.scales:
            common = common.lcm(scale)
        weights = [(common // scale) ** 2 for scale in self.scales]
        rows = self.independent.tolist()
        weighted = [[e * w for e, w in zip(row, weights, strict=True)] for row in rows]
        return common, fmpz_mat(weighted) * self.independent.transpose()

    def solution(self, wanted: Mapping[Monomial, Any]) -> list[Any] | None:
        """The least solution; None if there is none."""
        from flint import fmpq_mat

        if not wanted.keys() <= self.number.keys() or self.independent is None:
            return None
        right = fmpq_mat(len(self.number), 1)
        for m, c in wanted.items():
            right[self.number[m], 0] = c
        common, square = self.square
        goal = fmpq_mat([[right[i, 0]] for i in self.kept])
        try:
            weights = fmpq_mat(square).solve(goal)
        except ZeroDivisionError:
            return None
        found = fmpq_mat(self.independent.transpose()) * weights
        scaled = [found[j, 0] * (common // scale) ** 2 for j, scale in enumerate(self.scales)]
        if any(x.p.bit_length() > LONGEST for x in scaled):
            return None
        if fmpq_mat(self.whole) * fmpq_mat([[x] for x in scaled]) != right:
            return None
        return [x * scale for x, scale in zip(scaled, self.scales, strict=True)]


Place = tuple[int, int, int]
"""A block, and a row and a column not beyond it, of its Gram matrix."""


def _places(
    program: Program, wanted: Callable[[Block], bool]
) -> tuple[dict[Monomial, list[Place]], list[Any]]:
    """Entries of these blocks' Gram matrices by the leading monomial of what they stand for.

    And, by block, the leading coefficient. Rows other than monomials are left out.
    """
    found: dict[Monomial, list[Place]] = {}
    leading = [block.poly.leading_coefficient() for block in program.blocks]
    for k, block in enumerate(program.blocks):
        if block.rows is not None or not wanted(block):
            continue
        head = tuple(map(int, block.poly.monoms()[0]))
        for i, a in enumerate(block.basis):
            for j in range(i + 1):
                key = product(head, product(a, block.basis[j]))
                found.setdefault(key, []).append((k, i, j))
    return found, leading


def _shared(
    grams: list[Matrix], places: Sequence[Place], leading: Sequence[Any], value: Any
) -> dict[int, Any]:
    """Add value times the leading monomial, evenly to all places; what each block was given."""
    share = value / sum((1 if i == j else 2) * abs(leading[k]) for k, i, j in places)
    added: dict[int, Any] = {}
    for k, i, j in places:
        signed = share if leading[k] > 0 else -share
        grams[k][i][j] += signed
        if i != j:
            grams[k][j][i] += signed
        added[k] = added.get(k, 0) + (signed if i == j else 2 * signed)
    return added


def _spread(program: Program, grams: list[Matrix], residual: Poly) -> bool:
    """Add the residual to the plain squares' Gram entries, evenly; False where none can take it."""
    wanted = {tuple(map(int, m)): c for m, c in residual.to_dict().items()}
    places, leading = _places(program, lambda block: bool(block.poly.is_one()))
    if not wanted.keys() <= places.keys():
        return False
    for monomial, value in wanted.items():
        _shared(grams, places[monomial], leading, value)
    return True


def _eliminated(program: Program, grams: list[Matrix], residual: Poly) -> bool:
    """The same with the help of inequalities: their multiples take what plain squares cannot.

    From the leading monomial on; what the multiples bring with it are smaller monomials.
    """
    over = program.over
    plain, leading = _places(program, lambda block: bool(block.poly.is_one()))
    others, _ = _places(program, lambda block: not block.slack and not block.poly.is_one())
    while not residual.is_zero():
        value, monomial = residual.leading_coefficient(), tuple(map(int, residual.monoms()[0]))
        places = plain.get(monomial) or others.get(monomial)
        if places is None:
            return False
        for k, added in _shared(grams, places, leading, value).items():
            poly = program.blocks[k].poly
            square = tuple(m - int(h) for m, h in zip(monomial, poly.monoms()[0], strict=True))
            residual -= over.from_terms({square: added}) * poly
    return True


def _residual(program: Program, grams: Sequence[Matrix], factors: Sequence[Poly]) -> Poly:
    rest = program.target
    for block, matrix in zip(program.blocks, grams, strict=True):
        squares = expand(block.basis, on_monomials(matrix, block.rows), program.over)
        rest = rest - squares * block.poly
    for free, factor in zip(program.frees, factors, strict=True):
        rest = rest - factor * free.poly
    return rest


def _divided(program: Program, residual: Poly, factors: list[Poly]) -> Poly:
    """The residual modulo the free terms' polynomials; the quotients go into the factors."""
    before = None
    while before != residual and not residual.is_zero():
        before = residual
        for k, free in enumerate(program.frees):
            quotient, residual = divmod(residual, free.poly)
            factors[k] = factors[k] + quotient
    return residual


def _restored(program: Program, grams: list[Matrix], factors: list[Poly]) -> bool:
    """Make the equations hold by the plain squares, or by them and the free factors.

    False where that fails; the factors may have changed then.
    """
    residual = _residual(program, grams, factors)
    if _spread(program, grams, residual):
        return True
    # Multiples of the equalities stand for monomials that squares of this basis lack.
    residual = _divided(program, residual, factors)
    return _spread(program, grams, residual)


def _is_semidefinite(matrix: Matrix, deadline: float) -> bool:
    """Whether the matrix is surely worth the exact test of the whole identity."""
    values = np.linalg.eigvalsh(floats(matrix))
    least, most = float(values[0]), max(float(values[-1]), 0.0)
    if least > 1e-9 * most:
        return True
    return least > -1e-9 * most - 1e-300 and is_positive_semidefinite(matrix, deadline)


def ideal_member(program: Program, deadline: float) -> Exact | None:
    """The target as a combination of the free terms alone, if it is one."""
    if not program.frees:
        return None
    factors = [program.over.constant(0) for _ in program.frees]
    rest = _divided(program, program.target, factors)
    if rest.is_zero():
        return Exact((), tuple(factors))
    if len(program.frees) == 1:
        return None
    bare = replace(program, blocks=())
    unknowns = _Unknowns(bare)
    try:
        change = unknowns.correction(rest, deadline)
    except LateError:  # squares may be found sooner
        return None
    if change is None:
        return None
    _changed(bare, unknowns, change, [], factors)
    return Exact((), tuple(factors))


def exact_solution(
    program: Program, grams: Sequence[Array], factors: Sequence[Array], deadline: float
) -> Exact | None:
    """An exact solution near the floats, with positive semidefinite Gram matrices, or None.

    Raises LateError if the time does not suffice.
    """
    unknowns: _Unknowns | None = None
    for bits in _precisions(grams):
        if time.monotonic() > deadline:
            raise LateError
        tried = [_rounded(matrix, bits) for matrix in grams]
        polys = [_factor(program, k, f, bits) for k, f in enumerate(factors)]
        if not _restored(program, tried, polys):
            residual = _residual(program, tried, polys)
            copies = [[list(row) for row in matrix] for matrix in tried]
            if _eliminated(program, copies, residual) and _all_semidefinite(copies, deadline):
                return _exact(program, copies, polys)
            unknowns = unknowns or _Unknowns(program)
            change = unknowns.correction(residual, deadline)
            if change is None:
                return None
            _changed(program, unknowns, change, tried, polys)
        if _all_semidefinite(tried, deadline):
            return _exact(program, tried, polys)
    return None


def _all_semidefinite(grams: Sequence[Matrix], deadline: float) -> bool:
    return all(_is_semidefinite(matrix, deadline) for matrix in grams)


def _exact(program: Program, grams: Sequence[Matrix], factors: Sequence[Poly]) -> Exact:
    full = (on_monomials(m, b.rows) for m, b in zip(grams, program.blocks, strict=True))
    return Exact(tuple(full), tuple(factors))


def _precisions(grams: Sequence[Array]) -> Iterator[int]:
    """Growing precisions, from where rounding leaves the matrices positive definite, as a rule."""
    least = min((float(np.linalg.eigvalsh(m)[0]) for m in grams if len(m)), default=1.0)
    needed = 3 - np.log2(least) if least > 0 else PRECISIONS[0]
    yield from (bits for bits in PRECISIONS if bits >= min(needed, PRECISIONS[-1]))


def _factor(program: Program, k: int, values: Array, bits: int) -> Poly:
    from flint import fmpq

    scale = 2**bits
    whole = np.rint(np.ldexp(values, bits)).tolist()
    basis = program.frees[k].basis
    return program.over.from_terms(
        {m: fmpq(int(v), scale) for m, v in zip(basis, whole, strict=True) if v}
    )


def _changed(
    program: Program,
    unknowns: _Unknowns,
    change: Sequence[Any],
    grams: list[Matrix],
    factors: list[Poly],
) -> None:
    for (k, i, j), value in zip(unknowns.places, change, strict=True):
        if value == 0:
            continue
        if k >= 0:
            grams[k][i][j] += value
            if i != j:
                grams[k][j][i] += value
        else:
            monomial = program.frees[-1 - k].basis[i]
            factors[-1 - k] += program.over.from_terms({monomial: value})
