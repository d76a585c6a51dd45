"""Why should anyone believe an outcome? Evidence that a checker can replay, or a solver's word.

Soundness depends on the checker's rules for these types, not on this file.

Atoms of a region are numbered: first ``region.box_atoms()``, then ``atoms(region.formula)``.
The numbering is the same for prover and checker.
"""

from __future__ import annotations

import enum
from array import array
from dataclasses import dataclass, fields
from fractions import Fraction

from bcv.expr import Expr


class Form(enum.Enum):
    """How a lower bound of an expression f on a box was found.

    NATURAL: interval arithmetic on the nodes of f; powers with their exact range.
    MEAN_VALUE: f(c) + sum_i s_i * (x_i - c_i), where s_i encloses the expression
        ``expr.derivative(f, x_i)`` on the box by NATURAL (or, on an unbounded box, also an equal
        quotient in which functions stand as variables), and c_i is the box's lower end if
        s_i >= 0 throughout, its upper end if s_i <= 0 throughout, else lo + (hi - lo) * 0.5
        computed in doubles; where that is not finite, the point of the side next to 0. Where all
        slopes have a sign, f at the lowest corner of leaf and region decides, exactly: irrational
        terms there may cancel. f has no SELECT; MIN, MAX and ABS are allowed, their slopes being
        the hull of both sides. By the mean value theorem in Lebourg's form, for any c in the box.
    BERNSTEIN: the coefficients of the polynomial f in products of one function per axis: on a
        bounded side Bernstein's, on a half-infinite one the powers of x - lo or hi - x. All of them
        are >= 0; for a strict claim those at power 0 on each half-infinite side are > 0.
    AFFINE: the least value of an affine form of f on a bounded box, with
        x_i = centre_i + radius_i * e_i, |e_i| <= 1. Sums and constant multiples are exact; a*b, a
        function, max and select are replaced by lines in their operands with errors, all the way
        back to the variables; or the lower end of f's interval, where that is larger.
        docs/proof-format.md says which lines these are: prover and checker compute the same bound
        but for rounding, for which provers leave a small margin.
    """

    NATURAL = "natural"
    MEAN_VALUE = "mean-value"
    BERNSTEIN = "bernstein"
    AFFINE = "affine"


@dataclass(frozen=True, slots=True)
class Infeasible:
    """The leaf misses the region: the formula is false there once the named atoms are enclosed.

    Atoms are enclosed by Form.NATURAL; an atom that may be undefined, or is not named, is open.
    """

    atoms: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Multiplier:
    """Terms m_i * h_i to subtract from the claim's expression g before it is bounded.

    ``g >= g - sum m_i h_i`` wherever h_i >= 0 and m_i >= 0, or h_i = 0. Only atoms that are
    conjuncts of the region (or bounds of its box) may be used; on GE and GT atoms m_i must be a
    constant >= 0, on EQ atoms it may be any expression. With m_i > 0 on a GT atom the inequality
    is strict.
    """

    terms: tuple[tuple[int, Expr], ...]


@dataclass(frozen=True, slots=True)
class Bounded:
    """On the leaf, g (less the multiplier's terms) has a lower bound >= 0, or > 0 if strict.

    Where the multiplier makes the inequality strict, >= 0 is enough for a strict claim. Every root
    of the obligation must also be defined on the leaf, by Form.NATURAL. With a large
    multiplier this also discharges leaves that miss the region by a mean value form.
    """

    form: Form
    multiplier: int | None = None


@dataclass(frozen=True, slots=True)
class Convex:
    """On the leaf, g (less the multiplier's terms) is convex, and it is 0 with gradient 0 at zero.

    ``zero`` is an exact point of the leaf, in the order of the region's variables. With f = g less
    the terms: every root is defined on the leaf by Form.NATURAL, f has no ABS, MIN, MAX or SELECT;
    with M and R the midpoints and half-widths of natural enclosures of f's second derivatives on
    the leaf, M - diag(row sums of R) is positive semidefinite (exact LDL^T), so by Gershgorin's
    theorem f is convex there and nowhere below f(zero) = 0. Never for strict claims.
    """

    zero: tuple[Fraction, ...]
    multiplier: int | None = None


LeafReason = Infeasible | Bounded | Convex


@dataclass(frozen=True, slots=True)
class Cover:
    """A split tree over a box that contains the region's box; each leaf says why it is done.

    Splits are computed in doubles. A leaf's reason is about the leaf cut with the region's box,
    whose ends are rationals: a claim that is tight at a bound of 1/10 holds there, not beyond.

    Attributes:
        root: per variable (lo, hi) in doubles, outward rounded; infinities where unbounded.
        nodes: the tree in preorder. v >= 0 is a leaf with ``reasons[v]``; v < 0 is a split of
            axis (-v - 1) // 2, at the next entry of ``cuts`` if (-v - 1) is odd, else at the
            midpoint lo + (hi - lo) * 0.5 computed in doubles. The lower half comes first; both
            halves are closed.
        cuts: explicit split positions, in the order of their use.
    """

    root: tuple[tuple[float, float], ...]
    nodes: array[int]
    cuts: array[float]
    reasons: tuple[LeafReason, ...]
    multipliers: tuple[Multiplier, ...] = ()


Monomial = tuple[int, ...]
"""Exponents, in the order of the region's variables."""


@dataclass(frozen=True, slots=True)
class Gram:
    """The polynomial basis^T * matrix * basis; ``matrix`` is symmetric, positive semidefinite.

    ``matrix`` holds the rows of the lower triangle, one after the other.
    """

    basis: tuple[Monomial, ...]
    matrix: tuple[Fraction, ...]


Polynomial = tuple[tuple[Monomial, Fraction], ...]
"""Terms, each monomial once."""


@dataclass(frozen=True, slots=True)
class PolynomialCase:
    """A Positivstellensatz refutation of "region and not claim", for part of the region.

    With G = -g (negated claim: G > 0 if the claim is g >= 0, G >= 0 if it is g > 0), atoms
    h_i >= 0 and p_j = 0 of the region, the identity

        sum_k gram_k * prod(i in cone_k) h_i + sum_j free_j * p_j
            + scale * prod(i in strict) h_i  =  0

    is impossible when scale > 0 and each factor in ``strict`` is positive there. Index -1 stands
    for G (allowed in ``strict`` only if the claim is nonstrict); an empty product is 1. The atoms
    used must be conjuncts of the case, and the cases together must exhaust the region's formula
    (each disjunct of it contains all atoms that some case uses).
    """

    cone: tuple[tuple[tuple[int, ...], Gram], ...]
    free: tuple[tuple[int, Polynomial], ...]
    scale: Fraction
    strict: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SumOfSquares:
    """Algebraic evidence for a polynomial claim over a polynomial region."""

    cases: tuple[PolynomialCase, ...]


@dataclass(frozen=True, slots=True)
class SquareFactor:
    """The claim g >= 0 follows from goal >= 0, since g = square**2 * goal identically.

    ``inner`` is evidence for the same region with ``goal`` in the place of g, and that ``square``
    is defined. For a strict claim ``square`` is a constant or 1/r, and so never 0. The identity
    holds between quotients of polynomials over the claim's non-rational sub-terms.
    """

    square: Expr
    goal: Expr
    inner: Evidence


@dataclass(frozen=True, slots=True)
class DefinedFirst:
    """All that must be defined is so, by ``defined``; where it is, the claim holds by ``inner``.

    ``defined`` is evidence that 0 >= 0 on the region, with the claim's roots defined there.
    ``inner`` may use the value of every sub-term of the roots that stands in no branch of SELECT.
    """

    defined: Evidence
    inner: Evidence


@dataclass(frozen=True, slots=True)
class Theorem:
    """An instance of a theorem of ``bcv.rewriting.theorems``: true wherever its terms are defined.

    ``args`` are the terms it is about.
    """

    name: str
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class ByTheorems:
    """The theorems' atoms hold on the whole region, so ``inner`` may count them as conjuncts.

    They are numbered after the region's own atoms. Their terms must be defined on the region:
    total, or shown to be defined by a DefinedFirst.
    """

    theorems: tuple[Theorem, ...]
    inner: Evidence


@dataclass(frozen=True, slots=True)
class Lifted:
    """The claim holds for any values of some sub-terms, so for their own: ``inner`` says so.

    Each term of ``variables`` is replaced by a new variable, without bounds, in the claim and in
    the region's atoms; the largest terms first. The new variables stand after the region's.
    """

    variables: tuple[tuple[str, Expr], ...]
    inner: Evidence


@dataclass(frozen=True, slots=True)
class Cases:
    """The claim holds where ``on`` >= 0, and where ``on`` <= 0.

    In either case the last atom of the region says so, and every ABS of ``on``, MIN and MAX of
    terms whose difference is ``on``, and (in the claim only) SELECT on it is replaced by its
    branch. What bounds one variable tightens the box (``bcv.rewriting.pieces.half``). ``on`` is
    defined on the region, as in ByTheorems.
    """

    on: Expr
    nonnegative: Evidence
    nonpositive: Evidence


@dataclass(frozen=True, slots=True)
class Either:
    """The claim holds where the first alternative of the region does, and where the others do.

    ``bcv.region.alternatives`` says what the two regions are.
    """

    first: Evidence
    others: Evidence


@dataclass(frozen=True, slots=True)
class Vanishing:
    """The strict claim's expression is the sum of the squares of ``terms``, identically.

    So where it is not > 0 all terms are 0, and ``inner`` shows that there is no such point: that
    0 > 0 on the region with the atoms terms = 0 as its last conjuncts. All that the claim is made
    of is defined on the region, as in ByTheorems.
    """

    terms: tuple[Expr, ...]
    inner: Evidence


@dataclass(frozen=True, slots=True)
class Sum:
    """The claim's expression is a sum of terms, identically, each of which is >= 0.

    Each part is a term, whether it is shown to be > 0, and evidence for that on the region's
    projection to the term's variables (``bcv.region.projection``). A strict claim needs a part
    that is. All that the claim is made of is defined on the region, as in ByTheorems.
    """

    parts: tuple[tuple[Expr, bool, Evidence], ...]


@dataclass(frozen=True, slots=True)
class Power:
    """``term`` is exp, sinh, cosh or tanh of sum count_i * u_i; the units are the exp(u_i)."""

    term: Expr
    units: tuple[tuple[Expr, int], ...]


@dataclass(frozen=True, slots=True)
class Exponentials:
    """The claim g >= 0 follows from goal >= 0, since g * factor = goal identically, and factor > 0.

    In the identity the terms of ``powers`` are written by their units: exp(k*u) as exp(u)^k, and
    so on. ``factor`` is made of positive constants and exponentials by + * / ** alone. The goal is
    defined on the region, and all that the claim is made of, as in ByTheorems.
    """

    powers: tuple[Power, ...]
    factor: Expr
    goal: Expr
    inner: Evidence


@dataclass(frozen=True, slots=True)
class Rising:
    """A claim g >= 0 in one variable x, of whose region conjunct number ``atom`` says x >= bound.

    (Or >, <=, <.) At the bound, which lies in the box, g is 0 or a rational >= 0, once sin(r*pi)
    and cos(r*pi) are replaced by their rational values. ``slope`` shows that dg/dx >= 0 (<= 0 for
    <= and <) on the whole box, and that g is defined there; and dg/dx > 0 if the claim is strict,
    which needs > or < at the bound. g has no SELECT.
    """

    atom: int
    bound: Expr
    slope: Evidence


@dataclass(frozen=True, slots=True)
class Attestation:
    """A solver's word; it cannot be replayed."""

    solver: str
    version: str
    query: str
    reply: str


Evidence = (
    Cover
    | SumOfSquares
    | SquareFactor
    | DefinedFirst
    | ByTheorems
    | Lifted
    | Cases
    | Either
    | Vanishing
    | Sum
    | Exponentials
    | Rising
    | Attestation
)


class WitnessKind(enum.Enum):
    """What a witness shows."""

    VIOLATES = "violates"
    UNDEFINED = "undefined"


@dataclass(frozen=True, slots=True)
class Point:
    """An exact point of the region at which the claim fails.

    ``value`` is a decimal or rational text of the violated expression there ("undefined" if it
    has no value); exact when the expression is rational there.
    """

    point: tuple[tuple[str, Fraction], ...]
    value: str
    kind: WitnessKind = WitnessKind.VIOLATES


@dataclass(frozen=True, slots=True)
class Segment:
    """Across a surface: p < 0 at start, p > 0 at end, and the claim fails where p = 0 between.

    p is the expression of an equality of the region, or the claim's own, and continuous on the
    segment. Where p is 0, so are its constant multiples. With that, the region's formula holds and
    the claim's expression has the violating sign, by enclosures on the whole segment of all
    expressions that are no multiples of p. So the claim fails at the crossing, which need not be
    rational.
    """

    start: tuple[tuple[str, Fraction], ...]
    end: tuple[tuple[str, Fraction], ...]
    value: str


@dataclass(frozen=True, slots=True)
class Box:
    """Around a common zero of as many surfaces as the box has sides, where the claim fails.

    For each coordinate with lower < upper there is an expression of its own, of an equality of the
    region or the claim's, with opposite signs on the two faces across that coordinate; all these
    are continuous on the box. By the theorem of Poincare and Miranda they have a common zero in it.
    There their constant multiples are 0, too; with that, and with enclosures on the whole box of
    all else, the region's formula holds and the claim's expression has the violating sign.
    """

    lower: tuple[tuple[str, Fraction], ...]
    upper: tuple[tuple[str, Fraction], ...]
    value: str


Witness = Point | Segment | Box


def parts_of(evidence: Evidence) -> tuple[Evidence, ...]:
    """The evidence that this evidence rests on."""
    if isinstance(evidence, Sum):
        return tuple(part for _, _, part in evidence.parts)
    parts = (getattr(evidence, item.name) for item in fields(evidence))
    return tuple(part for part in parts if isinstance(part, Evidence))


def rests_on_a_word(evidence: Evidence) -> bool:
    """Whether an attestation is part of it, however deep."""
    return isinstance(evidence, Attestation) or any(map(rests_on_a_word, parts_of(evidence)))
