"""Does simulation agree with the stated probabilities? Seeded Monte Carlo estimates, in floats."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from bcv.conditions import obligations_of
from bcv.enclosures import floats
from bcv.enclosures.tape import compile_tape
from bcv.expr import Expr
from bcv.falsify.trajectories import Membership, initial_points
from bcv.formats.problem_yaml import load_problem
from bcv.problem import Discrete, Distribution, Exponential, Normal, Problem, Uniform

PROBLEMS = Path(__file__).parents[2] / "problems"
RUNS = 1000
STEPS = 200
LONG_RUN = 40.0
"""What stands for every horizon: a lower estimate of the probability, which suits the test."""


def _stochastic() -> list[Path]:
    found = []
    for path in sorted(PROBLEMS.glob("*/*.yaml")):
        text = path.read_text()
        if "supermartingale" in text and "expect: valid" in text:
            problem = load_problem(path)
            bound = obligations_of(problem).probability
            if bound is not None and bound.bound is not None and not bound.vacuous:
                found.append(path)
    return found


def _number(value: Expr) -> float:
    return float(floats.evaluate(compile_tape([value], []), np.empty((0, 1)))[0, 0])


def _draws(law: Distribution, rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    match law:
        case Normal(mean, std):
            return rng.normal(_number(mean), _number(std), shape)
        case Uniform(lo, hi):
            return rng.uniform(_number(lo), _number(hi), shape)
        case Exponential(rate):
            return rng.exponential(1.0 / _number(rate), shape)
        case Discrete(outcomes):
            values = [_number(value) for value, _ in outcomes]
            return rng.choice(values, shape, p=[float(p) for _, p in outcomes])


def _frequency(problem: Problem, seed: int) -> float:
    """The share of runs that enter the unsafe set before they leave the domain."""
    rng = np.random.default_rng(seed)
    mode = problem.modes[0]
    starts = initial_points(problem, 50, seed)
    assert starts.shape[1] > 0
    # Start where the certificate is largest: the bound must hold from there too.
    state_names = [state.name for state in problem.states]
    tape = compile_tape([mode.barrier], [*state_names, "t"])
    values = floats.evaluate(tape, np.concatenate([starts, np.zeros((1, starts.shape[1]))]))
    x = np.repeat(starts[:, [int(np.argmax(values[0]))]], RUNS, axis=1)
    noises = [name for name, _ in problem.noise]
    rows = [entry for row in problem.diffusion for entry in row]
    rates = [part for _, jump in problem.jumps for part in (jump.rate, jump.size)]
    step_tape = compile_tape([*mode.dynamics, *rows, *rates], [*state_names, *noises, "t"])
    unsafe, domain = Membership(problem, mode.unsafe), Membership(problem, mode.domain)
    horizon = problem.certificate.horizon
    length = LONG_RUN if horizon is None else float(horizon)
    discrete = bool(problem.noise)
    steps = int(length) if discrete else STEPS
    step = 1.0 if discrete else length / steps
    noise = [_draws(law, rng, (steps + 1, RUNS)) for _, law in problem.noise]
    hit = np.zeros(RUNS, dtype=bool)
    alive = np.ones(RUNS, dtype=bool)
    for k in range(steps + 1):
        inside = domain.margins(x, k * step) >= 0.0
        for row, state in enumerate(problem.states):
            lo = -math.inf if state.range.lo is None else float(state.range.lo)
            hi = math.inf if state.range.hi is None else float(state.range.hi)
            inside &= (x[row] >= lo) & (x[row] <= hi)
        alive &= inside
        hit |= alive & (unsafe.margins(x, k * step) >= 0.0)
        drawn = [draws[k] for draws in noise]
        time = np.full(RUNS, k * step)
        found = floats.evaluate(step_tape, np.vstack([x, *drawn, time]))
        n = len(state_names)
        if discrete:
            x = found[:n]
            continue
        dx = found[:n] * step
        if problem.diffusion:
            width = len(problem.diffusion[0])
            kicks = rng.normal(0.0, math.sqrt(step), (width, RUNS))
            factors = found[n : n + n * width].reshape(n, width, RUNS)
            dx = dx + (factors * kicks).sum(axis=1)
        for j, (name, _) in enumerate(problem.jumps):
            rate, size = found[n + len(rows) + 2 * j : n + len(rows) + 2 * j + 2]
            dx[state_names.index(name)] += rng.poisson(np.maximum(rate, 0.0) * step) * size
        x = x + dx
    return float(hit.mean())


FILES = _stochastic()


def test_there_are_bounds_to_check() -> None:
    assert len(FILES) >= 8


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_frequency_exceeds_its_bound(path: Path) -> None:
    problem = load_problem(path)
    bound = obligations_of(problem).probability
    assert bound is not None
    assert bound.bound is not None
    # Hoeffding: the frequency exceeds the probability by more with chance below 1e-6.
    margin = math.sqrt(math.log(1e6) / (2 * RUNS))
    assert _frequency(problem, seed=7) <= _number(bound.bound) + margin
