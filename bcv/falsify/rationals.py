"""Which exact points are close to a float point, simplest first? Rounding, snapping, solving.

Soundness does not depend on this file: every candidate is verified exactly afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import isqrt
from typing import Final

import numpy as np

from bcv.expr import Expr
from bcv.falsify.landscape import Array, nearest_float
from bcv.falsify.lines import Line, univariate
from bcv.region import Range

DENOMINATORS: Final = (1, 2, 4, 5, 6, 8, 10, 12, 16, 20, 50, 100, 360, 1000, 9999, 10**5, 10**7)
"""The ladder of largest denominators, simplest first."""

Coordinates = tuple[Fraction, ...]


def complexity(candidate: Coordinates) -> int:
    """The bits that it takes to write the point."""
    return sum(x.numerator.bit_length() + x.denominator.bit_length() for x in candidate)


def rounded(x: Fraction, scale: Fraction) -> Fraction:
    """A shorter number within a small part of the scale."""
    size = scale.numerator.bit_length() - scale.denominator.bit_length()
    unit = Fraction(2) ** (size - 5)
    return round(x / unit) * unit


def clamp(x: Fraction, side: Range) -> Fraction:
    """The nearest number of the side."""
    if side.lo is not None and x < side.lo:
        return side.lo
    if side.hi is not None and x > side.hi:
        return side.hi
    return x


def convergents(x: float) -> list[Fraction]:
    """The best rational approximations by continued fractions, the last one exact."""
    top, bottom = x.as_integer_ratio()
    p, q, before_p, before_q = 1, 0, 0, 1
    found = []
    while bottom:
        whole, rest = divmod(top, bottom)
        p, q, before_p, before_q = whole * p + before_p, whole * q + before_q, p, q
        found.append(Fraction(p, q))
        top, bottom = bottom, rest
    return found


def _ladder(x: float, side: Range) -> list[Fraction]:
    """One approximation per limit of the denominator, then x itself; all inside the side.

    A number that is within rounding of a bound is that bound.
    """
    exact = Fraction(x)
    for bound in (side.lo, side.hi):
        if bound is not None and abs(exact - bound) * 10**12 <= max(Fraction(1), abs(bound)):
            return [bound] * (len(DENOMINATORS) + 1)
    known = convergents(x)
    best, found = known[0], []
    rest = iter(known)
    following = next(rest, None)
    for denominator in DENOMINATORS:
        while following is not None and following.denominator <= denominator:
            best, following = following, next(rest, None)
        found.append(clamp(best, side))
    return [*found, clamp(exact, side)]


def nearby(point: Array, box: tuple[Range, ...]) -> list[Coordinates]:
    """Rational points near a float point of the box, simplest first, the point itself last.

    Denominators are limited jointly; coordinates that lie on a bound take it exactly.
    """
    ladders = [_ladder(float(x), side) for x, side in zip(point, box, strict=True)]
    return list(dict.fromkeys(zip(*ladders, strict=True)))


def as_floats(points: list[Coordinates]) -> Array:
    """(variables, K) in doubles."""
    return np.array([[nearest_float(x) for x in point] for point in points], dtype=np.float64).T


def _exact_sqrt(x: Fraction) -> Fraction | None:
    if x < 0:
        return None
    top, bottom = isqrt(x.numerator), isqrt(x.denominator)
    exact = top * top == x.numerator and bottom * bottom == x.denominator
    return Fraction(top, bottom) if exact else None


def rational_roots(coefficients: tuple[Fraction, ...]) -> Iterator[Fraction]:
    """Roots of a univariate polynomial (of 1, s, s**2, ...) that are easily seen to be rational.

    Zero roots are split off; what remains is solved if it is linear or quadratic.
    """
    c = list(coefficients)
    while c and c[-1] == 0:
        c.pop()
    if not c:
        return
    if c[0] == 0:
        yield Fraction(0)
        while c[0] == 0:
            c.pop(0)
    if len(c) == 2:
        yield -c[0] / c[1]
    elif len(c) == 3:
        root = _exact_sqrt(c[1] ** 2 - 4 * c[0] * c[2])
        if root is not None:
            yield (-c[1] + root) / (2 * c[2])
            yield (-c[1] - root) / (2 * c[2])


def on_line(
    surface: Expr, variables: tuple[str, ...], start: Coordinates, end: Coordinates
) -> Iterator[Coordinates]:
    """Exact points of ``surface = 0`` on the line through two points.

    If the surface is a quadric and ``start`` lies on it, the line always has one more rational
    point (or none): the stereographic parametrisation of circles, spheres and other quadrics.
    """
    coefficients = univariate(Line(variables, start, end), surface)
    if coefficients is None or len(coefficients) > 12:
        return
    for s in rational_roots(coefficients):
        yield tuple(a + s * (b - a) for a, b in zip(start, end, strict=True))


def on_surface(
    surface: Expr,
    variables: tuple[str, ...],
    near: Coordinates,
    known: tuple[Coordinates, ...] = (),
) -> Iterator[Coordinates]:
    """Exact points of ``surface = 0`` close to a rational point, or seen from known ones."""
    for i in range(len(near)):
        moved = (*near[:i], near[i] + 1, *near[i + 1 :])
        yield from on_line(surface, variables, near, moved)
    for base in known:
        if base != near:
            yield from on_line(surface, variables, base, near)


def named(variables: tuple[str, ...], point: Coordinates) -> Mapping[str, Fraction]:
    """The point as a mapping."""
    return dict(zip(variables, point, strict=True))
