"""Which sums of terms without common variables is a claim, and how much may each term fall short?

Soundness does not depend on this file: the terms' claims are proved, and their sum compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv import expr as ex
from bcv.enclosures.floats import evaluate
from bcv.enclosures.tape import compile_tape
from bcv.expr import Expr
from bcv.region import Atom, Region, Relation, conjuncts
from bcv.rewriting.anchors import estimate, irrational_bounds
from bcv.rewriting.normal_form import summands
from bcv.rewriting.pieces import addends

_TINY: Final = 1e-9
"""Estimated values are not told apart more finely."""
_SPREAD: Final = (0.0, 1e-3, 0.05, 0.3, 1.0, 3.0, 10.0, 100.0, 1e4)
"""Where least values are looked for, beside known points: here, times +-1, on each axis."""
_LARGEST_DENOMINATOR: Final = 1000


def separated(
    claim: Expr, region: Region, points: Sequence[Sequence[float]]
) -> tuple[Expr, ...] | None:
    """The claim as a sum of terms that share no variables and are all >= 0, as far as one sees.

    What is constant is shared out so that the least values, estimated at ``points`` and some
    others, are alike where there is something to share, and 0 where the claim is tight.
    None if there is but one term, or the claim seems to be wrong, or one of the terms would.
    """
    plain = _grouped(tuple(addends(claim)))
    if len(plain) < 2:
        expanded = summands(claim)
        plain = _grouped(expanded) if expanded else plain
    groups = {names: term for names, term in plain.items() if names}
    if len(groups) < 2:
        return None
    rest = plain.get(frozenset(), ex.ZERO)
    least = [_least_value(term, region, points) for term in groups.values()]
    return _balanced(tuple(groups.values()), least, rest)


def _grouped(parts: Sequence[Expr]) -> dict[frozenset[str], Expr]:
    """The sums of those that are linked by common variables, by their variables."""
    groups: dict[frozenset[str], Expr] = {}
    for addend in parts:
        names = ex.variables(addend)
        linked = [known for known in groups if known & names]
        total = ex.ZERO
        for known in linked:
            total = total + groups.pop(known)
            names |= known
        groups[names] = groups.get(names, ex.ZERO) + (total + addend)
    return groups


def _least_value(term: Expr, region: Region, points: Sequence[Sequence[float]]) -> float:
    """An estimate of the term's least value where the region's bounds of its variables hold."""
    names, own = region.variables, ex.variables(term)
    lo = np.array([-np.inf if side.lo is None else float(side.lo) for side in region.box])
    hi = np.array([np.inf if side.hi is None else float(side.hi) for side in region.box])
    places = _places(lo, hi, points)
    for name in own:
        for bound in irrational_bounds(region, name):
            more = places.copy()
            more[names.index(name)] = estimate(bound.value)
            places = np.hstack((places, more))
    known = [
        part
        for part in conjuncts(region.formula)
        if isinstance(part, Atom) and ex.variables(part.expr) <= own
    ]
    values = evaluate(compile_tape((term, *(part.expr for part in known)), names), places)
    inside = np.isfinite(values[0])
    for part, value in zip(known, values[1:], strict=True):
        inside &= (abs(value) if part.relation is Relation.EQ else -value) <= _TINY
    return float(np.min(values[0], initial=np.inf, where=inside))


def _places(
    lo: NDArray[np.float64], hi: NDArray[np.float64], points: Sequence[Sequence[float]]
) -> NDArray[np.float64]:
    """Known points, and some all over the box: on its axes, its diagonal and at its ends."""
    size = len(lo)
    steps = np.array([s for step in _SPREAD for s in (step, -step)])
    found = [np.zeros(size) + step for step in steps]
    found += [step * np.eye(size)[i] for step in steps for i in range(size)]
    found += [np.asarray(point, dtype=np.float64) for point in points]
    places: NDArray[np.float64] = np.clip(np.array(found), lo, hi).T
    return places


def _balanced(terms: Sequence[Expr], least: Sequence[float], rest: Expr) -> tuple[Expr, ...] | None:
    """The terms with the constant ``rest`` shared out among them."""
    if not np.all(np.isfinite(least)):
        return None
    constant = float(evaluate(compile_tape((rest,), ()), np.zeros((0, 1)))[0, 0])
    slack = sum(least) + constant
    if not slack >= -_TINY:
        return None
    share = max(0.0, slack) / len(terms) if slack > _TINY else 0.0
    # The last one takes what is left: the one whose least value looks least like a rational.
    order = sorted(range(len(terms)), key=lambda i: abs(float(_plain(least[i])) - least[i]))
    offsets = {i: _plain(share - least[i]) for i in order[:-1]}
    surplus = [least[i] + float(offset) for i, offset in offsets.items()]
    if min(*surplus, slack - sum(surplus)) < -_TINY:  # tight, and shared out at no rational
        return None
    left, found = rest, []
    for i, offset in offsets.items():
        left = left - ex.const(offset)
        found.append(terms[i] + ex.const(offset))
    found.append(terms[order[-1]] + left)
    return tuple(found)


def _plain(value: float) -> Fraction:
    """A short rational near the value."""
    return Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)
