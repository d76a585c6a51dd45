"""What does ``boundary`` need where B = 0? That grad B is not 0 there, and f locally Lipschitz.

The checker's verdict depends on this file.
"""

from __future__ import annotations

from ..claims import Formula
from ..conditions import Deriver
from ..statement import Mode


def regular(work: Deriver, mode: Mode, b: int) -> None:
    """grad B is not 0 where B = level, and f is locally Lipschitz near there."""
    t = work.t
    if any(work.has(f, "select") for f in mode.dynamics):
        return work.lacks(mode, "regular", "jumps in f")
    slopes = work.gradient(b)
    kinked = any(t.nodes[n][0] == "select" for n in t.below(slopes))
    if _has_equality(mode.domain):
        if kinked:
            return work.lacks(mode, "regular", "kinks of B and an equality in the domain")
        why = work.rule("independence").independent(work, mode, b)
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


def _has_equality(formula: Formula) -> bool:
    if formula[0] in ("and", "or"):
        return any(_has_equality(part) for part in formula[1:])
    return bool(formula[0] == "==")
