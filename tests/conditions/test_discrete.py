"""What every condition asks of a step."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from bcv import expr as ex
from bcv.conditions import obligations_of
from bcv.region import TRUE, Range, Relation
from tests.conditions.problems import by_name, conditions, names, problem, same

MAP = """
states: {x: [-2, 2], y: [-2, 2]}
dynamics: {x: y/2, y: -x/2 + x*y}
initial: x**2 + y**2 <= 1/4
unsafe: x >= 1
certificate: {B: x**2 + y - 1, condition: %s}
"""
AFTER = "((y/2)**2 + (-x/2 + x*y) - 1)"
B = "(x**2 + y - 1)"


@pytest.mark.parametrize(
    ("condition", "expr", "strict"),
    [
        ("nonincreasing", f"{B} - {AFTER}", False),
        ("decreasing", f"{B} - {AFTER}", True),
        ("{exponential: 1/3}", f"(1 - 1/3)*{B} - {AFTER}", False),
    ],
)
def test_conditions_on_the_whole_domain(condition: str, expr: str, strict: bool) -> None:
    found = conditions(MAP % condition, "discrete")
    step = by_name(found, "step")
    assert same(step.expr, expr)
    assert step.strict is strict
    assert step.region.formula == TRUE
    assert names(found) == ["initial", "unsafe", "step"]


def test_states_are_replaced_all_at_once() -> None:
    swap = MAP.replace("y/2", "y").replace("-x/2 + x*y", "x") % "nonincreasing"
    assert same(by_name(conditions(swap, "discrete"), "step").expr, f"{B} - (y**2 + x - 1)")


@pytest.mark.parametrize(
    ("extra", "level", "strict"),
    [
        ("inductive", "0", False),
        ("inductive, strict: initial", "0", True),
        ("inductive, levels: {initial: 1/2, unsafe: 1}", "1/2", False),
    ],
)
def test_inductive_keeps_the_sublevel_set(extra: str, level: str, strict: bool) -> None:
    step = by_name(conditions(MAP % extra, "discrete"), "step")
    assert same(step.expr, f"{level} - {AFTER}")
    assert step.strict is strict
    assert same(step.region.formula.expr, f"{level} - {B}")  # type: ignore[union-attr]
    relation = step.region.formula.relation  # type: ignore[union-attr]
    assert relation is (Relation.GT if strict else Relation.GE)


def test_a_rate_that_is_no_plain_constant_must_lie_between_0_and_1() -> None:
    given = problem(MAP % "{exponential: 1}", "discrete")
    rate = ex.var("x") ** 2
    found = obligations_of(replace(given, certificate=replace(given.certificate, rate=rate)))
    assert same(by_name(found, "step", "r >= 0").expr, "x**2")
    assert same(by_name(found, "step", "r <= 1").expr, "1 - x**2")


def test_rate_one_proves_nothing_where_b_must_stay_below_zero() -> None:
    found = conditions(MAP % "{exponential: 1}, strict: initial", "discrete")
    part = by_name(found, "step", "r < 1")
    assert part.strict
    assert part.sufficient


def test_a_step_advances_time_by_one_and_failures_between_steps_refute_nothing() -> None:
    found = conditions(
        """
        states: {x: null}
        dynamics: {x: x + t}
        initial: x <= 0
        unsafe: x >= 9
        certificate: {B: x - t**2, condition: nonincreasing}
        """,
        "discrete",
    )
    step = by_name(found, "step")
    assert same(step.expr, "(x - t**2) - (x + t - (t + 1)**2)")
    assert step.region.box[1] == Range(Fraction(0), None)
    assert step.sufficient


def test_a_piecewise_barrier_may_jump() -> None:
    found = conditions(MAP.replace("x**2 + y - 1", "(1 if x > 0 else 0)") % "inductive", "discrete")
    assert [o.part for o in found.obligations] == ["", "", ""]
