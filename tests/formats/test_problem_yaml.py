"""Does a problem file become the problem that it describes?"""

from __future__ import annotations

import json
import re
import statistics
import time
from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from bcv import expr as ex
from bcv.errors import ProblemError
from bcv.expr import Op
from bcv.formats import yaml_tree
from bcv.formats.problem_yaml import load_problem, parse_problem
from bcv.problem import (
    ConditionKind,
    Discrete,
    Exponential,
    Jump,
    Normal,
    Problem,
    TimeKind,
    Uniform,
)
from bcv.region import FALSE, TRUE, Range, all_of, any_of, at_least, equal, greater, negation

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "problems").rglob("*.yaml"))
X, Y = ex.var("x"), ex.var("y")

BASE = {
    "bcv": "1",
    "name": "p",
    "time": "continuous",
    "states": "{x: [-2, 2], y: null}",
    "dynamics": "{x: y, y: -x}",
    "initial": "x <= 0",
    "unsafe": "x >= 1",
    "certificate": "{B: x}",
}


def read(**keys: str) -> Problem:
    """A small problem with some keys replaced; an empty text removes one."""
    lines = {key: value for key, value in (BASE | keys).items() if value}
    return parse_problem("".join(f"{key}: {value}\n" for key, value in lines.items()), "p.yaml")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_problem_loads_and_is_labelled(path: Path) -> None:
    problem = load_problem(path)
    assert problem.modes
    assert all(len(mode.dynamics) == len(problem.states) for mode in problem.modes)
    labels = path.with_name("labels.json")
    if path.parent.name == "starters":
        assert problem.expect is not None
    else:
        expected = json.loads(labels.read_text())[path.stem]["expect"]
        assert (problem.expect or "unknown") == expected


def test_the_corpus_is_whole_and_described() -> None:
    assert len(FILES) >= 229 + 5 + 76
    for folder in {path.parent for path in FILES}:
        assert (folder / "README.md").exists()


def test_loading_a_small_problem_takes_less_than_ten_milliseconds() -> None:
    path = ROOT / "problems" / "starters" / "damped_pendulum.yaml"
    seconds = []
    for _ in range(20):
        start = time.perf_counter()
        load_problem(path)
        seconds.append(time.perf_counter() - start)
    assert statistics.median(seconds) < 0.01


def test_the_slow_yaml_reader_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    path = ROOT / "problems" / "starters" / "discrete_filter.yaml"
    fast = load_problem(path)
    monkeypatch.setattr(yaml_tree, "_LOADER", yaml.SafeLoader)
    assert load_problem(path) == fast


def test_bounds_are_exact() -> None:
    problem = read(states="{x: [-0.1, 1/3], y: [-.inf, .inf], z: null}",
                   dynamics="{x: y, y: -x, z: 0}")  # fmt: skip
    assert [state.range for state in problem.states] == [
        Range(Fraction(-1, 10), Fraction(1, 3)), Range(None, None), Range(None, None),
    ]  # fmt: skip
    assert all(state.exact == TRUE for state in problem.states)


def test_irrational_bounds_are_enclosed_and_kept() -> None:
    x = read(states="{x: [-pi, 2*pi], y: null}").states[0]
    assert x.range.lo is not None
    assert x.range.hi is not None
    assert Fraction(-22, 7) < x.range.lo < Fraction(-314159, 100000)
    assert Fraction(628318, 100000) < x.range.hi < Fraction(44, 7)
    assert x.exact == all_of(at_least(X, -ex.PI), at_least(ex.const(2) * ex.PI, X))


def test_keys_that_yaml_calls_booleans_are_names() -> None:
    problem = read(states="{y: null, n: null, on: null}", dynamics="{y: n, n: on, on: -y}",
                   initial="n <= 0", unsafe="y >= 1", certificate="{B: on + y}")  # fmt: skip
    assert [state.name for state in problem.states] == ["y", "n", "on"]
    assert problem.modes[0].barrier is ex.var("on") + Y


def test_a_state_may_be_called_e() -> None:
    problem = read(states="{e: null}", dynamics="{e: -e}", initial="e <= 0", unsafe="e >= 1",
                   certificate="{B: e}")  # fmt: skip
    assert problem.modes[0].barrier is ex.var("e")


def test_constant_parameters_are_substituted_and_ranged_ones_stay() -> None:
    problem = read(
        parameters="{g: 9.81, h: 2*g, k: [1, 2], m: [3, 3]}", certificate="{B: h*x + k*m}"
    )
    assert [parameter.name for parameter in problem.parameters] == ["k"]
    g = Fraction(981, 100)
    assert problem.modes[0].barrier is ex.const(2 * g) * X + ex.var("k") * ex.const(3)


def test_bounds_may_use_constant_parameters() -> None:
    assert read(parameters="{L: 1/2}", states="{x: [-L, L], y: null}").states[0].range == Range(
        Fraction(-1, 2), Fraction(1, 2)
    )


def test_definitions_may_use_earlier_ones() -> None:
    problem = read(define="{a: x + 1, b: a*y}", certificate="{B: b}")
    assert problem.modes[0].barrier is (X + ex.ONE) * Y


def test_a_long_list_of_definitions_is_read() -> None:
    chain = ", ".join(f"h{i}: h{i - 1} + x" for i in range(1, 1500))
    start = time.perf_counter()
    read(define=f"{{h0: x, {chain}}}", certificate="{B: h1499}")
    assert time.perf_counter() - start < 2


def test_dynamics_follow_the_order_of_the_states() -> None:
    assert read(dynamics="{y: -x, x: y}").modes[0].dynamics == (Y, -X)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("true", TRUE),
        ("false", FALSE),
        ("[x >= 0, y > 0]", all_of(at_least(X), greater(Y))),
        ("{all: [x >= 0, y > 0]}", all_of(at_least(X), greater(Y))),
        ("{any: [x >= 0, y > 0]}", any_of(at_least(X), greater(Y))),
        ("{not: {any: [x >= 0, y > 0]}}", negation(any_of(at_least(X), greater(Y)))),
        ("{any: [[x >= 0, y > 0], {not: y == 1}]}",
         any_of(all_of(at_least(X), greater(Y)), negation(equal(Y, ex.ONE)))),
        ("{box: {x: [-1, 1], y: [0, .inf]}}",
         all_of(at_least(X, ex.const(-1)), at_least(ex.ONE, X), at_least(Y))),
        ("{box: {x: [1, 1]}}", all_of(at_least(X, ex.ONE), at_least(ex.ONE, X))),
        ("{ball: {center: {x: 0, y: 1/2}, radius: 0.1}}",
         at_least(ex.const(Fraction(1, 100)), X**2 + (Y - ex.const(Fraction(1, 2))) ** 2)),
    ],
)  # fmt: skip
def test_a_set_means_its_points(text: str, meaning: object) -> None:
    assert read(unsafe=text).modes[0].unsafe == meaning


@pytest.mark.parametrize("kind", [k for k in ConditionKind if k is not ConditionKind.EXPONENTIAL])
def test_conditions_are_named(kind: ConditionKind) -> None:
    time_kind = "discrete" if kind is ConditionKind.INDUCTIVE else "continuous"
    more = {
        ConditionKind.BETWEEN_LEVELS: ", levels: {initial: 0, unsafe: 1/2}",
        ConditionKind.SUPERMARTINGALE: ", gamma: 0.1, lambda: 1, c: 0, horizon: 10",
    }.get(kind, "")
    claim = read(time=time_kind, certificate=f"{{B: x, condition: {kind.value}{more}}}").certificate
    assert claim.condition is kind
    if kind is ConditionKind.BETWEEN_LEVELS:
        assert claim.levels == (ex.ZERO, ex.const(Fraction(1, 2)))
    if kind is ConditionKind.SUPERMARTINGALE:
        assert claim.gamma is ex.const(Fraction(1, 10))
        assert (claim.lambda_, claim.drift, claim.horizon) == (ex.ONE, ex.ZERO, 10)


def test_the_default_condition_is_nonincreasing() -> None:
    claim = read().certificate
    assert claim.condition is ConditionKind.NONINCREASING
    assert (claim.strict_initial, claim.positive_safe, claim.levels) == (False, False, None)


def test_a_rate_may_be_an_expression_in_continuous_time() -> None:
    claim = read(certificate="{B: x, condition: {exponential: x + t}}").certificate
    assert claim.rate is X + ex.var("t")
    claim = read(time="discrete", certificate="{B: x, condition: {exponential: 1/2}}").certificate
    assert claim.rate is ex.const(Fraction(1, 2))


def test_strict_convention_and_auto_levels_are_read() -> None:
    claim = read(
        certificate="{B: x, strict: initial, convention: positive-safe, levels: auto}"
    ).certificate
    assert (claim.strict_initial, claim.positive_safe, claim.levels) == (True, True, "auto")


def test_disturbances_inputs_and_time_enter_the_dynamics() -> None:
    problem = read(disturbances="{d: [-1, 1]}", inputs="{u: [-1, 2]}", horizon="5/2",
                   dynamics="{x: y + t*d, y: -x + (1 + x**2)*u}")  # fmt: skip
    assert [v.name for v in (*problem.disturbances, *problem.inputs)] == ["d", "u"]
    assert problem.horizon == Fraction(5, 2)
    assert problem.uses_time


def test_texts_for_people_are_kept() -> None:
    problem = read(description="a\n  b", source="'book: p. 5'", expect="invalid",
                   domain_is="invariant", domain="x <= 1")  # fmt: skip
    assert (problem.description, problem.source, problem.expect) == ("a b", "book: p. 5", "invalid")
    assert problem.domain_invariant
    assert problem.modes[0].domain == at_least(ex.ONE, X)


STOCHASTIC = "{B: x**2, condition: supermartingale, gamma: 0, lambda: 1, c: 1}"


def test_noise_is_read() -> None:
    problem = read(
        time="discrete",
        parameters="{s: [0, 1]}",
        noise="{a: {normal: [0, s]}, b: {uniform: [-1, pi]}, c: {exponential: 2}, "
        "d: {discrete: {-1: 1/3, 0.5: 2/3}}}",
        dynamics="{x: x + a + b, y: c*d}",
        certificate=STOCHASTIC,
    )
    half, third = ex.const(Fraction(1, 2)), Fraction(1, 3)
    assert dict(problem.noise) == {
        "a": Normal(ex.ZERO, ex.var("s")),
        "b": Uniform(ex.const(-1), ex.PI),
        "c": Exponential(ex.const(2)),
        "d": Discrete(((ex.const(-1), third), (half, 1 - third))),
    }


def test_each_state_has_its_own_process_unless_lists_say_otherwise() -> None:
    own = read(diffusion="{x: x, y: 1}", certificate=STOCHASTIC)
    assert own.diffusion == ((X, ex.ZERO), (ex.ZERO, ex.ONE))
    shared = read(diffusion="{x: [1, x, 0]}", certificate=STOCHASTIC)
    assert shared.diffusion == ((ex.ONE, X, ex.ZERO), (ex.ZERO,) * 3)
    with pytest.raises(ProblemError, match="not a list of 2"):
        read(diffusion="{x: [1, x], y: 1}", certificate=STOCHASTIC)


def test_jumps_are_read() -> None:
    problem = read(jumps="{y: {rate: 1 + x**2, size: -y}}", certificate=STOCHASTIC)
    assert problem.jumps == (("y", Jump(ex.ONE + X**2, -Y)),)
    with pytest.raises(ProblemError, match="not surely"):
        read(jumps="{y: {rate: x, size: 1}}", certificate=STOCHASTIC)


def test_a_hybrid_system_is_read() -> None:
    problem = read(
        time="hybrid",
        dynamics="",
        domain="y <= 9",
        modes="{a: {dynamics: {x: y, y: 0}, domain: x <= 1}, b: {dynamics: {x: 0, y: x}}}",
        transitions="[{from: a, to: b, guard: x >= 1, reset: {y: 0}}, "
        "{from: b, to: a, guard: true}]",
        initial="{a: x <= 0}",
        certificate="{B: {a: x, b: y}}",
    )
    a, b = problem.modes
    assert problem.time is TimeKind.HYBRID
    assert (a.name, a.initial, a.barrier) == ("a", at_least(ex.ZERO, X), X)
    assert a.domain == all_of(at_least(ex.const(9), Y), at_least(ex.ONE, X))
    assert (b.initial, b.domain) == (FALSE, at_least(ex.const(9), Y))
    assert b.unsafe == at_least(X, ex.ONE)
    first, second = problem.transitions
    assert (first.source, first.target, first.reset) == ("a", "b", (X, ex.ZERO))
    assert (second.guard, second.reset) == (TRUE, (X, Y))


def test_one_barrier_serves_all_modes() -> None:
    problem = read(time="hybrid", dynamics="", modes="{a: {dynamics: {x: y, y: 0}}}",
                   certificate="{B: x + y}")  # fmt: skip
    assert problem.modes[0].barrier is X + Y


def test_the_examples_of_the_documentation_load() -> None:
    text = (ROOT / "docs" / "problem-file.md").read_text()
    blocks = re.findall(r"```yaml\n(bcv: 1\n.*?)```", text, re.DOTALL)
    assert len(blocks) >= 4
    for block in blocks:
        parse_problem(block, "docs/problem-file.md")


def test_the_documentation_names_every_function() -> None:
    from bcv.formats.functions import FUNCTIONS

    text = (ROOT / "docs" / "problem-file.md").read_text()
    assert [name for name in FUNCTIONS if f"`{name}" not in text] == []
    assert {op.value for op in (Op.SIN, Op.ABS)} <= set(FUNCTIONS)
