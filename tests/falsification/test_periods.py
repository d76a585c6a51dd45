"""Periods that are seen are periods."""

from __future__ import annotations

from math import pi

import pytest

from bcv import expr as ex
from bcv.expr import Expr, Op
from bcv.falsify.periods import period

T, X = ex.var("t"), ex.var("x")


def sin(a: Expr) -> Expr:
    return ex.apply(Op.SIN, a)


@pytest.mark.parametrize(
    ("root", "found"),
    [
        (sin(T) * X, 2 * pi),
        (sin(ex.const(3) * T + X**2) + X, 2 * pi / 3),
        (sin(T / ex.const(4)) + sin(T / ex.const(6)), 24 * pi),
        (sin(T) + T, None),
        (sin(T**2), None),
        (sin(X * T), None),
        (sin(sin(T)), None),
        (X, None),
    ],
    ids=str,
)
def test_a_period_is_seen_through_rational_factors_only(root: Expr, found: float | None) -> None:
    assert period((root,), "t") == (None if found is None else pytest.approx(found))
