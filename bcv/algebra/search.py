"""How is a polynomial claim proved? Attempts of growing cost, each ending in an exact identity.

Soundness does not depend on this file: ``identity.is_refutation`` has the last word.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from bcv.algebra import coordinates, faces, gram, polynomial, support
from bcv.algebra.identity import CLAIM, is_refutation
from bcv.algebra.polynomial import Poly
from bcv.algebra.program import Block, Free, Program, solve
from bcv.algebra.rounding import Exact, exact_solution
from bcv.algebra.semidefinite import Status
from bcv.algebra.systems import System
from bcv.evidence import Monomial, PolynomialCase
from bcv.region import Relation

FLOPS = 4e9
"""Floating-point operations per second assumed by the cost model."""


@dataclass(frozen=True, slots=True)
class Scaled:
    """A system in moderate coordinates.

    Attributes:
        system: with the polynomials in u, each times ``factors[index]``.
        change: from x to u.
        factors: positive rationals by atom index; CLAIM for the claim.
    """

    system: System
    change: coordinates.Change
    factors: dict[int, Any]


def scaled(system: System) -> Scaled:
    """The system in moderate coordinates."""
    change = coordinates.moderate(system)
    claim, factor = coordinates.normal(change.into(system.claim))
    factors, constraints = {CLAIM: factor}, []
    for item in system.constraints:
        poly, factors[item.index] = coordinates.normal(change.into(item.poly))
        constraints.append(replace(item, poly=poly))
    inner = System(system.over, claim, system.strict, tuple(constraints))
    return Scaled(inner, change, factors)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Which squares are tried: half the degree of the identity, and which products.

    Attributes:
        half: half of the degree of the identity.
        width: the largest number of inequalities in one product.
        multiplier: half the degree of a sum of squares that multiplies the claim; -1 for none.
    """

    half: int
    width: int
    multiplier: int


def attempts(system: System) -> Iterator[Attempt]:
    """Cheap ones first; endless."""
    degrees = [int(system.claim.total_degree())]
    degrees += [int(c.poly.total_degree()) for c in system.constraints]
    first = max(1, (int(system.claim.total_degree()) + 1) // 2)
    top = max(first, (max(degrees) + 1) // 2)
    inequalities = sum(c.relation is not Relation.EQ for c in system.constraints)
    yield Attempt(first, 1, -1)
    if top > first:
        yield Attempt(top, 1, -1)
    half = top
    while True:
        if inequalities > 1:
            yield Attempt(half, 2, -1)
        yield Attempt(half + 1, 1, -1)
        yield Attempt(half + 1, 1, half + 1 - first)
        half += 1


def _products(system: System, width: int) -> Iterator[tuple[tuple[int, ...], Poly]]:
    """The products of inequalities that are tried, the empty one first."""
    one = system.over.constant(1)
    yield (), one
    edges = coordinates.bounds(system.constraints)
    paired: dict[int, Poly] = {}
    singles: list[tuple[tuple[int, ...], Poly]] = []
    polys = {c.index: c.poly for c in system.constraints if c.relation is not Relation.EQ}
    for (axis, lower), (_, index) in edges.items():
        other = edges.get((axis, False))
        if lower and other is not None:
            paired[index] = paired[other[1]] = one
            singles.append(((index, other[1]), polys[index] * polys[other[1]]))
    singles += [((index,), poly) for index, poly in polys.items() if index not in paired]
    yield from singles
    if width > 1:
        for i, (left, a) in enumerate(singles):
            for right, b in singles[:i]:
                yield left + right, a * b
        yield from (((index,), polys[index]) for index in paired)


def _slacks(system: System) -> list[tuple[tuple[int, ...], Poly]]:
    """Positive polynomials of which a strict claim may be given away."""
    found: list[tuple[tuple[int, ...], Poly]] = [((), system.over.constant(1))]
    found += [((c.index,), c.poly) for c in system.constraints if c.relation is Relation.GT]
    return found


def build(system: System, attempt: Attempt) -> tuple[Program, int]:
    """The program of an attempt; and how many of its first blocks are slacks."""
    over, size, most = system.over, system.over.size, 2 * attempt.half
    frees = []
    for item in system.constraints:
        left = most - int(item.poly.total_degree())
        if item.relation is Relation.EQ and left >= 0 and not item.poly.is_zero():
            frees.append(Free(item.index, item.poly, tuple(support.monomials(size, left))))
    one = ((0,) * size,)
    slacks = []
    if system.strict:
        slacks = [
            Block(cone, poly, one)
            for cone, poly in _slacks(system)
            if int(poly.total_degree()) <= most
        ]
    blocks = []
    for cone, poly in _products(system, attempt.width):
        half = (most - int(poly.total_degree())) // 2
        if half >= 0 and not poly.is_zero():
            blocks.append(Block(cone, poly, tuple(support.monomials(size, half))))
    if attempt.multiplier >= 0:
        basis = tuple(support.monomials(size, attempt.multiplier))
        blocks.append(Block((CLAIM,), -system.claim, basis))
    program = Program(over, system.claim, tuple(slacks + blocks), tuple(frees))
    return _reduced(program, len(slacks)), len(slacks)


def _reduced(program: Program, slacks: int) -> Program:
    """With the plain squares' basis cut to what can occur, and all bases split by symmetry."""
    occurring: set[Monomial] = {tuple(map(int, m)) for m in program.target.monoms()}
    plain = slacks
    others = [b for k, b in enumerate(program.blocks) if k != plain]
    rest = replace(program, blocks=tuple(others))
    if others or program.frees:
        from bcv.algebra.program import support as spanned

        occurring |= set(spanned(rest))
    kept = support.pruned(program.blocks[plain].basis, occurring)
    blocks = list(program.blocks)
    blocks[plain] = replace(blocks[plain], basis=tuple(kept))
    return _split(replace(program, blocks=tuple(b for b in blocks if b.basis)))


def _split(program: Program) -> Program:
    size = program.over.size
    seen: list[Monomial] = [tuple(map(int, m)) for m in program.target.monoms()]
    for block in program.blocks:
        seen += [tuple(map(int, m)) for m in block.poly.monoms()]
    heads = []
    for free in program.frees:
        monomials = [tuple(map(int, m)) for m in free.poly.monoms()]
        heads.append(monomials[0])
        seen += [support.product(monomials[0], m) for m in monomials]
    symmetries = support.sign_symmetries(seen, size)
    if not symmetries:
        return program
    blocks = [
        replace(block, basis=tuple(part))
        for block in program.blocks
        for part in support.split(block.basis, symmetries)
    ]
    frees = []
    for free, head in zip(program.frees, heads, strict=True):
        wanted = support.signature(head, symmetries)
        basis = tuple(m for m in free.basis if support.signature(m, symmetries) == wanted)
        if basis:
            frees.append(replace(free, basis=basis))
    return replace(program, blocks=tuple(blocks), frees=tuple(frees))


def predicted_seconds(program: Program, equations: int) -> float:
    """A rough cost of solving the program."""
    points = 1.7 * equations if equations < 300 else 1.35 * equations
    squares = sum(block.size for block in program.blocks)
    work = 4 * points**2 * squares + 2 * points**2 * equations + equations**3
    return 0.004 + 0.0004 * len(program.blocks) + 15 * work / FLOPS


def refute(
    system: System, zeros: Sequence[tuple[Fraction, ...]], deadline: float
) -> PolynomialCase | None:
    """An exact refutation of the negated claim on this system, or None.

    ``zeros`` are exact points of the region where the claim's polynomial is 0.
    """
    if system.claim.is_zero():
        return None if system.strict else PolynomialCase((), (), Fraction(1), (CLAIM,))
    view = scaled(system)
    skipped = 0
    for attempt in attempts(view.system):
        left = deadline - time.monotonic()
        if left <= 0 or skipped > 3 or attempt.half > 20:
            return None
        if _dense_seconds(view.system, attempt) > 50 * left:
            skipped += 1
            continue
        program, slacks = build(view.system, attempt)
        program = faces.cut_at_zeros(program, _moved(zeros, view.change), slacks)
        from bcv.algebra.program import support as spanned

        if predicted_seconds(program, len(spanned(program))) > left:
            skipped += 1
            continue
        found = _solved(program, slacks, deadline)
        if found is None:
            continue
        case = _case(view, *found, slacks)
        if case is not None and is_refutation(case, system):
            return case
    return None


def _dense_seconds(system: System, attempt: Attempt) -> float:
    equations = support.count(system.over.size, 2 * attempt.half)
    return 15 * 4.0 * equations**3 / FLOPS


def _moved(
    zeros: Sequence[tuple[Fraction, ...]], change: coordinates.Change
) -> list[tuple[Fraction, ...]]:
    return [
        tuple((x - c) / r for x, c, r in zip(z, change.center, change.radius, strict=True))
        for z in zeros
    ]


def _solved(program: Program, slacks: int, deadline: float) -> tuple[Program, Exact] | None:
    """Solve and round; where nothing is strictly feasible, cut to the face and try again."""
    for _ in range(5):
        estimate = solve(program, deadline)
        status = estimate.interior.status
        if status is Status.INTERIOR:
            exact = exact_solution(program, estimate.interior.grams, estimate.factors, deadline)
            if exact is not None:
                return program, exact
        if status not in (Status.BOUNDARY, Status.INTERIOR):
            return None
        smaller = faces.cut_by_moments(program, estimate.interior.moments)
        if smaller is None or len(smaller.blocks) < slacks:
            return None
        program = smaller
    return None


def _case(view: Scaled, program: Program, exact: Exact, slacks: int) -> PolynomialCase | None:
    """The identity in the original variables, with the original polynomials."""
    over = view.system.over
    claim = view.factors[CLAIM]
    cone: list[tuple[tuple[int, ...], Any]] = []
    scale: Any = claim
    strict: tuple[int, ...] = (CLAIM,)
    if view.system.strict:
        one = [(0,) * over.size]
        cone.append(((CLAIM,), gram.to_evidence(one, [[claim]])))
        scale = 0
    for k, (block, matrix) in enumerate(zip(program.blocks, exact.grams, strict=True)):
        size = 1
        for index in block.cone:
            size = size * view.factors[index]
        sized = [[entry * size for entry in row] for row in matrix]
        if k < slacks and scale == 0 and sized[0][0] > 0:
            scale, strict = sized[0][0], block.cone
            continue
        basis, written = view.change.gram_back(block.basis, sized)
        cone.append((block.cone, gram.to_evidence(basis, written)))
    if scale == 0:
        return None
    free = []
    for item, factor in zip(program.frees, exact.factors, strict=True):
        poly = view.change.back(factor) * view.factors[item.atom]
        free.append((item.atom, polynomial.to_terms(poly)))
    return PolynomialCase(
        tuple((indices, found) for indices, found in cone if found.basis),
        tuple(free),
        polynomial.to_fraction(scale),
        strict,
    )
