"""Do contracted boxes keep every point that meets the constraints, and do covers stay proofs?"""

from __future__ import annotations

import math
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcv import expr as ex
from bcv import region as rg
from bcv.enclosures import floats
from bcv.enclosures.tape import compile_tape
from bcv.engines.branch_and_bound import BranchAndBound
from bcv.engines.engine import Budget
from bcv.evidence import Cover, Infeasible
from bcv.expr import Expr, Op
from bcv.obligation import Obligation
from bcv.outcome import Hints, Proved
from bcv.paving.contraction import Constraint, Contractor
from bcv.region import Atom, Range, Relation
from tests.paving.replay import replays

X, Y = ex.var("x"), ex.var("y")
LINE = Range(None, None)


def expressions() -> st.SearchStrategy[Expr]:
    constants = st.integers(-3, 3).map(ex.const)
    leaves = st.one_of(st.just(X), st.just(Y), constants)
    functions = st.sampled_from([Op.EXP, Op.TANH, Op.SINH, Op.ATAN, Op.ABS, Op.SIN])

    def larger(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        pairs = st.tuples(inner, inner)
        return st.one_of(
            pairs.map(lambda p: p[0] + p[1]),
            pairs.map(lambda p: p[0] - p[1]),
            pairs.map(lambda p: p[0] * p[1]),
            pairs.map(lambda p: ex.maximum(*p)),
            pairs.map(lambda p: p[0] / (p[1] ** 2 + ex.ONE)),
            st.tuples(inner, st.integers(2, 4)).map(lambda p: ex.power(*p)),
            st.tuples(functions, inner).map(lambda p: ex.apply(*p)),
        )

    return st.recursive(leaves, larger, max_leaves=8)


ends = st.tuples(st.integers(-4, 4), st.integers(1, 4))


@settings(max_examples=300, deadline=None)
@given(expressions(), ends, ends, st.sampled_from([(0.0, 0.0), (0.0, math.inf), (-math.inf, 0.0)]))
def test_no_point_that_meets_the_constraint_is_lost(
    root: Expr, x: tuple[int, int], y: tuple[int, int], allowed: tuple[float, float]
) -> None:
    contractor = Contractor([Constraint(root, *allowed, open=False)], ("x", "y"), 16)
    if not contractor.usable:
        return
    lo = np.array([[float(x[0])], [float(y[0])]])
    hi = lo + np.array([[float(x[1])], [float(y[1])]])
    least, most = contractor.propose(lo, hi)
    grid = np.stack(np.meshgrid(np.linspace(0, 1, 17), np.linspace(0, 1, 17))).reshape(2, -1)
    points = lo + grid * (hi - lo)
    values = floats.evaluate(compile_tape([root], ("x", "y")), points)[0]
    kept = ((points >= least) & (points <= most)).all(axis=0)
    meets = (values >= allowed[0]) & (values <= allowed[1])
    assert not (meets & ~kept).any()


def test_a_half_infinite_side_becomes_bounded_on_a_bounded_constraint() -> None:
    disc = Constraint(ex.ONE - X**2 - Y**2, 0.0, math.inf, open=False)
    least, most = Contractor([disc], ("x", "y"), 1).propose(
        np.full((2, 1), -math.inf), np.full((2, 1), math.inf)
    )
    assert ((least <= -1.0) & (least > -1.1)).all()
    assert ((most >= 1.0) & (most < 1.1)).all()


def test_an_open_constraint_is_cut_at_its_very_edge() -> None:
    least, _ = Contractor([Constraint(X - Y, 0.0, math.inf, open=True)], ("x", "y"), 1).propose(
        np.array([[-4.0], [0.0]]), np.array([[4.0], [4.0]])
    )
    assert least[0, 0] == 0.0


def proved(claim: Expr, formula: rg.Formula, box: tuple[Range, ...], strict: bool) -> Cover:
    region = rg.region(("x", "y"), box, formula)
    obligation = Obligation("flow", "", "", region, claim, strict)
    found = BranchAndBound().discharge(
        obligation, Hints(), Budget(time.monotonic() + 20.0), lambda event: None
    )
    assert isinstance(found, Proved)
    assert isinstance(found.evidence, Cover)
    assert replays(obligation, found.evidence)
    return found.evidence


THIN = rg.all_of(
    Atom(Y - X**3, Relation.GE), Atom(X**3 + ex.const(Fraction(1, 1000)) - Y, Relation.GE)
)
CIRCLE = Atom(X**2 + Y**2 - ex.ONE, Relation.EQ)


@pytest.mark.parametrize(
    ("claim", "formula"),
    [
        (ex.const(Fraction(57, 100)) - X * Y - X, THIN),
        (ex.const(Fraction(3, 2)) - X - Y, CIRCLE),
        (X**2 + Y**2 + X**3 * Y, CIRCLE),
    ],
)
def test_cuts_are_part_of_a_proof_over_the_whole_plane(claim: Expr, formula: rg.Formula) -> None:
    side = LINE if formula is CIRCLE else Range(Fraction(0), Fraction(1, 2))
    cover = proved(claim, formula, (side, side), strict=True)
    assert len(cover.cuts) > 0
    assert any(isinstance(reason, Infeasible) for reason in cover.reasons)


def test_ends_that_cross_leave_no_box_behind() -> None:
    formula = rg.all_of(Atom(Y - X, Relation.GT), Atom(X, Relation.GT))
    cover = proved(X + Y, formula, (Range(Fraction(0), None), LINE), strict=False)
    assert len(cover.nodes) < 20
