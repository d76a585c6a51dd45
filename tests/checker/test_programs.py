"""Do values that are kept from one box to the next equal those that are computed anew?"""

from __future__ import annotations

import random
from math import inf
from typing import Any

import pytest

from bcv.checker.rules.fixed_point import Fixed
from bcv.checker.rules.intervals import Arithmetic, Floats, Interval
from bcv.checker.rules.programs import Program
from bcv.checker.terms import Terms

NAMES = ("x", "y", "z")
SIDES = [(-2.0, 1.0), (0.5, 1.5), (-1.0, -0.25), (0.0, 0.0), (-0.0, 3.0), (1.0, inf), (-inf, inf)]


def some_terms(terms: Terms, pick: random.Random) -> list[int]:
    """Expressions in which much is shared and some is not defined everywhere."""
    pool = [*(terms.node("var", name) for name in NAMES), terms.const(2), terms.one]
    for _ in range(40):
        a, b, c = (pick.choice(pool[-12:] if pick.random() < 0.7 else pool) for _ in range(3))
        makers = [
            lambda a=a, b=b: terms.add(a, b),
            lambda a=a, b=b: terms.sub(a, b),
            lambda a=a, b=b: terms.mul(a, b),
            lambda a=a, b=b: terms.extremum("max", a, b),
            lambda a=a: terms.power(a, pick.choice((2, 3))),
            lambda a=a: terms.apply(pick.choice(("sin", "exp", "abs", "tanh")), a),
            lambda a=a: terms.apply(pick.choice(("log", "sqrt")), a),
            lambda a=a, b=b: terms.div(a, b),
            lambda a=a, b=b, c=c: terms.select(a, b, c),
        ]
        pool.append(pick.choice(makers)())
    return pool


def moved(box: list[Interval], arithmetic: Arithmetic, pick: random.Random) -> list[Interval]:
    """Another side here and there, or none, or all."""
    share = pick.choice((0.0, 0.3, 0.3, 1.0))
    return [
        arithmetic.interval(*pick.choice(SIDES)) if pick.random() < share else side for side in box
    ]


@pytest.mark.parametrize("arithmetic", [Floats(), Fixed(96)], ids=["doubles", "fixed"])
@pytest.mark.parametrize("seed", range(40))
def test_kept_values_are_those_of_the_box(arithmetic: Arithmetic, seed: int) -> None:
    pick = random.Random(seed)
    terms = Terms()
    pool = some_terms(terms, pick)
    kept = tuple(pick.sample(pool, 3))
    program = Program(terms, NAMES, arithmetic, kept)
    box = [arithmetic.interval(0.5, 1.5) for _ in NAMES]
    seen: set[Any] = set()
    for _ in range(40):
        box = moved(box, arithmetic, pick)
        roots = pick.choice((kept, kept[:1], (*kept, pool[-1]), tuple(pick.sample(pool, 2))))
        fresh = Program(terms, NAMES, arithmetic).run(box, roots)
        assert program.run(box, roots) == fresh
        seen.add(fresh is None)
    assert False in seen


def test_a_run_that_stops_midway_leaves_nothing_to_rely_on() -> None:
    terms = Terms()
    x, y = terms.node("var", "x"), terms.node("var", "y")
    root = terms.add(terms.apply("log", y), terms.mul(x, x))
    program = Program(terms, ("x", "y"), Floats(), (root,))
    first = program.run([(1.0, 2.0), (1.0, 1.0)], (root,))
    assert program.run([(5.0, 6.0), (-1.0, 1.0)], (root,)) is None
    found = program.run([(5.0, 6.0), (1.0, 1.0)], (root,))
    assert found is not None
    assert found != first
    assert found[0][0] >= 24.9


def test_what_is_kept_need_not_be_defined_where_no_root_needs_it() -> None:
    terms = Terms()
    x = terms.node("var", "x")
    log = terms.apply("log", x)
    program = Program(terms, ("x",), Floats(), (x, log))
    assert program.run([(-1.0, 1.0)], (x,)) == [(-1.0, 1.0)]
    assert program.run([(-1.0, 1.0)], (log,)) is None
    assert program.run([(1.0, 1.0)], (log,)) == [(0.0, 0.0)]
