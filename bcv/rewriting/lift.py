"""Which polynomial claim in more variables implies a claim with sin, exp, sqrt, quotients?

Soundness depends on this file only through ``theorems``: what else it does is generalise.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

import numpy as np

from bcv import expr as ex
from bcv.algebra.polynomial import POLYNOMIAL_OPS, polynomial, ring
from bcv.enclosures.intervals import IntervalMachine
from bcv.enclosures.tape import compile_tape
from bcv.evidence import Theorem
from bcv.expr import Expr, Op
from bcv.obligation import Obligation
from bcv.paving.boxes import outer_root
from bcv.region import UNBOUNDED, Region, atoms
from bcv.rewriting.pieces import exchanged, has_value, is_single_valued, mapped
from bcv.rewriting.theorems import EVEN, ODD, atoms_of, enriched

MOST_VARIABLES: Final = 8
"""More new variables than this are hopeless for sums of squares, as a rule."""

MOST_IN_QUADRATICS: Final = 40
"""But so many may be where the claim is quadratic in them: squares of linear terms are few."""

_RISING: Final = frozenset({Op.EXP, Op.TANH, Op.ATAN, Op.SINH, Op.LOG, Op.SQRT})
_BELOW_PI: Final = 3.14150
_GRID: Final = 1 << 12
_FARTHEST: Final = 2.0**60
"""A bound beyond this is of no use to sums of squares."""

_IDENTITIES: Final = {
    Op.SIN: ("pythagoras",),
    Op.COS: ("pythagoras",),
    Op.TAN: ("tangent",),
    Op.SINH: ("hyperbolic",),
    Op.COSH: ("hyperbolic",),
    Op.SQRT: ("sqrt",),
    Op.ABS: ("abs",),
    Op.MAX: ("max",),
    Op.MIN: ("min",),
    Op.DIV: ("quotient",),
    Op.EXP: ("exp-positive",),
}
_ORDER: Final = {
    Op.SIN: ("sine",),
    Op.COS: ("cosine",),
    Op.TANH: ("tanh",),
    Op.ATAN: ("atan",),
    Op.EXP: ("exp",),
    Op.LOG: ("log",),
}
_BOUNDS: Final = {
    Op.SIN: ("sine-series",),
    Op.COS: ("cosine-series",),
    Op.TANH: ("tanh-bounds",),
    Op.ATAN: ("atan-bounds",),
}


class Depth(enum.IntEnum):
    """How much is said of the new variables.

    Identities; with ranges alone; with comparisons; with ranges and sharper comparisons, too.
    """

    IDENTITIES = 0
    RANGES = 1
    ORDER = 2
    BOUNDS = 3


@dataclass(frozen=True, slots=True)
class Lift:
    """A polynomial claim that implies another one, and how.

    Attributes:
        theorems: what is added to the region.
        variables: new names and the terms they stand for.
        obligation: the claim about the region's variables and the new ones.
    """

    theorems: tuple[Theorem, ...]
    variables: tuple[tuple[str, Expr], ...]
    obligation: Obligation


def lift(obligation: Obligation, shown: frozenset[Expr], depth: Depth) -> Lift | None:
    """The claim with every function as a variable; None if there are none or too many.

    ``shown`` are terms that are known to be defined on the region. Atoms of the region that are
    perhaps undefined stay as they are.
    """
    region = obligation.region
    own = [atom.expr for atom in atoms(region.formula)]
    if not is_single_valued(*own) or not has_value(obligation.expr, shown):
        return None
    known = [term for term in own if has_value(term, shown)]
    theorems: dict[Theorem, None] = {}
    terms = dict.fromkeys(_opaque((obligation.expr, *known)))
    first = tuple(terms)
    if depth >= Depth.ORDER:
        theorems |= dict.fromkeys(_turned(tuple(terms), region))
    while True:
        for theorem in _theorems(tuple(terms), region, depth):
            if theorem not in theorems and _usable(theorem, shown):
                theorems[theorem] = None
        facts = [atom.expr for theorem in theorems for atom in atoms_of(theorem)]
        more = [term for term in _opaque(facts) if term not in terms]
        terms.update(dict.fromkeys(more))
        if len(first) > MOST_VARIABLES and depth is not Depth.ORDER:
            return None  # there is time for one attempt only
        if not terms or len(terms) > MOST_VARIABLES:
            found = _lifted(obligation, _about(theorems, first, shown, depth), first)
            return found if first and _is_small(found) else None
        if not more:
            return _lifted(obligation, tuple(theorems), tuple(terms))


def _is_small(found: Lift) -> bool:
    """Whether there are few new variables, or the claim is quadratic."""
    if len(found.variables) <= MOST_VARIABLES:
        return True
    over = ring(found.obligation.region.variables)
    claim = polynomial(found.obligation.expr, over)
    return (
        len(found.variables) <= MOST_IN_QUADRATICS
        and claim is not None
        and claim.total_degree() <= 2
    )


def _about(
    theorems: Iterable[Theorem],
    terms: tuple[Expr, ...],
    shown: frozenset[Expr],
    depth: Depth,
) -> tuple[Theorem, ...]:
    """The theorems that speak of these terms alone; bounds on sin^2 stand for sin^2 + cos^2 = 1."""
    squares = [Theorem("sine-square", t.args) for t in terms if t.op is Op.SIN]
    usable = [t for t in squares if depth >= Depth.ORDER and _usable(t, shown)]
    implied = {"sine"} if usable else set()  # u^2 - u*s = (u^2 - s^2)/2 + (u - s)^2/2
    kept = [
        t
        for t in theorems
        if t.name not in implied and set(_opaque(a.expr for a in atoms_of(t))) <= set(terms)
    ]
    return (*kept, *usable)


def _lifted(obligation: Obligation, theorems: tuple[Theorem, ...], terms: tuple[Expr, ...]) -> Lift:
    region = obligation.region
    # No user's name begins with a blank.
    names = tuple(f" {k}" for k in range(len(terms)))
    exchange = {term: ex.var(name) for name, term in zip(names, terms, strict=True)}
    formula = enriched(region.formula, theorems) if theorems else region.formula
    wider = Region(
        (*region.variables, *names),
        (*region.box, *(UNBOUNDED for _ in names)),
        mapped(formula, lambda term: exchanged(term, exchange)),
    )
    goal = exchanged(obligation.expr, exchange)
    inner = replace(obligation, region=wider, expr=goal, defined=())
    return Lift(theorems, tuple(zip(names, terms, strict=True)), inner)


def _opaque(roots: Iterable[Expr]) -> Iterator[Expr]:
    """The largest sub-terms that are no polynomials of others."""
    seen: set[Expr] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if node.op in POLYNOMIAL_OPS:
            stack.extend(node.args)
        else:
            yield node


def _usable(theorem: Theorem, shown: frozenset[Expr]) -> bool:
    facts = [atom.expr for atom in atoms_of(theorem)]
    return is_single_valued(*facts) and all(has_value(fact, shown) for fact in facts)


def _theorems(terms: Sequence[Expr], region: Region, depth: Depth) -> Iterator[Theorem]:
    mirrored = dict(_mirrored(terms))
    for term in terms:
        if term in mirrored:
            yield Theorem("mirrored", (mirrored[term], term))
            if term.op is not Op.EXP:
                continue
        yield from (Theorem(name, term.args) for name in _IDENTITIES.get(term.op, ()))
        if depth >= Depth.ORDER:
            yield from (Theorem(name, term.args) for name in _ORDER.get(term.op, ()))
            if term.op is Op.SIN and _within(term.args[0], region, _BELOW_PI):
                yield Theorem("half-turn", term.args)
        if depth >= Depth.BOUNDS:
            yield from (Theorem(name, term.args) for name in _BOUNDS.get(term.op, ()))
        if depth in (Depth.RANGES, Depth.BOUNDS) and is_single_valued(term):
            yield from _ranges(term, region)


def _mirrored(terms: Sequence[Expr]) -> Iterator[tuple[Expr, Expr]]:
    """Terms like sin(y - x), each with an earlier one like sin(x - y)."""
    for i, term in enumerate(terms):
        if term.op in ODD or term.op in EVEN or term.op is Op.EXP:
            for other in terms[:i]:
                if other.op is term.op and ex.neg(other.args[0]) is term.args[0]:
                    yield term, other
                    break


def _turned(terms: Sequence[Expr], region: Region) -> Iterator[Theorem]:
    """Terms like sin(x) as sin(x - pi), where the claim speaks of pi and x gets there.

    What is known of sin(u) is sharp at u = 0 only.
    """
    if ex.PI not in terms:
        return
    for term in terms:
        if term.op not in (Op.SIN, Op.COS):
            continue
        lo, hi = _range(term.args[0], region)
        for k in (-2, -1, 1, 2):
            if lo <= k * np.pi <= hi:
                moved = term.args[0] - ex.const(k) * ex.PI
                yield Theorem("turned", (term, ex.apply(term.op, moved), ex.const(k)))


def _range(term: Expr, region: Region) -> tuple[float, float]:
    machine = IntervalMachine(compile_tape((term,), region.variables), 1)
    root = outer_root(region)
    lo, hi = np.array([side[0] for side in root]), np.array([side[1] for side in root])
    low, high = machine.evaluate(lo[:, None], hi[:, None])
    return float(low[0, 0]), float(high[0, 0])


def _within(term: Expr, region: Region, bound: float) -> bool:
    lo, hi = _range(term, region)
    return -bound <= lo and hi <= bound


def _ranges(term: Expr, region: Region) -> Iterator[Theorem]:
    """Bounds of the term: exact ones where they are plain, else rounded outward to short ones."""
    lo, hi = _range(term, region)
    if term.op in _RISING:
        least, most = _range(term.args[0], region)
        lo, hi = _exact_end(term.op, least, lo), _exact_end(term.op, most, hi)
    if abs(lo) < _FARTHEST:
        yield Theorem("at-least", (term, ex.const(_short(lo, -2))))
    if abs(hi) < _FARTHEST:
        yield Theorem("at-most", (term, ex.const(_short(hi, 2))))


def _exact_end(op: Op, operand: float, value: float) -> float:
    """The rising function's value at the end of its operand's range, if plain, as exp(0) = 1."""
    known = ex.rational_value(op, Fraction(operand)) if np.isfinite(operand) else None
    return value if known is None or float(known) != known else float(known)


def _short(value: float, outward: int) -> Fraction:
    scaled = value * _GRID
    return Fraction(int(scaled) + (0 if scaled.is_integer() else outward), _GRID)
