"""Are estimates close to the exact values, and NaN where there is none?"""

from __future__ import annotations

import warnings
from fractions import Fraction

import numpy as np
import pytest

from bcv import expr as ex
from bcv.enclosures import floats
from bcv.enclosures.tape import compile_tape
from bcv.expr import Expr, Op, const
from tests.enclosures.reference import NAMES, X, Y


def value(root: Expr, *point: float) -> float:
    points = np.array(point)[:, None]
    return float(floats.evaluate(compile_tape([root], NAMES[: len(point)]), points)[0, 0])


@pytest.mark.parametrize(
    ("root", "x"),
    [
        (ex.ONE / X, 0.0),
        (X / X, 0.0),
        (ex.apply(Op.LOG, X), -1.0),
        (ex.apply(Op.LOG, X), 0.0),
        (ex.apply(Op.SQRT, X), -1.0),
        (ex.apply(Op.ASIN, X), 2.0),
        (const(0) * ex.apply(Op.LOG, X), -1.0),
        (ex.apply(Op.TANH, ex.ONE / X), 0.0),
        (ex.minimum(const(1), ex.ONE / X), 0.0),
        (ex.select(ex.ONE / X, const(1), const(2)), 0.0),
    ],
)
def test_undefined_is_nan(root: Expr, x: float) -> None:
    assert np.isnan(value(root, x))


def test_the_branch_not_taken_may_be_undefined() -> None:
    assert value(ex.select(X, X, ex.apply(Op.LOG, X)), 2.0) == 2.0
    assert value(ex.select(X, ex.apply(Op.LOG, X), X), -2.0) == -2.0


def test_huge_and_tiny_constants_are_kept_in_range() -> None:
    assert np.isfinite(value(X + const(Fraction(10) ** 400), 1.0))
    assert value(X + const(Fraction(1, 10**400)), 1.0) == 1.0


def test_gradient_agrees_with_differences() -> None:
    rng = np.random.default_rng(0)
    root = ex.apply(Op.SIN, X * Y) * ex.apply(Op.EXP, X) + X**5 / (Y**2 + const(1))
    tape = floats.gradient_tape(root, NAMES[:2])
    points = rng.uniform(-1, 1, (2, 50))
    values, gradient = floats.value_and_gradient(tape, points)
    assert values.shape == (50,)
    assert gradient.shape == (2, 50)
    for axis in range(2):
        step = np.zeros((2, 1))
        step[axis] = 1e-6
        above, _ = floats.value_and_gradient(tape, points + step)
        below, _ = floats.value_and_gradient(tape, points - step)
        assert np.allclose(gradient[axis], (above - below) / 2e-6, atol=1e-7)


@pytest.mark.parametrize("op", [Op.LOG, Op.ASIN, Op.SQRT])
def test_undefined_constants_are_nan_without_a_warning(op: Op) -> None:
    far = ex.sub(const(-2), ex.apply(Op.EXP, ex.ONE))
    tape = compile_tape((ex.apply(op, far), ex.div(ex.ONE, ex.apply(op, far))), ("x",))
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        assert any(np.isnan(constant).all() for constant in floats.constant_values(tape))
