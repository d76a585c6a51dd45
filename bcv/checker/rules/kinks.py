"""Where pieces of B meet on its surface, do their gradients point apart?

The checker's verdict depends on this file. Of gradients g_i that are not 0 and have no negative
products, no convex combination is 0: |sum l_i g_i|^2 >= sum l_i^2 |g_i|^2 > 0. Of two that meet at
the only kink, it is enough that they are not opposite. So the surface is regular there, and its
normals are theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..claims import TRUE, Formula
from ..conditions import Deriver
from ..matching import linear
from ..ring import Ring
from ..statement import Mode
from ..terms import Terms


def side(t: Terms, root: int, c: int, positive: bool) -> int:
    """The term with every select on c replaced by one of its branches."""
    done: dict[int, int] = {}
    for node in t.below([root]):
        op, *rest = t.nodes[node]
        if op == "select" and rest[0] == c:
            done[node] = done[int(rest[1 if positive else 2])]
        else:
            done[node] = t.rebuild(t.nodes[node], [done[part] for part in t.operands(node)])
    return done[root]


def _apart(t: Terms, root: int, taken: Collection[int]) -> int:
    """The same, by choices of its own: select on 2*c, whose branches are chosen freely at c = 0."""
    done: dict[int, int] = {}
    for node in t.below([root]):
        operands = [done[part] for part in t.operands(node)]
        if t.nodes[node][0] == "select":
            scale = 2
            while t.mul(t.const(scale), operands[0]) in taken:
                scale += 1
            done[node] = t.select(t.mul(t.const(scale), operands[0]), *operands[1:])
        else:
            done[node] = t.rebuild(t.nodes[node], operands)
    return done[root]


def switches(t: Terms, roots: Iterable[int]) -> dict[int, None]:
    """The conditions of all selects below the roots, once each."""
    return dict.fromkeys(t.nodes[n][1] for n in t.below(roots) if t.nodes[n][0] == "select")


def kinks(d: Deriver, mode: Mode, gradient: list[int], where: tuple[Formula, ...]) -> None:
    """Any two gradients that meet where one choice changes, with all choices of the others."""
    t = d.t
    taken = switches(t, gradient)
    for c in taken:
        above = [side(t, slope, c, True) for slope in gradient]
        below = [_apart(t, side(t, slope, c, False), taken) for slope in gradient]
        angle, strict = t.dot(above, below), False
        known = t.value(angle)
        words = f"gradients on both sides of {t.text(c)} = 0 do not point apart"
        if len(taken) == 1 and (known is None or known < 0):
            words = f"gradients on both sides of {t.text(c)} = 0 are not opposite"
            square = t.mul(t.dot(above, above), t.dot(below, below))
            angle, strict = t.extremum("max", angle, t.sub(square, t.power(angle, 2))), True
        d.claim(mode.name, "regular", words, (*where, ("==", c)), angle, strict, refutable=False)


def continuity(d: Deriver, mode: Mode, b: int) -> None:
    """B must not jump; a jump refutes it only where both pieces are plainly met."""
    conditions = switches(d.t, [b])
    plain = len(conditions) == 1 and all(_cuts(d, mode, c) for c in conditions)
    no_jumps(d, mode, "flow", b, "B does not jump where", defined=(b,), refutable=plain)


def no_jumps(
    d: Deriver,
    mode: Mode,
    name: str,
    value: int,
    words: str,
    *,
    defined: tuple[int, ...] = (),
    refutable: bool = False,
) -> None:
    """The value's pieces on both sides of each c = 0 where it has cases are equal there.

    One choice at a time is enough: between any two pieces that meet one passes by one switch after
    the other, all of which meet there.
    """
    t = d.t
    for c in switches(t, [value]):
        height = t.sub(side(t, value, c, True), side(t, value, c, False))
        if height == t.zero:
            continue
        where, said = (mode.domain, ("==", c)), f"{words} {t.text(c)} = 0"
        for difference in (t.neg(height), height):
            d.claim(mode.name, name, said, where, difference, False, defined, refutable=refutable)


def _cuts(d: Deriver, mode: Mode, c: int) -> bool:
    """Whether c = 0 is a plane x = a through the interior of a box, the domain."""
    found = linear(Ring(d.t), c) if mode.domain == TRUE else None
    if found is None:
        return False
    name, slope, offset = found
    at, sides = -offset / slope, {state.name: state.side for state in d.s.states}
    lo, hi = sides.get(name, (at, at))
    return (lo is None or lo < at) and (hi is None or at < hi)
