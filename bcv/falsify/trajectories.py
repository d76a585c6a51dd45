"""Where do trajectories go? A few of them, in floats, as a remark and never as a proof.

Soundness does not depend on this file: what it finds is a note beside a verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bcv import expr as ex
from bcv.enclosures import floats
from bcv.enclosures.tape import compile_tape
from bcv.falsify.landscape import Array, Mask, nearest_float
from bcv.falsify.samples import coarse_points
from bcv.problem import TIME_NAME, Mode, Problem, TimeKind, Variable
from bcv.region import Atom, Formula, Or, Range, Relation, all_of, atoms, conjuncts, linear_bound
from bcv.region import region as tight_region

_STARTS: Final = 24
_CANDIDATES: Final = 1024
_STEPS: Final = 160
_COARSE: Final = 4
"""Steps in one, where trajectories keep their distance from the domain's edge."""
_HORIZON: Final = 8.0
_MOST_INSTRUCTIONS: Final = 500
_CLEARLY: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Paths:
    """K trajectories: states (steps + 1, n, K) at times (steps + 1,); NaN after a blow-up."""

    times: Array
    states: Array


def can_simulate(problem: Problem) -> bool:
    """Whether one mode, nothing random and no input make a start determine the trajectory."""
    random = problem.noise or problem.diffusion or problem.jumps
    return problem.time is not TimeKind.HYBRID and not random and not problem.inputs


def initial_points(problem: Problem, count: int, seed: int) -> Array:
    """Up to ``count`` states (n, K) of the initial set at time 0, found by sampling."""
    mode = problem.modes[0]
    formula = all_of(mode.domain, mode.initial)
    sides = [_initial_side(state, formula) for state in problem.states]
    lo = np.array([-3.0 if s.lo is None else nearest_float(s.lo) for s in sides])
    hi = np.array([3.0 if s.hi is None else nearest_float(s.hi) for s in sides])
    points = coarse_points(lo, np.maximum(lo, hi), _CANDIDATES, seed)
    inside = Membership(problem, formula).margins(points) >= 0.0
    return np.asarray(points[:, inside][:, :count])


def _initial_side(state: Variable, formula: Formula) -> Range:
    return tight_region((state.name,), (state.range,), _bounds_only(formula)).box[0]


def _bounds_only(formula: Formula) -> Formula:
    plain = [p for p in conjuncts(formula) if isinstance(p, Atom) and linear_bound(p.expr)]
    return all_of(*plain)


def _frozen(problem: Problem) -> dict[str, float]:
    """Parameters and disturbances in the middles of their ranges."""
    found = {}
    for variable in (*problem.parameters, *problem.disturbances):
        lo, hi = variable.range.lo, variable.range.hi
        known = [nearest_float(end) for end in (lo, hi) if end is not None]
        found[variable.name] = sum(known) / len(known) if known else 0.0
    return found


class Membership:
    """How clearly points lie in a set: estimates, negative outside."""

    def __init__(self, problem: Problem, formula: Formula) -> None:
        names = [state.name for state in problem.states]
        self.formula = formula
        self.values = _Values([a.expr for a in atoms(formula)], names, _frozen(problem))

    def margins(self, points: Array, time: float | Array = 0.0) -> Array:
        """(K,) for points (n, K), at one time or at a time each."""
        values = np.nan_to_num(self.values(points, time), nan=-1.0)
        return _truth(self.formula, iter(values), points.shape[1])


def _truth(formula: Formula, values: Iterator[Array], count: int) -> Array:
    if isinstance(formula, Atom):
        value = next(values)
        equal = formula.relation is Relation.EQ
        return np.asarray(1e-9 - np.abs(value) if equal else value)
    parts = [_truth(part, values, count) for part in formula.parts]
    if isinstance(formula, Or):
        return np.max(parts, axis=0) if parts else np.full(count, -1.0)
    return np.min(parts, axis=0) if parts else np.full(count, 1.0)


class _Values:
    """Estimates of expressions at states and times; other variables stay as they are."""

    def __init__(
        self, roots: Sequence[ex.Expr], names: Sequence[str], frozen: dict[str, float]
    ) -> None:
        self._tape = compile_tape(list(roots), [*names, *frozen, TIME_NAME])
        self._constants = floats.constant_values(self._tape)
        self._frozen = np.array([[value] for value in frozen.values()]).reshape(len(frozen), 1)
        self._rows = np.empty((0, 0))

    def __call__(self, points: Array, time: float | Array) -> Array:
        n, count = points.shape
        if self._rows.shape != (n + len(self._frozen) + 1, count):
            self._rows = np.empty((n + len(self._frozen) + 1, count))
            self._rows[n:-1] = self._frozen
        self._rows[:n], self._rows[-1] = points, time
        return floats.evaluate(self._tape, self._rows, self._constants)


def simulate(problem: Problem, starts: Array, step: float, steps: int) -> Paths:
    """Trajectories from states (n, K): classical Runge-Kutta, or the map itself in discrete time.

    Parameters and disturbances stay in the middles of their ranges.
    """
    mode = problem.modes[0]
    names = [state.name for state in problem.states]
    dynamics = _Values(mode.dynamics, names, _frozen(problem))
    states = np.empty((steps + 1, *starts.shape))
    states[0] = starts
    with np.errstate(all="ignore"):
        for k in range(steps):
            x, t = states[k], k * step
            if problem.time is TimeKind.DISCRETE:
                states[k + 1] = dynamics(x, t)
                continue
            a = dynamics(x, t)
            b = dynamics(x + 0.5 * step * a, t + 0.5 * step)
            c = dynamics(x + 0.5 * step * b, t + 0.5 * step)
            d = dynamics(x + step * c, t + step)
            states[k + 1] = x + step / 6.0 * (a + 2.0 * b + 2.0 * c + d)
    return Paths(np.arange(steps + 1, dtype=np.float64) * step, states)


def margins(problem: Problem, mode: Mode, paths: Paths) -> Array:
    """(steps + 1, K) how clearly each state lies in the domain and between its bounds."""
    steps, n, count = paths.states.shape
    points = np.moveaxis(paths.states, 1, 0).reshape(n, steps * count)
    found = Membership(problem, mode.domain).margins(points, np.repeat(paths.times, count))
    for row, state in enumerate(problem.states):
        for end, sign in ((state.range.lo, 1.0), (state.range.hi, -1.0)):
            if end is not None:
                found = np.minimum(found, sign * (points[row] - nearest_float(end)))
    return found.reshape(steps, count)


def first_exit(problem: Problem, mode: Mode, paths: Paths) -> tuple[int, Array] | None:
    """(index, start) of a trajectory that is the first to leave the domain clearly, if any is."""
    with np.errstate(all="ignore"):
        out: Mask = margins(problem, mode, paths) < -_CLEARLY
    out &= np.isfinite(paths.states).all(axis=1)
    out[0] = False
    if not out.any():
        return None
    k = int(np.argmax(out.any(axis=1)))
    return k, paths.states[0][:, int(np.argmax(out[k]))]


def _stay_inside(problem: Problem, mode: Mode, paths: Paths) -> bool:
    """Whether no trajectory gets closer to the edge than it moves between two states."""
    found = margins(problem, mode, paths)
    moved = np.abs(np.diff(found, axis=0))
    reach = np.maximum(np.pad(moved, ((1, 0), (0, 0))), np.pad(moved, ((0, 1), (0, 0))))
    return bool((found > reach).all() and np.isfinite(paths.states).all())


def leaving_note(problem: Problem, seed: int = 0) -> str | None:
    """A sentence about a simulated trajectory that leaves an assumed domain; None if none does.

    A trajectory counts only if it leaves with half the step as well.
    """
    mode = problem.modes[0]
    bounded = any(s.range.lo is not None or s.range.hi is not None for s in problem.states)
    if problem.domain_invariant or not can_simulate(problem):
        return None
    if not (bounded or list(atoms(mode.domain))) or _size(mode) > _MOST_INSTRUCTIONS:
        return None
    starts = initial_points(problem, _STARTS, seed)
    if starts.shape[1] == 0:
        return None
    discrete = problem.time is TimeKind.DISCRETE
    horizon = _HORIZON if problem.horizon is None else min(_HORIZON, float(problem.horizon))
    step = 1.0 if discrete else horizon / _STEPS
    steps = min(_STEPS, int(horizon)) if discrete and problem.horizon is not None else _STEPS
    if not discrete and _stay_inside(
        problem, mode, simulate(problem, starts, _COARSE * step, steps // _COARSE)
    ):
        return None
    found = first_exit(problem, mode, simulate(problem, starts, step, steps))
    if found is None:
        return None
    k, start = found
    time = k * step
    if not discrete:
        again = first_exit(problem, mode, simulate(problem, start[:, None], step / 2, 2 * k + 2))
        if again is None:
            return None
        time = again[0] * step / 2
    where = ", ".join(
        f"{state.name} = {value:.4g}" for state, value in zip(problem.states, start, strict=True)
    )
    when = f"{k} step{'s' * (k > 1)}" if discrete else f"t = {time:.3g}"
    return (
        f"simulated trajectories leave the domain, for instance from {where} after {when}: "
        "what is claimed ends there"
    )


def _size(mode: Mode) -> int:
    return sum(1 for _ in ex.postorder(*mode.dynamics))
