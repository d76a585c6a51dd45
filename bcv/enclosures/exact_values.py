"""What is an expression's exact value? Rational arithmetic, with balls only for what is irrational.

Soundness depends on this file: every refutation rests on it.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from bcv import expr as ex
from bcv.expr import Expr, Op

MAX_RATIONAL_BITS: Final = 20_000
"""A rational longer than this is enclosed by a ball (or unknown where balls are not wanted)."""

MAX_ALTERNATIVES: Final = 16
"""More values than this at one point (switching surfaces that meet) are not told apart."""


class Special(enum.Enum):
    """A value that is no number: certainly undefined, or not established at this precision."""

    UNDEFINED = "undefined"
    UNKNOWN = "unknown"


Ball = Any
"""A ``flint.arb``. python-flint is loaded only when a ball is needed, and has no type stubs."""

Value = Fraction | Special | Ball
"""An exact rational, a ball that contains the value, or a Special."""

Alternatives = tuple[Value, ...]
"""The values at a point: more than one only where a SELECT's condition is exactly 0."""


def is_number(value: Value) -> bool:
    """True for a rational or a ball."""
    return not isinstance(value, Special)


def sign(value: Value) -> int | None:
    """-1, 0 or 1 if the sign is certain, else None."""
    if isinstance(value, Special):
        return None
    if value > 0:
        return 1
    if value < 0:
        return -1
    return 0 if isinstance(value, Fraction) else None


def as_ball(value: Fraction | Ball) -> Ball:
    """A ball around the value, at flint's current precision."""
    if not isinstance(value, Fraction):
        return value
    from flint import arb, fmpq

    return arb(fmpq(value.numerator, value.denominator))


def _limited(value: Fraction, balls: bool) -> Value:
    if value.numerator.bit_length() + value.denominator.bit_length() <= MAX_RATIONAL_BITS:
        return value
    return as_ball(value) if balls else Special.UNKNOWN


def _finite(ball: Ball) -> Value:
    return ball if ball.is_finite() else Special.UNKNOWN


def _sum(a: Value, b: Value, balls: bool) -> Value:
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return _limited(a + b, balls)
    return as_ball(a) + as_ball(b)


def _product(a: Value, b: Value, balls: bool) -> Value:
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return _limited(a * b, balls)
    # Zero times an irrational number is exactly zero; a ball could not show it.
    if (isinstance(a, Fraction) and a == 0) or (isinstance(b, Fraction) and b == 0):
        return Fraction(0)
    return as_ball(a) * as_ball(b)


def _quotient(a: Value, b: Value, balls: bool) -> Value:
    divisor = sign(b)
    if divisor is None:
        return Special.UNKNOWN
    if divisor == 0:
        return Special.UNDEFINED
    if isinstance(a, Fraction) and (a == 0 or isinstance(b, Fraction)):
        return _limited(a / b, balls) if isinstance(b, Fraction) else Fraction(0)
    return _finite(as_ball(a) / as_ball(b))


def _power(a: Value, exponent: int, balls: bool) -> Value:
    if isinstance(a, Fraction):
        bits = max(a.numerator.bit_length(), a.denominator.bit_length()) * exponent
        if bits <= MAX_RATIONAL_BITS:
            return a**exponent
        if not balls:
            return Special.UNKNOWN
    return _finite(as_ball(a) ** exponent)


def _extremum(op: Op, a: Value, b: Value) -> Value:
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return min(a, b) if op is Op.MIN else max(a, b)
    first, second = as_ball(a), as_ball(b)
    if first < second or first > second:
        return a if (first < second) is (op is Op.MIN) else b
    return first.min(second) if op is Op.MIN else first.max(second)


_BALL_METHODS: Final = {
    Op.SIN: "sin",
    Op.COS: "cos",
    Op.TAN: "tan",
    Op.ASIN: "asin",
    Op.ACOS: "acos",
    Op.ATAN: "atan",
    Op.SINH: "sinh",
    Op.COSH: "cosh",
    Op.TANH: "tanh",
    Op.EXP: "exp",
    Op.LOG: "log",
    Op.SQRT: "sqrt",
}


def _certainly_undefined(op: Op, a: Fraction | Ball) -> bool:
    match op:
        case Op.LOG:
            return bool(a <= 0)
        case Op.SQRT:
            return bool(a < 0)
        case Op.ASIN | Op.ACOS:
            return bool(a > 1) or bool(a < -1)
        case _:
            # The poles of tan are irrational, so no rational argument meets one.
            return False


def _function(op: Op, a: Fraction | Ball, balls: bool) -> Value:
    if _certainly_undefined(op, a):
        return Special.UNDEFINED
    if op is Op.ABS:
        known = sign(a)
        if known is not None:
            return -a if known < 0 else a
        return abs(a)
    if isinstance(a, Fraction):
        exact = ex.rational_value(op, a)
        if exact is not None:
            return exact
        if not balls:
            return Special.UNKNOWN
    return _finite(getattr(as_ball(a), _BALL_METHODS[op])())


def _apply(node: Expr, args: tuple[Any, ...], balls: bool) -> Value:
    if any(a is Special.UNDEFINED for a in args):
        return Special.UNDEFINED
    if any(a is Special.UNKNOWN for a in args):
        # Zero times a number is zero even if the number is not known; it must be defined, though.
        zero = any(isinstance(a, Fraction) and a == 0 for a in args)
        if node.op is Op.MUL and zero and all(argument.total for argument in node.args):
            return Fraction(0)
        return Special.UNKNOWN
    match node.op:
        case Op.ADD:
            return _sum(args[0], args[1], balls)
        case Op.SUB:
            return _sum(args[0], -args[1], balls)
        case Op.MUL:
            return _product(args[0], args[1], balls)
        case Op.DIV:
            return _quotient(args[0], args[1], balls)
        case Op.NEG:
            return -args[0]
        case Op.POW if isinstance(node.value, int):
            return _power(args[0], node.value, balls)
        case Op.MIN | Op.MAX:
            return _extremum(node.op, args[0], args[1])
        case _:
            return _function(node.op, args[0], balls)


def _leaf(node: Expr, point: Mapping[str, Value], balls: bool) -> Value:
    if node.op is Op.VAR:
        return point[str(node.value)]
    if node.constant is not None:
        return node.constant
    if not balls:
        return Special.UNKNOWN
    from flint import arb

    return arb.pi()


def _selected(condition: Alternatives, then: Alternatives, other: Alternatives) -> Alternatives:
    found: list[Value] = []
    for value in condition:
        known = sign(value)
        if known is None:
            found.append(value if isinstance(value, Special) else Special.UNKNOWN)
            continue
        found += then if known >= 0 else ()
        found += other if known <= 0 else ()
    return tuple(found)


def _distinct(values: Alternatives) -> Alternatives:
    if len(values) == 1:
        return values
    rational = dict.fromkeys(value for value in values if isinstance(value, (Fraction, Special)))
    balls = [value for value in values if not isinstance(value, (Fraction, Special))]
    kept = (*rational, *balls)
    return kept if len(kept) <= MAX_ALTERNATIVES else (Special.UNKNOWN,)


def node_values(
    node: Expr,
    done: Mapping[Expr, Alternatives],
    point: Mapping[str, Value],
    balls: bool,
) -> Alternatives:
    """The values of a node, given those of its operands.

    At a switching surface the choices of different SELECT nodes are combined freely, which can
    only add values. Without ``balls`` an irrational value is UNKNOWN; with them, flint's current
    precision applies. The point may hold balls: then every value is an enclosure.
    """
    if not node.args:
        return (_leaf(node, point, balls),)
    operands = [done[argument] for argument in node.args]
    if node.op is Op.SELECT:
        return _distinct(_selected(*operands))
    if all(len(values) == 1 for values in operands):
        return (_apply(node, tuple(values[0] for values in operands), balls),)
    combined = [_apply(node, args, balls) for args in itertools.product(*operands)]
    return _distinct(tuple(combined))


def extend(
    done: dict[Expr, Alternatives], root: Expr, point: Mapping[str, Value], balls: bool
) -> Alternatives:
    """The values of ``root``; ``done`` remembers those of its sub-terms."""
    if root not in done:
        for node in ex.postorder(root):
            if node not in done:
                done[node] = node_values(node, done, point, balls)
    return done[root]
