"""How does |x|^2 * g = sum of squares refute g < 0, although |x|^2 vanishes at the origin?

Soundness does not depend on this file: ``identity`` checks what it makes.

Forms such as Choi and Lam's are no sums of squares, and become ones after multiplication with
|x|^2 (Reznick, "Uniform denominators in Hilbert's seventeenth problem", 1995). With G = -g, the
constant e = g(0) >= 0 and any a with x . a = G + e, Lagrange's identity reads
|x|^2 |a|^2 = (G + e)^2 + L, where L = sum_{i<j} (x_i a_j - x_j a_i)^2. Multiplying
|x|^2 G + s = 0 by |a|^2 gives G^3 + 2 e G^2 + e^2 G + L G + |a|^2 s = 0, impossible for G > 0.
Where the identity is for g - e instead, it holds with G + e in the place of G and 0 in that of e.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bcv.algebra.gram import Matrix, congruent
from bcv.algebra.identity import CLAIM
from bcv.algebra.polynomial import Poly, Ring
from bcv.algebra.program import Block, Program
from bcv.algebra.rounding import Exact
from bcv.evidence import Monomial

STRICT = (CLAIM, CLAIM, CLAIM)
"""The product that the identity makes impossible."""


def targets(claim: Poly, over: Ring) -> list[Poly]:
    """|x|^2 * g, and |x|^2 * (g - g(0)) if g(0) > 0."""
    squares = [over.generator(i) ** 2 for i in range(over.size)]
    square = sum(squares[1:], squares[0])
    constant = claim(*([0] * over.size))
    shifted = [square * (claim - constant)] if constant > 0 else []
    return [square * claim, *shifted]


def _terms(poly: Poly) -> dict[Monomial, Any]:
    return {tuple(map(int, m)): c for m, c in poly.to_dict().items()}


def _quotients(poly: Poly, over: Ring) -> list[Poly]:
    """The a with x . a = poly, for a polynomial without constant: Euler's, degree by degree."""
    found: list[dict[Monomial, Any]] = [{} for _ in range(over.size)]
    for monomial, coefficient in _terms(poly).items():
        total = sum(monomial)
        for axis, exponent in enumerate(monomial):
            if exponent:
                lower = tuple(e - (i == axis) for i, e in enumerate(monomial))
                found[axis][lower] = coefficient * exponent / total
    return [over.from_terms(terms) for terms in found]


def _unit(size: int) -> Matrix:
    from flint import fmpq

    return [[fmpq(int(i == j)) for j in range(size)] for i in range(size)]


def completed(program: Program, exact: Exact, claim: Poly) -> tuple[Program, Exact] | None:
    """The identity for G^3 from one for |x|^2 * g with plain squares; None if g(0) < 0."""
    over = program.over
    origin = (0,) * over.size
    at_zero = claim(*([0] * over.size))
    if at_zero < 0:
        return None
    parts = _quotients(over.constant(0) + at_zero - claim, over)
    x = [over.generator(i) for i in range(over.size)]
    turns = [x[i] * parts[j] - x[j] * parts[i] for i in range(over.size) for j in range(i)]
    turns = [turn for turn in turns if not turn.is_zero()]
    made: list[tuple[tuple[int, ...], tuple[Monomial, ...], Matrix]] = []
    shifted = at_zero > 0 and program.target == targets(claim, over)[-1]
    powers = [at_zero**3, 3 * at_zero**2, 3 * at_zero] if shifted else [0, at_zero**2, 2 * at_zero]
    for times, value in enumerate(powers):
        if value > 0:
            made.append(((CLAIM,) * times, (origin,), [[value]]))
    if turns:
        basis, matrix = congruent(turns, _unit(len(turns)))
        made.append(((CLAIM,), basis, matrix))
        if shifted:
            made.append(((), basis, [[at_zero * entry for entry in row] for row in matrix]))
    for block, matrix in zip(program.blocks, exact.grams, strict=True):
        for part in parts:
            if not part.is_zero():
                rows = [over.from_terms({m: 1}) * part for m in block.basis]
                made.append((block.cone, *congruent(rows, matrix)))
    one = over.constant(1)
    blocks = tuple(Block(cone, one, basis) for cone, basis, _ in made)
    return replace(program, blocks=blocks), Exact(tuple(m for _, _, m in made), ())
