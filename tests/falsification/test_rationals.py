"""Exact candidates near float points."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bcv import expr as ex
from bcv.enclosures.exact import exact_sign
from bcv.falsify.rationals import named, nearby, on_line, on_surface, rational_roots
from bcv.region import UNBOUNDED, Range

F = Fraction
X, Y = ex.var("x"), ex.var("y")
NAMES = ("x", "y")
small = st.fractions(min_value=-4, max_value=4, max_denominator=12)


@given(small, small)
def test_a_simple_rational_is_among_its_own_candidates(x: Fraction, y: Fraction) -> None:
    box = (Range(F(-4), F(4)), UNBOUNDED)
    assert (x, y) in nearby(np.array([float(x) + 1e-9, float(y) - 1e-9]), box)


@given(st.floats(-10, 10), st.floats(-10, 10))
def test_candidates_lie_in_the_box(x: float, y: float) -> None:
    side = Range(F(-1, 3), F(2, 7))
    for a, b in nearby(np.array([x, y]), (side, side)):
        assert -F(1, 3) <= a <= F(2, 7)
        assert -F(1, 3) <= b <= F(2, 7)


@given(small, small, small)
def test_rational_roots_are_roots(a: Fraction, b: Fraction, c: Fraction) -> None:
    for root in rational_roots((a, b, c)):
        assert a + b * root + c * root**2 == 0


def test_products_of_linear_factors_are_solved() -> None:
    assert set(rational_roots((F(-1, 6), F(1, 6), F(1)))) == {F(1, 3), F(-1, 2)}


@given(small, small)
def test_a_line_from_a_point_of_a_quadric_meets_it_again(x: Fraction, y: Fraction) -> None:
    circle = X**2 + Y**2 - ex.ONE
    for point in on_line(circle, NAMES, (F(1), F(0)), (x, y)):
        assert exact_sign(circle, named(NAMES, point)) == 0
    if x != 1:
        assert len(set(on_line(circle, NAMES, (F(1), F(0)), (x, y)))) == 2


def test_a_coordinate_is_solved_for_on_a_surface() -> None:
    surface = X * Y - ex.const(F(1, 7))
    assert (F(1, 2), F(2, 7)) in set(on_surface(surface, NAMES, (F(1, 2), F(1, 3))))
