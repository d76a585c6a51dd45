"""How is a polynomial claim proved? Attempts of growing cost, each ending in an exact identity.

Soundness does not depend on this file: ``identity.is_refutation`` has the last word.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from bcv.algebra import coordinates, faces, gram, inspection, polynomial, radial, support
from bcv.algebra.identity import CLAIM, is_refutation
from bcv.algebra.polynomial import Poly
from bcv.algebra.program import Block, Free, Program, solve
from bcv.algebra.program import support as spanned
from bcv.algebra.rounding import Exact, exact_solution, ideal_member
from bcv.algebra.semidefinite import Status
from bcv.algebra.systems import System
from bcv.evidence import Gram, Monomial, PolynomialCase
from bcv.region import Relation

FLOPS = 1.5e10
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


class Aim(enum.Enum):
    """What an identity is to show: the claim, the claim times |x|^2, or an empty region."""

    CLAIM = "claim"
    RADIAL = "radial"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Attempt:
    """Which squares are tried: half the degree of the identity, and which products.

    Attributes:
        half: half of the degree of the identity.
        width: the largest number of inequalities in one product.
        multiplier: half the degree of a sum of squares that multiplies the claim; -1 for none.
        aim: what is to be shown.
        standard: leave out monomials that the equalities make superfluous. It is smaller and
            finds tight identities; with all of them the numbers are better.
    """

    half: int
    width: int = 1
    multiplier: int = -1
    aim: Aim = Aim.CLAIM
    standard: bool = True


def attempts(system: System) -> Iterator[Attempt]:
    """Cheap ones first; endless."""
    degrees = [int(system.claim.total_degree())]
    degrees += [int(c.poly.total_degree()) for c in system.constraints]
    first = max(1, (int(system.claim.total_degree()) + 1) // 2)
    top = max(first, (max(degrees) + 1) // 2)
    inequalities = sum(c.relation is not Relation.EQ for c in system.constraints)
    surface = any(c.relation is Relation.EQ for c in system.constraints)
    yield Attempt(first)
    if not system.constraints and not system.strict:
        yield Attempt(first + 1, aim=Aim.RADIAL)
    if surface:
        yield Attempt(first, standard=False)
    if top > first:
        yield Attempt(top)
    half = top
    while True:
        if system.constraints and half < top + 3:
            yield Attempt(half, aim=Aim.EMPTY)
        if inequalities > 1:
            yield Attempt(half, 2)
        yield Attempt(half + 1)
        if surface:
            yield Attempt(half + 1, standard=False)
        yield Attempt(half + 1, min(2, 1 + inequalities), half + 1 - first)
        half += 1


Product = tuple[tuple[int, ...], Poly]
"""Atoms' numbers and the product of their polynomials."""


def _surfaces(system: System) -> list[Product]:
    """Polynomials that are 0 on the region: equality atoms, and pairs h >= 0, -h >= 0."""
    found: list[Product] = []
    for item in system.constraints:
        if item.relation is Relation.EQ and not item.poly.is_zero():
            found.append(((item.index,), item.poly))
    closed = [c for c in system.constraints if c.relation is not Relation.EQ]
    for i, left in enumerate(closed):
        for right in closed[:i]:
            if (left.poly + right.poly).is_zero() and not left.poly.is_constant():
                found.append(((left.index, right.index), left.poly))
    return found


def _products(system: System, width: int, taken: set[int]) -> Iterator[Product]:
    """The products of inequalities that are tried, the empty one first."""
    one = system.over.constant(1)
    yield (), one
    edges = coordinates.bounds(system.constraints)
    paired: set[int] = set()
    singles: list[Product] = []
    polys = {
        c.index: c.poly
        for c in system.constraints
        if c.relation is not Relation.EQ and c.index not in taken
    }
    for (axis, lower), (_, index) in edges.items():
        other = edges.get((axis, False))
        if lower and other is not None and {index, other[1]} <= polys.keys():
            paired |= {index, other[1]}
            singles.append(((index, other[1]), polys[index] * polys[other[1]]))
    singles += [((index,), poly) for index, poly in polys.items() if index not in paired]
    yield from singles
    if width > 1:
        for i, (left, a) in enumerate(singles):
            for right, b in singles[:i]:
                yield left + right, a * b
        yield from (((index,), polys[index]) for index in paired)


def _slacks(system: System) -> list[Product]:
    """Positive polynomials of which a strict claim may be given away."""
    positive = [c for c in system.constraints if c.relation is Relation.GT]
    found: list[Product] = [((), system.over.constant(1))]
    found += [((c.index,), c.poly) for c in positive]
    found += [((c.index, c.index), c.poly**2) for c in positive]
    return found


@dataclass(frozen=True, slots=True)
class Goal:
    """What the identity's target stands for.

    Attributes:
        target: the polynomial to be written as squares and multiples of constraints.
        strict: the product whose impossibility finishes the proof; None if a slack gives it.
        scale: the target is -scale * that product (with the claim's polynomial negated).
    """

    target: Poly
    strict: tuple[int, ...] | None


def goals(system: System, aim: Aim) -> Iterator[Goal]:
    """The targets to be tried for an aim."""
    if aim is Aim.CLAIM:
        yield Goal(system.claim, None if system.strict else (CLAIM,))
        return
    if aim is Aim.RADIAL:
        for target in radial.targets(system.claim, system.over):
            yield Goal(target, radial.STRICT)
        return
    yield Goal(system.over.constant(-1), ())
    for item in system.constraints:
        if item.relation is Relation.GT:
            yield Goal(-item.poly, (item.index,))


def build(system: System, attempt: Attempt, goal: Goal) -> Program:
    """The program of an attempt."""
    over, size, most = system.over, system.over.size, 2 * attempt.half
    surfaces = _surfaces(system)
    heads = [tuple(map(int, poly.monoms()[0])) for _, poly in surfaces if attempt.standard]

    def basis(half: int) -> tuple[Monomial, ...]:
        return tuple(support.standard(support.monomials(size, half), heads))

    frees = []
    for atoms, poly in surfaces:
        left = most - int(poly.total_degree())
        if left >= 0:
            frees.append(Free(atoms, poly, tuple(support.monomials(size, left))))
    slacks = []
    if goal.strict is None:
        slacks = [
            Block(cone, poly, ((0,) * size,), slack=True)
            for cone, poly in _slacks(system)
            if int(poly.total_degree()) <= most
        ]
    blocks = []
    taken = {index for atoms, _ in surfaces for index in atoms}
    products = list(_products(system, attempt.width, taken))
    if attempt.multiplier >= 0:
        narrow = products if attempt.width == 1 else list(_products(system, 1, taken))
        factors = narrow if attempt.width > 1 else narrow[:1]
        products = narrow + [((CLAIM, *cone), -system.claim * poly) for cone, poly in factors]
    for cone, poly in products:
        half = (most - int(poly.total_degree())) // 2
        if half >= 0 and not poly.is_zero():
            blocks.append(Block(cone, poly, basis(half)))
    program = Program(over, goal.target, tuple(slacks + blocks), tuple(frees))
    return _reduced(program)


def _reduced(program: Program) -> Program:
    """With the plain squares' basis cut to what can occur, and all bases split by symmetry."""
    occurring: set[Monomial] = {tuple(map(int, m)) for m in program.target.monoms()}
    plain = next(k for k, b in enumerate(program.blocks) if not b.slack)
    others = [b for k, b in enumerate(program.blocks) if k != plain]
    rest = replace(program, blocks=tuple(others))
    if others or program.frees:
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
    found = inspection.refute(system)
    if found is not None:
        return found if is_refutation(found, system) else None
    view = scaled(system)
    points = [view.change.point_into(zero) for zero in zeros]
    skipped = 0
    for attempt in attempts(view.system):
        if deadline - time.monotonic() <= 0 or skipped > 3 or attempt.half > 20:
            return None
        cheap = False
        for goal in goals(view.system, attempt.aim):
            case, tried = _attempted(view, attempt, goal, points, deadline)
            cheap = cheap or tried
            if case is not None and is_refutation(case, system, deadline + 0.1):
                return case
        skipped += not cheap
    return None


def _attempted(
    view: Scaled,
    attempt: Attempt,
    goal: Goal,
    points: Sequence[tuple[Fraction, ...]],
    deadline: float,
) -> tuple[PolynomialCase | None, bool]:
    """The attempt's case, if it gives one; and whether it was cheap enough to be made at all."""
    left = deadline - time.monotonic()
    if _dense_seconds(view.system, attempt) > 50 * left:
        return None, False
    program = build(view.system, attempt, goal)
    if attempt.aim is not Aim.EMPTY:
        program = faces.cut_at_zeros(program, points)
    share = 0.05 if attempt.aim is Aim.EMPTY else 1.0
    if predicted_seconds(program, len(spanned(program))) > share * left:
        return None, False
    found = _solved(program, goal, deadline)
    if found is not None and attempt.aim is Aim.RADIAL:
        found = radial.completed(*found, view.system.claim)
    return (None if found is None else _case(view, goal, *found)), True


def _dense_seconds(system: System, attempt: Attempt) -> float:
    equations = support.count(system.over.size, 2 * attempt.half)
    return 15 * 4.0 * equations**3 / FLOPS


def _solved(program: Program, goal: Goal, deadline: float) -> tuple[Program, Exact] | None:
    """Solve and round; where nothing is strictly feasible, cut to the face and try again."""
    member = ideal_member(program)
    if member is not None:
        return replace(program, blocks=()), member
    for _ in range(5):
        estimate = solve(program, deadline)
        status = estimate.interior.status
        if status is Status.INTERIOR:
            exact = exact_solution(program, estimate.interior.grams, estimate.factors, deadline)
            if exact is not None:
                return program, exact
        tight = status is Status.BOUNDARY or abs(estimate.interior.margin) < 1e-4
        if not tight or status not in (Status.BOUNDARY, Status.INTERIOR):
            return None
        smaller = faces.cut_by_moments(program, estimate.interior.moments)
        if smaller is None:
            return None
        if goal.strict is None and not any(block.slack for block in smaller.blocks):
            return None
        program = smaller
    return None


def _case(view: Scaled, goal: Goal, program: Program, exact: Exact) -> PolynomialCase | None:
    """The identity in the original variables, with the original polynomials."""
    cone: list[tuple[tuple[int, ...], Gram]] = []
    strict, scale = goal.strict, _size(view, goal.strict or ())
    if strict is None:
        one = [(0,) * view.system.over.size]
        cone.append(((CLAIM,), gram.to_evidence(one, [[view.factors[CLAIM]]])))
    for block, matrix in zip(program.blocks, exact.grams, strict=True):
        size = _size(view, block.cone)
        sized = [[entry * size for entry in row] for row in matrix]
        if block.slack and strict is None and sized[0][0] > 0:
            strict, scale = block.cone, sized[0][0]
            continue
        basis, written = view.change.gram_back(block.basis, sized)
        cone.append((block.cone, gram.to_evidence(basis, written)))
    if strict is None:
        return None
    free = []
    for item, factor in zip(program.frees, exact.factors, strict=True):
        poly = view.change.back(factor)
        if len(item.atoms) == 1:
            sized_poly = poly * view.factors[item.atoms[0]]
            free.append((item.atoms[0], polynomial.to_terms(sized_poly)))
        elif not poly.is_zero():
            cone += _split_factor(view, item.atoms, poly)
    return PolynomialCase(
        tuple((indices, found) for indices, found in cone if found.basis),
        tuple(free),
        polynomial.to_fraction(scale),
        strict,
    )


def _size(view: Scaled, indices: Sequence[int]) -> Any:
    """The factor between the product of the scaled polynomials and that of the original ones."""
    size = polynomial.to_flint(Fraction(1))
    for index in indices:
        size = size * view.factors[index]
    return size


def _split_factor(
    view: Scaled, atoms: tuple[int, ...], factor: Poly
) -> list[tuple[tuple[int, ...], Gram]]:
    """factor * h as ((factor + 1) / 2)^2 * h + ((factor - 1) / 2)^2 * (-h)."""
    from flint import fmpq

    found: list[tuple[tuple[int, ...], Gram]] = []
    for atom, shift in zip(atoms, (1, -1), strict=True):
        half = (factor + view.system.over.constant(shift)) / 2
        terms = {tuple(map(int, m)): c for m, c in half.to_dict().items()}
        basis, values = tuple(terms), list(terms.values())
        size = fmpq(1) * view.factors[atom]
        matrix = [[a * b * size for b in values] for a in values]
        found.append(((atom,), gram.to_evidence(basis, matrix)))
    return found
