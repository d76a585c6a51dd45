"""True polynomial claims are proved, with certificates that an independent check accepts."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bcv import expr as ex
from bcv.engines.engine import Budget
from bcv.engines.sum_of_squares import SumOfSquaresEngine
from bcv.events import ignore
from bcv.evidence import SumOfSquares
from bcv.expr import Expr, const, var
from bcv.obligation import Obligation
from bcv.outcome import Hints, Outcome, Proved, Reason, Undecided
from bcv.region import (
    TRUE,
    UNBOUNDED,
    Formula,
    Range,
    all_of,
    any_of,
    at_least,
    equal,
    greater,
    region,
)
from tests.algebra.reference import certifies

x, y, z, w = map(var, "xyzw")
TINY = const(Fraction(1, 10**6))


def c(value: Fraction | int | str) -> Expr:
    return const(Fraction(value))


def claim(
    g: Expr,
    names: str = "xy",
    formula: Formula = TRUE,
    half: int | None = None,
    strict: bool = False,
) -> Obligation:
    side = UNBOUNDED if half is None else Range(Fraction(-half), Fraction(half))
    where = region(tuple(names), (side,) * len(names), formula)
    return Obligation("claim", "", "", where, g, strict)


def attempt(obligation: Obligation, seconds: float = 20.0) -> Outcome:
    budget = Budget(time.monotonic() + seconds)
    return SumOfSquaresEngine().discharge(obligation, Hints(), budget, ignore)


def is_proved(obligation: Obligation, seconds: float = 20.0) -> bool:
    outcome = attempt(obligation, seconds)
    if not isinstance(outcome, Proved):
        return False
    assert isinstance(outcome.evidence, SumOfSquares)
    assert certifies(obligation, outcome.evidence)
    return True


MOTZKIN = x**4 * y**2 + x**2 * y**4 - c(3) * x**2 * y**2 + c(1)
ROBINSON = (
    x**6 + y**6 + c(1) - x**4 * y**2 - x**2 * y**4 - x**4 - x**2 - y**4 - y**2
    + c(3) * x**2 * y**2
)  # fmt: skip
CHOI_LAM = x**2 * y**2 + y**2 * z**2 + z**2 * x**2 + w**4 - c(4) * x * y * z * w
CIRCLE = (x**2 + y**2 - c(1)) ** 2 + c("1/10") * (x - y) ** 2

TRUE_CLAIMS = {
    "constant": claim(c(2), strict=True),
    "zero": claim((x + y) ** 2 - x**2 - y**2 - c(2) * x * y),
    "definite": claim(x**2 + y**2 - x * y + c(1), strict=True),
    "tight at the origin": claim(x**2 + y**2 - x * y),
    "tight at a rational point": claim((x - c(1)) ** 2 + (y - c(2)) ** 2),
    "tight at irrational points": claim(CIRCLE),
    "tight on a line": claim((x - y) ** 2 * (c(1) + x**2)),
    "tight on a circle": claim((x**2 + y**2 - c(1)) ** 2),
    "irrational root": claim((x**2 - c(2)) ** 2, "x"),
    "Motzkin": claim(MOTZKIN),
    "Motzkin's form": claim(
        x**4 * y**2 + x**2 * y**4 - c(3) * x**2 * y**2 * z**2 + z**6, "xyz"
    ),
    "Choi and Lam's form": claim(CHOI_LAM, "xyzw"),
    "Choi and Lam's form with a margin": claim(CHOI_LAM + TINY, "xyzw"),
    "Motzkin with a margin": claim(MOTZKIN + TINY, strict=True),
    "Robinson": claim(ROBINSON),
    "circle with a margin": claim(CIRCLE + TINY, strict=True),
    "box, tight in the corners": claim(c(8) - x**2 - y**2, half=2),
    "half-line": claim(x**3, "x", at_least(x)),
    "linear combination": claim(
        x**2 + y**2 - c("39999999/10000000"), formula=at_least(x**2 + y**2, c(4)), strict=True
    ),
    "on a circle": claim(c("1/2") - x * y, formula=equal(x**2 + y**2, c(1))),
    "in the ideal": claim(c(2) * y**4 - c(2) * x * y**2 - y**2 + x, formula=equal(y**2, x)),
    "on two planes": claim(-(x**2) + c(1), "xyz", all_of(equal(x, y), equal(y, z),
                                                         at_least(c(1) - z**2))),
    "disjunction": claim(x**2 - c(1), formula=any_of(at_least(x, c(1)), at_least(-x, c(1)))),
    "empty disk": claim(c(-1) - x**2, formula=at_least(-(x**2) - y**2 - c(1))),
    "empty by a strict atom": claim(
        c(-1), formula=all_of(greater(x**2 + y**2), equal(x), equal(y))
    ),
    "empty interval": claim(c(-1), formula=all_of(at_least(c(1) - x - y), greater(x + y - c(1)))),
    "positive off the boundary": claim(x - y, formula=greater(x, y), strict=True),
    "two inequalities make an equation": claim(
        (x * y - c(1)) ** 2, formula=all_of(at_least(x * y, c(1)), at_least(c(1), x * y))
    ),
}  # fmt: skip

FALSE_CLAIMS = {
    "touching, strict": claim(x**2 + y**2 - x * y, strict=True),
    "Motzkin below": claim(MOTZKIN - TINY),
    "Choi and Lam below": claim(CHOI_LAM - TINY, "xyzw"),
    "Robinson below": claim(ROBINSON - TINY),
    "circle below": claim(CIRCLE - TINY),
    "corner below": claim(c(8) - x**2 - y**2 - TINY, half=2),
    "on a circle below": claim(c("1/2") - x * y - TINY, formula=equal(x**2 + y**2, c(1))),
    "odd": claim(x**3),
    "one bad disjunct": claim(x, formula=any_of(at_least(x, c(1)), at_least(-x, c(1)))),
}


@pytest.mark.parametrize("name", TRUE_CLAIMS)
def test_true_claim_is_proved_and_its_certificate_holds(name: str) -> None:
    assert is_proved(TRUE_CLAIMS[name])


@pytest.mark.parametrize("name", FALSE_CLAIMS)
def test_false_claim_is_not_proved(name: str) -> None:
    assert isinstance(attempt(FALSE_CLAIMS[name], 0.7), Undecided)


def test_an_altered_certificate_is_rejected() -> None:
    obligation = TRUE_CLAIMS["tight on a circle"]
    outcome = attempt(obligation)
    assert isinstance(outcome, Proved)
    assert isinstance(outcome.evidence, SumOfSquares)
    assert not certifies(claim((x**2 + y**2 - c(2)) ** 2), outcome.evidence)


@pytest.mark.parametrize("g", [ex.apply(ex.Op.SIN, x), ex.PI * x**2, x / y, ex.apply(ex.Op.ABS, x)])
def test_other_functions_are_left_to_others(g: Expr) -> None:
    outcome = attempt(claim(g))
    assert isinstance(outcome, Undecided)
    assert outcome.reason is Reason.UNSUPPORTED


def test_hostile_powers_end_quickly() -> None:
    start = time.monotonic()
    for g in ((x + y + z + w + c(1)) ** 70, ((x + c(1)) ** 900 - y) ** 900):
        assert isinstance(attempt(claim(g, "xyzw"), 2.0), Undecided)
    assert time.monotonic() - start < 3.0


small = st.integers(-3, 3)


@settings(max_examples=25, deadline=None, derandomize=True, phases=[Phase.generate])
@given(st.lists(st.tuples(small, small, small, small, small, small), min_size=1, max_size=3))
def test_random_sums_of_squares_are_proved(rows: list[tuple[int, ...]]) -> None:
    basis = (c(1), x, y, x**2, x * y, y**2)
    g = ex.ZERO
    for row in rows:
        g = g + sum((c(k) * m for k, m in zip(row, basis, strict=True)), ex.ZERO) ** 2
    assert is_proved(claim(g + c("1/20") * (c(1) + x**4 + y**4), strict=True), 5.0)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.tuples(small, small, small, small, small), st.integers(1, 3))
def test_random_claims_below_a_value_they_take_are_not_proved(
    row: tuple[int, ...], bound: int
) -> None:
    a, b, d, e, f = row
    g = c(a) * x**2 + c(b) * y**2 + c(d) * x * y + c(e) * x + c(f) * y
    here = Fraction(a + b + d + e + f)
    assert not is_proved(claim(g - c(here) - TINY, half=bound), 0.3)


@pytest.mark.parametrize("g", [c(0), (x - y) * (x + y) - x**2 + y**2])
def test_a_claim_that_is_0_everywhere_is_not_positive_and_breaks_nothing(g: Expr) -> None:
    outcome = attempt(claim(g, formula=at_least(x - y**2), strict=True), seconds=0.5)
    assert isinstance(outcome, Undecided)
