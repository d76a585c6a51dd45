"""Does the planner order attempts sensibly, learn, and survive broken files?"""

from __future__ import annotations

import itertools
import json
import math
import random
import re
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bcv import expr as ex
from bcv import region as rg
from bcv.engines.registry import OWN
from bcv.events import EngineFinished, ignore
from bcv.evidence import Attestation
from bcv.expr import Op
from bcv.obligation import Obligation
from bcv.observers.recording import recording
from bcv.outcome import Proved, Reason, Undecided
from bcv.planning import history
from bcv.planning.features import NAMES, Features, features_of
from bcv.planning.forecast import (
    Forecast,
    Parameters,
    default_parameters,
    parameters_from,
    parameters_text,
)
from bcv.planning.history import Attempted
from bcv.planning.order import ANEW, SHORTEST, BestFirst, Option, foreseen
from bcv.planning.tuning import tuned
from bcv.region import Range

X, Y = ex.var("x"), ex.var("y")
SIDE = Range(Fraction(-1), Fraction(1))
EASY = Features(20, 2, 2, 0, 0, True, False)
ZEROS = (0.0,) * (len(NAMES) - 1)


def constant(seconds: float, success: float, startup: float = 0.0) -> Parameters:
    score = math.log(success / (1 - success))
    return Parameters((math.log(seconds), *ZEROS), (score, *ZEROS), 0.5, startup)


def claim(expr: ex.Expr, formula: rg.Formula = rg.TRUE) -> Obligation:
    return Obligation("flow", "", "", rg.region(("x", "y"), (SIDE, SIDE), formula), expr, False)


def test_features_describe_the_structure() -> None:
    found = features_of(claim(X**3 * Y - X, rg.equal(X**2 + Y**2)))
    assert (found.degree, found.dimension, found.bounded, found.surface) == (4, 2, True, True)
    kinked = features_of(claim(ex.apply(Op.ABS, X) + ex.apply(Op.TANH, Y)))
    assert (kinked.degree, kinked.kinks, kinked.functions) == (0, 1, 1)


def test_a_deep_product_does_not_overflow_the_degree() -> None:
    power = X
    for _ in range(40):
        power = power * power + Y
    assert features_of(claim(power)).degree == 1000


forecasts = st.builds(
    Forecast, st.floats(0.001, 0.999), st.floats(-9, 5), st.floats(0.3, 3.0), st.just(0.0)
)


@given(forecasts, st.floats(0.001, 100), st.floats(1.01, 50))
def test_more_time_never_means_a_smaller_chance_and_never_costs_more_than_itself(
    forecast: Forecast, seconds: float, factor: float
) -> None:
    longer = seconds * factor
    assert forecast.chance(longer) >= forecast.chance(seconds) - 1e-12
    assert 0 <= forecast.chance(longer, tried=seconds) <= 1
    assert 0 <= forecast.cost(seconds) <= seconds * (1 + 1e-9)
    assert forecast.cost(longer, tried=seconds) <= longer * (1 + 1e-9)


def test_the_best_chance_per_second_comes_first_and_startup_counts() -> None:
    planner = BestFirst({"quick": constant(0.01, 0.5), "slow": constant(1.0, 0.9)})
    options = [Option(0, "slow", EASY), Option(0, "quick", EASY)]
    first = planner(options, (), 10.0)
    assert first is not None
    assert first.option.engine == "quick"
    heavy = BestFirst({"quick": constant(0.01, 0.5, startup=5.0), "slow": constant(1.0, 0.9)})
    first = heavy(options, (), 10.0)
    assert first is not None
    assert first.option.engine == "slow"
    first = heavy(options, ("quick",), 10.0)
    assert first is not None
    assert first.option.engine == "quick"


def test_slices_grow_and_end_with_the_time() -> None:
    planner = BestFirst(default_parameters())
    options = [Option(i, name, EASY) for i in (0, 1) for name in OWN]
    steps = list(foreseen(planner, options, 20.0))
    for index, name in {(step.option.index, step.option.engine) for step in steps}:
        own = [s.seconds for s in steps if (s.option.index, s.option.engine) == (index, name)]
        assert all(b >= 2 * a for a, b in itertools.pairwise(own))
    assert {step.option.engine for step in steps} == set(OWN)
    assert len(steps) < 100


@pytest.mark.parametrize(("resumes", "shortest"), [(True, SHORTEST), (False, ANEW)])
def test_an_engine_that_begins_anew_gets_longer_slices(resumes: bool, shortest: float) -> None:
    planner = BestFirst({"one": replace(constant(0.001, 0.5), spread=3.0)})
    step = planner([Option(0, "one", EASY, resumes=resumes)], (), 10.0)
    assert step is not None
    assert step.seconds == shortest


def test_nothing_is_left_when_all_time_was_tried() -> None:
    planner = BestFirst(default_parameters())
    assert planner([Option(0, "sampling", EASY, tried=6.0)], (), 10.0) is None
    assert planner([], (), 10.0) is None


def test_tuning_finds_a_faster_engine() -> None:
    shuffled = random.Random(0)
    attempts = []
    for _ in range(200):
        size = shuffled.randrange(5, 500)
        vector = replace(EASY, size=size).vector()
        seconds = 1e-3 * size * math.exp(shuffled.gauss(0, 0.3))
        attempts.append(Attempted("mine", vector, min(seconds, 0.3), seconds < 0.3, seconds < 0.3))
        attempts.append(Attempted("never", vector, 0.1, True, False))
    found = tuned(attempts, {})
    for size in (20, 200):
        median = found["mine"].forecast(replace(EASY, size=size)).median
        assert 0.5 < median / (1e-3 * size) < 2.0
    assert found["never"].forecast(EASY).success < 0.1
    assert found["mine"].forecast(EASY).success > 0.8


def test_parameters_survive_the_file_and_broken_files_are_named() -> None:
    before = default_parameters()
    assert set(before) >= {"sampling", "branch-and-bound", "sum-of-squares"}
    assert parameters_from(parameters_text(before)) == before
    for broken in ("", "[]", "{}", '{"schema": "bcv.planner/1"}', parameters_text({})[:-9]):
        with pytest.raises(ValueError, match=r"."):
            parameters_from(broken)
    spread = re.compile(r'"spread": [0-9.]+')
    infinite = spread.sub('"spread": Infinity', parameters_text(before), count=1)
    with pytest.raises(ValueError, match="finite"):
        parameters_from(infinite)


@pytest.fixture
def data(tmp_path, monkeypatch):  # type: ignore[no-untyped-def]
    monkeypatch.setenv("BCV_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def finished(decided: bool = True) -> EngineFinished:
    word = Attestation("double", "1", "", "unsat")
    outcome = Proved(word) if decided else Undecided(Reason.TIMEOUT)
    return EngineFinished(claim(X + Y), "sampling", outcome, 0.25)


def test_attempts_are_recorded_unless_that_is_unwanted(data) -> None:  # type: ignore[no-untyped-def]
    with recording(ignore, wanted=False) as emit:
        emit(finished())
    assert not data.exists()
    for decided in (True, False):
        with recording(ignore, wanted=True) as emit:
            emit(finished(decided))
            emit(EngineFinished(claim(X), "z3", Undecided(Reason.UNAVAILABLE), 0.0))
    found, broken = history.recorded(history.history_file())
    assert [(a.decided, a.ended) for a in found] == [(True, True), (False, False)]
    assert not broken
    assert "x" not in history.history_file().read_text().replace("x_", "").split('"')


def test_a_folder_that_cannot_be_written_is_no_failure(data) -> None:  # type: ignore[no-untyped-def]
    data.write_text("a file where the folder should be")
    with recording(ignore, wanted=True) as emit:
        emit(finished())


def test_broken_lines_are_counted_and_left_out(data) -> None:  # type: ignore[no-untyped-def]
    with recording(ignore, wanted=True) as emit:
        emit(finished())
    file = history.history_file()
    file.write_bytes(file.read_bytes() + b'\xff\x00\n{"engine": 1}\nnull\n[[[[\n' + b"[" * 50_000)
    found, broken = history.recorded(file)
    assert len(found) == 1
    assert broken == 5


def test_the_history_stays_small(data, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(history, "LARGEST", 5_000)
    for _ in range(60):
        with recording(ignore, wanted=True) as emit:
            emit(finished())
    assert history.history_file().stat().st_size <= 5_000
    found, broken = history.recorded(history.history_file())
    assert found
    assert not broken


def test_a_broken_parameter_file_is_a_warning(data) -> None:  # type: ignore[no-untyped-def]
    assert history.known_parameters()[1] == ""
    data.mkdir()
    history.parameters_file().write_text("{")
    parameters, warning = history.known_parameters()
    assert parameters == default_parameters()
    assert "bcv tune" in warning


@pytest.mark.parametrize("features", [NAMES[:-1], (*NAMES, "new"), NAMES[::-1]])
def test_parameters_of_another_version_are_one_warning(data, features) -> None:  # type: ignore[no-untyped-def]
    data.mkdir()
    document = json.loads(parameters_text(default_parameters()))
    document["features"] = list(features)
    history.parameters_file().write_text(json.dumps(document))
    parameters, warning = history.known_parameters()
    assert parameters == default_parameters()
    assert "another version of bcv" in warning
    assert "\n" not in warning


def test_no_parameter_file_is_a_crash(data) -> None:  # type: ignore[no-untyped-def]
    data.mkdir()
    document = json.loads(parameters_text(default_parameters()))
    document["engines"]["sampling"]["spread"] = 10**400
    for broken in ("[" * 100_000, json.dumps(document), '{"schema": NaN}', "\0", "null"):
        history.parameters_file().write_text(broken)
        parameters, warning = history.known_parameters()
        assert parameters == default_parameters()
        assert "bcv tune" in warning


def test_networks_are_expected_to_be_proved_by_affine_forms() -> None:
    parameters = default_parameters()
    for functions, kinks in ((128, 0), (0, 128)):
        network = Features(12_000, 3, 0, kinks, functions, True, False, network=True)
        relaxed, paved, sampled = (
            parameters[name].forecast(network)
            for name in ("linear-relaxation", "branch-and-bound", "sampling")
        )
        assert relaxed.success > 0.9
        assert sampled.median < relaxed.median < 0.1 * paved.median
