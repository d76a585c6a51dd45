"""What is an expression along a line? Exactly, as a polynomial in one parameter.

Soundness does not depend on this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from bcv import expr as ex
from bcv.expr import Expr, Op

MAX_DEGREE: Final = 60
MAX_COEFFICIENT_BITS: Final = 50_000

Coefficients = tuple[Fraction, ...]
"""Of 1, s, s**2, ..."""


@dataclass(frozen=True, slots=True)
class Line:
    """The segment start + s (end - start), 0 <= s <= 1."""

    variables: tuple[str, ...]
    start: tuple[Fraction, ...]
    end: tuple[Fraction, ...]


def _times(a: Coefficients, b: Coefficients) -> Coefficients:
    total = [Fraction(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            total[i + j] += x * y
    return tuple(total)


def _plus(a: Coefficients, b: Coefficients, scale: int) -> Coefficients:
    size = max(len(a), len(b))
    zero = Fraction(0)
    return tuple(
        (a[i] if i < len(a) else zero) + scale * (b[i] if i < len(b) else zero) for i in range(size)
    )


def _power(a: Coefficients, exponent: int) -> Coefficients | None:
    if (len(a) - 1) * exponent > MAX_DEGREE:
        return None
    result: Coefficients = (Fraction(1),)
    for _ in range(exponent):
        result = _times(result, a)
        if result[0].numerator.bit_length() > MAX_COEFFICIENT_BITS:
            return None
    return result


def _polynomial_step(
    node: Expr, args: tuple[Coefficients, ...], line: Mapping[str, Coefficients]
) -> Coefficients | None:
    match node.op:
        case Op.CONST if node.constant is not None:
            return (node.constant,)
        case Op.VAR:
            return line[str(node.value)]
        case Op.ADD:
            return _plus(args[0], args[1], 1)
        case Op.SUB:
            return _plus(args[0], args[1], -1)
        case Op.NEG:
            return tuple(-x for x in args[0])
        case Op.MUL if len(args[0]) + len(args[1]) - 2 <= MAX_DEGREE:
            return _times(args[0], args[1])
        case Op.POW if isinstance(node.value, int):
            return _power(args[0], node.value)
        case _:
            return None


def univariate(line: Line, root: Expr) -> Coefficients | None:
    """``root`` along the segment as a polynomial in s; None if it is none of fair size."""
    ends = zip(line.variables, line.start, line.end, strict=True)
    point = {name: (a, b - a) if a != b else (a,) for name, a, b in ends}
    done: dict[Expr, Coefficients] = {}
    for node in ex.postorder(root):
        found = _polynomial_step(node, tuple(done[argument] for argument in node.args), point)
        if found is None:
            return None
        done[node] = found
    return done[root]
