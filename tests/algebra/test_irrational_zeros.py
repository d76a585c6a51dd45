"""Are claims that are tight at irrational points, or along curves, decided exactly?"""

from __future__ import annotations

import math
import time
from fractions import Fraction

import pytest

from bcv.algebra import faces
from bcv.algebra.polynomial import ring
from bcv.algebra.program import Block, Program
from bcv.algebra.zeros import TINY, approximate, estimates
from bcv.engines.engine import Budget
from bcv.engines.registry import create
from bcv.events import ignore
from bcv.obligation import Obligation
from bcv.outcome import Hints, Proved
from tests.rewriting.claims import claim

SQUARE = {"x": ("-2", "2"), "y": ("-2", "2")}
DOTTIE = 0.7390851332151607
"""x = cos(x)."""

TIGHT = {
    "two roots": (claim("(x**2 - 2)**2 + 4*y**2 - (x**2 - 2)*y", SQUARE), (math.sqrt(2), 0.0)),
    "cosine meets the diagonal": (
        claim("(2 + sin(x))*(x - cos(x))**2 + 4*y**2 - (x - cos(x))*y", SQUARE),
        (DOTTIE, 0.0),
    ),
    "exponential": (claim("(exp(x) - 2)**2 - (exp(x) - 2)*y + y**2", SQUARE), (math.log(2), 0.0)),
    "on a line": (
        claim("(x - y/2)**2", SQUARE, zero=("x**2 + y**2 - 1",)),
        (1 / math.sqrt(5), 2 / math.sqrt(5)),
    ),
}


@pytest.mark.parametrize("name", TIGHT)
def test_estimate_is_a_zero_to_hundreds_of_digits(name: str) -> None:
    obligation, near = TIGHT[name]
    moved = [x + 1e-5 for x in near]
    (found,) = estimates(obligation, [moved])
    assert all(abs(float(a) - b) < 1e-12 for a, b in zip(found, near, strict=True))
    value = approximate((obligation.expr,), dict(zip(("x", "y"), found, strict=True)))
    assert value is not None
    assert abs(value[0]) <= TINY


def test_minimum_that_is_not_zero_is_no_estimate() -> None:
    obligation = claim("(x**2 - 2)**2 + 4*y**2 + 1/100", SQUARE)
    assert estimates(obligation, [(1.4142, 0.0)]) == ()


def test_known_exact_zero_is_no_estimate() -> None:
    obligation = claim("x**2 + y**2", SQUARE)
    assert estimates(obligation, [(1e-9, 0.0)], [(Fraction(0), Fraction(0))]) == ()


@pytest.mark.parametrize(
    ("text", "near"),
    [("exp(1) - exp(x) + 0*y", (2.0, -2.0)), ("exp(x**4)*y**2 - exp(-x)", (300.0, 1.0))],
)
def test_corner_or_an_overflow_gives_no_estimate(text: str, near: tuple[float, float]) -> None:
    wide = {"x": ("-300", "2"), "y": ("-2", None)}
    assert estimates(claim(text, wide), [near]) == ()


@pytest.mark.parametrize("name", TIGHT)
def test_claim_tight_at_an_irrational_point_is_proved(name: str) -> None:
    obligation, near = TIGHT[name]
    assert isinstance(_attempt(obligation, near), Proved)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("(x**2 - 2)**2 + 4*y**2 - (x**2 - 2)*y - 1/10**9", (math.sqrt(2), 0.0)),
        ("(exp(x) - 2)**2 - 3*(exp(x) - 2)*y + y**2", (math.log(2), 0.0)),
        ("x**2 - 2*x*sqrt(2) + 2 - 1/10**12", (math.sqrt(2), 0.0)),
    ],
)
def test_false_claim_close_to_an_irrational_zero_is_not_proved(
    text: str, near: tuple[float, float]
) -> None:
    assert not isinstance(_attempt(claim(text, SQUARE), near, 2.0), Proved)


def test_sine_around_a_half_turn_is_known_as_well_as_around_zero() -> None:
    """The flow of 2 u^2 + u y + y^2 along u' = y, y' = sin(pi + u) - 2 y."""
    text = "-(2*(x - pi) + y)*y - (x - pi + 2*y)*(sin(x) - 2*y)"
    obligation = claim(text, {"x": ("2", "4.2"), "y": ("-1", "1")})
    assert isinstance(_attempt(obligation, (math.pi, 0.0)), Proved)


def test_relations_of_several_zeros_are_those_of_all() -> None:
    """The squares that vanish on the unit circle, from four of its points."""
    over = ring(("x", "y"))
    x, y = over.generator(0), over.generator(1)
    surface = x**2 + y**2 - 1
    basis = ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2))
    program = Program(over, surface**2, (Block((), over.constant(1), basis),), ())
    circle = claim("(x**2 + y**2 - 1)**2", SQUARE)
    angles = (0.3, 1.1, 2.0, 3.3, 4.7)
    points = estimates(circle, [(math.cos(a) + 1e-6, math.sin(a)) for a in angles])
    assert len(points) == len(angles)
    (block,) = faces.cut_at_estimates(program, points).blocks
    assert block.rows is not None
    (row,) = block.rows
    found = over.from_terms({m: c for m, c in zip(basis, row, strict=True) if c})
    assert found in (surface, -surface)


def _attempt(obligation: Obligation, near: tuple[float, float], seconds: float = 30.0) -> object:
    hints = Hints(points=(near,))
    for name in ("sum-of-squares", "lifting"):
        budget = Budget(time.monotonic() + seconds)
        outcome = create(name).discharge(obligation, hints, budget, ignore)
        if isinstance(outcome, Proved):
            return outcome
    return outcome
