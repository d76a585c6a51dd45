"""Is a random claim that fails by a millionth ever proved?"""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from bcv.enclosures.exact import exact_value, verify_point
from bcv.outcome import Proved
from tests.rewriting.claims import attempted, claim, entry, expression, replayed

BOX = {"x": ("-2", "2"), "y": ("-2", "2")}
SHAPES = (
    "sin({})", "cos({})", "tanh({})", "abs({})", "atan({})", "exp({})", "sqrt(1 + ({})**2)",
    "log(1 + ({})**2)", "({})/(1 + ({})**2)", "max({}, {})", "({})**2", "({})*({})",
    "({}) + ({})", "({}) - ({})", "(({}) if ({}) - x >= 0 else ({}))",
)  # fmt: skip


def term(pick: random.Random, depth: int) -> str:
    """A random expression."""
    if depth == 0 or pick.random() < 0.2:
        return pick.choice(["x", "y", "x", "y", "1/2", "2", "-1"])
    shape = pick.choice(SHAPES)
    return shape.format(*(term(pick, depth - 1) for _ in range(shape.count("{}"))))


def lowest(text: str) -> tuple[dict[str, Fraction], Fraction]:
    """A point of a grid where the expression is small, and a rational near its value there."""
    root = expression(text)
    grid = [Fraction(n, 2) for n in range(-4, 5)]
    values = {}
    for x in grid:
        for y in grid:
            value = exact_value(root, {"x": x, "y": y})
            if value is not None:
                near = value if isinstance(value, Fraction) else Fraction(float(value.mid()))
                values[x, y] = near
    x, y = min(values, key=lambda point: values[point])
    return {"x": x, "y": y}, values[x, y].limit_denominator(10**12)


@pytest.mark.parametrize("seed", range(24))
def test_no_claim_that_fails_by_a_millionth_is_proved(seed: int) -> None:
    text = term(random.Random(seed), 3)
    point, value = lowest(text)
    obligation = claim(f"{text} - ({value}) - 1e-6", BOX)
    if verify_point(obligation, point) is None:
        pytest.skip("the point is on a switching surface, or the claim is a constant")
    assert not isinstance(attempted(obligation, seconds=0.4), Proved)


@pytest.mark.parametrize("seed", range(100, 112))
def test_what_is_proved_is_checked(seed: int) -> None:
    text = term(random.Random(seed), 2)
    _, value = lowest(text)
    obligation = claim(f"{text} - ({value}) + 1/100", BOX)
    outcome = attempted(obligation, seconds=0.4)
    if isinstance(outcome, Proved):
        replayed(entry(obligation, outcome.evidence))
