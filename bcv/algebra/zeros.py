"""Where does a claim vanish, to two hundred digits? Points whose rational relations can be seen.

Soundness does not depend on this file: it computes with rounded numbers, and a wrong point only
loses certificates.

Where a claim is tight its zeros need not be rational: x**2 = 2, x = cos(x), a whole circle. What
an exact identity needs is not the zero but the polynomials with rational coefficients that vanish
there, and those can be found from enough digits (``faces.cut_at_estimates``).
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bcv import expr as ex
from bcv.enclosures.exact_values import Special, extend
from bcv.expr import Expr
from bcv.gradient import has_kinks
from bcv.obligation import Obligation
from bcv.region import Atom, Relation, conjuncts

BITS: Final = 640
"""The precision of an estimate: about 2**-BITS."""

TINY: Final = Fraction(1, 1 << (BITS // 2))
"""What is smaller is taken for 0."""

_MOST: Final = 6
_MOST_VARIABLES: Final = 10
_SHARE: Final = 0.2
_LARGEST: Final = 1500
"""Nodes of a claim whose zeros are looked for."""
_STEPS: Final = 40
_APART: Final = 1e-6
_NEAR: Final = 1e-7
_PROMISING: Final = 1e-4
_RANK: Final = 1e-7
"""Singular values below this share of the largest belong to directions along the zeros."""

Estimate = tuple[Fraction, ...]
Numbers = Sequence[float] | Sequence[Fraction]
Array = NDArray[np.float64]


def estimates(
    obligation: Obligation,
    near: Sequence[Sequence[float]],
    exact: Sequence[Estimate] = (),
    deadline: float = math.inf,
) -> tuple[Estimate, ...]:
    """Zeros of the claim's expression close to some of the points, other than the exact ones.

    No further one is looked for after ``deadline``, a value of ``time.monotonic()``.
    """
    if obligation.strict or len(obligation.region.variables) > _MOST_VARIABLES:
        return ()
    roots = (obligation.expr, *(part.expr for part in _atoms(obligation)))
    size = sum(1 for _ in ex.postorder(*roots))
    if size > _LARGEST or has_kinks(*roots):
        return ()
    found: list[Estimate] = []
    tried: list[Numbers] = []
    for point in near:
        if len(tried) == _MOST or time.monotonic() > deadline:
            break
        if any(_close(point, other) for other in (*exact, *found, *tried)):
            continue
        tried.append(point)
        try:
            zero = _sharpened(obligation, point)
        except OverflowError:  # doubles guide the iteration
            continue
        if zero is not None and not any(_close(zero, other) for other in (*exact, *found)):
            found.append(zero)
    return tuple(found)


def finder(
    obligation: Obligation,
    near: Sequence[Sequence[float]],
    exact: Sequence[Estimate],
    deadline: float,
) -> Callable[[], tuple[Estimate, ...]]:
    """``estimates`` when first asked for, within a share of the time that is left by then."""

    @functools.cache
    def found() -> tuple[Estimate, ...]:
        now = time.monotonic()
        return estimates(obligation, near, exact, now + _SHARE * max(0.0, deadline - now))

    return found


def _close(a: Numbers, b: Numbers) -> bool:
    pairs = zip(map(float, a), map(float, b), strict=True)
    return all(abs(x - y) <= _APART * (1 + abs(x)) for x, y in pairs)


def _atoms(obligation: Obligation) -> Iterator[Atom]:
    return (part for part in conjuncts(obligation.region.formula) if isinstance(part, Atom))


def approximate(roots: Sequence[Expr], point: Mapping[str, Fraction]) -> list[Fraction] | None:
    """The values at a point, rounded; None if one of them has none, or several."""
    from flint import ctx

    done: dict[Expr, Any] = {}
    found = []
    with ctx.workprec(BITS + 64):
        for root in roots:
            values = extend(done, root, point, balls=True)
            if len(values) != 1 or isinstance(values[0], Special):
                return None
            found.append(_middle(values[0]))
    return found


def _middle(value: Any) -> Fraction:
    if isinstance(value, Fraction):
        return value
    exact = value.mid().fmpq()
    return Fraction(int(exact.p), int(exact.q))


def _rounded(value: Fraction) -> Fraction:
    return Fraction(round(value * (1 << (BITS + 32))), 1 << (BITS + 32))


@dataclass(frozen=True, slots=True)
class _Stationary:
    """Where g - sum_j m_j c_j is stationary in the free variables and every c_j is 0.

    ``rows`` are g's and the c_j's gradients, ``bends`` their second derivatives.
    """

    g: Expr
    constraints: tuple[Expr, ...]
    rows: tuple[tuple[Expr, ...], ...]
    bends: tuple[tuple[tuple[Expr, ...], ...], ...]

    def residual(
        self, point: Mapping[str, Fraction], multipliers: Sequence[Fraction]
    ) -> list[Fraction] | None:
        """What is not 0 yet: the slopes, then the constraints."""
        values = [approximate(row, point) for row in self.rows]
        ends = approximate(self.constraints, point)
        if ends is None or any(value is None for value in values):
            return None
        first, *others = [value for value in values if value is not None]
        for m, row in zip(multipliers, others, strict=True):
            first = [a - m * b for a, b in zip(first, row, strict=True)]
        return [*first, *ends]

    def slopes(self, point: Mapping[str, Fraction]) -> Array | None:
        """(1 + constraints, free variables) gradients, in floats."""
        return _floats([approximate(row, point) for row in self.rows])

    def inverse(
        self, point: Mapping[str, Fraction], multipliers: Sequence[Fraction]
    ) -> tuple[Array, float] | None:
        """The pseudo-inverse of the residual's derivative, in floats, and that one's size."""
        slopes = self.slopes(point)
        bends = [_floats([approximate(row, point) for row in bend]) for bend in self.bends]
        if slopes is None or any(bend is None for bend in bends):
            return None
        total, *others = [bend for bend in bends if bend is not None]
        for m, bend in zip(multipliers, others, strict=True):
            total = total - float(m) * bend
        across = slopes[1:]
        empty = np.zeros((len(across), len(across)))
        matrix = np.block([[total, -across.T], [across, empty]])
        try:
            return np.linalg.pinv(matrix, rcond=_RANK), float(np.abs(matrix).max(initial=0.0))
        except np.linalg.LinAlgError:
            return None


def _floats(rows: Sequence[list[Fraction] | None]) -> Array | None:
    known = [[float(value) for value in row] for row in rows if row is not None]
    found = np.array(known)
    return found if len(known) == len(rows) and bool(np.isfinite(found).all()) else None


def _stationary(g: Expr, constraints: Sequence[Expr], free: Sequence[str]) -> _Stationary:
    rows = tuple(tuple(ex.derivative(f, v) for v in free) for f in (g, *constraints))
    bends = tuple(tuple(tuple(ex.derivative(d, v) for v in free) for d in row) for row in rows)
    return _Stationary(g, tuple(constraints), rows, bends)


def _sharpened(obligation: Obligation, near: Sequence[float]) -> Estimate | None:
    """The zero next to a point: Newton's method for a constrained minimum, in many digits.

    Zeros that form a curve or surface are as good: the pseudo-inverse moves across it only.
    """
    region = obligation.region
    point = {name: Fraction(x) for name, x in zip(region.variables, near, strict=True)}
    free = []
    for name, side in zip(region.variables, region.box, strict=True):
        ends = [end for end in (side.lo, side.hi) if end is not None]
        at = [end for end in ends if abs(end - point[name]) <= _NEAR * (1 + abs(end))]
        point[name] = at[0] if at else point[name]
        free += [] if at else [name]
    surfaces = [a.expr for a in _atoms(obligation) if a.relation is Relation.EQ]
    edges = [a.expr for a in _atoms(obligation) if a.relation is not Relation.EQ]
    if not free:  # a corner is exact, and others look at it
        return None
    values = approximate(edges, point)
    active = [e for e, v in zip(edges, values or (), strict=False) if abs(v) <= _NEAR]
    for constraints in dict.fromkeys((tuple(surfaces), (*surfaces, *active))):
        found = _newton(_stationary(obligation.expr, constraints, free), point, free)
        if found is not None:
            return tuple(found[name] for name in region.variables)
    return None


def _newton(
    system: _Stationary, start: Mapping[str, Fraction], free: Sequence[str]
) -> dict[str, Fraction] | None:
    """The zero of g at which the iteration from ``start`` arrives; None for no zero."""
    point = dict(start)
    slopes = system.slopes(point)
    if slopes is None:
        return None
    guess = np.linalg.lstsq(slopes[1:].T, slopes[0], rcond=None)[0] if len(slopes) > 1 else ()
    multipliers = [Fraction(float(m)) for m in guess]
    last: Fraction | None = None
    for _ in range(_STEPS):
        residual = system.residual(point, multipliers)
        inverse = system.inverse(point, multipliers)
        if residual is None or inverse is None:
            return None
        size = max(map(abs, residual), default=Fraction(0))
        if size <= Fraction(16, 1 << BITS):
            break
        if last is None and not _is_promising(system, point, residual, inverse):
            return None
        if last is not None and size > last / 2:
            return None
        last = size
        step = -inverse[0] @ np.array([float(value / size) for value in residual])
        moved = [_rounded(Fraction(float(s)) * size) for s in step]
        for name, change in zip(free, moved, strict=False):
            point[name] = _rounded(point[name] + change)
        multipliers = [m + d for m, d in zip(multipliers, moved[len(free) :], strict=True)]
    value = approximate((system.g,), point)
    return point if value is not None and abs(value[0]) <= TINY else None


def _is_promising(
    system: _Stationary,
    point: Mapping[str, Fraction],
    residual: Sequence[Fraction],
    inverse: tuple[Array, float],
) -> bool:
    """Whether the quadratic model of g has its minimum near 0, as far as floats can tell."""
    value = approximate((system.g,), point)
    if value is None:
        return False
    slopes = np.array([float(r) for r in residual])
    predicted = float(value[0]) - 0.5 * float(slopes @ inverse[0] @ slopes)
    return abs(predicted) <= _PROMISING * max(inverse[1], 1e-12)
