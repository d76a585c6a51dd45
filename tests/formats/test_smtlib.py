"""The negated query says exactly what the obligation denies, in the solvers' own eyes."""

from __future__ import annotations

from fractions import Fraction

import pytest

from bcv import expr as ex
from bcv import region as rg
from bcv.expr import Expr, Op
from bcv.formats.smtlib import negated_query
from bcv.obligation import Obligation
from bcv.region import Formula, Range

z3 = pytest.importorskip("z3")

X, Y = ex.var("x"), ex.var("y")
UNIT = Range(Fraction(-1), Fraction(1))


def answer(expr: Expr, strict: bool = False, formula: Formula = rg.TRUE) -> str:
    region = rg.region(("x", "y"), (UNIT, UNIT), formula)
    solver = z3.Solver()
    solver.set("timeout", 10_000)
    solver.from_string(negated_query(Obligation("flow", "", "", region, expr, strict)).text)
    return str(solver.check())


def test_a_true_claim_is_unsat_and_a_false_one_sat() -> None:
    assert answer(ex.ONE - X**2) == "unsat"
    assert answer(ex.ONE - X**2, strict=True) == "sat"
    assert answer(ex.const(Fraction(999, 1000)) - X**2) == "sat"


def test_an_undefined_point_satisfies_the_query() -> None:
    assert answer(ex.ONE / X**2) == "sat"
    assert answer(ex.ONE / X**2, formula=rg.greater(X)) == "unsat"
    assert answer(ex.apply(Op.SQRT, X + ex.ONE)) == "unsat"
    assert answer(ex.apply(Op.SQRT, X)) == "sat"


def test_division_by_zero_gives_the_solver_no_free_value_to_prove_with() -> None:
    assert answer(X / X - ex.ONE + ex.ONE / (X - ex.const(2)) ** 2) == "sat"


def test_both_branches_count_where_the_pieces_meet() -> None:
    jump = ex.select(X, ex.ONE, ex.const(-1))
    assert answer(jump, formula=rg.at_least(X)) == "sat"
    assert answer(jump, formula=rg.greater(X)) == "unsat"


def test_kinks_and_disjunctions_are_kept() -> None:
    assert answer(ex.maximum(X, -X) - ex.apply(Op.ABS, X)) == "unsat"
    outer = rg.any_of(rg.greater(X), rg.greater(Y))
    assert answer(ex.minimum(X, Y), formula=outer) == "sat"
    assert answer(ex.maximum(X, Y), strict=True, formula=outer) == "unsat"


def test_pi_is_enclosed_not_rounded() -> None:
    assert answer(ex.PI - ex.const(Fraction(314159, 100000))) == "unsat"
    assert answer(ex.const(Fraction(314159, 100000)) - ex.PI) == "sat"


def test_names_and_functions_are_reported() -> None:
    region = rg.region(("x",), (UNIT,), rg.TRUE)
    query = negated_query(Obligation("flow", "", "a claim", region, ex.apply(Op.TANH, X), False))
    assert query.names == (("x_0", "x"),)
    assert query.functions == {Op.TANH}
    assert "a claim" in query.text
