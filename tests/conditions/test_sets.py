"""What the initial and unsafe sets ask of B: signs, strictness, levels and conventions."""

from __future__ import annotations

from fractions import Fraction

import pytest

from bcv import expr as ex
from bcv.errors import ProblemError
from bcv.region import FALSE, TRUE, Range
from tests.conditions.problems import by_name, conditions, names, same

PLANE = """
states: {x: [-2, 2], y: null}
dynamics: {x: -x, y: -y}
domain: y <= 5
initial: x**2 + y**2 <= 1/4
unsafe: x >= 1
certificate: {B: x**2 + y**2 - 1, %s}
"""


@pytest.mark.parametrize(
    ("extra", "initial", "initial_strict", "unsafe", "unsafe_strict"),
    [
        ("condition: nonincreasing", "1 - x**2 - y**2", False, "x**2 + y**2 - 1", True),
        ("strict: initial", "1 - x**2 - y**2", True, "x**2 + y**2 - 1", False),
        ("convention: positive-safe", "x**2 + y**2 - 1", False, "1 - x**2 - y**2", True),
        (
            "convention: positive-safe, strict: initial",
            "x**2 + y**2 - 1",
            True,
            "1 - x**2 - y**2",
            False,
        ),
        ("levels: {initial: 2, unsafe: 3}", "3 - x**2 - y**2", False, "x**2 + y**2 - 4", False),
    ],
)
def test_signs_and_strictness(
    extra: str, initial: str, initial_strict: bool, unsafe: str, unsafe_strict: bool
) -> None:
    found = conditions(PLANE % extra)
    first, second = by_name(found, "initial"), by_name(found, "unsafe")
    assert same(first.expr, initial)
    assert first.strict is initial_strict
    assert same(second.expr, unsafe)
    assert second.strict is unsafe_strict


def test_sets_lie_inside_bounds_and_domain() -> None:
    unsafe = by_name(conditions(PLANE % "condition: nonincreasing"), "unsafe")
    assert unsafe.region.variables == ("x", "y")
    assert unsafe.region.box == (Range(Fraction(1), Fraction(2)), Range(None, Fraction(5)))
    assert unsafe.region.formula == TRUE


def test_levels_are_about_minus_h_under_positive_safe() -> None:
    extra = "convention: positive-safe, levels: {initial: 2, unsafe: 3}"
    found = conditions(PLANE % extra)
    assert same(by_name(found, "initial").expr, "2 + (x**2 + y**2 - 1)")
    assert same(by_name(found, "unsafe").expr, "-(x**2 + y**2 - 1) - 3")


def test_levels_must_be_in_order() -> None:
    levels = by_name(conditions(PLANE % "levels: {initial: 2, unsafe: 3}"), "levels")
    assert levels.expr is ex.ONE
    assert levels.strict
    assert levels.region.variables == ()
    assert levels.region.formula == TRUE


def test_strict_initial_with_levels_is_strict_at_the_initial_level() -> None:
    extra = "strict: initial, levels: {initial: 2, unsafe: 3}"
    assert by_name(conditions(PLANE % extra), "initial").strict


def test_exponential_with_levels_is_an_error() -> None:
    with pytest.raises(ProblemError):
        conditions(PLANE % "condition: {exponential: 1}, levels: {initial: 2, unsafe: 3}")


def test_an_empty_set_is_noted_and_its_condition_is_vacuous() -> None:
    found = conditions(PLANE.replace("x >= 1", "x >= 3") % "condition: nonincreasing")
    assert by_name(found, "unsafe").region.formula == FALSE
    assert found.notes == ("the unsafe set is empty: its condition holds vacuously",)


def test_ranged_parameters_are_coordinates_where_they_occur() -> None:
    found = conditions(
        """
        states: {x: [-2, 2]}
        parameters: {p: [1, 2], q: [0, 1]}
        disturbances: {d: [-1/10, 1/10]}
        dynamics: {x: -p*x + d}
        initial: x <= q/10
        unsafe: x >= 1
        certificate: {B: x - 1/2, condition: nonincreasing}
        """
    )
    assert by_name(found, "initial").region.variables == ("x", "q")
    assert by_name(found, "unsafe").region.variables == ("x",)
    flow = by_name(found, "flow")
    assert flow.region.variables == ("x", "p", "d")
    assert flow.region.box[2] == Range(Fraction(-1, 10), Fraction(1, 10))
    assert names(found) == ["initial", "unsafe", "flow"]


def test_time_is_a_coordinate_bounded_by_the_horizon() -> None:
    body = """
        states: {x: null}
        %s
        dynamics: {x: -x + t}
        initial: x <= 0
        unsafe: x >= 1 + t
        certificate: {B: x - 1 - t, condition: nonincreasing}
        """
    unbounded = by_name(conditions(body % ""), "flow")
    assert unbounded.region.variables == ("x", "t")
    assert unbounded.region.box[1] == Range(Fraction(0), None)
    bounded = conditions(body % "horizon: 3")
    assert by_name(bounded, "initial").region.box[1] == Range(Fraction(0), Fraction(3))
    assert "0 <= t <= 3" in bounded.notes[0]
    assert same(by_name(bounded, "flow").expr, "x - t + 1")


def test_the_assumption_about_the_domain_is_stated_only_where_there_is_one() -> None:
    limited = conditions(PLANE % "condition: nonincreasing")
    assert limited.assumes == ("the state stays in the domain",)
    free = PLANE.replace("[-2, 2]", "null").replace("domain: y <= 5", "")
    assert conditions(free % "condition: nonincreasing").assumes == ()
    edge = conditions(PLANE % "condition: boundary")
    assert edge.assumes == ("the state stays in the interior of the domain",)


def test_automatic_levels_compare_initial_points_with_unsafe_points() -> None:
    found = conditions(PLANE % "levels: auto")
    assert names(found) == ["levels", "flow"]
    levels = by_name(found, "levels")
    assert levels.region.variables == ("x", "y", "x'", "y'")
    assert levels.region.box[2] == Range(Fraction(1), Fraction(2))
    at = {name: ex.var(name[0].upper()) for name in ("x'", "y'")}
    moved = ex.substitute(levels.expr, at)
    assert same(moved, "(X**2 + Y**2) - (x**2 + y**2)")
    assert levels.strict


def test_automatic_levels_give_no_surface() -> None:
    found = conditions(PLANE % "levels: auto, condition: boundary")
    assert [name for name, _ in found.unsupported] == ["levels"]
