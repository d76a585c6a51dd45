"""Gradients: the adjoint pass says what the derivatives say, at kinks and at edges too."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from bcv import expr as ex
from bcv.checker.rules import gradients
from bcv.checker.terms import Terms
from bcv.conditions.kinks import piece, switching
from bcv.enclosures.exact import ExactPoint
from bcv.enclosures.exact_values import Special, Value, is_number
from bcv.expr import Expr, Op
from bcv.gradient import gradient
from tests.checker.terms import translated
from tests.vocabulary.dags import X, Y, random_dag, widened

Point = dict[str, Fraction]
SEEDS = range(600)


def defined(root: Expr, point: Point) -> bool:
    return all(map(is_number, ExactPoint(point).known_values(root)))


def value(root: Expr, point: Point) -> Value:
    (found,) = ExactPoint(point).known_values(root)
    return found


def meet(a: Value, b: Value) -> bool:
    """Whether two values may be the same one."""
    if not is_number(a) or not is_number(b):
        return a is b or Special.UNKNOWN in (a, b)
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a == b
    from flint import arb, fmpq

    a, b = (arb(fmpq(*v.as_integer_ratio())) if isinstance(v, Fraction) else v for v in (a, b))
    return bool(a.overlaps(b))


def points(pick: random.Random) -> list[Point]:
    """Small integers, where kinks and the edges of domains are, and other rationals."""
    sides = [(pick.randint(-2, 2), pick.randint(-2, 2), 1) for _ in range(3)]
    sides += [(pick.randint(-99, 99), pick.randint(-99, 99), 70) for _ in range(3)]
    return [{"x": Fraction(x, d), "y": Fraction(y, d), "z": Fraction(0)} for x, y, d in sides]


def smooth(roots: tuple[Expr, ...], pick: random.Random) -> tuple[Expr, ...]:
    """The expressions, all kinks on one condition taken the same way, at random."""
    while found := switching(*roots):
        positive = pick.random() < 0.5
        roots = tuple(piece(root, found[0], positive) for root in roots)
    return roots


@pytest.mark.parametrize("seed", SEEDS)
def test_the_adjoint_slopes_are_the_derivatives_however_kinks_are_taken(seed: int) -> None:
    pick = random.Random(seed)
    root = widened(random_dag(pick))
    found = gradient(root, ("x", "y", "t"))
    assert found[2] is ex.ZERO
    for slope, name in zip(found, ("x", "y"), strict=False):
        part, ours, theirs = smooth((root, slope, ex.derivative(root, name)), pick)
        for point in points(pick):
            if defined(part, point):
                assert meet(value(ours, point), value(theirs, point)), point


@pytest.mark.parametrize("seed", SEEDS)
def test_the_checker_builds_the_same_gradient_node_by_node(seed: int) -> None:
    root = widened(random_dag(random.Random(seed)))
    terms = Terms()
    theirs = gradients.gradient(terms, translated(root, terms), ("x", "y"))
    assert theirs == [translated(slope, terms) for slope in gradient(root, ("x", "y"))]


def test_most_of_these_random_expressions_take_the_adjoint_pass() -> None:
    adjoint = [
        root
        for root in (widened(random_dag(random.Random(seed))) for seed in SEEDS)
        if gradient(root, ("x", "y")) != (ex.derivative(root, "x"), ex.derivative(root, "y"))
    ]
    assert len(adjoint) > len(SEEDS) / 4


def test_small_expressions_keep_the_derivatives_that_they_have() -> None:
    root = (X**2 + Y) ** 2 * ex.apply(Op.SIN, X * Y)
    assert gradient(root, ("x", "y")) == (ex.derivative(root, "x"), ex.derivative(root, "y"))


def test_a_branch_without_a_value_does_not_undo_the_slope_of_the_other_one() -> None:
    root = widened(ex.select(X, ex.apply(Op.SQRT, X), Y))
    (slope,) = gradient(root, ("y",))
    assert ExactPoint({"x": Fraction(-1), "y": Fraction(0)}).known_values(slope) == (Fraction(1),)


def test_relu_has_both_slopes_at_the_kink() -> None:
    (slope,) = gradient(widened(ex.maximum(X, ex.ZERO) * ex.const(3)), ("x",))
    assert set(ExactPoint({"x": Fraction(0)}).known_values(slope)) == {Fraction(0), Fraction(3)}


def test_a_network_of_two_layers_has_a_gradient_not_much_larger_than_itself() -> None:
    names = [f"x{i}" for i in range(6)]
    layer = [ex.var(name) for name in names]
    for _ in range(2):
        sums = []
        for j in range(24):
            total = ex.const(j)
            for i, value in enumerate(layer):
                total = total + ex.const(Fraction(7 * i + 3 * j + 1, 10)) * value
            sums.append(ex.apply(Op.TANH, total))
        layer = sums
    root = layer[0]
    for value in layer[1:]:
        root = root + value
    own = len(ex.postorder(root))
    assert len(ex.postorder(root, *gradient(root, names))) < 3 * own
    assert len(ex.postorder(root, *(ex.derivative(root, name) for name in names))) > 6 * own
