"""``domain_is: invariant``: no state with B <= 0 leaves the domain."""

from __future__ import annotations

from fractions import Fraction

from bcv.enclosures.exact import verify_point
from bcv.region import Relation, conjuncts
from tests.conditions.problems import by_name, conditions, same

POPULATION = """
states: {x: [0, 2], y: [0, .inf]}
domain: %s
domain_is: invariant
dynamics: {x: x*(1 - y), y: y*(x - 1)}
initial: x <= 1
unsafe: y >= 9
certificate: {B: x + y - 3, condition: %s}
"""


def test_each_edge_needs_the_flow_not_out_and_enough_is_in() -> None:
    found = conditions(POPULATION % ("x + y <= 5", "nonincreasing"))
    needed = by_name(found, "stays", "5 - (x + y) >= 0")
    assert same(needed.expr, "-(x*(1 - y) + y*(x - 1))")
    assert not needed.strict
    assert not needed.sufficient
    enough = by_name(found, "stays", "5 - (x + y) >= 0, strictly")
    assert enough.strict
    assert enough.sufficient
    assert enough.region == needed.region
    kept, edge = conjuncts(needed.region.formula)[1:]
    assert same(kept.expr, "-(x + y - 3)")  # type: ignore[union-attr]
    assert edge.relation is Relation.EQ  # type: ignore[union-attr]
    assert "the state stays in the domain" not in found.assumes


def test_an_invariant_coordinate_plane_needs_nothing() -> None:
    found = conditions(POPULATION % ("true", "nonincreasing"))
    parts = {o.part for o in found.obligations if o.name == "stays"}
    assert parts == {"2 - x >= 0", "2 - x >= 0, strictly"}


def test_under_boundary_sliding_along_an_edge_is_not_enough() -> None:
    found = conditions(POPULATION % ("true", "boundary"))
    assert "x >= 0, strictly" in {o.part for o in found.obligations if o.name == "stays"}


def test_a_strict_domain_is_closed_before_its_edge_is_looked_at() -> None:
    found = conditions(POPULATION % ("x + y < 5", "nonincreasing"))
    parts = [o for o in found.obligations if o.part.startswith("5 - (x + y) >= 0")]
    assert len(parts) == 2
    for one in parts:
        assert one.sufficient
        relations = {part.relation for part in conjuncts(one.region.formula)}  # type: ignore[union-attr]
        assert Relation.GT not in relations


def test_alternatives_in_the_domain_are_unsupported_in_continuous_time() -> None:
    found = conditions(POPULATION % ("{any: [x <= 1, y <= 1]}", "nonincreasing"))
    assert [name for name, _ in found.unsupported] == ["stays"]


def test_a_discrete_step_must_keep_every_constraint() -> None:
    found = conditions(POPULATION % ("{any: [x <= 1, y < 1]}", "inductive"), "discrete")
    parts = [o for o in found.obligations if o.name == "stays"]
    assert [
        same(o.expr, text)
        for o, text in zip(
            parts, ("x*(1 - y)", "2 - x*(1 - y)", "y*(x - 1)", "1 - y*(x - 1)"), strict=True
        )
    ]
    assert parts[-1].strict
    given = conjuncts(parts[-1].region.formula)[-1]
    assert same(given.expr, "x*(1 - y) - 1")  # type: ignore[union-attr]
    assert given.relation is Relation.GT  # type: ignore[union-attr]


def test_a_constraint_must_be_defined_up_to_the_edge_of_the_domain() -> None:
    """x' = -1 leaves 1/x >= 1/2 at x = 0 and nowhere else, so that no zero of d shows it."""
    text = """
states: {x: [-1, 3]}
domain: 1/x >= 1/2
domain_is: invariant
dynamics: {x: -1}
initial: x == 1
unsafe: false
certificate: {B: -1}
"""
    part = by_name(conditions(text), "stays", "1/x - 1/2 is defined")
    assert part.sufficient
    assert verify_point(part, {"x": Fraction(0)}) is not None
