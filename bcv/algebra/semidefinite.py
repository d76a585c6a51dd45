"""Which Gram matrices, as far as possible from singular, satisfy a sampled polynomial identity?

Soundness does not depend on this file: it computes in floats, and its answers are rounded and
checked exactly by ``rounding`` and ``identity``.

The identity ``sum_k w_k v_k^T Q_k v_k + free = target`` is imposed at sample points, so every
constraint matrix has rank one and the Schur complement of an interior-point step is an entrywise
product of two small matrices (Lofberg and Parrilo, "From coefficients to samples", CDC 2004).
That makes a Gram matrix of size 100 a matter of a second, where a sparse general-purpose
solver needs minutes. The step is the HKM direction with Mehrotra's predictor and corrector.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CAP = 1.0
"""The least eigenvalue sought is not pushed beyond this (in units of the scaled target)."""


class Status(enum.Enum):
    """How the search ended."""

    INTERIOR = "interior"
    BOUNDARY = "boundary"
    OUTSIDE = "outside"
    FAILED = "failed"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class SampledBlock:
    """One Gram matrix: ``values`` (points x basis) of its basis, ``weights`` (points)."""

    values: Array
    weights: Array


@dataclass(frozen=True, slots=True)
class SampledProgram:
    """The identity at sample points.

    Attributes:
        blocks: the Gram matrices sought.
        free: (points x terms) values of the terms whose coefficients are free in sign.
        target: (points,).
        span: (points x monomials) values of all monomials of the identity; the equations are
            compared in its column space.
    """

    blocks: tuple[SampledBlock, ...]
    free: Array
    target: Array
    span: Array


@dataclass(frozen=True, slots=True)
class Interior:
    """What was found: an estimate throughout.

    Attributes:
        status: INTERIOR if the matrices are positive definite with a margin; BOUNDARY if the
            best smallest eigenvalue is about 0; OUTSIDE if it is negative.
        margin: the smallest eigenvalue, in the solver's scaled bases.
        grams: per block, in its own basis.
        moments: per block, the dual (moment) matrix in its own basis; its range must be
            annihilated by every feasible Gram matrix if the margin is 0.
        measure: dual weights per sample point.
    """

    status: Status
    margin: float
    grams: tuple[Array, ...]
    moments: tuple[Array, ...]
    measure: Array


@dataclass(slots=True)
class _State:
    x: list[Array]
    z: list[Array]
    y: Array


class _Scaled:
    """The program in orthonormal bases and with the free part projected away."""

    def __init__(self, program: SampledProgram) -> None:
        points = program.target.shape[0]
        self.triangles: list[Array] = []
        self.values: list[Array] = []
        self.weights: list[Array] = []
        for block in program.blocks:
            q, r = np.linalg.qr(block.values)
            size = np.abs(block.weights).max() or 1.0
            self.triangles.append(r * np.sqrt(size / points))
            self.values.append(q * np.sqrt(points))
            self.weights.append(block.weights / size)
        self.scale = float(np.abs(program.target).max()) or 1.0
        span, _ = np.linalg.qr(program.span)
        if program.free.shape[1]:
            inner = span.T @ (program.free / (np.abs(program.free).max(axis=0) + 1e-300))
            left, sizes, _ = np.linalg.svd(inner, full_matrices=True)
            rank = int((sizes > 1e-9 * sizes[0]).sum())
            span = span @ left[:, rank:]
        self.rows: Array = span
        self.cap = CAP
        identity = sum(
            (w * (v * v).sum(axis=1) for v, w in zip(self.values, self.weights, strict=True)),
            np.zeros(points),
        )
        self.slack: Array = -(span.T @ identity)
        self.right: Array = span.T @ (program.target / self.scale) + CAP * self.slack
        self.metric: Array | None = None
        self.values.append(np.zeros((points, 1)))
        self.weights.append(np.zeros(points))

    def margin(self, state: _State) -> float:
        """The smallest eigenvalue that the iterate stands for."""
        return self.cap - float(state.x[-1][0, 0])

    def apply(self, matrices: Sequence[Array]) -> Array:
        """A(X), for matrices that need not be symmetric; the last one is the slack."""
        total = np.zeros(self.rows.shape[0])
        for v, w, m in zip(self.values[:-1], self.weights[:-1], matrices[:-1], strict=True):
            total += w * np.einsum("ij,ij->i", v @ m, v)
        result: Array = self.rows.T @ total + self.slack * matrices[-1][0, 0]
        return result

    def adjoint(self, y: Array) -> list[Array]:
        """A*(y), per block."""
        z = self.rows @ y
        found = [
            v.T @ ((w * z)[:, None] * v)
            for v, w in zip(self.values[:-1], self.weights[:-1], strict=True)
        ]
        found.append(np.array([[self.slack @ y]]))
        return found

    def lifted(self, matrices: list[Array], change: Array) -> list[Array]:
        """The nearest matrices whose image under A differs by ``change``.

        It undoes the rounding errors of an ill-conditioned Schur complement, which would drive
        the iterates off the equations.
        """
        if self.metric is None:
            ones = [np.eye(v.shape[1]) for v in self.values]
            schur = self.schur(ones, ones)
            shift = 1e-14 * float(np.trace(schur))
            self.metric = _lower_inverse(np.linalg.cholesky(schur + shift * np.eye(len(schur))))
        moved = self.adjoint(self.metric.T @ (self.metric @ change))
        return [m + d for m, d in zip(matrices, moved, strict=True)]

    def schur(self, x: Sequence[Array], inverse: Sequence[Array]) -> Array:
        """The operator y -> A(X A*(y) Z^-1) as a matrix."""
        points = self.rows.shape[0]
        total = np.zeros((points, points))
        for v, w, a, b in zip(self.values[:-1], self.weights[:-1], x, inverse, strict=False):
            weighted = w[:, None] * v
            part = (v @ a) @ v.T
            part *= (weighted @ b) @ weighted.T
            total += part
        result: Array = self.rows.T @ total @ self.rows
        result += np.outer(self.slack, self.slack) * float(x[-1][0, 0] * inverse[-1][0, 0])
        return result


def _longest_step(matrix: Array, direction: Array) -> float:
    """The largest step that keeps matrix + step * direction positive semidefinite."""
    if matrix.shape == (1, 1):
        return float("inf") if direction[0, 0] >= 0 else float(-matrix[0, 0] / direction[0, 0])
    lower = np.linalg.cholesky(matrix)
    half = np.linalg.solve(lower, direction)
    least = float(np.linalg.eigvalsh(np.linalg.solve(lower, half.T))[0])
    return float("inf") if least >= 0 else -1.0 / least


def _step(matrices: Sequence[Array], directions: Sequence[Array]) -> float:
    longest = min(_longest_step(m, d) for m, d in zip(matrices, directions, strict=True))
    return min(1.0, 0.95 * longest)


class _Factored:
    """A positive definite matrix, factored once for the systems of the two half-steps."""

    def __init__(self, matrix: Array) -> None:
        self.size = np.sqrt(np.maximum(np.diag(matrix), 1e-300))
        self.matrix = matrix / self.size / self.size[:, None]
        for shift in (0.0, 1e-14, 1e-12, 1e-10):
            try:
                lower = np.linalg.cholesky(self.matrix + shift * np.eye(len(matrix)))
            except np.linalg.LinAlgError:
                continue
            self.inverse = _lower_inverse(lower)
            return
        raise np.linalg.LinAlgError

    def solve(self, right: Array) -> Array:
        """The solution, with iterative refinement."""
        goal = right / self.size
        found = self.inverse.T @ (self.inverse @ goal)
        for _ in range(3):
            found = found + self.inverse.T @ (self.inverse @ (goal - self.matrix @ found))
        result: Array = found / self.size
        return result


def _lower_inverse(lower: NDArray[np.floating[Any]]) -> Array:
    """The inverse of a lower triangular matrix, by halves: a third of the work of ``inv``."""
    size = len(lower)
    if size <= 128:
        return np.linalg.inv(lower).astype(np.float64)
    half = size // 2
    found = np.zeros(lower.shape)
    found[:half, :half] = _lower_inverse(lower[:half, :half])
    found[half:, half:] = _lower_inverse(lower[half:, half:])
    found[half:, :half] = -found[half:, half:] @ (lower[half:, :half] @ found[:half, :half])
    return found


def _direction(
    scaled: _Scaled,
    state: _State,
    inverse: list[Array],
    schur: _Factored,
    rest: list[Array],
    center: float,
    second: list[Array] | None,
) -> _State:
    """One Newton step towards X Z = center; ``second`` is the predictor's second-order term."""
    push = [x @ r @ i for x, r, i in zip(state.x, rest, inverse, strict=True)]
    if second is not None:
        push = [p + s for p, s in zip(push, second, strict=True)]
    right = scaled.right + scaled.apply(push) - center * scaled.apply(inverse)
    dy = schur.solve(right)
    dz = [r - a for r, a in zip(rest, scaled.adjoint(dy), strict=True)]
    dx = []
    for k, (x, d, i) in enumerate(zip(state.x, dz, inverse, strict=True)):
        full = center * i - x - x @ d @ i
        if second is not None:
            full = full - second[k]
        dx.append((full + full.T) / 2)
    lacking = scaled.right - scaled.apply(state.x) - scaled.apply(dx)
    return _State(scaled.lifted(dx, lacking), dz, dy)


def _complementarity(x: Sequence[Array], z: Sequence[Array]) -> float:
    return float(sum(np.vdot(a, b) for a, b in zip(x, z, strict=True)))


def _inverse(matrix: Array) -> Array:
    found = np.linalg.inv(matrix).astype(np.float64)
    return (found + found.T) / 2


def _advance(scaled: _Scaled, state: _State) -> _State:
    """The next iterate."""
    inverse = [_inverse(z) for z in state.z]
    cost: list[Array] = [np.zeros_like(z) for z in state.z]
    cost[-1] = np.ones((1, 1))
    adjoint = scaled.adjoint(state.y)
    rest: list[Array] = [c - z - a for c, z, a in zip(cost, state.z, adjoint, strict=True)]
    schur = _Factored(scaled.schur(state.x, inverse))
    size = sum(x.shape[0] for x in state.x)
    now = _complementarity(state.x, state.z)
    guess = _direction(scaled, state, inverse, schur, rest, 0.0, None)
    primal, dual = _step(state.x, guess.x), _step(state.z, guess.z)
    ahead = _complementarity(
        [x + primal * d for x, d in zip(state.x, guess.x, strict=True)],
        [z + dual * d for z, d in zip(state.z, guess.z, strict=True)],
    )
    center = min(1.0, max(ahead / now, 1e-8)) ** 2 * now / size
    second: list[Array] = [a @ b @ i for a, b, i in zip(guess.x, guess.z, inverse, strict=True)]
    move = _direction(scaled, state, inverse, schur, rest, center, second)
    primal, dual = _step(state.x, move.x), _step(state.z, move.z)
    return _State(
        [x + primal * d for x, d in zip(state.x, move.x, strict=True)],
        [z + dual * d for z, d in zip(state.z, move.z, strict=True)],
        state.y + dual * move.y,
    )


def _verdict(scaled: _Scaled, state: _State, last: bool) -> Status | None:
    """INTERIOR or OUTSIDE as soon as it is plain, BOUNDARY when the gap has closed."""
    primal_error = _primal_error(scaled, state)
    adjoint = scaled.adjoint(state.y)
    adjoint[-1] = adjoint[-1] - 1.0
    dual_error = max(float(np.abs(z + a).max()) for z, a in zip(state.z, adjoint, strict=True))
    margin = scaled.margin(state)
    bound = scaled.cap - float(scaled.right @ state.y)
    gap = bound - margin
    if margin > 0 and primal_error < 1e-4 * margin and (margin > 0.02 or gap < 4 * margin):
        return Status.INTERIOR
    if dual_error < 1e-9 and bound < -1e-6 and primal_error < 1e-3:
        return Status.OUTSIDE
    if last or (abs(gap) < 1e-10 and primal_error < 1e-9 and dual_error < 1e-9):
        if margin > 1e-12 and primal_error < 1e-2 * margin:
            return Status.INTERIOR
        near = abs(margin) < 1e-5 and primal_error < 1e-5 and dual_error < 1e-4
        return Status.BOUNDARY if near else Status.FAILED
    return None


def _primal_error(scaled: _Scaled, state: _State) -> float:
    return float(np.linalg.norm(scaled.right - scaled.apply(state.x)))


def maximise_margin(program: SampledProgram, deadline: float) -> Interior:
    """The Gram matrices whose smallest eigenvalue (in orthonormal bases) is as large as can be.

    ``deadline`` is a value of ``time.monotonic()``.
    """
    with np.errstate(all="ignore"):
        return _maximised(program, deadline)


def _maximised(program: SampledProgram, deadline: float) -> Interior:
    scaled = _Scaled(program)
    sizes = [v.shape[1] for v in scaled.values]
    state = best = _State(
        [np.eye(n) for n in sizes],
        [np.eye(n) for n in sizes],
        np.zeros(scaled.rows.shape[1]),
    )
    stalled = 0
    for _ in range(60):
        if time.monotonic() > deadline:
            return _found(scaled, best, Status.TIMEOUT)
        status = _verdict(scaled, state, last=False)
        if status is not None:
            return _found(scaled, state, status)
        try:
            state = _advance(scaled, state)
        except np.linalg.LinAlgError:
            break
        if not all(np.isfinite(m).all() for m in (*state.x, *state.z)):
            break
        stalled += 1
        if _primal_error(scaled, best) > 1e-6 or scaled.margin(state) > scaled.margin(best):
            best, stalled = state, 0
        if stalled > 6:
            break
    status = _verdict(scaled, best, last=True)
    return _found(scaled, best, status or Status.FAILED)


def _found(scaled: _Scaled, state: _State, status: Status) -> Interior:
    margin = scaled.margin(state)
    grams, moments = [], []
    for k, triangle in enumerate(scaled.triangles):
        inverse = np.linalg.inv(triangle)
        matrix = state.x[k] + margin * np.eye(len(triangle))
        grams.append(scaled.scale * inverse @ matrix @ inverse.T)
        moments.append(triangle.T @ state.z[k] @ triangle)
    return Interior(status, margin, tuple(grams), tuple(moments), scaled.rows @ state.y)
