"""Do the arithmetic kernels enclose every exact result, and not much more?"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from bcv import expr as ex
from bcv.enclosures.intervals import IntervalMachine
from bcv.enclosures.tape import compile_tape
from bcv.expr import Expr, Op, const
from tests.enclosures.reference import MAX, X, Y, Z, assert_encloses, enclose, intervals, numbers

HALF = const(Fraction(1, 2))
BINARY = {
    "sum": X + Y,
    "difference": X - Y,
    "product": X * Y,
    "quotient": X / Y,
    "minimum": ex.minimum(X, Y),
    "maximum": ex.maximum(X, Y),
}
UNARY = {
    "negative": -X,
    "absolute": ex.apply(Op.ABS, X),
    "reciprocal": ex.ONE / X,
    "half": HALF * X,
    "third": const(Fraction(1, 3)) * X,
    "tenth": const(Fraction(-1, 10)) * X,
    "nothing": const(0) * (ex.ONE / X),
    "multiple of pi": ex.PI * X,
    "huge multiple": const(Fraction(10) ** 400) * X,
    "tiny multiple": const(Fraction(1, 10**400)) * X,
    "tiny normal multiple": const(Fraction(1, 2**1000 - 1)) * X,
    "shift": X + const(Fraction(1, 3)),
    "huge shift": X - const(Fraction(10) ** 400),
    **{f"power {n}": X**n for n in (2, 3, 4, 5, 6, 7, 10, 33)},
}


@pytest.mark.parametrize("name", BINARY)
def test_binary_operation_encloses_exact_results(name: str) -> None:
    rng = np.random.default_rng(1)
    (a, b), (c, d) = intervals(rng, 1500), intervals(rng, 1500)
    assert_encloses([BINARY[name]], rng, np.stack([a, c]), np.stack([b, d]))


@pytest.mark.parametrize("name", {**BINARY, **UNARY})
def test_operation_encloses_exact_results_without_exceptional_numbers(name: str) -> None:
    # One exceptional number sends a whole batch to the careful method; here the fast one works.
    rng = np.random.default_rng(9)
    lo = rng.normal(0, 3, (2, 1000))
    hi = lo + np.exp(rng.uniform(-30, 1, (2, 1000)))
    assert_encloses([{**BINARY, **UNARY}[name]], rng, lo, hi)


@pytest.mark.parametrize("name", UNARY)
def test_unary_operation_encloses_exact_results(name: str) -> None:
    rng = np.random.default_rng(2)
    lo, hi = intervals(rng, 400)
    assert_encloses([UNARY[name]], rng, lo[None], hi[None])


def test_select_encloses_the_branches_that_can_be_taken() -> None:
    rng = np.random.default_rng(3)
    ends = [intervals(rng, 1500) for _ in range(3)]
    roots = [ex.select(X, Y, Z), ex.select(X - Y, Z * X, Y)]
    assert_encloses(roots, rng, np.stack([e[0] for e in ends]), np.stack([e[1] for e in ends]))


def test_select_is_one_branch_where_the_condition_is_strictly_signed() -> None:
    lo = np.array([[5e-324, -2.0, 0.0, -1.0], [1.0] * 4, [5.0] * 4])
    hi = np.array([[1.0, -5e-324, 1.0, 0.0], [2.0] * 4, [6.0] * 4])
    low, high = enclose([ex.select(X, Y, Z)], lo, hi)
    assert low[0].tolist() == [1.0, 5.0, 1.0, 1.0]
    assert high[0].tolist() == [2.0, 6.0, 6.0, 6.0]


@pytest.mark.parametrize("root", [X + Y, X - Y, X * Y], ids=("sum", "difference", "product"))
def test_ordinary_results_are_within_three_ulp(root: Expr) -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(0, 3, (2, 2000))
    points = np.stack([x, y])
    low, high = enclose([root], points, points)
    exact = {Op.ADD: x + y, Op.SUB: x - y, Op.MUL: x * y}[root.op]
    assert np.all(high[0] - low[0] <= 6 * np.spacing(np.abs(exact)))


def test_powers_are_within_a_few_ulp() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(0, 3, (1, 2000))
    for n in (2, 3, 4, 7, 8):
        low, high = enclose([X**n], x, x)
        assert np.all(high - low <= (4 * n + 6) * np.spacing(np.abs(high)))


def test_exact_zeros_stay_zero() -> None:
    zero = np.zeros((3, 1))
    one = np.ones((3, 1))
    roots = [HALF * Y**2, X * Y, X**3, X + Y, X - Y, const(Fraction(1, 3)) * X, X * Y * Z]
    roots += [ex.apply(op, X) for op in (Op.SIN, Op.TAN, Op.ASIN, Op.ATAN, Op.SINH, Op.TANH)]
    roots += [ex.apply(Op.LOG, X + ex.ONE), ex.apply(Op.SQRT, X)]
    low, high = enclose(roots, zero, zero)
    names = [str(root) for root in roots]
    log = names.index(str(roots[-2]))
    low[log] = high[log] = 0.0  # 0 + 1 is widened before its logarithm is taken
    assert np.all(low == 0.0), low
    assert np.all(high == 0.0), high
    low, _ = enclose([HALF * Y**2 + X**4, X * Y, X**5 * Y], zero, one)
    assert np.all(low == 0.0)


def test_products_that_underflow_keep_their_sign_and_their_content() -> None:
    lo = np.array([[1e-200, -2e-200, 0.0, -1e-200], [1e-200, 1e-200, 1e-300, 1e-200]])
    hi = np.array([[2e-200, -1e-200, 1e-200, 1e-200], [2e-200, 2e-200, 1e-200, 1e-200]])
    low, high = enclose([X * Y], lo, hi)
    assert np.all(low[0, [0, 2]] >= 0.0)
    assert high[0, 1] <= 0.0
    assert np.all(high[0, [0, 2, 3]] > 0.0)
    assert np.all(low[0, [1, 3]] < 0.0)


def test_one_underflow_does_not_change_the_rest_of_the_batch() -> None:
    rng = np.random.default_rng(6)
    a, b = intervals(rng, 50)
    keep = (np.abs(a) > 1e-100) & (np.abs(b) < 1e100)
    lo, hi = np.stack([a[keep]] * 2), np.stack([b[keep]] * 2)
    alone = enclose([X * Y, X**3], lo, hi)
    tiny = np.full((2, 1), 1e-200)
    mixed = enclose([X * Y, X**3], np.hstack([lo, tiny]), np.hstack([hi, tiny]))
    for one, other in zip(alone, mixed, strict=True):
        scale = np.spacing(np.abs(one)) * 4
        same = one == other[:, :-1]
        with np.errstate(invalid="ignore"):
            assert np.all(same | (np.abs(one - other[:, :-1]) <= scale))


def test_infinite_boxes_follow_the_limits() -> None:
    inf = math.inf
    lo = np.array([[1.0, -inf, 0.0, 0.0, -inf], [0.0, 0.0, -inf, 1.0, -inf]])
    hi = np.array([[inf, inf, 0.0, inf, -1.0], [0.0, 2.0, inf, inf, inf]])
    low, high = enclose([X * Y, X - Y, X**2, X**3], lo, hi)
    assert low[0].tolist() == [0.0, -inf, 0.0, 0.0, -inf]
    assert high[0].tolist() == [0.0, inf, 0.0, inf, inf]
    assert low[1, 3] == -inf
    assert high[1, 3] == inf
    assert low[2, 1] == 0.0
    assert high[2, 1] == inf
    assert low[3, 4] == -inf
    assert high[3, 4] < 0.0


def test_overflow_keeps_a_finite_lower_bound() -> None:
    huge = np.full((2, 1), 1e300)
    low, high = enclose([X * Y, X**3, X + const(Fraction(10) ** 400)], huge, huge)
    assert np.all(low >= 0.9 * MAX)
    assert np.all(low <= MAX)
    assert np.all(high == math.inf)


def test_large_exponents_are_bounded_in_time_and_sound() -> None:
    rng = np.random.default_rng(7)
    x = np.abs(numbers(rng, 40))[None]
    for n in (1000, 999_999, 2**40, 2**40 + 1):
        low, high = enclose([X**n], x, x)
        assert np.all(low <= high)
        assert np.all(high[x > 1.0] > 1.0)
        assert np.all(low[x < 1.0] <= 1.0)


def test_reversed_or_nan_boxes_are_refused() -> None:
    for lo, hi in ((1.0, 0.0), (math.nan, 1.0), (0.0, math.nan)):
        with pytest.raises(ValueError, match="lower end"):
            enclose([X], np.array([[lo]]), np.array([[hi]]))


def test_blocks_give_the_same_as_one_batch() -> None:
    rng = np.random.default_rng(8)
    lo = rng.normal(0, 1, (2, 20_001))
    hi = lo + rng.random((2, 20_001))
    low, high = enclose([X * Y - X**3], lo, hi)
    pick = rng.integers(0, 20_001, 50)
    low_few, high_few = enclose([X * Y - X**3], lo[:, pick], hi[:, pick])
    assert np.array_equal(low[:, pick], low_few)
    assert np.array_equal(high[:, pick], high_few)


def test_a_machine_may_be_used_with_any_widths_in_any_order() -> None:
    rng = np.random.default_rng(10)
    roots = [X * Y - X**3, ex.apply(Op.TANH, ex.apply(Op.LOG, X)) + Y]
    machine = IntervalMachine(compile_tape(roots, ("x", "y")), 10_000)
    for width in (3, 9000, 8192, 3, 0, 500, 20_000, 1):
        lo = rng.normal(0, 1, (2, width))
        hi = lo + rng.random((2, width))
        for mine, fresh in zip(machine.evaluate(lo, hi), enclose(roots, lo, hi), strict=True):
            assert np.array_equal(mine, fresh)


def test_results_are_not_overwritten_by_the_next_call() -> None:
    machine = IntervalMachine(compile_tape([X], ("x",)))
    first, _ = machine.evaluate(np.zeros((1, 2)), np.ones((1, 2)))
    machine.evaluate(np.full((1, 2), 5.0), np.full((1, 2), 6.0))
    assert first.tolist() == [[0.0, 0.0]]


def test_expressions_without_variables_have_values_on_every_box() -> None:
    low, high = IntervalMachine(compile_tape([ex.PI], ())).evaluate(
        np.empty((0, 2)), np.empty((0, 2))
    )
    assert low.shape == high.shape == (1, 2)
