"""What rational numbers enclose a constant such as pi/2 or sqrt(2)?

Soundness depends on this file: irrational bounds of a variable become outer rational ones here.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

from bcv.expr import Expr, Op, postorder

_PRECISION: Final = 128
_MAX_EXPONENT: Final = 10_000


def outer_bounds(expr: Expr) -> tuple[Fraction, Fraction] | None:
    """Rational (lo, hi) with lo <= expr <= hi for an expression without variables.

    Exact and cheap for a rational constant. Otherwise by ball arithmetic (python-flint), rounded
    outward; None if the value is undefined, absurdly large or small, or so close to a pole that
    this precision cannot tell.
    """
    if expr.constant is not None:
        return expr.constant, expr.constant
    import flint

    before = flint.ctx.prec
    flint.ctx.prec = _PRECISION
    try:
        ball = _ball(expr, flint)
        if not ball.is_finite():
            return None
        lower, upper = _fraction(ball.lower()), _fraction(ball.upper())
        return None if lower is None or upper is None else (lower, upper)
    finally:
        flint.ctx.prec = before


def _fraction(dyadic: Any) -> Fraction | None:
    """An arb end point that is exact, as a Fraction; None if it has too many digits."""
    mantissa, exponent = dyadic.man_exp()
    if abs(int(exponent)) > _MAX_EXPONENT:
        return None
    return int(mantissa) * Fraction(2) ** int(exponent)


def _ball(expr: Expr, flint: Any) -> Any:
    found: dict[Expr, Any] = {}
    for node in postorder(expr):
        found[node] = _node_ball(node, [found[argument] for argument in node.args], flint)
    return found[expr]


def _node_ball(node: Expr, args: list[Any], flint: Any) -> Any:
    if node.constant is not None:
        return flint.arb(flint.fmpq(node.constant.numerator, node.constant.denominator))
    match node.op:
        case Op.PI:
            return flint.arb.pi()
        case Op.ADD:
            return args[0] + args[1]
        case Op.SUB:
            return args[0] - args[1]
        case Op.MUL:
            return args[0] * args[1]
        case Op.DIV:
            return args[0] / args[1]
        case Op.NEG:
            return -args[0]
        case Op.POW:
            return args[0] ** flint.fmpz(node.value)
        case Op.MIN:
            return args[0].min(args[1])
        case Op.MAX:
            return args[0].max(args[1])
        case Op.SELECT:
            if args[0] > 0:
                return args[1]
            return args[2] if args[0] < 0 else args[1].union(args[2])
        case Op.ABS:
            return abs(args[0])
    return getattr(args[0], node.op.value)()
