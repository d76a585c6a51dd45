"""Does a polynomial claim fail somewhere on a curve? By real roots, however far out and narrow.

Soundness does not depend on this file: what it finds is verified exactly afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from math import inf, lcm
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bcv import expr as ex
from bcv.algebra.polynomial import POLYNOMIAL_OPS
from bcv.expr import Expr, Op
from bcv.falsify.landscape import Array, nearest_float
from bcv.falsify.rationals import Coordinates, complexity, rounded
from bcv.region import Atom, Range, Region, Relation

if TYPE_CHECKING:
    from flint import fmpq_poly

Curve = tuple[Any, ...]
"""One ``flint.fmpq_poly`` in the parameter per variable."""

LINES: Final = 160
THROUGH: Final = 48
WEIGHTED: Final = 64
FARTHEST_DECADE: Final = 12
MAX_DEGREE: Final = 48
"""Along a curve; the roots of higher ones take tens of milliseconds each."""

ROOT_BITS: Final = 256
_NEAR: Final = Fraction(1, 2**20)


def are_polynomials(roots: Sequence[Expr]) -> bool:
    """Whether the roots are written with sums, products and powers only."""
    return all(node.op in POLYNOMIAL_OPS for node in ex.postorder(*roots))


# -- which curves ---------------------------------------------------------------------------------


def curves(region: Region, claim: Expr, near: Array, seed: int) -> Iterator[Curve]:
    """Lines along the axes at all distances, lines through points, and weighted rays."""
    chance = np.random.default_rng(seed)
    yield from _axis_lines(region, chance)
    yield from _lines_through(near, chance)
    if not region.bounded:
        yield from _weighted_rays(weights(claim, region.variables), chance)


def _rational(x: float) -> Any:
    from flint import fmpq

    return fmpq(*float(x).as_integer_ratio())


def _ray(start: Sequence[Any], step: Sequence[Any], exponents: Sequence[int]) -> Curve:
    """The curve start + step * s**exponent."""
    from flint import fmpq_poly

    rows = zip(start, step, exponents, strict=True)
    return tuple(fmpq_poly([a, *[0] * (k - 1), b]) if b else fmpq_poly([a]) for a, b, k in rows)


def _axis_lines(region: Region, chance: np.random.Generator) -> Iterator[Curve]:
    n = len(region.variables)
    for k in range(LINES):
        free = k % n
        start = [0 if i == free else _drawn(side, chance) for i, side in enumerate(region.box)]
        yield _ray(start, [int(i == free) for i in range(n)], [1] * n)


def _drawn(side: Range, chance: np.random.Generator) -> Any:
    """A number of the side: any decade where it is endless, simple numbers preferred."""
    if side.lo is not None and side.hi is not None:
        lo, hi = nearest_float(side.lo), nearest_float(side.hi)
        return _rational(lo + (hi - lo) * chance.integers(0, 65) / 64)
    size = int(chance.integers(0, 10)) * 10 ** int(chance.integers(0, FARTHEST_DECADE + 1))
    if side.lo is None and side.hi is None:
        return size * int(chance.choice([-1, 1]))
    return _rational(nearest_float(side.lo)) + size if side.lo is not None else _below(side, size)


def _below(side: Range, size: int) -> Any:
    assert side.hi is not None
    return _rational(nearest_float(side.hi)) - size


def _lines_through(points: Array, chance: np.random.Generator) -> Iterator[Curve]:
    n, count = points.shape
    for k in range(THROUGH if count else 0):
        start = [_rational(x) for x in points[:, k % count]]
        step = chance.integers(-8, 9, (n,)).tolist()
        yield _ray(start, step, [1] * n)


def weights(claim: Expr, names: tuple[str, ...]) -> tuple[int, ...]:
    """Integers w such that x_i = s**w_i lets the claim's highest pure powers grow alike.

    Where those powers keep a claim true, mixed terms of a larger weighted degree, with however
    small coefficients, make it fail far out along such a curve.
    """
    from flint import fmpq_poly

    s, zero = fmpq_poly([0, 1]), fmpq_poly([0])
    degrees = []
    for name in names:
        found = along((claim,), names, tuple(s if other == name else zero for other in names))
        degrees.append(max(1, found[0].degree()) if found else 1)
    common = lcm(*degrees)
    return tuple(common // degree for degree in degrees)


def _weighted_rays(exponents: tuple[int, ...], chance: np.random.Generator) -> Iterator[Curve]:
    n = len(exponents)
    for _ in range(WEIGHTED):
        size = chance.choice([0.0, 0.125, 0.5, 1.0, 2.0], n, p=[0.1, 0.15, 0.25, 0.35, 0.15])
        step = size * chance.choice([-1.0, 1.0], n)
        yield _ray([0] * n, [_rational(x) for x in step], exponents)


# -- on one curve ---------------------------------------------------------------------------------


def along(roots: Sequence[Expr], names: tuple[str, ...], curve: Curve) -> list[fmpq_poly] | None:
    """The roots as polynomials in the curve's parameter; None if their degree is too large."""
    from flint import fmpq, fmpq_poly

    point = dict(zip(names, curve, strict=True))
    done: dict[Expr, Any] = {}
    for node in ex.postorder(*roots):
        args = [done[argument] for argument in node.args]
        match node.op:
            case Op.VAR:
                found = point[str(node.value)]
            case Op.ADD:
                found = args[0] + args[1]
            case Op.SUB:
                found = args[0] - args[1]
            case Op.NEG:
                found = -args[0]
            case Op.MUL:
                found = args[0] * args[1]
            case Op.POW if isinstance(node.value, int):
                if args[0].degree() * node.value > MAX_DEGREE:
                    return None
                found = args[0] ** node.value
            case _ if node.constant is not None:
                value = node.constant
                found = fmpq_poly([fmpq(value.numerator, value.denominator)])
            case _:
                return None
        if found.degree() > MAX_DEGREE:
            return None
        done[node] = found
    return [done[root] for root in roots]


def point_at(curve: Curve, s: Fraction) -> Coordinates:
    """The curve's point with this parameter."""
    from flint import fmpq

    at = fmpq(s.numerator, s.denominator)
    values = [coordinate(at) for coordinate in curve]
    return tuple(Fraction(int(value.p), int(value.q)) for value in values)


def suspects(
    claim: Expr, conjunction: Sequence[Atom], region: Region, curve: Curve
) -> Iterator[tuple[Coordinates, ...]]:
    """Points of the curve at which the claim fails, or pairs of points around such a one.

    A pair brackets a root of the one equality that is not met by the whole curve.
    """
    from flint import ctx

    with ctx.workprec(ROOT_BITS):
        found = along((claim, *(atom.expr for atom in conjunction)), region.variables, curve)
        if found is None:
            return
        rows = list(zip(found[1:], (atom.relation for atom in conjunction), strict=True))
        equal = [p for p, relation in rows if relation is Relation.EQ and p]
        others = [p for p, relation in rows if relation is not Relation.EQ and p]
        strict = any(relation is Relation.GT and not p for p, relation in rows)
        if strict or len(equal) > 1 or not found[0]:
            return
        others += _sides(region.box, curve)
        places = _crossings(found[0], equal[0], others) if equal else _between(found[0], others)
    for place in places:
        yield tuple(point_at(curve, s) for s in place)


def _sides(box: tuple[Range, ...], curve: Curve) -> list[Any]:
    """What must be >= 0 for a point of the curve to lie in the box."""
    from flint import fmpq

    found = []
    for x, side in zip(curve, box, strict=True):
        if side.lo is not None:
            found.append(x - fmpq(side.lo.numerator, side.lo.denominator))
        if side.hi is not None:
            found.append(fmpq(side.hi.numerator, side.hi.denominator) - x)
    return [p for p in found if p]


def _real_roots(polynomial: Any) -> list[Any]:
    """Balls around them, disjoint, in ascending order."""
    if polynomial.degree() < 1:
        return []
    roots = [root.real for root, _ in polynomial.complex_roots() if root.imag == 0]
    return sorted(roots, key=_middle)


def _crossings(claim: Any, surface: Any, others: list[Any]) -> list[tuple[Fraction, ...]]:
    """Brackets of the surface's roots at which the claim is < 0 and the others are > 0."""
    from flint import arb_poly

    roots = _real_roots(surface)
    middles = [_middle(root) for root in roots]
    failing, inside = arb_poly(claim), [arb_poly(p) for p in others]
    found: list[tuple[Fraction, ...]] = []
    for k, root in enumerate(roots):
        if not (failing(root) < 0 and all(p(root) > 0 for p in inside)):
            continue
        if surface.degree() == 1:
            exact = -surface[0] / surface[1]
            found.append((Fraction(int(exact.p), int(exact.q)),))
            continue
        gaps = [abs(other - middles[k]) / 2 for other in middles[:k] + middles[k + 1 :]]
        near = min([*gaps, (abs(middles[k]) + _NEAR) * _NEAR])
        found.append((rounded(middles[k] - near, near), rounded(middles[k] + near, near)))
    return found


def _between(claim: Any, others: list[Any]) -> list[tuple[Fraction, ...]]:
    """A place between any two neighbouring roots at which the claim is < 0, the others >= 0.

    The simplest comes first.
    """
    from flint import fmpq

    marks = sorted({_middle(root) for p in (claim, *others) for root in _real_roots(p)})
    found: list[tuple[Fraction, ...]] = []
    for lo, hi in pairwise([None, *marks, None]):
        s = _simple(lo, hi)
        at = fmpq(s.numerator, s.denominator)
        if claim(at) < 0 and all(p(at) >= 0 for p in others):
            found.append((s,))
    return sorted(found, key=complexity)


def _middle(root: Any) -> Fraction:
    """The middle of a ball, exactly; 0 where the ball contains it."""
    if root.contains(0):
        return Fraction(0)
    mantissa, exponent = root.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _simple(lo: Fraction | None, hi: Fraction | None) -> Fraction:
    """A short number between two (None: no end)."""
    if lo is None or hi is None:
        end = lo if lo is not None else hi
        if end is None:
            return Fraction(0)
        return _simple(end, end + 1 + abs(end)) if lo is not None else -_simple(-end, None)
    middle = (lo + hi) / 2
    for digits in range(1, 18):
        if abs(middle) < inf and lo < (short := Fraction(f"{float(middle):.{digits}g}")) < hi:
            return short
    return middle
