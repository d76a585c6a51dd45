"""Does a point, or a zero in a segment or box, contradict a claim? Exactly.

The checker's verdict depends on this file. A rule returns words if the witness is right, and
raises RejectedError otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from .claims import PRECISIONS, UNDEFINED, Claim, Formula, PointValues, atoms, violates
from .intervals import Arithmetic, Fixed, Interval
from .polynomials import Poly, Ring
from .programs import Machine
from .statement import entry, rational, sequence, text
from .terms import RejectedError, Terms

MOST_PIECES = 2_000
BITS = 320
"""Fractional bits of enclosures."""


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
    if kind == "box":
        ends = (_coordinates(claim, entry(data, key)) for key in ("lower", "upper"))
        return _box(terms, claim, *ends)
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


def _surfaces(claim: Claim) -> list[int]:
    """What may be seen to be 0 somewhere: the equalities' expressions, and the claim's own."""
    found = [atom[1] for atom in atoms(claim.region.formula) if atom[0] == "=="]
    return list(dict.fromkeys((*found, claim.expr)))


def _segment(
    terms: Terms, claim: Claim, start: dict[str, Fraction], end: dict[str, Fraction]
) -> str:
    """Some p is < 0 at the start and > 0 at the end, and so 0 in between, where the claim fails.

    p is continuous on the segment, and where it is 0, the claim fails as ``_Inspection`` sees on
    pieces of the segment.
    """
    for surface in _surfaces(claim):
        signs = [PointValues(terms, point).of(surface) for point in (start, end)]
        crossed = violates(signs[0], False) and _is_positive(signs[1])
        if crossed and _fails_between(_Inspection(terms, claim, [surface]), start, end):
            return f"violated between {_show(start)} and {_show(end)}"
    raise RejectedError("the segment is not seen to cross the surface where the claim fails")


def _box(terms: Terms, claim: Claim, lower: dict[str, Fraction], upper: dict[str, Fraction]) -> str:
    """As many functions as the box has sides with a length are 0 together, and the claim fails.

    Each has opposite signs on the two faces across its side, and is continuous: by the theorem of
    Poincare and Miranda they have a common zero in the box.
    """
    if any(lower[name] > upper[name] for name in lower):
        raise RejectedError("the witness is an empty box")
    machine = Machine(terms, tuple(lower), Fixed(BITS))
    box = [_side(machine.arithmetic, lower[n], upper[n]) for n in lower]
    left, used = _surfaces(claim), []
    for i, name in enumerate(lower):
        if lower[name] == upper[name]:
            continue
        ends = (_side(machine.arithmetic, x[name], x[name]) for x in (lower, upper))
        faces = [[*box[:i], end, *box[i + 1 :]] for end in ends]
        changing = next((p for p in left if _changes_sign(machine, p, faces)), None)
        if changing is None:
            raise RejectedError(f"nothing is seen to change its sign along {name[:40]}")
        left.remove(changing)
        used.append(changing)
    if not _Inspection(terms, claim, used).fails_on(box):
        raise RejectedError("the claim is not seen to fail at a zero in the box")
    return f"violated at a point between {_show(lower)} and {_show(upper)}"


def _changes_sign(machine: Machine, root: int, faces: list[list[Interval]]) -> bool:
    found = [machine.program([root]).run(face) for face in faces]
    if found[0] is None or found[1] is None:
        return False
    (a, b), (c, d) = found[0][0], found[1][0]
    return bool((b < 0 < c) or (d < 0 < a))


def _is_positive(value: Any) -> bool:
    lo = value[0] if isinstance(value, tuple) else value
    return not isinstance(lo, str) and bool(lo > 0)


class _Inspection:
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
        machine = Machine(terms, claim.region.names, self.arithmetic)
        self.program = machine.program([*self.asked, *switches, *surfaces])
        self.switches = slice(len(self.asked), len(self.asked) + len(switches))

    def fails_on(self, box: list[Interval]) -> bool:
        """Whether that is seen on the box, and that the surfaces are continuous there."""
        found = self.program.run(box)
        if found is None:
            return False
        facts = dict(zip(self.asked, found, strict=False)) | dict.fromkeys(self.zeros, (0, 0))
        steady = all(lo > 0 or hi < 0 for lo, hi in found[self.switches])
        value = facts[self.claim.expr][1]
        wrong = value <= 0 if self.claim.strict else value < 0
        return bool(steady and wrong and _true(self.claim.region.formula, facts))


def _fails_between(
    inspection: _Inspection, start: dict[str, Fraction], end: dict[str, Fraction]
) -> bool:
    """Whether the claim is seen to fail on the segment, halved where needed."""
    pieces = [(Fraction(0), Fraction(1))]
    for _ in range(MOST_PIECES):
        if not pieces:
            return True
        a, b = pieces.pop()
        sides = ((x + a * (end[name] - x), x + b * (end[name] - x)) for name, x in start.items())
        if not inspection.fails_on([_side(inspection.arithmetic, *side) for side in sides]):
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


def _side(arithmetic: Arithmetic, x: Fraction, y: Fraction) -> Interval:
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
