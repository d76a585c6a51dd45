"""Are bounds by coefficients right on half-infinite boxes, for prover and checker alike?"""

from __future__ import annotations

import math
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcv import expr as ex
from bcv import region as rg
from bcv.checker.ring import FIELD
from bcv.checker.rules.bernstein import Bernstein
from bcv.engines.branch_and_bound import BranchAndBound
from bcv.engines.engine import Budget
from bcv.evidence import Bounded, Cover, Form
from bcv.expr import Expr
from bcv.obligation import Obligation
from bcv.outcome import Hints, Outcome, Proved
from bcv.paving.polynomial_bounds import PolynomialBounds
from bcv.region import Range
from tests.paving.replay import replays

X, Y = ex.var("x"), ex.var("y")
LINE = Range(None, None)
Terms = dict[tuple[int, ...], Fraction]

sides = st.one_of(
    st.integers(-3, 3).map(lambda a: (float(a), math.inf)),
    st.integers(-3, 3).map(lambda a: (-math.inf, float(a))),
    st.tuples(st.integers(-3, 2), st.integers(1, 3)).map(lambda p: (p[0] / 2, p[0] / 2 + p[1])),
)
polynomials = st.dictionaries(
    st.tuples(st.integers(0, 4), st.integers(0, 3)),
    st.integers(-4, 6).filter(bool).map(Fraction),
    min_size=1,
    max_size=6,
)


def packed(terms: Terms) -> dict[int, Fraction]:
    return {e[0] + (e[1] << FIELD): c for e, c in terms.items()}


def points(side: tuple[float, float]) -> list[Fraction]:
    lo, hi = side
    if math.isinf(hi):
        return [Fraction(lo) + Fraction(k * k * k, 8) for k in range(8)]
    if math.isinf(lo):
        return [Fraction(hi) - Fraction(k * k * k, 8) for k in range(8)]
    return [Fraction(lo) + (Fraction(hi) - Fraction(lo)) * Fraction(k, 7) for k in range(8)]


@settings(max_examples=300, deadline=None)
@given(polynomials, sides, sides)
def test_a_sign_holds_at_every_point(
    terms: Terms, x: tuple[float, float], y: tuple[float, float]
) -> None:
    lo, hi = np.array([x[0], y[0]]), np.array([x[1], y[1]])
    sign = PolynomialBounds(terms, 2).sign(lo, hi)
    assert Bernstein(packed(terms), 2).signs((x, y)) == sign
    least = min(
        sum(c * a ** e[0] * b ** e[1] for e, c in terms.items())
        for a in points(x)
        for b in points(y)
    )
    assert sign < 0 or least > 0 or (sign == 0 and least == 0)


@pytest.mark.parametrize(
    ("terms", "side", "sign"),
    [
        ({(2,): 1, (0,): -1}, (1.0, math.inf), 0),
        ({(2,): 1, (0,): -1}, (2.0, math.inf), 1),
        ({(2,): 1, (0,): -1}, (0.0, math.inf), -1),
        ({(3,): -1, (0,): -1}, (-math.inf, -1.0), 0),
        ({(1,): 1}, (0.0, math.inf), 0),
        ({(4,): 1, (0,): 1}, (0.0, math.inf), 1),
        ({(2,): 1}, (-math.inf, math.inf), -1),
    ],
)
def test_the_sign_far_out_is_that_of_the_coefficients(
    terms: dict[tuple[int, ...], int], side: tuple[float, float], sign: int
) -> None:
    exact = {e: Fraction(c) for e, c in terms.items()}
    lo, hi = (np.array([end]) for end in side)
    assert PolynomialBounds(exact, 1).sign(lo, hi) == sign
    assert Bernstein({e[0]: c for e, c in exact.items()}, 1).signs((side,)) == sign


def discharged(claim: Expr, box: tuple[Range, ...], strict: bool) -> tuple[Obligation, Outcome]:
    obligation = Obligation("flow", "", "", rg.region(("x", "y"), box, rg.TRUE), claim, strict)
    budget = Budget(time.monotonic() + 20.0, boxes=200_000)
    return obligation, BranchAndBound().discharge(obligation, Hints(), budget, lambda event: None)


def test_a_polynomial_is_bounded_on_the_whole_plane() -> None:
    claim = X**4 + Y**4 + X**2 * Y**2 - X * Y - X + ex.ONE
    obligation, found = discharged(claim, (LINE, LINE), strict=True)
    assert isinstance(found, Proved)
    assert isinstance(found.evidence, Cover)
    assert Bounded(Form.BERNSTEIN) in found.evidence.reasons
    assert replays(obligation, found.evidence)


def test_a_polynomial_that_falls_below_zero_far_out_is_not_proved() -> None:
    claim = X**4 + Y**4 - ex.const(Fraction(21, 10)) * X**2 * Y**2 + ex.const(10**6)
    _, found = discharged(claim, (LINE, LINE), strict=False)
    assert not isinstance(found, Proved)
