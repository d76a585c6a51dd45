"""What is the value of an expression at a point? Exactly, or enclosed as closely as asked for.

The checker's verdict depends on this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING, Any

from ..claims import Formula
from ..ring import Ring
from ..terms import RejectedError, Terms, checked_size, rational_value

if TYPE_CHECKING:
    from .fixed_point import Fixed

UNDEFINED = "undefined"
UNKNOWN = "unknown"
PRECISIONS = (320, 1200, 4000)
"""Bits of the enclosures at a point, each tried where fewer do not tell."""


class PointValues:
    """The values of terms at one rational point: a Fraction, an enclosure, UNDEFINED or UNKNOWN.

    An enclosure is a pair of Fractions (or infinities). UNDEFINED and Fractions are certain. Where
    a select's condition may be 0 both branches count: its enclosure has the values of either.
    """

    def __init__(
        self, terms: Terms, point: Mapping[str, Fraction], bits: int = PRECISIONS[0]
    ) -> None:
        self.terms, self.point, self.bits = terms, point, bits
        self._values: dict[int, Any] = {}

    @cached_property
    def fixed(self) -> Fixed:
        arithmetic: Fixed = self.terms.library.rule("arithmetic", "fixed point").Fixed(self.bits)
        return arithmetic

    def of(self, root: int) -> Any:
        for node in self.terms.below([root]):
            if node not in self._values:
                self._values[node] = self._value(node)
        value = self._values[root]
        if isinstance(value, tuple) and value[0] <= 0 <= value[1] and self._cancels(root):
            value = self._values[root] = Fraction(0)
        return value

    def _cancels(self, root: int) -> bool:
        """Whether irrational terms cancel, as in exp(x) - exp(1) at x = 1.

        With rationals in the place of what has a rational value here, the rest is 0 wherever it
        is defined; and it is, since it has an enclosure. Selects could be taken for each other.
        """
        here, done = Terms(), dict[int, int]()
        try:
            for node in self.terms.below([root]):
                value, operands = self._values[node], self.terms.operands(node)
                if self.terms.nodes[node][0] == "select":
                    return False
                done[node] = (
                    here.const(value)
                    if isinstance(value, Fraction)
                    else here.rebuild(self.terms.nodes[node], [done[a] for a in operands])
                )
            return not Ring(here).form(done[root])[0]
        except RejectedError:  # too large to be expanded
            return False

    def _value(self, node: int) -> Any:
        op, *rest = self.terms.nodes[node]
        if op == "const":
            return rest[0]
        if op == "var":
            return self.point.get(rest[0], UNKNOWN)
        if op == "pi":
            return self._outward(self.fixed.pi(self.terms.library))
        args = [self._values[a] for a in self.terms.operands(node)]
        if op == "select":
            lo, hi = _ends(args[0])
            if lo > 0 or hi < 0:
                return args[1] if lo > 0 else args[2]
            if any(isinstance(a, str) for a in args):
                return UNKNOWN
            (a, b), (c, d) = _ends(args[1]), _ends(args[2])
            return min(a, c), max(b, d)
        if UNDEFINED in args:
            return UNDEFINED
        if UNKNOWN in args:
            return UNKNOWN
        if _outside_domain(op, args):
            return UNDEFINED
        if all(isinstance(a, Fraction) for a in args):
            exact = self._exact(op, args, rest)
            if exact is not None:
                return checked_size(exact)
        inputs = [self._inward(a) for a in args]
        library = self.terms.library
        operation = self.fixed.power(rest[1]) if op == "**" else self.fixed.operation(op, library)
        result = operation(inputs[0], inputs[-1])
        return UNKNOWN if result is None else self._outward(result)

    @staticmethod
    def _exact(op: str, args: list[Any], rest: list[Any]) -> Fraction | None:
        if op == "**":
            if args[0].numerator.bit_length() + args[0].denominator.bit_length() > 60_000 / rest[1]:
                raise RejectedError("a number in the evaluation at a point is too long")
            return Fraction(args[0] ** rest[1])
        if op not in ("+", "-", "*", "/", "min", "max"):
            return rational_value(op, args[0])
        a, b = args
        if op in ("min", "max"):
            return Fraction(min(a, b) if op == "min" else max(a, b))
        return Fraction(
            a + b if op == "+" else a - b if op == "-" else a * b if op == "*" else a / b
        )

    def _inward(self, value: Any) -> Any:
        """As an interval of fixed-point numbers that contains it."""
        lo, hi = _ends(value)
        return (
            lo if lo == -inf else self.fixed.enclose(lo)[0],
            hi if hi == inf else self.fixed.enclose(hi)[1],
        )

    def _outward(self, interval: Any) -> Any:
        lo, hi = interval
        return (
            lo if lo == -inf else self.fixed.exact(lo),
            hi if hi == inf else self.fixed.exact(hi),
        )

    def holds(self, formula: Formula) -> bool:
        """Whether the formula is certainly true at the point."""
        op, *parts = formula
        if op == "and":
            return all(self.holds(part) for part in parts)
        if op == "or":
            return any(self.holds(part) for part in parts)
        lo, hi = _ends(self.of(parts[0]))
        return bool(lo >= 0 if op == ">=" else lo > 0 if op == ">" else lo == hi == 0)


def _ends(value: Any) -> tuple[Any, Any]:
    """The ends of what is known about a value."""
    if isinstance(value, Fraction):
        return value, value
    return (-inf, inf) if isinstance(value, str) else value


def violates(value: Any, strict: bool) -> bool:
    """Whether a value certainly contradicts ">= 0" ("> 0" if strict)."""
    hi = _ends(value)[1]
    return bool(hi <= 0 if strict else hi < 0)


def _outside_domain(op: str, args: list[Any]) -> bool:
    """Whether the function certainly has no value at these operands."""
    lo, hi = _ends(args[-1])
    if op == "/":
        return bool(lo == hi == 0)
    if op == "log":
        return bool(hi <= 0)
    if op == "sqrt":
        return bool(hi < 0)
    return op in ("asin", "acos") and bool(hi < -1 or lo > 1)
