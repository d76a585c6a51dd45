"""Does a claim about some of the variables keep the cost of those?"""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from bcv.algebra import inspection, search
from bcv.algebra.components import components
from bcv.algebra.identity import is_refutation
from bcv.algebra.polynomial import Poly, ring
from bcv.algebra.systems import Constraint, System
from bcv.evidence import PolynomialCase
from bcv.region import Relation

OVER = ring(tuple("uvwxyz"))
U, V, W, X, Y, Z = (OVER.generator(i) for i in range(6))


def _system(claim: Poly, *atoms: tuple[Poly, Relation], strict: bool = False) -> System:
    constraints = (Constraint(i, poly, relation) for i, (poly, relation) in enumerate(atoms))
    return System(OVER, claim, strict, tuple(constraints))


def test_constraints_link_variables_however_long_the_chain() -> None:
    system = _system(
        X**2,
        (U - V, Relation.GE),
        (W - Z, Relation.EQ),
        (X + W, Relation.GE),
        (Z - V, Relation.GE),
        (1 - Y**2, Relation.GE),
    )
    own, other = components(system)
    assert own.axes == (0, 1, 2, 3, 5)
    assert other.axes == (4,)
    assert other.system.claim.is_zero()
    assert other.system.strict


def test_system_that_hangs_together_has_no_parts() -> None:
    assert list(components(_system(U * V * W, (X - Y * Z * U, Relation.GE)))) == []


def test_case_of_a_part_refutes_the_whole() -> None:
    system = _system(Z**2 - 4, (Z - 2, Relation.GE), (U**2 + V**2 - W, Relation.GE))
    case = search.refute(system, (), time.monotonic() + 10)
    assert isinstance(case, PolynomialCase)
    assert is_refutation(case, system)
    assert all(m[:5] == (0,) * 5 for _, gram in case.cone for m in gram.basis)


def test_another_part_that_is_empty_proves_any_claim() -> None:
    system = _system(-1 - Z**2, (-1 - U**2 - V**2, Relation.GE), (Z, Relation.GE))
    case = search.refute(system, (), time.monotonic() + 20)
    assert isinstance(case, PolynomialCase)
    assert is_refutation(case, system)


@pytest.mark.parametrize(
    ("low", "high", "empty"),
    [
        ((2 * X - 4, Relation.GE), (3 - 3 * X, Relation.GE), True),
        ((X - 1, Relation.GT), (1 - X, Relation.GE), True),
        ((X - 1, Relation.GE), (5 - 5 * X, Relation.GT), True),
        ((X - 1, Relation.GE), (1 - X, Relation.GE), False),
        ((X - 1, Relation.GT), (2 - X, Relation.GT), False),
    ],
)
def test_bounds_that_cross_are_a_contradiction_at_sight(
    low: tuple[Poly, Relation], high: tuple[Poly, Relation], empty: bool
) -> None:
    system = _system(-1 - Z**2, (Z, Relation.GE), low, high)
    case = inspection.refute(system)
    assert (case is not None) == empty
    if case is not None:
        assert is_refutation(case, system)


def test_zeros_of_another_part_of_the_region_do_not_mislead() -> None:
    """Of x - 2 >= 0 where x >= 2, seen from where x <= -2 and x >= 0."""
    system = _system(X - 2, (X, Relation.GE), (-X - 2, Relation.GE), (Y, Relation.GE))
    zero = tuple(map(Fraction, (0, 0, 0, 2, 1, 0)))
    case = search.refute(system, (zero,), time.monotonic() + 10)
    assert isinstance(case, PolynomialCase)
    assert is_refutation(case, system)
