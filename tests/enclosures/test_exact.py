"""Exact evaluation and the verification of witnesses."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bcv import expr as ex
from bcv.checker.reading import Reader
from bcv.checker.rules.values import UNDEFINED, UNKNOWN, PointValues
from bcv.checker.terms import Terms
from bcv.enclosures.exact import (
    exact_sign,
    exact_value,
    holds,
    value_text,
    verify_point,
)
from bcv.enclosures.exact_values import Special, as_ball, extend
from bcv.evidence import WitnessKind
from bcv.expr import Expr, Op
from bcv.formats.expression import parse_expression
from bcv.formats.statement import NodeList
from bcv.region import (
    UNBOUNDED,
    Range,
    all_of,
    any_of,
    at_least,
    greater,
)
from tests.enclosures.claims import F, X, Y, at, claim

rationals = st.fractions(min_value=-5, max_value=5, max_denominator=50)


@given(rationals, rationals)
def test_polynomials_are_exact(x: F, y: F) -> None:
    value = exact_value((X - Y) ** 3 + X * Y - ex.const(F(1, 3)), {"x": x, "y": y})
    assert value == (x - y) ** 3 + x * y - F(1, 3)


def test_rational_values_need_no_flint() -> None:
    code = (
        "import sys; from fractions import Fraction as F; from bcv import expr as ex;"
        "from bcv.enclosures.exact import exact_sign;"
        "x = ex.var('x'); assert exact_sign(x*x - ex.apply(ex.Op.EXP, x), {'x': F(0)}) == -1;"
        "assert 'flint' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_transcendental_value_is_enclosed() -> None:
    value = exact_value(ex.apply(Op.SIN, X), at(1))
    assert abs(float(value.mid()) - 0.8414709848078965) < 1e-15


def test_a_tiny_difference_is_decided_by_more_precision() -> None:
    near = F("3.14159265358979323846264338327950288419716939937510582097494459")
    assert exact_sign(ex.apply(Op.SIN, X), {"x": near, "y": F(0)}) == 1


def test_an_undecidable_zero_stays_open() -> None:
    two = ex.apply(Op.SQRT, ex.const(2))
    zero = two * two * X - ex.const(2) * X
    assert exact_sign(ex.apply(Op.SQRT, two) ** 4 * X - ex.const(2) * X, at(1)) is None
    assert exact_sign(zero, at(0)) == 0


@pytest.mark.parametrize(
    ("root", "x"),
    [
        (ex.ONE / X, 0),
        (ex.apply(Op.LOG, X), 0),
        (ex.apply(Op.LOG, X), -1),
        (ex.apply(Op.SQRT, X), "-1/10"),
        (ex.apply(Op.ASIN, X), "11/10"),
        (ex.apply(Op.ACOS, X), -2),
        (ex.apply(Op.LOG, ex.apply(Op.SIN, X)), 4),
        (Y * ex.apply(Op.LOG, X), -1),
    ],
)
def test_undefined_points_are_witnesses(root: Expr, x: object) -> None:
    witness = verify_point(claim(root), at(x))
    assert witness is not None
    assert witness.kind is WitnessKind.UNDEFINED


def test_an_undefined_side_expression_is_a_witness() -> None:
    obligation = claim(ex.ONE + X**2, defined=(ex.ONE / X,))
    witness = verify_point(obligation, at(0))
    assert witness is not None
    assert witness.kind is WitnessKind.UNDEFINED
    assert verify_point(obligation, at(1)) is None


def test_the_branch_not_taken_may_be_undefined() -> None:
    root = ex.select(X, X, ex.apply(Op.LOG, X))
    assert exact_sign(root, at(2)) == 1
    assert verify_point(claim(root), at(2)) is None


def test_a_switching_surface_is_a_witness_only_if_all_branches_agree() -> None:
    assert verify_point(claim(ex.select(X, ex.ONE, -ex.ONE)), at(0)) is None
    both = verify_point(claim(ex.select(X, -ex.ONE, ex.const(-2))), at(0))
    assert both is not None
    assert both.value == "-1"
    assert exact_value(ex.select(X, -ex.ONE, ex.const(-2)), at(0)) is None
    assert verify_point(claim(ex.select(X, -ex.ONE, ex.ONE / X)), at(0)) is None


def test_strictness_matters_at_zero() -> None:
    assert verify_point(claim(X**2), at(0)) is None
    witness = verify_point(claim(X**2, strict=True), at(0))
    assert witness is not None
    assert witness.value == "0"


def test_a_point_outside_the_region_is_no_witness() -> None:
    disk = at_least(ex.ONE, X**2 + Y**2)
    assert verify_point(claim(-X, disk), at("3/5", "4/5")) is not None
    assert verify_point(claim(-X, disk), at("3/5", "81/100")) is None
    assert verify_point(claim(-X, box=(Range(F(0), F(1)), UNBOUNDED)), at(2)) is None


def test_an_undefined_atom_decides_nothing_unless_another_does() -> None:
    log = at_least(ex.apply(Op.LOG, X))
    assert holds(log, at(-1)) is None
    assert holds(any_of(log, greater(ex.ONE, X)), at(-1)) is True
    assert holds(all_of(log, greater(X)), at(-1)) is False


def test_huge_numbers_are_enclosed_and_not_expanded() -> None:
    tower = ((X**999) ** 999) ** 99 - ex.ONE
    assert exact_sign(tower, at("1.0001")) == 1
    assert exact_sign(tower, at("0.99")) == -1


def test_a_long_value_is_written_in_digits_without_flint() -> None:
    assert value_text(F(1, 3)) == "1/3"
    assert len(value_text(F(10**50 + 1, 3**60))) < 25
    assert value_text(F(10**7000)).startswith("1")
    assert value_text(-F(10**90, 7**100 + 1)).startswith("-")


expressions = st.recursive(
    st.sampled_from([X, Y, ex.const(F(1, 3)), ex.const(-2)]),
    lambda inner: st.one_of(
        st.tuples(
            st.sampled_from([ex.add, ex.sub, ex.mul, ex.minimum, ex.maximum]), inner, inner
        ).map(lambda t: t[0](t[1], t[2])),
        st.tuples(inner, st.integers(2, 4)).map(lambda t: ex.power(*t)),
        st.tuples(inner, inner).map(lambda t: t[0] / (t[1] ** 2 + ex.ONE)),
        st.tuples(inner, inner, inner).map(lambda t: ex.select(*t)),
        inner.map(lambda a: ex.apply(Op.ABS, a)),
    ),
    max_leaves=8,
)


@given(expressions, rationals, rationals)
def test_balls_contain_the_rational_value(root: Expr, x: F, y: F) -> None:
    exact = exact_value(root, {"x": x, "y": y})
    if not isinstance(exact, F):
        return
    from flint import arb, ctx, fmpq

    with ctx.workprec(64):
        point = {
            name: arb(fmpq(v.numerator, v.denominator), arb("0.001"))
            for name, v in (("x", x), ("y", y))
        }
        found = extend({}, root, point, balls=True)
        wanted = fmpq(exact.numerator, exact.denominator)
        for value in found:
            if not isinstance(value, Special):
                ball = as_ball(value)
                assert ball.contains(wanted) or len(found) > 1


TIES = {
    "exp(x) - e": "1",
    "exp(x/2) - exp(1/2)": "1",
    "log(x) - log(2)": "2",
    "sin(x) + sin(1/2)": "-1/2",
    "cosh(x) - cosh(2)": "-2",
    "tanh(x)**2 - tanh(1)**2": "-1",
    "(exp(x) - exp(2))*(exp(x) + 5)": "2",
    "pi*x - pi/3": "1/3",
    "exp(x)/exp(3) - 1": "3",
    "abs(sin(x) - sin(1)) + x - 1": "1",
}


def checkers_own(expr: Expr) -> tuple[Terms, int]:
    """The expression among the checker's terms."""
    written, reader = NodeList(), Reader(Terms())
    place = written.place(expr)
    reader.load(written.nodes)
    return reader.terms, reader.term(place)


@pytest.mark.parametrize("text", TIES)
def test_irrational_terms_cancel_exactly_and_only_at_the_tie(text: str) -> None:
    """In the prover's arithmetic and in the checker's, which is another one."""
    expr, x = parse_expression(text, {"x": X}), F(TIES[text])
    terms, term = checkers_own(expr)
    assert exact_sign(expr, {"x": x}) == 0
    assert exact_value(expr, {"x": x}) == 0
    assert PointValues(terms, {"x": x}).of(term) == 0
    for off in (F(1, 10**9), F(-1, 10**60)):
        assert exact_sign(expr, {"x": x + off}) in (-1, 1)
        lo, hi = PointValues(terms, {"x": x + off}).of(term)
        assert lo > 0 or hi < 0
    near = x + F(1, 10**2000)
    assert exact_sign(expr, {"x": near}) is None
    assert isinstance(PointValues(terms, {"x": near}).of(term), tuple)


@pytest.mark.parametrize("text", ["log(x - 1) - log(x - 1)", "1/(exp(x) - e) - 1/(exp(x) - e)"])
def test_what_has_no_value_does_not_cancel(text: str) -> None:
    expr = parse_expression(text, {"x": X})
    terms, term = checkers_own(expr)
    assert exact_sign(expr, {"x": F(1)}) is None
    assert PointValues(terms, {"x": F(1)}).of(term) in (UNDEFINED, UNKNOWN)


def test_branches_of_a_select_do_not_cancel() -> None:
    """At its switch the two may be different branches."""
    condition = ex.apply(Op.EXP, X) - ex.apply(Op.EXP, ex.ONE)
    jump = ex.select(condition, ex.apply(Op.SIN, ex.ONE), ex.apply(Op.SIN, ex.const(2)))
    other = ex.select(condition, ex.apply(Op.SIN, ex.const(2)), ex.apply(Op.SIN, ex.ONE))
    assert exact_sign(jump - other, {"x": F(1)}) is None


def test_a_strict_claim_fails_where_irrational_terms_cancel() -> None:
    tight = ex.apply(Op.EXP, ex.ONE) - ex.apply(Op.EXP, X)
    found = verify_point(claim(tight, strict=True, names=("x",)), {"x": F(1)})
    assert found is not None
    assert found.value == "0"
    assert verify_point(claim(tight, names=("x",)), {"x": F(1)}) is None
