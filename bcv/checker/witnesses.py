"""Does a point, or a segment across an equality surface, contradict a claim? Exactly.

The checker's verdict depends on this file. A rule returns words if the witness is right, and
raises RejectedError otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from .claims import PRECISIONS, UNDEFINED, Claim, Formula, PointValues, atoms, violates
from .intervals import Fixed, Interval
from .polynomials import Poly, Ring
from .programs import Machine
from .statement import entry, rational, sequence, text
from .terms import RejectedError, Terms

MOST_PIECES = 2_000


def refute(terms: Terms, claim: Claim, data: Any) -> str:
    """Check a witness against the checker's own claim; returns what it shows, in words."""
    if not claim.refutable:
        raise RejectedError("the claim is only sufficient; its failure shows nothing")
    kind = text(entry(data, "kind"))
    if kind == "point":
        return _point(terms, claim, _coordinates(claim, entry(data, "point")))
    if kind == "segment":
        ends = (_coordinates(claim, entry(data, key)) for key in ("start", "end"))
        return _segment(terms, claim, *ends)
    raise RejectedError(f"the witness {kind[:40]!r} is unknown")


def _coordinates(claim: Claim, data: Any) -> dict[str, Fraction]:
    """A point of the region's box."""
    pairs = [sequence(pair, 2) for pair in sequence(data)]
    point = {text(name): rational(value) for name, value in pairs}
    for name, (lo, hi) in zip(claim.region.names, claim.region.box, strict=True):
        if name not in point:
            raise RejectedError(f"the witness has no {name[:40]}")
        if (lo is not None and point[name] < lo) or (hi is not None and point[name] > hi):
            raise RejectedError(f"the witness lies outside the box: {name[:40]}")
    return {name: point[name] for name in claim.region.names}


def _show(point: Mapping[str, Fraction]) -> str:
    return ", ".join(f"{name} = {str(value)[:60]}" for name, value in point.items())


def _point(terms: Terms, claim: Claim, point: dict[str, Fraction]) -> str:
    why = ""
    for bits in PRECISIONS:
        values = PointValues(terms, point, bits)
        if not values.holds(claim.region.formula):
            why = "the witness is not seen to lie in the region"
        elif violates(values.of(claim.expr), claim.strict):
            return f"violated at {_show(point)}"
        elif any(values.of(root) == UNDEFINED for root in (claim.expr, *claim.defined)):
            return f"not defined at {_show(point)}"
        else:
            why = "the claim is not seen to fail at the witness"
    raise RejectedError(why)


def _segment(
    terms: Terms, claim: Claim, start: dict[str, Fraction], end: dict[str, Fraction]
) -> str:
    """Some p is < 0 at the start and > 0 at the end, and so 0 in between, where the claim fails.

    p is continuous on the segment. Where it is 0, its constant multiples are 0, too; with that,
    and with what holds on the whole segment, the region's formula is true there, and the claim's
    expression has the wrong sign. p is the expression of an equality in the formula, or the
    claim's own.
    """
    surfaces = [atom[1] for atom in atoms(claim.region.formula) if atom[0] == "=="]
    for surface in dict.fromkeys((*surfaces, claim.expr)):
        signs = [PointValues(terms, point).of(surface) for point in (start, end)]
        crossed = violates(signs[0], False) and _is_positive(signs[1])
        if crossed and _fails_between(terms, claim, surface, start, end):
            return f"violated between {_show(start)} and {_show(end)}"
    raise RejectedError("the segment is not seen to cross the surface where the claim fails")


def _is_positive(value: Any) -> bool:
    lo = value[0] if isinstance(value, tuple) else value
    return not isinstance(lo, str) and bool(lo > 0)


def _fails_between(
    terms: Terms,
    claim: Claim,
    surface: int,
    start: dict[str, Fraction],
    end: dict[str, Fraction],
) -> bool:
    """Whether all that ``_segment`` asks of the segment holds, by halving it where needed."""
    arithmetic = Fixed(320)
    names = tuple(start)
    asked = list(dict.fromkeys((claim.expr, *(atom[1] for atom in atoms(claim.region.formula)))))
    zeros = _multiples(terms, surface, asked if claim.strict else asked[1:])
    below = [terms.nodes[node] for node in terms.below([surface])]
    switches = [node[1] for node in below if node[0] == "select"]
    program = Machine(terms, names, arithmetic).program([*asked, surface, *switches])
    pieces = [(Fraction(0), Fraction(1))]
    for _ in range(MOST_PIECES):
        if not pieces:
            return True
        a, b = pieces.pop()
        found = program.run([_side(arithmetic, start[n], end[n], a, b) for n in names])
        if found is not None:
            facts = dict(zip(asked, found, strict=False)) | dict.fromkeys(zeros, (0, 0))
            steady = all(lo > 0 or hi < 0 for lo, hi in found[len(asked) + 1 :])
            value = facts[claim.expr][1]
            wrong = value <= 0 if claim.strict else value < 0
            if steady and wrong and _true(claim.region.formula, facts):
                continue
        middle = (a + b) / 2
        pieces += [(middle, b), (a, middle)]
    return False


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


def _side(arithmetic: Fixed, start: Fraction, end: Fraction, a: Fraction, b: Fraction) -> Interval:
    """The coordinate from start + a*(end - start) to start + b*(end - start)."""
    lo, hi = sorted((start + a * (end - start), start + b * (end - start)))
    return arithmetic.enclose(lo)[0], arithmetic.enclose(hi)[1]


def _true(formula: Formula, facts: Mapping[int, Interval]) -> bool:
    """Whether the formula holds everywhere, from enclosures of its atoms."""
    op, *parts = formula
    if op == "and":
        return all(_true(part, facts) for part in parts)
    if op == "or":
        return any(_true(part, facts) for part in parts)
    lo, hi = facts[parts[0]]
    return bool(lo >= 0 if op == ">=" else lo > 0 if op == ">" else lo == hi == 0)
