"""What is sin([a]), exp([a]), log([a]), rounded outwards? Kernels for elementary functions.

Soundness depends on this file, and on NumPy's functions erring by at most 4 ulp.

Intervals are rows (-lo, hi), as in ``interval_arithmetic``. A value r from NumPy stands for every
real within |r| * 2**-49 + 2**-1070 of it: 4 ulp of the true value f are at most 2**-50 |f|, or
2**-1072 where f is subnormal; the rest covers the rounding of r and of the widening itself.
Results are clamped to the function's range. Kernels give back where the function is possibly
undefined; there the result is the whole line.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from bcv.enclosures.assumptions import MAX_FLOAT, PI_HI
from bcv.enclosures.interval_arithmetic import Interval, Kernel, Mask, Scratch, magnitudes

_ERROR: Final = 2.0**-49
_TINY: Final = 2.0**-1070
_LARGEST_ANGLE: Final = 2.0**20
_PER_PI: Final = 1.0 / math.pi


def _ignoring_flags(kernel: Kernel) -> Kernel:
    """The kernel with NumPy's flags off: these kernels treat every exception by themselves."""

    def quiet(
        out: Interval, operands: Sequence[Interval], exponent: int, scratch: Scratch
    ) -> Mask | None:
        with np.errstate(all="ignore"):
            return kernel(out, operands, exponent, scratch)

    return quiet


def _whole_line(out: Interval, undefined: Mask) -> Mask | None:
    if not undefined.any():
        return None
    np.copyto(out, np.inf, where=undefined)
    return undefined


def _odd_slack(slack: Interval, value: Interval, argument: Interval, scratch: Scratch) -> None:
    """slack := the error bound of value = f(argument), for f(0) = 0 exactly: 0 at 0."""
    np.abs(argument, out=slack)
    np.multiply(slack, 16.0, out=slack)
    np.minimum(slack, _TINY, out=slack)
    np.abs(value, out=scratch.work)
    np.multiply(scratch.work, _ERROR, out=scratch.work)
    np.add(slack, scratch.work, out=slack)


def _odd_increasing(
    out: Interval, function: Callable[..., Any], a: Interval, scratch: Scratch, bound: float
) -> None:
    """f([a]) for an odd increasing f with |f| <= bound: -f(lo) = f(-lo), so the rows are alike."""
    function(a, out=out)
    np.maximum(out, -MAX_FLOAT, out=out)
    _odd_slack(scratch.spare, out, a, scratch)
    np.add(out, scratch.spare, out=out)
    np.minimum(out, bound, out=out)


def _odd_kernel(function: Callable[..., Any], bound: float) -> Kernel:
    def kernel(
        out: Interval, operands: Sequence[Interval], _exponent: int, scratch: Scratch
    ) -> None:
        _odd_increasing(out, function, operands[0], scratch, bound)

    return _ignoring_flags(kernel)


def _ends(value: Interval, out: Interval, scratch: Scratch) -> None:
    """out := rows (-lower bound, upper bound) from values at (lower end, upper end)."""
    np.abs(value, out=scratch.work)
    np.multiply(scratch.work, _ERROR, out=scratch.work)
    np.add(scratch.work, _TINY, out=scratch.work)
    np.subtract(scratch.work[0], value[0], out=out[0])
    np.add(scratch.work[1], value[1], out=out[1])


def _exp(out: Interval, operands: Sequence[Interval], _exponent: int, scratch: Scratch) -> None:
    (a,) = operands
    value = scratch.spare
    np.negative(a[0], out=value[0])
    value[1] = a[1]
    np.exp(value, out=value)
    np.minimum(value[0], MAX_FLOAT, out=value[0])
    _ends(value, out, scratch)
    np.minimum(out[0], 0.0, out=out[0])


def _cosh(out: Interval, operands: Sequence[Interval], _exponent: int, scratch: Scratch) -> None:
    value = scratch.spare
    magnitudes(value, operands[0])
    np.cosh(value, out=value)
    np.minimum(value[0], MAX_FLOAT, out=value[0])
    _ends(value, out, scratch)
    np.minimum(out[0], -1.0, out=out[0])


def _log(
    out: Interval, operands: Sequence[Interval], _exponent: int, scratch: Scratch
) -> Mask | None:
    (a,) = operands
    undefined = a[0] >= 0.0
    value = scratch.spare
    np.negative(a[0], out=value[0])
    value[1] = a[1]
    np.copyto(value, 1.0, where=undefined)
    np.log(value, out=value)
    # log is 0 at 1, and exact there, and elsewhere at least 2**-53 in size: no tiny term.
    np.abs(value, out=scratch.work)
    np.multiply(scratch.work, _ERROR, out=scratch.work)
    np.subtract(scratch.work[0], value[0], out=out[0])
    np.add(scratch.work[1], value[1], out=out[1])
    return _whole_line(out, undefined)


def _sqrt(
    out: Interval, operands: Sequence[Interval], _exponent: int, scratch: Scratch
) -> Mask | None:
    """Correctly rounded by IEEE 754, and never subnormal: two ulp either way are plenty."""
    (a,) = operands
    undefined = a[0] > 0.0
    value = scratch.spare
    np.negative(a[0], out=value[0])
    value[1] = a[1]
    np.maximum(value, 0.0, out=value)
    np.sqrt(value, out=value)
    np.multiply(value[0], -(1.0 - 2.0**-51), out=out[0])
    np.multiply(value[1], 1.0 + 2.0**-51, out=out[1])
    return _whole_line(out, undefined)


def _asin(
    out: Interval, operands: Sequence[Interval], _exponent: int, scratch: Scratch
) -> Mask | None:
    (a,) = operands
    undefined = (a[0] > 1.0) | (a[1] > 1.0)
    inside = np.clip(a, -1.0, 1.0, out=scratch.largest)
    _odd_increasing(out, np.arcsin, inside, scratch, PI_HI / 2.0)
    return _whole_line(out, undefined)


def _acos(
    out: Interval, operands: Sequence[Interval], _exponent: int, scratch: Scratch
) -> Mask | None:
    (a,) = operands
    undefined = (a[0] > 1.0) | (a[1] > 1.0)
    value = scratch.spare
    value[0] = a[1]
    np.negative(a[0], out=value[1])
    np.clip(value, -1.0, 1.0, out=value)
    np.arccos(value, out=value)
    _ends(value, out, scratch)
    np.minimum(out[0], 0.0, out=out[0])
    np.minimum(out[1], PI_HI, out=out[1])
    return _whole_line(out, undefined)


def _half_turns(a: Interval, shift: float, scratch: Scratch) -> Interval:
    """Rows (-lower, upper) that bound x/pi - shift for x in [a], |x| <= 2**20; in scratch.largest.

    x * (1/pi) errs by 3u |x/pi| at most (u = 2**-53); the two shifts below and the rounding of
    the slack take less than 4u |x/pi| + 3u. The slack is 8u |x/pi| + 8u.
    """
    turns = scratch.largest
    np.multiply(a, _PER_PI, out=turns)
    np.abs(turns, out=scratch.work)
    np.multiply(scratch.work, 2.0**-50, out=scratch.work)
    np.add(turns, scratch.work, out=turns)
    np.add(turns, 2.0**-50, out=turns)
    np.add(turns[0], shift, out=turns[0])
    np.subtract(turns[1], shift, out=turns[1])
    return turns


def _has_integer(turns: Interval, modulus: float = 1.0, remainder: float = 0.0) -> Mask:
    """Where some integer k = remainder (mod modulus) has lower <= k <= upper, or might have."""
    below = np.floor((turns[0] + remainder) / modulus)
    above = np.floor((turns[1] - remainder) / modulus)
    return np.asarray(below + above >= 0.0)


def _wave(function: Callable[..., Any], shift: float, odd: bool) -> Kernel:
    """sin or cos: the values at the ends, and 1 (-1) where a maximum (minimum) may lie between.

    The maxima lie at (k + shift) pi for even k, the minima for odd k; between them the function
    is monotone. Beyond 2**20 the result is [-1, 1].
    """

    def kernel(
        out: Interval, operands: Sequence[Interval], _exponent: int, scratch: Scratch
    ) -> None:
        (a,) = operands
        large = np.maximum(np.abs(a[0]), np.abs(a[1])) > _LARGEST_ANGLE
        ends, value = scratch.smallest, scratch.spare
        np.negative(a[0], out=ends[0])
        ends[1] = a[1]
        np.copyto(ends, 0.0, where=large)
        function(ends, out=value)
        slack = scratch.largest
        if odd:
            _odd_slack(slack, value, ends, scratch)
        else:
            np.multiply(np.abs(value, out=slack), _ERROR, out=slack)
        np.subtract(slack, value, out=scratch.work)
        np.maximum(scratch.work[0], scratch.work[1], out=out[0])
        np.add(slack, value, out=scratch.work)
        np.maximum(scratch.work[0], scratch.work[1], out=out[1])
        np.negative(ends[0], out=ends[0])
        turns = _half_turns(ends, shift, scratch)
        np.copyto(out[1], 1.0, where=large | _has_integer(turns, 2.0, 0.0))
        np.copyto(out[0], 1.0, where=large | _has_integer(turns, 2.0, 1.0))
        np.minimum(out, 1.0, out=out)

    return _ignoring_flags(kernel)


def _tan(
    out: Interval, operands: Sequence[Interval], _exponent: int, scratch: Scratch
) -> Mask | None:
    """Increasing between its poles (k + 1/2) pi; possibly undefined where one may be inside."""
    (a,) = operands
    ends = scratch.smallest
    large = np.maximum(np.abs(a[0]), np.abs(a[1])) > _LARGEST_ANGLE
    np.copyto(ends, a)
    np.copyto(ends, 0.0, where=large)
    undefined = large | _has_integer(_half_turns(ends, 0.5, scratch))
    np.copyto(ends, 0.0, where=undefined)
    _odd_increasing(out, np.tan, ends, scratch, math.inf)
    return _whole_line(out, undefined)


sin: Final = _wave(np.sin, 0.5, odd=True)
cos: Final = _wave(np.cos, 0.0, odd=False)
tan: Final = _ignoring_flags(_tan)
asin: Final = _ignoring_flags(_asin)
acos: Final = _ignoring_flags(_acos)
atan: Final = _odd_kernel(np.arctan, PI_HI / 2.0)
sinh: Final = _odd_kernel(np.sinh, math.inf)
cosh: Final = _ignoring_flags(_cosh)
tanh: Final = _odd_kernel(np.tanh, 1.0)
exp: Final = _ignoring_flags(_exp)
log: Final = _ignoring_flags(_log)
sqrt: Final = _ignoring_flags(_sqrt)
