"""Does a claim fail where a segment crosses a surface? Decided exactly, or not at all.

Soundness depends on this file: refutations at irrational points rest on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from bcv.enclosures.exact import ExactPoint, in_box, value_text
from bcv.enclosures.exact_values import Alternatives, Value, extend, is_number, sign
from bcv.evidence import Segment
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
    region = obligation.region
    a, b = (tuple(point[name] for name in region.variables) for point in (start, end))
    if not (in_box(region.box, a) and in_box(region.box, b)):
        return None
    surfaces = [atom.expr for atom in atoms(region.formula) if atom.relation is Relation.EQ]
    for surface in dict.fromkeys([*surfaces, obligation.expr] if obligation.strict else surfaces):
        found = _crossed(obligation, surface, a, b)
        if found is not None:
            return found
    return None


def _named(obligation: Obligation, point: Coordinates) -> dict[str, Fraction]:
    return dict(zip(obligation.region.variables, point, strict=True))


def _crossed(
    obligation: Obligation, surface: Expr, a: Coordinates, b: Coordinates
) -> Segment | None:
    ends = [ExactPoint(_named(obligation, point)) for point in (a, b)]
    signs = [end.sign(surface) for end in ends]
    if signs == [1, -1]:
        a, b = b, a
    elif signs != [-1, 1]:
        return None
    others = (atom.expr for atom in atoms(obligation.region.formula))
    asked = dict.fromkeys([obligation.expr, *others])
    zeros = frozenset(expr for expr in asked if _is_multiple(expr, surface, ends))
    crossing = _Crossing(obligation, surface, zeros)
    for _ in range(MAX_HALVINGS):
        fails = crossing.fails_between(a, b)
        if fails:
            return crossing.segment(a, b)
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


@dataclass(frozen=True, slots=True)
class _Crossing:
    """What is to be seen between two points on both sides of ``surface`` = 0.

    ``zeros`` are the multiples of the surface, which are 0 where it is crossed.
    """

    obligation: Obligation
    surface: Expr
    zeros: frozenset[Expr]

    def fails_between(self, a: Coordinates, b: Coordinates) -> bool | None:
        """True if the claim fails at every crossing; False if at none; None if that is open."""
        from flint import ctx

        region = self.obligation.region
        claim = Atom(self.obligation.expr, Relation.GT if self.obligation.strict else Relation.GE)
        with ctx.workprec(BALL_BITS):
            point = {n: _hull(x, y) for n, x, y in zip(region.variables, a, b, strict=True)}
            done: dict[Expr, Alternatives] = {}
            if not _is_one_number(extend(done, self.surface, point, balls=True)):
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
        """Whether the atom holds wherever the surface is crossed."""
        if not all(map(is_number, values)):
            return None
        if atom.expr in self.zeros:
            return atom.relation is not Relation.GT
        return _certain(values, atom.relation)

    def segment(self, a: Coordinates, b: Coordinates) -> Segment:
        """The witness between two points."""
        root = self.obligation.expr
        value = "0"
        if root not in self.zeros:
            middle = tuple((x + y) / 2 for x, y in zip(a, b, strict=True))
            there = ExactPoint(_named(self.obligation, middle))
            value = value_text(there.known_values(root)[0])
        start, end = (tuple(_named(self.obligation, point).items()) for point in (a, b))
        return Segment(start, end, value)


def _hull(x: Fraction, y: Fraction) -> Value:
    """The coordinate on the segment, amply: a ball, or the rational if there is only one."""
    if x == y:
        return x
    from flint import arb, fmpq

    middle, radius = (x + y) / 2, WIDENED * abs(x - y) / 2
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
