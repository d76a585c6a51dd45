"""Do enclosures of whole expressions contain the exact values, and no more than they should?"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcv import expr as ex
from bcv.enclosures import floats
from bcv.enclosures.tape import compile_tape
from bcv.expr import Expr, Op, const
from tests.enclosures.reference import NAMES, X, Y, Z, assert_encloses, enclose, intervals

SMOOTH = (Op.SIN, Op.COS, Op.TANH, Op.ATAN, Op.EXP)
PARTIAL = (Op.LOG, Op.SQRT, Op.ASIN, Op.ACOS, Op.TAN)
ALL = (*SMOOTH, *PARTIAL, Op.SINH, Op.COSH, Op.ABS)


def random_roots(rng: np.random.Generator, size: int, functions: tuple[Op, ...]) -> list[Expr]:
    """Some nodes of a random DAG in which operands are mostly recent nodes."""
    nodes: list[Expr] = [X, Y, Z, ex.PI, const(Fraction(int(rng.integers(-9, 9)), 7))]

    def some() -> Expr:
        return nodes[int(rng.integers(max(0, len(nodes) - 8), len(nodes)))]

    makers: tuple[Callable[[], Expr], ...] = (
        lambda: some() + some(),
        lambda: some() - some(),
        lambda: some() * some(),
        lambda: some() * const(Fraction(int(rng.integers(-20, 20)), int(rng.integers(1, 20)))),
        lambda: some() ** int(rng.integers(2, 6)),
        lambda: ex.apply(functions[int(rng.integers(len(functions)))], some()),
        lambda: ex.minimum(some(), some()),
        lambda: ex.maximum(some(), some()),
        lambda: ex.select(some(), some(), some()),
        lambda: some() / some(),
    )
    usual = len(makers) if Op.LOG in functions else len(makers) - 1
    while len(nodes) < size:
        try:
            node = makers[int(rng.integers(usual))]()
        except (ZeroDivisionError, ex.ExpressionTooLargeError):
            continue
        if node.constant is None or abs(node.constant) < 10**6:
            nodes.append(node)
    return nodes[-3:]


@pytest.mark.parametrize("seed", range(60))
def test_random_expressions_enclose_exact_values(seed: int) -> None:
    rng = np.random.default_rng(seed)
    roots = random_roots(rng, int(rng.integers(8, 40)), ALL if seed % 2 else SMOOTH)
    lo = rng.normal(0, 2, (3, 40))
    hi = lo + np.exp(rng.uniform(-25, 1, (3, 40)))
    assert_encloses(roots, rng, lo, hi)


@pytest.mark.parametrize("seed", range(60))
def test_random_expressions_on_hostile_boxes_enclose_exact_values(seed: int) -> None:
    rng = np.random.default_rng(1000 + seed)
    roots = random_roots(rng, int(rng.integers(8, 25)), ALL if seed % 2 else SMOOTH)
    ends = [intervals(rng, 40) for _ in NAMES]
    assert_encloses(roots, rng, np.stack([e[0] for e in ends]), np.stack([e[1] for e in ends]))


@pytest.mark.parametrize("seed", range(20))
def test_enclosures_of_points_are_narrow_for_polynomials(seed: int) -> None:
    rng = np.random.default_rng(2000 + seed)
    terms = [
        const(Fraction(int(rng.integers(1, 99)), 13)) * X ** int(i) * Y ** int(j) * Z
        for i, j in rng.integers(1, 5, (8, 2))
    ]
    root = sum(terms[1:], terms[0])
    points = rng.uniform(0.5, 2, (3, 100))
    low, high = enclose([root], points, points)
    assert np.all(high - low <= 1e-13 * high)


@pytest.mark.parametrize("seed", range(20))
def test_smaller_boxes_have_smaller_enclosures(seed: int) -> None:
    rng = np.random.default_rng(3000 + seed)
    roots = random_roots(rng, 20, ALL)
    lo = rng.normal(0, 2, (3, 100))
    hi = lo + rng.random((3, 100))
    third = (hi - lo) / 3
    outer_lo, outer_hi = enclose(roots, lo, hi)
    inner_lo, inner_hi = enclose(roots, lo + third, hi - third)
    slack = 1e-9 * (1 + np.nan_to_num(np.maximum(np.abs(outer_lo), np.abs(outer_hi)), posinf=0))
    assert np.all(inner_lo >= outer_lo - slack)
    assert np.all(inner_hi <= outer_hi + slack)


@pytest.mark.parametrize("seed", range(20))
def test_estimates_lie_in_the_enclosures_of_their_points(seed: int) -> None:
    rng = np.random.default_rng(4000 + seed)
    roots = random_roots(rng, 20, ALL)
    points = rng.normal(0, 2, (3, 100))
    estimates = floats.evaluate(compile_tape(roots, NAMES), points)
    low, high = enclose(roots, points, points)
    with np.errstate(all="ignore"):
        slack = 1e-12 + 1e-6 * (high - low)
        outside = (estimates < low - slack) | (estimates > high + slack)
    assert not outside.any()


def expressions() -> st.SearchStrategy[Expr]:
    leaves = st.sampled_from([X, Y, Z]) | st.fractions(-5, 5, max_denominator=9).map(const)
    unary = st.sampled_from(ALL)

    def grown(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        pair = st.tuples(inner, inner)
        return st.one_of(
            pair.map(lambda p: p[0] + p[1]),
            pair.map(lambda p: p[0] - p[1]),
            pair.map(lambda p: p[0] * p[1]),
            pair.filter(lambda p: p[1] is not ex.ZERO).map(lambda p: p[0] / p[1]),
            pair.map(lambda p: ex.minimum(*p)),
            st.tuples(inner, st.integers(2, 5)).map(lambda p: p[0] ** p[1]),
            st.tuples(unary, inner).map(lambda p: ex.apply(*p)),
            st.tuples(inner, inner, inner).map(lambda p: ex.select(*p)),
        )

    return st.recursive(leaves, grown, max_leaves=8)


@settings(max_examples=150, deadline=None)
@given(
    expressions(), st.lists(st.tuples(st.floats(-10, 10), st.floats(0, 3)), min_size=3, max_size=3)
)
def test_any_expression_encloses_exact_values(root: Expr, box: list[tuple[float, float]]) -> None:
    lo = np.array([[start] for start, _ in box])
    hi = np.array([[start + size] for start, size in box])
    assert_encloses([root], np.random.default_rng(0), lo, hi)
