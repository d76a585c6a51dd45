"""What is an expression, to the checker? A number in one list of nodes, operands first.

The checker's verdict depends on this file: a wrong derivative makes a wrong obligation. Equal
nodes have equal numbers, and operands have smaller numbers than what is made of them, so that
every walk is a loop over a sorted list. The constructors simplify lightly and never enlarge the
set of points where an expression is defined (``0 * log(x)`` stays).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from fractions import Fraction
from math import isqrt
from typing import Any

from .library import Library

FUNCTIONS = ("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "exp", "log")
UNARY = (*FUNCTIONS, "neg", "sqrt", "abs")
LEAVES = ("const", "var", "pi")
PARTIAL = ("/", "log", "sqrt", "asin", "acos", "tan")
"""Operations that have no value for some operands."""
BINARY = ("+", "-", "*", "/", "min", "max")
MOST_NODES = 200_000
LARGEST_POWER = 10_000
MOST_BITS = 60_000


class RejectedError(Exception):
    """The proof is not accepted; the message says why."""


def checked_size(value: Fraction) -> Fraction:
    """The value, unless it has grown absurdly long."""
    top, bottom = value.as_integer_ratio()
    if top.bit_length() + bottom.bit_length() > MOST_BITS:
        raise RejectedError(f"a number has more than {MOST_BITS} bits")
    return value


_EVEN = ("cos", "cosh")
_ODD = ("sin", "tan", "asin", "atan", "sinh", "tanh")
_AT_RATIONAL = {"cos": {0: 1}, "cosh": {0: 1}, "exp": {0: 1}, "log": {1: 0}, "acos": {1: 0}}
for _name in _ODD:
    _AT_RATIONAL[_name] = {0: 0}


def rational_value(op: str, x: Fraction) -> Fraction | None:
    """An elementary function's value at a rational, where that is rational and known."""
    if op == "abs":
        return abs(x)
    if op == "neg":
        return -x
    if op == "sqrt" and x >= 0:
        top, bottom = isqrt(x.numerator), isqrt(x.denominator)
        exact = top * top == x.numerator and bottom * bottom == x.denominator
        return Fraction(top, bottom) if exact else None
    found = _AT_RATIONAL.get(op, {}).get(x)  # type: ignore[call-overload]
    return None if found is None else Fraction(found)


class Terms:
    """The list of nodes: ("const", Fraction), ("var", name), ("pi",), ("**", a, n), (op, a, ...).

    ``total[i]`` is True only if node i is defined at every real point. ("select", c, a, b) is a
    where c > 0, b where c < 0, and both where c = 0.

    ``library`` finds the rules for what is said about these terms.
    """

    def __init__(self) -> None:
        self.library = Library()
        self.nodes: list[tuple[Any, ...]] = []
        self.total: list[bool] = []
        self._operands: list[tuple[int, ...]] = []
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._slopes: dict[str, dict[int, int]] = {}
        self.zero = self.const(0)
        self.one = self.const(1)

    def node(self, *node: Any) -> int:
        """The number of a node, made as it stands."""
        # The hash of a Fraction is slow; its two integers do as well.
        key = ("const", *node[1].as_integer_ratio()) if node[0] == "const" else node
        found = self._numbers.get(key)
        if found is None:
            if len(self.nodes) >= MOST_NODES:
                raise RejectedError(f"the expressions have more than {MOST_NODES} nodes")
            found = self._numbers[key] = len(self.nodes)
            inner = () if node[0] in LEAVES else node[1:2] if node[0] == "**" else node[1:]
            self.nodes.append(node)
            self._operands.append(inner)
            self.total.append(self._is_total(node[0], inner))
        return found

    def _is_total(self, op: str, operands: tuple[int, ...]) -> bool:
        for a in operands:
            if not self.total[a]:
                return False
        if op not in PARTIAL:
            return True
        known = self.value(operands[-1])
        if op == "/":
            return known is not None and known != 0
        if op in ("log", "sqrt"):
            return known is not None and (known > 0 or (known == 0 and op == "sqrt"))
        if op in ("asin", "acos"):
            return known is not None and abs(known) <= 1
        return False

    def value(self, a: int) -> Fraction | None:
        """The value of a rational constant, else None."""
        node = self.nodes[a]
        return node[1] if node[0] == "const" else None

    def operands(self, a: int) -> tuple[int, ...]:
        return self._operands[a]

    def below(self, roots: Iterable[int], known: Container[int] = ()) -> list[int]:
        """Every node that the roots are made of, operands first, but what is ``known``."""
        seen: set[int] = set()
        stack = list(roots)
        while stack:
            a = stack.pop()
            if a not in seen and a not in known:
                seen.add(a)
                stack.extend(self._operands[a])
        return sorted(seen)

    def variables(self, roots: Iterable[int]) -> set[str]:
        return {self.nodes[a][1] for a in self.below(roots) if self.nodes[a][0] == "var"}

    # -- constructors ---------------------------------------------------------------------------

    def const(self, value: Fraction | int) -> int:
        exact = value if isinstance(value, Fraction) else Fraction(value)
        return self.node("const", checked_size(exact))

    def add(self, a: int, b: int) -> int:
        x, y = self.value(a), self.value(b)
        if x is not None and y is not None:
            return self.const(x + y)
        if a == self.zero:
            return b
        if b == self.zero:
            return a
        if self.nodes[b][0] == "neg":
            return self.sub(a, self.nodes[b][1])
        return self.node("+", a, b)

    def sub(self, a: int, b: int) -> int:
        x, y = self.value(a), self.value(b)
        if x is not None and y is not None:
            return self.const(x - y)
        if b == self.zero:
            return a
        if a == self.zero:
            return self.neg(b)
        if a == b and self.total[a]:
            return self.zero
        if self.nodes[b][0] == "neg":
            return self.add(a, self.nodes[b][1])
        return self.node("-", a, b)

    def neg(self, a: int) -> int:
        x = self.value(a)
        if x is not None:
            return self.const(-x)
        if self.nodes[a][0] == "neg":
            return int(self.nodes[a][1])
        if self.nodes[a][0] == "-":
            return self.sub(self.nodes[a][2], self.nodes[a][1])
        return self.node("neg", a)

    def mul(self, a: int, b: int) -> int:
        if self.value(b) is not None:
            a, b = b, a
        x, y = self.value(a), self.value(b)
        if x is not None:
            return self.const(x * y) if y is not None else self._scale(x, b)
        if self.nodes[a][0] == "neg":
            return self.neg(self.mul(self.nodes[a][1], b))
        if self.nodes[b][0] == "neg":
            return self.neg(self.mul(a, self.nodes[b][1]))
        (base, n), (other, m) = self._base(a), self._base(b)
        return self.power(base, n + m) if base == other else self.node("*", a, b)

    def _scale(self, x: Fraction, b: int) -> int:
        if x == 1:
            return b
        if x == 0 and self.total[b]:
            return self.zero
        if x == -1:
            return self.neg(b)
        if self.nodes[b][0] == "neg":
            return self._scale(-x, self.nodes[b][1])
        if self.nodes[b][0] == "*":
            inner = self.value(self.nodes[b][1])
            if inner is not None:
                return self.mul(self.const(x * inner), self.nodes[b][2])
        return self.node("*", self.const(x), b)

    def _base(self, a: int) -> tuple[int, int]:
        node = self.nodes[a]
        return (node[1], node[2]) if node[0] == "**" else (a, 1)

    def div(self, a: int, b: int) -> int:
        y = self.value(b)
        return self.node("/", a, b) if y is None or y == 0 else self.mul(self.const(1 / y), a)

    def power(self, a: int, n: int) -> int:
        """a ** n for n >= 1."""
        if n > LARGEST_POWER:
            raise RejectedError(f"an exponent is larger than {LARGEST_POWER}")
        x = self.value(a)
        if n == 1:
            return a
        if x is not None:
            if n * max(x.numerator.bit_length(), x.denominator.bit_length()) > MOST_BITS:
                raise RejectedError(f"a number has more than {MOST_BITS} bits")
            return self.const(x**n)
        if self.nodes[a][0] == "**":
            return self.power(self.nodes[a][1], self.nodes[a][2] * n)
        if self.nodes[a][0] == "neg":
            unsigned = self.power(self.nodes[a][1], n)
            return self.neg(unsigned) if n % 2 else unsigned
        return self.node("**", a, n)

    def apply(self, op: str, a: int) -> int:
        """An elementary function of a."""
        x = self.value(a)
        exact = None if x is None else rational_value(op, x)
        if exact is not None:
            return self.const(exact)
        if x is not None and x < 0 and op in (*_EVEN, *_ODD):
            mirrored = self.apply(op, self.const(-x))
            return mirrored if op in _EVEN else self.neg(mirrored)
        node = self.nodes[a]
        if op == "sqrt" and node[0] == "**" and node[2] == 2:
            return self.apply("abs", node[1])
        if op == "abs" and (
            node[0] in ("abs", "sqrt", "exp", "cosh") or (node[0] == "**" and node[2] % 2 == 0)
        ):
            return a
        if op in ("abs", *_EVEN) and node[0] == "neg":
            return self.apply(op, node[1])
        return self.node(op, a)

    def dot(self, left: Sequence[int], right: Sequence[int]) -> int:
        """The sum of the products of terms in the same places."""
        total = self.zero
        for a, b in zip(left, right, strict=True):
            total = self.add(total, self.mul(a, b))
        return total

    def extremum(self, op: str, a: int, b: int) -> int:
        """min or max."""
        x, y = self.value(a), self.value(b)
        if x is not None and y is not None:
            return self.const(min(x, y) if op == "min" else max(x, y))
        return a if a == b else self.node(op, a, b)

    def select(self, c: int, a: int, b: int) -> int:
        x = self.value(c)
        if a == b and self.total[c]:
            return a
        if x is not None and x != 0:
            return a if x > 0 else b
        return self.node("select", c, a, b)

    def rebuild(self, node: tuple[Any, ...], operands: Sequence[int]) -> int:
        """The node, which may be of another list, with these operands."""
        op = node[0]
        if not operands:
            return self.node(*node)
        if op == "**":
            return self.power(operands[0], node[2])
        if op in ("min", "max"):
            return self.extremum(op, *operands)
        binary = {"+": self.add, "-": self.sub, "*": self.mul, "/": self.div}
        if op in binary:
            return binary[op](*operands)
        if op == "select":
            return self.select(*operands)
        return self.neg(*operands) if op == "neg" else self.apply(op, *operands)

    def substitute(self, root: int, replacement: Mapping[str, int]) -> int:
        """The expression with variables replaced, all at once."""
        done: dict[int, int] = {}
        for a in self.below([root]):
            if self.nodes[a][0] == "var":
                done[a] = replacement.get(self.nodes[a][1], a)
            else:
                done[a] = self.rebuild(self.nodes[a], [done[b] for b in self.operands(a)])
        return done[root]

    # -- derivatives ----------------------------------------------------------------------------

    def derivative(self, root: int, name: str) -> int:
        """The partial derivative; at a kink it is a select that carries both one-sided values."""
        slope = self._slopes.setdefault(name, {})
        for a in self.below([root], slope):
            operands = self.operands(a)
            if self.nodes[a] == ("var", name):
                slope[a] = self.one
            elif all(slope[b] == self.zero for b in operands):
                slope[a] = self.zero
            else:
                slope[a] = self._slope(a, operands, [slope[b] for b in operands])
        return slope[root]

    def rate(self, root: int, rates: Mapping[str, int]) -> int:
        """The derivative by time where variables change at these rates; each kink counts once."""
        slope: dict[int, int] = {}
        for a in self.below([root]):
            operands, node = self.operands(a), self.nodes[a]
            if node[0] == "var":
                slope[a] = rates.get(node[1], self.zero)
            elif all(slope[b] == self.zero for b in operands):
                slope[a] = self.zero
            else:
                slope[a] = self._slope(a, operands, [slope[b] for b in operands])
        return slope[root]

    def _slope(self, node: int, args: Sequence[int], slopes: Sequence[int]) -> int:
        op = self.nodes[node][0]
        if op == "**":
            n = self.nodes[node][2]
            outer = self.mul(self.const(n), self.power(args[0], n - 1))
            return self.mul(outer, slopes[0])
        if op in ("+", "-"):
            return self.add(*slopes) if op == "+" else self.sub(*slopes)
        if op == "neg":
            return self.neg(slopes[0])
        if op in ("min", "max"):
            c = self.sub(args[1], args[0]) if op == "min" else self.sub(args[0], args[1])
            return self.select(c, *slopes)
        if op == "select":
            return self.select(args[0], slopes[1], slopes[2])
        if op == "*":
            return self.add(self.mul(slopes[0], args[1]), self.mul(args[0], slopes[1]))
        if op == "/":
            if slopes[1] == self.zero:
                return self.div(slopes[0], args[1])
            top = self.sub(self.mul(slopes[0], args[1]), self.mul(args[0], slopes[1]))
            return self.div(top, self.power(args[1], 2))
        return self.mul(self.outer_derivative(op, node, args[0]), slopes[0])

    def outer_derivative(self, op: str, node: int, a: int) -> int:
        """f'(a) for the node f(a)."""
        one, square = self.one, self.power
        if op in ("asin", "acos"):
            inverse = self.div(one, self.apply("sqrt", self.sub(one, square(a, 2))))
            return inverse if op == "asin" else self.neg(inverse)
        if op == "exp":
            return node
        table = {
            "sin": lambda: self.apply("cos", a),
            "cos": lambda: self.neg(self.apply("sin", a)),
            "tan": lambda: self.add(one, square(node, 2)),
            "atan": lambda: self.div(one, self.add(one, square(a, 2))),
            "sinh": lambda: self.apply("cosh", a),
            "cosh": lambda: self.apply("sinh", a),
            "tanh": lambda: self.sub(one, square(node, 2)),
            "log": lambda: self.div(one, a),
            "sqrt": lambda: self.div(one, self.mul(self.const(2), node)),
            "abs": lambda: self.select(a, one, self.const(-1)),
        }
        return table[op]()

    # -- words ----------------------------------------------------------------------------------

    def text(self, root: int, limit: int = 300) -> str:
        """The expression for reading; long sub-terms become "(...)"."""
        words: dict[int, str] = {}
        for a in self.below([root]):
            op, *rest = self.nodes[a]
            inner = [words[b] for b in self.operands(a)]
            if op in ("const", "var"):
                word = str(rest[0])
                word = f"({word})" if "/" in word or "-" in word else word
            elif op == "**":
                simple = self.nodes[rest[0]][0] not in ("*", "**")
                word = f"{inner[0] if simple else f'({inner[0]})'}**{rest[1]}"
            elif op in ("+", "-"):
                word = f"({inner[0]} {op} {inner[1]})"
            elif op in ("*", "/"):
                word = f"{inner[0]}{op}{inner[1]}"
                word = f"({word})" if op == "/" else word
            elif op == "neg":
                word = f"(-{inner[0]})"
            elif op == "select":
                word = f"({inner[1]} if {inner[0]} >= 0 else {inner[2]})"
            else:
                word = f"{op}({', '.join(inner)})" if inner else op
            words[a] = word if len(word) <= limit else "(...)"
        return words[root]
