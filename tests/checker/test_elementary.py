"""Do the checker's own sin, exp, ... enclose the truth, tightly enough to be of use?"""

from __future__ import annotations

import random
from fractions import Fraction
from math import inf, nextafter

import pytest
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from bcv.checker.library import Library
from bcv.checker.rules import series
from bcv.checker.rules.fixed_point import Fixed
from bcv.checker.rules.intervals import (
    Arithmetic,
    Floats,
    Operation,
    double_above,
    double_below,
)
from bcv.checker.rules.programs import enclosures
from bcv.checker.terms import FUNCTIONS, Terms

BITS = 300
UNARY = (*FUNCTIONS, "sqrt")


def reference(name: str, x: Fraction) -> arb:
    """The value as a ball of 300 bits and more."""
    ctx.prec = BITS + 80
    ball = arb(x.numerator) / arb(x.denominator)
    return getattr(ball, name)()


def contains(lo: object, hi: object, k: int, ball: arb) -> bool:
    """Whether [lo, hi] / 2**k contains the true number, as far as the ball can tell."""
    low = -inf if lo in (None, -inf) else arb(lo) / arb(2) ** k
    high = inf if hi in (None, inf) else arb(hi) / arb(2) ** k
    return not (ball < low) and not (ball > high)


def in_domain(name: str, x: Fraction) -> bool:
    if name == "log":
        return x > 0
    if name == "sqrt":
        return x >= 0
    return abs(x) <= 1 if name in ("asin", "acos") else True


PI_TEXT = 3141592653589793238462643383279502884197169399375105820974944592307816406286
PI = Fraction(PI_TEXT, 10**75)
TINY = [Fraction(1, 2**e) for e in (1, 20, 52, 53, 100, 159, 160, 161, 300)]
HARD = [
    *TINY,
    *(-t for t in TINY),
    *(
        k * PI / 2 + s * t
        for k in (-7, -2, -1, 1, 2, 3, 4, 1001, 10**9)
        for t in TINY
        for s in (1, -1)
    ),
    *(1 - t for t in TINY),
    *(t - 1 for t in TINY),
    *(1 + t for t in TINY),
    Fraction(0),
    Fraction(1),
    Fraction(-1),
    Fraction(2, 5),
    Fraction(5, 2),
    Fraction(2, 3),
    Fraction(4, 3),
    Fraction(700),
    Fraction(-700),
    Fraction(49_999),
    Fraction(-100_000),
    Fraction(10**25),
    Fraction(-(10**25)),
    Fraction(5e-324),
    Fraction(1.7976931348623157e308),
]


def operation(arithmetic: Arithmetic, name: str) -> Operation:
    """As a program finds it."""
    return arithmetic.operation(name, Library())


def enclosure(name: str, x: Fraction, k: int) -> tuple[object, object] | None:
    """The interval of the function at a rational, by fixed point with k bits."""
    arithmetic = Fixed(k)
    return operation(arithmetic, name)(arithmetic.enclose(x), None)  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("k", [20, 96, 160, 256])
def test_hard_arguments_are_enclosed(name: str, k: int) -> None:
    for x in HARD:
        if in_domain(name, x) and abs(x) < (10**4 if name in ("exp", "sinh", "cosh") else 10**400):
            found = enclosure(name, x, k)
            if found is not None:
                assert contains(*found, k, reference(name, x)), (name, x, k)


@pytest.mark.parametrize("name", UNARY)
def test_random_arguments_are_enclosed_tightly(name: str) -> None:
    pick = random.Random(1)
    k = 160
    for _ in range(400):
        x = Fraction(pick.getrandbits(120), 2**119) * Fraction(2) ** pick.randint(-30, 5)
        x = x if pick.random() < 0.5 else -x
        if name in ("asin", "acos"):
            x = x / 64
        if not in_domain(name, x):
            continue
        arithmetic = Fixed(k)
        n = int(x * 2**k)
        x = Fraction(n, 2**k)
        found = operation(arithmetic, name)((n, n), None)
        if found is None:
            assert name in ("tan", "log")
            continue
        lo, hi = found
        assert contains(lo, hi, k, reference(name, x)), (name, x)
        if name != "tan":
            assert hi - lo <= 8 * max(1, abs(lo) >> (k - 8)), (name, x, hi - lo)


@pytest.mark.parametrize("name", UNARY)
def test_random_intervals_are_enclosed_in_doubles(name: str) -> None:
    pick = random.Random(2)
    enclosed = operation(Floats(), name)
    for _ in range(300):
        scale = 10.0 ** pick.uniform(-12, 2)
        ends = sorted(pick.uniform(-scale, scale) for _ in range(2))
        found = enclosed((ends[0], ends[1]), None)
        if found is None:
            continue
        for _ in range(6):
            x = Fraction(pick.choice([*ends, pick.uniform(*ends)]))
            ball = reference(name, x)
            lo, hi = found
            assert not (ball < arb(lo)), (name, ends, x)
            assert not (ball > arb(hi)), (name, ends, x)


def test_infinite_ends_give_the_limits() -> None:
    table = {name: operation(Floats(), name) for name in UNARY}
    assert table["exp"]((-inf, inf), None) == (0.0, inf)
    assert table["tanh"]((-inf, inf), None) == (-1.0, 1.0)
    assert table["sin"]((0.0, inf), None) == (-1.0, 1.0)
    assert table["log"]((1.0, inf), None) == (0.0, inf)
    assert table["sqrt"]((0.0, inf), None) == (0.0, inf)
    lo, hi = table["atan"]((-inf, inf), None)
    assert -1.58 < lo < -1.57
    assert 1.57 < hi < 1.58
    assert table["cosh"]((-inf, inf), None) == (1.0, inf)
    assert table["sinh"]((-inf, 0.0), None) == (-inf, 0.0)


def test_possibly_undefined_is_said() -> None:
    for arithmetic in (Floats(), Fixed(96)):
        table = {name: operation(arithmetic, name) for name in (*UNARY, "/")}
        ends = arithmetic.interval
        assert table["log"](ends(0.0, 1.0), None) is None
        assert table["sqrt"](ends(-5e-324, 1.0), None) is None
        assert table["asin"](ends(0.0, nextafter(1.0, 2.0)), None) is None
        assert table["tan"](ends(1.5, 1.6), None) is None
        assert table["tan"](ends(0.0, 1e30), None) is None
        assert table["/"](ends(1.0, 1.0), ends(0.0, 1.0)) is None
        assert table["/"](ends(1.0, 1.0), ends(-1.0, 0.0)) is None


def test_exact_values_stay_exact() -> None:
    k = 160
    one = 1 << k
    assert series.sin(0, k) == (0, 0)
    assert series.cos(0, k) == (one, one)
    assert series.sinh(0, k) == (0, 0)
    assert series.cosh(0, k) == (one, one)
    assert series.asin(0, k) == (0, 0)
    assert series.acos(one, k) == (0, 0)
    assert series.tanh(0, k) == (0, 0)
    assert series.sqrt(4 * one, k) == (2 * one, 2 * one)


numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=True),
    st.sampled_from([0.0, -0.0, 5e-324, -5e-324, 1.0, 2.2e-308, 1.7976931348623157e308]),
)


def as_interval(a: float, b: float) -> tuple[float, float] | None:
    lo, hi = min(a, b), max(a, b)
    return None if lo == inf or hi == -inf else (lo, hi)


@settings(max_examples=600, deadline=None)
@given(
    numbers, numbers, numbers, numbers, st.sampled_from("+-*/"), st.floats(0, 1), st.floats(0, 1)
)
def test_float_operations_enclose_exact_results(
    a: float, b: float, c: float, d: float, op: str, s: float, u: float
) -> None:
    left, right = as_interval(a, b), as_interval(c, d)
    if left is None or right is None:
        return
    for arithmetic in (Floats(), Fixed(96)):
        found = arithmetic.table[op](arithmetic.interval(*left), arithmetic.interval(*right))
        for x in _points(left, s):
            for y in _points(right, u):
                if op == "/" and y == 0:
                    assert found is None
                    continue
                if found is None:
                    assert op == "/"
                    continue
                value = {"+": x + y, "-": x - y, "*": x * y, "/": x / y if y else Fraction(0)}[op]
                lo, hi = found
                assert lo == -inf or arithmetic.exact(lo) <= value
                assert hi == inf or value <= arithmetic.exact(hi)


ENDS = (-inf, -1.7976931348623157e308, -3.0, -1e-200, -5e-324, -0.0,
        0.0, 5e-324, 1e-200, 0.1, 7e300, inf)  # fmt: skip


@pytest.mark.parametrize("op", ["*", "/", "+", "-"])
def test_all_signs_zeros_and_extremes_of_factors_are_enclosed(op: str) -> None:
    operation = Floats().table[op]
    sides = [(lo, hi) for i, lo in enumerate(ENDS) for hi in ENDS[i:] if lo < inf and hi > -inf]
    for left in sides:
        for right in sides:
            found = operation(left, right)
            if found is None:
                assert op == "/"
                assert right[0] <= 0 <= right[1]
                continue
            lo, hi = found
            assert lo <= hi < inf or (lo < inf and hi == inf)
            for x in (Fraction(end) for end in left if abs(end) < inf):
                for y in (Fraction(end) for end in right if abs(end) < inf):
                    value = {"+": x + y, "-": x - y, "*": x * y}.get(op)
                    value = x / y if value is None else value
                    assert lo == -inf or Fraction(lo) <= value, (left, right)
                    assert hi == inf or value <= Fraction(hi), (left, right)
            if op in "*/" and left[0] == left[1] == 0:
                assert (lo, hi) == (0.0, 0.0)
            if op == "*" and -inf in (*left, *right) and 0 not in (*left, *right):
                assert inf in (abs(lo), abs(hi))


def _points(interval: tuple[float, float], share: float) -> list[Fraction]:
    """Exact points of an interval: its finite ends and one inside."""
    lo, hi = max(interval[0], -1e308), min(interval[1], 1e308)
    inside = Fraction(lo) + (Fraction(hi) - Fraction(lo)) * Fraction(share)
    return [Fraction(lo), Fraction(hi), inside] if lo <= hi else []


@settings(max_examples=300, deadline=None)
@given(numbers, numbers, st.integers(2, 9), st.floats(0, 1))
def test_powers_enclose_exact_results(a: float, b: float, n: int, share: float) -> None:
    box = as_interval(a, b)
    if box is None:
        return
    for arithmetic in (Floats(), Fixed(96)):
        lo, hi = arithmetic.power(n)(arithmetic.interval(*box), None)
        assert n % 2 or lo >= 0
        for x in _points(box, share):
            assert lo == -inf or arithmetic.exact(lo) <= x**n
            assert hi == inf or x**n <= arithmetic.exact(hi)


@given(st.fractions())
def test_rationals_become_neighbouring_doubles(value: Fraction) -> None:
    lo, hi = double_below(value), double_above(value)
    assert Fraction(lo) <= value <= Fraction(hi)
    assert hi <= nextafter(lo, inf)


def test_a_square_keeps_its_zero() -> None:
    terms = Terms()
    y = terms.node("var", "y")
    half_square = terms.mul(terms.const(Fraction(1, 2)), terms.power(y, 2))
    for arithmetic in (Floats(), Fixed(96)):
        enclose = enclosures(terms, ["y"], arithmetic, [half_square])
        found = enclose([arithmetic.interval(-1.0, 1.0)])
        assert found is not None
        assert found[0][0] == 0


def _grown(terms: Terms, pick: random.Random, a: int, b: int) -> int:
    """A random operation on a and b."""
    op = pick.choice(["+", "-", "*", "/", "**", "abs", "min", "max"])
    if op == "**":
        return terms.power(a, pick.randint(2, 3))
    if op == "abs":
        return terms.apply(op, a)
    if op in ("min", "max"):
        return terms.extremum(op, a, b)
    return {"+": terms.add, "-": terms.sub, "*": terms.mul, "/": terms.div}[op](a, b)


def test_random_terms_enclose_their_exact_values() -> None:
    """Random terms over + - * / ** abs min max, on random boxes, at random rational points."""
    pick = random.Random(3)
    for _ in range(300):
        terms = Terms()
        x, y = terms.node("var", "x"), terms.node("var", "y")
        pool = [x, y, terms.const(Fraction(pick.randint(-9, 9), pick.randint(1, 9)))]
        for _ in range(8):
            a, b = pick.choice(pool), pick.choice(pool)
            pool.append(_grown(terms, pick, a, b))
        root = pool[-1]
        box = [
            sorted(pick.choice([pick.uniform(-3, 3), pick.randint(-2, 2)]) for _ in "ab")
            for _ in "xy"
        ]
        for arithmetic in (Floats(), Fixed(96)):
            inputs = [arithmetic.interval(float(lo), float(hi)) for lo, hi in box]
            found = enclosures(terms, ["x", "y"], arithmetic, [root])(inputs)
            if found is None:
                continue
            lo, hi = found[0]
            for _ in range(5):
                point = {
                    name: Fraction(a) + (Fraction(b) - Fraction(a)) * Fraction(pick.random())
                    for name, (a, b) in zip("xy", box, strict=True)
                }
                from bcv.checker.rules.values import PointValues

                value = PointValues(terms, point).of(root)
                assert isinstance(value, Fraction)
                assert lo == -inf or arithmetic.exact(lo) <= value
                assert hi == inf or value <= arithmetic.exact(hi)
