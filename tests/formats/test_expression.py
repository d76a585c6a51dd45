"""Does the text of an expression mean what it says, exactly?"""

from __future__ import annotations

import time
from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bcv import expr as ex
from bcv.errors import ProblemError
from bcv.expr import Expr, Op
from bcv.formats.expression import (
    MAX_DEPTH,
    Scope,
    parse_constraint,
    parse_expression,
    read_expression,
)
from bcv.formats.functions import FUNCTIONS
from bcv.region import FALSE, TRUE, Range, all_of, any_of, at_least, equal, greater, negation

X, Y, Z = ex.var("x"), ex.var("y"), ex.var("z")
NAMES = {"x": X, "y": Y, "z": Z}


def parse(text: str) -> Expr:
    return parse_expression(text, NAMES)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", Fraction(1, 10)),
        ("1e-3", Fraction(1, 1000)),
        ("1/3", Fraction(1, 3)),
        (".5", Fraction(1, 2)),
        ("2.", Fraction(2)),
        ("1.5E+2", Fraction(150)),
        ("0.30000000000000000000000001", Fraction(3 * 10**25 + 1, 10**26)),
        ("-2**2", Fraction(-4)),
        ("2**-1", Fraction(1, 2)),
        ("2**3**2", Fraction(512)),
        ("2^10", Fraction(1024)),
        ("8/4/2", Fraction(1)),
        ("1 - 2 - 3", Fraction(-4)),
        ("--3", Fraction(3)),
        ("4**0.5", Fraction(2)),
        ("4**1.5", Fraction(8)),
        ("4**-0.5", Fraction(1, 2)),
        ("sqrt(9/4)", Fraction(3, 2)),
        ("max(1, 5, 3) + min(2, 0.5)", Fraction(11, 2)),
        ("clip(7, -1, 2)", Fraction(2)),
        ("sat(-3)", Fraction(-1)),
        ("sign(-3) + 2*sign(5)", Fraction(1)),
        ("relu(-1) + relu(2)", Fraction(2)),
        ("sigmoid(0)", Fraction(1, 2)),
        ("3 if 1 < 2 else 4", Fraction(3)),
        ("3 if 1 > 2 else 4 if 2 == 2 else 5", Fraction(4)),
        ("cos(0) + exp(0) + log(1)", Fraction(2)),
    ],
)
def test_constants_are_exact(text: str, value: Fraction) -> None:
    assert parse(text).constant == value


def test_a_sign_at_zero_keeps_every_value() -> None:
    assert parse("sign(x)") is ex.select(X, ex.ONE, ex.select(-X, ex.const(-1), ex.ZERO))


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("-x**2", -(X**2)),
        ("(-x)**2", X**2),
        ("x**0.5", ex.apply(Op.SQRT, X)),
        ("x**1.5", X * ex.apply(Op.SQRT, X)),
        ("2**x", ex.apply(Op.EXP, X * ex.apply(Op.LOG, ex.const(2)))),
        ("e**x", ex.apply(Op.EXP, X)),
        ("pi*x", ex.PI * X),
        ("x if pi > 3 and not (e == 3) else y", X),
        ("e", ex.apply(Op.EXP, ex.ONE)),
        ("softplus(x)", ex.apply(Op.LOG, ex.ONE + ex.apply(Op.EXP, X))),
        ("sat(x)", ex.minimum(ex.maximum(X, ex.const(-1)), ex.ONE)),
        ("relu(x)", ex.maximum(X, ex.ZERO)),
        ("x if x >= 0 else -x", ex.select(X, X, -X)),
        ("x if not x >= 0 else -x", ex.select(-X, X, -X)),
        ("y if x > 0 and z > 0 else 1", ex.select(X, ex.select(Z, Y, ex.ONE), ex.ONE)),
        ("y if x > 0 or z > 0 else 1", ex.select(X, Y, ex.select(Z, Y, ex.ONE))),
        ("y if x == 0 else z", ex.select(X, Z, ex.select(-X, Z, Y))),
        ("y if 0 < x < 1 else z", ex.select(X, ex.select(ex.ONE - X, Y, Z), Z)),
        ("1 if x > 0 else 2 if y > 0 else 3",
         ex.select(X, ex.ONE, ex.select(Y, ex.const(2), ex.const(3)))),
    ],
)  # fmt: skip
def test_an_expression_means_its_nodes(text: str, meaning: Expr) -> None:
    assert parse(text) is meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("x <= 1", at_least(ex.ONE, X)),
        ("-1 <= x < 1", all_of(at_least(X, ex.const(-1)), greater(ex.ONE, X))),
        ("x == y", equal(X, Y)),
        ("not (x == y)", negation(equal(X, Y))),
        ("not x <= 1 or y > 0", any_of(greater(X, ex.ONE), greater(Y))),
        ("x > 0 and y > 0 and z > 0", all_of(greater(X), greater(Y), greater(Z))),
        ("x > 0 or y > 0 and z > 0", any_of(greater(X), all_of(greater(Y), greater(Z)))),
        ("(x > 0)", greater(X)),
        ("true", TRUE),
        ("false", FALSE),
        ("1 < 2", TRUE),
    ],
)
def test_a_constraint_means_its_set(text: str, meaning: object) -> None:
    assert parse_constraint(text, NAMES) == meaning


def test_a_broken_exponent_needs_a_positive_base() -> None:
    ranged = Scope(NAMES, {}, {"x": Range(Fraction(1, 10), None)})

    def place(_: int) -> object:
        raise AssertionError

    root = read_expression("x**(1/3)", ranged, place)  # type: ignore[arg-type]
    assert root is ex.apply(Op.EXP, ex.const(Fraction(1, 3)) * ex.apply(Op.LOG, X))
    assert parse("(x**2 + 1)**y").op is Op.EXP
    for text in ("x**(1/3)", "x**y", "(x**2)**0.3", "sin(x)**0.1"):
        with pytest.raises(ProblemError, match="surely positive"):
            parse(text)


@pytest.mark.parametrize(
    ("text", "column", "reason", "remedy"),
    [
        ("x + ", 4, "ends too early", "Complete"),
        ("x + foo", 5, "`foo` is not defined", "x, y, z"),
        ("tanj(x)", 1, "no function `tanj`", "`tan"),
        ("2*ln(x)", 3, "no function `ln`", "log(x)"),
        ("x + 2y", 5, "neither a number nor a name", "2*y"),
        ("x y", 3, "cannot follow", "operator"),
        ("x*(y + 1", 3, "never closed", "Add the `)`"),
        ("x)", 2, "closes nothing", "Remove"),
        ("x.real", 2, "`.`", "attributes"),
        ("x[0]", 2, "`[`", "indices"),
        ("x = 1", 3, "`=`", "=="),
        ("x != 1", 3, "`!=`", "not (a == b)"),
        ("x && y", 3, "`&&`", "and"),
        ("x²", 2, "`²`", "**2"),
        ("x ≤ 1", 3, "`≤`", "<="),
        ("x − 1", 3, "`−`", "minus"),
        ("'x'", 1, "`'`", "strings"),
        ("lambda x", 1, "not part of the grammar", "docs"),
        ("__import__(x)", 1, "`__import__`", "There are"),
        ("x(y)", 1, "not a function", "x*"),
        ("sin", 1, "is a function", "sin(x)"),
        ("sin()", 1, "takes 1 argument", "sin(x)"),
        ("clip(x, 1)", 1, "takes 3 arguments", "clip(x, lo, hi)"),
        ("clip(x, 2, 1)", 1, "above", "argument"),
        ("x, y", 2, "comma", "Remove"),
        ("x if y", 3, "needs a condition", "Compare"),
        ("x if y > 0", 3, "no `else`", "a if c else b"),
        ("x else y", 3, "no `if`", "a if c else b"),
        ("(x > 0) + 1", 9, "comparison", "cases"),
        ("x > 0", 1, "is a constraint", "quantity"),
        ("1/(x - x)", 2, "divides by zero", "denominator"),
        ("log(0)", 1, "undefined", "argument"),
        ("sqrt(-1)", 1, "undefined", "argument"),
        ("asin(2)", 1, "undefined", "argument"),
        ("nan", 1, "not a number", "infinite"),
        ("inf", 1, "not a number", "infinite"),
        ("1e999999999", 1, "exponent", "smaller"),
        ("x**1001", 2, "exponent", ""),
        ("(x**999)**2", 9, "exponent", "degree"),
        ("9**999**2", 2, "exponent", ""),
        ("1e1000*1e1000", 7, "bits", "smaller"),
        ("1" * 1001, 1, "digits", "smaller"),
        ("x" * 101, 1, "characters", "shorter"),
        ("", 1, "empty", "Write one"),
        ("   ", 1, "empty", "Write one"),
        ("0x10", 1, "neither", ""),
        ("1_000", 1, "neither", ""),
        ("x @ y", 3, "`@`", "grammar"),
        ("x := 1", 3, "`:=`", "define"),
        ("x ; y", 3, "`;`", "list"),
    ],
)
def test_an_error_names_column_reason_and_remedy(
    text: str, column: int, reason: str, remedy: str
) -> None:
    with pytest.raises(ProblemError) as caught:
        parse(text)
    error = caught.value
    assert error.place is not None
    assert (error.place.line, error.place.column) == (1, column)
    assert reason in error.reason
    assert remedy in error.remedy


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "(" * 100_000 + "x" + ")" * 100_000,
        "-" * 100_000 + "x",
        "sin(" * 100_000,
        "not " * 100_000 + "x > 0",
        "x" + "**2" * 100_000,
        "2" + "**2" * 90,
        "*".join(["(x + y)"] * 60_000),
        "9" * 1_000_000,
        "1e" + "9" * 1_000_000,
        "x" * 1_000_000,
        "x**" + "9" * 900,
    ],
    ids=lambda text: text[:12],
)
def test_a_hostile_text_is_refused_quickly(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(ProblemError):
        parse(text)
    assert time.perf_counter() - start < 2


def test_a_long_sum_is_no_nesting() -> None:
    assert len(list(ex.postorder(parse(" + ".join(["x*y"] * 5000))))) > 5000
    parse(" ".join(f"{i} if x >= {i} else" for i in range(2000)) + " 0")


def test_nesting_within_the_limit_is_read() -> None:
    depth = MAX_DEPTH - 1
    assert parse("(" * depth + "x" + ")" * depth) is X


def expressions() -> st.SearchStrategy[Expr]:
    numbers = st.fractions(max_denominator=1000).map(ex.const)
    leaves = st.one_of(numbers, st.sampled_from([X, Y, Z, ex.PI]))
    total = [Op.SIN, Op.COS, Op.TAN, Op.ATAN, Op.SINH, Op.COSH, Op.TANH, Op.EXP, Op.ABS]

    def grow(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        pair = st.tuples(inner, inner)
        return st.one_of(
            pair.map(lambda p: p[0] + p[1]),
            pair.map(lambda p: p[0] - p[1]),
            pair.map(lambda p: p[0] * p[1]),
            pair.map(lambda p: p[0] / p[1] if p[1] is not ex.ZERO else p[0]),
            pair.map(lambda p: ex.minimum(*p)),
            pair.map(lambda p: ex.maximum(*p)),
            inner.map(lambda a: -a),
            st.tuples(inner, st.integers(2, 5)).map(lambda p: p[0] ** p[1]),
            st.tuples(st.sampled_from(total), inner).map(lambda p: ex.apply(*p)),
            inner.map(lambda a: ex.apply(Op.SQRT, a) if a.constant is None else a),
            inner.map(lambda a: ex.apply(Op.LOG, a) if a.constant is None else a),
            st.tuples(inner, inner, inner).map(
                lambda p: ex.select(*p) if ex.variables(p[0]) else p[1]
            ),
        )

    return st.recursive(leaves, grow, max_leaves=12)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(expressions())
def test_parsing_inverts_printing(root: Expr) -> None:
    assert parse(ex.to_text(root)) is root


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*"()+-*/^,xyz.<>=!0", "**", "<=", "==", " if ", " else ", " and ", " or ", " not ",
             "1e9", "0.5", "pi", *FUNCTIONS, "\n", "²", "é"]
        ),
        max_size=30,
    )
)  # fmt: skip
def test_any_text_is_read_or_refused(words: list[str]) -> None:
    text = "".join(words)
    for read in (parse_expression, parse_constraint):
        with suppress(ProblemError):
            read(text, NAMES)


@given(st.text(max_size=40))
def test_any_characters_are_read_or_refused(text: str) -> None:
    with suppress(ProblemError):
        parse(text)
