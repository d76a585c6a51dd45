"""The best input in closed form."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from bcv import expr as ex
from bcv.conditions import obligations_of
from bcv.errors import ProblemError
from bcv.problem import TimeKind
from bcv.region import Relation, conjuncts
from tests.conditions.problems import by_name, conditions, problem, same

CONTROLLED = """
states: {x: [-2, 2], y: [-2, 2]}
inputs: {u: %s}
disturbances: {d: [-1, 1]}
dynamics: {x: y, y: "%s"}
initial: x <= -1
unsafe: x >= 1
certificate: {B: "x**2 + x*y + y**2 - 1", condition: nonincreasing}
"""


def test_a_bounded_input_contributes_its_least_value() -> None:
    flow = by_name(conditions(CONTROLLED % ("[-1, 3]", "-x + u + d")), "flow")
    slope = "(x + 2*y)"
    wanted = f"-((2*x + y)*y + {slope}*(-x + d) + {slope} - 2*abs({slope}))"
    assert same(flow.expr, wanted)
    assert flow.region.variables == ("x", "y", "d")


def test_a_half_bounded_input_settles_one_sign_of_its_effect() -> None:
    flow = by_name(conditions(CONTROLLED % ("[1, .inf]", "-x + u + d")), "flow")
    (sign,) = conjuncts(flow.region.formula)
    assert sign.relation is Relation.GE  # type: ignore[union-attr]
    assert same(sign.expr, "x + 2*y")  # type: ignore[union-attr]
    assert same(flow.expr, "-((2*x + y)*y + (x + 2*y)*(-x + d + 1))")


def test_an_unbounded_input_leaves_only_the_states_it_cannot_move() -> None:
    flow = by_name(conditions(CONTROLLED % ("null", "-x + u + d")), "flow")
    (surface,) = conjuncts(flow.region.formula)
    assert surface.relation is Relation.EQ  # type: ignore[union-attr]
    assert same(surface.expr, "x + 2*y")  # type: ignore[union-attr]


def test_squares_that_cancel_leave_an_affine_input() -> None:
    u, x, d = ex.var("u"), ex.var("x"), ex.var("d")
    given = problem(CONTROLLED % ("[-1, 1]", "u"))
    (mode,) = given.modes
    dynamics = (mode.dynamics[0], (u + x) ** 2 - u**2 + d)
    flow = by_name(
        obligations_of(replace(given, modes=(replace(mode, dynamics=dynamics),))), "flow"
    )
    wanted = "-((2*x + y)*y + (x + 2*y)*(x**2 + d) - abs(2*x*(x + 2*y)))"
    assert same(flow.expr, wanted)


@pytest.mark.parametrize("dynamics", ["u**2", "sin(u)", "abs(u)", "sqrt(u + 3)", "1/(u + 3)"])
def test_inputs_that_enter_otherwise_are_an_error(dynamics: str) -> None:
    with pytest.raises(ProblemError):
        conditions(CONTROLLED % ("[-1, 1]", dynamics))


def test_an_effect_that_depends_on_the_unknown_affinely_may_be_known_first() -> None:
    """By Sion's minimax theorem: the value is affine in u and in d, each from a bounded box."""
    flow = by_name(conditions(CONTROLLED % ("[-1, 1]", "x + (2 + d)*u")), "flow")
    assert same(flow.expr, "-((2*x + y)*y + (x + 2*y)*x - abs((x + 2*y)*(2 + d)))")
    assert flow.region.variables == ("x", "y", "d")


@pytest.mark.parametrize(
    ("inputs", "dynamics", "more"),
    [
        ("[-1, 1]", "d**2*u", ""),
        ("[-1, 1]", "d*u + d**2", ""),
        ("[-1, 1]", "d*e*u", "disturbances: {d: [-1, 1], e: [-1, 1]}"),
        ("[-1, 1]", "d*u + abs(d)", ""),
        ("[-1, .inf]", "d*u", ""),
        ("[-1, 1]", "d*u", "disturbances: {d: [-1, .inf]}"),
        ("[-1, 1]", "p*u", "parameters: {p: [1, 2]}\ndomain: x <= p"),
    ],
)
def test_other_effects_that_are_not_known_are_unsupported(
    inputs: str, dynamics: str, more: str
) -> None:
    text = CONTROLLED % (inputs, dynamics)
    if "disturbances" in more:
        text = text.replace("disturbances: {d: [-1, 1]}", "")
    assert [name for name, _ in conditions(text + more).unsupported] == ["flow"]


def test_one_input_must_serve_two_pieces_of_a_kinked_barrier() -> None:
    """|y| has a slope that jumps; that of max(y, 0)**2 is the same on both sides of y = 0."""
    for b, jump in (("abs(y) - 1", "2"), ("max(y, 0)**2 - 1", "0")):
        found = conditions(CONTROLLED.replace("x**2 + x*y + y**2 - 1", b) % ("[-1, 1]", "u"))
        sides = [part for part in found.obligations if part.part.startswith("one input")]
        assert sides
        assert all(part.sufficient for part in sides)
        heights = {ex.substitute(part.expr, {"y": ex.ZERO}).constant for part in sides}
        assert heights == {Fraction(jump), -Fraction(jump)}


def test_one_input_cannot_serve_a_field_that_jumps() -> None:
    assert [
        name for name, _ in conditions(CONTROLLED % ("[-1, 1]", "u + sign(x)")).unsupported
    ] == ["flow"]


def test_discrete_inputs_that_become_quadratic_are_an_error() -> None:
    text = CONTROLLED.replace("x**2 + x*y + y**2 - 1", "%s")
    linear = replace(problem(text % ("[-1, 1]", "u", "x + y")), time=TimeKind.DISCRETE)
    assert same(by_name(obligations_of(linear), "step").expr, "x + y - (y - 1)")
    quadratic = replace(problem(text % ("[-1, 1]", "u", "x + y**2")), time=TimeKind.DISCRETE)
    with pytest.raises(ProblemError):
        obligations_of(quadratic)
