"""In which variables is a claim periodic? One period of an endless side is enough to search.

Soundness does not depend on this file.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import gcd, lcm, pi

from bcv import expr as ex
from bcv.expr import Expr, Op

_PERIODIC = (Op.SIN, Op.COS, Op.TAN)


def period(roots: tuple[Expr, ...], name: str) -> float | None:
    """A common period of the roots in the variable; None if none is seen.

    It is seen where the variable stands in sin, cos and tan only, with rational factors.
    """
    factors: list[Fraction] = []
    for argument in _arguments(roots, name):
        slope = None if argument is None else ex.derivative(argument, name).constant
        if slope is None:
            return None
        factors.append(abs(slope))
    if not any(factors):
        return None
    bottom = lcm(*(factor.denominator for factor in factors))
    top = gcd(*(int(factor * bottom) for factor in factors))
    return 2.0 * pi * bottom / top


def _arguments(roots: tuple[Expr, ...], name: str) -> Iterator[Expr | None]:
    """The operands of sin, cos and tan around the variable; None where it stands outside."""
    stack, seen = list(roots), set(roots)
    while stack:
        node = stack.pop()
        if node.op is Op.VAR and node.value == name:
            yield None
        elif node.op in _PERIODIC:
            yield node.args[0]
        else:
            fresh = [argument for argument in node.args if argument not in seen]
            seen.update(fresh)
            stack += fresh
