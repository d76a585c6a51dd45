"""What does ``boundary`` need where the domain has equalities? Independent gradients.

The checker's verdict depends on this file; docs/conditions.md has the theorem.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb

from ..claims import Formula, atoms, conjuncts
from ..conditions import Deriver
from ..ring import Ring
from ..statement import Mode
from ..terms import Terms

POLYNOMIAL = ("const", "var", "+", "-", "*", "neg", "**")
MOST_MINORS = 300


def independent(work: Deriver, mode: Mode, b: int, flat: bool) -> str:
    """Add the claim that grad B and the gradients of the equalities are independent.

    Returns what stands in the way; "" if nothing does, or if LfB is 0, so that B never changes.
    """
    t, equal = work.t, [a for a in atoms(mode.domain) if a[0] == "=="]
    if work.s.variables["inputs"]:
        return "an equality in the domain together with inputs"
    lie = work.lie_derivative(b, mode.dynamics)
    if t.total[lie] and not Ring(t).form(lie)[0]:
        return ""
    if flat:
        return "an equality in the domain that is written as inequalities"
    plain = [part for part in conjuncts(mode.domain) if part[0] == "=="]
    roots = [part[1] for part in plain]
    if len(plain) < len(equal) or any(t.nodes[n][0] not in POLYNOMIAL for n in t.below(roots)):
        return "an equality in the domain that is no polynomial, or stands in an alternative"
    rows = [[t.derivative(root, state.name) for state in work.s.states] for root in (b, *roots)]
    columns = [c for c in zip(*rows, strict=True) if any(entry != t.zero for entry in c)]
    if comb(len(columns), len(rows)) > MOST_MINORS:
        return "too many equalities in the domain"
    total = t.zero
    for chosen in combinations(columns, len(rows)):
        total = t.add(total, t.power(_determinant(t, chosen), 2))
    where: tuple[Formula, ...] = (mode.domain, work.surface(b))
    words = "grad B is independent of the gradients of the domain's equalities"
    work.claim(mode.name, "regular", words, where, total, True, (b,), refutable=False)
    return ""


def _determinant(t: Terms, columns: Sequence[Sequence[int]]) -> int:
    """By Laplace's expansion along the first row."""
    if not columns:
        return t.one
    total = t.zero
    for place, (head, *_) in enumerate(columns):
        if head == t.zero:
            continue
        others = [column[1:] for k, column in enumerate(columns) if k != place]
        term = t.mul(head, _determinant(t, others))
        total = t.add(total, term) if place % 2 == 0 else t.sub(total, term)
    return total
