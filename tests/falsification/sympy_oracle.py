"""A second opinion on witnesses: SymPy's rationals instead of ours. Used by tests only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final

import sympy

from bcv import expr as ex
from bcv.evidence import Box, Point, Segment, Witness, WitnessKind
from bcv.expr import Expr, Op
from bcv.obligation import Obligation
from bcv.region import And, Atom, Formula, Or, Relation, atoms, conjuncts

_FUNCTIONS: Final[dict[Op, Callable[..., Any]]] = {
    Op.ADD: lambda a, b: a + b,
    Op.SUB: lambda a, b: a - b,
    Op.MUL: lambda a, b: a * b,
    Op.DIV: lambda a, b: a / b,
    Op.NEG: lambda a: -a,
    Op.SIN: sympy.sin,
    Op.COS: sympy.cos,
    Op.TAN: sympy.tan,
    Op.ASIN: sympy.asin,
    Op.ACOS: sympy.acos,
    Op.ATAN: sympy.atan,
    Op.SINH: sympy.sinh,
    Op.COSH: sympy.cosh,
    Op.TANH: sympy.tanh,
    Op.EXP: sympy.exp,
    Op.LOG: sympy.log,
    Op.SQRT: sympy.sqrt,
    Op.ABS: sympy.Abs,
    Op.MIN: sympy.Min,
    Op.MAX: sympy.Max,
}


def _sign(value: Any) -> int:
    if value.is_Rational:
        return int(sympy.sign(value))
    approximate = value.evalf(60)
    assert approximate.is_real
    return 0 if abs(approximate) < sympy.Float("1e-45") else int(sympy.sign(approximate))


def value_at(root: Expr, point: Mapping[str, Any]) -> Any:
    """The value in SymPy; numbers are kept exact."""
    done: dict[Expr, Any] = {}
    for node in ex.postorder(root):
        args = [done[a] for a in node.args]
        if node.op is Op.VAR:
            done[node] = point[str(node.value)]
        elif node.constant is not None:
            done[node] = sympy.Rational(node.constant.numerator, node.constant.denominator)
        elif node.op is Op.PI:
            done[node] = sympy.pi
        elif node.op is Op.POW:
            done[node] = args[0] ** node.value
        elif node.op is Op.SELECT:
            chosen = _sign(args[0])
            assert chosen != 0 or args[1] == args[2]
            done[node] = args[1] if chosen > 0 else args[2]
        else:
            done[node] = _FUNCTIONS[node.op](*args)
    return done[root]


def _holds(formula: Formula, point: Mapping[str, Any]) -> bool:
    match formula:
        case And(parts):
            return all(_holds(part, point) for part in parts)
        case Or(parts):
            return any(_holds(part, point) for part in parts)
        case Atom(root, relation):
            sign = _sign(value_at(root, point))
            return {Relation.GE: sign >= 0, Relation.GT: sign > 0, Relation.EQ: sign == 0}[relation]


def _rational(x: Fraction) -> Any:
    return sympy.Rational(x.numerator, x.denominator)


def _in_box(obligation: Obligation, point: Mapping[str, Fraction]) -> bool:
    region = obligation.region
    return all(
        (side.lo is None or side.lo <= point[name]) and (side.hi is None or point[name] <= side.hi)
        for name, side in zip(region.variables, region.box, strict=True)
    )


def _fails(obligation: Obligation, point: Mapping[str, Any]) -> bool:
    sign = _sign(value_at(obligation.expr, point))
    return sign < 0 or (obligation.strict and sign == 0)


def _undefined(obligation: Obligation, point: Mapping[str, Any]) -> bool:
    for root in obligation.roots:
        value = value_at(root, point)
        if value.has(sympy.zoo, sympy.nan, sympy.oo) or not value.evalf(30).is_real:
            return True
    return False


def _confirms_point(obligation: Obligation, witness: Point) -> bool:
    point = {name: _rational(x) for name, x in witness.point}
    inside = _in_box(obligation, dict(witness.point)) and _holds(obligation.region.formula, point)
    if witness.kind is WitnessKind.UNDEFINED:
        return inside and _undefined(obligation, point)
    return inside and _fails(obligation, point)


def _confirms_segment(obligation: Obligation, witness: Segment) -> bool:
    start, end = dict(witness.start), dict(witness.end)
    parts = conjuncts(obligation.region.formula)
    surface = next(
        (p for p in parts if isinstance(p, Atom) and p.relation is Relation.EQ),
        Atom(obligation.expr, Relation.EQ),
    )
    touching = surface.expr == obligation.expr
    others = And(tuple(p for p in parts if p is not surface and not _is_multiple(p, surface)))
    ends = [{name: _rational(x) for name, x in side.items()} for side in (start, end)]
    signs = [_sign(value_at(surface.expr, side)) for side in ends]
    if signs != [-1, 1] or not (_in_box(obligation, start) and _in_box(obligation, end)):
        return False
    for k in range(33):
        s = sympy.Rational(k, 32)
        point = {name: ends[0][name] + s * (ends[1][name] - ends[0][name]) for name in start}
        if not (_holds(others, point) and (touching or _fails(obligation, point))):
            return False
    return obligation.strict or not touching


def _is_multiple(part: Formula, surface: Atom) -> bool:
    """Whether the part is c * p >= 0 or c * p = 0, with a constant c."""
    if not isinstance(part, Atom) or part.relation is Relation.GT:
        return False
    symbols = {name: sympy.Symbol(name) for name in ex.variables(part.expr, surface.expr)}
    a, b = (value_at(root, symbols) for root in (part.expr, surface.expr))
    return bool(sympy.cancel(a / b).is_number)


def _confirms_box(obligation: Obligation, witness: Box) -> bool:
    """At the zero that SymPy finds, to 60 digits, by Newton's method from the middle of the box."""
    lower, upper = dict(witness.lower), dict(witness.upper)
    sides = [name for name in lower if lower[name] < upper[name]]
    symbols = {name: sympy.Symbol(name) for name in sides}
    fixed = {name: _rational(x) for name, x in lower.items() if name not in symbols}
    equal = [a.expr for a in atoms(obligation.region.formula) if a.relation is Relation.EQ]
    rows = [value_at(root, {**fixed, **symbols}) for root in equal]
    system = [row for row in rows if row.free_symbols]
    middle = [_rational((lower[name] + upper[name]) / 2) for name in sides]
    found = sympy.nsolve(system, list(symbols.values()), middle, prec=80)
    point = {**fixed, **dict(zip(sides, found, strict=True))}
    within = all(_rational(lower[n]) < point[n] < _rational(upper[n]) for n in sides)
    return (
        within
        and _in_box(obligation, lower)
        and _in_box(obligation, upper)
        and _holds(obligation.region.formula, point)
        and _fails(obligation, point)
    )


def confirms(obligation: Obligation, witness: Witness) -> bool:
    """Whether SymPy agrees that the witness refutes the obligation (a segment: at 33 points)."""
    match witness:
        case Point():
            return _confirms_point(obligation, witness)
        case Segment():
            return _confirms_segment(obligation, witness)
        case Box():
            return _confirms_box(obligation, witness)
