"""Is a claim on a surface the same claim after multiples of the surface lowered its degree?"""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bcv.algebra import lowering, search
from bcv.algebra.identity import CLAIM, is_refutation
from bcv.algebra.polynomial import Poly, ring
from bcv.algebra.systems import Constraint, System
from bcv.evidence import Gram, PolynomialCase
from bcv.region import Relation

OVER = ring(("x", "y"))
X, Y = OVER.generator(0), OVER.generator(1)


def _on(surface: Poly, claim: Poly, *more: Constraint, strict: bool = False) -> System:
    return System(OVER, claim, strict, (Constraint(0, surface, Relation.EQ), *more))


def test_leading_forms_on_a_hyperbola_cancel() -> None:
    surface = X**2 - 4 * Y**2 - 1
    low = lowering.lowered(_on(surface, X**3 - 4 * X * Y**2 + Y + 7))
    assert low is not None
    assert low.system.claim == X + Y + 7
    assert low.quotients == {0: X}


def test_claim_whose_leading_form_is_no_multiple_stays() -> None:
    assert lowering.lowered(_on(X**2 + Y**2 - 1, X**3)) is None


def test_claim_that_is_tight_only_at_infinity_is_proved() -> None:
    """x * B + a definite form, on a hyperbola, in the half plane of one branch."""
    surface = X**2 - 3 * X * Y + Y**2 + 2 * X + 5
    half = Constraint(1, -Y - 1, Relation.GE)
    system = _on(surface, 2 * X * surface + X**2 + X * Y + Y**2 + 1, half)
    case = search.refute(system, (), time.monotonic() + 20)
    assert isinstance(case, PolynomialCase)
    assert is_refutation(case, system)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-3, 3), min_size=4, max_size=4),
    st.integers(0, 2),
    st.integers(1, 3),
)
def test_case_against_the_lowered_claim_becomes_one_against_the_claim(
    q: list[int], power: int, constant: int
) -> None:
    surface = X**2 - 2 * X * Y - 1
    claim = X**2 + Y**2 + constant + (q[0] * X**2 + q[1] * X * Y + q[2] * Y + q[3]) * surface
    low = lowering.lowered(_on(surface, claim))
    assume(low is not None and low.system.claim == X**2 + Y**2 + constant)
    assert low is not None
    # G' = -(x^2 + y^2 + c): G'^(p + 1) + (x^2 + y^2 + c) G'^p = 0.
    squares = ((1, 0), (0, 1), (0, 0))
    matrix = tuple(Fraction(v) for v in (1, 0, 1, 0, 0, constant))
    case = PolynomialCase(
        (((CLAIM,) * power, Gram(squares, matrix)),), (), Fraction(1), (CLAIM,) * (power + 1)
    )
    assert is_refutation(case, low.system)
    found = lowering.raised(low, case)
    assert is_refutation(found, low.original)
    if found.free:
        index, terms = found.free[0]
        broken = replace(found, free=((index, terms[1:]),))
        assert not is_refutation(broken, low.original)
