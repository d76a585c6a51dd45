"""Expectations, generators and what a supermartingale certificate concludes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import mpmath
import pytest
import sympy
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from bcv import expr as ex
from bcv.conditions import obligations_of
from bcv.conditions.expectation import expectation
from bcv.conditions.generator import generator
from bcv.conditions.moments import moment
from bcv.enclosures.exact import verify_point
from bcv.errors import ProblemError
from bcv.formats.expression import parse_expression
from bcv.problem import (
    Certificate,
    ConditionKind,
    Discrete,
    Distribution,
    Exponential,
    Normal,
    Uniform,
)
from tests.conditions.problems import by_name, conditions, names, problem, same, symbolic

NOISY = """
states: {x: [-9, 9]}
noise: {w: %s}
dynamics: {x: "%s"}
initial: x**2 <= 1
unsafe: x >= 3
certificate: {B: "%s", condition: supermartingale, gamma: 1, lambda: 9, c: 1/100%s}
"""


def number(value: Fraction | int) -> ex.Expr:
    return ex.const(Fraction(value))


_w = sympy.Symbol("w", real=True)
_oo = sympy.oo


def _normal(mean: sympy.Rational, std: sympy.Rational) -> sympy.Expr:
    return sympy.exp(-((_w - mean) ** 2) / (2 * std**2)) / (std * sympy.sqrt(2 * sympy.pi))


@pytest.mark.parametrize("order", range(1, 7))
@pytest.mark.parametrize(
    ("law", "density", "lo", "hi"),
    [
        (
            Normal(number(Fraction(1, 2)), number(2)),
            _normal(sympy.Rational(1, 2), sympy.Integer(2)),
            -_oo,
            _oo,
        ),
        (Uniform(number(-1), number(3)), sympy.Rational(1, 4), -1, 3),
        (Exponential(number(3)), 3 * sympy.exp(-3 * _w), 0, _oo),
    ],
)
def test_moments_are_the_integrals(
    law: Distribution, density: sympy.Expr, lo: object, hi: object, order: int
) -> None:
    assert symbolic(moment(law, order)) == sympy.integrate(_w**order * density, (_w, lo, hi))


def test_moments_of_degenerate_uniform_noise_are_powers() -> None:
    assert moment(Uniform(number(3), number(3)), 4) is number(81)


coefficients = st.lists(st.integers(-3, 3), min_size=9, max_size=9)


@settings(max_examples=40, deadline=None)
@over(coefficients)
def test_expectation_is_the_sum_over_outcomes(values: list[int]) -> None:
    """Discrete noise by moments and by plain summation are the same polynomial."""
    x, v, w = ex.var("x"), ex.var("v"), ex.var("w")
    root = ex.ZERO
    for place, value in enumerate(values):
        root = root + ex.const(value) * v ** (place // 3) * (x + w) ** (place % 3)
    laws = (
        ("v", Discrete(((number(-1), Fraction(1, 4)), (number(2), Fraction(3, 4))))),
        ("w", Discrete(((number(0), Fraction(1, 3)), (number(5), Fraction(2, 3))))),
    )
    mean = expectation(root, laws)
    assert isinstance(mean, ex.Expr)
    wanted = sum(
        p.numerator
        * sympy.Rational(1, p.denominator)
        * symbolic(ex.substitute(root, {"v": a, "w": b}))
        for a, q in laws[0][1].outcomes
        for b, r in laws[1][1].outcomes
        for p in [q * r]
    )
    assert sympy.expand(symbolic(mean) - wanted) == 0


LAWS = {
    "normal": (
        Normal(number(Fraction(1, 2)), number(2)),
        _normal(sympy.Rational(1, 2), sympy.Integer(2)),
        (-_oo, _oo),
    ),
    "uniform": (Uniform(number(-1), number(3)), sympy.Rational(1, 4), (-1, 3)),
    "exponential": (Exponential(number(3)), 3 * sympy.exp(-3 * _w), (0, _oo)),
}


@settings(max_examples=2, deadline=None)
@over(coefficients)
def test_expectation_is_the_integral_over_the_densities(values: list[int]) -> None:
    """Random polynomials in a state and the noise, integrated by SymPy itself."""
    x, w = ex.var("x"), ex.var("w")
    root = ex.ZERO
    for place, value in enumerate(values):
        root = root + ex.const(value) * x ** (place // 3) * w ** (place % 3) * (x + w) ** (
            place % 2
        )
    for law, density, ends in LAWS.values():
        mean = expectation(root, (("w", law),))
        assert isinstance(mean, ex.Expr)
        inside = sympy.expand(symbolic(root).subs(sympy.Symbol("w", real=True), _w))
        wanted = sympy.integrate(inside * density, (_w, *ends))
        assert sympy.simplify(symbolic(mean) - wanted) == 0


def test_any_function_of_discrete_noise_is_summed() -> None:
    law = Discrete(((number(-1), Fraction(1, 4)), (number(2), Fraction(3, 4))))
    mean = expectation(ex.apply(ex.Op.EXP, ex.var("w")), (("w", law),))
    assert isinstance(mean, ex.Expr)
    assert same(mean, "exp(-1)/4 + 3*exp(2)/4")


_state = sympy.Symbol("x", real=True)
TRANSFORMED = [
    ("exp(x + w/2)", ("normal", "uniform", "exponential")),
    ("w**2*exp(x*2 - w)", ("normal", "exponential")),
    ("exp(x)*exp(w)*exp(w - x/2)/exp(x)", ("normal", "uniform", "exponential")),
    ("sin(2*w + x) + w**3", ("normal", "uniform", "exponential")),
    ("x*cos(x - w/2)", ("normal", "uniform", "exponential")),
    ("cosh(w/3)*x + sinh(x - w)", ("normal", "uniform", "exponential")),
]
PARTS = [(text, law) for text, laws in TRANSFORMED for law in laws]


@pytest.mark.parametrize(("text", "law"), PARTS)
def test_the_mean_of_a_function_is_its_integral_over_the_density(text: str, law: str) -> None:
    """Against a quadrature in 30 digits, at x = 2/5."""
    distribution, density, ends = LAWS[law]
    root = parse_expression(text, {name: ex.var(name) for name in "xw"})
    mean = expectation(root, (("w", distribution),))
    assert isinstance(mean, ex.Expr)
    x = sympy.Rational(2, 5)
    at = symbolic(root).subs(sympy.Symbol("w", real=True), _w).subs(_state, x)
    inside = sympy.lambdify(_w, at * density, "mpmath")
    with mpmath.workdps(30):
        wide = [ends[0] if ends[0] != -_oo else -60, ends[1] if ends[1] != _oo else 60]
        nodes = mpmath.linspace(int(wide[0]), int(wide[1]), 241)
        integral = mpmath.quad(inside, nodes)
        value = mpmath.mpf(sympy.N(symbolic(mean).subs(_state, x), 30))
        assert abs(integral - value) < mpmath.mpf(10) ** -18 * (1 + abs(value))


@pytest.mark.parametrize(
    ("text", "law"),
    [
        ("exp(3*w)", "exponential"),
        ("exp(4*w)", "exponential"),
        ("exp(x*w)", "exponential"),
        ("exp(x*w)", "uniform"),
        ("exp(w**2/100)", "normal"),
        ("1/(1 + exp(w))", "normal"),
        ("tanh(w)", "uniform"),
        ("sin(w)*cos(w)", "normal"),
        ("w*sin(w)", "normal"),
        ("abs(w)*exp(w)", "normal"),
    ],
)
def test_a_mean_that_is_infinite_or_unknown_is_not_stated(text: str, law: str) -> None:
    root = parse_expression(text, {name: ex.var(name) for name in "xw"})
    assert isinstance(expectation(root, (("w", LAWS[law][0]),)), str)


def test_normal_noise_adds_its_variance() -> None:
    found = conditions(NOISY % ("{normal: [0, 1/10]}", "x/2 + w", "x**2", ""), "discrete")
    step = by_name(found, "step")
    assert same(step.expr, "x**2 + 1/100 - (x**2/4 + 1/100)")
    assert step.region.variables == ("x",)
    assert same(by_name(found, "initial").expr, "1 - x**2")
    assert same(by_name(found, "unsafe").expr, "x**2 - 9")
    assert same(by_name(found, "nonnegative").expr, "x**2")
    assert names(found) == ["initial", "unsafe", "step", "nonnegative"]
    assert found.assumes == ("the state stays in the domain almost surely",)


def test_noise_in_other_functions_is_unsupported() -> None:
    found = conditions(NOISY % ("{normal: [0, 1]}", "x/2 + sin(w)", "x**2", ""), "discrete")
    assert [name for name, _ in found.unsupported] == ["step"]


def test_noise_with_another_condition_is_unsupported() -> None:
    given = problem(NOISY % ("{normal: [0, 1]}", "x/2 + w", "x**2", ""), "discrete")
    found = obligations_of(replace(given, certificate=Certificate(ConditionKind.NONINCREASING)))
    assert [name for name, _ in found.unsupported] == ["step"]


def test_the_bound_is_exact_and_names_its_horizon() -> None:
    text = NOISY % ("{normal: [0, 1/10]}", "x/2 + w", "x**2", ", horizon: 10")
    probability = conditions(text, "discrete").probability
    assert probability is not None
    assert probability.value == Fraction(11, 90)
    assert probability.sentence == "P(unsafe within 10 steps) <= 11/90"
    assert not probability.vacuous


def test_a_bound_of_one_or_more_says_nothing() -> None:
    text = NOISY % ("{normal: [0, 1/10]}", "x/2 + w", "x**2", ", horizon: 800")
    probability = conditions(text, "discrete").probability
    assert probability is not None
    assert probability.vacuous
    assert "says nothing" in probability.sentence


def test_without_a_horizon_the_bound_grows_or_holds_for_ever() -> None:
    growing = conditions(NOISY % ("{normal: [0, 1]}", "x/2", "x**2", ""), "discrete").probability
    assert growing is not None
    assert growing.bound is None
    text = NOISY.replace("c: 1/100", "c: 0") % ("{normal: [0, 1]}", "x/2", "x**2", "")
    lasting = conditions(text, "discrete").probability
    assert lasting is not None
    assert lasting.value == Fraction(1, 9)
    assert lasting.sentence == "P(unsafe ever) <= 1/9"


DIFFUSION = """
states: {x: null, y: null}
dynamics: {x: -x, y: x - y}
diffusion: {x: [x, 1], y: [0, y]}
jumps: {x: {rate: 2, size: 1/10}}
initial: x**2 <= 1
unsafe: x >= 3
certificate: {B: "%s", condition: supermartingale, gamma: 1, lambda: 9, c: 0}
"""


def test_generator_is_itos_formula() -> None:
    b = "(x**2*y + y**2)"
    flow = by_name(conditions(DIFFUSION % "x**2*y + y**2"), "flow")
    drift = "2*x*y*(-x) + (x**2 + 2*y)*(x - y)"
    second = "((x**2 + 1)*(2*y) + 2*(y)*(2*x) + y**2*2)/2"
    jump = f"2*(((x + 1/10)**2*y + y**2) - {b})"
    assert same(flow.expr, f"-({drift} + {second} + {jump})")


def test_generator_of_a_kinked_barrier_is_unsupported() -> None:
    assert [name for name, _ in conditions(DIFFUSION % "abs(x) + y**2").unsupported] == ["flow"]


@settings(max_examples=25, deadline=None)
@over(coefficients)
def test_generator_agrees_with_sympy(values: list[int]) -> None:
    given = problem(DIFFUSION % "x")
    x, y = ex.var("x"), ex.var("y")
    b = ex.ZERO
    for place, value in enumerate(values):
        b = b + ex.const(value) * x ** (place // 3) * y ** (place % 3)
    sx, sy = sympy.symbols("x y", real=True)
    g = sympy.Matrix([[sx, 1], [0, sy]])
    sb = symbolic(b)
    field = sympy.Matrix([-sx, sx - sy])
    gradient = sympy.Matrix([sb.diff(sx), sb.diff(sy)])
    hessian = sympy.hessian(sb, (sx, sy))
    jump = 2 * (sb.subs(sx, sx + sympy.Rational(1, 10)) - sb)
    wanted = gradient.dot(field) + (g * g.T * hessian).trace() / 2 + jump
    got = symbolic(generator(given, b, given.modes[0].dynamics))
    assert sympy.expand(got - wanted) == 0


def test_missing_constants_are_an_error() -> None:
    with pytest.raises(ProblemError):
        conditions(DIFFUSION.replace("gamma: 1, lambda: 9, ", "") % "x**2")


def test_a_lambda_that_is_not_plainly_positive_must_be_shown_positive() -> None:
    found = conditions(DIFFUSION.replace("lambda: 9", "lambda: sqrt(2)") % "x**2")
    part = by_name(found, "unsafe", "lambda > 0")
    assert part.strict
    assert part.region.variables == ()


def test_a_bound_beyond_the_times_that_the_conditions_cover_is_an_error() -> None:
    """The diffusion begins at t = 1, where the conditions for t <= 1 do not see it."""
    text = """
states: {x: null}
horizon: 1
dynamics: {x: 0}
diffusion: {x: "max(t - 1, 0)"}
initial: x == 0
unsafe: x**2 >= 4
certificate: {B: x**2, condition: supermartingale, gamma: 0, lambda: 4, c: 0, horizon: %s}
"""
    with pytest.raises(ProblemError, match="horizon"):
        conditions(text % "100")
    assert conditions(text % "1").probability is not None


def test_a_step_that_divides_by_zero_is_a_finding() -> None:
    text = """
states: {x: [-1, 1]}
noise: {w: {discrete: {0: 1/2, 1: 1/2}}}
dynamics: {x: x/w}
initial: x == 0
unsafe: false
certificate: {B: x**2, condition: supermartingale, gamma: 0, lambda: 4, c: 10}
"""
    step = by_name(conditions(text, "discrete"), "step")
    assert verify_point(step, {"x": Fraction(1, 2)}) is not None
