"""Three-valued truth agrees with the truth at points."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bcv import expr as ex
from bcv.paving.region_test import RegionTest
from bcv.region import And, Atom, Formula, Or, Range, Region, Relation, atoms

X = ex.var("x")
relations = st.sampled_from(list(Relation))
ends = st.integers(-2, 2)


def _atom(number: int, relation: Relation) -> Atom:
    return Atom(X + ex.const(Fraction(number, 7)), relation)


formulas = st.recursive(
    st.builds(_atom, st.integers(0, 6), relations),
    lambda inner: st.builds(
        lambda kind, parts: kind(tuple(parts)),
        st.sampled_from([And, Or]),
        st.lists(inner, max_size=3),
    ),
    max_leaves=6,
)


def _truth(formula: Formula, values: dict[Atom, float]) -> bool:
    if isinstance(formula, Atom):
        value = values[formula]
        return {
            Relation.GE: value >= 0,
            Relation.GT: value > 0,
            Relation.EQ: value == 0,
        }[formula.relation]
    parts = [_truth(part, values) for part in formula.parts]
    return all(parts) if isinstance(formula, And) else any(parts)


@given(formulas, st.data())
def test_certainty_is_never_contradicted(formula: Formula, data: st.DataObject) -> None:
    where = Region(("x",), (Range(None, None),), formula)
    test = RegionTest.of(where)
    distinct = list(dict.fromkeys(atoms(formula)))
    bounds = {a: sorted((data.draw(ends), data.draw(ends))) for a in distinct}
    values = {a: float(data.draw(st.integers(lo, hi))) for a, (lo, hi) in bounds.items()}
    lo = np.array([[float(bounds[a][0])] for a in test.atoms]).reshape(len(test.atoms), 1)
    hi = np.array([[float(bounds[a][1])] for a in test.atoms]).reshape(len(test.atoms), 1)
    holds = _truth(formula, values)
    if test.false_part(lo, hi)[0] >= 0:
        assert not holds
    if test.inside(lo, hi)[0]:
        assert holds


def test_an_open_atom_makes_nothing_false() -> None:
    test = RegionTest.of(Region(("x",), (Range(None, None),), _atom(1, Relation.EQ)))
    whole = np.array([[np.inf]])
    assert test.false_part(-whole, whole)[0] == -1
    assert test.reasons[0].atoms == (0,)
