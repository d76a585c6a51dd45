"""Are the theorems true, and the same to prover and checker?"""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcv import expr as ex
from bcv.checker.reading import Reader
from bcv.checker.ring import Ring
from bcv.checker.rules.theorems import Theorems
from bcv.checker.terms import RejectedError, Terms
from bcv.enclosures.exact import ExactPoint
from bcv.evidence import Theorem
from bcv.expr import Op
from bcv.formats.statement import NodeList
from bcv.rewriting.theorems import TABLE, atoms_of
from tests.rewriting.claims import expression

UNCONDITIONAL = {
    "pythagoras": 1,
    "sine": 1,
    "cosine": 1,
    "tanh": 1,
    "atan": 1,
    "sine-square": 1,
    "sine-series": 1,
    "cosine-series": 1,
    "tanh-bounds": 1,
    "atan-bounds": 1,
    "exp-positive": 1,
    "exp": 1,
    "log": 1,
    "sqrt": 1,
    "abs": 1,
    "max": 2,
    "min": 2,
    "quotient": 2,
    "tangent": 1,
    "hyperbolic": 1,
}
CONDITIONAL = ("half-turn", "mirrored", "turned", "at-least", "at-most")
HALF_TURN = Fraction(333, 106)

numbers = st.one_of(
    st.fractions(-5, 5, max_denominator=1000),
    st.fractions(-1, 1, max_denominator=10**9).map(lambda x: x / 1000),
    st.fractions(-60, 60, max_denominator=7),
)


def holds(theorem: Theorem, point: dict[str, Fraction]) -> None:
    """The atoms are true at the point, unless one of them is undefined there."""
    at = ExactPoint(point)
    atoms = atoms_of(theorem)
    if all(at.undefined(atom.expr) is False for atom in atoms):
        for atom in atoms:
            assert at.holds(atom) is not False, (theorem.name, point)


@pytest.mark.parametrize("name", UNCONDITIONAL)
@settings(max_examples=60, deadline=None)
@given(x=numbers, y=numbers)
def test_a_theorem_is_true_wherever_it_is_defined(name: str, x: Fraction, y: Fraction) -> None:
    args = (ex.var("x"), ex.var("y"))[: UNCONDITIONAL[name]]
    holds(Theorem(name, args), {"x": x, "y": y})


@settings(max_examples=60, deadline=None)
@given(x=st.fractions(-HALF_TURN, HALF_TURN, max_denominator=10**6))
def test_the_half_turn_theorem_is_true_on_a_half_turn(x: Fraction) -> None:
    holds(Theorem("half-turn", (ex.var("x"),)), {"x": x})


@pytest.mark.parametrize("op", [Op.SIN, Op.TAN, Op.ASIN, Op.ATAN, Op.SINH, Op.TANH, Op.EXP, Op.COS])
@settings(max_examples=20, deadline=None)
@given(x=numbers, y=numbers)
def test_mirrored_functions_are_odd_or_even(op: Op, x: Fraction, y: Fraction) -> None:
    left, right = ex.apply(op, expression("x - y")), ex.apply(op, expression("y - x"))
    holds(Theorem("mirrored", (left, right)), {"x": x, "y": y})


@pytest.mark.parametrize("op", ["sin", "cos"])
@settings(max_examples=20, deadline=None)
@given(x=numbers, k=st.integers(-3, 3))
def test_turned_functions_are_the_same_up_to_sign(op: str, x: Fraction, k: int) -> None:
    args = tuple(map(expression, (f"{op}(x)", f"{op}(x - {k}*pi)", str(k))))
    holds(Theorem("turned", args), {"x": x})
    reader, table = checkers_table(("x",), ((None, None),))
    nodes = NodeList()
    places = [nodes.place(arg) for arg in args]
    own = nodes.place(atoms_of(Theorem("turned", args))[0].expr)
    reader.load(nodes.nodes)
    ((relation, term),) = table.atoms("turned", [reader.term(place) for place in places])
    assert relation == "=="
    assert Ring(reader.terms).same(reader.term(own), term)


def checkers_table(
    names: tuple[str, ...], box: tuple[tuple[Fraction | None, Fraction | None], ...]
) -> tuple[Reader, Theorems]:
    terms = Terms()
    return Reader(terms), Theorems(terms, names, box)


@pytest.mark.parametrize("name", [*UNCONDITIONAL, "half-turn"])
def test_prover_and_checker_mean_the_same(name: str) -> None:
    count = UNCONDITIONAL.get(name, 1)
    theorem = Theorem(name, (expression("x + x*y/2"), expression("y - 3"))[:count])
    side = (Fraction(-1), Fraction(1))
    reader, table = checkers_table(("x", "y"), (side, side))
    nodes = NodeList()
    own = [(atom.relation.value, nodes.place(atom.expr)) for atom in atoms_of(theorem)]
    places = [nodes.place(arg) for arg in theorem.args]
    reader.load(nodes.nodes)
    theirs = table.atoms(name, [reader.term(place) for place in places])
    ring = Ring(reader.terms)
    assert [relation for relation, _ in own] == [relation for relation, _ in theirs]
    for (_, place), (_, term) in zip(own, theirs, strict=True):
        assert ring.same(reader.term(place), term)


def test_the_tables_have_the_same_theorems() -> None:
    _, table = checkers_table((), ())
    assert set(table.table) == set(TABLE) == {*UNCONDITIONAL, *CONDITIONAL}


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("half-turn", ("3*x",)),
        ("mirrored", ("sin(x)", "sin(x)")),
        ("mirrored", ("sin(x)", "cos(-x)")),
        ("mirrored", ("sqrt(x)", "sqrt(-x)")),
        ("mirrored", ("x", "-x")),
        ("turned", ("sin(x)", "sin(x - pi)", "2")),
        ("turned", ("sin(x)", "sin(x - pi)", "-1")),
        ("turned", ("sin(x)", "sin(x - pi/2)", "1/2")),
        ("turned", ("sin(x)", "cos(x - pi)", "1")),
        ("turned", ("tanh(x)", "tanh(x - pi)", "1")),
        ("turned", ("sin(x)", "sin(x - pi)", "y")),
        ("turned", ("sin(x)", "sin(x - 3)", "1")),
        ("at-least", ("sin(x)", "-0.8")),
        ("at-least", ("x", "y")),
        ("at-least", ("1/x", "0")),
        ("at-most", ("x**2", "1.2")),
        ("at-most", ("exp(y)", "10**9")),
        ("sine", ("x", "y")),
        ("unheard-of", ("x",)),
    ],
)
def test_a_theorem_out_of_its_place_is_rejected(name: str, args: tuple[str, ...]) -> None:
    box = ((Fraction(-6, 5), Fraction(6, 5)), (None, None))
    reader, table = checkers_table(("x", "y"), box)
    nodes = NodeList()
    places = [nodes.place(expression(arg)) for arg in args]
    reader.load(nodes.nodes)
    with pytest.raises(RejectedError):
        table.atoms(name, [reader.term(place) for place in places])


def test_ranges_that_interval_arithmetic_confirms_are_accepted() -> None:
    reader, table = checkers_table(("x",), ((Fraction(-1), Fraction(1)),))
    nodes = NodeList()
    places = [nodes.place(expression(text)) for text in ("sin(x)", "-0.85", "0.85", "3*x")]
    reader.load(nodes.nodes)
    sine, low, high, angle = (reader.term(place) for place in places)
    assert table.atoms("at-least", [sine, low])
    assert table.atoms("at-most", [sine, high])
    assert table.atoms("half-turn", [angle])
