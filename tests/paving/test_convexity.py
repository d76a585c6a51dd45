"""A neighbourhood that is called convex is: the exact Hessian is semidefinite on it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bcv import expr as ex
from bcv.expr import Op
from bcv.obligation import Obligation
from bcv.paving.convexity import exact_zero, neighbourhood, positive_semidefinite
from bcv.region import TRUE, Formula, Range, at_least, equal, region

X, Y = ex.var("x"), ex.var("y")
SIDE = Range(Fraction(-1), Fraction(1))
ROOT = ((-1.0, 1.0), (-1.0, 1.0))
ORIGIN = (Fraction(0), Fraction(0))


def _claim(g: ex.Expr, formula: Formula = TRUE, strict: bool = False) -> Obligation:
    return Obligation("", "", "", region(("x", "y"), (SIDE, SIDE), formula), g, strict)


entries = st.integers(-3, 3)


@given(st.lists(entries, min_size=9, max_size=9), st.booleans())
def test_semidefiniteness_agrees_with_eigenvalues(row: list[int], square: bool) -> None:
    a = np.array(row).reshape(3, 3)
    symmetric = a @ a.T if square else a + a.T
    exact = positive_semidefinite([[Fraction(int(x)) for x in line] for line in symmetric])
    least = float(np.linalg.eigvalsh(symmetric).min())
    if abs(least) > 1e-9:
        assert exact == (least > 0)
    if square:
        assert exact


def test_a_quadratic_form_is_convex_on_the_whole_root() -> None:
    found = neighbourhood(_claim(X**2 - X * Y + Y**2), ORIGIN, ROOT)
    assert found is not None
    assert (found.lo, found.hi) == ((-1.0, -1.0), (1.0, 1.0))


def test_a_cubic_term_limits_the_neighbourhood() -> None:
    found = neighbourhood(_claim(X**2 + Y**2 - X**3 * ex.const(2)), ORIGIN, ROOT)
    assert found is not None
    assert 0 < found.hi[0] <= 1 / 6


def test_a_singular_form_with_rational_coefficients_is_convex() -> None:
    third = ex.const(Fraction(1, 3))
    assert neighbourhood(_claim(third * (X - Y) ** 2), ORIGIN, ROOT) is not None


def test_a_saddle_has_no_neighbourhood() -> None:
    assert neighbourhood(_claim(X**2 - Y**2), ORIGIN, ROOT) is None


def test_a_slope_at_the_zero_needs_a_constraint() -> None:
    assert neighbourhood(_claim(X + X**2 + Y**2), ORIGIN, ROOT) is None
    found = neighbourhood(_claim(X + X**2 + Y**2, at_least(X + Y**2 * ex.ZERO + Y)), ORIGIN, ROOT)
    assert found is None
    found = neighbourhood(_claim(X + Y + X**2 + Y**2, at_least(X + Y)), ORIGIN, ROOT)
    assert found is not None
    assert [m.constant for _, m in found.multiplier.terms] == [1]


def test_a_multiplier_of_an_inequality_is_never_negative() -> None:
    assert neighbourhood(_claim(-X - Y + X**2 + Y**2, at_least(X + Y)), ORIGIN, ROOT) is None
    assert neighbourhood(_claim(-X - Y + X**2 + Y**2, equal(X + Y)), ORIGIN, ROOT) is not None


def test_strict_claims_and_kinks_have_none() -> None:
    assert neighbourhood(_claim(X**2 + Y**2, strict=True), ORIGIN, ROOT) is None
    assert neighbourhood(_claim(ex.apply(Op.ABS, X) + Y**2), ORIGIN, ROOT) is None


def test_a_rational_zero_is_recognized_nearby() -> None:
    claim = _claim((X - ex.const(Fraction(1, 3))) ** 2 + Y**2)
    assert exact_zero(claim, (0.333333, 1e-7), 1e-5) == (Fraction(1, 3), Fraction(0))
    assert exact_zero(claim, (0.34, 0.0), 1e-5) is None


def test_a_zero_outside_the_root_has_no_neighbourhood() -> None:
    claim = _claim(ex.div(ex.ZERO * X, X + Y + ex.const(3)) + (X - ex.const(2)) ** 2)
    assert neighbourhood(claim, (Fraction(2), Fraction(0)), ROOT) is None
