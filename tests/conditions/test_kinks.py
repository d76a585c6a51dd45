"""Where piecewise expressions may jump, and Lie derivatives of random polynomials."""

from __future__ import annotations

import sympy
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from bcv import expr as ex
from bcv.conditions.continuous import lie_derivative
from bcv.conditions.kinks import detached, jumps, piece, switching
from tests.conditions.problems import problem, same, symbolic

X, Y = ex.var("x"), ex.var("y")


def test_heights_of_jumps_are_differences_of_pieces() -> None:
    root = ex.select(X, Y + ex.ONE, Y) * X + ex.select(Y, X, X**2)
    found = dict(jumps(root))
    assert set(found) == {X, Y}
    assert same(piece(found[X], Y, True), "x")
    assert same(piece(found[Y], X, True), "x - x**2")


def test_a_switch_hidden_in_a_condition_is_found() -> None:
    sign = ex.select(X, ex.ONE, ex.const(-1))
    found = dict(jumps(ex.select(sign, Y, X)))
    assert X in found
    assert same(found[X], "y - x")


def test_pieces_that_agree_everywhere_do_not_jump() -> None:
    root = ex.select(X, Y + ex.ONE, Y) - ex.select(X, ex.ONE, ex.ZERO)
    assert [same(height, "0") for _, height in jumps(root)] == [True]
    assert list(jumps(ex.apply(ex.Op.ABS, X) + ex.minimum(X, Y))) == []


def test_detached_switches_at_the_same_surface_by_another_condition() -> None:
    root = ex.select(X, Y, ex.ZERO)
    twin = detached(root, (X, ex.const(2) * X))
    (condition,) = switching(twin)
    assert same(condition, "3*x")
    assert twin.args[1:] == root.args[1:]
    assert detached(root, (Y,)) is root


coefficients = st.lists(st.integers(-5, 5), min_size=9, max_size=9)


def _polynomial(values: list[int]) -> ex.Expr:
    total = ex.ZERO
    for place, value in enumerate(values):
        total = total + ex.const(value) * X ** (place // 3) * Y ** (place % 3)
    return total


@settings(max_examples=40, deadline=None)
@over(coefficients, coefficients, coefficients)
def test_lie_derivatives_agree_with_sympy(b: list[int], f: list[int], g: list[int]) -> None:
    system = problem(
        """
        states: {x: null, y: null}
        dynamics: {x: x, y: y}
        initial: x <= 0
        unsafe: x >= 1
        certificate: {B: x}
        """
    )
    barrier, field = _polynomial(b), (_polynomial(f), _polynomial(g))
    x, y = sympy.symbols("x y", real=True)
    first, second = (symbolic(component) for component in field)
    wanted = symbolic(barrier).diff(x) * first + symbolic(barrier).diff(y) * second
    assert sympy.expand(symbolic(lie_derivative(system, barrier, field)) - wanted) == 0


def test_the_slopes_at_a_kink_are_those_of_one_piece() -> None:
    """Of |x + y| along (1, -1) both pieces change by 0; slopes of different ones would not."""
    b = ex.apply(ex.Op.ABS, ex.var("x") + ex.var("y"))
    along = ex.rate(b, {"x": ex.ONE, "y": ex.const(-1)})
    assert along is ex.ZERO
