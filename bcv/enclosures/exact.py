"""Is this point really a counterexample? Decided exactly, or not at all.

Soundness depends on this file: an obligation is refuted only with a witness verified here, or in
``segments``, which uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from fractions import Fraction
from typing import Final

from bcv import expr as ex
from bcv.enclosures.exact_values import Alternatives, Ball, Special, Value, extend, is_number, sign
from bcv.evidence import Point, WitnessKind
from bcv.expr import Expr, Op
from bcv.obligation import Obligation
from bcv.region import And, Atom, Formula, Range, Relation

PRECISIONS: Final = (0, 64, 128, 256, 512, 1024, 2048)
"""Bits of the balls, one attempt after the other; 0 means rational arithmetic alone."""

ENOUGH_BITS: Final = 128
"""A ball of so many bits around 0 may well be 0: then the constants are looked at."""

LONGEST_EXACT_BITS: Final = 130
DISPLAYED_BITS: Final = 40


class ExactPoint:
    """An exact point, with the values of the expressions that were asked for there.

    Not for several threads at once: flint's precision belongs to the process.
    """

    def __init__(self, point: Mapping[str, Fraction]) -> None:
        self._point = point
        self._values: dict[int, dict[Expr, Alternatives]] = {bits: {} for bits in PRECISIONS}
        self._cancelled: dict[Expr, bool] = {}

    def values(self, root: Expr, bits: int) -> Alternatives:
        """The values of ``root`` with balls of so many bits (0: no balls)."""
        done = self._values[bits]
        if bits == 0:
            return extend(done, root, self._point, balls=False)
        from flint import ctx

        with ctx.workprec(bits):
            found = extend(done, root, self._point, balls=True)
        near = bits >= ENOUGH_BITS and is_number(found[0]) and sign(found[0]) is None
        return (Fraction(0),) if near and len(found) == 1 and self._cancels(root) else found

    def _cancels(self, root: Expr) -> bool:
        """Whether irrational terms cancel, as in exp(x) - e at x = 1; ``root`` has one value."""
        if root not in self._cancelled:
            from bcv.rewriting.normal_form import is_identically_zero

            here = {name: ex.const(value) for name, value in self._point.items()}
            # Two branches of a SELECT could be taken for one.
            plain = all(node.op is not Op.SELECT for node in ex.postorder(root))
            self._cancelled[root] = plain and is_identically_zero(ex.substitute(root, here))
        return self._cancelled[root]

    def _unanimous(self, root: Expr, question: Callable[[Value], int | None]) -> int | None:
        """The answer that the question has for every value of ``root``; None if there is none."""
        for bits in PRECISIONS:
            answers = {question(value) for value in self.values(root, bits)}
            if None not in answers:
                return answers.pop() if len(answers) == 1 else None
        return None

    def sign(self, root: Expr) -> int | None:
        """-1, 0 or 1; None if undefined, ambiguous, or open at the last precision."""

        def question(value: Value) -> int | None:
            # Any answer but a sign ends the search: more bits never make a value defined.
            return 2 if value is Special.UNDEFINED else sign(value)

        answer = self._unanimous(root, question)
        return None if answer == 2 else answer

    def undefined(self, root: Expr) -> bool | None:
        """True or False if certain; None at a switching surface whose branches differ."""

        def question(value: Value) -> int | None:
            return None if value is Special.UNKNOWN else int(not is_number(value))

        answer = self._unanimous(root, question)
        return None if answer is None else bool(answer)

    def holds(self, formula: Formula) -> bool | None:
        """The formula's truth; None where an atom that matters is undefined or open."""
        if isinstance(formula, Atom):
            known = self.sign(formula.expr)
            if known is None:
                return None
            match formula.relation:
                case Relation.GE:
                    return known >= 0
                case Relation.GT:
                    return known > 0
                case Relation.EQ:
                    return known == 0
        # A conjunction is settled by one part that fails, a disjunction by one that holds.
        settling = not isinstance(formula, And)
        answer: bool | None = not settling
        for part in formula.parts:
            held = self.holds(part)
            if held is settling:
                return settling
            if held is None:
                answer = None
        return answer

    def known_values(self, root: Expr) -> Alternatives:
        """The values as rationals, or balls that know some digits where the precision allows it.

        There are several only at a switching surface.
        """
        found: Alternatives = (Special.UNKNOWN,)
        for bits in PRECISIONS:
            found = self.values(root, bits)
            if all(_is_known(value) for value in found):
                break
        return found


def _is_known(value: Value) -> bool:
    if isinstance(value, (Fraction, Special)):
        return value is not Special.UNKNOWN
    return bool(value.rel_accuracy_bits() > DISPLAYED_BITS)


def exact_value(root: Expr, point: Mapping[str, Fraction]) -> Fraction | Ball | None:
    """The value at a point: a rational, or a ball that contains it; None if there is none.

    None also stands for a switching surface whose branches differ.
    """
    found = ExactPoint(point).known_values(root)
    return found[0] if len(found) == 1 and is_number(found[0]) else None


def exact_sign(root: Expr, point: Mapping[str, Fraction]) -> int | None:
    """-1, 0 or 1; None if undefined, ambiguous or not decided with the most precise balls."""
    return ExactPoint(point).sign(root)


def holds(formula: Formula, point: Mapping[str, Fraction]) -> bool | None:
    """The formula's truth at a point; None if it could not be decided."""
    return ExactPoint(point).holds(formula)


def value_text(value: Value) -> str:
    """A rational exactly if it is short, else its first twelve digits."""
    if isinstance(value, Special):
        return value.value
    if isinstance(value, Fraction):
        bits = value.numerator.bit_length() + value.denominator.bit_length()
        if bits <= LONGEST_EXACT_BITS:
            return str(value)
        digits = Context(prec=12)
        return str(digits.divide(Decimal(value.numerator), Decimal(value.denominator)))
    return str(value.mid().str(12, radius=False))


def in_box(box: tuple[Range, ...], coordinates: tuple[Fraction, ...]) -> bool:
    """Whether each coordinate lies in its side."""
    return all(
        (side.lo is None or side.lo <= x) and (side.hi is None or x <= side.hi)
        for side, x in zip(box, coordinates, strict=True)
    )


def verify_point(obligation: Obligation, point: Mapping[str, Fraction]) -> Point | None:
    """The witness if the claim certainly fails at this point of the region, else None.

    The claim fails where its expression is negative (or zero, if strict), and where one of
    ``obligation.roots`` is undefined. Where a SELECT switches, every branch must agree.
    """
    region = obligation.region
    coordinates = tuple(point[name] for name in region.variables)
    if not in_box(region.box, coordinates):
        return None
    named = tuple(zip(region.variables, coordinates, strict=True))
    at = ExactPoint(dict(named))
    known = at.sign(obligation.expr)
    violates = known is not None and (known < 0 or (obligation.strict and known == 0))
    undefined = not violates and any(at.undefined(root) is True for root in obligation.roots)
    if not (violates or undefined) or at.holds(region.formula) is not True:
        return None
    if undefined:
        return Point(named, Special.UNDEFINED.value, WitnessKind.UNDEFINED)
    return Point(named, value_text(at.known_values(obligation.expr)[0]))
