"""Is a sum-of-squares certificate right? A slow independent check in Fractions."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import product

from bcv import expr as ex
from bcv.evidence import PolynomialCase, SumOfSquares
from bcv.expr import Expr, Op
from bcv.obligation import Obligation
from bcv.region import Atom, Formula, Or, Relation

Terms = dict[tuple[int, ...], Fraction]


def plus(a: Terms, b: Terms, scale: Fraction = Fraction(1)) -> Terms:
    result = dict(a)
    for monomial, value in b.items():
        result[monomial] = result.get(monomial, Fraction(0)) + scale * value
    return {m: v for m, v in result.items() if v}


def times(a: Terms, b: Terms) -> Terms:
    result: Terms = {}
    for (m, v), (n, w) in product(a.items(), b.items()):
        key = tuple(i + j for i, j in zip(m, n, strict=True))
        result[key] = result.get(key, Fraction(0)) + v * w
    return {m: v for m, v in result.items() if v}


def terms(root: Expr, names: tuple[str, ...]) -> Terms:
    done: dict[Expr, Terms] = {}
    zero = (0,) * len(names)
    for node in ex.postorder(root):
        args = [done[a] for a in node.args]
        match node.op:
            case Op.CONST:
                done[node] = plus({}, {zero: Fraction(node.value)})
            case Op.VAR:
                done[node] = {tuple(int(n == node.value) for n in names): Fraction(1)}
            case Op.ADD:
                done[node] = plus(*args)
            case Op.SUB:
                done[node] = plus(args[0], args[1], Fraction(-1))
            case Op.NEG:
                done[node] = plus({}, args[0], Fraction(-1))
            case Op.MUL:
                done[node] = times(*args)
            case Op.POW:
                power: Terms = {zero: Fraction(1)}
                for _ in range(int(node.value)):
                    power = times(power, args[0])
                done[node] = power
            case _:
                raise ValueError(node.op)
    return done[root]


def _is_psd(rows: list[list[Fraction]]) -> bool:
    rows = [list(row) for row in rows]
    for k in range(len(rows)):
        if rows[k][k] < 0 or (rows[k][k] == 0 and any(rows[k][k:])):
            return False
        if rows[k][k] == 0:
            continue
        for i in range(k + 1, len(rows)):
            factor = rows[i][k] / rows[k][k]
            for j in range(k, len(rows)):
                rows[i][j] -= factor * rows[k][j]
    return True


def _square(basis: Iterable[tuple[int, ...]], lower: Iterable[Fraction]) -> tuple[Terms, bool]:
    basis = list(basis)
    entries = iter(lower)
    rows = [[Fraction(0)] * len(basis) for _ in basis]
    total: Terms = {}
    for i, a in enumerate(basis):
        for j in range(i + 1):
            rows[i][j] = rows[j][i] = value = next(entries)
            key = tuple(p + q for p, q in zip(a, basis[j], strict=True))
            total[key] = total.get(key, Fraction(0)) + (value if i == j else 2 * value)
    return total, _is_psd(rows)


def _numbered(formula: Formula, start: int) -> tuple[list[frozenset[int]], int]:
    if isinstance(formula, Atom):
        return [frozenset({start})], start + 1
    union = isinstance(formula, Or)
    found: list[frozenset[int]] = [] if union else [frozenset()]
    for part in formula.parts:
        inner, start = _numbered(part, start)
        found = found + inner if union else [a | b for a in found for b in inner]
    return found, start


def _atoms(formula: Formula) -> list[Atom]:
    if isinstance(formula, Atom):
        return [formula]
    return [atom for part in formula.parts for atom in _atoms(part)]


def _case_holds(obligation: Obligation, case: PolynomialCase, all_atoms: list[Atom]) -> bool:
    names = obligation.region.variables
    polys = {-1: plus({}, terms(obligation.expr, names), Fraction(-1))}
    used = [i for cone, _ in case.cone for i in cone]
    for index in {*used, *case.strict, *(i for i, _ in case.free)} - {-1}:
        polys[index] = terms(all_atoms[index].expr, names)
    if any(i >= 0 and all_atoms[i].relation is Relation.EQ for i in (*used, *case.strict)):
        return False
    if any(all_atoms[i].relation is not Relation.EQ for i, _ in case.free):
        return False
    if any(i >= 0 and all_atoms[i].relation is not Relation.GT for i in case.strict):
        return False
    if case.scale <= 0 or (obligation.strict and -1 in case.strict):
        return False
    zero = (0,) * len(names)
    total: Terms = {zero: case.scale}
    for index in case.strict:
        total = times(total, polys[index])
    for cone, gram in case.cone:
        square, psd = _square(gram.basis, gram.matrix)
        if not psd:
            return False
        for index in cone:
            square = times(square, polys[index])
        total = plus(total, square)
    for index, factor in case.free:
        total = plus(total, times(dict(factor), polys[index]))
    return not total


def certifies(obligation: Obligation, evidence: SumOfSquares) -> bool:
    """Whether every case is a valid refutation and the cases exhaust the region."""
    box = list(obligation.region.box_atoms())
    disjuncts, _ = _numbered(obligation.region.formula, len(box))
    all_atoms = box + _atoms(obligation.region.formula)
    always = frozenset(range(len(box)))
    used = []
    for case in evidence.cases:
        if not _case_holds(obligation, case, all_atoms):
            return False
        indices = {i for cone, _ in case.cone for i in cone} | set(case.strict)
        used.append((indices | {i for i, _ in case.free}) - {-1})
    return all(any(u <= always | d for u in used) for d in disjuncts)
