"""Bounds by slopes are below every value of the expression, exactly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bcv import expr as ex
from bcv.enclosures.exact import exact_value
from bcv.expr import Op
from bcv.obligation import Obligation
from bcv.paving import mean_value as mv
from bcv.paving import multipliers as mult
from bcv.paving.bounds import Bounds
from bcv.paving.boxes import Boxes
from bcv.region import Range, all_of, at_least, equal, region

X, Y = ex.var("x"), ex.var("y")
SIDE = Range(Fraction(-2), Fraction(2))
G = X**3 - ex.const(Fraction(1, 3)) * X * Y**2 + ex.const(Fraction(1, 10)) * Y
OBLIGATION = Obligation(
    "claim",
    "",
    "",
    region(
        ("x", "y"), (SIDE, SIDE), all_of(at_least(ex.ONE - X**2 - Y**2), equal(X * Y, X - Y**3))
    ),
    G,
    False,
)
BOUNDS = Bounds(OBLIGATION, 64)
numbers = st.floats(-2, 2).map(lambda x: float(np.round(x, 6)))
widths = st.floats(0, 1)
factors = st.floats(-100, 100)


def _box(x: float, y: float, w: float, h: float) -> Boxes:
    lo = np.array([[x], [y]])
    hi = lo + np.array([[w], [h]])
    return Boxes(lo, hi, np.zeros(1, np.int32), np.full(1, -np.inf))


@given(numbers, numbers, widths, widths, factors, factors, st.floats(0, 1), st.floats(0, 1))
def test_the_bound_holds_at_every_point_of_the_box(
    x: float, y: float, w: float, h: float, a: float, b: float, s: float, t: float
) -> None:
    box = _box(x, y, w, h)
    m = np.array([[a], [abs(b)]])
    bound = float(BOUNDS.mean_value(box, BOUNDS.slopes(box), m)[0])
    inside = np.clip(box.lo + np.array([[s], [t]]) * (box.hi - box.lo), box.lo, box.hi)
    point = {"x": Fraction(inside[0, 0]), "y": Fraction(inside[1, 0])}
    f = G
    for row, factor in zip(BOUNDS.usable, (a, abs(b)), strict=True):
        f = f - ex.const(Fraction(factor)) * BOUNDS.test.atoms[row].expr
    value = exact_value(f, point)
    assert isinstance(value, Fraction)
    assert Fraction(bound) <= value


FAR = Obligation(
    "claim",
    "",
    "",
    region(("x", "y"), (Range(Fraction(1), None), Range(None, None)), at_least(X * X - Y)),
    X * ex.apply(Op.LOG, X) - X + X * Y / (ex.ONE + Y**2) - Y + Y,
    False,
)
FAR_BOUNDS = Bounds(FAR, 64)
ends = st.one_of(st.floats(1, 100), st.just(np.inf))
sides = st.tuples(
    st.one_of(st.floats(-50, 50), st.just(-np.inf)), st.one_of(st.floats(-50, 50), st.just(np.inf))
).filter(lambda side: side[0] <= side[1])


@given(st.tuples(st.floats(1, 100), ends).filter(lambda s: s[0] <= s[1]), sides, numbers, widths)
def test_the_bound_holds_on_unbounded_boxes(
    first: tuple[float, float], second: tuple[float, float], far: float, m: float
) -> None:
    lo, hi = np.array([[first[0]], [second[0]]]), np.array([[first[1]], [second[1]]])
    box = Boxes(lo, hi, np.zeros(1, np.int32), np.full(1, -np.inf))
    slopes = FAR_BOUNDS.slopes(box)
    bound = float(FAR_BOUNDS.mean_value(box, slopes, np.array([[m]]))[0])
    for scale in (1.0, 1e3, 1e9):
        inside = np.clip(np.array([[abs(far) * scale], [far * scale]]), lo, hi)
        point = {"x": Fraction(inside[0, 0]), "y": Fraction(inside[1, 0])}
        f = FAR.expr - ex.const(Fraction(m)) * FAR_BOUNDS.test.atoms[FAR_BOUNDS.usable[0]].expr
        value = exact_value(f, point)
        assert not value < bound
        for row, name in enumerate(("x", "y")):
            slope = exact_value(ex.derivative(FAR.expr, name), point)
            assert not slope < slopes[0][0, row, 0]
            assert not slope > slopes[1][0, row, 0]


def test_cancelling_tells_a_slope_far_out() -> None:
    box = Boxes(
        np.array([[1.0], [0.0]]), np.array([[np.inf], [0.0]]), np.zeros(1, np.int32), np.zeros(1)
    )
    assert FAR_BOUNDS.slopes(box)[0][0, 0, 0] >= 0.0


def test_the_equality_comes_first_among_multipliers() -> None:
    assert BOUNDS.free.tolist() == [True, False]


def test_a_value_without_variation_is_kept_exactly() -> None:
    zero = np.zeros((2, 1))
    value = np.array([0.0])
    assert mv.lower_bounds(value, zero, zero, zero - 1, zero + 1, zero)[0] == 0.0


def test_the_multiplier_of_a_constrained_minimum_is_found() -> None:
    """At (1, 1)/sqrt(2) the gradient of -x - y is that of 1 - x**2 - y**2, times 1/sqrt(2)."""
    corner = 0.5**0.5
    values = np.array([[-2 * corner], [0.0]])
    slopes = np.array([[[-1.0], [-1.0]], [[-2 * corner], [-2 * corner]]])
    half = np.full((2, 1), 1e-3)
    free, active = np.array([False]), np.array([[True]])
    found = mult.choose(values, slopes - 1e-3, slopes + 1e-3, half, free, active)
    assert abs(found[0, 0] - corner) < 1e-2


@given(st.floats(-1e6, 1e6), st.integers(3, 26))
def test_rounding_keeps_the_sign_and_few_bits(m: float, bits: int) -> None:
    found = mult.rounded(np.array([m]), np.array([bits]))[0]
    assert found * m >= 0.0
    assert abs(found - m) <= abs(m) * 2.0 ** (1 - bits) or abs(m) < 1e-17
