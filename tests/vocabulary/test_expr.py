"""Expressions: sharing, simplification that keeps definedness, derivatives, text, digests."""

from __future__ import annotations

import copy
import pickle
from fractions import Fraction

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from bcv import expr as ex
from bcv.expr import Expr, Op

X, Y = ex.var("x"), ex.var("y")
LEAVES = st.one_of(
    st.sampled_from([X, Y]),
    st.fractions(min_value=-3, max_value=3, max_denominator=4).map(ex.const),
)
SMOOTH = (Op.SIN, Op.COS, Op.TANH, Op.EXP, Op.ATAN)


def _grow(children: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    binary = st.sampled_from([ex.add, ex.sub, ex.mul])
    return st.one_of(
        st.builds(lambda f, a, b: f(a, b), binary, children, children),
        st.builds(ex.power, children, st.integers(0, 3)),
        st.builds(ex.neg, children),
        st.builds(ex.apply, st.sampled_from(SMOOTH), children),
    )


EXPRESSIONS = st.recursive(LEAVES, _grow, max_leaves=8)


def to_sympy(root: Expr) -> sympy.Expr:
    done: dict[Expr, sympy.Expr] = {}
    for node in ex.postorder(root):
        args = [done[a] for a in node.args]
        if isinstance(node.value, Fraction):
            done[node] = sympy.Rational(node.value.numerator, node.value.denominator)
        elif node.op is Op.VAR:
            done[node] = sympy.Symbol(str(node.value), real=True)
        elif node.op is Op.POW:
            done[node] = args[0] ** node.value
        elif node.op in (Op.ADD, Op.SUB, Op.MUL, Op.DIV):
            f = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b}
            done[node] = f.get(node.op.value, lambda a, b: a / b)(*args)
        elif node.op is Op.NEG:
            done[node] = -args[0]
        else:
            done[node] = getattr(sympy, node.op.value)(*args)
    return done[root]


def numerically_equal(left: sympy.Expr, right: sympy.Expr) -> bool:
    x, y = sympy.symbols("x y", real=True)
    for a, b in [(sympy.Rational(3, 7), sympy.Rational(-5, 9)), (sympy.Rational(-8, 5), 1)]:
        values = [sympy.N(side.subs({x: a, y: b}), 40, maxn=400) for side in (left, right)]
        if any(not value.is_finite or abs(value) > 1e30 for value in values):
            return True
        if abs(values[0] - values[1]) > 1e-15 * (1 + abs(values[0])):
            return False
    return True


def test_equal_structure_is_the_same_object() -> None:
    assert ex.var("x") * X + ex.const(Fraction(2, 4)) is X**2 + ex.const(Fraction(1, 2))


def test_pickle_and_copy_keep_identity() -> None:
    root = ex.apply(Op.SIN, X) * Y + X**3
    assert pickle.loads(pickle.dumps(root)) is root
    assert copy.deepcopy(root) is root


def test_simplification_never_enlarges_the_domain_of_definition() -> None:
    inverse = ex.ONE / X
    logarithm = ex.apply(Op.LOG, X)
    for root in (inverse - inverse, ex.ZERO * logarithm, inverse**0, X / X):
        assert not root.total
        assert ex.variables(root) == {"x"}


def test_total_is_false_for_everything_partial() -> None:
    for op in (Op.LOG, Op.SQRT, Op.ASIN, Op.ACOS, Op.TAN):
        assert not ex.apply(op, X).total
    assert ex.apply(Op.EXP, X).total
    assert not (ex.apply(Op.EXP, ex.ONE / X)).total


def test_signs_move_outward_without_changing_values() -> None:
    assert (-X) ** 2 is X**2
    assert (-X) ** 3 is -(X**3)
    assert -(X - Y) is Y - X


def test_constants_that_explode_are_refused() -> None:
    with pytest.raises(ex.ExpressionTooLargeError):
        ((ex.const(9) ** 999) ** 999) ** 999


def test_a_chain_of_a_hundred_thousand_nodes_needs_no_recursion() -> None:
    root = X
    for k in range(100_000):
        root = ex.apply(Op.SIN, root) if k % 2 else root + Y
    assert ex.variables(root) == {"x", "y"}
    assert ex.derivative(root, "x") is not ex.ZERO
    assert len(ex.to_text(root, limit=100)) < 200
    assert ex.digest(root) != ex.digest(root + X)


def test_abs_and_max_have_both_slopes_at_the_kink() -> None:
    assert ex.derivative(ex.apply(Op.ABS, X), "x") is ex.select(X, ex.ONE, ex.const(-1))
    assert ex.derivative(ex.maximum(X, ex.ZERO), "x") is ex.select(X, ex.ONE, ex.ZERO)


@given(EXPRESSIONS)
@settings(max_examples=150, deadline=None)
def test_construction_keeps_the_value(root: Expr) -> None:
    rebuilt = ex.substitute(root, {"x": X})
    assert rebuilt is root
    shifted = ex.substitute(root, {"x": Y + ex.ONE, "y": X})
    x, y = sympy.symbols("x y", real=True)
    expected = to_sympy(root).subs({x: y + 1, y: x}, simultaneous=True)
    assert numerically_equal(to_sympy(shifted), expected)


@given(EXPRESSIONS)
@settings(max_examples=150, deadline=None)
def test_derivatives_agree_with_sympy(root: Expr) -> None:
    ours = to_sympy(ex.derivative(root, "x"))
    theirs = sympy.diff(to_sympy(root), sympy.Symbol("x", real=True))
    assert numerically_equal(ours, theirs)


@pytest.mark.parametrize("op", [Op.TAN, Op.ASIN, Op.ACOS, Op.SINH, Op.COSH, Op.LOG, Op.SQRT])
def test_derivatives_of_the_other_functions_agree_with_sympy(op: Op) -> None:
    argument = (X**2 + Y**2 + ex.ONE) / ex.const(9)
    ours = to_sympy(ex.derivative(ex.apply(op, argument), "x"))
    theirs = sympy.diff(to_sympy(ex.apply(op, argument)), sympy.Symbol("x", real=True))
    assert numerically_equal(ours, theirs)
    quotient = argument / (Y**2 + X + ex.const(5))
    theirs = sympy.diff(to_sympy(quotient), sympy.Symbol("x", real=True))
    assert numerically_equal(to_sympy(ex.derivative(quotient, "x")), theirs)


@given(EXPRESSIONS, EXPRESSIONS)
@settings(max_examples=100, deadline=None)
def test_equal_digests_only_for_the_same_expression(left: Expr, right: Expr) -> None:
    assert (ex.digest(left) == ex.digest(right)) == (left is right)
