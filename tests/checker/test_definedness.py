"""Where must an expression be defined? In the branch that a select takes, and nowhere else."""

from __future__ import annotations

import pytest

from bcv.checker.rules.fixed_point import Fixed
from bcv.checker.rules.intervals import Floats, Interval
from bcv.checker.rules.programs import enclosures
from bcv.checker.terms import Terms

ARITHMETICS = (Floats(), Fixed(128))


def enclosed(terms: Terms, roots: tuple[int, ...], lo: float, hi: float) -> list[list[Interval]]:
    """The enclosures of the roots on [lo, hi], in each arithmetic; [] where one is undefined."""
    return [
        enclosures(terms, ("x",), arithmetic, roots)([arithmetic.interval(lo, hi)]) or []
        for arithmetic in ARITHMETICS
    ]


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_branch_that_is_not_selected_need_not_be_defined(wrapped: bool) -> None:
    terms = Terms()
    x, two = terms.node("var", "x"), terms.const(2)
    risky = terms.apply("log", x)
    root = terms.select(terms.sub(x, two), terms.add(risky, two) if wrapped else risky, two)
    assert all(enclosed(terms, (root,), -1.0, 1.0))
    assert all(enclosed(terms, (root,), 3.0, 4.0))
    assert not any(enclosed(terms, (root, risky), -1.0, 1.0))


def test_a_branch_that_is_perhaps_selected_must_be_defined() -> None:
    terms = Terms()
    x = terms.node("var", "x")
    root = terms.select(terms.add(x, terms.one), terms.apply("log", x), terms.zero)
    assert not any(enclosed(terms, (root,), -2.0, 1.0))
    assert not any(enclosed(terms, (root,), -1.0, -1.0))
    assert not any(enclosed(terms, (root,), -0.5, -0.25))
    assert not any(enclosed(terms, (terms.add(root, terms.one),), -0.5, -0.25))


def test_an_undefined_condition_selects_nothing() -> None:
    terms = Terms()
    x = terms.node("var", "x")
    root = terms.select(terms.apply("log", x), terms.one, terms.zero)
    assert not any(enclosed(terms, (root,), -1.0, 1.0))
    outer = terms.select(root, terms.one, terms.zero)
    assert not any(enclosed(terms, (outer,), -1.0, 1.0))


def test_a_power_beside_a_select_is_defined() -> None:
    terms = Terms()
    x = terms.node("var", "x")
    root = terms.add(terms.power(x, 2), terms.select(x, terms.one, terms.zero))
    assert all(enclosed(terms, (root,), -2.0, -1.0))
