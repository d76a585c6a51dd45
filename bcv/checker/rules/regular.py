"""What does ``boundary`` need where B = 0? That grad B is not 0 there, and f locally Lipschitz.

The checker's verdict depends on this file.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..claims import Formula
from ..conditions import Deriver
from ..statement import Mode
from ..terms import Terms


def regular(work: Deriver, mode: Mode, b: int) -> None:
    """grad B is not 0 where B = level, and f is locally Lipschitz near there."""
    t = work.t
    if any(work.has(f, "select") for f in mode.dynamics):
        return work.lacks(mode, "regular", "jumps in f")
    slopes = list(work.gradient(b))
    kinks = {t.nodes[n][1] for n in t.below(slopes) if t.nodes[n][0] == "select"}
    if len(kinks) > 1 or (kinks and _has_equality(mode.domain)):
        return work.lacks(mode, "regular", "several kinks in B, or one and an equality")
    if _has_equality(mode.domain):
        why = work.rule("independence").independent(work, mode, b)
        if why:
            return work.lacks(mode, "regular", why)
    where = (mode.domain, work.surface(b))
    words = f"grad B is not 0 where B = {t.text(work.level)}"
    work.claim(mode.name, "regular", words, where, _dot(t, slopes, slopes), True, (b,))
    for c in kinks:
        above, below = ([_piece(t, slope, c, side) for slope in slopes] for side in (1, 2))
        angle = _dot(t, above, below)
        square = t.mul(_dot(t, above, above), _dot(t, below, below))
        known = t.value(angle)
        if known is None or known <= 0:
            angle = t.extremum("max", angle, t.sub(square, t.power(angle, 2)))
        words = f"gradients are not opposite where {t.text(c)} = 0"
        there = (*where, ("==", c))
        work.claim(mode.name, "regular", words, there, angle, True, refutable=False)
    zeros = {v.name: t.zero for v in work.s.variables["inputs"]}
    for node in t.below([t.substitute(f, zeros) for f in mode.dynamics]):
        op, *rest = t.nodes[node]
        if op in ("sqrt", "asin", "acos") and t.value(rest[0]) is None:
            room = rest[0] if op == "sqrt" else t.sub(t.one, t.power(rest[0], 2))
            words = f"f is locally Lipschitz: {t.text(room)} > 0"
            work.claim(mode.name, "flow", words, where, room, True, refutable=False)
    return None


def _dot(t: Terms, a: Sequence[int], b: Sequence[int]) -> int:
    total = t.zero
    for left, right in zip(a, b, strict=True):
        total = t.add(total, t.mul(left, right))
    return total


def _piece(t: Terms, root: int, c: int, side: int) -> int:
    """The term with the branch of this number (1 or 2) in the place of selects on c."""
    done: dict[int, int] = {}
    for node in t.below([root]):
        inner = [done[operand] for operand in t.operands(node)]
        chosen = t.nodes[node][:2] == ("select", c)
        done[node] = inner[side] if chosen else t.rebuild(t.nodes[node], inner)
    return done[root]


def _has_equality(formula: Formula) -> bool:
    if formula[0] in ("and", "or"):
        return any(_has_equality(part) for part in formula[1:])
    return bool(formula[0] == "==")
