"""How low does an expression get on a box, if its dependence on the variables is kept?

The checker's verdict depends on this file. Form.AFFINE in docs/proof-format.md is its rule.

On a box with x_i = middle_i + half_i * e_i and |e_i| <= 1, every atom and row (see ``rows``) gets
a form and an interval, and every atom a line in its operands,

    value = a_0 + sum_i a_i * e_i + theta, |theta| <= error,    lo <= value <= hi,
    value = sum_k slope_k * operand_k + offset + theta,         |theta| <= another error,

all over the box. Backward from the goal, rows and lines replace every term by its operands until
variables are left. Since this is done for the terms' values, and slopes are numbers that were
chosen, any slopes and centres would do.

**Rounding.** All numbers are doubles. With u = 2**-53, an operation errs by u of its result's
magnitude, or by 2**-1074 where that underflows. So a computed sum of m products errs by less than
2*(m + 1)*u of the sum of the products' magnitudes, in whatever order it is computed (Higham:
"Accuracy and stability of numerical algorithms", section 3.1; Python 3.12 errs by less), and by
m * 2**-1074. A weight that is no double errs by another u. Every term has a ``size``, at least
|a_0| + sum_i |a_i| + error, and at least |lo| and |hi|. So
- the n + 4 sums of a row, over m atoms, err together by less than 4*(m + n + 6)*u of
  sum_k |weight_k| * size_k, the row's ``reach``; this goes to its error and its interval, since
  4*(m + n + 8)*u of an atom's size is added to its error and its radius first (which errs by
  another 4*u of the size).
- backward, a term's coefficient is a sum of at most as many numbers as there are terms, N, each
  computed by at most N products. What it errs by, times the term's size, is in all less than
  4*(N + 4)*u of the sum, over the rows, of |coefficient| * reach, and over the atoms, of
  |coefficient| * (sum_k |slope_k| * size_k + |offset|). It is the *computed* coefficients that
  are replaced by the next ones, so these errors only add up.
Sizes must be below HUGE, else nothing is said; so a row's error is, which makes its reach less
than HUGE / (32*u). So no sum overflows or is NaN unnoticed, and TINY is larger than what underflow
does. The backward pass only adds and multiplies, and each
coefficient goes into the error, so that what is infinite or NaN ends in a bound that is not finite.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf, isfinite
from operator import mul

from ..terms import Terms
from .intervals import Interval
from .leaves import Box, Leaf
from .lines import HUGE, SLACK, TINY, UnboundedError, line
from .rows import ONE, Atom, Block, Goal, Rows, Weights

Form = tuple[float, ...]
"""a_0 ... a_n, the interval's middle, error, the interval's radius, size."""

MOST_VARIABLES = 400
"""So that a sum of a form's magnitudes errs by less than SLACK of it."""
SHORT = 4
"""Atoms of a row whose range is computed with more care."""
_UP = 1.0 + SLACK
_FOUR_UNITS = 2.0**-51


class Rule:
    """Lines between the terms, which hold all over the leaf, bound the goal."""

    def __init__(self, leaf: Leaf) -> None:
        self.leaf = leaf
        # One for all reasons of the cover, which have most of their terms in common.
        kept = leaf.cover.kept
        self.bound = kept["affine"] = kept.get("affine") or AffineBound(leaf.terms, leaf.names)
        goal, defines = leaf.goal, self.bound.defines
        leaf.defined = tuple(d for d in leaf.defined if not defines(goal, d))

    def holds(self, level: int, box: Box) -> bool:
        if level > 0 or any(lo == -inf or hi == inf for lo, hi in box):
            return False
        accepts, goal = self.leaf.accepts, self.leaf.goal
        return self.leaf.is_defined(level, box) and accepts(self.bound.lower(goal, box, accepts))


def _never(_: float) -> bool:
    return False


class AffineBound:
    """Bounds of expressions over the same variables on many boxes."""

    def __init__(self, terms: Terms, names: Sequence[str]) -> None:
        self._rows = Rows(terms, names)

    def lower(
        self, goal: int, box: Sequence[Interval], enough: Callable[[float], bool] = _never
    ) -> float:
        """A lower bound of the goal on a bounded box, the first enough; -inf if none is found."""
        if len(box) > MOST_VARIABLES:
            return -inf
        try:
            return _Pass(self._rows.goal(goal), box).lower(enough)
        except UnboundedError:
            return -inf

    def defines(self, goal: int, term: int) -> bool:
        """Whether the term has values wherever a bound of the goal is found.

        A line says that its atom has values where its operands have, and each atom gets a line.
        """
        return self._rows.contains(goal, term)


class _Pass:
    """One goal on one box."""

    def __init__(self, goal: Goal, box: Sequence[Interval]) -> None:
        self.goal, self.box, self.n = goal, box, len(box)
        count = goal.place + 1
        self.forms: list[Form] = [()] * count
        self.ranges: list[tuple[float, float]] = [(-inf, inf)] * count
        self.lines: list[tuple[tuple[tuple[int, float], ...], float, float]] = [
            ((), 0.0, 0.0)
        ] * count
        self.unit = _FOUR_UNITS * (count + 8)

    def lower(self, enough: Callable[[float], bool]) -> float:
        """The goal's own interval's end, if that is enough, else perhaps the backward pass's."""
        self._forward()
        bound = self.ranges[self.goal.place][0]
        if not enough(bound):
            bound = max(self._backward(), bound)
        return bound if isfinite(bound) else -inf

    # -- forward --------------------------------------------------------------------------------

    def _forward(self) -> None:
        zeros = [0.0] * (self.n + 1)
        self._set(ONE, [1.0, *zeros[1:]], 0.0, 1.0, 1.0)
        for place, (lo, hi) in enumerate(self.box, start=1):
            middle = 0.5 * (lo + hi)
            coefficients = [middle, *zeros[1:]]
            coefficients[place] = max(hi - middle, middle - lo) * _UP + TINY
            self._set(place, coefficients, 0.0, lo, hi)
        for step in self.goal.steps:
            if isinstance(step, Block):
                self._block(step)
            elif step.kind == "*":
                self._product(step)
            elif step.kind == "select":
                self._select(step)
            else:
                self._function(step)

    def _set(
        self, place: int, coefficients: Sequence[float], error: float, lo: float, hi: float
    ) -> None:
        """A form, and an interval that is cut by the form's own range."""
        total = sum(map(abs, coefficients)) + error
        if not total < HUGE:
            raise UnboundedError
        slack = SLACK * total + TINY
        centre = coefficients[0]
        spread = total - abs(centre) + slack
        if not lo >= centre - spread:
            lo = centre - spread
        if not hi <= centre + spread:
            hi = centre + spread
        if not lo <= hi:
            raise UnboundedError
        middle = 0.5 * (lo + hi)
        radius = 0.5 * (hi - lo) + _FOUR_UNITS * (hi if hi > -lo else -lo) + TINY
        self.forms[place] = (*coefficients, middle, error, radius, total + 4.0 * slack)
        self.ranges[place] = lo, hi

    def _block(self, step: Block) -> None:
        """Rows: each sum of products over the same columns of numbers."""
        columns = tuple(zip(*[self.forms[k] for k in step.columns], strict=True))
        signed, (errors, radii, sizes) = columns[:-3], columns[-3:]
        unit = _FOUR_UNITS * (len(step.columns) + self.n + 8)
        errors = tuple(error + unit * size for error, size in zip(errors, sizes, strict=True))
        radii = tuple(radius + unit * size for radius, size in zip(radii, sizes, strict=True))
        short = len(step.columns) <= SHORT
        for place, weights, magnitudes in zip(
            step.places, step.weights, step.magnitudes, strict=True
        ):
            *coefficients, middle = [sum(map(mul, weights, column)) for column in signed]
            radius = sum(map(mul, magnitudes, radii)) + TINY
            lo, hi = middle - radius, middle + radius
            if short:
                lo, hi = self._sum_of_ranges(weights, step.columns)
            self._set(place, coefficients, sum(map(mul, magnitudes, errors)) + TINY, lo, hi)

    def _sum_of_ranges(self, weights: Weights, columns: Sequence[int]) -> tuple[float, float]:
        """The range of a row, each end with an error in proportion to what *it* is made of.

        So 1 + exp(x) stays positive, however large its upper end is.
        """
        ranges = [self.ranges[k] for k in columns]
        lows = [w * (p if w > 0.0 else q) for w, (p, q) in zip(weights, ranges, strict=True)]
        highs = [w * (q if w > 0.0 else p) for w, (p, q) in zip(weights, ranges, strict=True)]
        unit = _FOUR_UNITS * (len(weights) + 2)
        return (
            sum(lows) - unit * sum(map(abs, lows)) - TINY,
            sum(highs) + unit * sum(map(abs, highs)) + TINY,
        )

    def _product(self, step: Atom) -> None:
        """x*y = y_0*x + x_0*y - x_0*y_0 + (x - x_0)*(y - y_0)."""
        i, j = step.args
        a, b, (p, q), (r, s) = self.forms[i], self.forms[j], self.ranges[i], self.ranges[j]
        x, y = a[0], b[0]
        gap = (q - x if q - x > x - p else x - p) * (s - y if s - y > y - r else y - r)
        gap = gap * _UP + TINY
        size = abs(y) * a[-1] + abs(x) * b[-1]
        coefficients = [y * v + x * w for v, w in zip(a[: self.n + 1], b, strict=False)]
        coefficients[0] = x * y
        error = abs(y) * a[-3] + abs(x) * b[-3] + gap + SLACK * size
        ends = p * r, p * s, q * r, q * s
        lo, hi = min(ends), max(ends)  # all finite
        slack = SLACK * (hi if hi > -lo else -lo) + TINY
        self._set(step.place, coefficients, error, lo - slack, hi + slack)
        self.lines[step.place] = ((i, y), (j, x)), -x * y, gap + self.unit * size

    def _function(self, step: Atom) -> None:
        if step.kind == "pi":
            from .functions import pi_in_doubles  # as in ``lines``

            lo, hi = pi_in_doubles()
            self._set(step.place, [lo, *[0.0] * self.n], hi - lo, lo, hi)
            self.lines[step.place] = (), lo, hi - lo + self.unit * hi
            return
        (i,) = step.args
        form = self.forms[i]
        slope, offset, error, lo, hi = line(step.kind, step.exponent, *self.ranges[i])
        size = abs(slope) * form[-1] + abs(offset)
        coefficients = [slope * v for v in form[: self.n + 1]]
        coefficients[0] += offset
        whole = abs(slope) * form[-3] + error + SLACK * size + TINY
        self._set(step.place, coefficients, whole, lo, hi)
        self.lines[step.place] = ((i, slope),), offset, error + self.unit * size

    def _select(self, step: Atom) -> None:
        """One branch where the condition has a sign, else between both."""
        condition, i, j = step.args
        lo, hi = self.ranges[condition]
        if lo > 0.0 or hi < 0.0:
            k = i if lo > 0.0 else j
            self.forms[step.place], self.ranges[step.place] = self.forms[k], self.ranges[k]
            self.lines[step.place] = ((k, 1.0),), 0.0, self.unit * self.forms[k][-1]
            return
        a, b, (p, q), (r, s) = self.forms[i], self.forms[j], self.ranges[i], self.ranges[j]
        pairs = list(zip(a[: self.n + 1], b, strict=False))
        size = a[-1] + b[-1]
        gap = 0.5 * (sum(abs(v - w) for v, w in pairs) + a[-3] + b[-3]) + SLACK * size + TINY
        error = 0.5 * (a[-3] + b[-3]) + gap
        self._set(step.place, [0.5 * (v + w) for v, w in pairs], error, min(p, r), max(q, s))
        self.lines[step.place] = ((i, 0.5), (j, 0.5)), 0.0, gap + self.unit * size

    # -- backward -------------------------------------------------------------------------------

    def _backward(self) -> float:
        coefficients = [0.0] * (self.goal.place + 1)
        coefficients[self.goal.place] = 1.0
        error = 0.0
        for step in reversed(self.goal.steps):
            if isinstance(step, Block):
                shares = [coefficients[place] for place in step.places]
                for k, weights in zip(step.columns, step.turned, strict=True):
                    coefficients[k] += sum(map(mul, weights, shares))
                sizes = [self.forms[k][-1] for k in step.columns]
                reaches = [sum(map(mul, magnitudes, sizes)) for magnitudes in step.magnitudes]
                error += self.unit * sum(map(mul, map(abs, shares), reaches))
            else:
                share = coefficients[step.place]
                operands, offset, more = self.lines[step.place]
                coefficients[ONE] += share * offset
                for k, slope in operands:
                    coefficients[k] += share * slope
                error += abs(share) * more
        bound = coefficients[ONE]
        for place, (lo, hi) in enumerate(self.box, start=1):
            share = coefficients[place]
            bound += min(share * lo, share * hi)
            error += abs(share) * self.unit * self.forms[place][-1]
        error += self.unit * (abs(bound) + error) + TINY
        return (bound - error) - self.unit * abs(bound)
