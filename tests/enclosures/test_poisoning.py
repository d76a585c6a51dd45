"""Does a value that may be undefined make everything that depends on it unknown?"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from bcv import expr as ex
from bcv.expr import Expr, Op, const
from tests.enclosures.reference import X, Y, enclose

PARTIAL = {
    "log": ex.apply(Op.LOG, X),
    "sqrt": ex.apply(Op.SQRT, X),
    "reciprocal": ex.ONE / X,
    "quotient": Y / X,
    "asin": ex.apply(Op.ASIN, X - const(1)),
    "acos": ex.apply(Op.ACOS, X - const(1)),
    "tan": ex.apply(Op.TAN, X + ex.PI * const(Fraction(1, 2))),
}
DISGUISES = {
    "itself": lambda u: u,
    "tanh": lambda u: ex.apply(Op.TANH, u),
    "atan": lambda u: ex.apply(Op.ATAN, u),
    "sin": lambda u: ex.apply(Op.SIN, u),
    "exp": lambda u: ex.apply(Op.EXP, u),
    "square": lambda u: u**2,
    "zero times": lambda u: const(0) * u,
    "half": lambda u: const(Fraction(1, 2)) * u,
    "min": lambda u: ex.minimum(u, const(3)),
    "max": lambda u: ex.maximum(const(-3), u),
    "abs": lambda u: ex.apply(Op.ABS, u),
    "reciprocal of exp": lambda u: ex.ONE / ex.apply(Op.EXP, u),
    "condition": lambda u: ex.select(u, const(1), const(2)),
    "condition of a square": lambda u: ex.select(u**2 + const(1), const(1), const(2)),
    "branch": lambda u: ex.select(Y, u, const(2)),
    "difference": lambda u: u - u,
    "zeroth power": lambda u: ex.power(u, 0),
}


@pytest.mark.parametrize("partial", PARTIAL)
@pytest.mark.parametrize("disguise", DISGUISES)
def test_undefined_values_poison(partial: str, disguise: str) -> None:
    root = DISGUISES[disguise](PARTIAL[partial])
    lo, hi = np.array([[-0.5], [1.0]]), np.array([[0.5], [2.0]])
    low, high = enclose([root], lo, hi)
    assert low[0, 0] == -math.inf
    assert high[0, 0] == math.inf


@pytest.mark.parametrize("partial", PARTIAL)
def test_other_boxes_of_the_batch_are_not_poisoned(partial: str) -> None:
    root = ex.apply(Op.TANH, PARTIAL[partial])
    lo, hi = np.array([[-0.5, 0.25], [1.0, 1.0]]), np.array([[0.5, 0.5], [2.0, 2.0]])
    low, high = enclose([root, X], lo, hi)
    assert low[0, 0] == -math.inf
    assert -1.0 <= low[0, 1] <= high[0, 1] <= 1.0
    assert low[1].tolist() == [-0.5, 0.25]


def test_the_branch_not_taken_does_not_poison() -> None:
    root = ex.select(Y, ex.apply(Op.LOG, X), X)
    lo, hi = np.array([[-1.0] * 3, [-2.0, -1.0, 0.5]]), np.array([[1.0] * 3, [-1.0, 0.0, 1.0]])
    low, high = enclose([root], lo, hi)
    assert (low[0, 0], high[0, 0]) == (-1.0, 1.0)
    assert (low[0, 1], high[0, 1]) == (-math.inf, math.inf)
    assert (low[0, 2], high[0, 2]) == (-math.inf, math.inf)


@pytest.mark.parametrize(
    ("root", "lo", "hi"),
    [
        (ex.ONE / X, 0.0, 1.0),
        (ex.ONE / X, -1.0, 0.0),
        (ex.ONE / X, -1.0, 1.0),
        (ex.ONE / X, 0.0, 0.0),
        (ex.ONE / X, -math.inf, math.inf),
        (ex.apply(Op.LOG, X), 0.0, 1.0),
        (ex.apply(Op.LOG, X), -2.0, -1.0),
        (ex.apply(Op.SQRT, X), -5e-324, 1.0),
        (ex.apply(Op.ASIN, X), 0.0, 1 + 2**-52),
        (ex.apply(Op.ACOS, X), -1 - 2**-52, 0.0),
        (ex.apply(Op.ACOS, X), 2.0, 3.0),
        (ex.apply(Op.TAN, X), 1.5707963267948966, 1.5707963267948968),
        (ex.apply(Op.TAN, X), 0.0, math.inf),
    ],
)
def test_domain_edges_are_possibly_undefined(root: Expr, lo: float, hi: float) -> None:
    low, high = enclose([ex.apply(Op.SIN, root)], np.array([[lo]]), np.array([[hi]]))
    assert (low[0, 0], high[0, 0]) == (-math.inf, math.inf)


@pytest.mark.parametrize(
    ("root", "lo", "hi"),
    [
        (ex.ONE / X, 5e-324, 1.0),
        (ex.apply(Op.SQRT, X), 0.0, 1.0),
        (ex.apply(Op.ASIN, X), -1.0, 1.0),
        (ex.apply(Op.ACOS, X), -1.0, 1.0),
        (ex.apply(Op.LOG, X), 5e-324, math.inf),
        (ex.apply(Op.TAN, X), -1.57, 1.57),
        (ex.apply(Op.SQRT, X**2 + Y**2), -1.0, 1.0),
    ],
)
def test_closed_domains_are_defined_up_to_their_edge(root: Expr, lo: float, hi: float) -> None:
    ends = np.array([[lo], [0.0]]), np.array([[hi], [0.0]])
    low, high = enclose([ex.apply(Op.TANH, root)], *ends)
    assert -1.0 <= low[0, 0] <= high[0, 0] <= 1.0


def test_undefined_constants_poison() -> None:
    bad = ex.apply(Op.LOG, ex.apply(Op.SIN, const(4)))
    good = ex.apply(Op.LOG, ex.apply(Op.SIN, const(2)))
    low, high = enclose(
        [bad, ex.apply(Op.TANH, bad) * X, good + X, const(0) * bad],
        np.zeros((1, 3)),
        np.ones((1, 3)),
    )
    assert np.all(low[[0, 1, 3]] == -math.inf)
    assert np.all(high[[0, 1, 3]] == math.inf)
    assert np.all(np.isfinite(low[2]))


def test_a_finite_but_poisoned_register_is_forgotten_when_it_is_reused() -> None:
    # Many steps over few registers: a mask of a dead value must not reach the value after it.
    value: Expr = ex.apply(Op.LOG, X)
    clean: Expr = Y
    for _ in range(10):
        value, clean = ex.apply(Op.TANH, value), ex.apply(Op.SIN, clean + X)
    low, high = enclose([clean, value], np.array([[-1.0], [0.0]]), np.array([[1.0], [1.0]]))
    assert -1.0 <= low[0, 0] <= high[0, 0] <= 1.0
    assert (low[1, 0], high[1, 0]) == (-math.inf, math.inf)
