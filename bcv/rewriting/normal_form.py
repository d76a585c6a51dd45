"""What is a claim, expanded over its functions, without square factors and denominators?

Soundness depends on this file: g = square**2 * goal must hold identically. It is computed over
flint's exact polynomials, in which sub-terms such as sin(x) stand as further variables.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from bcv import expr as ex
from bcv.algebra.polynomial import (
    RATIONAL_OPS,
    Poly,
    Quotient,
    Ring,
    expression,
    quotient,
    ring,
    to_flint,
    to_fraction,
    to_terms,
)
from bcv.expr import Expr, Op

MAX_OPAQUE: Final = 60
"""Claims with more functions than this stay as they are."""

MAX_DIVISIONS: Final = 4
"""So do claims with more quotients: common denominators grow exponentially."""

MAX_FACTORED: Final = 300
"""Polynomials with more terms are not factored: flint cannot be stopped meanwhile."""


@dataclass(frozen=True, slots=True)
class Reduction:
    """``claim == square**2 * goal`` wherever all are defined; square is not 0 for strict claims."""

    square: Expr
    goal: Expr


def normal_form(claim: Expr, strict: bool) -> Reduction | None:
    """The claim expanded, cancelled, without denominators and square factors.

    None if it is too large or nothing changes but the order of terms.
    """
    plain = _Plain.of(claim)
    if plain is None:
        return None
    found = quotient(plain.root, plain.over)
    if found is None or len(found.denominator) > MAX_FACTORED:
        return None
    square, rest = _without_squares(found, plain.over, strict)
    goal = ex.substitute(expression(rest, plain.over), plain.meaning)
    root = ex.ONE if square is None else ex.substitute(square, plain.meaning)
    if _longer(goal, claim) or (root is ex.ONE and not _simpler(goal, claim)):
        return None
    return Reduction(root, goal)


def as_quotient(root: Expr) -> Expr | None:
    """The expression as one quotient in lowest terms, equal wherever it has a value."""
    found = fraction(root)
    return None if found is None else ex.div(*found)


def fraction(root: Expr) -> tuple[Expr, Expr] | None:
    """Numerator and denominator in lowest terms, expanded over functions as variables."""
    plain = _Plain.of(root)
    found = None if plain is None else quotient(plain.root, plain.over)
    if plain is None or found is None:
        return None
    return (
        ex.substitute(expression(found.numerator, plain.over), plain.meaning),
        ex.substitute(expression(found.denominator, plain.over), plain.meaning),
    )


def exponential_factor(root: Expr) -> tuple[Expr, Expr]:
    """(common, rest) with root = common * rest, for a polynomial with exponentials as factors."""
    plain = _Plain.of(root)
    found = None if plain is None else quotient(plain.root, plain.over)
    if plain is None or found is None or not found.denominator.is_constant():
        return ex.ONE, root
    over, scale = plain.over, to_fraction(found.denominator.leading_coefficient())
    terms = dict(to_terms(found.numerator))
    if not terms:
        return ex.ONE, ex.ZERO
    least = tuple(
        min(exponents) if name in plain.meaning and plain.meaning[name].op is Op.EXP else 0
        for name, exponents in zip(over.variables, zip(*terms, strict=True), strict=False)
    )
    rest = {
        tuple(e - shared for e, shared in zip(monomial, least, strict=True)): to_flint(c / scale)
        for monomial, c in terms.items()
    }
    common = expression(over.from_terms({least: to_flint(Fraction(1))}), over)
    whole = expression(over.from_terms(rest), over)
    return ex.substitute(common, plain.meaning), ex.substitute(whole, plain.meaning)


def summands(root: Expr) -> tuple[Expr, ...]:
    """The expanded polynomial's terms, over functions as variables; none if it is no polynomial."""
    plain = _Plain.of(root)
    found = None if plain is None else quotient(plain.root, plain.over)
    if plain is None or found is None or not found.denominator.is_constant():
        return ()
    over, scale = plain.over, to_fraction(found.denominator.leading_coefficient())
    pieces = (over.from_terms({m: to_flint(c / scale)}) for m, c in to_terms(found.numerator))
    return tuple(ex.substitute(expression(piece, over), plain.meaning) for piece in pieces)


def is_identically_zero(root: Expr) -> bool:
    """Whether the expression is seen to be 0 wherever it has a value."""
    plain = _Plain.of(root)
    found = None if plain is None else quotient(plain.root, plain.over)
    return found is not None and bool(found.numerator.is_zero())


@dataclass(frozen=True, slots=True)
class _Plain:
    """A claim with a variable of ``over`` in the place of each function."""

    root: Expr
    over: Ring
    meaning: dict[str, Expr]

    @staticmethod
    def of(claim: Expr) -> _Plain | None:
        """Functions are one variable if their operands are equal as quotients.

        None if there are too many.
        """
        nodes = list(ex.postorder(claim))
        opaque = sum(node.op not in RATIONAL_OPS for node in nodes)
        if opaque > MAX_OPAQUE or sum(node.op is Op.DIV for node in nodes) > MAX_DIVISIONS:
            return None
        # No user's name begins with a blank.
        names = sorted(ex.variables(claim)) + [f" {k}" for k in range(opaque)]
        over = ring(tuple(names))
        meaning: dict[str, Expr] = {}
        place: dict[Any, Expr] = {}
        done: dict[Expr, Expr] = {}
        for node in nodes:
            args = tuple(done[arg] for arg in node.args)
            if node.op in RATIONAL_OPS:
                done[node] = ex.rebuild(node, args)
                continue
            key = (node.op, tuple(_key(arg, over) for arg in args))
            if key not in place:
                name = f" {len(meaning)}"
                meaning[name], place[key] = node, ex.var(name)
            done[node] = place[key]
        return _Plain(done[claim], over, meaning)


def _key(plain: Expr, over: Ring) -> object:
    """Equal for expressions that are equal as quotients."""
    found = quotient(plain, over)
    if found is None:
        return plain
    # Flint's polynomials have no hash. Numerator and denominator are in lowest terms.
    return tuple(frozenset(to_terms(p)) for p in (found.numerator, found.denominator))


def _without_squares(found: Quotient, over: Ring, strict: bool) -> tuple[Expr | None, Poly]:
    """(square, rest) with the quotient = square**2 * rest; None for 1."""
    top, bottom, rest = over.constant(1), over.constant(1), found.numerator
    if rest.is_zero():
        return None, rest
    if not strict and len(rest) <= MAX_FACTORED:
        content, factors = rest.factor_squarefree()
        rest = over.constant(to_fraction(content))
        for factor, exponent in factors:
            top *= factor ** (exponent // 2)
            rest *= factor ** (exponent % 2)
    if not found.denominator.is_constant():
        content, factors = found.denominator.factor_squarefree()
        rest = rest / over.constant(to_fraction(content))
        for factor, exponent in factors:
            bottom *= factor ** ((exponent + 1) // 2)
            rest *= factor ** (exponent % 2)
    if bottom.is_constant():
        return (None if top.is_constant() else expression(top, over)), rest
    return ex.div(expression(top, over), expression(bottom, over)), rest


def _longer(goal: Expr, claim: Expr) -> bool:
    """Whether the expression has grown so much that boxes and squares suffer."""
    before, after = (sum(1 for _ in ex.postorder(root)) for root in (claim, goal))
    return after > 2 * before + 20


def _simpler(goal: Expr, claim: Expr) -> bool:
    """Whether a function or variable vanished, or the expression is much shorter."""
    before, after = list(ex.postorder(claim)), list(ex.postorder(goal))
    functions = {node for node in before if node.op not in RATIONAL_OPS or node.op is Op.VAR}
    return not functions <= set(after) or 2 * len(after) <= len(before)
