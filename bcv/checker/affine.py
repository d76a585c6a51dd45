"""How low does an expression get on a box, if its dependence on the variables is kept?

The checker's verdict depends on this file. On a box every term is enclosed by *a line in its
operands*, ``sum_k slope_k * operand_k + offset`` with intervals for slopes and offset, that holds
at every point of the box. Composed forward, the lines give an affine form in the variables and so
a range, which the next lines need; composed backward from the goal, they give its bound. All
numbers are outward-rounded intervals of doubles, so that rounding needs no further thought.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

from .intervals import Floats, Interval
from .terms import Terms

Line = tuple[tuple[tuple[int, Interval], ...], Interval]
"""Operands with their slopes, and the offset."""

_ARITHMETIC = Floats()
_add, _sub, _mul = (_ARITHMETIC.table[name] for name in "+-*")
_ZERO, _ONE, _HALF = (0.0, 0.0), (1.0, 1.0), (0.5, 0.5)
_MINUS = (-1.0, -1.0)
_UNIT = (-1.0, 1.0)


class UnboundedError(Exception):
    """A term is perhaps undefined on the box, or unbounded."""


@dataclass(frozen=True)
class _Known:
    """A term on the box: its range, the coefficients of its affine form, and that form's rest."""

    range: Interval
    slopes: tuple[Interval, ...]
    rest: Interval


class AffineBound:
    """A goal, ready to be bounded on many boxes of some variables."""

    def __init__(self, terms: Terms, names: Sequence[str], goal: int) -> None:
        self.terms, self.goal = terms, goal
        self.places = {name: i for i, name in enumerate(names)}
        self.nodes = terms.below([goal])
        self.constants = {
            node: _Known(value, (_ZERO,) * len(names), value)
            for node in self.nodes
            if self.terms.nodes[node][0] == "const"
            for value in [_ARITHMETIC.enclose(self.terms.nodes[node][1])]
        }
        self.bounded = all(isfinite(end) for c in self.constants.values() for end in c.range)

    def lower(self, box: Sequence[Interval]) -> float:
        """A lower bound of the goal on a bounded box; -inf if none is found."""
        if not self.bounded:
            return -inf
        try:
            lines, least = self._lines(box)
        except UnboundedError:
            return -inf
        weights: dict[int, Interval] = {self.goal: _ONE}
        total = _ZERO
        for node in reversed(self.nodes):
            weight = weights.pop(node, None)
            if weight is None:
                continue
            if self.terms.nodes[node][0] == "var":
                total = _add(total, _mul(weight, box[self.places[self.terms.nodes[node][1]]]))
                continue
            if node in self.constants:
                total = _add(total, _mul(weight, self.constants[node].range))
                continue
            operands, offset = lines[node]
            if offset is not _ZERO:
                total = _add(total, _mul(weight, offset))
            for operand, slope in operands:
                part = _times(weight, slope)
                known = weights.get(operand)
                weights[operand] = part if known is None else _add(known, part)
        return max(float(least), float(total[0]))

    def _lines(self, box: Sequence[Interval]) -> tuple[dict[int, Line], float]:
        """The lines of all terms but variables and numbers, and the least of the goal's range."""
        lines: dict[int, Line] = {}
        known = dict(self.constants)
        for node in self.nodes:
            if node in self.constants:
                continue
            op, *rest = self.terms.nodes[node]
            if op == "var":
                place = self.places[rest[0]]
                unit = tuple(_ONE if i == place else _ZERO for i in range(len(box)))
                known[node] = _Known(box[place], unit, _ZERO)
                continue
            line, natural = self._line(node, op, rest, known, box)
            lines[node] = line
            slopes, offset = self._composed(line, known, len(box))
            known[node] = _Known(_meet(natural, _range(slopes, offset, box)), slopes, offset)
        return lines, known[self.goal].range[0]

    def _composed(
        self, line: Line, known: dict[int, _Known], dimension: int
    ) -> tuple[tuple[Interval, ...], Interval]:
        """The line in the operands as a form in the variables; numbers have no slopes to add."""
        slopes: tuple[Interval, ...] | None = None
        offset = line[1]
        for operand, slope in line[0]:
            form = known[operand]
            offset = _plus(offset, _times(form.rest, slope))
            if operand in self.constants:
                continue
            more = form.slopes if slope is _ONE else tuple(_times(b, slope) for b in form.slopes)
            slopes = more if slopes is None else tuple(map(_plus, slopes, more))
        return slopes or (_ZERO,) * dimension, offset

    def _line(
        self, node: int, op: str, rest: list[Any], known: dict[int, _Known],
        box: Sequence[Interval],
    ) -> tuple[Line, Interval]:  # fmt: skip
        """The term's line, and its range by interval arithmetic."""
        if op == "pi":
            return ((), _ARITHMETIC.pi()), _ARITHMETIC.pi()
        a = known[rest[0]]
        if op == "neg":
            return (((rest[0], _MINUS),), _ZERO), _finite(_sub(_ZERO, a.range))
        if op == "abs":
            slope, gap = _chord(a.range)
            twice = _sub(_add(slope, slope), _ONE)
            bound = _ARITHMETIC.table["abs"](a.range, a.range)
            return (((rest[0], twice),), _add(gap, gap)), bound
        if op in ("select", "min", "max"):
            return self._pieces(op, rest, known, box)
        if op == "**" or len(rest) == 1:
            slope, offset, values = _curve(op, rest[1] if op == "**" else 0, a.range)
            return (((rest[0], slope),), offset), values
        b = known[rest[1]]
        natural = _ARITHMETIC.table[op](a.range, b.range)
        if natural is None:
            raise UnboundedError
        if op in "+-":
            sign = _ONE if op == "+" else _MINUS
            return (((rest[0], _ONE), (rest[1], sign)), _ZERO), _finite(natural)
        if op == "*":
            return self._product(rest, a, b, box), _finite(natural)
        return self._quotient(rest, a, b, box), _finite(natural)

    def _product(self, rest: list[Any], a: _Known, b: _Known, box: Sequence[Interval]) -> Line:
        """x*y = y_0*x + x_0*y - x_0*y_0 + (x - x_0)*(y - y_0), for any numbers x_0 and y_0."""
        for i, j, constant in ((0, 1, a), (1, 0, b)):
            if self.terms.value(rest[i]) is not None:
                return ((rest[j], constant.range),), _ZERO
        x, y = _centre(a, box), _centre(b, box)
        gap = _mul(_sub(a.range, x), _sub(b.range, y))
        return ((rest[0], y), (rest[1], x)), _sub(gap, _mul(x, y))

    def _quotient(self, rest: list[Any], a: _Known, b: _Known, box: Sequence[Interval]) -> Line:
        """x/y as the product of x and the line of 1/y."""
        slope, offset, values = _curve("inverse", 0, b.range)
        form = _Known(
            values, tuple(_mul(slope, s) for s in b.slopes), _add(offset, _mul(slope, b.rest))
        )
        x, v = _centre(a, box), _centre(form, box)
        gap = _mul(_sub(a.range, x), _sub(values, v))
        rest_ = _add(_sub(gap, _mul(x, v)), _mul(x, offset))
        return ((rest[0], v), (rest[1], _mul(x, slope))), rest_

    def _pieces(
        self, op: str, rest: list[Any], known: dict[int, _Known], box: Sequence[Interval]
    ) -> tuple[Line, Interval]:
        """select, min and max: a line between both cases."""
        first, second = rest[-2], rest[-1]
        a, b = known[first], known[second]
        apart = tuple(_sub(p, q) for p, q in zip(a.slopes, b.slopes, strict=True))
        gap = _meet(_sub(a.range, b.range), _range(apart, _sub(a.rest, b.rest), box))
        if op == "select":
            condition = known[rest[0]].range
            if condition[0] > 0.0:
                return (((first, _ONE),), _ZERO), a.range
            if condition[1] < 0.0:
                return (((second, _ONE),), _ZERO), b.range
            both = min(a.range[0], b.range[0]), max(a.range[1], b.range[1])
            offset = _mul(_HALF, _mul(_UNIT, gap))
            return (((first, _HALF), (second, _HALF)), offset), both
        slope, above = _chord(gap)
        other = _sub(_ONE, slope)
        bound = _ARITHMETIC.table[op](a.range, b.range)
        if op == "max":  # b + relu(a - b)
            return (((first, slope), (second, other)), above), bound
        return (((first, other), (second, slope)), _sub(_ZERO, above)), bound  # a - relu(a - b)


def _times(a: Interval, b: Interval) -> Interval:
    """a * b, without rounding for the factors that sums and differences have."""
    if a is _ONE or b is _ZERO:
        return b
    if b is _ONE or a is _ZERO:
        return a
    return (-a[1], -a[0]) if b is _MINUS else _mul(a, b)


def _plus(a: Interval, b: Interval) -> Interval:
    if a is _ZERO:
        return b
    return a if b is _ZERO else _add(a, b)


def _finite(a: Interval | None) -> Interval:
    if a is None or not (isfinite(a[0]) and isfinite(a[1])):
        raise UnboundedError
    return a


def _meet(a: Interval, b: Interval) -> Interval:
    """Both contain the same set."""
    return _finite((max(a[0], b[0]), min(a[1], b[1])))


def _range(slopes: Sequence[Interval], offset: Interval, box: Sequence[Interval]) -> Interval:
    total = offset
    for slope, side in zip(slopes, box, strict=True):
        total = _plus(total, _times(slope, side))
    return total


def _point(a: Interval) -> Interval:
    middle = 0.5 * a[0] + 0.5 * a[1]
    if not isfinite(middle):
        raise UnboundedError
    return middle, middle


def _centre(form: _Known, box: Sequence[Interval]) -> Interval:
    """About the value at the box's centre; any number would do."""
    total = sum(form.rest) * 0.5
    for slope, side in zip(form.slopes, box, strict=True):
        total += sum(slope) * sum(side) * 0.25
    return _point((total, total))


def _chord(x: Interval) -> tuple[Interval, Interval]:
    """relu(x) - s*x lies in [0, max(-s*lo, (1 - s)*hi)] for a slope s in [0, 1]."""
    lo, hi = x
    if lo >= 0.0:
        return _ONE, _ZERO
    if hi <= 0.0:
        return _ZERO, _ZERO
    s = min(1.0, max(0.0, hi / (hi - lo)))
    slope = s, s
    above = _mul(slope, (-lo, -lo))[1], _mul(_sub(_ONE, slope), (hi, hi))[1]
    return slope, (0.0, max(above))


def _curve(op: str, exponent: int, x: Interval) -> tuple[Interval, Interval, Interval]:
    """A slope and an offset with f(y) in slope*y + offset for all y in x; and the range of f.

    The best of: the tangent at the middle m with f''/2 times (y - m)**2, the mean slope with the
    spread of f' times y - m, and the range (Taylor's theorem with Lagrange's remainder).
    """
    values = _finite(_function(op, exponent, x))
    m = _point(x)
    found = (_ZERO, values)
    around = _derivatives(op, exponent, x, values)
    if around is None:
        return *found, values
    at = _finite(_function(op, exponent, m))
    here = _derivatives(op, exponent, m, at)
    if here is None:
        return *found, values
    shift = _sub(x, m)
    square = _finite(_ARITHMETIC.power(2)(shift, shift))
    for slope, bend in (
        (_point(here[0]), _mul(_mul(_HALF, around[1]), square)),
        (_point(around[0]), _mul(_sub(around[0], _point(around[0])), shift)),
    ):
        offset = _add(_sub(at, _mul(slope, m)), bend)
        if slope == _point(here[0]):
            offset = _add(offset, _mul(_sub(here[0], slope), shift))
        if offset[1] - offset[0] < found[1][1] - found[1][0]:
            found = slope, offset
    return *found, values


def _function(op: str, exponent: int, x: Interval) -> Interval | None:
    if op == "inverse":
        return _ARITHMETIC.table["/"](_ONE, x)  # type: ignore[no-any-return]
    if op == "**":
        return _ARITHMETIC.power(exponent)(x, x)  # type: ignore[no-any-return]
    return _ARITHMETIC.table[op](x, x)  # type: ignore[no-any-return]


def _derivatives(
    op: str, exponent: int, x: Interval, values: Interval
) -> tuple[Interval, Interval] | None:
    """f' and f'' on x, where f has the given range; None if this file does not know them."""
    if op == "tanh":
        first = _meet(_sub(_ONE, _ARITHMETIC.power(2)(values, values)), (0.0, 1.0))
        # |tanh''| is at most 4/(3*sqrt(3)) < 0.7698003589195012.
        most = 0.7698003589195012
        return first, _meet(_mul((-2.0, -2.0), _mul(values, first)), (-most, most))
    if op == "exp":
        return values, values
    if op in ("sin", "cos"):
        other = _finite(_ARITHMETIC.table["cos" if op == "sin" else "sin"](x, x))
        return (other if op == "sin" else _sub(_ZERO, other)), _sub(_ZERO, values)
    if op == "log":
        inverse = _function("inverse", 0, x)
        if inverse is None:
            return None
        return inverse, _sub(_ZERO, _ARITHMETIC.power(2)(inverse, inverse))
    if op == "inverse":
        square = _ARITHMETIC.power(2)(values, values)
        return _sub(_ZERO, square), _mul((2.0, 2.0), _mul(square, values))
    if op == "sqrt" and x[0] > 0.0 and values[0] > 0.0:
        first = _ARITHMETIC.table["/"](_HALF, values)
        return first, _sub(_ZERO, _ARITHMETIC.table["/"](_mul(_HALF, first), x))
    if op == "**":
        n = float(exponent)
        steep = _ARITHMETIC.power(exponent - 1)(x, x) if exponent > 1 else _ONE
        bend = _ARITHMETIC.power(exponent - 2)(x, x) if exponent > 2 else _ONE
        return _mul((n, n), steep), _mul((n * (n - 1.0), n * (n - 1.0)), bend)
    return None
