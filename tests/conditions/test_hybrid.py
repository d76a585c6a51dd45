"""Conditions per mode and per jump."""

from __future__ import annotations

import pytest

from bcv.region import Relation, conjuncts
from tests.conditions.problems import by_name, conditions, names, same

THERMOSTAT = """
states: {T: null}
modes:
  heating: {dynamics: {T: 30 - T}, domain: T <= 22}
  cooling: {dynamics: {T: 10 - T}, domain: T >= 18}
transitions:
  - {from: heating, to: cooling, guard: T >= 21, reset: {T: T - 1}}
  - {from: cooling, to: heating, guard: T <= 19}
  - {from: heating, to: cooling, guard: T >= 22}
initial: {heating: T >= 19}
unsafe: T >= 25
certificate: {B: {heating: T - 24, cooling: T**2 - 500}, condition: %s}
"""


def test_conditions_are_named_by_mode_and_jump() -> None:
    assert names(conditions(THERMOSTAT % "nonincreasing", "hybrid")) == [
        "initial:heating",
        "unsafe:heating",
        "unsafe:cooling",
        "flow:heating",
        "flow:cooling",
        "jump:heating->cooling",
        "jump:cooling->heating",
    ]


@pytest.mark.parametrize("condition", ["nonincreasing", "decreasing", "{exponential: 1}"])
def test_monotone_conditions_let_no_jump_increase_b(condition: str) -> None:
    found = conditions(THERMOSTAT % condition, "hybrid")
    jump = by_name(found, "jump:heating->cooling")
    assert same(jump.expr, "(T - 24) - ((T - 1)**2 - 500)")
    assert not jump.strict
    assert (jump.region.box[0].lo, jump.region.box[0].hi) == (21, 22)
    second = by_name(found, "jump:heating->cooling", "transition 2")
    assert same(second.expr, "(T - 24) - (T**2 - 500)")


@pytest.mark.parametrize("condition", ["boundary", "strict-boundary"])
def test_other_conditions_keep_the_sublevel_set(condition: str) -> None:
    jump = by_name(conditions(THERMOSTAT % condition, "hybrid"), "jump:cooling->heating")
    assert same(jump.expr, "-(T - 24)")
    (inside,) = conjuncts(jump.region.formula)
    assert same(inside.expr, "-(T**2 - 500)")  # type: ignore[union-attr]
    assert inside.relation is Relation.GE  # type: ignore[union-attr]


def test_between_levels_keeps_the_closed_sublevel_set_even_if_it_starts_inside() -> None:
    levels = "between-levels, strict: initial, levels: {initial: 0, unsafe: 1}"
    jump = by_name(conditions(THERMOSTAT % levels, "hybrid"), "jump:cooling->heating")
    (inside,) = conjuncts(jump.region.formula)
    assert not jump.strict
    assert inside.relation is Relation.GE  # type: ignore[union-attr]


def test_strict_initial_keeps_the_open_sublevel_set() -> None:
    text = THERMOSTAT % "boundary, strict: initial"
    jump = by_name(conditions(text, "hybrid"), "jump:cooling->heating")
    (inside,) = conjuncts(jump.region.formula)
    assert jump.strict
    assert inside.relation is Relation.GT  # type: ignore[union-attr]
