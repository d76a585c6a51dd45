"""Which identities are tried for a polynomial claim, in which order, with which monomials?

Soundness does not depend on this file: ``identity.is_refutation`` has the last word.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bcv.algebra import coordinates, radial, support
from bcv.algebra.identity import CLAIM
from bcv.algebra.polynomial import Poly
from bcv.algebra.program import Block, Free, Program
from bcv.algebra.program import support as spanned
from bcv.algebra.systems import System
from bcv.evidence import Monomial
from bcv.region import Relation


class Aim(enum.Enum):
    """What an identity is to show: the claim, the claim times |x|^2, or an empty region."""

    CLAIM = "claim"
    RADIAL = "radial"
    EMPTY = "empty"


class Terms(enum.Enum):
    """Which monomials squares are made of.

    ALL: those of up to half the identity's degree.
    CORRELATED: of these, the ones whose variables occur together in a term of the claim.
    POWERS: powers of single variables, for claims whose terms have at most two variables each.
        There x^3*y is a product of x^3 and y, so powers beyond half the claim's degree occur;
        squares times the bounds of x make up for x^6. A claim in 20 variables stays small.

    EULER: for contradictions between a polynomial and its own slopes, multiples of these by 1 and
        by their own variable: those of Euler's identity, which settles quadratic and (weighted)
        homogeneous polynomials.
    """

    ALL = "all"
    CORRELATED = "correlated"
    POWERS = "powers"
    EULER = "euler"


@dataclass(frozen=True, slots=True)
class Attempt:
    """Which squares are tried: half the degree of the identity, and which products.

    Attributes:
        half: half of the degree of the identity.
        width: the largest number of inequalities in one product; 0 leaves them all out.
        multiplier: half the degree of a sum of squares that multiplies the claim; -1 for none.
        aim: what is to be shown.
        standard: leave out monomials that the equalities make superfluous. It is smaller and
            finds tight identities; with all of them the numbers are better.
        terms: which monomials the squares are made of.
        odd: the identity has the degree 2 * half - 1, so that both bounds of a variable have
            squares of their own beside those of their product.
    """

    half: int
    width: int = 1
    multiplier: int = -1
    aim: Aim = Aim.CLAIM
    standard: bool = True
    terms: Terms = Terms.ALL
    odd: bool = False

    @property
    def most(self) -> int:
        """The degree of the identity."""
        return 2 * self.half - self.odd


LARGE = 25
"""Monomials from which on a claim is first tried with fewer of them, and without the region."""
MOST_HALF = 20
"""Half the degree of the identities that are tried, at most."""
MOST = 5000
"""Monomials beyond which no attempt is of use."""
MANY = 300
"""Monomials of an identity from which on one of a smaller degree is tried first."""


def attempts(system: System) -> Iterator[Attempt]:
    """Cheap ones first."""
    degrees = [int(system.claim.total_degree())]
    degrees += [int(c.poly.total_degree()) for c in system.constraints]
    first = max(1, (int(system.claim.total_degree()) + 1) // 2)
    top = max(first, (max(degrees) + 1) // 2)
    inequalities = sum(c.relation is not Relation.EQ for c in system.constraints)
    surface = any(c.relation is Relation.EQ for c in system.constraints)
    if system.strict and system.claim.is_zero():  # there is nothing to show but contradictions
        if surface:
            yield Attempt(top, aim=Aim.EMPTY, terms=Terms.EULER)
        for half in range(top, MOST_HALF):
            yield Attempt(half, aim=Aim.EMPTY)
        return
    if first > 1 and _is_pairwise(system, first):
        yield Attempt(first, terms=Terms.POWERS)
    if not system.strict and _sparse(system, first):
        yield Attempt(first, width=0, terms=Terms.CORRELATED)
    if _is_odd(system, first):
        yield Attempt(first, odd=True)
    yield Attempt(first)
    if not system.constraints and not system.strict:
        yield Attempt(first + 1, aim=Aim.RADIAL)
    if surface:
        yield Attempt(first, standard=False)
    if top > first:
        yield Attempt(top)
    for half in range(top, MOST_HALF):
        if system.constraints and half < top + 3:
            yield Attempt(half, aim=Aim.EMPTY)
        if inequalities > 1:
            yield Attempt(half, 2)
        yield Attempt(half + 1)
        if surface:
            yield Attempt(half + 1, standard=False)
        yield Attempt(half + 1, min(2, 1 + inequalities), half + 1 - first)


def _is_odd(system: System, half: int) -> bool:
    """Whether the claim's degree is odd, linear inequalities may lift squares to it, and it pays.

    A cubic on a box of twelve dimensions has 455 monomials, an identity of degree four 1820.
    """
    linear = any(
        item.relation is not Relation.EQ and int(item.poly.total_degree()) == 1
        for item in system.constraints
    )
    degree = int(system.claim.total_degree())
    return linear and degree == 2 * half - 1 and support.count(system.over.size, 2 * half) >= MANY


def _sparse(system: System, half: int) -> bool:
    """Whether many monomials could occur, and its terms let expect few of them."""
    if not LARGE <= support.count(system.over.size, half) <= MOST:
        return False
    basis = support.monomials(system.over.size, half)
    return len(support.correlated(basis, _exponents(system.claim))) < 0.8 * len(basis)


def _is_pairwise(system: System, half: int) -> bool:
    """Whether many monomials could occur, and each term of the claim has at most two variables."""
    many = support.count(system.over.size, half) >= LARGE
    return many and all(_variables(m) <= 2 for m in _exponents(system.claim))


def _variables(monomial: Monomial) -> int:
    return sum(1 for exponent in monomial if exponent)


def _exponents(poly: Poly) -> list[Monomial]:
    return [tuple(map(int, m)) for m in poly.monoms()]


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


def _products(
    system: System, width: int, taken: set[int], *, apart: bool = False
) -> Iterator[Product]:
    """The products of inequalities that are tried, the empty one first.

    The two bounds of a variable are one product; ``apart`` or in pairs they are tried alone, too.
    """
    one = system.over.constant(1)
    yield (), one
    if width == 0:
        return
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
    if width > 1 or apart:
        yield from (((index,), polys[index]) for index in sorted(paired))


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
    if attempt.terms is Terms.POWERS:
        return _in_powers(system, attempt, goal)
    if attempt.terms is Terms.EULER:
        return _by_euler(system, goal)
    over, size, most = system.over, system.over.size, attempt.most
    surfaces = _surfaces(system)
    heads = [tuple(map(int, poly.monoms()[0])) for _, poly in surfaces if attempt.standard]

    def basis(half: int) -> tuple[Monomial, ...]:
        found = support.standard(support.monomials(size, half), heads)
        if attempt.terms is Terms.CORRELATED:
            found = support.correlated(found, _exponents(goal.target))
        return tuple(found)

    frees = []
    for atoms, poly in surfaces:
        left = most - int(poly.total_degree())
        if left >= 0:
            frees.append(Free(atoms, poly, tuple(support.monomials(size, left))))
    slacks = _slack_blocks(system, goal, most)
    blocks = []
    taken = {index for atoms, _ in surfaces for index in atoms}
    products = list(_products(system, attempt.width, taken, apart=attempt.odd))
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


def _slack_blocks(system: System, goal: Goal, most: int) -> list[Block]:
    if goal.strict is not None:
        return []
    constant = ((0,) * system.over.size,)
    return [
        Block(cone, poly, constant, slack=True)
        for cone, poly in _slacks(system)
        if int(poly.total_degree()) <= most
    ]


def _in_powers(system: System, attempt: Attempt, goal: Goal) -> Program:
    """The program of an attempt with POWERS: few monomials, and constant factors as a rule."""
    over, size = system.over, system.over.size

    def power(axis: int, exponent: int) -> Monomial:
        return tuple(exponent if i == axis else 0 for i in range(size))

    factors = _factors(_exponents(goal.target), size)
    one = ((0,) * size,)
    plain = (*one, *(power(axis, e) for axis in range(size) for e in sorted(factors[axis])))
    surfaces = _surfaces(system)
    taken = {index for atoms, _ in surfaces for index in atoms}
    blocks = _slack_blocks(system, goal, 2 * attempt.half)
    for cone, poly in _products(system, attempt.width, taken):
        axes = [axis for axis, exponent in enumerate(map(int, poly.degrees())) if exponent]
        if not cone:
            blocks.append(Block(cone, poly, plain))
        elif len(axes) == 1:
            most = max(factors[axes[0]]) - (int(poly.total_degree()) + 1) // 2
            inner = (power(axes[0], exponent) for exponent in range(1, most + 1))
            blocks.append(Block(cone, poly, (*one, *inner)))
        elif all(_variables(m) <= 2 for m in _exponents(poly)):
            blocks.append(Block(cone, poly, one))
    frees = tuple(
        Free(atoms, poly, one)
        for atoms, poly in surfaces
        if all(_variables(m) <= 2 for m in _exponents(poly))
    )
    return _reduced(Program(over, goal.target, tuple(blocks), frees))


def _by_euler(system: System, goal: Goal) -> Program:
    """The program with 1 and x_i as factors of a slope in x_i, and 1 of all other equalities."""
    size, surfaces = system.over.size, _surfaces(system)
    one = (0,) * size
    frees = []
    for atoms, poly in surfaces:
        axes = [i for i in range(size) if any(_is_slope(poly, p, i) for _, p in surfaces)]
        own = (tuple(int(i == axis) for i in range(size)) for axis in axes[:1])
        frees.append(Free(atoms, poly, (one, *own)))
    plain = Block((), system.over.constant(1), (one,))
    return Program(system.over, goal.target, (plain,), tuple(frees))


def _is_slope(poly: Poly, other: Poly, axis: int) -> bool:
    """Whether poly is a multiple of the other one's derivative."""
    slope = other.derivative(axis)
    if slope.is_zero() or len(slope) != len(poly):
        return False
    ratio = poly.leading_coefficient() / slope.leading_coefficient()
    return bool(slope * ratio == poly)


def _factors(terms: Sequence[Monomial], size: int) -> list[set[int]]:
    """Per variable, exponents of which any two, of the same or two variables, make all terms."""
    found: list[set[int]] = [{1} for _ in range(size)]
    for monomial in terms:
        if _variables(monomial) == 2:
            for axis, exponent in enumerate(monomial):
                found[axis].add(exponent or 1)
    for monomial in terms:
        axis, total = max(enumerate(monomial), key=lambda item: item[1])
        known = {0, *found[axis]}
        if _variables(monomial) == 1 and not any(total - e in known for e in known):
            found[axis] |= {total // 2, (total + 1) // 2}
    return found


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
