"""Is the claim convex around a point where it is tight? Then the whole neighbourhood is proved.

Soundness depends on this file when the engine trusts it; the checker decides leaves again. The
rule, with its theorem, is evidence.Convex.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv import expr as ex
from bcv.enclosures.intervals import IntervalMachine
from bcv.enclosures.tape import compile_tape
from bcv.evidence import Multiplier
from bcv.expr import Expr
from bcv.gradient import has_kinks
from bcv.obligation import Obligation
from bcv.region import Atom, Relation, atoms, conjuncts

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Zero = tuple[Fraction, ...]
Matrix = list[list[Fraction]]

_RADII: Final = 24
_MOST_ACTIVE: Final = 8
_MOST_TERMS: Final = 3
_MOST_VARIABLES: Final = 12


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A box [lo, hi] around ``zero`` on which g, less the multiplier's terms, is convex."""

    zero: Zero
    lo: tuple[float, ...]
    hi: tuple[float, ...]
    multiplier: Multiplier


def positive_semidefinite(matrix: Matrix) -> bool:
    """Whether a symmetric rational matrix is, by exact symmetric elimination."""
    rest = [row[:] for row in matrix]
    for k in range(len(rest)):
        pivot = rest[k][k]
        if pivot < 0 or (pivot == 0 and any(rest[k][k:])):
            return False
        for i in range(k + 1, len(rest)) if pivot else ():
            factor = rest[i][k] / pivot
            for j in range(k + 1, len(rest)):
                rest[i][j] -= factor * rest[k][j]
    return True


def _value(root: Expr, point: dict[str, Fraction]) -> Fraction | None:
    """The exact value if it is known to be rational."""
    from bcv.enclosures.exact import exact_value

    found = exact_value(root, point)
    return found if isinstance(found, Fraction) else None


def _gradient(root: Expr, point: dict[str, Fraction]) -> list[Fraction] | None:
    values = [_value(ex.derivative(root, name), point) for name in point]
    known = [value for value in values if value is not None]
    return known if len(known) == len(values) else None


def _solution(columns: Sequence[Sequence[Fraction]], target: Sequence[Fraction]) -> Zero | None:
    """The unique x with sum_j x_j columns[j] = target; None if there is none or more."""
    size = len(columns)
    rows = [[column[i] for column in columns] + [target[i]] for i in range(len(target))]
    for k in range(size):
        pivot = next((row for row in rows[k:] if row[k]), None)
        if pivot is None:
            return None
        rows.remove(pivot)
        pivot = [entry / pivot[k] for entry in pivot]
        rows = [
            [a - row[k] * b for a, b in zip(row, pivot, strict=True)] if row[k] else row
            for row in rows
        ]
        rows.insert(k, pivot)
    if any(row[-1] for row in rows[size:]):
        return None
    return tuple(row[-1] for row in rows[:size])


def _multiplier(obligation: Obligation, point: dict[str, Fraction]) -> Multiplier | None:
    """Karush-Kuhn-Tucker multipliers at an exact zero of the claim's expression, if rational."""
    target = _gradient(obligation.expr, point)
    if target is None or not any(target):
        return None if target is None else Multiplier(())
    region = obligation.region
    usable = set(conjuncts(region.formula)) | set(region.box_atoms())
    active: list[tuple[int, Atom, list[Fraction]]] = []
    for number, atom in enumerate((*region.box_atoms(), *atoms(region.formula))):
        if atom not in usable or len(active) == _MOST_ACTIVE or _value(atom.expr, point) != 0:
            continue
        slope = _gradient(atom.expr, point)
        if slope is not None and any(slope):
            active.append((number, atom, slope))
    for count in range(1, min(len(active), len(target), _MOST_TERMS) + 1):
        for chosen in combinations(active, count):
            found = _solution([slope for _, _, slope in chosen], target)
            if found is None:
                continue
            pairs = list(zip(chosen, found, strict=True))
            if all(m >= 0 or atom.relation is Relation.EQ for (_, atom, _), m in pairs):
                return Multiplier(tuple((number, ex.const(m)) for (number, _, _), m in pairs if m))
    return None


class _Hessian:
    """Enclosures of the second derivatives of an expression."""

    def __init__(self, root: Expr, variables: tuple[str, ...]) -> None:
        gradient = [ex.derivative(root, name) for name in variables]
        self._n = len(variables)
        self._entries = [
            ex.derivative(gradient[i], variables[j]) for i in range(self._n) for j in range(i + 1)
        ]
        self._machine = IntervalMachine(compile_tape(self._entries, variables), 2 * _RADII)

    def largest_convex(self, lo: Floats, hi: Floats, usable: Mask) -> int | None:
        """The first usable box (columns of lo and hi) on which the expression surely is convex."""
        least, most = self._machine.evaluate(lo, hi)
        usable = usable & np.isfinite(least).all(axis=0) & np.isfinite(most).all(axis=0)
        tried = np.flatnonzero(usable)
        tried = tried[self._plausible(least[:, tried], most[:, tried])]
        return next((int(k) for k in tried if self._convex(least[:, k], most[:, k])), None)

    def _plausible(self, least: Floats, most: Floats) -> Mask:
        """(K,) where floats leave it open: the exact test takes longer."""
        matrix, spread = np.zeros((2, least.shape[1], self._n, self._n))
        row, column = np.tril_indices(self._n)
        matrix[:, row, column] = (0.5 * least + 0.5 * most).T
        spread[:, row, column] = spread[:, column, row] = (0.5 * most - 0.5 * least).T
        diagonal = np.arange(self._n)
        matrix[:, diagonal, diagonal] -= spread.sum(axis=2)
        # Where sums passed the largest double, nothing is known.
        unknown: Mask = ~np.logical_and.reduce(np.isfinite(matrix), axis=(1, 2))
        values = np.linalg.eigvalsh(np.where(unknown[:, None, None], 0.0, matrix))
        result: Mask = unknown | (values[:, 0] >= -1e-9 * np.abs(values).max(axis=1, initial=0.0))
        return result

    def _convex(self, least: Floats, most: Floats) -> bool:
        """Whether the expression is convex where its Hessian is within the bounds (rows,)."""
        middle: Matrix = [[Fraction(0)] * self._n for _ in range(self._n)]
        radius = [Fraction(0)] * self._n
        pairs = [(i, j) for i in range(self._n) for j in range(i + 1)]
        for (i, j), entry, a, b in zip(pairs, self._entries, least, most, strict=True):
            exact = entry.constant
            low, high = (exact, exact) if exact is not None else (Fraction(a), Fraction(b))
            middle[i][j] = middle[j][i] = (low + high) / 2
            for k in {i, j}:
                radius[k] += (high - low) / 2
        for i in range(self._n):
            middle[i][i] -= radius[i]
        return positive_semidefinite(middle)


def neighbourhood(
    obligation: Obligation, zero: Zero, root: tuple[tuple[float, float], ...]
) -> Neighbourhood | None:
    """A large box around an exact zero of a nonstrict claim on which the rule applies."""
    variables = obligation.region.variables
    point = dict(zip(variables, zero, strict=True))
    if obligation.strict or not 0 < len(variables) <= _MOST_VARIABLES:
        return None
    if any(not lo <= z <= hi for z, (lo, hi) in zip(zero, root, strict=True)):
        return None
    if _value(obligation.expr, point) != 0:
        return None
    multiplier = _multiplier(obligation, point)
    if multiplier is None:
        return None
    region = obligation.region
    numbered = (*region.box_atoms(), *atoms(region.formula))
    f = obligation.expr
    for number, m in multiplier.terms:
        f = f - m * numbered[number].expr
    if has_kinks(f):
        return None
    lo, hi = _candidates(zero, root)
    partial = [r for r in obligation.roots if not r.total]
    defined = np.ones(lo.shape[1], dtype=np.bool_)
    if partial:
        ends = IntervalMachine(compile_tape(partial, variables), lo.shape[1]).evaluate(lo, hi)
        known = np.isfinite(ends[0]) | np.isfinite(ends[1])
        defined = np.logical_and.reduce(known, axis=0)
    k = _Hessian(f, variables).largest_convex(lo, hi, defined)
    if k is None:
        return None
    return Neighbourhood(zero, tuple(lo[:, k].tolist()), tuple(hi[:, k].tolist()), multiplier)


def _candidates(zero: Zero, root: tuple[tuple[float, float], ...]) -> tuple[Floats, Floats]:
    """The root, then smaller and smaller boxes around the zero, cut off at the root's ends."""
    ends = np.array(root)
    centre = np.array([float(z) for z in zero])[:, None]
    widths = ends[:, 1:] - ends[:, :1]
    widths = np.where(np.isfinite(widths), widths, np.maximum(2.0, 4.0 * np.abs(centre)))
    radii = widths * np.exp2(-0.5 * np.arange(1, 2 * _RADII))
    # float() may round the zero to either side; it is in the box nevertheless.
    radii = np.maximum(radii, 1e-12 * np.abs(centre))
    lo = np.concatenate([ends[:, :1], np.maximum(centre - radii, ends[:, :1])], axis=1)
    hi = np.concatenate([ends[:, 1:], np.minimum(centre + radii, ends[:, 1:])], axis=1)
    return lo, hi


def exact_zero(
    obligation: Obligation, near: Sequence[float], reach: float, known: Collection[Zero] = ()
) -> Zero | None:
    """A rational point of few digits near ``near``, not among ``known``, where g is exactly 0."""
    from bcv.enclosures.exact import exact_sign

    for denominator in (1, 12, 1000):
        zero = tuple(Fraction(x).limit_denominator(denominator) for x in near)
        distance = max((abs(float(z) - x) for z, x in zip(zero, near, strict=True)), default=0.0)
        if distance > reach:
            continue
        point = dict(zip(obligation.region.variables, zero, strict=True))
        if zero in known:
            return None
        if exact_sign(obligation.expr, point) == 0:
            return zero
    return None
