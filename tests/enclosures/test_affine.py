"""Do affine forms contain every value? Against floats at many points, and against the checker."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcv import expr as ex
from bcv.checker.rules.affine import AffineBound
from bcv.checker.terms import Terms
from bcv.enclosures import floats
from bcv.enclosures.affine import AffineMachine
from bcv.enclosures.tape import compile_tape
from bcv.expr import Expr
from bcv.formats.expression import parse_expression
from tests.checker.terms import translated

NAMES = ("x", "y")
SCOPE = {name: ex.var(name) for name in NAMES}
TEXTS = (
    "x*y - y**2 + 3*x",
    "tanh(2*x - y) * (1 - tanh(x + y)**2)",
    "relu(x - y) + abs(x*y) - min(x, y**3) + max(x, -y, 0.3)",
    "exp(x/2)*sin(3*y) - cos(x*y)",
    "1/(2.5 + x*y) + x/(3 + y)",
    "sqrt(5 + x) - log(4 + x + y)",
    "(x if y > 0 else -2*x) + sign(x + y)",
    "x**5 - 4*x**2*y**3 + 7",
    "atan(x) + pi*y",
    "0.1*x + 1/3*y - 1/7",
    "sigmoid(3*x)*softplus(y)",
)
ends = st.floats(-1.5, 1.5).map(lambda v: round(v, 3))


def boxes(draw_ends: tuple[float, float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    a, b, c, d = draw_ends
    return np.array([[min(a, b)], [min(c, d)]]), np.array([[max(a, b)], [max(c, d)]])


def grid(lo: np.ndarray, hi: np.ndarray) -> np.ndarray:
    u = np.linspace(0.0, 1.0, 15)
    across = np.array(np.meshgrid(u, u)).reshape(2, -1)
    return np.asarray(lo + (hi - lo) * across)


def bounds(root: Expr, lo: np.ndarray, hi: np.ndarray) -> list[tuple[float, float]]:
    """(lower, upper) by the forward and the backward pass."""
    machine = AffineMachine([root], NAMES)
    trace = machine.trace(lo, hi)
    forward = machine.roots(trace)
    terms, error = machine.backward(trace, np.ones((1, 1)))
    spread = float(np.abs(terms[1:]).sum() + error[0])
    middle = float(terms[0, 0])
    return [
        (float(forward.lo[0, 0]), float(forward.hi[0, 0])),
        (middle - spread, middle + spread),
    ]


@pytest.mark.parametrize("text", TEXTS)
@settings(max_examples=60, deadline=None)
@given(st.tuples(ends, ends, ends, ends))
def test_no_value_on_the_box_escapes(text: str, corners: tuple[float, ...]) -> None:
    root = parse_expression(text, SCOPE)
    lo, hi = boxes(corners)  # type: ignore[arg-type]
    values = floats.evaluate(compile_tape([root], NAMES), grid(lo, hi))[0]
    slack = 1e-12 * (1.0 + np.abs(values).max())
    for lower, upper in bounds(root, lo, hi):
        if math.isnan(lower) or math.isnan(upper):
            continue  # nothing is said
        assert lower <= values.min() + slack
        assert upper >= values.max() - slack


@pytest.mark.parametrize("text", TEXTS)
@settings(max_examples=60, deadline=None)
@given(st.tuples(ends, ends, ends, ends))
def test_the_checkers_bound_is_one_too(text: str, corners: tuple[float, ...]) -> None:
    root = parse_expression(text, SCOPE)
    lo, hi = boxes(corners)  # type: ignore[arg-type]
    values = floats.evaluate(compile_tape([root], NAMES), grid(lo, hi))[0]
    terms = Terms()
    bound = AffineBound(terms, NAMES)
    lower = bound.lower(
        translated(root, terms), [(float(a[0]), float(b[0])) for a, b in zip(lo, hi, strict=True)]
    )
    assert not lower > values.min() + 1e-12 * (1.0 + np.abs(values).max())


def test_small_boxes_err_by_the_square_of_their_width() -> None:
    root = parse_expression("tanh(2*x - y) * (1 - tanh(x + y)**2)", SCOPE)
    machine = AffineMachine([root], NAMES)
    errors = []
    for half in (0.1, 0.05, 0.025):
        middle = np.array([[0.3], [-0.2]])
        trace = machine.trace(middle - half, middle + half)
        errors.append(machine.backward(trace, np.ones((1, 1)))[1][0])
    assert errors[1] < 0.3 * errors[0]
    assert errors[2] < 0.3 * errors[1]


def test_affine_expressions_err_by_rounding_alone() -> None:
    root = parse_expression("0.1*x + 1/3*y - 1/7", SCOPE)
    machine = AffineMachine([root], NAMES)
    trace = machine.trace(-np.ones((2, 1)), np.ones((2, 1)))
    assert 0.0 < machine.backward(trace, np.ones((1, 1)))[1][0] < 1e-11


def test_where_something_is_undefined_nothing_is_said() -> None:
    root = parse_expression("log(x) + 1/y", SCOPE)
    for lower, upper in bounds(root, -np.ones((2, 1)), np.ones((2, 1))):
        assert math.isnan(lower)
        assert math.isnan(upper)
