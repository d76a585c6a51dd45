"""Does a claim fail at a zero that a segment or a box is seen to contain? Exactly, or not at all.

Soundness depends on this file: refutations at irrational points rest on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from bcv.enclosures.exact import ExactPoint, in_box, value_text, verify_point
from bcv.enclosures.exact_values import Alternatives, Value, extend, is_number, sign
from bcv.evidence import Box, Point, Segment, Witness
from bcv.expr import Expr
from bcv.obligation import Obligation
from bcv.region import And, Atom, Formula, Relation, atoms

MAX_HALVINGS: Final = 120
BALL_BITS: Final = 256
WIDENED: Final = 2**10
"""By this factor a segment is enclosed too widely.

A checker derives the expressions in other words, which enclose differently: what is seen with this
to spare is seen by the checker too.
"""

_DIVISIONS: Final = (Fraction(1, 2), Fraction(3, 7))

Coordinates = tuple[Fraction, ...]


def verify_segment(
    obligation: Obligation, start: Mapping[str, Fraction], end: Mapping[str, Fraction]
) -> Segment | None:
    """A part of the segment on which the claim certainly fails somewhere, else None.

    Some p is < 0 at one end, > 0 at the other and continuous in between, so it is 0 at a point of
    the segment. There every constant multiple of p is 0. With that, and with enclosures on the
    whole segment of all that is no multiple of p, the region's formula holds and the claim fails.
    p is the expression of an equality or, for a strict claim, the claim's own. The segment is
    halved around a crossing until it is short enough; it runs from p < 0 to p > 0.
    """
    ends = _ends(obligation, start, end)
    if ends is None:
        return None
    for surface in _surfaces(obligation):
        found = _crossed(obligation, surface, *ends)
        if found is not None:
            return found
    return None


def verify_box(
    obligation: Obligation, lower: Mapping[str, Fraction], upper: Mapping[str, Fraction]
) -> Box | None:
    """The witness if the claim certainly fails at a zero in the box, else None.

    For each side that has a length one more of the surfaces of ``verify_segment`` has opposite
    signs on the two faces across it, and is continuous on the box: by the theorem of Poincare and
    Miranda they have a common zero in the box. The rest is as in ``verify_segment``.
    """
    ends = _ends(obligation, lower, upper)
    if ends is None or any(x > y for x, y in zip(*ends, strict=True)):
        return None
    surfaces = _changing(obligation, *ends)
    if not surfaces:
        return None
    crossing = _crossing(obligation, surfaces, *ends)
    if not crossing.fails_between(*ends):
        return None
    a, b = (tuple(_named(obligation, point).items()) for point in ends)
    return Box(a, b, crossing.value(*ends))


def verify_witness(obligation: Obligation, witness: Witness) -> Witness | None:
    """A witness as one against this claim, if it is."""
    match witness:
        case Point(point):
            return verify_point(obligation, dict(point))
        case Segment(start, end):
            return verify_segment(obligation, dict(start), dict(end))
        case Box(lower, upper):
            return verify_box(obligation, dict(lower), dict(upper))


def _ends(
    obligation: Obligation, start: Mapping[str, Fraction], end: Mapping[str, Fraction]
) -> tuple[Coordinates, Coordinates] | None:
    """Both points, if they lie in the region's box."""
    region = obligation.region
    a, b = (tuple(point[name] for name in region.variables) for point in (start, end))
    return (a, b) if in_box(region.box, a) and in_box(region.box, b) else None


def _surfaces(obligation: Obligation) -> list[Expr]:
    """What may be shown to be 0 somewhere: equalities, and what a strict claim says is not."""
    found = [a.expr for a in atoms(obligation.region.formula) if a.relation is Relation.EQ]
    return list(dict.fromkeys([*found, obligation.expr] if obligation.strict else found))


def _changing(obligation: Obligation, a: Coordinates, b: Coordinates) -> tuple[Expr, ...]:
    """For each side of the box that has a length a surface that changes its sign along it.

    None at all if some side has no such surface.
    """
    from flint import ctx

    left, found = _surfaces(obligation), []
    with ctx.workprec(BALL_BITS):
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            if x == y:
                continue
            faces = [
                _enclosing(obligation, (*a[:i], end, *a[i + 1 :]), (*b[:i], end, *b[i + 1 :]), 2)
                for end in (x, y)
            ]
            for surface in left:
                signs = [_common_sign(extend({}, surface, face, balls=True)) for face in faces]
                if set(signs) == {-1, 1}:
                    left.remove(surface)
                    found.append(surface)
                    break
            else:
                return ()
    return tuple(found)


def _common_sign(values: Alternatives) -> int | None:
    signs = {sign(value) for value in values}
    return signs.pop() if len(signs) == 1 else None


def _named(obligation: Obligation, point: Coordinates) -> dict[str, Fraction]:
    return dict(zip(obligation.region.variables, point, strict=True))


def _crossed(
    obligation: Obligation, surface: Expr, a: Coordinates, b: Coordinates
) -> Segment | None:
    signs = [ExactPoint(_named(obligation, point)).sign(surface) for point in (a, b)]
    if signs == [1, -1]:
        a, b = b, a
    elif signs != [-1, 1]:
        return None
    crossing = _crossing(obligation, (surface,), a, b)
    for _ in range(MAX_HALVINGS):
        fails = crossing.fails_between(a, b)
        if fails:
            start, end = (tuple(_named(obligation, point).items()) for point in (a, b))
            return Segment(start, end, crossing.value(a, b))
        parts = None if fails is False else _shorter(obligation, surface, a, b)
        if parts is None:
            return None
        a, b = parts
    return None


def _shorter(
    obligation: Obligation, surface: Expr, a: Coordinates, b: Coordinates
) -> tuple[Coordinates, Coordinates] | None:
    """The part on which the surface still changes its sign; None if no division tells."""
    for share in _DIVISIONS:
        middle = tuple(x + share * (y - x) for x, y in zip(a, b, strict=True))
        known = ExactPoint(_named(obligation, middle)).sign(surface)
        if known:
            return (a, middle) if known > 0 else (middle, b)
    return None


def _is_multiple(expr: Expr, surface: Expr, ends: Sequence[ExactPoint]) -> bool:
    """Whether expr = c * surface for a constant c, wherever both are defined."""
    if expr is surface:
        return True
    rows = [[end.values(root, 0)[0] for root in (expr, surface)] for end in ends]
    known = [value for row in rows for value in row if isinstance(value, Fraction)]
    if len(known) == 4 and known[0] * known[3] != known[1] * known[2]:
        return False
    from bcv.canonical.forms import Forms, primitive_part

    forms = Forms()
    terms = [dict(primitive_part(forms.of(root))[0].terms) for root in (expr, surface)]
    opposite = {monomial: -c for monomial, c in terms[1].items()}
    return not terms[0] or terms[0] in (terms[1], opposite)


def _crossing(
    obligation: Obligation, surfaces: tuple[Expr, ...], a: Coordinates, b: Coordinates
) -> _Crossing:
    ends = [ExactPoint(_named(obligation, point)) for point in (a, b)]
    others = (atom.expr for atom in atoms(obligation.region.formula))
    asked = dict.fromkeys([obligation.expr, *others])
    zeros = (e for e in asked if any(_is_multiple(e, surface, ends) for surface in surfaces))
    return _Crossing(obligation, surfaces, frozenset(zeros))


def _enclosing(
    obligation: Obligation, a: Coordinates, b: Coordinates, widened: int = WIDENED
) -> dict[str, Value]:
    """The coordinates of all points between two, amply enclosed."""
    names = obligation.region.variables
    return {name: _hull(x, y, widened) for name, x, y in zip(names, a, b, strict=True)}


@dataclass(frozen=True, slots=True)
class _Crossing:
    """What is to be seen between two points where all ``surfaces`` are 0 somewhere.

    ``zeros`` are their multiples, which are 0 there, too.
    """

    obligation: Obligation
    surfaces: tuple[Expr, ...]
    zeros: frozenset[Expr]

    def fails_between(self, a: Coordinates, b: Coordinates) -> bool | None:
        """True if the claim fails at every common zero; False if at none; None if it is open."""
        from flint import ctx

        region = self.obligation.region
        claim = Atom(self.obligation.expr, Relation.GT if self.obligation.strict else Relation.GE)
        with ctx.workprec(BALL_BITS):
            point = _enclosing(self.obligation, a, b)
            done: dict[Expr, Alternatives] = {}
            surfaces = (extend(done, surface, point, balls=True) for surface in self.surfaces)
            if not all(map(_is_one_number, surfaces)):
                return None
            known = {
                atom: self._holds(atom, extend(done, atom.expr, point, balls=True))
                for atom in dict.fromkeys([claim, *atoms(region.formula)])
            }
        inside = _truth(region.formula, known)
        if known[claim] or inside is False:
            return False
        return True if known[claim] is False and inside else None

    def _holds(self, atom: Atom, values: Alternatives) -> bool | None:
        """Whether the atom holds at every common zero."""
        if not all(map(is_number, values)):
            return None
        if atom.expr in self.zeros:
            return atom.relation is not Relation.GT
        return _certain(values, atom.relation)

    def value(self, a: Coordinates, b: Coordinates) -> str:
        """The claim's expression there or, if that is not 0, in the middle."""
        root = self.obligation.expr
        if root in self.zeros:
            return "0"
        middle = tuple((x + y) / 2 for x, y in zip(a, b, strict=True))
        return value_text(ExactPoint(_named(self.obligation, middle)).known_values(root)[0])


def _hull(x: Fraction, y: Fraction, widened: int) -> Value:
    """The coordinate on the segment, amply: a ball, or the rational if there is only one."""
    if x == y:
        return x
    from flint import arb, fmpq

    middle, radius = (x + y) / 2, widened * abs(x - y) / 2
    centre = arb(fmpq(middle.numerator, middle.denominator))
    return centre + arb(0, arb(fmpq(radius.numerator, radius.denominator)))


def _is_one_number(values: Alternatives) -> bool:
    """Whether a term is defined and continuous where it has these enclosures.

    Each operation is continuous where it is defined, but a SELECT whose condition vanishes: there
    both branches count.
    """
    return len(values) == 1 and is_number(values[0])


def _certain(values: Alternatives, relation: Relation) -> bool | None:
    """Whether each value satisfies the relation: True, False, or None if that is open."""
    if relation is Relation.EQ:
        signs = {sign(value) for value in values}
        return True if signs == {0} else None if signs & {0, None} else False
    strict = relation is Relation.GT
    if all(bool(v > 0) if strict else bool(v >= 0) for v in values):  # type: ignore[operator]
        return True
    if all(bool(v <= 0) if strict else bool(v < 0) for v in values):  # type: ignore[operator]
        return False
    return None


def _truth(formula: Formula, known: Mapping[Atom, bool | None]) -> bool | None:
    if isinstance(formula, Atom):
        return known[formula]
    answers = [_truth(part, known) for part in formula.parts]
    settling = not isinstance(formula, And)
    if settling in answers:
        return settling
    return None if None in answers else not settling
