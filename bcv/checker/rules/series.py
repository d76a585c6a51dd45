"""What are sin(x), exp(x), pi to K bits, with a proved error? Integers that stand for n / 2**K.

The checker's verdict depends on this file. Nothing here is a float: only integer + - * // and
shifts. Each private function returns ``(value, error)``: the true number lies within ``error``
units of ``value``; each public one returns ``(lo, hi)`` with lo/2**K <= f(n/2**K) <= hi/2**K.

Why the errors are right. A term of a series is computed by floor divisions, each of which loses
less than one unit; a term is at most 1 and is multiplied by at most 1/2 on its way to the next,
so that the error e of a term obeys e' <= (e + 2)/2 + 1 and never passes 4. The remainder of each
series is bounded by the first term left out (alternating series with falling terms) or by twice
that (series with ratio <= 1/2), and summation stops when the computed term is 0, the true one thus
at most 4. So a sum of N terms is within ``4 * (N + 4)`` units.
"""

from __future__ import annotations

from functools import lru_cache
from math import isqrt

LARGEST_EXPONENT = 50_000
"""exp(x) is not computed for x above this: the answer would have 70,000 bits."""


def _narrow(value: int, error: int, bits: int) -> tuple[int, int]:
    """Drop ``bits`` bits, outward."""
    return (value - error) >> bits, -((-(value + error)) >> bits)


def _atan_series(z: int, w: int, sign: int) -> tuple[int, int]:
    """atan(z) for sign = -1, atanh(z) for sign = 1; |z| <= 0.43."""
    square = z * z >> w
    power, total, k = abs(z), 0, 0
    while power:
        total += (sign if k % 2 else 1) * (power // (2 * k + 1))
        power = power * square >> w
        k += 1
    return (total if z >= 0 else -total), 4 * (k + 4)


@lru_cache(maxsize=64)
def _pi(w: int) -> tuple[int, int]:
    """pi = 16 atan(1/5) - 4 atan(1/239) (Machin); the arguments are one unit off at most."""
    a, error_a = _atan_series((1 << w) // 5, w, -1)
    b, error_b = _atan_series((1 << w) // 239, w, -1)
    return 16 * a - 4 * b, 16 * (error_a + 1) + 4 * (error_b + 1)


@lru_cache(maxsize=64)
def _log2(w: int) -> tuple[int, int]:
    """log(2) = 2 atanh(1/3); atanh has slope 9/8 there."""
    a, error = _atan_series((1 << w) // 3, w, 1)
    return 2 * a, 2 * (error + 2)


def _extra_bits(n: int, k: int) -> int:
    """Guard bits, and as many as the integer part of n / 2**k has."""
    return 24 + max(0, n.bit_length() - k)


def pi(k: int) -> tuple[int, int]:
    """An enclosure of pi."""
    return _narrow(*_pi(k + 24), 24)


def exp(n: int, k: int) -> tuple[int, int | None]:
    """An enclosure of exp; hi is None ("not bounded here") above LARGEST_EXPONENT."""
    if n == 0:
        return 1 << k, 1 << k
    if n > LARGEST_EXPONENT << k:
        return exp(LARGEST_EXPONENT << k, k)[0], None
    if n < -((k + 2) << k):
        return 0, 1  # exp(x) < 2**x for x < 0
    extra = _extra_bits(n, k)
    w = k + extra
    log2, error_log2 = _log2(w)
    doublings, r = divmod(n << extra, log2)  # x = doublings*log(2) + r, 0 <= r < log(2) + error
    error_r = abs(doublings) * error_log2
    total = term = 1 << w
    count = 1
    while term:
        term = (term * r >> w) // count
        total += term
        count += 1
    # exp(r) < 2.1 there, and exp is Lipschitz with that constant.
    error = 4 * (count + 4) + 3 * error_r
    if doublings >= 0:
        return _narrow(total << doublings, error << doublings, extra)
    return _narrow(total, error, extra - doublings)


def log(n: int, k: int) -> tuple[int, int]:
    """An enclosure of log, n > 0: x = m * 2**e, 2/3 <= m < 4/3, log m = 2 atanh((m-1)/(m+1))."""
    if n == 1 << k:
        return 0, 0
    w = max(k, n.bit_length()) + 24
    e = n.bit_length() - k
    m = n << (w - n.bit_length())
    if 3 * m < 2 << w:
        m, e = 2 * m, e - 1
    z = ((m - (1 << w)) << w) // (m + (1 << w))
    series, error = _atan_series(z, w, 1)
    log2, error_log2 = _log2(w)
    return _narrow(2 * series + e * log2, 2 * (error + 2) + abs(e) * error_log2, w - k)


def _sin_cos_series(r: int, w: int, first: int) -> tuple[int, int]:
    """sin(r) for first = 1, cos(r) for first = 0; |r| <= 0.8."""
    square = r * r >> w
    term, total, k = (abs(r) if first else 1 << w), 0, first
    while term:
        total += -term if k % 4 >= 2 else term
        term = (term * square >> w) // ((k + 1) * (k + 2))
        k += 2
    return (-total if first and r < 0 else total), 4 * (k // 2 + 5)


def _sin_at_quarter(n: int, k: int, quarter: int) -> tuple[int, int]:
    """sin(x + quarter*pi/2) by reduction to |r| <= pi/4 (+ error)."""
    extra = _extra_bits(n, k)
    w = k + extra
    p, error_p = _pi(w)
    turns = ((4 * n << extra) + p) // (2 * p)  # the nearest integer to x / (pi/2)
    r = ((2 * n << extra) - turns * p) >> 1
    error_r = abs(turns) * error_p + 2
    quadrant = (turns + quarter) % 4
    value, error = _sin_cos_series(r, w, 1 - quadrant % 2)
    lo, hi = _narrow(-value if quadrant >= 2 else value, error + error_r, extra)
    return max(lo, -1 << k), min(hi, 1 << k)


def sin(n: int, k: int) -> tuple[int, int]:
    """An enclosure of sin."""
    return (0, 0) if n == 0 else _sin_at_quarter(n, k, 0)


def cos(n: int, k: int) -> tuple[int, int]:
    """An enclosure of cos."""
    return (1 << k, 1 << k) if n == 0 else _sin_at_quarter(n, k, 1)


def extrema(lo: int, hi: int, k: int, halves: int) -> tuple[int, int]:
    """(first, last): each integer m with lo <= (m + halves/2)*pi <= hi is in between.

    For halves = 1 these are the extrema of sin and the poles of tan, for halves = 0 the extrema
    of cos; the function is +1 at even m and -1 at odd m.
    """
    w = k + _extra_bits(max(abs(lo), abs(hi)), k)
    below, above = _narrow(*_pi(w), w - k)
    least = (lo << k) // (above if lo >= 0 else below)
    most = -((-hi << k) // (below if hi >= 0 else above))
    shift = halves << (k - 1)
    return -((shift - least) >> k), (most - shift) >> k


def atan(n: int, k: int) -> tuple[int, int]:
    """An enclosure of atan, by atan x = pi/4 + atan((x-1)/(x+1)) = pi/2 - atan(1/x)."""
    if n == 0:
        return 0, 0
    if n < 0:
        lo, hi = atan(-n, k)
        return -hi, -lo
    w, one = k + 24, 1 << (k + 24)
    x = n << 24
    if 5 * x <= 2 * one:
        z, quarters = x, 0
    elif 2 * x <= 5 * one:
        z, quarters = ((x - one) << w) // (x + one), 1
    else:
        z, quarters = -((one << w) // x), 2
    value, error = _atan_series(z, w, -1)
    p, error_p = _pi(w)
    return _narrow(value + (quarters * p >> 2), error + 2 + error_p, 24)


def asin(n: int, k: int) -> tuple[int, int]:
    """An enclosure of asin, |n| <= 2**k, by asin x = atan(x / sqrt(1 - x*x))."""
    if n < 0:
        lo, hi = asin(-n, k)
        return -hi, -lo
    if n == 0:
        return 0, 0
    one = 1 << k
    if n == one:
        lo, hi = pi(k + 1)  # pi at one more bit is pi/2 in these units
        return lo >> 2, -(-hi >> 2)
    w = 2 * k + 24
    root = isqrt((one * one - n * n) << (2 * (w - k)))  # floor of sqrt(1 - x*x) * 2**w
    small = (n << (2 * w - k)) // (root + 1)
    large = -((-n << (2 * w - k)) // root)
    return atan(small, w)[0] >> (w - k), -(-atan(large, w)[1] >> (w - k))


def acos(n: int, k: int) -> tuple[int, int]:
    """An enclosure of acos, |n| <= 2**k."""
    if n == 1 << k:
        return 0, 0
    half_lo, half_hi = asin(1 << k, k)
    lo, hi = asin(n, k)
    return max(0, half_lo - hi), half_hi - lo


def _half_exponentials(n: int, k: int, sign: int) -> tuple[int, int | None]:
    """(exp(x) + sign * exp(-x)) / 2 for n >= 0."""
    w = k + 24
    lo, hi = exp(n << 24, w)
    inverse_lo = 0 if hi is None else (1 << 2 * w) // hi
    inverse_hi = -((-1 << 2 * w) // lo)
    if sign < 0:
        inverse_lo, inverse_hi = -inverse_hi, -inverse_lo
    top = None if hi is None else -(-(hi + inverse_hi) >> 25)
    return (lo + inverse_lo) >> 25, top


def cosh(n: int, k: int) -> tuple[int, int | None]:
    """An enclosure of cosh; hi is None above LARGEST_EXPONENT."""
    lo, hi = _half_exponentials(abs(n), k, 1)
    return (1 << k, 1 << k) if n == 0 else (max(lo, 1 << k), hi)


def sinh(n: int, k: int) -> tuple[int | None, int | None]:
    """An enclosure of sinh; an end is None above LARGEST_EXPONENT."""
    if n == 0:
        return 0, 0
    lo, hi = _half_exponentials(abs(n), k, -1)
    return (max(lo, 0), hi) if n > 0 else (None if hi is None else -hi, -max(lo, 0))


def tanh(n: int, k: int) -> tuple[int, int]:
    """An enclosure of tanh, by tanh x = 1 - 2 / (exp(2x) + 1)."""
    if n < 0:
        low, high = tanh(-n, k)
        return -high, -low
    w, one = k + 24, 1 << (k + 24)
    lo, hi = exp(n << 25, w)
    smaller = one - -((-2 << 2 * w) // (lo + one))
    larger = one if hi is None else one - (2 << 2 * w) // (hi + one)
    return max(0, smaller >> 24), (0 if n == 0 else min(1 << k, -(-larger >> 24)))


def sqrt(n: int, k: int) -> tuple[int, int]:
    """An enclosure of sqrt, n >= 0; exact where the root is a number of this precision."""
    root = isqrt(n << k)
    return root, root + (root * root != n << k)
