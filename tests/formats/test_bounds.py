"""Do the simple bounds hold? Against ball arithmetic at random points."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcv import expr as ex
from bcv.expr import Expr, Op
from bcv.formats.bounds import bounds
from bcv.formats.constants import outer_bounds
from bcv.formats.expression import parse_expression
from bcv.region import Range
from tests.formats.test_expression import NAMES, expressions

SMALL = st.fractions(-4, 4, max_denominator=8)


@settings(max_examples=600, deadline=None)
@given(expressions(), st.lists(st.tuples(SMALL, SMALL, SMALL), min_size=3, max_size=3))
def test_bounds_hold_at_every_point_of_the_ranges(
    root: Expr, triples: list[tuple[Fraction, Fraction, Fraction]]
) -> None:
    ordered = [sorted(triple) for triple in triples]
    ranges = {name: Range(low, high) for name, (low, _, high) in zip(NAMES, ordered, strict=True)}
    point = {name: ex.const(middle) for name, (_, middle, _) in zip(NAMES, ordered, strict=True)}
    try:
        value = outer_bounds(ex.substitute(root, point))
    except (ZeroDivisionError, ex.ExpressionTooLargeError):
        return
    if value is None:
        return
    found = bounds(root, ranges)
    assert found.range.lo is None or value[1] >= found.range.lo
    assert found.range.hi is None or value[0] <= found.range.hi
    assert not found.positive or value[1] > 0


@pytest.mark.parametrize(
    ("text", "positive"),
    [
        ("x", True),
        ("y", False),
        ("x - 1", False),
        ("x - 1/4", True),
        ("x*(y + 1)", True),
        ("y**2 + 1", True),
        ("y**2", False),
        ("exp(-y)*cosh(z)", True),
        ("sqrt(x)", True),
        ("abs(y) + x", True),
        ("max(y, x)", True),
        ("min(y, x)", False),
        ("x if z > 0 else 2", True),
        ("2 - sin(z)", True),
        ("1 - sin(z)", False),
        ("3 - y**2", True),
        ("1/x", True),
        ("pi - 3", False),
        ("z", False),
    ],
)
def test_what_is_plainly_positive_is_seen(text: str, positive: bool) -> None:
    ranges = {"x": Range(Fraction(1, 2), None), "y": Range(Fraction(0), Fraction(1))}
    assert bounds(parse_expression(text, NAMES), ranges).positive is positive


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("pi", 3.141592653589793),
        ("sqrt(2)", 1.4142135623730951),
        ("e**2 - 7", 0.38905609893065),
        ("max(pi, 3)", 3.141592653589793),
        ("-pi/6 if pi > 3 else 1", -0.5235987755982988),
        ("abs(-pi)", 3.141592653589793),
        ("atan(1)*4", 3.141592653589793),
        ("exp(-200)", 1.3838965267367376e-87),
    ],
)
def test_irrational_constants_are_enclosed_tightly(text: str, near: float) -> None:
    ends = outer_bounds(parse_expression(text, {}))
    assert ends is not None
    lo, hi = ends
    assert lo < hi
    assert float(lo) == pytest.approx(near, rel=1e-12)
    assert (hi - lo) / abs(lo) < Fraction(1, 10**30)


@pytest.mark.parametrize(
    "text",
    ["exp(exp(99))", "exp(-exp(99))", "log(sin(pi))", "sqrt(3 - pi)", "exp(exp(exp(exp(9))))",
     "1/(sin(1)**2 + cos(1)**2 - 1)", "asin(pi)"],
)  # fmt: skip
def test_constants_without_a_value_have_no_bounds(text: str) -> None:
    assert outer_bounds(parse_expression(text, {})) is None


def test_the_precision_of_flint_is_left_as_it_was() -> None:
    import flint

    before = flint.ctx.prec
    outer_bounds(ex.apply(Op.SQRT, ex.const(2)))
    assert flint.ctx.prec == before
