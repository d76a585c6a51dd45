"""Is a quantity surely positive? Rational bounds of an expression, by simple rules.

Soundness depends on this file: where it says positive, ``x**r`` is read as ``exp(r*log(x))``,
and a standard deviation or a rate is accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from bcv.expr import Expr, Op, postorder
from bcv.region import UNBOUNDED, Range

_MAX_BITS: Final = 4096
_ZERO: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Closed rational bounds, and whether the value is surely > 0 (``lo`` may then be 0)."""

    range: Range
    positive: bool

    @property
    def nonnegative(self) -> bool:
        return self.positive or (self.range.lo is not None and self.range.lo >= 0)


def bounds(expr: Expr, ranges: Mapping[str, Range]) -> Bounds:
    """Outer bounds of the expression wherever it is defined and its variables lie in ``ranges``.

    Variables without a range are unbounded. Rounding is outward.
    """
    found: dict[Expr, Bounds] = {}
    for node in postorder(expr):
        outer = _outer(_range(node, found, ranges))
        positive = (outer.lo is not None and outer.lo > 0) or _is_positive(node, found)
        if positive and outer.lo is None:
            outer = Range(_ZERO, outer.hi)
        found[node] = Bounds(outer, positive)
    return found[expr]


def _outer(exact: Range) -> Range:
    """The range without ends of so many digits that computing with them would take long."""
    lo, hi = exact.lo, exact.hi
    if lo is not None and _bits(lo) > _MAX_BITS:
        lo = Fraction(1) if lo >= 1 else _ZERO if lo > 0 else None
    if hi is not None and _bits(hi) > _MAX_BITS:
        hi = None if hi > 0 else _ZERO
    return Range(lo, hi)


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _is_positive(node: Expr, found: Mapping[Expr, Bounds]) -> bool:
    """Positivity that closed bounds cannot show."""
    parts = [found[argument] for argument in node.args]
    match node.op:
        case Op.EXP | Op.COSH | Op.PI:
            return True
        case Op.ADD:
            return any(part.positive for part in parts) and all(part.nonnegative for part in parts)
        case Op.MUL | Op.DIV | Op.MIN | Op.POW | Op.SQRT | Op.ABS:
            return all(part.positive for part in parts)
        case Op.MAX:
            return any(part.positive for part in parts)
        case Op.SELECT:
            return parts[1].positive and parts[2].positive
    return False


def _range(node: Expr, found: Mapping[Expr, Bounds], ranges: Mapping[str, Range]) -> Range:
    if node.constant is not None:
        return Range(node.constant, node.constant)
    if node.op is Op.VAR:
        return ranges.get(str(node.value), UNBOUNDED)
    parts = [found[argument].range for argument in node.args]
    match node.op:
        case Op.PI:
            return Range(Fraction(3), Fraction(22, 7))
        case Op.ADD:
            return _sum(parts[0], parts[1])
        case Op.SUB:
            return _sum(parts[0], _negated(parts[1]))
        case Op.NEG:
            return _negated(parts[0])
        case Op.MUL:
            return _product(parts[0], parts[1])
        case Op.POW:
            return _power(parts[0], int(node.value or 0))
        case Op.MIN:
            return _negated(_greatest(_negated(parts[0]), _negated(parts[1])))
        case Op.MAX:
            return _greatest(parts[0], parts[1])
        case Op.SELECT:
            return _hull(parts[1], parts[2])
    return _function_range(node.op, parts[0])


def _function_range(op: Op, part: Range) -> Range:
    one = Fraction(1)
    match op:
        case Op.SIN | Op.COS | Op.TANH:
            return Range(-one, one)
        case Op.COSH:
            return Range(one, None)
        case Op.EXP | Op.SQRT | Op.ACOS:
            return Range(_ZERO, None)
        case Op.ABS:
            return _magnitude(part)
    return UNBOUNDED


def _sum(a: Range, b: Range) -> Range:
    return Range(
        None if a.lo is None or b.lo is None else a.lo + b.lo,
        None if a.hi is None or b.hi is None else a.hi + b.hi,
    )


def _negated(a: Range) -> Range:
    return Range(None if a.hi is None else -a.hi, None if a.lo is None else -a.lo)


def _greatest(a: Range, b: Range) -> Range:
    lows = [end for end in (a.lo, b.lo) if end is not None]
    return Range(max(lows, default=None), None if a.hi is None or b.hi is None else max(a.hi, b.hi))


def _hull(a: Range, b: Range) -> Range:
    return Range(
        None if a.lo is None or b.lo is None else min(a.lo, b.lo),
        None if a.hi is None or b.hi is None else max(a.hi, b.hi),
    )


def _product(a: Range, b: Range) -> Range:
    if a.lo is not None and a.hi is not None and b.lo is not None and b.hi is not None:
        corners = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi]
        return Range(min(corners), max(corners))
    for first, second in ((a, b), (b, a)):
        if first.lo is not None and first.lo == first.hi:
            return _scaled(first.lo, second)
    if a.lo is not None and a.lo >= 0 and b.lo is not None and b.lo >= 0:
        return Range(a.lo * b.lo, None)
    return UNBOUNDED


def _scaled(factor: Fraction, a: Range) -> Range:
    if factor < 0:
        return _scaled(-factor, _negated(a))
    if factor == 0:
        return Range(_ZERO, _ZERO)
    return Range(None if a.lo is None else a.lo * factor, None if a.hi is None else a.hi * factor)


def _power(a: Range, exponent: int) -> Range:
    large = any(end is not None and _bits(end) * exponent > _MAX_BITS for end in (a.lo, a.hi))
    if large:
        return Range(_ZERO, None) if exponent % 2 == 0 or (a.lo or -1) >= 0 else UNBOUNDED
    if exponent % 2 == 0:
        a = _magnitude(a)
    return Range(None if a.lo is None else a.lo**exponent, None if a.hi is None else a.hi**exponent)


def _magnitude(a: Range) -> Range:
    return _greatest(_greatest(a, _negated(a)), Range(_ZERO, _ZERO))
