"""Are two expressions the same function, written differently? Polynomial normal forms.

Soundness depends on this file: equal forms must mean equal values wherever both are defined, and
equal needs. Sub-terms that are no polynomials stand as indeterminates: x/x is x times 1/x, not 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import gcd, lcm
from typing import Final

from bcv import expr as ex
from bcv.expr import Expr, Op

FIELD: Final = 16
"""Bits of a monomial for the exponent of one indeterminate."""

MAX_DEGREE: Final = 1 << 12
MAX_PRODUCT: Final = 4_000
MAX_WORK: Final = 150_000
"""Terms made for one obligation; after that, sums and products stand as they are written."""

MAX_BITS: Final = 4_000
_NONE: Final[frozenset[int]] = frozenset()

Monomials = dict[int, int]
"""Integer coefficients by monomial, where indeterminate i has the bits FIELD*i ... ."""


@dataclass(frozen=True, slots=True)
class Form:
    """The polynomial sum(terms) / denominator in the indeterminates of a ``Forms``.

    ``needs`` are the indeterminates that must have a value for the expression to have one, also
    where they cancelled out or are multiplied by 0. Terms have no zeros; all is in lowest terms.
    ``degree`` is a bound.
    """

    terms: tuple[tuple[int, int], ...]
    denominator: int
    degree: int = field(compare=False)
    needs: frozenset[int]

    @property
    def constant(self) -> tuple[int, int] | None:
        """(numerator, denominator) if the polynomial is a constant, else None."""
        if not self.terms:
            return 0, 1
        if self.terms[0][0] == 0:  # the largest monomial is 1
            return self.terms[0][1], self.denominator
        return None


def form_of(terms: Monomials, denominator: int, degree: int, needs: frozenset[int]) -> Form:
    """The form in lowest terms, in descending order of monomials."""
    kept = {m: c for m, c in terms.items() if c}
    common = gcd(denominator, *kept.values())
    ordered = sorted(kept.items(), reverse=True)
    if common > 1:
        ordered = [(m, c // common) for m, c in ordered]
    if ordered and ordered[0][0] == 0:
        degree = 0
    return Form(tuple(ordered), denominator // common, degree if kept else 0, needs)


@dataclass(frozen=True, slots=True)
class Indeterminate:
    """A variable (``args`` is its name), or an operation on forms.

    ``value`` is the exponent of a power that was too large to expand.
    """

    op: Op
    args: tuple[Form, ...] | str
    value: int = 0


class _TooLargeError(Exception):
    pass


class Forms:
    """The normal forms of some expressions, over one numbered list of indeterminates."""

    def __init__(self) -> None:
        self.indeterminates: list[Indeterminate] = []
        self._numbers: dict[Indeterminate, int] = {}
        self._done: dict[Expr, Form] = {}
        self._work = 0

    def of(self, root: Expr) -> Form:
        """The form of an expression."""
        done = self._done
        if root not in done:
            for node in ex.postorder(root):
                if node not in done:
                    done[node] = self._form(node)
        return done[root]

    def _form(self, node: Expr) -> Form:
        args = tuple(self._done[argument] for argument in node.args)
        if node.constant is not None:
            top, bottom = node.constant.numerator, node.constant.denominator
            return Form(((0, top),) if top else (), bottom, 0, _NONE)
        if node.op is Op.VAR:
            return self._generator(Indeterminate(Op.VAR, str(node.value)), _NONE)
        try:
            match node.op, args:
                case Op.ADD, (a, b):
                    return self._sum(a, b, 1)
                case Op.SUB, (a, b):
                    return self._sum(a, b, -1)
                case Op.NEG, (a,):
                    return self._sum(Form((), 1, 0, _NONE), a, -1)
                case Op.MUL, (a, b):
                    return self._product(a, b)
                case Op.POW, (a,):
                    return self._power(a, node.value if isinstance(node.value, int) else 0)
                case Op.DIV, (a, b):
                    return self._product(a, self._inverse(b))
        except _TooLargeError:
            pass
        return self._opaque(node, args)

    def _generator(self, meaning: Indeterminate, needs: frozenset[int], own: bool = False) -> Form:
        """The form that is one indeterminate; with ``own`` it must itself have a value."""
        number = self._numbers.setdefault(meaning, len(self.indeterminates))
        if number == len(self.indeterminates):
            self.indeterminates.append(meaning)
        return Form(((1 << (FIELD * number), 1),), 1, 1, needs | {number} if own else needs)

    def _opaque(self, node: Expr, args: tuple[Form, ...]) -> Form:
        """A node as an indeterminate.

        What a branch of SELECT needs is needed only where it is taken: the SELECT itself, which
        tells such branches apart, must have a value.
        """
        strict = args[:1] if node.op is Op.SELECT else args
        needs = _NONE.union(*(form.needs for form in strict))
        if node.op in (Op.MIN, Op.MAX, Op.ADD, Op.MUL):
            args = tuple(sorted(args, key=lambda form: form.terms))
        exponent = node.value if node.op is Op.POW and isinstance(node.value, int) else 0
        # The needs of a strict operand are in ``needs``; they must not tell equal values apart.
        plain = args if node.op is Op.SELECT else tuple(_without_needs(form) for form in args)
        meaning = Indeterminate(node.op, plain, exponent)
        branches = node.op is Op.SELECT and any(form.needs for form in args[1:])
        return self._generator(meaning, needs, own=branches or node.op in _PARTIAL)

    def _inverse(self, b: Form) -> Form:
        """1/b, with the scale of b taken out of the indeterminate."""
        constant = b.constant
        if constant is not None and constant[0] != 0:
            top, bottom = constant
            sign = 1 if top > 0 else -1
            return Form(((0, sign * bottom),), sign * top, 0, b.needs)
        primitive, top, bottom = primitive_part(b)
        meaning = Indeterminate(Op.DIV, (_without_needs(primitive),))
        unit = self._generator(meaning, b.needs, own=True)
        return form_of({unit.terms[0][0]: bottom}, top, 1, unit.needs)

    def _spend(self, work: int) -> None:
        self._work += work
        if work > MAX_PRODUCT or self._work > MAX_WORK:
            raise _TooLargeError

    def _sum(self, a: Form, b: Form, sign: int) -> Form:
        self._spend(len(b.terms) + len(a.terms))
        denominator = lcm(a.denominator, b.denominator)
        if denominator.bit_length() > MAX_BITS:
            raise _TooLargeError
        left, right = denominator // a.denominator, sign * (denominator // b.denominator)
        terms = {m: c * left for m, c in a.terms}
        for m, c in b.terms:
            terms[m] = terms.get(m, 0) + c * right
        return form_of(terms, denominator, max(a.degree, b.degree), a.needs | b.needs)

    def _product(self, a: Form, b: Form) -> Form:
        degree = a.degree + b.degree
        self._spend(len(a.terms) * len(b.terms))
        if degree > MAX_DEGREE or _bits(a) + _bits(b) > MAX_BITS:
            raise _TooLargeError
        terms: Monomials = {}
        for m, c in a.terms:
            for n, d in b.terms:
                terms[m + n] = terms.get(m + n, 0) + c * d
        return form_of(terms, a.denominator * b.denominator, degree, a.needs | b.needs)

    def _power(self, a: Form, exponent: int) -> Form:
        if a.degree * exponent > MAX_DEGREE or _bits(a) * exponent > MAX_BITS:
            raise _TooLargeError
        result, square = Form(((0, 1),), 1, 0, a.needs), a
        while exponent:
            if exponent & 1:
                result = self._product(result, square)
            exponent >>= 1
            if exponent:
                square = self._product(square, square)
        return result


_PARTIAL: Final = frozenset({Op.TAN, Op.ASIN, Op.ACOS, Op.LOG, Op.SQRT, Op.DIV})


def _bits(form: Form) -> int:
    first = form.terms[0][1].bit_length() if form.terms else 0
    return first + form.denominator.bit_length()


def _without_needs(form: Form) -> Form:
    return Form(form.terms, form.denominator, form.degree, _NONE)


def primitive_part(form: Form) -> tuple[Form, int, int]:
    """(p, a, b) with integers without a common factor in p, and form = p * a/b, a > 0, b > 0."""
    content = gcd(*(c for _, c in form.terms)) or 1
    if content == 1 and form.denominator == 1:
        return form, 1, 1
    terms = tuple((m, c // content) for m, c in form.terms)
    return Form(terms, 1, form.degree, form.needs), content, form.denominator


def exponents(monomial: int) -> list[tuple[int, int]]:
    """(indeterminate, exponent) for those that occur, in ascending order."""
    found = []
    while monomial:
        number = ((monomial & -monomial).bit_length() - 1) // FIELD
        exponent = monomial >> (FIELD * number) & ((1 << FIELD) - 1)
        found.append((number, exponent))
        monomial ^= exponent << (FIELD * number)
    return found


def below(forms: Forms, roots: list[Form], visit: Callable[[int], None]) -> None:
    """Visit every indeterminate on which the roots rest, those that use others first."""
    used: set[int] = set()
    waiting = list(roots)
    while waiting:
        form = waiting.pop()
        numbers = {number for m, _ in form.terms for number, _ in exponents(m)} | form.needs
        for number in numbers - used:
            used.add(number)
            args = forms.indeterminates[number].args
            if not isinstance(args, str):
                waiting.extend(args)
    for number in sorted(used, reverse=True):  # an indeterminate is younger than its operands
        visit(number)
