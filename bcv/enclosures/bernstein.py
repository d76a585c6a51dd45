"""How low can this polynomial get on these boxes? Bernstein coefficients, batched over boxes.

Soundness depends on this file: branch and bound proves claims by these bounds.

On a box a polynomial lies between the least and the largest of its Bernstein coefficients (Cargo
and Shisha 1966). They are computed in rounded arithmetic, and a bound of the rounding error, found
beforehand, is taken off.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv.enclosures.assumptions import check_machine, check_rounding

Array = NDArray[np.float64]

MAX_COEFFICIENTS: Final = 1000
"""Beyond this the tensor costs more than splitting the box."""

_BLOCK_ENTRIES: Final = 1 << 15
_LARGEST: Final = 1e100
_UNIT: Final = 2.0**-53


class BernsteinForm:
    """Bounds of one polynomial on boxes.

    With d_i its degree in x_i and b the tensor of its power coefficients, the Bernstein
    coefficients on [lo, hi] are M_1 x ... x M_n applied to b along each axis, where
    M_i[j, k] = sum_r C(j, r) C(d-j, k-r) / C(d, k) hi_i**r lo_i**(k-r) is the polar form of x**k
    at j times hi and d - j times lo (Ramshaw's blossoming). The weights of one row entry are
    nonnegative with sum 1 (Vandermonde), so |M_i[j, k]| <= m_i**k with m_i = max(|lo_i|, |hi_i|).

    Each product that makes up a coefficient passes at most N = 1 + sum_i (3 d_i + 8) roundings, in
    whatever order sums are taken, so the error is at most N u / (1 - N u) times
    S = sum_k |b_k| prod_i m_i**k_i (Higham, section 3.1); 4 N u S is taken off, which also covers
    the rounding of S. Underflows add at most 2**-1074 each, multiplied by at most
    prod_i max(1, m_i)**d_i (1 + sum |b_k|) until the end; 2**-900 times that is taken off too.

    Args:
        polynomial: exponents, one per variable, to coefficient.
        n_variables: how many coordinates boxes have.

    Raises ValueError if the tensor has more than MAX_COEFFICIENTS entries.
    """

    def __init__(self, polynomial: Mapping[tuple[int, ...], Fraction], n_variables: int) -> None:
        check_machine()
        self._degrees = degrees(polynomial, n_variables)
        self.size = math.prod(d + 1 for d in self._degrees)
        if self.size > MAX_COEFFICIENTS:
            raise ValueError(f"the Bernstein form has {self.size} coefficients")
        self._coefficients = np.zeros([d + 1 for d in self._degrees])
        for exponents, coefficient in polynomial.items():
            if abs(coefficient) > Fraction(_LARGEST):
                raise ValueError("a coefficient is too large for a Bernstein form")
            self._coefficients[exponents] = float(coefficient)
        self._weights = tuple(map(_weights, self._degrees))
        self._roundings = 1 + sum(3 * d + 8 for d in self._degrees)

    def bounds(self, lo: Array, hi: Array) -> tuple[Array, Array]:
        """Rigorous (lower, upper) bounds, each (K,), on boxes (n_variables, K).

        Infinite where a box reaches beyond 1e100 or a result overflows.
        """
        check_rounding()
        width = lo.shape[1]
        lower, upper = np.empty(width), np.empty(width)
        step = max(1, _BLOCK_ENTRIES // self.size)
        with np.errstate(all="ignore"):
            for start in range(0, width, step):
                part = slice(start, start + step)
                lower[part], upper[part] = self._block(lo[:, part], hi[:, part])
        return lower, upper

    def lower_bound(self, lo: Array, hi: Array) -> Array:
        """Rigorous lower bounds, (K,), on boxes (n_variables, K)."""
        return self.bounds(lo, hi)[0]

    def _block(self, lo: Array, hi: Array) -> tuple[Array, Array]:
        width = lo.shape[1]
        size = np.maximum(np.abs(lo), np.abs(hi))
        tensor = np.broadcast_to(self._coefficients, (width, *self._coefficients.shape))
        for axis, weights in enumerate(self._weights):
            change = _change_of_basis(weights, lo[axis], hi[axis])
            moved = np.moveaxis(tensor, axis + 1, 1)
            flat = np.matmul(change, moved.reshape(width, moved.shape[1], -1))
            tensor = np.moveaxis(flat.reshape(moved.shape), 1, axis + 1)
        flat = tensor.reshape(width, -1)
        error = self._error(size)
        lower, upper = flat.min(axis=1) - error, flat.max(axis=1) + error
        lower, upper = _widened(lower, -1.0), _widened(upper, 1.0)
        unknown = ~(np.isfinite(lower) & np.isfinite(upper) & np.all(size <= _LARGEST, axis=0))
        return np.where(unknown, -np.inf, lower), np.where(unknown, np.inf, upper)

    def _error(self, size: Array) -> Array:
        """Upper bounds of the coefficients' errors, (K,), from m_i = ``size``, (n, K)."""
        magnitude = np.broadcast_to(np.abs(self._coefficients).ravel(), (size.shape[1], self.size))
        for m, degree in zip(size[::-1], self._degrees[::-1], strict=True):
            powers = _powers(m, degree)
            grouped = magnitude.reshape(size.shape[1], -1, degree + 1)
            magnitude = np.matmul(grouped, powers[:, :, None])[:, :, 0]
        growth = np.prod([np.maximum(1.0, m) for m in size], axis=0)
        reach = np.ones(size.shape[1])
        for m, degree in zip(size, self._degrees, strict=True):
            reach = reach * np.maximum(1.0, m) ** degree
        tiny = 2.0**-900 * growth * reach * (1.0 + np.abs(self._coefficients).sum())
        error: Array = 4.0 * self._roundings * _UNIT * magnitude[:, 0] + tiny
        return error


def degrees(polynomial: Mapping[tuple[int, ...], Fraction], n_variables: int) -> tuple[int, ...]:
    """The degree in each variable; all 0 for the zero polynomial."""
    return tuple(max((e[i] for e in polynomial), default=0) for i in range(n_variables))


def _weights(degree: int) -> Array:
    """C(j, r) C(d-j, k-r) / C(d, k) at [j, k, r], each the nearest double."""
    weights = np.zeros((degree + 1,) * 3)
    for j in range(degree + 1):
        for k in range(degree + 1):
            for r in range(max(0, k - degree + j), min(j, k) + 1):
                exact = Fraction(math.comb(j, r) * math.comb(degree - j, k - r))
                weights[j, k, r] = float(exact / math.comb(degree, k))
    return weights


def _powers(x: Array, degree: int) -> Array:
    """x**0 ... x**degree, (K, degree + 1); x**k by k - 1 multiplications."""
    powers = np.ones((len(x), degree + 1))
    for k in range(1, degree + 1):
        powers[:, k] = powers[:, k - 1] * x
    return powers


def _change_of_basis(weights: Array, lo: Array, hi: Array) -> Array:
    """The matrices M[j, k] of one axis, (K, d + 1, d + 1)."""
    degree = weights.shape[0] - 1
    low, high = _powers(lo, degree), _powers(hi, degree)
    mixed = np.zeros((len(lo), degree + 1, degree + 1))
    for k in range(degree + 1):
        mixed[:, k, : k + 1] = high[:, : k + 1] * low[:, k::-1]
    # change[b, j, k] = sum over r of weights[j, k, r] * mixed[b, k, r]
    change: Array = np.einsum("jkr,bkr->bjk", weights, mixed)
    return change


def _widened(x: Array, direction: float) -> Array:
    """x moved by at least one unit in the last place, up or down."""
    moved: Array = x + direction * (np.abs(x) * 2.0**-52 + 2.0**-1074)
    return moved
