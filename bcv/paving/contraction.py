"""Which part of a box can hold no point of the region where the claim fails? Only a proposal.

Soundness does not depend on this file: what is cut off is bounded rigorously like any other box.

Forward and backward through each constraint (HC4: Benhamou, Goualard, Granvilliers and Puget,
ICLP 1999), in plain floats. What one constraint cuts off one variable's range is cut off by natural
interval evaluation of that constraint as well, so that proposals rarely fail for want of rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv import expr as ex
from bcv.enclosures.intervals import IntervalMachine
from bcv.enclosures.tape import compile_tape
from bcv.expr import Expr, Op

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]

_MOST_NODES: Final = 1000
_MEMORY: Final = 1 << 22
"""Doubles that one pass may hold."""
_SLACK: Final = 2.0**-10
"""The share of each cut that is given back, for the roundings on either side."""
_BITS: Final = 26


@dataclass(frozen=True, slots=True)
class Constraint:
    """lo <= expr <= hi at every point that is looked for; lo < expr < hi if ``open``."""

    expr: Expr
    lo: float
    hi: float
    open: bool


class Contractor:
    """Smaller boxes that still hold all points that meet some constraints, as far as floats tell.

    ``usable`` is False where the constraints are too large for it.
    """

    def __init__(
        self, constraints: Sequence[Constraint], variables: Sequence[str], capacity: int
    ) -> None:
        self._constraints = [c for c in constraints if c.expr.constant is None]
        nodes = list(ex.postorder(*(c.expr for c in self._constraints)))
        self.usable = bool(self._constraints) and len(nodes) <= _MOST_NODES
        if not self.usable:
            return
        self.most_boxes = max(16, min(capacity, _MEMORY // len(nodes)))
        self._place = {node: k for k, node in enumerate(nodes)}
        self._machine = IntervalMachine(compile_tape(nodes, variables), self.most_boxes)
        self._below = [list(ex.postorder(c.expr))[::-1] for c in self._constraints]
        at = {name: axis for axis, name in enumerate(variables)}
        self._axes = [(at[str(n.value)], k) for n, k in self._place.items() if n.op is Op.VAR]

    def propose(self, lo: Floats, hi: Floats) -> Pair:
        """Ends (n, K) no wider than the boxes' ends, never NaN; crossed where no point is left."""
        least, most = lo.copy(), hi.copy()
        with np.errstate(all="ignore"):
            forward = self._machine.evaluate(lo, hi)
            for constraint, nodes in zip(self._constraints, self._below, strict=True):
                ranges = _Ranges(self._place, forward[0].copy(), forward[1].copy())
                ranges.narrow(constraint.expr, constraint.lo, constraint.hi)
                for node in nodes:
                    ranges.visit(node)
                slack = 0.0 if constraint.open else _SLACK
                for axis, k in self._axes:
                    a, b = _eased(lo[axis], hi[axis], ranges.lo[k], ranges.hi[k], slack)
                    least[axis] = np.maximum(least[axis], a)
                    most[axis] = np.minimum(most[axis], b)
        return least, most


def _eased(lo: Floats, hi: Floats, least: Floats, most: Floats, slack: float) -> Pair:
    """The new ends moved out a little; NaN and ends out of reach become the old ends."""
    below = np.where(np.isinf(lo), 1.0 + np.abs(least), least - lo)
    above = np.where(np.isinf(hi), 1.0 + np.abs(most), hi - most)
    least, most = least - slack * below, most + slack * above
    # A number of few digits, such as 0, stays what it is; roundings are moved out of the way.
    least = np.where(least > lo, np.fmax(_floor(least), lo), lo)
    most = np.where(most < hi, np.fmin(-_floor(-most), hi), hi)
    return np.where(least < np.inf, least, lo), np.where(most > -np.inf, most, hi)


def _floor(x: Floats) -> Floats:
    """x, or the next lower number with few enough bits."""
    mantissa, exponent = np.frexp(x)
    floor: Floats = np.ldexp(np.floor(np.ldexp(mantissa, _BITS)), exponent - _BITS)
    return floor


class _Ranges:
    """What the nodes' values can be, rows lo and hi; narrowed from the roots to the leaves."""

    def __init__(self, place: dict[Expr, int], lo: Floats, hi: Floats) -> None:
        self._place, self.lo, self.hi = place, lo, hi

    def _of(self, node: Expr) -> Pair:
        k = self._place[node]
        return self.lo[k], self.hi[k]

    def narrow(self, node: Expr, lo: Floats | float, hi: Floats | float) -> None:
        """Intersect; NaN says nothing."""
        k = self._place[node]
        np.fmax(self.lo[k], lo, out=self.lo[k])
        np.fmin(self.hi[k], hi, out=self.hi[k])

    def visit(self, node: Expr) -> None:
        """Narrow the node's operands to what its own range allows."""
        z = self._of(node)
        match node.op, node.args:
            case Op.ADD, (a, b):
                for one, other in ((a, self._of(b)), (b, self._of(a))):
                    self.narrow(one, z[0] - other[1], z[1] - other[0])
            case Op.SUB, (a, b):
                other = self._of(b)
                self.narrow(a, z[0] + other[0], z[1] + other[1])
                other = self._of(a)
                self.narrow(b, other[0] - z[1], other[1] - z[0])
            case Op.NEG, (a,):
                self.narrow(a, -z[1], -z[0])
            case Op.MUL, (a, b):
                for one, other in ((a, self._of(b)), (b, self._of(a))):
                    if one.constant is None:
                        self.narrow(one, *_quotient(z, other))
            case Op.DIV, (a, b):
                self.narrow(a, *_product(z, self._of(b)))
                self.narrow(b, *_quotient(self._of(a), z))
            case Op.POW, (a,):
                self._root(a, int(str(node.value)), z)
            case Op.MAX, (a, b):
                self.narrow(a, -np.inf, z[1])
                self.narrow(b, -np.inf, z[1])
            case Op.MIN, (a, b):
                self.narrow(a, z[0], np.inf)
                self.narrow(b, z[0], np.inf)
            case Op.ABS, (a,):
                self._outside(a, z[0])
                self.narrow(a, -z[1], z[1])
            case op, (a,) if op in _INVERSES:
                self.narrow(a, *_INVERSES[op](*z))

    def _root(self, a: Expr, exponent: int, z: Pair) -> None:
        low, high = (np.sign(end) * np.abs(end) ** (1.0 / exponent) for end in z)
        if exponent % 2:
            self.narrow(a, low, high)
        else:
            self._outside(a, low)
            self.narrow(a, -high, high)

    def _outside(self, a: Expr, least: Floats) -> None:
        """|a| >= least: of use where a reaches that far on one side only."""
        lo, hi = self._of(a)
        up, down = (least > 0.0) & (lo > -least), (least > 0.0) & (hi < least)
        self.narrow(a, np.where(up, least, -np.inf), np.where(down, -least, np.inf))


def _hull(values: Sequence[Floats]) -> Pair:
    """The hull, unknown where a value is NaN."""
    both = np.stack(values)
    return both.min(axis=0), both.max(axis=0)


def _product(a: Pair, b: Pair) -> Pair:
    return _hull([x * y for x in a for y in b])


def _quotient(a: Pair, b: Pair) -> Pair:
    """Where b has one sign; unknown elsewhere. An end 0 of b makes the quotient half-infinite."""
    lo, hi = _hull([x / y for x in a for y in b])
    open_ = (b[0] <= 0.0) & (b[1] >= 0.0)
    positive, negative = open_ & (b[0] == 0.0) & (b[1] > 0), open_ & (b[1] == 0.0) & (b[0] < 0)
    # For b in (0, h], a / b is >= a_lo / h where a > 0, and <= a_hi / h where a < 0.
    far = np.where(positive, b[1], b[0])
    at_lo, at_hi = a[0] / far, a[1] / far
    zero_lo, zero_hi = np.full_like(lo, -np.inf), np.full_like(lo, np.inf)
    above, below = a[0] > 0.0, a[1] < 0.0
    zero_lo = np.where(positive & above, at_lo, np.where(negative & below, at_hi, zero_lo))
    zero_hi = np.where(positive & below, at_hi, np.where(negative & above, at_lo, zero_hi))
    return np.where(open_, zero_lo, lo), np.where(open_, zero_hi, hi)


def _log(z: Floats) -> Floats:
    return np.log(np.maximum(z, 0.0))


_INVERSES: Final[dict[Op, Callable[[Floats, Floats], Pair]]] = {
    Op.EXP: lambda lo, hi: (_log(lo), _log(hi)),
    Op.LOG: lambda lo, hi: (np.exp(lo), np.exp(hi)),
    Op.SQRT: lambda lo, hi: (np.maximum(lo, 0.0) ** 2, np.maximum(hi, 0.0) ** 2),
    Op.TANH: lambda lo, hi: (np.arctanh(np.maximum(lo, -1.0)), np.arctanh(np.minimum(hi, 1.0))),
    Op.SINH: lambda lo, hi: (np.arcsinh(lo), np.arcsinh(hi)),
    Op.ATAN: lambda lo, hi: (
        np.tan(np.where(lo > -1.57, lo, np.nan)),
        np.tan(np.where(hi < 1.57, hi, np.nan)),
    ),
}
"""The least and the largest operand that give a value of an increasing function."""
