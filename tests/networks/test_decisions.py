"""Are claims about networks decided as labelled, and does the checker agree with the bounds?"""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from pathlib import Path

import pytest

from bcv import expr as ex
from bcv.conditions import obligations_of
from bcv.engines.engine import Budget
from bcv.engines.linear_relaxation import LinearRelaxation
from bcv.events import ignore
from bcv.expr import Expr, Op
from bcv.formats.problem_yaml import load_problem
from bcv.obligation import Obligation
from bcv.outcome import Hints, Outcome, Proved, Refuted, Undecided
from bcv.region import TRUE, Range, Region
from bcv.replay import replayed
from bcv.verdict import Assurance, Settled

FOLDER = Path(__file__).parents[2] / "problems" / "neural-networks"


def outcomes(name: str, seconds: float = 30.0) -> list[Settled]:
    found = []
    for obligation in obligations_of(load_problem(FOLDER / f"{name}.yaml")).obligations:
        budget = Budget(time.monotonic() + seconds)
        outcome = LinearRelaxation().discharge(obligation, Hints(), budget, ignore)
        found.append(Settled(obligation, outcome, "", Assurance.RIGOROUS, 0.0))
    return found


@pytest.mark.parametrize("name", ["pendulum_tanh_2x16", "pendulum_tanh_2x64", "coupled4_tanh_2x16"])
def test_valid_networks_are_proved(name: str) -> None:
    assert all(isinstance(item.outcome, Proved) for item in outcomes(name))


def test_a_wrong_network_is_refuted_by_a_point_or_a_crossing() -> None:
    found: list[Outcome] = [item.outcome for item in outcomes("pendulum_tanh_2x16_large_initial")]
    assert any(isinstance(outcome, Refuted) for outcome in found)


def test_the_checker_replays_a_network() -> None:
    problem = load_problem(FOLDER / "pendulum_tanh_2x16.yaml")
    settled = [item for item in outcomes("pendulum_tanh_2x16") if item.obligation.name != "flow"]
    found = replayed(problem, tuple(settled), time.monotonic() + 60)
    assert {item.assurance for item in found.settled} == {Assurance.CHECKED}


def softplus_layers(width: int) -> Expr:
    """Two layers of log(1 + exp(...)), which is plainly total for no rule of expressions."""
    values = [ex.var("x"), ex.var("y")]
    for _ in range(2):
        values = [
            ex.apply(
                Op.LOG,
                ex.ONE
                + ex.apply(
                    Op.EXP,
                    reduce(
                        ex.add,
                        (ex.const(Fraction(k + i - 9, 9)) * v for i, v in enumerate(values)),
                    ),
                ),
            )
            for k in range(width)
        ]
    return reduce(ex.add, values)


@pytest.mark.parametrize("edge", [-3, 0])
def test_large_networks_are_proved_only_where_all_that_must_be_defined_is(edge: int) -> None:
    network = softplus_layers(16)
    box = (Range(Fraction(-1), Fraction(1)),) * 2
    # The logarithm has a value all over the box if the edge lies outside.
    partial = network + ex.apply(Op.LOG, ex.var("x") - ex.const(edge))
    claim = Obligation(
        "c", "", "", Region(("x", "y"), box, TRUE), network + ex.ONE, True, (partial,)
    )
    assert ex.is_network(ex.postorder(network))
    outcome = LinearRelaxation().discharge(claim, Hints(), Budget(time.monotonic() + 3), ignore)
    assert isinstance(outcome, Proved) == (edge == -3)


def test_a_claim_that_is_a_little_too_strong_is_not_proved() -> None:
    (initial, *_) = obligations_of(load_problem(FOLDER / "pendulum_tanh_2x16.yaml")).obligations
    # B is about -1 near the origin: B <= -1.2 is false there.
    false = replace(initial, expr=initial.expr - ex.const(1) - ex.const(1) / ex.const(5))
    outcome = LinearRelaxation().discharge(false, Hints(), Budget(time.monotonic() + 5), ignore)
    assert isinstance(outcome, Refuted | Undecided)
