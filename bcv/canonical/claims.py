"""Which claims are the same, and which follow from others? Digests, and implication by forms.

Soundness depends on this file: ``implies`` decides whether evidence for one claim serves another.
A digest is where to look; whoever finds something asks ``implies``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from bcv import expr as ex
from bcv.canonical.forms import Form, Forms, below, exponents, form_of, primitive_part
from bcv.canonical.labelling import Labelling, Role
from bcv.expr import Op
from bcv.obligation import Obligation
from bcv.region import (
    And,
    Atom,
    Formula,
    Or,
    Range,
    Region,
    Relation,
    atoms,
    conjuncts,
)

SEMANTICS: Final = "1"
"""Changes whenever the meaning of obligations or of these digests does."""

MAX_NODES: Final = 3_000
"""Nodes of a claim for which normal forms are made."""

_RELATION: Final = {Relation.GE: 2, Relation.GT: 3, Relation.EQ: 4}


@dataclass(frozen=True, slots=True)
class Name:
    """What a claim is called, whatever its variables are called.

    Attributes:
        digest: the same for claims that differ in names, order, scale and arrangement only.
        order: the variables in the order that belongs to the digest.
        family: the same for claims about the same expression, up to scale and a constant.
        family_order: the variables in the order that belongs to the family.
    """

    digest: str
    order: tuple[str, ...]
    family: str
    family_order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Stated:
    """The forms of an obligation."""

    claim: Form
    needs: frozenset[int]
    region: Region


def name_of(obligation: Obligation) -> Name:
    """The claim's name. Equal digests mean equal truth, short of a collision of SHA-256."""
    if _is_large(obligation):
        plain, order = f"plain {obligation.digest()}", obligation.region.variables
        return Name(plain, order, plain, order)
    forms = Forms()
    stated = _stated(forms, obligation)
    sides = {
        name: _side_colour(side)
        for name, side in zip(obligation.region.variables, obligation.region.box, strict=True)
    }
    roles = [(1, stated.claim), *_roles(forms, obligation.region.formula, 0)]
    roles.append((5, Form((), 1, 0, stated.needs)))
    digest, order = _best(
        forms, roles, sides, lambda writer: _whole(writer, stated, obligation, forms)
    )
    relative = _relative(stated.claim)
    family, family_order = _best(
        forms,
        [(1, relative)],
        dict.fromkeys(sides, 0),
        lambda writer: f"family|{writer.poly(relative)}",
    )
    return Name(digest, order, family, family_order)


def _is_large(obligation: Obligation) -> bool:
    """Whether normal forms would take long: such a claim is known by its structure only."""
    roots = (*obligation.roots, *(atom.expr for atom in atoms(obligation.region.formula)))
    return sum(1 for _ in ex.postorder(*roots)) > MAX_NODES


def _stated(forms: Forms, obligation: Obligation) -> _Stated:
    claim = primitive_part(forms.of(obligation.expr))[0]
    needs = frozenset[int]().union(*(forms.of(root).needs for root in obligation.roots))
    return _Stated(claim, needs, obligation.region)


def _relative(claim: Form) -> Form:
    """The claim's expression without its constant term, and without needs."""
    terms = {m: c for m, c in claim.terms if m}
    return primitive_part(form_of(terms, claim.denominator, claim.degree, frozenset()))[0]


def _negative(form: Form) -> Form:
    terms = tuple((m, -c) for m, c in form.terms)
    return Form(terms, form.denominator, form.degree, form.needs)


def _side_colour(side: Range) -> int:
    ends = [
        (0, 0) if end is None else (end.numerator, end.denominator) for end in (side.lo, side.hi)
    ]
    return hash((*ends[0], *ends[1]))


def _roles(forms: Forms, formula: Formula, depth: int) -> list[Role]:
    if isinstance(formula, Atom):
        form = primitive_part(forms.of(formula.expr))[0]
        role = hash((_RELATION[formula.relation], depth))
        both = formula.relation is Relation.EQ
        return [(role, form), (role, _negative(form))] if both else [(role, form)]
    return [role for part in formula.parts for role in _roles(forms, part, depth + 1)]


def _best(
    forms: Forms,
    roles: list[Role],
    colours: Mapping[str, int],
    written: Callable[[_Writer], str],
) -> tuple[str, tuple[str, ...]]:
    """The least digest among the orders that the labelling leaves, and its order."""

    def digest(order: tuple[str, ...]) -> str:
        return hashlib.sha256(written(_Writer(forms, roles, order)).encode()).hexdigest()

    return min((digest(order), order) for order in Labelling(forms, roles, colours).orders())


class _Writer:
    """Writes forms as text in which variables are numbers."""

    def __init__(self, forms: Forms, roles: list[Role], order: tuple[str, ...]) -> None:
        self.order = order
        self._place = {name: f"v{i}" for i, name in enumerate(order)}
        self._labels: dict[int, str] = {}
        self._forms = forms
        used: list[int] = []
        below(forms, [form for _, form in roles], used.append)
        for number in reversed(used):
            self._labels[number] = self._label(number)

    def _label(self, number: int) -> str:
        meaning = self._forms.indeterminates[number]
        if isinstance(meaning.args, str):
            return self._place.get(meaning.args, f"?{meaning.args!r}")
        parts = [self.poly(form) for form in meaning.args]
        if meaning.op in (Op.MIN, Op.MAX, Op.ADD, Op.MUL):
            parts.sort()
        elif meaning.op in (Op.ABS, Op.COS, Op.COSH):
            parts = [min(parts[0], self.poly(_negative(meaning.args[0])))]
        text = f"{meaning.op.value}|{meaning.value}|{'|'.join(parts)}"
        return hashlib.sha256(text.encode()).hexdigest()

    def needs(self, needs: Iterable[int]) -> str:
        """A set of indeterminates."""
        return ",".join(sorted({self._labels[number] for number in needs}))

    def poly(self, form: Form) -> str:
        """A form, with its needs."""
        labels = self._labels
        terms = sorted(
            f"{c}*" + "*".join(sorted(f"{labels[n]}^{e}" for n, e in exponents(m)))
            for m, c in form.terms
        )
        return f"({'+'.join(terms)})/{form.denominator}[{self.needs(form.needs)}]"


def _whole(writer: _Writer, stated: _Stated, obligation: Obligation, forms: Forms) -> str:
    sides = dict(zip(stated.region.variables, stated.region.box, strict=True))
    box = ",".join(f"{sides[name].lo}:{sides[name].hi}" for name in writer.order)
    return "|".join(
        (
            SEMANTICS,
            ">" if obligation.strict else ">=",
            writer.poly(stated.claim),
            writer.needs(stated.needs),
            box,
            _formula(writer, forms, stated.region.formula),
        )
    )


def _formula(writer: _Writer, forms: Forms, formula: Formula) -> str:
    match formula:
        case Atom(expr, relation):
            form = primitive_part(forms.of(expr))[0]
            text = writer.poly(form)
            if relation is Relation.EQ:
                text = min(text, writer.poly(_negative(form)))
            return f"{relation.value}{text}"
        case And(parts):
            return f"and({','.join(sorted({_formula(writer, forms, p) for p in parts}))})"
        case Or(parts):
            return f"or({','.join(sorted({_formula(writer, forms, p) for p in parts}))})"


def renamed(obligation: Obligation, names: Mapping[str, str]) -> Obligation:
    """The obligation with other variable names; its variables stay in their order."""
    if all(old == new for old, new in names.items()):
        return obligation
    meaning = {old: ex.var(new) for old, new in names.items()}
    region = obligation.region
    return replace(
        obligation,
        region=Region(
            tuple(names[name] for name in region.variables),
            region.box,
            _renamed_formula(region.formula, meaning),
        ),
        expr=ex.substitute(obligation.expr, meaning),
        defined=tuple(ex.substitute(root, meaning) for root in obligation.defined),
    )


def _renamed_formula(formula: Formula, meaning: Mapping[str, ex.Expr]) -> Formula:
    """With the same atoms in the same places, since evidence counts them."""
    match formula:
        case Atom(expr, relation):
            return Atom(ex.substitute(expr, meaning), relation)
        case And(parts):
            return And(tuple(_renamed_formula(part, meaning) for part in parts))
        case Or(parts):
            return Or(tuple(_renamed_formula(part, meaning) for part in parts))


def implies(known: Obligation, asked: Obligation) -> bool:
    """Whether ``asked`` plainly follows from ``known``, both in the same variables.

    The known region contains the asked one; with the normal forms g and h of their expressions,
    h = s*g + c for rationals s > 0 and c >= 0; and all that ``asked`` needs to be defined is
    needed by ``known``, too.
    """
    if set(known.region.variables) != set(asked.region.variables):
        return False
    same = known.expr is asked.expr and set(asked.defined) <= set(known.defined)
    if same and known.region == asked.region:
        return known.strict or not asked.strict
    if _is_large(known) or _is_large(asked):
        return False
    forms = Forms()
    one, other = _stated(forms, known), _stated(forms, asked)
    if not other.needs <= one.needs or not _contains(forms, known.region, asked.region):
        return False
    if _relative(one.claim) != _relative(other.claim):
        return False
    gain = _gain(forms.of(known.expr), forms.of(asked.expr))
    return gain is not None and (gain > 0 or (gain == 0 and (known.strict or not asked.strict)))


def _gain(known: Form, asked: Form) -> Fraction | None:
    """c with asked = s*known + c for some s > 0, given that they agree but for s and c.

    None if there is no such c >= 0.
    """

    def split(form: Form) -> tuple[Fraction, Fraction]:
        lead = Fraction(form.terms[0][1], form.denominator) if form.terms else Fraction(0)
        last, constant = form.terms[-1] if form.terms else (0, 0)
        return lead, Fraction(0 if last else constant, form.denominator)

    (lead, constant), (asked_lead, asked_constant) = split(known), split(asked)
    if known.constant is not None:  # both are constants: s = 1
        gain = asked_constant - constant
    else:
        gain = asked_constant - asked_lead / lead * constant
    return gain if gain >= 0 else None


def _contains(forms: Forms, outer: Region, inner: Region) -> bool:
    """Whether the outer region plainly contains the inner one."""
    sides = dict(zip(inner.variables, inner.box, strict=True))
    for name, side in zip(outer.variables, outer.box, strict=True):
        own = sides[name]
        if side.lo is not None and (own.lo is None or own.lo < side.lo):
            return False
        if side.hi is not None and (own.hi is None or own.hi > side.hi):
            return False
    known: set[object] = set()
    for part in conjuncts(inner.formula):
        known.update(_consequences(forms, part))
    return all(_key(forms, part) in known for part in conjuncts(outer.formula))


def _key(forms: Forms, formula: Formula) -> object:
    """Equal for formulas that are the same but for the order of parts and scales."""
    match formula:
        case Atom(expr, relation):
            form = primitive_part(forms.of(expr))[0]
            if relation is Relation.EQ:
                form = max(form, _negative(form), key=lambda f: f.terms)
            return relation, form
        case And(parts):
            return "and", frozenset(_key(forms, part) for part in parts)
        case Or(parts):
            return "or", frozenset(_key(forms, part) for part in parts)


def _consequences(forms: Forms, formula: Formula) -> list[object]:
    found = [_key(forms, formula)]
    if isinstance(formula, Atom):
        expr = formula.expr
        if formula.relation is not Relation.GE:
            found.append(_key(forms, Atom(expr, Relation.GE)))
        if formula.relation is Relation.EQ:
            found.append(_key(forms, Atom(-expr, Relation.GE)))
    return found


__all__ = ["SEMANTICS", "Name", "implies", "name_of", "renamed"]
