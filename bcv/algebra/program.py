"""Which sums of squares and free factors make a polynomial identity? The search in floats.

Soundness does not depend on this file: ``rounding`` makes its answers exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bcv.algebra.gram import Matrix
from bcv.algebra.polynomial import Poly, Ring
from bcv.algebra.semidefinite import Array, Interior, SampledBlock, SampledProgram, maximise_margin
from bcv.evidence import Monomial


@dataclass(frozen=True, slots=True)
class Block:
    """A sum of squares times ``poly``, which is the product of the atoms in ``cone``.

    The squares are of combinations of ``rows``, polynomials given by their rational coefficients
    on ``basis``; None stands for the monomials themselves. ``slack`` marks a positive polynomial
    of which a strict claim may be given away: one such block must stay positive.
    """

    cone: tuple[int, ...]
    poly: Poly
    basis: tuple[Monomial, ...]
    rows: Matrix | None = None
    slack: bool = False

    @property
    def size(self) -> int:
        return len(self.basis) if self.rows is None else len(self.rows)


@dataclass(frozen=True, slots=True)
class Free:
    """Any polynomial on ``basis`` times ``poly``, which is 0 on the region.

    ``atoms`` is one equality atom, or the two inequalities poly >= 0 and -poly >= 0.
    """

    atoms: tuple[int, ...]
    poly: Poly
    basis: tuple[Monomial, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """``target`` = sum of blocks + sum of free terms, identically."""

    over: Ring
    target: Poly
    blocks: tuple[Block, ...]
    frees: tuple[Free, ...]


class Keys:
    """Monomials as integers whose sum is the product's integer."""

    def __init__(self, size: int, most: int) -> None:
        self.base = most + 1
        self.powers = [self.base**i for i in range(size)]
        self.wide = self.base**size >= 2**62

    def of(self, basis: Iterable[Monomial]) -> np.ndarray:
        values = [sum(e * p for e, p in zip(m, self.powers, strict=True)) for m in basis]
        return np.array(values, dtype=object if self.wide else np.int64)

    def monomial(self, key: int) -> Monomial:
        found = []
        for _ in self.powers:
            key, exponent = divmod(int(key), self.base)
            found.append(exponent)
        return tuple(found)


def support(program: Program) -> tuple[Monomial, ...]:
    """Every monomial that can occur in the identity."""
    size = program.over.size
    degrees = [program.target.total_degree()]
    for block in program.blocks:
        degrees.append(2 * max(map(sum, block.basis)) + int(block.poly.total_degree()))
    for free in program.frees:
        degrees.append(max(map(sum, free.basis)) + int(free.poly.total_degree()))
    keys = Keys(size, max(int(d) for d in degrees))
    parts = [keys.of(program.target.monoms())]
    for block in program.blocks:
        half = keys.of(block.basis)
        squares = np.unique(half[:, None] + half[None, :])
        parts.append(np.unique(squares[:, None] + keys.of(block.poly.monoms())[None, :]))
    for free in program.frees:
        made = keys.of(free.basis)[:, None] + keys.of(free.poly.monoms())[None, :]
        parts.append(np.unique(made))
    return tuple(keys.monomial(key) for key in np.unique(np.concatenate(parts)))


class Samples:
    """Sample points in [-1, 1]^n and the values of monomials and polynomials at them."""

    def __init__(self, points: int, size: int, most: int) -> None:
        draw = np.random.default_rng(20).random((points, size))
        self.coordinates = np.cos(np.pi * draw)
        self.powers = np.ones((most + 1, points, size))
        for exponent in range(1, most + 1):
            self.powers[exponent] = self.powers[exponent - 1] * self.coordinates

    def monomials(self, basis: Sequence[Monomial]) -> Array:
        """(points x basis)."""
        exponents = np.array(basis, dtype=np.intp).reshape(len(basis), self.coordinates.shape[1])
        values = np.ones((self.coordinates.shape[0], len(basis)))
        for axis in range(self.coordinates.shape[1]):
            values *= self.powers[exponents[:, axis], :, axis].T
        return values

    def poly(self, poly: Poly) -> Array:
        """(points,)."""
        terms = poly.to_dict()
        coefficients = np.array([float(c.p) / float(c.q) for c in terms.values()])
        result: Array = self.monomials([tuple(map(int, m)) for m in terms]) @ coefficients
        return result


def floats(rows: Matrix) -> Array:
    """A rational matrix in floats."""
    return np.array([[float(int(e.p) / int(e.q)) for e in row] for row in rows])


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the solver found, and the coefficients of each free term that go with it."""

    interior: Interior
    factors: tuple[Array, ...]


def solve(program: Program, deadline: float) -> Estimate:
    """Gram matrices as far from singular as possible, in floats, in the blocks' own bases."""
    spanned = support(program)
    most = max((exponent for m in spanned for exponent in m), default=0)
    extra = 1.7 if len(spanned) < 300 else 1.15
    samples = Samples(int(extra * len(spanned)) + 2, program.over.size, most)
    blocks = []
    for block in program.blocks:
        values = samples.monomials(block.basis)
        if block.rows is not None:
            values = values @ floats(block.rows).T
        blocks.append(SampledBlock(values, samples.poly(block.poly)))
    columns = [samples.monomials(f.basis) * samples.poly(f.poly)[:, None] for f in program.frees]
    empty = np.zeros((samples.coordinates.shape[0], 0))
    sampled = SampledProgram(
        tuple(blocks),
        np.hstack([empty, *columns]),
        samples.poly(program.target),
        samples.monomials(spanned),
    )
    interior = maximise_margin(sampled, deadline)
    return Estimate(interior, _factors(sampled, columns, interior))


def _factors(sampled: SampledProgram, columns: list[Array], found: Interior) -> tuple[Array, ...]:
    if not columns:
        return ()
    rest = sampled.target.copy()
    for block, gram in zip(sampled.blocks, found.grams, strict=True):
        rest -= block.weights * np.einsum("ij,ij->i", block.values @ gram, block.values)
    joint = np.linalg.lstsq(sampled.free, rest, rcond=None)[0]
    return tuple(np.split(joint, np.cumsum([c.shape[1] for c in columns])[:-1]))
