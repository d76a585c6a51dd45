"""Are claims that follow at sight refuted without a search, and no others?"""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bcv.algebra import inspection
from bcv.algebra.identity import is_refutation
from bcv.algebra.polynomial import Poly, ring
from bcv.algebra.systems import System

OVER = ring(("x", "y"))
X, Y = OVER.generator(0), OVER.generator(1)


def _system(claim: Poly, strict: bool = False) -> System:
    return System(OVER, OVER.constant(0) + claim, strict, ())


def _is_refuted(system: System) -> bool:
    case = inspection.refute(system)
    assert case is None or is_refutation(case, system)
    return case is not None


COEFFICIENTS = st.dictionaries(
    st.tuples(st.integers(0, 3), st.integers(0, 3)), st.integers(-9, 9), min_size=1, max_size=5
)


@given(COEFFICIENTS, st.fractions(0, 4), st.fractions(Fraction(1, 9), 9))
def test_square_plus_constant_is_seen(
    terms: dict[tuple[int, ...], int], constant: Fraction, scale: Fraction
) -> None:
    root = OVER.from_terms(terms)
    claim = OVER.constant(scale) * root**2 + OVER.constant(constant)
    assert _is_refuted(_system(claim))
    assert _is_refuted(_system(claim, strict=True)) or constant == 0


def test_product_of_three_squares_and_a_millionth_is_seen() -> None:
    root = (X**2 - Y) * (X + Y) * (X * Y - 1)
    assert _is_refuted(_system(root**2 + OVER.constant(Fraction(1, 10**6)), strict=True))


@pytest.mark.parametrize(
    "claim", [X**2 - 1, -(X**2), X**3, 0 * X, X**2 + Y, (X * Y - 1) ** 2 - 2, X**2 * Y]
)
def test_what_may_fail_is_not_seen_as_a_square(claim: Poly) -> None:
    assert not _is_refuted(_system(claim, strict=True))
