"""Does a claim fail wherever some continuous functions are 0 together?

The checker's verdict depends on this file. ``segments`` and ``boxes`` show that there is such a
common zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from ..claims import Claim, Formula, atoms
from ..ring import Poly, Ring
from ..terms import RejectedError, Terms
from .fixed_point import Fixed
from .intervals import Arithmetic, Interval
from .programs import enclosures

BITS = 320
"""Fractional bits of enclosures."""


def surfaces(claim: Claim) -> list[int]:
    """What may be seen to be 0 somewhere: the equalities' expressions, and the claim's own."""
    found = [atom[1] for atom in atoms(claim.region.formula) if atom[0] == "=="]
    return list(dict.fromkeys((*found, claim.expr)))


class Inspection:
    """Does the claim fail wherever some continuous functions ``surfaces`` are 0 together?

    There their constant multiples are 0, too. With that, and with enclosures on a box of all
    other expressions, the region's formula is true and the claim's expression has the wrong sign.
    """

    def __init__(self, terms: Terms, claim: Claim, surfaces: list[int]) -> None:
        formula = claim.region.formula
        self.claim, self.arithmetic = claim, Fixed(BITS)
        self.asked = list(dict.fromkeys((claim.expr, *(atom[1] for atom in atoms(formula)))))
        candidates = self.asked if claim.strict else self.asked[1:]
        self.zeros = [m for p in surfaces for m in _multiples(terms, p, candidates)]
        below = [terms.nodes[node] for node in terms.below(surfaces)]
        switches = [node[1] for node in below if node[0] == "select"]
        roots = [*self.asked, *switches, *surfaces]
        self.enclose = enclosures(terms, claim.region.names, self.arithmetic, roots)
        self.switches = slice(len(self.asked), len(self.asked) + len(switches))

    def fails_on(self, box: list[Interval]) -> bool:
        """Whether that is seen on the box, and that the surfaces are continuous there."""
        found = self.enclose(box)
        if found is None:
            return False
        facts = dict(zip(self.asked, found, strict=False)) | dict.fromkeys(self.zeros, (0, 0))
        steady = all(lo > 0 or hi < 0 for lo, hi in found[self.switches])
        value = facts[self.claim.expr][1]
        wrong = value <= 0 if self.claim.strict else value < 0
        return bool(steady and wrong and _true(self.claim.region.formula, facts))


def _multiples(terms: Terms, surface: int, roots: list[int]) -> list[int]:
    """Those expressions that are seen to be c * surface, for constants c, where both have values.

    Seen by their normal forms, or by being the same term.
    """
    ring = Ring(terms)
    found = [root for root in roots if root == surface]
    for root in roots:
        try:
            (p, q), (r, s) = ring.form(root), ring.form(surface)
            if root != surface and q and s:
                found += [root] * _proportional(ring.multiply(p, s), ring.multiply(r, q))
        except RejectedError:  # too large to be expanded
            continue
    return found


def _proportional(a: Poly, b: Poly) -> bool:
    """Whether a = c * b for a constant c."""
    lead = next(iter(a), None)
    if lead is None:
        return True
    return a.keys() == b.keys() and all(a[lead] * b[m] == a[m] * b[lead] for m in a)


def side(arithmetic: Arithmetic, x: Fraction, y: Fraction) -> Interval:
    """The interval between two coordinates."""
    return arithmetic.enclose(min(x, y))[0], arithmetic.enclose(max(x, y))[1]


def _true(formula: Formula, facts: Mapping[int, Interval]) -> bool:
    """Whether the formula holds everywhere, from enclosures of its atoms."""
    op, *parts = formula
    if op == "and":
        return all(_true(part, facts) for part in parts)
    if op == "or":
        return any(_true(part, facts) for part in parts)
    lo, hi = facts[parts[0]]
    return bool(lo >= 0 if op == ">=" else lo > 0 if op == ">" else lo == hi == 0)
