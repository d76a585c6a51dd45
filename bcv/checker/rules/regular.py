"""What does ``boundary`` need where B = 0? That grad B is not 0 there, and f locally Lipschitz.

The checker's verdict depends on this file.
"""

from __future__ import annotations

from itertools import combinations

from ..claims import Formula, conjuncts
from ..conditions import Deriver
from ..ring import Ring
from ..statement import Mode
from ..terms import Terms

LARGEST_SIDE = 200


def regular(work: Deriver, mode: Mode, b: int) -> None:
    """grad B is not 0 where B = level, and f is locally Lipschitz near there."""
    t = work.t
    if any(work.has(f, "select") for f in mode.dynamics):
        return work.lacks(mode, "regular", "jumps in f")
    slopes = work.gradient(b)
    kinked = any(t.nodes[n][0] == "select" for n in t.below(slopes))
    flat = _is_flat(work, mode)
    if flat or _has_equality(mode.domain):
        if kinked:
            return work.lacks(mode, "regular", "kinks of B and an equality in the domain")
        why = work.rule("independence").independent(work, mode, b, flat)
        if why:
            return work.lacks(mode, "regular", why)
    where = (mode.domain, work.surface(b))
    words = f"grad B is not 0 where B = {t.text(work.level)}"
    work.claim(mode.name, "regular", words, where, t.dot(slopes, slopes), True, (b,))
    if kinked:
        work.rule("kinks").kinks(work, mode, slopes, where)
    zeros = {v.name: t.zero for v in work.s.variables["inputs"]}
    for node in t.below([t.substitute(f, zeros) for f in mode.dynamics]):
        op, *rest = t.nodes[node]
        if op in ("sqrt", "asin", "acos") and t.value(rest[0]) is None:
            room = rest[0] if op == "sqrt" else t.sub(t.one, t.power(rest[0], 2))
            words = f"f is locally Lipschitz: {t.text(room)} > 0"
            work.claim(mode.name, "flow", words, where, room, True, refutable=False)
    return None


def _is_flat(work: Deriver, mode: Mode) -> bool:
    """Whether inequalities plainly leave the domain without interior, as h >= 0 and -h >= 0 do."""
    t, ring = work.t, Ring(work.t)
    if any(None not in s.side and s.side[0] == s.side[1] for s in work.s.states):
        return True
    sides = [part[1] for part in conjuncts(mode.domain) if part[0] == ">="]
    sides = [side for side in sides if len(list(t.below([side]))) <= LARGEST_SIDE]
    if any(t.value(side) is None and _has_sign(t, side, -1) for side in sides):
        return True
    pairs = combinations(sides, 2)
    return any(t.total[a] and t.total[b] and ring.same(a, t.neg(b)) for a, b in pairs)


def _has_sign(t: Terms, root: int, sign: int) -> bool:
    """Whether the term is plainly >= 0 (sign 1) or <= 0 (sign -1), being made of squares."""
    op, *rest = t.nodes[root]
    if op == "const":
        return bool(rest[0] * sign >= 0)
    if op in ("abs", "**"):
        return sign > 0 and (op == "abs" or rest[1] % 2 == 0)
    if op == "neg":
        return _has_sign(t, rest[0], -sign)
    if op in ("+", "-"):
        other = sign if op == "+" else -sign
        return _has_sign(t, rest[0], sign) and _has_sign(t, rest[1], other)
    if op == "*":
        a, b = rest
        return any(_has_sign(t, a, s) and _has_sign(t, b, s * sign) for s in (1, -1))
    return False


def _has_equality(formula: Formula) -> bool:
    if formula[0] in ("and", "or"):
        return any(_has_equality(part) for part in formula[1:])
    return bool(formula[0] == "==")
