"""Is an expression a polynomial or a quotient of two, and which one? Exactly, over flint.

Soundness depends on this file: a wrong conversion makes the algebra speak of another claim.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from bcv import expr as ex
from bcv.evidence import Monomial, Polynomial
from bcv.expr import Expr, Op

MAX_TERMS: Final = 20_000
MAX_DEGREE: Final = 80
MAX_PRODUCT: Final = 1_000_000
MAX_BITS: Final = 20_000

Poly = Any
"""A ``flint.fmpq_mpoly``; flint ships no types."""

POLYNOMIAL_OPS: Final = frozenset({Op.CONST, Op.VAR, Op.ADD, Op.SUB, Op.MUL, Op.NEG, Op.POW})
RATIONAL_OPS: Final = POLYNOMIAL_OPS | {Op.DIV}


def is_rational(root: Expr) -> bool:
    """Whether only ``+ - * /`` and integer powers occur; needs no import and stops early."""
    return all(node.op in RATIONAL_OPS for node in ex.postorder(root))


class TooLargeError(Exception):
    """An expanded polynomial would pass the limits of this module."""


@dataclass(frozen=True, slots=True)
class Ring:
    """Polynomials over the rationals in an ordered list of variables."""

    variables: tuple[str, ...]
    context: Any

    @property
    def size(self) -> int:
        return len(self.variables)

    def constant(self, value: Fraction | int) -> Poly:
        """The constant polynomial."""
        return self.context.constant(to_flint(Fraction(value)))

    def generator(self, index: int) -> Poly:
        """The variable at this position."""
        return self.context.gen(index)

    def from_terms(self, terms: Mapping[Monomial, Any]) -> Poly:
        """The polynomial with these flint coefficients."""
        return self.context.from_dict(dict(terms))


def ring(variables: tuple[str, ...]) -> Ring:
    """The ring in these variables; flint is imported here, for the first time."""
    from flint import fmpq_mpoly_ctx

    names = tuple(f"x{i}" for i in range(len(variables)))
    return Ring(variables, fmpq_mpoly_ctx.get(names, "degrevlex"))


def to_flint(value: Fraction) -> Any:
    """A Fraction as flint's rational."""
    from flint import fmpq

    return fmpq(value.numerator, value.denominator)


def to_fraction(value: Any) -> Fraction:
    """Flint's rational as a Fraction."""
    return Fraction(int(value.p), int(value.q))


def to_terms(poly: Poly) -> Polynomial:
    """The terms in the form that evidence uses."""
    return tuple(
        (tuple(int(e) for e in monomial), to_fraction(coefficient))
        for monomial, coefficient in poly.to_dict().items()
    )


def degree(poly: Poly) -> int:
    """The total degree; 0 for the zero polynomial."""
    return max(0, int(poly.total_degree()))


@dataclass(frozen=True, slots=True)
class Quotient:
    """``numerator / denominator``, equal to an expression wherever that is defined.

    ``divisors`` are the polynomials that must not vanish for the expression to be defined.
    """

    numerator: Poly
    denominator: Poly
    divisors: tuple[Poly, ...]


def _multiplied(a: Poly, b: Poly) -> Poly:
    if len(a) * len(b) > MAX_PRODUCT or degree(a) + degree(b) > MAX_DEGREE:
        raise TooLargeError
    result = a * b
    if len(result) > MAX_TERMS:
        raise TooLargeError
    return result


def _power(a: Poly, exponent: int) -> Poly:
    total, terms, variables = degree(a) * exponent, len(a), a.context().nvars()
    if exponent > MAX_DEGREE or total > MAX_DEGREE:
        raise TooLargeError
    dense = math.comb(total + variables, variables)
    if min(dense, math.comb(exponent + terms - 1, exponent) if terms else 1) > MAX_TERMS:
        raise TooLargeError
    return a**exponent


class _Converter:
    """Turns nodes into quotients.

    Raises TooLargeError, KeyError (another function) or ZeroDivisionError.
    """

    def __init__(self, over: Ring) -> None:
        self.over = over
        self.one = over.constant(1)
        self.index = {name: i for i, name in enumerate(over.variables)}
        self.divisors: list[Poly] = []

    def leaf(self, node: Expr) -> Poly:
        if node.op is Op.CONST:
            value = node.constant
            assert value is not None
            if value.numerator.bit_length() + value.denominator.bit_length() > MAX_BITS:
                raise TooLargeError
            return self.over.constant(value)
        return self.over.generator(self.index[str(node.value)])

    def sum(self, a: tuple[Poly, Poly], b: tuple[Poly, Poly], sign: int) -> tuple[Poly, Poly]:
        if a[1] == b[1]:
            return a[0] + b[0] if sign > 0 else a[0] - b[0], a[1]
        left, right = _multiplied(a[0], b[1]), _multiplied(b[0], a[1])
        return left + right if sign > 0 else left - right, _multiplied(a[1], b[1])

    def node(self, node: Expr, done: dict[Expr, tuple[Poly, Poly]]) -> tuple[Poly, Poly]:
        match node.op, node.args:
            case ((Op.CONST | Op.VAR), _):
                return self.leaf(node), self.one
            case Op.ADD, (a, b):
                return self.sum(done[a], done[b], 1)
            case Op.SUB, (a, b):
                return self.sum(done[a], done[b], -1)
            case Op.NEG, (a,):
                return -done[a][0], done[a][1]
            case Op.MUL, (a, b):
                return _multiplied(done[a][0], done[b][0]), _multiplied(done[a][1], done[b][1])
            case Op.POW, (a,):
                assert isinstance(node.value, int)
                return _power(done[a][0], node.value), _power(done[a][1], node.value)
            case Op.DIV, (a, b):
                if done[b][0].is_zero():
                    raise ZeroDivisionError
                divisor = done[b][0]
                if not divisor.is_constant() and divisor not in self.divisors:
                    self.divisors.append(divisor)
                top = _multiplied(done[a][0], done[b][1])
                return _reduced(top, _multiplied(done[a][1], done[b][0]))
        raise KeyError(node.op)


def _reduced(top: Poly, bottom: Poly) -> tuple[Poly, Poly]:
    if bottom.is_constant():
        return top / bottom.leading_coefficient(), bottom.context().constant(1)
    common = top.gcd(bottom)
    if not common.is_constant():
        top, bottom = top / common, bottom / common
    lead = bottom.leading_coefficient()
    return top / lead, bottom / lead


def quotient(root: Expr, over: Ring) -> Quotient | None:
    """The expression as a quotient of polynomials, None if it is none or passes the limits."""
    if not is_rational(root):
        return None
    converter = _Converter(over)
    done: dict[Expr, tuple[Poly, Poly]] = {}
    try:
        for node in ex.postorder(root):
            done[node] = converter.node(node, done)
    except (TooLargeError, KeyError, ZeroDivisionError):
        return None
    top, bottom = done[root]
    return Quotient(top, bottom, tuple(converter.divisors))


def polynomial(root: Expr, over: Ring) -> Poly | None:
    """The expression as a polynomial, None if it is none or passes the limits."""
    found = quotient(root, over)
    if found is None or found.divisors or not found.denominator.is_constant():
        return None
    return found.numerator


def expression(poly: Poly, over: Ring) -> Expr:
    """The polynomial as an expression, term by term."""
    total = ex.ZERO
    for monomial, coefficient in sorted(to_terms(poly), reverse=True):
        term = ex.const(coefficient)
        for name, exponent in zip(over.variables, monomial, strict=True):
            if exponent:
                term = term * ex.var(name) ** exponent
        total = total + term
    return total
