"""Is a polynomial >= 0 on a box, by its coefficients in Bernstein's basis?

The checker's verdict depends on this file; all of it is exact integer arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import comb, inf, lcm

from ..ring import Poly, Ring, exponents
from ..terms import RejectedError
from .leaves import Box, Leaf
from .semidefinite import common_denominator

MOST_COEFFICIENTS = 200_000
MOST_DEGREE = 200


class Rule:
    """A polynomial is >= 0 on a leaf if its coefficients (see ``Bernstein``) are."""

    def __init__(self, leaf: Leaf) -> None:
        self.leaf, names = leaf, leaf.names
        polynomial = Ring(leaf.terms, names).polynomial(leaf.goal, len(names))
        self.bernstein = Bernstein(polynomial, len(names))

    def holds(self, level: int, box: Box) -> bool:
        if not self.leaf.is_defined(level, box):
            return False
        return self.bernstein.signs(box) >= (1 if self.leaf.strict else 0)


class Bernstein:
    """A polynomial whose sign on boxes is asked many times."""

    def __init__(self, polynomial: Poly, count: int) -> None:
        terms = {exponents(m, count): c for m, c in polynomial.items()}
        self.degrees = [max((e[i] for e in terms), default=0) for i in range(count)]
        size = 1
        for degree in self.degrees:
            size *= degree + 1
        if size > MOST_COEFFICIENTS or max(self.degrees, default=0) > MOST_DEGREE:
            raise RejectedError("a polynomial has too many Bernstein coefficients")
        scale = common_denominator(terms.values())
        self.dense = [0] * size
        for e, c in terms.items():
            place = 0
            for exponent, degree in zip(e, self.degrees, strict=True):
                place = place * (degree + 1) + exponent
            self.dense[place] = int(c * scale)
        self._maps: dict[tuple[float, float, int], list[list[int]]] = {}

    def signs(self, box: Sequence[tuple[float, float]]) -> int:
        """1 if the polynomial is seen to be > 0 on the box, 0 if >= 0, else -1.

        It is a combination of products of functions >= 0: on a bounded side Bernstein's, whose sum
        is 1; on a half-infinite one the powers of the distance from its end. So it is >= 0 if all
        coefficients are, and > 0 if moreover all are > 0 that stand at power 0 of each distance.
        """
        if any(lo == -inf and hi == inf for lo, hi in box):
            return -1
        values, base = self.dense, [True]
        for (lo, hi), degree in zip(box, self.degrees, strict=True):
            bounded = lo > -inf and hi < inf
            base = [b and (bounded or j == 0) for b in base for j in range(degree + 1)]
        for (lo, hi), degree in zip(reversed(box), reversed(self.degrees), strict=True):
            # The last axis is transformed, then turned to be the first: in the end all are back.
            mapping, width = self._map(lo, hi, degree), degree + 1
            fibres = [values[i : i + width] for i in range(0, len(values), width)]
            values = [
                sum(f * v for f, v in zip(factors, fibre, strict=True))
                for factors in mapping
                for fibre in fibres
            ]
        if min(values) < 0:
            return -1
        return int(all(value > 0 for value, b in zip(values, base, strict=True) if b))

    def _map(self, lo: float, hi: float, degree: int) -> list[list[int]]:
        """From power coefficients in x to Bernstein coefficients on [lo, hi], times positive ints.

        With x = (p + q*u) / s the coefficient of u**j gains s**degree; the j-th Bernstein
        coefficient of a polynomial sum c_i u**i is sum_i c_i C(j,i)/C(d,i), and C(d,j) times that
        is sum_i c_i C(d-i, j-i). On a half-infinite side, x = end + t or x = end - t, and the
        coefficients are those of t**j.
        """
        key = (lo, hi, degree)
        if key not in self._maps:
            bounded = lo > -inf and hi < inf
            start = Fraction(lo if lo > -inf else hi)
            step = Fraction(hi) - start if bounded else Fraction(1 if hi == inf else -1)
            s = lcm(start.denominator, step.denominator)
            p, q = int(start * s), int(step * s)
            shift = [
                [
                    comb(i, j) * p ** (i - j) * q**j * s ** (degree - i) if i >= j else 0
                    for i in range(degree + 1)
                ]
                for j in range(degree + 1)
            ]
            if len(self._maps) > 10_000:
                self._maps.clear()
            self._maps[key] = (
                shift
                if not bounded
                else [
                    [
                        sum(comb(degree - k, j - k) * shift[k][i] for k in range(j + 1))
                        for i in range(degree + 1)
                    ]
                    for j in range(degree + 1)
                ]
            )
        return self._maps[key]
