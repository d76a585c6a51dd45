"""What is a claim, and what is its value at a point? "For all x in the region: expr >= 0 (> 0)".

The checker's verdict depends on this file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Any

from .intervals import Fixed
from .polynomials import Ring
from .terms import RejectedError, Terms, checked_size, rational_value

Formula = tuple[Any, ...]
"""("and", *parts), ("or", *parts), or (relation, term), which means "term relation 0"."""

Side = tuple[Fraction | None, Fraction | None]

TRUE: Formula = ("and",)
FALSE: Formula = ("or",)


@dataclass(frozen=True)
class Region:
    """The points with every coordinate in its closed interval (None: no end) and the formula."""

    names: tuple[str, ...]
    box: tuple[Side, ...]
    formula: Formula

    def numbered_atoms(self, terms: Terms) -> list[Formula]:
        """The finite bounds of the box, then the formula's atoms from left to right."""
        found: list[Formula] = []
        for name, (lo, hi) in zip(self.names, self.box, strict=True):
            x = terms.node("var", name)
            if lo is not None:
                found.append((">=", terms.sub(x, terms.const(lo))))
            if hi is not None:
                found.append((">=", terms.sub(terms.const(hi), x)))
        return [*found, *atoms(self.formula)]


@dataclass(frozen=True)
class Claim:
    """Everywhere in the region, expr and all of ``defined`` have values, and expr >= 0 (> 0).

    ``refutable`` is False if the claim is only sufficient for its condition, so that a
    counterexample to the claim says nothing about the condition; ``vacuous`` is True if the
    region plainly has no points.
    """

    name: str
    words: str
    region: Region
    expr: int
    strict: bool
    defined: tuple[int, ...] = ()
    refutable: bool = True
    vacuous: bool = False


def both(*parts: Formula) -> Formula:
    """The conjunction, without nested "and"."""
    flat: list[Formula] = []
    for part in parts:
        flat.extend(part[1:] if part[0] == "and" else (part,))
    return flat[0] if len(flat) == 1 else ("and", *flat)


def conjuncts(formula: Formula) -> tuple[Formula, ...]:
    return formula[1:] if formula[0] == "and" else (formula,)


def atoms(formula: Formula) -> Iterator[Formula]:
    """Every atom, from left to right."""
    if formula[0] in ("and", "or"):
        for part in formula[1:]:
            yield from atoms(part)
    else:
        yield formula


def formula_text(terms: Terms, formula: Formula) -> str:
    """The formula for reading."""
    op, *parts = formula
    if op in ("and", "or"):
        words = [formula_text(terms, part) for part in parts]
        return f"({f' {op} '.join(words)})" if words else ("true" if op == "and" else "false")
    return f"{terms.text(parts[0])} {op} 0"


# -- values at a point ----------------------------------------------------------------------------

UNDEFINED = "undefined"
UNKNOWN = "unknown"
PRECISIONS = (320, 1200, 4000)
"""Bits of the enclosures at a point, each tried where fewer do not tell."""
_EXACT = ("+", "-", "*", "/", "neg", "abs", "min", "max")


class PointValues:
    """The values of terms at one rational point: a Fraction, an enclosure, UNDEFINED or UNKNOWN.

    An enclosure is a pair of Fractions (or infinities). UNDEFINED and Fractions are certain. Where
    a select's condition may be 0 both branches count: its enclosure has the values of either.
    """

    def __init__(
        self, terms: Terms, point: Mapping[str, Fraction], bits: int = PRECISIONS[0]
    ) -> None:
        self.terms, self.point = terms, point
        self.fixed = Fixed(bits)
        self._values: dict[int, Any] = {}

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
            return self._outward(self.fixed.pi())
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
        operation = self.fixed.power(rest[1]) if op == "**" else self.fixed.table[op]
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
