"""Sampling against the labelled corpus; SymPy confirms every witness."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from bcv.conditions import obligations_of
from bcv.engines.engine import Budget
from bcv.engines.sampling import Sampling
from bcv.events import ignore
from bcv.formats.problem_yaml import load_problem
from bcv.obligation import Obligation
from bcv.outcome import Hints, Refuted

PROBLEMS = Path(__file__).parents[2] / "problems"
THOROUGH = {"bcu_barrier_1_sound_d4"}
SAMPLE = {
    "bcu_arch1_1_sound_d2",
    "bcu_lotka_1_complete_d2",
    "double_root_boundary",
    "dreal_cubic_oscillator_strict",
    "fm_pendulum_small_angle",
    "fossil_obstacle_trig",
    "kyx088_gorbuzov_pranevich_2012_example_1_5_variant_2",
    "pert_fm_linear_stable_2d_basic_init_miss_1e7",
    "pert_fm_linear_stable_2d_basic_touch_unsafe",
    "pert_fm_pendulum_small_angle_negdamp",
    "pert_kyx003_ben_sassi_girard_20104_moore_greitzer_jet_coef",
    "pert_kyx117_zylzcl_example_c9_const",
    "toggle_rational_touch",
}


def labelled(expect: str) -> list[Any]:
    """The problem files that say ``expect: ...`` ("unknown": those that say nothing)."""
    found = []
    for path in sorted(PROBLEMS.rglob("*.yaml")):
        said = re.search(r"^expect: *(\w+)", path.read_text(), re.MULTILINE)
        if (said[1] if said else "unknown") == expect:
            marks = () if path.stem in SAMPLE else pytest.mark.slow
            found.append(pytest.param(path, id=path.stem, marks=marks))
    return found


def refutations(path: Path, effort: Any = "coarse") -> list[tuple[Obligation, Refuted]]:
    found = []
    for obligation in obligations_of(load_problem(path)).obligations:
        budget = Budget(time.monotonic() + 60)
        outcome = Sampling(effort=effort).discharge(obligation, Hints(), budget, ignore)
        if isinstance(outcome, Refuted):
            found.append((obligation, outcome))
    return found


@pytest.mark.parametrize("path", labelled("invalid"))
def test_an_invalid_certificate_is_refuted_and_sympy_agrees(path: Path) -> None:
    from tests.falsification.sympy_oracle import confirms

    found = refutations(path, "thorough" if path.stem in THOROUGH else "coarse")
    assert any(not obligation.sufficient for obligation, _ in found)
    for obligation, outcome in found:
        assert confirms(obligation, outcome.witness)


@pytest.mark.slow
@pytest.mark.parametrize("path", labelled("valid"))
def test_a_valid_certificate_is_never_refuted(path: Path) -> None:
    assert not [name for name, _ in refutations(path) if not name.sufficient]


@pytest.mark.slow
@pytest.mark.parametrize("path", labelled("unknown"))
def test_sympy_agrees_where_nobody_knew(path: Path) -> None:
    from tests.falsification.sympy_oracle import confirms

    for obligation, outcome in refutations(path):
        assert confirms(obligation, outcome.witness)
