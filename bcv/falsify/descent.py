"""Where is the claim weakest? Projection onto constraints and descent along them, in batches.

Soundness does not depend on this file.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from bcv.falsify.landscape import Array, Cell, Indices, Landscape, Mask

TRIALS: Final = (2.0, 0.5, 0.125, 0.02)
_SMALLEST_RADIUS: Final = 1e-9


def _normal_step(slopes: Array, residual: Array) -> Array:
    """The shortest scaled step that cancels the residual to first order.

    slopes (atoms, variables, K), residual (atoms, K) -> (variables, K). Rows of zeros are
    constraints that ask for nothing.
    """
    if slopes.shape[0] == 1:
        norm = (slopes[0] ** 2).sum(axis=0)
        factor = np.divide(residual[0], norm, out=np.zeros_like(norm), where=norm > 0)
        return np.asarray(-slopes[0] * factor)
    # Rows are scaled to length 1 so that one regularisation suits all of them.
    length = np.sqrt((slopes**2).sum(axis=1))
    inverse = np.divide(1.0, length, out=np.zeros_like(length), where=length > 0)
    unit, wanted = slopes * inverse[:, None], residual * inverse
    normal = np.einsum("avk,bvk->kab", unit, unit) + 1e-9 * np.eye(len(slopes))
    try:
        factor = np.linalg.solve(normal, wanted.T[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        return np.zeros(slopes.shape[1:])
    return np.asarray(-np.einsum("avk,ka->vk", unit, factor))


def restore(
    landscape: Landscape, cell: Cell, points: Array, rounds: int, margin: float | Array = 0.0
) -> Array:
    """Points moved towards the cell by Gauss-Newton steps on the constraints that fail.

    With a margin, inequalities are asked to hold by that scaled distance; a point that is
    already inside, and well enough, stays.
    """
    if not len(cell.rows):
        return landscape.clip(points)
    points = points.copy()
    margins = np.broadcast_to(np.asarray(margin), points.shape[1:])
    moving = np.arange(points.shape[1])
    for _ in range(rounds):
        if landscape.late():
            break
        values, slopes = landscape.slopes(points[:, moving])
        c, j = values[cell.rows], slopes[cell.rows]
        length = np.sqrt((j**2).sum(axis=1))
        residual = np.where(cell.surface[:, None], c, np.minimum(c - margins[moving] * length, 0.0))
        failing = (np.abs(residual) > 1e-15 * length).any(axis=0)
        moving, residual, j = moving[failing], residual[:, failing], j[:, :, failing]
        if not len(moving):
            break
        step = _normal_step(np.where((residual != 0)[:, None], j, 0.0), residual)
        step = step / np.maximum(np.abs(step).max(axis=0), 1.0)
        scale = landscape.scale(points[:, moving])
        points[:, moving] = landscape.clip(points[:, moving] + step * scale)
    return points


def finite(points: Array) -> Array:
    """Those points whose coordinates are finite numbers."""
    return points[:, np.isfinite(points).all(axis=0)]


def feasible(landscape: Landscape, cell: Cell, values: Array, slopes: Array) -> Mask:
    """Which points satisfy the cell up to a small scaled distance; (K,)."""
    if not len(cell.rows):
        return np.ones(values.shape[1], dtype=bool)
    reach = np.sqrt((slopes[cell.rows] ** 2).sum(axis=1))
    return np.asarray((landscape.excess(cell, values) <= 1e-7 * reach + 1e-13).all(axis=0))


def _direction(
    landscape: Landscape,
    cell: Cell,
    objective: int,
    points: Array,
    values: Array,
    slopes: Array,
    radius: Array,
    held: Mask,
) -> Array:
    """The scaled direction of descent along the constraints that are close; longest entry 1."""
    direction = -slopes[objective]
    scale = landscape.scale(points)
    room = 1e-9
    low = (points <= landscape.lo[:, None] + room * scale) & (direction < 0)
    high = (points >= landscape.hi[:, None] - room * scale) & (direction > 0)
    fixed = low | high | held
    direction = np.where(fixed, 0.0, direction)
    if len(cell.rows):
        c = values[cell.rows]
        j = np.where(fixed, 0.0, slopes[cell.rows])
        towards = (j * direction).sum(axis=1) < 0
        length = np.sqrt((j**2).sum(axis=1))
        near = cell.surface[:, None] | (towards & (c < 0.3 * radius * length))
        active = np.where(near[:, None], j, 0.0)
        direction = direction + _normal_step(active, (active * direction).sum(axis=1))
    longest = np.abs(direction).max(axis=0)
    safe = np.where(longest > 0, longest, 1.0)
    return np.asarray(direction / safe)


def descend(
    landscape: Landscape,
    cell: Cell,
    objective: int,
    points: Array,
    rounds: int,
    held: Mask | None = None,
) -> Array:
    """Points moved along the cell to smaller values of the row ``objective``; (variables, M).

    Projected gradients with one trust radius per point; each trial step is restored to the
    constraints before it is judged. Coordinates that are ``held`` (variables, M) move for the
    constraints' sake only.
    """
    held = np.zeros(points.shape, bool) if held is None else held
    points = restore(landscape, cell, points, 6)
    count = points.shape[1]
    radius = np.full(count, 0.1)
    trials = np.array(TRIALS)
    rows = np.arange(count)
    for _ in range(rounds):
        if landscape.late():
            break
        values, slopes = landscape.slopes(points)
        now = _merit(landscape, cell, objective, values, slopes)
        direction = _direction(landscape, cell, objective, points, values, slopes, radius, held)
        reach = (radius[:, None] * trials).reshape(-1)
        start = np.repeat(points, len(trials), axis=1)
        step = np.repeat(direction, len(trials), axis=1) * reach * landscape.scale(start)
        tried = restore(landscape, cell, landscape.clip(start + step), 2)
        merit = _merit(
            landscape, cell, objective, landscape.values(tried), np.repeat(slopes, len(trials), 2)
        ).reshape(count, -1)
        best = merit.argmin(axis=1)
        better = merit[rows, best] < now
        chosen = tried.reshape(len(points), count, -1)[:, rows, best]
        points = np.where(better, chosen, points)
        radius = np.where(better, radius * trials[best], radius * 0.05)
        radius = np.clip(radius, _SMALLEST_RADIUS, 0.5)
    return points


def _merit(landscape: Landscape, cell: Cell, objective: int, values: Array, slopes: Array) -> Array:
    """The objective where the point is feasible; far above it, ordered by excess, elsewhere."""
    inside = feasible(landscape, cell, values, slopes)
    excess = landscape.excess(cell, values).sum(axis=0) if len(cell.rows) else 0.0
    outside = 1e200 * (1.0 + np.minimum(excess, 1e50))
    defined = inside & np.isfinite(values[objective])
    return np.asarray(np.where(defined, values[objective], outside))


def polish(
    landscape: Landscape, cell: Cell, objective: int, point: Array, rounds: int = 5
) -> Array:
    """A stationary point of the objective near ``point`` (variables,), by Newton's method.

    The first-order conditions of the constraints that are active there, solved in the least
    squares sense, so that dependent or singular constraints do no harm.
    """
    for _ in range(rounds):
        scale = landscape.scale(point[:, None])[:, 0]
        values, slopes = landscape.slopes(point[:, None])
        c, j = values[cell.rows, 0], slopes[cell.rows, :, 0]
        active = cell.surface | (c < 1e-3 * np.sqrt((j**2).sum(axis=1)))
        edge = (point - landscape.lo < 1e-5 * scale) | (landscape.hi - point < 1e-5 * scale)
        free = np.flatnonzero(~edge)
        rows = cell.rows[active]
        snapped = np.where(point - landscape.lo < 1e-5 * scale, landscape.lo, point)
        point = np.where(landscape.hi - snapped < 1e-5 * scale, landscape.hi, snapped)
        if not len(free):
            return point
        step = _stationary_step(landscape, objective, rows, point, free, scale)
        if step is None or np.abs(step).max() > 0.3:
            return point
        moved = point.copy()
        moved[free] += step * scale[free]
        point = landscape.clip(moved[:, None])[:, 0]
    return point


def _stationary_step(
    landscape: Landscape, objective: int, rows: Indices, point: Array, free: Indices, scale: Array
) -> Array | None:
    """The Newton step for the free scaled coordinates; None if it cannot be computed."""
    h = 1e-4
    around = np.repeat(point[:, None], 2 * len(free) + 1, axis=1)
    for k, i in enumerate(free):
        around[i, 1 + k] += h * scale[i]
        around[i, 1 + len(free) + k] -= h * scale[i]
    values, slopes = landscape.slopes(around)
    wanted = [objective, *rows]
    gradients = slopes[wanted][:, free] * (scale[free] / landscape.scale(around)[free, 0])[:, None]
    centre = gradients[:, :, 0]
    hessians = (gradients[:, :, 1 : len(free) + 1] - gradients[:, :, len(free) + 1 :]) / (2 * h)
    g, j = centre[0], centre[1:]
    size = np.abs(g).max() + np.abs(hessians[0]).max()
    if not np.isfinite(size) or size == 0:
        return None
    try:
        multipliers = np.linalg.lstsq(j.T, g, rcond=1e-9)[0] if len(j) else np.zeros(0)
        curvature = hessians[0] - np.tensordot(multipliers, hessians[1:], axes=1)
        zero = np.zeros((len(j), len(j)))
        system = np.block([[curvature, -j.T], [j, zero]])
        right = np.concatenate([-(g - j.T @ multipliers), -values[wanted[1:], 0]])
        return np.asarray(np.linalg.lstsq(system, right, rcond=1e-10)[0][: len(free)])
    except np.linalg.LinAlgError:
        return None
