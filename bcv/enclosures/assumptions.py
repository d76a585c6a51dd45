"""What do the enclosures take for granted of this machine? Checks that it is so.

Soundness depends on this file: it states and tests the assumptions of the interval arithmetic.

Assumed: IEEE 754 doubles rounded to nearest, live subnormals, exception flags that NumPy reports,
and elementary functions of NumPy with an error of at most MAX_LIBM_ULPS units in the last place,
exact where the value is 0.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

import numpy as np

MAX_LIBM_ULPS: Final = 4
"""The assumed error of NumPy's sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, exp and log."""

LIBM_ASSUMPTION: Final = f"NumPy's elementary functions err by at most {MAX_LIBM_ULPS} ulp"

MAX_FLOAT: Final = float(np.finfo(np.float64).max)
PI_LO: Final = math.pi
PI_HI: Final = math.nextafter(math.pi, math.inf)


class UnsoundArithmeticError(RuntimeError):
    """The processor's or NumPy's arithmetic is not what every enclosure rests on."""


# Operands as module variables, so that no compiler folds the checks below.
_one, _half_ulp, _more_than_half, _least_normal, _half = (
    1.0,
    2.0**-53,
    1.5 * 2.0**-53,
    2.0**-1022,
    0.5,
)


def check_rounding() -> None:
    """Raises UnsoundArithmeticError unless rounding is to nearest and subnormals are alive.

    Takes under a microsecond; call it before each batch, since a library may change the mode.
    """
    nearest = _one + _half_ulp == _one and -_one - _half_ulp == -_one
    if not (nearest and _one + _more_than_half > _one and -_one - _more_than_half < -_one):
        raise UnsoundArithmeticError("the processor does not round to nearest")
    tiny = _least_normal * _half
    if not (tiny > 0.0 and tiny / _half == _least_normal):
        raise UnsoundArithmeticError("the processor flushes subnormal numbers to zero")


def _check_flags(size: int) -> None:
    """NumPy must report underflow, overflow and invalid operations at any place of an array."""
    cases: tuple[tuple[Any, float, float], ...] = (
        (np.multiply, 2.0**-600, 1.1 * 2.0**-460),
        (np.multiply, 2.0**-1074, 0.5),
        (np.multiply, 2.0**600, 2.0**600),
        (np.multiply, 0.0, math.inf),
        (np.add, MAX_FLOAT, MAX_FLOAT),
        (np.divide, -1.0, 0.0),
        (np.divide, -1.0, 2.0**-1074),
    )
    for function, a, b in cases:
        for place in {0, size // 2, size - 1}:
            first, second = np.ones(size), np.ones(size)
            first[place], second[place] = a, b
            try:
                with np.errstate(all="raise"):
                    function(first, second, out=first)
            except FloatingPointError:
                continue
            raise UnsoundArithmeticError("NumPy does not report floating-point exceptions")


_HARD_POINTS: Final[tuple[tuple[str, float, float], ...]] = (
    ("sin", 0.5, 0.479425538604203),
    ("sin", 3.0, 0.1411200080598672),
    ("sin", 1e-310, 1e-310),
    ("sin", 3.141592653589793, 1.2246467991473532e-16),
    ("sin", 355.0, -3.014435335948845e-05),
    ("sin", -22.0, 0.008851309290403876),
    ("sin", 100000.0, 0.03574879797201651),
    ("sin", 573204.0, 0.9999999999999568),
    ("sin", 1048576.0, 0.3304931400217347),
    ("sin", -1.5707963267948966, -1.0),
    ("sin", 1e-08, 1e-08),
    ("cos", 0.5, 0.8775825618903728),
    ("cos", 1.5707963267948966, 6.123233995736766e-17),
    ("cos", 4.71238898038469, -1.8369701987210297e-16),
    ("cos", 11.0, 0.004425697988050785),
    ("cos", -344.0, -0.004395553927897717),
    ("cos", 100000.0, -0.9993608074382124),
    ("cos", 1048576.0, 0.943808393901312),
    ("cos", 3.0, -0.9899924966004454),
    ("cos", 1e-08, 1.0),
    ("tan", 0.5, 0.5463024898437905),
    ("tan", 1.5707963267948966, 1.633123935319537e16),
    ("tan", 3.141592653589793, -1.2246467991473532e-16),
    ("tan", -11.0, 225.95084645419513),
    ("tan", 1e-310, 1e-310),
    ("tan", 100000.0, -0.035771662952898776),
    ("tan", 0.7853981633974483, 0.9999999999999999),
    ("arcsin", 0.5, 0.5235987755982989),
    ("arcsin", 0.9999999999999999, 1.5707963118937354),
    ("arcsin", -0.999, -1.526071239626163),
    ("arcsin", 1e-310, 1e-310),
    ("arcsin", 1e-08, 1e-08),
    ("arcsin", 0.7071067811865476, 0.7853981633974484),
    ("arccos", 0.5, 1.0471975511965979),
    ("arccos", 0.9999999999999999, 1.4901161193847656e-08),
    ("arccos", -0.999, 3.09686756642106),
    ("arccos", 1e-08, 1.5707963167948966),
    ("arccos", 0.7071067811865476, 0.7853981633974483),
    ("arccos", -0.9999999999999999, 3.141592638688632),
    ("arctan", 0.5, 0.4636476090008061),
    ("arctan", 1.0, 0.7853981633974483),
    ("arctan", -2.4375, -1.1814796049617557),
    ("arctan", 1e300, 1.5707963267948966),
    ("arctan", 1e-310, 1e-310),
    ("arctan", 1e-08, 1e-08),
    ("arctan", 20.0, 1.5208379310729538),
    ("sinh", 0.5, 0.5210953054937474),
    ("sinh", 1e-310, 1e-310),
    ("sinh", 0.001, 0.001000000166666675),
    ("sinh", -1.0, -1.1752011936438014),
    ("sinh", 22.0, 1792456423.065796),
    ("sinh", 710.0, 1.1169973830808555e308),
    ("sinh", 0.3, 0.3045202934471426),
    ("cosh", 0.5, 1.1276259652063807),
    ("cosh", 0.001, 1.0000005000000416),
    ("cosh", -1.0, 1.5430806348152437),
    ("cosh", 22.0, 1792456423.065796),
    ("cosh", 710.0, 1.1169973830808555e308),
    ("cosh", 0.3, 1.0453385141288605),
    ("tanh", 0.5, 0.46211715726000974),
    ("tanh", 1e-310, 1e-310),
    ("tanh", 0.001, 0.0009999996666668),
    ("tanh", -1.0, -0.7615941559557649),
    ("tanh", 0.25, 0.24491866240370913),
    ("tanh", 19.0, 0.9999999999999999),
    ("tanh", 0.549, 0.4997703566046211),
    ("exp", 0.5, 1.6487212707001282),
    ("exp", 1e-08, 1.00000001),
    ("exp", -1.0, 0.36787944117144233),
    ("exp", -708.0, 3.307553003638408e-308),
    ("exp", 709.5, 1.3549863193146328e308),
    ("exp", -740.0, 4.2e-322),
    ("exp", 0.3465735902799727, 1.4142135623730951),
    ("log", 0.5, -0.6931471805599453),
    ("log", 0.9999999999999999, -1.1102230246251565e-16),
    ("log", 1.0000000000000002, 2.2204460492503128e-16),
    ("log", 1e-310, -713.8013788281542),
    ("log", 5e-324, -744.4400719213812),
    ("log", 1.7e308, 709.7268368932282),
    ("log", 2.718281828459045, 1.0),
    *((name, 0.0, 0.0) for name in ("sin", "tan", "arcsin", "arctan", "sinh", "tanh")),
    ("log", 1.0, 0.0),
    ("log", 1.01, 0.009950330853168092),
)
"""(function, argument, the double nearest to its value by 400-bit ball arithmetic)."""


@functools.cache
def check_machine() -> None:
    """Raises UnsoundArithmeticError unless this process's arithmetic passes the self-test.

    Under a millisecond; runs once per process. The functions are tried at points that are hard
    for them (near multiples of pi/2, near 1, subnormal), in arrays long enough for vector code.
    """
    check_rounding()
    for size in (1, 37):
        _check_flags(size)
    by_name: dict[str, list[tuple[float, float]]] = {}
    for name, argument, value in _HARD_POINTS:
        by_name.setdefault(name, []).append((argument, value))
    with np.errstate(all="ignore"):
        for name, pairs in by_name.items():
            _check_function(name, np.array(pairs * 5))


def _check_function(name: str, pairs: Any) -> None:
    function: Callable[[Any], Any] = getattr(np, name)
    strided, expected = pairs.T
    allowed = np.where(expected == 0.0, 0, MAX_LIBM_ULPS)
    # NumPy has other code for arrays whose elements are not next to each other.
    for arguments in (strided, strided.copy()):
        error = np.abs(function(arguments) - expected) / np.spacing(np.abs(expected))
        if not bool(np.all(error <= allowed)):
            raise UnsoundArithmeticError(f"numpy.{name} errs by more than {MAX_LIBM_ULPS} ulp")


def enclosing_floats(value: Fraction) -> tuple[float, float]:
    """The tightest doubles (lo, hi) with lo <= value <= hi; beyond their range one is infinite."""
    try:
        nearest = float(value)
    except OverflowError:
        return (MAX_FLOAT, math.inf) if value > 0 else (-math.inf, -MAX_FLOAT)
    exact = Fraction(nearest)
    if exact == value:
        return nearest, nearest
    if exact < value:
        return nearest, math.nextafter(nearest, math.inf)
    return math.nextafter(nearest, -math.inf), nearest
