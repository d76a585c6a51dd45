"""The exact steps accept what is right and nothing else."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcv.algebra import support
from bcv.algebra.gram import is_positive_semidefinite
from bcv.algebra.identity import CLAIM, is_refutation
from bcv.algebra.polynomial import expression, polynomial, ring, to_flint
from bcv.algebra.systems import Constraint, System
from bcv.evidence import Gram, PolynomialCase
from bcv.expr import const, var
from bcv.region import Relation

x, y = var("x"), var("y")
entries = st.lists(st.integers(-3, 3), min_size=9, max_size=9)


def flint_rows(matrix: np.ndarray) -> list[list[object]]:
    return [[to_flint(Fraction(int(e))) for e in row] for row in matrix]


@given(entries)
def test_a_gram_matrix_is_semidefinite(values: list[int]) -> None:
    half = np.array(values).reshape(3, 3)
    assert is_positive_semidefinite(flint_rows(half @ half.T))


@settings(max_examples=200)
@given(entries)
def test_semidefiniteness_agrees_with_the_principal_minors(values: list[int]) -> None:
    half = np.array(values).reshape(3, 3)
    matrix = half + half.T
    subsets = ([0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2])
    minors = [round(float(np.linalg.det(matrix[np.ix_(s, s)]))) for s in subsets]
    assert is_positive_semidefinite(flint_rows(matrix)) == all(minor >= 0 for minor in minors)


def half_line() -> tuple[System, PolynomialCase]:
    """x**3 >= 0 on x >= 0, since x**3 = x * x**2."""
    over = ring(("x",))
    h = polynomial(x, over)
    system = System(over, h**3, False, (Constraint(0, h, Relation.GE),))
    square = Gram(((1,),), (Fraction(1),))
    return system, PolynomialCase((((0,), square),), (), Fraction(1), (CLAIM,))


def test_a_right_identity_is_a_refutation() -> None:
    system, case = half_line()
    assert is_refutation(case, system)


@pytest.mark.parametrize(
    "change",
    [
        {"scale": Fraction(2)},
        {"scale": Fraction(0)},
        {"cone": (((0,), Gram(((1,),), (Fraction(-1),))),)},
        {"cone": (((), Gram(((1,),), (Fraction(1),))),)},
        {"cone": (((7,), Gram(((1,),), (Fraction(1),))),)},
        {"strict": (0,)},
        {"free": ((0, (((0,), Fraction(1)),)),)},
    ],
)
def test_an_altered_identity_is_none(change: dict[str, object]) -> None:
    system, case = half_line()
    assert not is_refutation(replace(case, **change), system)  # type: ignore[arg-type]


def test_a_strict_claim_cannot_use_its_negation_as_strict() -> None:
    system, case = half_line()
    assert not is_refutation(case, replace(system, strict=True))


def test_an_inequality_is_no_equation() -> None:
    over = ring(("x",))
    h = polynomial(x, over)
    system = System(over, -h, False, (Constraint(0, h, Relation.GE),))
    case = PolynomialCase((), ((0, (((0,), Fraction(-1)),)),), Fraction(1), (CLAIM,))
    assert not is_refutation(case, system)


def test_polynomials_become_expressions_and_back() -> None:
    over = ring(("x", "y"))
    poly = polynomial((x + const(2) * y) ** 3 - const(Fraction(1, 7)) * x, over)
    assert polynomial(expression(poly, over), over) == poly


def test_quotients_are_no_polynomials() -> None:
    assert polynomial(x / (y**2 + const(1)), ring(("x", "y"))) is None


def test_sign_symmetries_split_a_basis() -> None:
    found = support.sign_symmetries([(2, 0), (1, 1), (0, 4)], 2)
    assert found == [3]
    assert len(support.split(support.monomials(2, 2), found)) == 2


def test_pruning_leaves_half_the_newton_polytope() -> None:
    motzkin = [(4, 2), (2, 4), (2, 2), (0, 0)]
    kept = support.pruned(support.monomials(2, 3), motzkin)
    assert set(kept) == {(0, 0), (1, 1), (2, 1), (1, 2)}
