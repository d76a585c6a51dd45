"""Layered evaluation against a tape's single steps."""

from __future__ import annotations

import numpy as np
import pytest

from bcv import expr as ex
from bcv.enclosures import floats, layers
from bcv.enclosures.affine_program import compile_program
from bcv.enclosures.tape import compile_tape
from bcv.expr import Expr, Op

X, Y = ex.var("x"), ex.var("y")
_EXPRESSIONS = {
    "tanh": ex.apply(Op.TANH, X + X - Y) * X + Y**3,
    "relu": ex.maximum(X - Y, ex.ZERO) - ex.minimum(X, Y + Y),
    "abs": ex.apply(Op.ABS, X) / (ex.ONE + Y**2),
    "select": ex.select(X, X * Y, ex.neg(X * Y)),
    "functions": ex.apply(Op.SIN, X) + ex.apply(Op.EXP, ex.apply(Op.COS, Y)) * ex.PI,
    "constant": ex.ONE + ex.ONE,
}


@pytest.mark.parametrize("name", _EXPRESSIONS)
def test_layers_and_single_steps_agree(name: str) -> None:
    roots: tuple[Expr, ...] = (_EXPRESSIONS[name], X * Y)
    points = np.random.default_rng(0).uniform(-2.0, 2.0, (2, 200))
    expected = floats.evaluate(compile_tape(roots, ("x", "y")), points)
    found = layers.evaluate(compile_program(roots, ("x", "y")), points)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_what_is_undefined_is_nan() -> None:
    found = layers.evaluate(compile_program((ex.ONE / X,), ("x",)), np.array([[0.0, 2.0]]))
    np.testing.assert_array_equal(found, [[np.nan, 0.5]])


def test_what_is_undefined_or_infinite_spoils_only_the_sums_that_it_is_part_of() -> None:
    logarithm, large = ex.apply(Op.LOG, X), ex.apply(Op.EXP, ex.const(1000) * Y)
    sums = (logarithm + Y, X + Y, X - large, large - large, ex.ONE / (ex.ONE + large) + X)
    roots = (*sums, *(ex.apply(Op.TANH, total) for total in sums))
    points = np.array([[-1.0, 1.0, 2.0], [1.0, 1.0, -1.0]])
    expected = floats.evaluate(compile_tape(roots, ("x", "y")), points)
    found = layers.evaluate(compile_program(roots, ("x", "y")), points)
    np.testing.assert_allclose(found[[0, 1, 2, 4]], expected[[0, 1, 2, 4]], rtol=1e-12)
    np.testing.assert_allclose(found[[5, 6, 7, 9]], expected[[5, 6, 7, 9]], rtol=1e-12)
