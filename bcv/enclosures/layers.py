"""What is the value of a network at these points, roughly? Matrix products instead of single steps.

Soundness does not depend on this file: its results are estimates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bcv.enclosures.affine_functions import Rows
from bcv.enclosures.affine_program import Group, Program
from bcv.enclosures.floats import applied
from bcv.expr import Op

Array = NDArray[np.float64]


def evaluate(program: Program, points: Array) -> Array:
    """Estimates of the program's roots, (n_roots, K), at points (n_variables, K).

    NaN where a root is undefined, or an intermediate result overflowed.
    """
    points = np.asarray(points, dtype=np.float64)
    table = np.empty((program.atoms, points.shape[1]))
    table[: len(points)] = points
    with np.errstate(all="ignore"):
        for group in program.groups:
            values = _values(group, [_combined(rows, table) for rows in group.args])
            table[group.start : group.start + len(values)] = values
        return _combined(program.roots, table)


def _combined(rows: Rows, table: Array) -> Array:
    used = table[rows.columns]
    found = np.asarray(rows.weights @ used + rows.constants[:, None])
    strange = ~np.isfinite(used).all(axis=0)
    if strange.any():
        found[:, strange] = _with_infinities(rows, used[:, strange])
    return found


def _with_infinities(rows: Rows, used: Array) -> Array:
    """The sums where infinities or NaN take part: 0 times such a one is no part of a sum."""
    plus, minus = (rows.weights > 0.0).astype(float), (rows.weights < 0.0).astype(float)
    up, down = (used == np.inf).astype(float), (used == -np.inf).astype(float)
    found = rows.weights @ np.where(np.isfinite(used), used, 0.0) + rows.constants[:, None]
    rises, falls = plus @ up + minus @ down > 0.0, plus @ down + minus @ up > 0.0
    found[rises], found[falls] = np.inf, -np.inf
    found[((plus + minus) @ np.isnan(used) > 0.0) | (rises & falls)] = np.nan
    return np.asarray(found)


def _values(group: Group, args: list[Array]) -> Array:
    match group.kind:
        case "relu":
            return np.maximum(args[0], 0.0)
        case "inverse":
            return applied(Op.DIV, [np.ones_like(args[0]), args[0]], 0)
        case "pi":
            return np.full_like(args[0], np.pi)
        case kind:
            return applied(Op(kind), args, group.exponent)
