"""Is this cover a proof? A slow second opinion in rational interval arithmetic, for tests only.

It shares no arithmetic with the engine; elementary functions come from python-flint's balls.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from flint import arb, ctx, fmpq

from bcv import expr as ex
from bcv.checker.ring import FIELD
from bcv.checker.rules.bernstein import Bernstein
from bcv.evidence import Convex, Cover, Form, Infeasible, LeafReason
from bcv.expr import Expr, Op
from bcv.obligation import Obligation
from bcv.region import And, Atom, Formula, Relation, atoms, conjuncts

Number = Any  # a Fraction, or a float infinity
Interval = tuple[Number, Number]
Box = tuple[Interval, ...]
LINE: Interval = (-math.inf, math.inf)


def _exact(end: Number) -> Number:
    return end if isinstance(end, float) and math.isinf(end) else Fraction(end)


def _times(a: Number, b: Number) -> Number:
    return Fraction(0) if a == 0 or b == 0 else a * b


def _mul(a: Interval, b: Interval) -> Interval:
    products = [_times(x, y) for x in a for y in b]
    return min(products), max(products)


def _add(a: Interval, b: Interval) -> Interval:
    return a[0] + b[0], a[1] + b[1]


def _neg(a: Interval) -> Interval:
    return -a[1], -a[0]


def _pow(a: Interval, n: int) -> Interval:
    ends = sorted([a[0] ** n, a[1] ** n])
    if n % 2 == 0 and a[0] <= 0 <= a[1]:
        return Fraction(0), ends[1]
    return (ends[0], ends[1]) if n % 2 == 0 else (a[0] ** n, a[1] ** n)


def _rational(value: Any) -> Fraction:
    q = value.fmpq()
    return Fraction(int(q.p), int(q.q))


def _at(name: str, x: Number) -> Interval:
    """An enclosure of an increasing function at a point."""
    if isinstance(x, float):
        limits = {"exp": (0, math.inf), "tanh": (-1, 1), "atan": (-2, 2)}
        low, high = limits.get(name, (-math.inf, math.inf))
        end = low if x < 0 else high
        return end, end
    with ctx.workprec(160):
        ball = getattr(arb(fmpq(x.numerator, x.denominator)), name)()
        middle, radius = _rational(ball.mid()), _rational(ball.rad())
        return middle - radius, middle + radius


def _wave(op: Op, a: Interval) -> Interval:
    if isinstance(a[0], float) or isinstance(a[1], float) or a[1] - a[0] > 6:
        return Fraction(-1), Fraction(1)
    name = "sin" if op is Op.SIN else "cos"
    ends = [_at(name, x) for x in a]
    lo, hi = min(e[0] for e in ends), max(e[1] for e in ends)
    pi_lo = Fraction(math.pi)
    pi_hi = pi_lo + Fraction(1, 2**50)
    first = Fraction(1, 2) if op is Op.SIN else Fraction(0)
    for k in range(math.floor(a[0] / pi_lo) - 2, math.ceil(a[1] / pi_lo) + 3):
        peaks = [(first + k) * p for p in (pi_lo, pi_hi)]
        if max(peaks) >= a[0] and min(peaks) <= a[1]:
            lo, hi = (lo, Fraction(1)) if k % 2 == 0 else (Fraction(-1), hi)
    return max(lo, Fraction(-1)), min(hi, Fraction(1))


def _function(node: Expr, a: Interval) -> Interval | None:
    match node.op:
        case Op.SIN | Op.COS:
            return _wave(node.op, a)
        case Op.ABS:
            return a if a[0] >= 0 else _neg(a) if a[1] <= 0 else (Fraction(0), max(-a[0], a[1]))
        case Op.SQRT | Op.LOG:
            if a[0] < 0 or (node.op is Op.LOG and a[0] == 0):
                return None
    name = {Op.LOG: "log", Op.SQRT: "sqrt"}.get(node.op, node.op.value)
    assert name in {"exp", "tanh", "atan", "sinh", "log", "sqrt"}, name
    return _at(name, a[0])[0], _at(name, a[1])[1]


def _pi() -> Interval:
    return Fraction(math.pi), Fraction(math.pi) + Fraction(1, 2**50)


def _node(node: Expr, args: list[Interval | None], box: dict[str, Interval]) -> Interval | None:
    if node.op is Op.CONST:
        return node.value, node.value  # type: ignore[return-value]
    if node.op is Op.PI:
        return _pi()
    if node.op is Op.VAR:
        return box[str(node.value)]
    if node.op is Op.SELECT:
        c, a, b = args
        if c is None:
            return None
        if c[0] > 0 or c[1] < 0:
            return a if c[0] > 0 else b
        return None if a is None or b is None else (min(a[0], b[0]), max(a[1], b[1]))
    if any(a is None for a in args):
        return None
    known: list[Interval] = [a for a in args if a is not None]
    match node.op, known:
        case Op.ADD, [a, b]:
            return _add(a, b)
        case Op.SUB, [a, b]:
            return _add(a, _neg(b))
        case Op.NEG, [a]:
            return _neg(a)
        case Op.MUL, [a, b]:
            return _mul(a, b)
        case Op.DIV, [a, b]:
            if b[0] <= 0 <= b[1]:
                return None
            return _mul(a, (1 / b[1], 1 / b[0]))
        case Op.POW, [a]:
            return _pow(a, int(node.value))  # type: ignore[arg-type]
        case Op.MIN, [a, b]:
            return min(a[0], b[0]), min(a[1], b[1])
        case Op.MAX, [a, b]:
            return max(a[0], b[0]), max(a[1], b[1])
    return _function(node, known[0])


def natural(root: Expr, box: dict[str, Interval]) -> Interval | None:
    """The natural interval extension; None where it may be undefined."""
    done: dict[Expr, Interval | None] = {}
    for node in ex.postorder(root):
        done[node] = _node(node, [done[a] for a in node.args], box)
    return done[root]


def _mean_value(f: Expr, names: tuple[str, ...], box: Box) -> Number:
    named = dict(zip(names, box, strict=True))
    if any(node.op is Op.SELECT for node in ex.postorder(f)):
        return -math.inf
    total: Number = Fraction(0)
    point: dict[str, Interval] = {}
    for name, (lo, hi) in named.items():
        s = natural(ex.derivative(f, name), named)
        if s is None:
            return -math.inf
        bounded = -math.inf < lo and hi < math.inf
        c = Fraction(float(lo) + (float(hi) - float(lo)) * 0.5) if bounded else min(max(lo, 0), hi)
        if s[0] >= 0 and lo > -math.inf:
            c = lo
        elif s[1] <= 0 and hi < math.inf:
            c = hi
        point[name] = (c, c)
        total += _mul(s, (lo - c, hi - c))[0]
    centre = natural(f, point)
    return -math.inf if centre is None else total + centre[0]


def _sign(f: Expr, names: tuple[str, ...], ends: tuple[tuple[float, float], ...]) -> int:
    """The sign of a polynomial on a box by its coefficients, according to the checker."""
    from bcv.algebra.polynomial import polynomial, ring, to_terms

    found = polynomial(f, ring(names))
    assert found is not None
    packed = {sum(e << FIELD * i for i, e in enumerate(m)): c for m, c in to_terms(found)}
    return Bernstein(packed, len(names)).signs(ends)


def _false(formula: Formula, enclosures: dict[int, Interval | None], first: int) -> bool:
    if isinstance(formula, Atom):
        value = enclosures.get(first)
        if value is None:
            return False
        if formula.relation is Relation.GE:
            return bool(value[1] < 0)
        if formula.relation is Relation.GT:
            return bool(value[1] <= 0)
        return bool(value[1] < 0 or value[0] > 0)
    answers = []
    for part in formula.parts:
        answers.append(_false(part, enclosures, first))
        first += sum(1 for _ in atoms(part))
    return any(answers) if isinstance(formula, And) else all(answers)


def _positive_semidefinite(matrix: list[list[Fraction]]) -> bool:
    if not matrix:
        return True
    pivot, row = matrix[0][0], matrix[0][1:]
    if pivot < 0 or (pivot == 0 and any(row)):
        return False
    scale = 1 / pivot if pivot else Fraction(0)
    rest = [
        [matrix[i + 1][j + 1] - row[i] * row[j] * scale for j in range(len(row))]
        for i in range(len(row))
    ]
    return _positive_semidefinite(rest)


class Replay:
    """Checks every leaf of a cover."""

    def __init__(self, obligation: Obligation, cover: Cover) -> None:
        self.obligation = obligation
        self.cover = cover
        region = obligation.region
        self.atoms = (*region.box_atoms(), *atoms(region.formula))
        self.box_atoms = len(region.box_atoms())
        self.usable = set(region.box_atoms()) | set(conjuncts(region.formula))
        self.leaves = 0

    def check(self) -> bool:
        """Whether the cover proves the obligation."""
        region, cover = self.obligation.region, self.cover
        for (lo, hi), side in zip(cover.root, region.box, strict=True):
            assert (lo == -math.inf) if side.lo is None else lo <= side.lo
            assert (hi == math.inf) if side.hi is None else hi >= side.hi
        cuts = iter(cover.cuts)
        stack = [cover.root]
        for code in cover.nodes:
            box = stack.pop()
            if code >= 0:
                self.leaves += 1
                if not self._leaf(box, cover.reasons[code]):
                    return False
                continue
            axis, explicit = (-code - 1) // 2, (-code - 1) % 2
            lo, hi = box[axis]
            at = next(cuts) if explicit else lo + (hi - lo) * 0.5
            assert lo <= at <= hi
            stack.append((*box[:axis], (at, hi), *box[axis + 1 :]))
            stack.append((*box[:axis], (lo, at), *box[axis + 1 :]))
        return not stack and next(cuts, None) is None

    def _leaf(self, ends: tuple[tuple[float, float], ...], reason: LeafReason) -> bool:
        sides = self.obligation.region.box
        box: Box = tuple(
            (
                _exact(lo if side.lo is None else max(lo, side.lo)),
                _exact(hi if side.hi is None else min(hi, side.hi)),
            )
            for (lo, hi), side in zip(ends, sides, strict=True)
        )
        if any(lo > hi for lo, hi in box):
            return True
        names = self.obligation.region.variables
        named = dict(zip(names, box, strict=True))
        if isinstance(reason, Infeasible):
            found = {i: natural(self.atoms[i].expr, named) for i in reason.atoms}
            return _false(self.obligation.region.formula, found, self.box_atoms)
        if any(natural(root, named) is None for root in self.obligation.roots):
            return False
        f = self._less_multiplier(reason.multiplier)
        if isinstance(reason, Convex):
            return self._convex(f, named, reason)
        if reason.form is Form.NATURAL:
            value = natural(f, named)
            bound = -math.inf if value is None else value[0]
        elif reason.form is Form.BERNSTEIN:
            return _sign(f, names, ends) >= int(self.obligation.strict)
        else:
            assert reason.form is Form.MEAN_VALUE
            bound = _mean_value(f, names, box)
        strict = self.obligation.strict and not self._strictly_less(reason.multiplier)
        return bool(bound > 0 if strict else bound >= 0)

    def _strictly_less(self, number: int | None) -> bool:
        return number is not None and any(
            self.atoms[atom].relation is Relation.GT and m.constant != 0
            for atom, m in self.cover.multipliers[number].terms
        )

    def _less_multiplier(self, number: int | None) -> Expr:
        f = self.obligation.expr
        if number is None:
            return f
        for atom_number, m in self.cover.multipliers[number].terms:
            atom = self.atoms[atom_number]
            assert atom in self.usable
            if atom.relation is not Relation.EQ:
                assert m.constant is not None
                assert m.constant >= 0
            f = f - m * atom.expr
        return f

    def _convex(self, f: Expr, box: dict[str, Interval], reason: Convex) -> bool:
        assert not self.obligation.strict
        names = self.obligation.region.variables
        zero = dict(zip(names, reason.zero, strict=True))
        assert all(box[name][0] <= zero[name] <= box[name][1] for name in names)
        point = {name: (value, value) for name, value in zero.items()}
        gradient = [ex.derivative(f, name) for name in names]
        if any(natural(root, point) != (0, 0) for root in (f, *gradient)):
            return False
        middle: list[list[Fraction]] = []
        for i, slope in enumerate(gradient):
            row, radius = [], Fraction(0)
            for name in names:
                found = natural(ex.derivative(slope, name), box)
                if found is None or isinstance(found[0] + found[1], float):
                    return False
                row.append((found[0] + found[1]) / 2)
                radius += (found[1] - found[0]) / 2
            row[i] -= radius
            middle.append(row)
        return _positive_semidefinite(middle)


def replays(obligation: Obligation, cover: Cover) -> bool:
    """Whether the cover proves the obligation, in exact arithmetic."""
    return Replay(obligation, cover).check()
