"""Where must a claim hold? A box and a formula over polynomial-like atoms, all exact.

Soundness depends on this file: a region that loses points makes a claim too weak.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from bcv import expr as ex
from bcv.expr import Expr, Op


class Relation(enum.Enum):
    """How an atom compares its expression with zero."""

    GE = ">="
    GT = ">"
    EQ = "=="


@dataclass(frozen=True, slots=True)
class Atom:
    """``expr relation 0``. Where expr is undefined, an atom may not be relied on either way."""

    expr: Expr
    relation: Relation


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts; true if there are none."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of the parts; false if there are none."""

    parts: tuple[Formula, ...]


Formula = Atom | And | Or
TRUE: Final = And(())
FALSE: Final = Or(())


def _decided(atom: Atom) -> Formula:
    value = atom.expr.constant
    if value is None:
        return atom
    holds = {Relation.GE: value >= 0, Relation.GT: value > 0, Relation.EQ: value == 0}
    return TRUE if holds[atom.relation] else FALSE


def at_least(a: Expr, b: Expr = ex.ZERO) -> Formula:
    """a >= b."""
    return _decided(Atom(a - b, Relation.GE))


def greater(a: Expr, b: Expr = ex.ZERO) -> Formula:
    """a > b."""
    return _decided(Atom(a - b, Relation.GT))


def equal(a: Expr, b: Expr = ex.ZERO) -> Formula:
    """a = b."""
    return _decided(Atom(a - b, Relation.EQ))


def all_of(*parts: Formula) -> Formula:
    """The conjunction, flattened, without repetitions."""
    flat: dict[Formula, None] = {}
    for part in parts:
        if part == FALSE:
            return FALSE
        flat.update(dict.fromkeys(part.parts if isinstance(part, And) else (part,)))
    return next(iter(flat)) if len(flat) == 1 else And(tuple(flat))


def any_of(*parts: Formula) -> Formula:
    """The disjunction, flattened, without repetitions."""
    flat: dict[Formula, None] = {}
    for part in parts:
        if part == TRUE:
            return TRUE
        flat.update(dict.fromkeys(part.parts if isinstance(part, Or) else (part,)))
    return next(iter(flat)) if len(flat) == 1 else Or(tuple(flat))


def negation(formula: Formula) -> Formula:
    """The complement, with negations driven into the atoms."""
    match formula:
        case And(parts):
            return any_of(*map(negation, parts))
        case Or(parts):
            return all_of(*map(negation, parts))
        case Atom(expr, Relation.GE):
            return greater(-expr)
        case Atom(expr, Relation.GT):
            return at_least(-expr)
        case Atom(expr, _):
            return any_of(greater(expr), greater(-expr))


def map_atoms(formula: Formula, change: Callable[[Atom], Formula]) -> Formula:
    """The formula with each atom replaced."""
    match formula:
        case And(parts):
            return all_of(*(map_atoms(part, change) for part in parts))
        case Or(parts):
            return any_of(*(map_atoms(part, change) for part in parts))
        case Atom():
            return change(formula)


def substitute(formula: Formula, replacement: Mapping[str, Expr]) -> Formula:
    """The formula with variables replaced, all at once."""
    return map_atoms(
        formula, lambda atom: _decided(Atom(ex.substitute(atom.expr, replacement), atom.relation))
    )


def atoms(formula: Formula) -> Iterator[Atom]:
    """Every atom, from left to right; this order numbers the atoms in evidence."""
    if isinstance(formula, Atom):
        yield formula
    else:
        for part in formula.parts:
            yield from atoms(part)


def conjuncts(formula: Formula) -> tuple[Formula, ...]:
    """The parts that all hold in the region."""
    return formula.parts if isinstance(formula, And) else (formula,)


def defined_where(*roots: Expr) -> Formula:
    """A formula that holds only where every root is defined.

    Conservative at SELECT nodes: both branches are required to be defined.
    """
    needs: list[Formula] = []
    for node in ex.postorder(*roots):
        if node.total:
            continue
        a = node.args[-1] if node.op is Op.DIV else node.args[0]
        if node.op is Op.DIV:
            needs.append(any_of(greater(a), greater(-a)))
        elif node.op is Op.LOG:
            needs.append(greater(a))
        elif node.op is Op.SQRT:
            needs.append(at_least(a))
        elif node.op in (Op.ASIN, Op.ACOS):
            needs.append(all_of(at_least(ex.ONE - a), at_least(ex.ONE + a)))
        elif node.op is Op.TAN:
            cosine = ex.apply(Op.COS, a)
            needs.append(any_of(greater(cosine), greater(-cosine)))
    return all_of(*needs)


@dataclass(frozen=True, slots=True)
class Range:
    """A closed interval [lo, hi]; None is the infinite end."""

    lo: Fraction | None
    hi: Fraction | None

    @property
    def bounded(self) -> bool:
        return self.lo is not None and self.hi is not None


UNBOUNDED: Final = Range(None, None)


@dataclass(frozen=True, slots=True)
class Region:
    """{x : x_i in box_i for every variable, and formula(x)}.

    ``variables`` orders the coordinates everywhere: in boxes, points, tapes and evidence.
    """

    variables: tuple[str, ...]
    box: tuple[Range, ...]
    formula: Formula

    @property
    def bounded(self) -> bool:
        return all(side.bounded for side in self.box)

    def box_atoms(self) -> tuple[Atom, ...]:
        """The finite bounds of the box as atoms (lower before upper, in variable order)."""
        found = []
        for name, side in zip(self.variables, self.box, strict=True):
            if side.lo is not None:
                found.append(Atom(ex.var(name) - ex.const(side.lo), Relation.GE))
            if side.hi is not None:
                found.append(Atom(ex.const(side.hi) - ex.var(name), Relation.GE))
        return tuple(found)


def _of_one_power(expr: Expr) -> tuple[Expr, Fraction, Fraction] | None:
    """(p, a, b) if the expression is plainly ``a*p + b`` with a != 0 and p = x or x**2."""
    match expr.op, expr.args:
        case Op.VAR, _:
            return expr, Fraction(1), Fraction(0)
        case Op.POW, (inner,) if expr.value == 2 and inner.op is Op.VAR:
            return expr, Fraction(1), Fraction(0)
        case Op.NEG, (inner,):
            found = _of_one_power(inner)
            return (found[0], -found[1], -found[2]) if found else None
        case Op.MUL, (scale, inner) if scale.constant is not None and scale.constant != 0:
            found = _of_one_power(inner)
            return (
                (found[0], found[1] * scale.constant, found[2] * scale.constant) if found else None
            )
        case ((Op.ADD | Op.SUB), (a, b)):
            sign = 1 if expr.op is Op.ADD else -1
            if b.constant is not None:
                found = _of_one_power(a)
                return (found[0], found[1], found[2] + sign * b.constant) if found else None
            if a.constant is not None:
                found = _of_one_power(b)
                if found:
                    return found[0], sign * found[1], a.constant + sign * found[2]
    return None


def linear_bound(expr: Expr) -> tuple[str, Fraction, Fraction] | None:
    """(name, a, b) if the expression is plainly ``a*name + b`` with a != 0, else None."""
    found = _of_one_power(expr)
    return (str(found[0].value), *found[1:]) if found and found[0].op is Op.VAR else None


def _square_bound(atom: Atom) -> tuple[str, Fraction] | None:
    """(name, r) if the atom is plainly ``r**2 - name**2 >= 0`` (> 0, == 0) up to a factor > 0."""
    found = _of_one_power(atom.expr)
    if found is None or found[0].op is Op.VAR:
        return None
    if found[1] > 0 and atom.relation is not Relation.EQ:
        return None
    root = ex.rational_value(Op.SQRT, -found[2] / found[1])
    return None if root is None else (str(found[0].args[0].value), root)


def _tightened(side: Range, slope: Fraction, offset: Fraction, relation: Relation) -> Range:
    edge = -offset / slope
    lo, hi = side.lo, side.hi
    if slope > 0 or relation is Relation.EQ:
        lo = edge if lo is None else max(lo, edge)
    if slope < 0 or relation is Relation.EQ:
        hi = edge if hi is None else min(hi, edge)
    return Range(lo, hi)


def _within(side: Range, least: Fraction, most: Fraction) -> Range:
    return Range(
        least if side.lo is None else max(side.lo, least),
        most if side.hi is None else min(side.hi, most),
    )


def _bounded_by(sides: dict[str, Range], part: Formula) -> bool:
    """Tighten the sides by what an atom says of one variable; whether they then say it all."""
    if not isinstance(part, Atom):
        return False
    square, found = _square_bound(part), linear_bound(part.expr)
    if square is not None and square[0] in sides:
        sides[square[0]] = _within(sides[square[0]], -square[1], square[1])
    if found is None or found[0] not in sides:
        return False
    name, slope, offset = found
    sides[name] = _tightened(sides[name], slope, offset, part.relation)
    return part.relation is not Relation.GT


def region(variables: tuple[str, ...], box: tuple[Range, ...], formula: Formula) -> Region:
    """The region, with conjuncts ``a*x + b >= 0`` moved into the box.

    The point set does not change: a strict bound tightens the box and stays in the formula too,
    as does ``x**2 <= r**2``. An empty box makes the formula FALSE, so that no engine meets a
    reversed interval.
    """
    sides = dict(zip(variables, box, strict=True))
    kept: list[Formula] = []
    for part in conjuncts(formula):
        if not _bounded_by(sides, part):
            kept.append(part)
    tight = tuple(sides[name] for name in variables)
    if any(side.lo is not None and side.hi is not None and side.lo > side.hi for side in tight):
        return Region(variables, box, FALSE)
    return Region(variables, tight, all_of(*kept))


def tightened(region: Region) -> Region:
    """The same points, with the box cut by all that bounds one variable, which stays."""
    sides = dict(zip(region.variables, region.box, strict=True))
    for part in conjuncts(region.formula):
        _bounded_by(sides, part)
    return replace(region, box=tuple(sides.values()))


def projection(region: Region, names: Collection[str]) -> Region:
    """What the region says of some variables alone: their sides, and whole conjuncts.

    The named coordinates of each point of the region lie in it.
    """
    sides = [pair for pair in zip(region.variables, region.box, strict=True) if pair[0] in names]
    kept = (
        part
        for part in conjuncts(region.formula)
        if ex.variables(*(atom.expr for atom in atoms(part))) <= set(names)
    )
    return Region(tuple(n for n, _ in sides), tuple(side for _, side in sides), And(tuple(kept)))


def is_apart(region: Region, names: Collection[str]) -> bool:
    """Whether some, but not all variables are named, and no conjunct links them to the others."""
    if not names or len(names) == len(region.variables):
        return False
    links = (ex.variables(*(a.expr for a in atoms(part))) for part in conjuncts(region.formula))
    return all(found <= set(names) or not found & set(names) for found in links)


def has_reversed_side(region: Region) -> bool:
    """Whether a side of the region's box ends before it begins."""
    return any(s.lo is not None and s.hi is not None and s.lo > s.hi for s in region.box)


def alternatives(region: Region) -> tuple[Region, Region] | None:
    """The parts of the region where the first disjunct holds, and where one of the others does.

    The first conjunct that is a disjunction gives way to the disjunct's conjuncts, at the end. All
    that bounds one variable then tightens the box, and stays. None if there is no disjunction.
    """
    parts = list(conjuncts(region.formula))
    found = next((part for part in parts if isinstance(part, Or) and part.parts), None)
    if found is None:
        return None
    parts.remove(found)
    first, *others = found.parts

    def smaller(choice: Formula) -> Region:
        return tightened(replace(region, formula=And((*parts, *conjuncts(choice)))))

    return smaller(first), smaller(others[0] if len(others) == 1 else Or(tuple(others)))
