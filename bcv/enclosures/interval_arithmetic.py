"""What is [a] + [b], [a] * [b], [a]**n, rounded outwards? Kernels over batches of intervals.

Soundness depends on this file.

An interval is held as the pair of rows (-lo, hi), shape (2, K) or (2, 1) for a constant, so that
every bound is an upper bound and there is one direction of rounding: up. Neither row is ever NaN or
-inf: a bound that would overflow the wrong way is the largest double. The result's array is never
one of the operands'.

Rounding up is r + |r| * 2**-52, which is at least the next double above r: with ulp(r) = 2**(e-52)
for 2**e <= |r| < 2**(e+1), the added term is at least ulp(r) as long as |r| is normal, and rounding
is monotone. It keeps exact zeros. Where r is subnormal it adds too little; sums are exact there
(Hauser), and for the other operations the underflow flag is raised: each kernel works fast with
the flags of errstate ``FLAGGED``, and does its work again by a careful method when a flag tells of
an underflow, an overflow or 0 * inf.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bcv.enclosures.assumptions import MAX_FLOAT

Interval = NDArray[np.float64]
Mask = NDArray[np.bool_]
Kernel = Callable[[Interval, Sequence[Interval], int, "Scratch"], Mask | None]
"""(out, operands, exponent, scratch) -> where the result is possibly undefined (None: nowhere)."""

FLAGGED: Final[dict[str, Any]] = {
    "over": "raise",
    "under": "raise",
    "invalid": "raise",
    "divide": "raise",
}

# Scalars that are operands of ufuncs are 0-d arrays: that saves 0.2 us of conversion per call.
_STEP: Final = np.array(2.0**-52)
_ULP: Final = 2.0**-52
_TINY: Final = 2.0**-1074
_MAX_EXPONENT: Final = 2**30


class Scratch:
    """Work arrays for kernels on batches of one width, as views of ``memory``.

    Args:
        memory: doubles, at least ``Scratch.ROWS * width`` of them.
        width: how many intervals a batch has.
    """

    ROWS: Final = 12

    def __init__(self, memory: NDArray[np.float64], width: int) -> None:
        rows = memory[: self.ROWS * width].reshape(self.ROWS, width)
        self.products = rows[:4].reshape(2, 2, width)
        self.largest = rows[4:6]
        self.smallest = rows[6:8]
        self.work = rows[8:10]
        self.spare = rows[10:12]


def round_up(x: Interval, work: Interval, step: NDArray[np.float64] = _STEP) -> None:
    """x := an upper bound of every real whose nearest double is x (in place)."""
    np.abs(x, out=work)
    np.multiply(work, step, out=work)
    np.add(x, work, out=x)


def _tame(x: Interval) -> None:
    """Replaces -inf, an overflow in the wrong direction, by a bound that is still true.

    Before ``round_up``, which would make NaN of it.
    """
    np.maximum(x, -MAX_FLOAT, out=x)


def add(out: Interval, operands: Sequence[Interval], _exponent: int, scratch: Scratch) -> None:
    """[a] + [b]."""
    a, b = operands
    _sum(out, a, b, scratch)


def subtract(out: Interval, operands: Sequence[Interval], _exponent: int, scratch: Scratch) -> None:
    """[a] - [b]."""
    a, b = operands
    _sum(out, a, b[::-1], scratch)


def _sum(out: Interval, a: Interval, b: Interval, scratch: Scratch) -> None:
    try:
        np.add(a, b, out=out)
        round_up(out, scratch.work)
    except FloatingPointError:
        # A sum that is subnormal is exact, so an underflow in the rounding step does no harm.
        with np.errstate(all="ignore"):
            np.add(a, b, out=out)
            _tame(out)
            round_up(out, scratch.work)


def negate(out: Interval, operands: Sequence[Interval], _exponent: int, _scratch: Scratch) -> None:
    """-[a]."""
    np.copyto(out, operands[0][::-1])


def multiply(out: Interval, operands: Sequence[Interval], _exponent: int, scratch: Scratch) -> None:
    """[a] * [b], with 0 * inf = 0."""
    a, b = operands
    try:
        _products(a, b, scratch)
        _extremes(out, scratch)
        round_up(out, scratch.work)
    except FloatingPointError:
        with np.errstate(all="ignore"):
            _products(a, b, scratch)
            scratch.products[np.isnan(scratch.products)] = 0.0
            _extremes(out, scratch)
            _mend_product(out, a, b, scratch)


def _products(a: Interval, b: Interval, scratch: Scratch) -> None:
    """The four products of the ends, with their signs as the rows have them."""
    products = scratch.products
    # (-lo, hi) * (-lo, hi) gives lo*lo, hi*hi; against the reversed rows it gives the negatives of
    # lo*hi and hi*lo.
    np.multiply(a, b, out=products[:, 0])
    np.multiply(a, b[::-1], out=products[:, 1])


def _extremes(out: Interval, scratch: Scratch) -> None:
    """Rows -min and max of the four products."""
    products = scratch.products
    np.maximum(products[0], products[1], out=scratch.largest)
    np.minimum(products[0], products[1], out=scratch.smallest)
    np.negative(scratch.smallest, out=scratch.smallest)
    np.maximum(scratch.largest[::-1], scratch.smallest, out=out)


def _mend_product(out: Interval, a: Interval, b: Interval, scratch: Scratch) -> None:
    """Rounds products up that may have underflowed or overflowed."""
    _tame(out)
    round_up(out, scratch.work)
    np.add(out, _TINY, out=out)
    zero = np.all(a == 0.0, axis=0) | np.all(b == 0.0, axis=0)
    positive_a, negative_a = a[0] <= 0.0, a[1] <= 0.0
    positive_b, negative_b = b[0] <= 0.0, b[1] <= 0.0
    no_less = zero | (positive_a & positive_b) | (negative_a & negative_b)
    no_more = zero | (positive_a & negative_b) | (negative_a & positive_b)
    np.minimum(out[0], 0.0, out=out[0], where=no_less)
    np.minimum(out[1], 0.0, out=out[1], where=no_more)


class Scale:
    """[c] * [a] for a constant c: two products in the place of four.

    c is held as a double m with |c - m| <= rho |m|. The nearest double r of m*x then has
    |c*x - r| <= (rho (1 + u) + u) |r| with u = 2**-53, and adding |r| (2**-51 + 2 rho), rounded
    twice, covers that; if c = m exactly the step 2**-52 does, and if m is a power of two there
    is no error at all short of an underflow.
    """

    __slots__ = ("_exact", "_factor", "_flip", "_interval", "_step")

    def __init__(self, constant: Interval, middle: float, spread: Fraction) -> None:
        self._interval = constant
        self._flip = -1 if middle < 0.0 else 1
        self._factor = np.array(abs(middle))
        self._exact = spread == 0 and np.frexp(abs(middle))[0] == 0.5
        self._step = np.array(_ULP if spread == 0 else 2.0 * _ULP + 2.0 * float(spread))

    def __call__(
        self, out: Interval, operands: Sequence[Interval], _exponent: int, scratch: Scratch
    ) -> None:
        (a,) = operands
        try:
            np.multiply(a[:: self._flip], self._factor, out=out)
            if not self._exact:
                round_up(out, scratch.work, self._step)
        except FloatingPointError:
            multiply(out, (a, self._interval), 0, scratch)


def scale_by(constant: Interval) -> Scale | None:
    """The kernel that multiplies by a constant interval, shape (2, 1), if it is narrow enough."""
    lo, hi = -float(constant[0, 0]), float(constant[1, 0])
    if min(abs(lo), abs(hi)) < 2.0**-900 or max(abs(lo), abs(hi)) > 2.0**900:
        return None
    middle = lo if lo == hi else 0.5 * lo + 0.5 * hi
    if lo * hi <= 0.0 or middle == 0.0:
        return None
    exact = Fraction(middle)
    spread = max(abs(Fraction(lo) - exact), abs(Fraction(hi) - exact)) / abs(exact)
    return Scale(constant, middle, spread) if spread <= Fraction(1, 2**20) else None


def divide(
    out: Interval, operands: Sequence[Interval], _exponent: int, scratch: Scratch
) -> Mask | None:
    """[a] / [b]; possibly undefined, and the whole line, where 0 is in [b]."""
    a, b = operands
    undefined = reciprocal(scratch.spare, b, scratch)
    multiply(out, (a, scratch.spare), 0, scratch)
    if undefined is not None:
        np.copyto(out, np.inf, where=undefined)
    return undefined


def reciprocal(out: Interval, b: Interval, scratch: Scratch) -> Mask | None:
    """1 / [b]; possibly undefined, and the whole line, where 0 is in [b]."""
    undefined: Mask = (b[0] >= 0.0) & (b[1] >= 0.0)
    try:
        np.divide(-1.0, b[::-1], out=out)
        round_up(out, scratch.work)
    except FloatingPointError:
        with np.errstate(all="ignore"):
            np.divide(-1.0, b[::-1], out=out)
            _tame(out)
            round_up(out, scratch.work)
            np.add(out, _TINY, out=out)
            np.minimum(out[0], 0.0, out=out[0], where=b[0] < 0.0)
            np.minimum(out[1], 0.0, out=out[1], where=b[1] < 0.0)
    if not undefined.any():
        return None
    np.copyto(out, np.inf, where=undefined)
    return undefined


def magnitudes(out: Interval, a: Interval) -> None:
    """Row 0: the least |x| for x in [a]; row 1: the largest. Exact."""
    np.minimum(a[0], a[1], out=out[0])
    np.negative(out[0], out=out[0])
    np.maximum(out[0], 0.0, out=out[0])
    np.maximum(a[0], a[1], out=out[1])


def power(out: Interval, operands: Sequence[Interval], exponent: int, scratch: Scratch) -> None:
    """[a]**n for n >= 2, by squarings; not negative if n is even.

    n - 1 rounded multiplications err by a factor within (1 + u)**(n-1) (Higham, Accuracy and
    Stability, lemma 3.1), which the single step n * 2**-52 covers for n <= 2**30.
    """
    (a,) = operands
    if exponent > _MAX_EXPONENT:
        out[0] = np.inf if exponent % 2 else 0.0
        out[1] = np.inf
        return
    try:
        if exponent % 2:
            _chain(out, a, exponent)
            round_up(out, scratch.work, np.array(exponent * _ULP))
        else:
            magnitudes(scratch.work, a)
            _chain(scratch.spare, scratch.work, exponent)
            step = exponent * _ULP
            np.multiply(scratch.spare[0], -(1.0 - step), out=out[0])
            np.multiply(scratch.spare[1], 1.0 + step, out=out[1])
            # So that 1 - tanh(x)**2 stays >= 0 where tanh is as good as 1, however large x is.
            exact = scratch.work[1] == 1.0
            if exact.any():
                np.copyto(out[1], 1.0, where=exact)
    except FloatingPointError:
        with np.errstate(all="ignore"):
            _careful_power(out, a, exponent)


def _chain(out: Interval, x: Interval, exponent: int) -> None:
    """out := x**exponent, each multiplication rounded to nearest; exponent >= 2."""
    previous = x
    for bit in bin(exponent)[3:]:
        np.multiply(previous, previous, out=out)
        if bit == "1":
            np.multiply(out, x, out=out)
        previous = out


def _careful_power(out: Interval, a: Interval, exponent: int) -> None:
    if exponent % 2 == 0:
        size = np.empty(np.broadcast_shapes(a.shape, out.shape))
        magnitudes(size, a)
        out[0] = -_power_bound(size[0], exponent, up=False)
        out[1] = _power_bound(size[1], exponent, up=True)
        return
    size = np.abs(a)
    upper = _power_bound(size, exponent, up=True)
    lower = _power_bound(size, exponent, up=False)
    out[...] = np.where(a >= 0.0, upper, -lower)


def _power_bound(x: Interval, exponent: int, up: bool) -> Interval:
    """An upper or a lower bound of x**exponent for x >= 0, each step rounded outwards."""

    def times(p: Interval, q: Interval) -> Interval:
        product = p * q
        if up:
            return np.where((p == 0.0) | (q == 0.0), 0.0, product * (1.0 + 2.0 * _ULP) + _TINY)
        return np.maximum(np.minimum(product, MAX_FLOAT) * (1.0 - 2.0 * _ULP) - _TINY, 0.0)

    base = x if up else np.minimum(x, MAX_FLOAT)
    result = base
    for bit in bin(exponent)[3:]:
        result = times(result, result)
        if bit == "1":
            result = times(result, base)
    return result


def absolute(
    out: Interval, operands: Sequence[Interval], _exponent: int, _scratch: Scratch
) -> None:
    """|[a]|, exact."""
    (a,) = operands
    np.minimum(a[0], a[1], out=out[0])
    np.minimum(out[0], 0.0, out=out[0])
    np.maximum(a[0], a[1], out=out[1])


def minimum(out: Interval, operands: Sequence[Interval], _exponent: int, _scratch: Scratch) -> None:
    """min([a], [b]), exact."""
    a, b = operands
    np.maximum(a[0], b[0], out=out[0])
    np.minimum(a[1], b[1], out=out[1])


def maximum(out: Interval, operands: Sequence[Interval], _exponent: int, _scratch: Scratch) -> None:
    """max([a], [b]), exact."""
    a, b = operands
    np.minimum(a[0], b[0], out=out[0])
    np.maximum(a[1], b[1], out=out[1])


def select(out: Interval, operands: Sequence[Interval], _exponent: int, _scratch: Scratch) -> None:
    """[a] where [c] > 0, [b] where [c] < 0, and the hull of both where [c] has no strict sign."""
    condition, then, otherwise = operands
    np.maximum(then, otherwise, out=out)
    np.copyto(out, then, where=condition[0] < 0.0)
    np.copyto(out, otherwise, where=condition[1] < 0.0)
