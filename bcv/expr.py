"""What is an expression? An immutable, hash-consed DAG over exact rationals.

Soundness depends on this file: a wrong simplification or derivative makes a wrong claim.

Two expressions that are built alike are the same object, so equality and hashing are by
identity and every traversal visits a shared node once. Simplification is deliberately light
and never enlarges the set of points where an expression is defined: ``0 * log(x)`` stays.
"""

from __future__ import annotations

import enum
import hashlib
import math
import threading
import weakref
from collections.abc import Callable, Collection, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Final

MAX_CONSTANT_BITS: Final = 100_000
"""A folded constant larger than this is refused: ``(9**999)**999`` would eat the memory."""


class Op(enum.Enum):
    """The node kinds. ``value`` is the canonical token, used in digests and statements."""

    CONST = "const"
    VAR = "var"
    PI = "pi"
    ADD = "+"
    SUB = "-"
    MUL = "*"
    DIV = "/"
    NEG = "neg"
    POW = "**"
    SIN = "sin"
    COS = "cos"
    TAN = "tan"
    ASIN = "asin"
    ACOS = "acos"
    ATAN = "atan"
    SINH = "sinh"
    COSH = "cosh"
    TANH = "tanh"
    EXP = "exp"
    LOG = "log"
    SQRT = "sqrt"
    ABS = "abs"
    MIN = "min"
    MAX = "max"
    SELECT = "select"

    # Members are compared by identity; Enum's own hash is a call in Python for each look-up.
    __hash__ = object.__hash__


class ExpressionTooLargeError(ValueError):
    """A constant grew past MAX_CONSTANT_BITS while it was folded."""


class Expr:
    """A node. Build one with the functions of this module or with ``+ - * / **``.

    Attributes:
        op: the node kind.
        args: the operands; (condition, then, otherwise) for SELECT.
        value: the Fraction of CONST, the name of VAR, the exponent (int >= 2) of POW.
        constant: the exact value of a rational constant (CONST), else None.
        total: True only if the expression is defined at every real point.

    ``SELECT(c, a, b)`` is a where c > 0, b where c < 0, and *both* where c = 0: a claim about it
    must hold for every branch on the closure of its piece.
    """

    __slots__ = ("__weakref__", "_digest", "args", "constant", "op", "total", "value")

    op: Op
    args: tuple[Expr, ...]
    value: Fraction | str | int | None
    constant: Fraction | None
    total: bool
    _digest: bytes

    def __add__(self, other: Expr) -> Expr:
        return add(self, other)

    def __sub__(self, other: Expr) -> Expr:
        return sub(self, other)

    def __mul__(self, other: Expr) -> Expr:
        return mul(self, other)

    def __truediv__(self, other: Expr) -> Expr:
        return div(self, other)

    def __neg__(self) -> Expr:
        return neg(self)

    def __pow__(self, exponent: int) -> Expr:
        return power(self, exponent)

    def __reduce__(self) -> tuple[object, ...]:
        return _node, (self.op, self.args, self.value)

    def __repr__(self) -> str:
        return f"Expr({to_text(self, limit=200)})"


# Hash-consing needs one table for the process. It holds its values weakly, is guarded by a
# lock, and no result depends on its content.
_table: weakref.WeakValueDictionary[tuple[object, ...], Expr] = weakref.WeakValueDictionary()
_lock = threading.Lock()


def _is_total(op: Op, args: tuple[Expr, ...]) -> bool:
    if not all(argument.total for argument in args):
        return False
    if op is Op.DIV:
        return args[1].constant is not None and args[1].constant != 0
    if op is Op.LOG:
        return args[0].constant is not None and args[0].constant > 0
    if op is Op.SQRT:
        return args[0].constant is not None and args[0].constant >= 0
    if op in (Op.ASIN, Op.ACOS):
        return args[0].constant is not None and abs(args[0].constant) <= 1
    return op is not Op.TAN


def _node(op: Op, args: tuple[Expr, ...] = (), value: Fraction | str | int | None = None) -> Expr:
    constant = value if op is Op.CONST and isinstance(value, Fraction) else None
    # The hash of a Fraction is slow; its two integers do as well.
    key = (op, args, value) if constant is None else (op, *constant.as_integer_ratio())
    with _lock:
        found = _table.get(key)
        if found is None:
            found = Expr()
            found.op, found.args, found.value, found.constant = op, args, value, constant
            found.total = _is_total(op, args)
            _table[key] = found
        return found


def const(value: Fraction | int) -> Expr:
    """The rational constant ``value``. Raises ExpressionTooLargeError past MAX_CONSTANT_BITS."""
    exact = Fraction(value)
    if exact.numerator.bit_length() + exact.denominator.bit_length() > MAX_CONSTANT_BITS:
        raise ExpressionTooLargeError(f"a constant has more than {MAX_CONSTANT_BITS} bits")
    return _node(Op.CONST, (), exact)


ZERO: Final = const(0)
ONE: Final = const(1)
PI: Final = _node(Op.PI)


def var(name: str) -> Expr:
    """The variable called ``name``."""
    return _node(Op.VAR, (), name)


def add(a: Expr, b: Expr) -> Expr:
    """a + b."""
    if a.constant is not None and b.constant is not None:
        return const(a.constant + b.constant)
    if a is ZERO:
        return b
    if b is ZERO:
        return a
    if b.op is Op.NEG:
        return sub(a, b.args[0])
    return _node(Op.ADD, (a, b))


def sub(a: Expr, b: Expr) -> Expr:
    """a - b."""
    if a.constant is not None and b.constant is not None:
        return const(a.constant - b.constant)
    if b is ZERO:
        return a
    if a is ZERO:
        return neg(b)
    if a is b and a.total:
        return ZERO
    if b.op is Op.NEG:
        return add(a, b.args[0])
    return _node(Op.SUB, (a, b))


def neg(a: Expr) -> Expr:
    """-a."""
    if a.constant is not None:
        return const(-a.constant)
    if a.op is Op.NEG:
        return a.args[0]
    if a.op is Op.SUB:
        return sub(a.args[1], a.args[0])
    return _node(Op.NEG, (a,))


def _base_and_exponent(a: Expr) -> tuple[Expr, int]:
    if a.op is Op.POW and isinstance(a.value, int):
        return a.args[0], a.value
    return a, 1


def mul(a: Expr, b: Expr) -> Expr:
    """a * b; equal bases are joined to a power, since ``x*x`` encloses worse than ``x**2``."""
    if a.constant is not None and b.constant is not None:
        return const(a.constant * b.constant)
    if b.constant is not None:
        a, b = b, a
    if a.constant is not None:
        if a is ONE:
            return b
        if a is ZERO and b.total:
            return ZERO
        if a.constant == -1:
            return neg(b)
        if b.op is Op.NEG:
            return mul(const(-a.constant), b.args[0])
        if b.op is Op.MUL and b.args[0].constant is not None:
            return mul(const(a.constant * b.args[0].constant), b.args[1])
        return _node(Op.MUL, (a, b))
    if a.op is Op.NEG:
        return neg(mul(a.args[0], b))
    if b.op is Op.NEG:
        return neg(mul(a, b.args[0]))
    base, exponent = _base_and_exponent(a)
    other, more = _base_and_exponent(b)
    if base is other:
        return power(base, exponent + more)
    return _node(Op.MUL, (a, b))


def div(a: Expr, b: Expr) -> Expr:
    """a / b. Raises ZeroDivisionError if b is the constant 0."""
    if b.constant is not None:
        return mul(const(1 / b.constant), a)
    return _node(Op.DIV, (a, b))


def power(a: Expr, exponent: int) -> Expr:
    """a ** exponent for an integer exponent; a negative one becomes a division."""
    if exponent < 0:
        return div(ONE, power(a, -exponent))
    if exponent == 0 and a.total:
        return ONE
    if exponent == 1:
        return a
    if a.constant is not None:
        size = max(a.constant.numerator.bit_length(), a.constant.denominator.bit_length())
        if size * exponent > MAX_CONSTANT_BITS:
            raise ExpressionTooLargeError(f"a constant has more than {MAX_CONSTANT_BITS} bits")
        return const(a.constant**exponent)
    if exponent == 0:
        return add(ONE, mul(ZERO, a))
    if a.op is Op.POW and isinstance(a.value, int):
        return power(a.args[0], a.value * exponent)
    if a.op is Op.NEG:
        unsigned = power(a.args[0], exponent)
        return neg(unsigned) if exponent % 2 else unsigned
    return _node(Op.POW, (a,), exponent)


def _exact_root(value: Fraction) -> Fraction | None:
    if value < 0:
        return None
    top, bottom = math.isqrt(value.numerator), math.isqrt(value.denominator)
    exact = top * top == value.numerator and bottom * bottom == value.denominator
    return Fraction(top, bottom) if exact else None


_AT_RATIONAL: Final[dict[Op, dict[Fraction, Fraction]]] = {
    Op.SIN: {Fraction(0): Fraction(0)},
    Op.COS: {Fraction(0): Fraction(1)},
    Op.TAN: {Fraction(0): Fraction(0)},
    Op.ASIN: {Fraction(0): Fraction(0)},
    Op.ACOS: {Fraction(1): Fraction(0)},
    Op.ATAN: {Fraction(0): Fraction(0)},
    Op.SINH: {Fraction(0): Fraction(0)},
    Op.COSH: {Fraction(0): Fraction(1)},
    Op.TANH: {Fraction(0): Fraction(0)},
    Op.EXP: {Fraction(0): Fraction(1)},
    Op.LOG: {Fraction(1): Fraction(0)},
}


_EVEN: Final = (Op.COS, Op.COSH)
_ODD: Final = (Op.SIN, Op.TAN, Op.ASIN, Op.ATAN, Op.SINH, Op.TANH)


def rational_value(op: Op, argument: Fraction) -> Fraction | None:
    """The value of an elementary function at a rational, where it is rational, else None.

    By the Lindemann-Weierstrass theorem the tabled points are the only rational ones at which
    these functions are rational; a square root is rational exactly when both of its parts are.
    """
    if op is Op.SQRT:
        return _exact_root(argument)
    if op is Op.ABS:
        return abs(argument)
    return _AT_RATIONAL.get(op, {}).get(argument)


def apply(op: Op, a: Expr) -> Expr:
    """The elementary function ``op`` (SIN ... ABS) of a."""
    if a.constant is not None:
        exact = rational_value(op, a.constant)
        if exact is not None:
            return const(exact)
        if a.constant < 0 and op in (*_EVEN, *_ODD):
            mirrored = apply(op, const(-a.constant))
            return mirrored if op in _EVEN else neg(mirrored)
    if op is Op.SQRT and a.op is Op.POW and a.value == 2:
        return apply(Op.ABS, a.args[0])
    if op is Op.ABS and a.op in (Op.ABS, Op.SQRT, Op.EXP, Op.COSH):
        return a
    if op is Op.ABS and a.op is Op.POW and isinstance(a.value, int) and a.value % 2 == 0:
        return a
    if op in (Op.ABS, *_EVEN) and a.op is Op.NEG:
        return apply(op, a.args[0])
    return _node(op, (a,))


def minimum(a: Expr, b: Expr) -> Expr:
    """min(a, b)."""
    if a is b:
        return a
    if a.constant is not None and b.constant is not None:
        return const(min(a.constant, b.constant))
    return _node(Op.MIN, (a, b))


def maximum(a: Expr, b: Expr) -> Expr:
    """max(a, b)."""
    if a is b:
        return a
    if a.constant is not None and b.constant is not None:
        return const(max(a.constant, b.constant))
    return _node(Op.MAX, (a, b))


def select(condition: Expr, then: Expr, otherwise: Expr) -> Expr:
    """``then`` where condition > 0, ``otherwise`` where it is < 0, both where it is 0."""
    if then is otherwise and condition.total:
        return then
    if condition.constant is not None and condition.constant != 0:
        return then if condition.constant > 0 else otherwise
    return _node(Op.SELECT, (condition, then, otherwise))


_BINARY: Final[Mapping[Op, Callable[[Expr, Expr], Expr]]] = {
    Op.ADD: add,
    Op.SUB: sub,
    Op.MUL: mul,
    Op.DIV: div,
    Op.MIN: minimum,
    Op.MAX: maximum,
}


def rebuild(node: Expr, args: tuple[Expr, ...]) -> Expr:
    """The node with other operands, simplified again."""
    if args == node.args:
        return node
    if node.op is Op.DIV and args[1].constant == 0:
        return _node(Op.DIV, args)  # nowhere defined, which is for claims to say
    if node.op in _BINARY:
        return _BINARY[node.op](*args)
    if node.op is Op.NEG:
        return neg(args[0])
    if node.op is Op.POW and isinstance(node.value, int):
        return power(args[0], node.value)
    if node.op is Op.SELECT:
        return select(*args)
    return apply(node.op, args[0])


def postorder(*roots: Expr) -> tuple[Expr, ...]:
    """Every node below the roots once, operands before the nodes that use them."""
    return _order(roots)


@lru_cache(maxsize=64)
def _order(roots: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """A claim is walked over and over, so the last few orders are kept."""
    seen: set[Expr] = set()
    found: list[Expr] = []
    stack = list(reversed(roots))
    while stack:
        node = stack[-1]
        if node not in seen:
            waiting = [argument for argument in node.args if argument not in seen]
            if waiting:
                stack.extend(reversed(waiting))
                continue
            seen.add(node)
            found.append(node)
        stack.pop()
    return tuple(found)


_AFFINE: Final = frozenset({Op.ADD, Op.SUB, Op.NEG, Op.VAR, Op.CONST})
_SMALLEST_NETWORK: Final = 500
_MOST_CURVED: Final = 4_000


def is_network(nodes: Collection[Expr]) -> bool:
    """Whether they are many, nearly all of them sums and constant multiples, as layers are.

    At most one in eight, and few in all, is neither.
    """
    if len(nodes) < _SMALLEST_NETWORK:
        return False
    others = [node for node in nodes if node.op not in _AFFINE]
    curved = sum(node.op is not Op.MUL or node.args[0].constant is None for node in others)
    return curved <= min(len(nodes) // 8, _MOST_CURVED)


def variables(*roots: Expr) -> frozenset[str]:
    """The names of the variables that occur."""
    return frozenset(str(node.value) for node in postorder(*roots) if node.op is Op.VAR)


def substitute(root: Expr, replacement: Mapping[str, Expr]) -> Expr:
    """The expression with variables replaced, all at once."""
    done: dict[Expr, Expr] = {}
    for node in postorder(root):
        if node.op is Op.VAR:
            done[node] = replacement.get(str(node.value), node)
        else:
            done[node] = rebuild(node, tuple(done[argument] for argument in node.args))
    return done[root]


def slope_of(node: Expr) -> Expr:
    """The derivative of the node's own function at its operand."""
    (a,) = node.args
    match node.op:
        case Op.SIN:
            return apply(Op.COS, a)
        case Op.COS:
            return neg(apply(Op.SIN, a))
        case Op.TAN:
            return ONE + node**2
        case Op.ASIN:
            return ONE / apply(Op.SQRT, ONE - a**2)
        case Op.ACOS:
            return neg(ONE / apply(Op.SQRT, ONE - a**2))
        case Op.ATAN:
            return ONE / (ONE + a**2)
        case Op.SINH:
            return apply(Op.COSH, a)
        case Op.COSH:
            return apply(Op.SINH, a)
        case Op.TANH:
            return ONE - node**2
        case Op.EXP:
            return node
        case Op.LOG:
            return ONE / a
        case Op.SQRT:
            return ONE / (const(2) * node)
        case Op.ABS:
            return select(a, ONE, const(-1))
        case _:
            raise AssertionError(node.op)


def _node_derivative(node: Expr, slope: dict[Expr, Expr]) -> Expr:
    if all(slope[argument] is ZERO for argument in node.args):
        return ZERO
    match node.op, node.args:
        case Op.ADD, (a, b):
            return slope[a] + slope[b]
        case Op.SUB, (a, b):
            return slope[a] - slope[b]
        case Op.NEG, (a,):
            return -slope[a]
        case Op.MUL, (a, b):
            return slope[a] * b + a * slope[b]
        case Op.DIV, (a, b):
            if slope[b] is ZERO:
                return slope[a] / b
            return (slope[a] * b - a * slope[b]) / b**2
        case Op.POW, (a,):
            assert isinstance(node.value, int)
            return const(node.value) * a ** (node.value - 1) * slope[a]
        case Op.MIN, (a, b):
            return select(b - a, slope[a], slope[b])
        case Op.MAX, (a, b):
            return select(a - b, slope[a], slope[b])
        case Op.SELECT, (c, a, b):
            return select(c, slope[a], slope[b])
        case _, (a,):
            return slope_of(node) * slope[a]
    raise AssertionError(node.op)


def derivative(root: Expr, name: str) -> Expr:
    """The partial derivative; at a kink it is a SELECT that carries both one-sided values.

    It says nothing where the expression itself is undefined or jumps: whoever uses it must also
    require that ``root`` is defined, and continuous where it has a SELECT.
    """
    return rate(root, {name: ONE})


def rate(root: Expr, rates: Mapping[str, Expr]) -> Expr:
    """The derivative by time where variables change at these rates; a SELECT once for each kink."""
    slope: dict[Expr, Expr] = {}
    for node in postorder(root):
        if node.op is Op.VAR:
            slope[node] = rates.get(str(node.value), ZERO)
        else:
            slope[node] = _node_derivative(node, slope) if node.args else ZERO
    return slope[root]


_PRECEDENCE: Final = {
    Op.SELECT: 0,
    Op.ADD: 1,
    Op.SUB: 1,
    Op.MUL: 2,
    Op.DIV: 2,
    Op.NEG: 3,
    Op.POW: 4,
}
_ATOM: Final = 5


def _precedence(node: Expr) -> int:
    if node.constant is not None:
        if node.constant < 0:
            return 3 if node.constant.denominator == 1 else 2
        return _ATOM if node.constant.denominator == 1 else 2
    return _PRECEDENCE.get(node.op, _ATOM)


def _node_text(node: Expr, text: dict[Expr, str]) -> str:
    def wrap(argument: Expr, least: int) -> str:
        inner = text[argument]
        return inner if _precedence(argument) >= least else f"({inner})"

    match node.op, node.args:
        case ((Op.CONST | Op.VAR), _):
            return str(node.value)
        case Op.PI, _:
            return "pi"
        case ((Op.ADD | Op.SUB), (a, b)):
            return f"{wrap(a, 1)} {node.op.value} {wrap(b, 2)}"
        case ((Op.MUL | Op.DIV), (a, b)):
            return f"{wrap(a, 2)}{node.op.value}{wrap(b, 4)}"
        case Op.NEG, (a,):
            return f"-{wrap(a, 4)}"
        case Op.POW, (a,):
            return f"{wrap(a, 5)}**{node.value}"
        case Op.SELECT, (c, a, b):
            return f"{wrap(a, 1)} if {wrap(c, 1)} >= 0 else {wrap(b, 1)}"
        case _:
            return f"{node.op.value}({', '.join(text[argument] for argument in node.args)})"


def to_text(root: Expr, limit: int | None = None) -> str:
    """The expression in the grammar of problem files; parsing it gives the same object back.

    A shared sub-expression is printed wherever it occurs, so the text can be exponentially
    longer than the DAG; with ``limit`` sub-terms longer than that become ``...``.
    """
    return texts(root, limit=limit)[root]


def texts(*roots: Expr, limit: int | None = None) -> dict[Expr, str]:
    """``to_text`` of every node below the roots, in one pass."""
    text: dict[Expr, str] = {}
    for node in postorder(*roots):
        written = _node_text(node, text)
        text[node] = written if limit is None or len(written) <= limit else "(...)"
    return text


def digest(*roots: Expr) -> str:
    """A SHA-256 (hex) of the structure: equal digests mean the same expressions, in order."""
    names = b"".join(map(_named, roots))
    return hashlib.sha256(names).hexdigest()


def _named(root: Expr) -> bytes:
    """The digest of one expression, which each node remembers."""
    if not hasattr(root, "_digest"):
        for node in postorder(root):
            if not hasattr(node, "_digest"):
                content = f"{node.op.value}|{node.value}|".encode()
                below = b"".join([argument._digest for argument in node.args])
                node._digest = hashlib.sha256(content + below).digest()
    return root._digest
