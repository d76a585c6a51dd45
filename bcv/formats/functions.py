"""What do the functions, powers and case distinctions of the grammar mean, as exact nodes?

Soundness depends on this file: every function that is not a node of its own (sign, clip, sat,
relu, sigmoid, softplus, a power with a broken exponent) is replaced here by an equal expression.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Final

from bcv import expr as ex
from bcv.expr import Expr, Op
from bcv.formats.bounds import bounds
from bcv.formats.constants import outer_bounds
from bcv.formats.yaml_tree import shorten
from bcv.region import And, Atom, Formula, Or, Range, Relation

MAX_POWER: Final = 1000
_HALF: Final = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the grammar; ``most`` is None if it takes any number of arguments."""

    signature: str
    least: int
    most: int | None
    build: Callable[[Sequence[Expr]], Expr]

    def takes(self, count: int) -> bool:
        return self.least <= count and (self.most is None or count <= self.most)


def select_where(condition: Formula, then: Expr, otherwise: Expr) -> Expr:
    """``then`` where the condition holds, else ``otherwise``, as nested SELECT nodes.

    On the border of the condition the result carries both values (see ``expr.Expr``), so what is
    claimed of it is claimed of each case on the closure of its piece. An equation keeps its own
    case too: select(a, no, select(-a, no, yes)).
    """
    match condition:
        case And(parts):
            for part in reversed(parts):
                then = select_where(part, then, otherwise)
            return then
        case Or(parts):
            for part in reversed(parts):
                otherwise = select_where(part, then, otherwise)
            return otherwise
        case Atom(expr, relation):
            sign = _sign_of_constant(expr)
            if sign is not None:
                return then if sign > 0 and relation is not Relation.EQ else otherwise
            if relation is Relation.EQ:
                return ex.select(expr, otherwise, ex.select(-expr, otherwise, then))
            return ex.select(expr, then, otherwise)


def _sign_of_constant(expr: Expr) -> int | None:
    """1 or -1 if the expression is an irrational constant of that sign, else None."""
    if any(node.op is Op.VAR for node in ex.postorder(expr)):
        return None
    ends = outer_bounds(expr)
    if ends is None or ends[0] <= 0 <= ends[1]:
        return None
    return 1 if ends[0] > 0 else -1


def raise_to(base: Expr, exponent: Expr, ranges: Mapping[str, Range]) -> Expr:
    """base ** exponent.

    Integer exponents are powers, halves are square roots, any other exponent r needs a base that
    is positive by simple rules or by the bounds of its variables, and means exp(r*log(base)).

    Raises:
        ValueError: the exponent is too large, or the base may not be positive.
        ZeroDivisionError: zero to a negative power.
    """
    number = exponent.constant
    if number is not None and number.denominator <= 2:
        if abs(number) > MAX_POWER:
            raise ValueError(f"the exponent lies beyond {MAX_POWER}")
        if number.denominator == 1:
            return ex.power(base, int(number))
        root = apply_checked(Op.SQRT, base)
        if number < 0:
            return ex.ONE / (ex.power(base, int(-number)) * root)
        return ex.power(base, int(number)) * root
    if base.op is Op.EXP:
        return ex.apply(Op.EXP, exponent * base.args[0])
    if not bounds(base, ranges).positive:
        raise ValueError("a power with this exponent needs a base that is surely positive")
    return ex.apply(Op.EXP, exponent * ex.apply(Op.LOG, base))


def apply_checked(op: Op, a: Expr) -> Expr:
    """The elementary function of a; raises ValueError where it is a constant outside the domain."""
    value = a.constant
    if value is not None and (
        (op is Op.LOG and value <= 0)
        or (op is Op.SQRT and value < 0)
        or (op in (Op.ASIN, Op.ACOS) and abs(value) > 1)
    ):
        raise ValueError(f"{op.value}({shorten(str(value), 30)}) is undefined")
    return ex.apply(op, a)


def _elementary(op: Op) -> Function:
    return Function(f"{op.value}(x)", 1, 1, lambda args: apply_checked(op, args[0]))


def _sign(x: Expr) -> Expr:
    return ex.select(x, ex.ONE, ex.select(-x, ex.const(-1), ex.ZERO))


def _clip(args: Sequence[Expr]) -> Expr:
    x, lo, hi = args
    if lo.constant is not None and hi.constant is not None and lo.constant > hi.constant:
        raise ValueError("clip(x, lo, hi) has its lo above its hi")
    return ex.minimum(ex.maximum(x, lo), hi)


def _sat(x: Expr) -> Expr:
    return ex.minimum(ex.maximum(x, ex.const(-1)), ex.ONE)


def _sigmoid(x: Expr) -> Expr:
    # 1/(1 + exp(-x)) = (1 + tanh(x/2))/2: x occurs once, and nothing overflows.
    return ex.const(_HALF) * (ex.ONE + ex.apply(Op.TANH, ex.const(_HALF) * x))


def _softplus(x: Expr) -> Expr:
    return ex.apply(Op.LOG, ex.ONE + ex.apply(Op.EXP, x))


_ELEMENTARY: Final = (
    *(Op.SIN, Op.COS, Op.TAN, Op.ASIN, Op.ACOS, Op.ATAN, Op.SINH, Op.COSH, Op.TANH),
    *(Op.EXP, Op.LOG, Op.SQRT, Op.ABS),
)

FUNCTIONS: Final[Mapping[str, Function]] = {op.value: _elementary(op) for op in _ELEMENTARY} | {
    "min": Function("min(a, b, ...)", 1, None, lambda args: reduce(ex.minimum, args)),
    "max": Function("max(a, b, ...)", 1, None, lambda args: reduce(ex.maximum, args)),
    "sign": Function("sign(x)", 1, 1, lambda args: _sign(args[0])),
    "clip": Function("clip(x, lo, hi)", 3, 3, _clip),
    "sat": Function("sat(x)", 1, 1, lambda args: _sat(args[0])),
    "relu": Function("relu(x)", 1, 1, lambda args: ex.maximum(args[0], ex.ZERO)),
    "sigmoid": Function("sigmoid(x)", 1, 1, lambda args: _sigmoid(args[0])),
    "softplus": Function("softplus(x)", 1, 1, lambda args: _softplus(args[0])),
}

OTHER_NAMES: Final[Mapping[str, str]] = {
    "ln": "log(x)",
    "arcsin": "asin(x)",
    "arccos": "acos(x)",
    "arctan": "atan(x)",
    "arctan2": "atan(y/x)",
    "atan2": "atan(y/x)",
    "pow": "x**n",
    "fabs": "abs(x)",
    "square": "x**2",
    "cbrt": "x**(1/3) for a positive x",
    "log10": "log(x)/log(10)",
    "log2": "log(x)/log(2)",
    "sgn": "sign(x)",
    "saturate": "sat(x) or clip(x, lo, hi)",
    "clamp": "clip(x, lo, hi)",
    "where": "a if c else b",
    "Max": "max(a, b)",
    "Min": "min(a, b)",
    "Abs": "abs(x)",
    "cot": "1/tan(x)",
    "sec": "1/cos(x)",
    "csc": "1/sin(x)",
}
"""What functions of other languages are called here."""
