"""Is a matrix called positive semidefinite only if it is, however the root of it is guessed?"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction

import pytest

from bcv.checker.rules import semidefinite
from bcv.checker.rules.semidefinite import is_positive_semidefinite

Matrix = list[list[Fraction]]


def gram(pick: random.Random, size: int, rank: int) -> Matrix:
    """R * R^T for a random rational R with so many columns."""
    root = [[Fraction(pick.randint(-9, 9), pick.randint(1, 9)) for _ in range(rank)]
            for _ in range(size)]  # fmt: skip
    return [[sum((a * b for a, b in zip(p, q, strict=True)), Fraction(0)) for q in root]
            for p in root]  # fmt: skip


def shifted(matrix: Matrix, by: Fraction) -> Matrix:
    return [[value + (by if i == j else 0) for j, value in enumerate(row)]
            for i, row in enumerate(matrix)]  # fmt: skip


def rescaled(matrix: Matrix, pick: random.Random) -> Matrix:
    """D * A * D for a diagonal D of very different sizes."""
    sizes = [Fraction(10) ** pick.randint(-30, 30) for _ in matrix]
    return [[sizes[i] * value * sizes[j] for j, value in enumerate(row)]
            for i, row in enumerate(matrix)]  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_a_singular_matrix_is_and_is_not_with_anything_subtracted(seed: int) -> None:
    pick = random.Random(seed)
    size = pick.randint(5, 14)
    matrix = gram(pick, size, pick.randint(1, size - 1))
    assert is_positive_semidefinite(matrix)
    assert is_positive_semidefinite(rescaled(matrix, pick))
    for digits in (1, 6, 10, 12, 14, 16, 20, 60):
        less = shifted(matrix, Fraction(-1, 10**digits))
        assert not is_positive_semidefinite(less), digits
        assert not is_positive_semidefinite(rescaled(less, pick)), digits


@pytest.mark.parametrize("seed", range(12))
def test_a_definite_matrix_needs_no_elimination(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pick = random.Random(seed)
    size = pick.randint(5, 30)
    matrix = shifted(gram(pick, size, size), Fraction(1, 10**6))
    monkeypatch.setattr(semidefinite, "_is_eliminated", lambda rows: False)
    assert is_positive_semidefinite(matrix)
    assert is_positive_semidefinite(rescaled(matrix, pick))


@pytest.mark.parametrize("seed", range(20))
def test_both_ways_agree(seed: int) -> None:
    pick = random.Random(seed)
    size = pick.randint(5, 10)
    matrix = shifted(gram(pick, size, pick.randint(1, size)),
                     Fraction(pick.randint(-50, 50), 10 ** pick.randint(0, 18)))  # fmt: skip
    i, j = pick.randrange(size), pick.randrange(size)
    matrix[i][j] = matrix[j][i] = matrix[i][j] + Fraction(pick.randint(-3, 3), 10**9)
    scale = semidefinite.common_denominator(value for row in matrix for value in row)
    rows = [[int(value * scale) for value in row] for row in matrix]
    exact = semidefinite._is_eliminated(rows)
    assert is_positive_semidefinite(matrix) == exact
    assert exact or not semidefinite._exceeds_a_square(rows)


LIES: dict[str, Callable[[int, int, random.Random], float]] = {
    "zero": lambda i, j, pick: 0.0,
    "one": lambda i, j, pick: float(i == j),
    "random": lambda i, j, pick: pick.uniform(-1, 1),
    "large": lambda i, j, pick: 1e6 * (i == j),
    "huge": lambda i, j, pick: 1e300,
    "infinite": lambda i, j, pick: math.inf,
    "undefined": lambda i, j, pick: math.nan,
}


@pytest.mark.parametrize("lie", LIES)
def test_no_root_makes_an_indefinite_matrix_pass(lie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pick = random.Random(lie)
    told = LIES[lie]
    monkeypatch.setattr(
        semidefinite, "_approximate_root",
        lambda rows: [[told(i, j, pick) for j in range(i + 1)] for i in range(len(rows))],
    )  # fmt: skip
    for _ in range(20):
        size = pick.randint(5, 9)
        matrix = shifted(gram(pick, size, size - 1), -Fraction(1, 10 ** pick.randint(0, 12)))
        assert not is_positive_semidefinite(matrix)


def test_signs_and_zeros_on_the_diagonal_are_seen() -> None:
    size = 6
    unit = [[Fraction(int(i == j)) for j in range(size)] for i in range(size)]
    assert is_positive_semidefinite(unit)
    for value in (Fraction(-1, 10**40), Fraction(-5)):
        changed = [row[:] for row in unit]
        changed[3][3] = value
        assert not is_positive_semidefinite(changed)
    zero = [row[:] for row in unit]
    zero[3][3] = Fraction(0)
    assert is_positive_semidefinite(zero)
    zero[3][1] = zero[1][3] = Fraction(1, 10**50)
    assert not is_positive_semidefinite(zero)
