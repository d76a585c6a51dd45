"""How low can a polynomial claim get on bounded and on half-infinite boxes? By coefficients.

Soundness depends on this file when the engine trusts it; the checker decides leaves again. The
rule is evidence.Form.BERNSTEIN.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv.enclosures.bernstein import MAX_COEFFICIENTS, BernsteinForm, degrees
from bcv.expr import Expr

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Terms = Mapping[tuple[int, ...], Fraction]

_OPERATION_PRICE: Final = 3.0
"""What an interval operation costs, in multiplications of a matrix product."""


class PolynomialBounds:
    """Bounds of one polynomial; ``price`` is that of a bounded box, in multiplications."""

    def __init__(self, terms: Terms, n_variables: int) -> None:
        """Raises ValueError if the tensor of coefficients is too large."""
        self._form = BernsteinForm(terms, n_variables)
        self._degrees = degrees(terms, n_variables)
        scale = math.lcm(*(c.denominator for c in terms.values()))
        self._coefficients = np.zeros([d + 1 for d in self._degrees], dtype=object)
        for exponents, coefficient in terms.items():
            self._coefficients[exponents] = int(coefficient * scale)
        per_axis = sum(d + 5 for d in self._degrees)
        self.price = self._form.size * per_axis + sum((d + 1) ** 3 for d in self._degrees)

    @classmethod
    def of(cls, root: Expr, variables: tuple[str, ...]) -> PolynomialBounds | None:
        """Those of an expression, None if it is no polynomial or a large one."""
        from bcv.algebra.polynomial import is_rational, polynomial, ring, to_terms

        found = polynomial(root, ring(variables)) if is_rational(root) else None
        if found is None or found.is_zero() or len(found) > MAX_COEFFICIENTS:
            return None
        try:
            return cls(dict(to_terms(found)), len(variables))
        except ValueError:
            return None

    def evaluations(self, operations: int) -> float:
        """The price in evaluations of so many interval operations."""
        return self.price / (_OPERATION_PRICE * operations)

    def lower_bounds(self, lo: Floats, hi: Floats) -> Floats:
        """(K,) lower bounds on bounded boxes (n, K)."""
        return self._form.lower_bound(lo, hi)

    def sign(self, lo: Floats, hi: Floats) -> int:
        """1 if the polynomial is > 0 on one box (n,), 0 if it is >= 0, -1 if neither is known.

        On a bounded side the basis is Bernstein's, on a half-infinite one it is t**j, where
        x = end + t or end - t with t >= 0. Where all coefficients are >= 0, so is the polynomial,
        and where moreover those that stand at t = 0 are all > 0, so is the polynomial. Exact.
        """
        tensor, at_end = self._coefficients, np.ones((), dtype=np.bool_)
        for axis, degree in enumerate(self._degrees):
            low, high = float(lo[axis]), float(hi[axis])
            if math.isinf(low) and math.isinf(high):
                return -1
            change = _change(low, high, degree)
            tensor = np.moveaxis(np.tensordot(change, tensor, axes=([1], [axis])), 0, axis)
            first = np.arange(degree + 1) == 0
            at_end = at_end[..., None] & (first | math.isfinite(high - low))
        if bool((tensor < 0).any()):
            return -1
        return int(bool((tensor[at_end] > 0).all()))


def _change(lo: float, hi: float, degree: int) -> NDArray[np.object_]:
    """(d + 1, d + 1) integers: coefficients in x to coefficients on the side, scaled positively."""
    end = Fraction(hi if math.isinf(lo) else lo)
    step = Fraction(-1 if math.isinf(lo) else 1 if math.isinf(hi) else Fraction(hi) - Fraction(lo))
    common = math.lcm(end.denominator, step.denominator)
    p, q = int(end * common), int(step * common)
    shift = np.zeros((degree + 1, degree + 1), dtype=object)
    for i in range(degree + 1):
        for j in range(i + 1):
            shift[j, i] = math.comb(i, j) * p ** (i - j) * q**j * common ** (degree - i)
    if math.isinf(hi - lo):
        return shift
    # C(d, j) times the j-th Bernstein coefficient of sum c_k s**k is sum c_k C(d - k, j - k).
    rise = np.zeros((degree + 1, degree + 1), dtype=object)
    for j in range(degree + 1):
        for k in range(j + 1):
            rise[j, k] = math.comb(degree - k, j - k)
    result: NDArray[np.object_] = rise.dot(shift)
    return result
