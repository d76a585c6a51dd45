"""Is an expression a polynomial in some of its variables, and with which coefficients?

Soundness depends on this file: inputs are minimised and noise is averaged term by term.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from bcv import expr as ex
from bcv.expr import Expr, Op

MAX_TERMS: Final = 5000
"""More terms than this are not expanded."""

Exponents = tuple[int, ...]
Terms = dict[Exponents, Expr]
"""Coefficients, free of the chosen variables, by their exponents."""


class TooManyTermsError(ValueError):
    """The expansion would have more than MAX_TERMS terms."""


def _sum(items: Iterator[tuple[Exponents, Expr]]) -> Terms:
    found: Terms = {}
    for exponents, coefficient in items:
        found[exponents] = found.get(exponents, ex.ZERO) + coefficient
        if len(found) > MAX_TERMS:
            raise TooManyTermsError(f"more than {MAX_TERMS} terms")
    return found


def _product(a: Terms, b: Terms) -> Terms:
    return _sum(
        (tuple(i + j for i, j in zip(left, right, strict=True)), p * q)
        for left, p in a.items()
        for right, q in b.items()
    )


def _power(base: Terms, exponent: int, unit: Terms) -> Terms:
    if len(base) == 1:
        ((exponents, coefficient),) = base.items()
        return {tuple(e * exponent for e in exponents): coefficient**exponent}
    result = unit
    for _ in range(exponent):
        result = _product(result, base)
    return result


def _combined(node: Expr, args: tuple[Terms, ...], unit: Terms) -> Terms | None:
    free = next(iter(unit))
    match node.op, args:
        case Op.ADD, (a, b):
            return _sum(item for part in (a, b) for item in part.items())
        case Op.SUB, (a, b):
            negative = {exponents: -coefficient for exponents, coefficient in b.items()}
            return _sum(item for part in (a, negative) for item in part.items())
        case Op.NEG, (a,):
            return {exponents: -coefficient for exponents, coefficient in a.items()}
        case Op.MUL, (a, b):
            return _product(a, b)
        case Op.DIV, (a, b) if set(b) == {free}:
            return {exponents: coefficient / b[free] for exponents, coefficient in a.items()}
        case Op.POW, (a,) if isinstance(node.value, int):
            return _power(a, node.value, unit)
    return None


def terms_in(root: Expr, names: tuple[str, ...]) -> Terms | None:
    """The coefficients of the expression as a polynomial in the named variables.

    A zero coefficient is left out, and so is what hides in it: nothing is left out that is not
    defined everywhere. None if the expression is not plainly such a polynomial.
    Raises TooManyTermsError.
    """
    free: Exponents = (0,) * len(names)
    unit: Terms = {free: ex.ONE}
    index: Mapping[str, int] = {name: i for i, name in enumerate(names)}
    done: dict[Expr, Terms] = {}
    for node in ex.postorder(root):
        if node.op is Op.VAR and node.value in index:
            place = index[str(node.value)]
            done[node] = {tuple(int(i == place) for i in range(len(names))): ex.ONE}
        elif all(set(done[argument]) <= {free} for argument in node.args):
            args = tuple(done[argument].get(free, ex.ZERO) for argument in node.args)
            if node.op is Op.DIV and args[1] is ex.ZERO:
                return None
            done[node] = {free: ex.rebuild(node, args)}
        else:
            found = _combined(node, tuple(done[argument] for argument in node.args), unit)
            if found is None:
                return None
            done[node] = {e: c for e, c in found.items() if c is not ex.ZERO}
    return done[root]
