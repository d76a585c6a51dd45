"""Do simulated trajectories keep what valid certificates promise? Seeded, in floats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bcv.falsify.trajectories import (
    Membership,
    can_simulate,
    initial_points,
    leaving_note,
    simulate,
)
from bcv.formats.problem_yaml import load_problem, parse_problem
from bcv.problem import TimeKind

PROBLEMS = Path(__file__).parents[2] / "problems"
FOLDERS = ("starters", "textbook", "parameters-time", "invariant-domains", "control", "tools",
           "keymaera-x", "barrierbench", "unbounded", "neural-controllers")  # fmt: skip


def _valid() -> list[Path]:
    files = [path for folder in FOLDERS for path in sorted((PROBLEMS / folder).glob("*.yaml"))]
    found = []
    for path in files:
        text = path.read_text()
        if "expect: valid" in text and len(text) < 6000 and can_simulate(load_problem(path)):
            found.append(path)
    return found[::2]


@pytest.mark.parametrize("path", _valid(), ids=lambda path: path.stem)
def test_no_trajectory_enters_the_unsafe_set_inside_the_domain(path: Path) -> None:
    problem = load_problem(path)
    mode = problem.modes[0]
    starts = initial_points(problem, 40, seed=1)
    paths = simulate(problem, starts, 0.02, 200)
    with np.errstate(all="ignore"):
        moves = np.abs(np.diff(paths.states, axis=0)).max(axis=1)
        sizes = 1.0 + np.abs(paths.states[:-1]).max(axis=1)
    discrete = problem.time is TimeKind.DISCRETE
    # Where a step moves far, the integration is no guide.
    inside = np.isfinite(starts).all(axis=0)
    smooth = np.logical_and.accumulate(np.vstack([inside, discrete | (moves < 0.1 * sizes)]))
    unsafe, domain = Membership(problem, mode.unsafe), Membership(problem, mode.domain)
    for time, points, good in zip(paths.times, paths.states, smooth, strict=True):
        inside &= (
            good & np.isfinite(points).all(axis=0) & (domain.margins(points, float(time)) >= 0.0)
        )
        for row, state in enumerate(problem.states):
            if state.range.lo is not None:
                inside &= points[row] >= float(state.range.lo)
            if state.range.hi is not None:
                inside &= points[row] <= float(state.range.hi)
        # Clearly inside: the integration errs by far less than this.
        assert not (inside & (unsafe.margins(points, float(time)) > 1e-4)).any()


def test_protects_jet_engine_leaves_its_domain() -> None:
    problem = load_problem(PROBLEMS / "protect" / "protect_jet_engine_deg2.yaml")
    note = leaving_note(problem)
    assert note is not None
    assert "leave the domain" in note


DECAY = """
bcv: 1
name: decay
time: continuous
states: {{x: [-1, 1]}}
dynamics: {{x: {flow}}}
{more}
initial: x**2 <= 0.25
unsafe: x >= 0.9
certificate: {{B: x - 0.8}}
"""


@pytest.mark.parametrize(
    ("flow", "more", "leaves"),
    [("-x", "", False), ("1", "", True), ("1", "domain_is: invariant", False)],
)
def test_only_what_leaves_an_assumed_domain_is_noted(flow: str, more: str, leaves: bool) -> None:
    problem = parse_problem(DECAY.format(flow=flow, more=more), "decay.yaml")
    assert (leaving_note(problem) is not None) is leaves


def test_an_excursion_between_two_coarse_steps_is_noted() -> None:
    # From 0.4 it swings beyond 1 and back within half a unit of time.
    text = DECAY.format(flow="3.3*cos(4*t)", more="horizon: 8")
    text = text.replace("x**2 <= 0.25", "x >= 0.39 and x <= 0.4")
    assert leaving_note(parse_problem(text, "decay.yaml")) is not None


def test_runge_kutta_follows_a_circle() -> None:
    problem = load_problem(PROBLEMS / "invariant-domains" / "rotation_in_a_disc.yaml")
    paths = simulate(problem, np.array([[0.5], [0.0]]), 0.01, 314)
    np.testing.assert_allclose(paths.states[-1, :, 0], [-0.5, 0.0], atol=2e-3)
