"""Does a point, or a segment across an equality surface, contradict a claim? Exactly.

The checker's verdict depends on this file. A rule returns words if the witness is right, and
raises RejectedError otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from .claims import PRECISIONS, UNDEFINED, Claim, Formula, PointValues, atoms, conjuncts, violates
from .intervals import Fixed, Interval
from .polynomials import Ring
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
    """Some p = 0 of the region has p < 0 at the start and p > 0 at the end, so 0 in between.

    On the whole segment p is continuous, the rest of the region's formula holds, and the claim's
    expression keeps the violating sign: so the claim fails where p = 0.
    """
    parts = conjuncts(claim.region.formula)
    for surface in (part for part in parts if part[0] == "=="):
        signs = [PointValues(terms, point).of(surface[1]) for point in (start, end)]
        if violates(signs[0], False) and _is_positive(signs[1]):
            others = tuple(part for part in parts if part is not surface)
            if _keeps(terms, claim, surface, others, start, end):
                return f"violated between {_show(start)} and {_show(end)}"
    raise RejectedError("the segment is not seen to cross the surface where the claim fails")


def _is_positive(value: Any) -> bool:
    lo = value[0] if isinstance(value, tuple) else value
    return not isinstance(lo, str) and bool(lo > 0)


def _keeps(
    terms: Terms,
    claim: Claim,
    surface: Formula,
    others: tuple[Formula, ...],
    start: dict[str, Fraction],
    end: dict[str, Fraction],
) -> bool:
    """Whether all that ``_segment`` asks of the segment holds, by halving it where needed."""
    arithmetic = Fixed(320)
    names = tuple(start)
    zero = claim.strict and _is_zero(terms, claim.expr)
    needed = [atom[1] for part in others for atom in atoms(part)]
    switches = [
        terms.nodes[node][1]
        for node in terms.below([surface[1]])
        if terms.nodes[node][0] == "select"
    ]
    roots = [claim.expr, surface[1], *switches, *needed]
    program = Machine(terms, names, arithmetic).program(roots)
    pieces = [(Fraction(0), Fraction(1))]
    for _ in range(MOST_PIECES):
        if not pieces:
            return True
        a, b = pieces.pop()
        box = [_side(arithmetic, start[n], end[n], a, b) for n in names]
        found = program.run(box)
        if found is not None:
            value, signs = found[0], found[2 : 2 + len(switches)]
            facts = dict(zip(needed, found[2 + len(switches) :], strict=True))
            wrong = zero or (value[1] <= 0 if claim.strict else value[1] < 0)
            steady = all(lo > 0 or hi < 0 for lo, hi in signs)
            if wrong and steady and all(_true(part, facts) for part in others):
                continue
        middle = (a + b) / 2
        pieces += [(middle, b), (a, middle)]
    return False


def _is_zero(terms: Terms, root: int) -> bool:
    """Whether the expression is seen to be 0 wherever it is defined, by its normal form."""
    try:
        return not Ring(terms).form(root)[0]
    except RejectedError:  # too large to be expanded
        return False


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
