"""Is a claim in one variable true since it is so at a bound, and rises from there on?

The checker's verdict depends on this file.
"""

from __future__ import annotations

from fractions import Fraction
from math import inf
from typing import Any

from .. import tasks
from ..claims import TRUE, Region
from ..reading import entry, index
from ..ring import Ring
from ..tasks import Task
from ..terms import RejectedError, Terms
from .fixed_point import Fixed
from .leaves import usable
from .programs import enclosures

BITS = 160
_HALF = Fraction(1, 2)
SINES = {Fraction(0): Fraction(0), _HALF / 3: _HALF, _HALF: 2 * _HALF, 5 * _HALF / 3: _HALF}
"""sin(r*pi), where r in [0, 1) and the sine are rational."""


def prove(task: Task, data: Any, depth: int) -> str:
    """g >= 0 for x >= c (x <= c), as g(c) >= 0 and g' >= 0 (g' <= 0) all over the box, c in it.

    By the mean value theorem: g is continuous, being defined on the box and without a select, and
    its derivative, at kinks that of either side, is bounded there. g > 0 if g' > 0 and x > c.
    """
    terms, region = task.terms, task.region
    bound = task.reader.term(entry(data, "bound"))
    number = index(entry(data, "atom"), len(task.numbered))
    relation, term = task.numbered[number]
    if len(region.names) != 1 or terms.variables([bound]) or number not in usable(task):
        raise RejectedError("a rising claim has more than one variable, or no constant bound")
    if any(terms.nodes[node][0] == "select" for node in terms.below([task.goal])):
        raise RejectedError("a rising claim may jump")
    (name,), ring = region.names, Ring(terms)
    step = terms.sub(terms.node("var", name), bound)
    upward = ring.same(term, step)
    # An atom without a value holds nowhere, and says nothing about the side of the bound.
    if not terms.total[term] or not (upward or ring.same(term, terms.neg(step))):
        raise RejectedError("an atom does not say on which side of the bound the region lies")
    _inside(task, bound)
    least = _plain_angles(terms, terms.substitute(task.goal, {name: bound}))
    value = terms.value(least)
    if not (value is not None and value >= 0) and not ring.same(least, terms.zero):
        raise RejectedError("the claim is not seen to hold at the bound")
    if task.strict and relation != ">":
        raise RejectedError("a claim that is 0 at a bound which may be reached is not strict")
    slope = terms.derivative(task.goal, name)
    slope = slope if upward else terms.neg(slope)
    roots = tuple(root for root in (task.goal, *task.defined) if not terms.total[root])
    everywhere = Region(region.names, region.box, TRUE)
    inner = task.within(everywhere, slope, defined=roots, shown=frozenset())
    found = tasks.prove(inner, entry(data, "slope"), depth + 1)
    return f"a bound, from which it rises: {found}"


def _inside(task: Task, bound: int) -> None:
    """The bound has a value in the box."""
    fixed, ((lo, hi),) = Fixed(BITS), task.region.box
    found = enclosures(task.terms, (), fixed, (bound,))([])
    if found is None or -inf in found[0] or inf in found[0]:
        raise RejectedError("a bound is not seen to have a value")
    least, most = map(fixed.exact, found[0])
    if (lo is not None and least < lo) or (hi is not None and most > hi):
        raise RejectedError("a bound is not seen to lie in the box")


def _plain_angles(terms: Terms, root: int) -> int:
    """The term with sin(r*pi) and cos(r*pi) as rationals, where they are."""
    done: dict[int, int] = {}
    for node in terms.below([root]):
        op = terms.nodes[node][0]
        done[node] = terms.rebuild(terms.nodes[node], [done[part] for part in terms.operands(node)])
        if op in ("sin", "cos") and not terms.variables([node]):
            for sixths in range(-24, 25):
                angle = terms.mul(terms.const(Fraction(sixths, 6)), terms.node("pi"))
                turned = Fraction(sixths, 6) + (_HALF if op == "cos" else 0)
                value = SINES.get(turned % 1)
                if value is not None and Ring(terms).same(terms.nodes[node][1], angle):
                    done[node] = terms.const(-value if turned % 2 >= 1 else value)
                    break
    return done[root]
