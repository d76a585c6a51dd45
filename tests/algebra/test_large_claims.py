"""Are claims in many variables tried with few monomials first, and lack of time told?"""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from bcv.algebra import search, support
from bcv.algebra.identity import is_refutation
from bcv.algebra.polynomial import Poly, ring
from bcv.algebra.systems import Constraint, System
from bcv.evidence import PolynomialCase
from bcv.outcome import Reason
from bcv.region import Relation


def _ring(size: int) -> System:
    """A claim that couples neighbours only, on the unit ball."""
    over = ring(tuple(f"x{i}" for i in range(size)))
    x = [over.generator(i) for i in range(size)]
    claim, ball = over.constant(0), over.constant(1)
    for i in range(size):
        claim += 2 * x[i] ** 2 + x[i] ** 2 * x[i - 1] + x[i] ** 4
        ball -= x[i] ** 2
    return System(over, claim, False, (Constraint(0, ball, Relation.GE),))


def test_sparse_claim_in_ten_variables_is_proved_with_few_monomials() -> None:
    system = _ring(10)
    case = search.refute(system, (), time.monotonic() + 60)
    assert isinstance(case, PolynomialCase)
    assert is_refutation(case, system)
    assert sum(len(found.basis) for _, found in case.cone) <= 30


def test_zero_at_the_origin_needs_no_hint() -> None:
    system = _ring(3)
    assert isinstance(search.refute(system, (), time.monotonic() + 5), PolynomialCase)


def test_origin_outside_the_region_is_no_zero_of_the_claim() -> None:
    system = _ring(2)
    outside: Poly = -1 - system.constraints[0].poly
    moved = System(
        system.over, system.claim, False, (Constraint(0, outside, Relation.GE),)
    )  # fmt: skip
    assert search._with_origin(moved, ()) == []
    assert search._with_origin(system, ()) == [(Fraction(0), Fraction(0))]


def test_squares_left_out_for_lack_of_time_are_told_from_squares_tried_in_vain() -> None:
    failure = search.refute(_ring(12), (), time.monotonic() + 0.03)
    assert isinstance(failure, search.Failure)
    assert failure.reason is Reason.TIMEOUT
    assert failure.needed is None or failure.needed > 0.03


def test_claim_in_twelve_variables_is_proved_with_powers_of_single_ones() -> None:
    """Pairs of variables, cubes among them, in a box: the plain squares would be hundreds."""
    size = 12
    over = ring(tuple(f"x{i}" for i in range(size)))
    x = [over.generator(i) for i in range(size)]
    claim, box = over.constant(1), []
    for i in range(size):
        claim += 3 * x[i] ** 2 + x[i] * x[i - 1] - x[i] ** 3 * x[i - 1] - x[i] ** 3 * x[i - 7]
        box.append(Constraint(2 * i, 1 - x[i], Relation.GE))
        box.append(Constraint(2 * i + 1, 1 + x[i], Relation.GE))
    system = System(over, claim, True, tuple(box))
    case = search.refute(system, (), time.monotonic() + 60)
    assert isinstance(case, PolynomialCase)
    assert is_refutation(case, system)


def _cubic(size: int) -> System:
    """A claim with all products of three variables on the unit box, by a margin."""
    over = ring(tuple(f"x{i}" for i in range(size)))
    x = [over.generator(i) for i in range(size)]
    total, square, box = over.constant(0), over.constant(0), []
    for i in range(size):
        total += x[i] / (i + 1)
        square += x[i] ** 2
        box.append(Constraint(2 * i, 1 - x[i], Relation.GE))
        box.append(Constraint(2 * i + 1, 1 + x[i], Relation.GE))
    return System(over, 4 * square + total**3 - total * square, False, tuple(box))


def test_cubic_claim_on_a_box_of_ten_dimensions_is_proved_by_an_identity_of_degree_three() -> None:
    system = _cubic(10)
    case = search.refute(system, (), time.monotonic() + 60)
    assert isinstance(case, PolynomialCase)
    assert is_refutation(case, system)
    assert max(sum(m) for _, found in case.cone for m in found.basis) == 1


def _definite(size: int) -> System:
    """A positive definite quadratic form in which all variables are coupled."""
    over = ring(tuple(f"x{i}" for i in range(size)))
    x = [over.generator(i) for i in range(size)]
    return System(over, sum((x[i] * (x[i] + x[i - 1] / 2 + x[i - 5] / 9) for i in range(size)),
        over.constant(0)), False, ())  # fmt: skip


def test_an_attempt_that_is_cut_short_is_worth_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_: object) -> None:
        raise search.LateError(3.0)

    monkeypatch.setattr(search, "exact_solution", late)
    failure = search.refute(_definite(20), (), time.monotonic() + 1)
    assert isinstance(failure, search.Failure)
    assert failure.reason is Reason.TIMEOUT
    assert failure.needed is not None
    assert 3 <= failure.needed < 5


def test_only_variables_of_a_common_term_are_multiplied() -> None:
    basis = support.monomials(3, 2)
    kept = support.correlated(basis, [(1, 2, 0), (0, 0, 4)])
    assert set(basis) - set(kept) == {(1, 0, 1), (0, 1, 1)}
