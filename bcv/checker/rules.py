"""Does the evidence prove the obligation? One rule per kind of evidence.

The checker's verdict depends on this file. Each rule states why it is sound. A rule returns if
the evidence is right and raises RejectedError, with the reason, if it is not seen to be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import inf
from typing import Any

from . import decoding, exponentials, lifting, rising, sums
from .affine import AffineBound
from .claims import Formula, PointValues, atoms, conjuncts
from .decoding import Stream
from .intervals import Fixed, Floats, Interval
from .matching import Obligation
from .mean_value import MeanValue
from .polynomials import Bernstein, Poly, Ring, is_positive_semidefinite
from .programs import Machine, Program
from .statement import Reader, double, entry, index, rational, sequence, text
from .terms import RejectedError, Terms

Box = tuple[tuple[float, float], ...]
REDUCTIONS = {
    "defined-first": lifting.defined_first,
    "by-theorems": lifting.by_theorems,
    "lifted": lifting.lifted,
    "cases": lifting.cases,
    "either": lifting.either,
    "vanishing": lifting.vanishing,
    "sum": sums.summed,
    "rising": rising.rising,
    "exponentials": exponentials.by_exponentials,
}
DEEPEST_TREE = 50_000
MOST_CASES = 20_000
DEEPEST_EVIDENCE = 20


@dataclass(frozen=True)
class Task:
    """Show that goal >= 0 (> 0 if strict) on the region, and that ``defined`` have values there.

    ``defined`` are the terms, other than plainly total ones, that must be shown to be defined;
    ``shown`` are those of which that is known.
    """

    reader: Reader
    obligation: Obligation
    goal: int
    strict: bool
    defined: tuple[int, ...]
    shown: frozenset[int] = frozenset()

    @property
    def terms(self) -> Terms:
        return self.reader.terms

    @cached_property
    def numbered(self) -> list[Formula]:
        return self.obligation.region.numbered_atoms(self.terms)

    @cached_property
    def usable(self) -> set[int]:
        """The numbers of the atoms that hold all over the region."""
        region = self.obligation.region
        number = len(self.numbered) - sum(1 for _ in atoms(region.formula))
        found = set(range(number))
        for part in conjuncts(region.formula):
            if part[0] not in ("and", "or"):
                found.add(number)
            number += sum(1 for _ in atoms(part))
        return found


def prove(task: Task, evidence: Any, depth: int = 0) -> str:
    """Check the evidence; returns what it was, in words. Raises RejectedError."""
    kind = text(entry(evidence, "kind"))
    if depth > DEEPEST_EVIDENCE:
        raise RejectedError("the evidence is nested too deeply")
    if kind == "cover":
        return CoverRule(task, evidence).check()
    if kind == "sum-of-squares":
        return _sum_of_squares(task, evidence)
    if kind == "square-factor":
        return _square_factor(task, evidence, depth)
    if kind in REDUCTIONS:
        return REDUCTIONS[kind](task, evidence, depth, prove)
    if kind == "attestation":
        raise RejectedError("a solver's word cannot be checked")
    raise RejectedError(f"the evidence {kind[:40]!r} is unknown")


# -- a split tree over boxes ----------------------------------------------------------------------


class CoverRule:
    """Every point of the region lies in a leaf, and each leaf's reason holds on its box.

    Sound since the root contains the region's box, both halves of a split are closed and cover
    their parent, and the reasons are checked by outward-rounded arithmetic: first in doubles,
    then, where that is too coarse, with 160 and 640 fractional bits.
    """

    def __init__(self, task: Task, data: Any) -> None:
        self.task, self.terms = task, task.terms
        self.names = task.obligation.region.names
        sides = sequence(entry(data, "root"), len(self.names))
        self.root: Box = tuple(
            (double(lo), double(hi)) for lo, hi in (sequence(s, 2) for s in sides)
        )
        self.stream = Stream(data)
        self.multipliers = sequence(entry(data, "multipliers"))
        self.machines = [
            Machine(self.terms, self.names, arithmetic)
            for arithmetic in (Floats(), Fixed(160), Fixed(640))
        ]
        self.affine = AffineBound(self.terms, self.names)
        self.reasons = [_LeafRule(self, reason) for reason in sequence(entry(data, "reasons"))]

    def check(self) -> str:
        for (lo, hi), (least, most) in zip(self.root, self.task.obligation.region.box, strict=True):
            if not (lo == -inf or (least is not None and lo <= least)):
                raise RejectedError("the root box does not contain the region's box")
            if not (hi == inf or (most is not None and hi >= most)) or lo == inf or hi == -inf:
                raise RejectedError("the root box does not contain the region's box")
        leaves = 0
        stack = [self.root]
        for node in self.stream.nodes():
            if not stack:
                raise RejectedError("the split tree has too many nodes")
            box = stack.pop()
            if node >= 0:
                if node >= len(self.reasons):
                    raise RejectedError("a leaf has no reason")
                if not self.reasons[node].holds(box):
                    raise RejectedError(f"{self.reasons[node].words} fails on {self._show(box)}")
                leaves += 1
            else:
                lower, upper = self._halves(box, -node - 1)
                stack += (upper, lower)
                if len(stack) > DEEPEST_TREE:
                    raise RejectedError("the split tree is too deep")
        if stack:
            raise RejectedError("the split tree ends too early")
        return f"a cover of {leaves} boxes"

    def _halves(self, box: Box, code: int) -> tuple[Box, Box]:
        axis = code // 2
        if axis >= len(box):
            raise RejectedError("a split has no axis")
        lo, hi = box[axis]
        cut = self.stream.next_cut() if code % 2 else lo + (hi - lo) * 0.5
        if not lo < cut < hi:
            raise RejectedError("a split is not inside its box")
        before, after = box[:axis], box[axis + 1 :]
        return (*before, (lo, cut), *after), (*before, (cut, hi), *after)

    def _show(self, box: Box) -> str:
        return ", ".join(
            f"{name} in [{lo!r}, {hi!r}]" for name, (lo, hi) in zip(self.names, box, strict=True)
        )


class _LeafRule:
    """One reason of a cover, ready to be checked on many boxes."""

    def __init__(self, cover: CoverRule, data: Any) -> None:
        self.cover, self.task, self.terms = cover, cover.task, cover.terms
        self.programs: dict[tuple[int, tuple[int, ...]], Program] = {}
        kind, *rest = sequence(data) or [None]
        if kind == "infeasible":
            (numbers,) = sequence(rest, 1)
            self.atoms = {index(n, len(self.task.numbered)) for n in sequence(numbers)}
            self.words, self._on = "infeasibility", self._infeasible
            return
        if kind not in ("bounded", "convex") or len(rest) != 2:
            raise RejectedError("a leaf's reason is malformed")
        self.strict = self.task.strict
        self.goal = self._less_multiplier(rest[1])
        roots = (self.goal, *self.task.defined)
        self.defined = tuple(r for r in dict.fromkeys(roots) if not self.terms.total[r])
        self.words = f"the bound ({str(rest[0])[:20]})"
        if kind == "convex":
            self._prepare_convex(rest[0])
            self.words, self._on = "convexity", self._convex
        elif rest[0] == "natural":
            self._on = self._natural
        elif rest[0] == "mean-value":
            self._on = self._mean_value
            self.mean = MeanValue(
                self.terms,
                self.task.obligation.region,
                self.goal,
                self._operands("select"),
                self.defined,
                [machine.arithmetic for machine in cover.machines],
                self._run,
            )
        elif rest[0] == "bernstein":
            ring = Ring(self.terms, cover.names)
            self.bernstein = Bernstein(
                ring.polynomial(self.goal, len(cover.names)), len(cover.names)
            )
            self._on = self._bernstein
        elif rest[0] == "affine":
            defines = cover.affine.defines
            self.defined = tuple(d for d in self.defined if not defines(self.goal, d))
            self._on = self._affine
        else:
            raise RejectedError("a leaf's form of bound is unknown")

    _on: Callable[[int, Box], bool]

    def holds(self, box: Box) -> bool:
        """Whether the reason is seen to hold on the box, in some arithmetic."""
        return any(self._on(level, box) for level in range(len(self.cover.machines)))

    def _less_multiplier(self, data: Any) -> int:
        """The goal g, less sum m_i h_i: not more than g wherever h_i >= 0 <= m_i, or h_i = 0.

        It is less than g where some h_i > 0 < m_i: then it need not be positive if g must be.
        """
        goal, terms = self.task.goal, self.terms
        if data is None:
            return goal
        chosen = self.cover.multipliers[index(data, len(self.cover.multipliers))]
        for number, term in (sequence(pair, 2) for pair in sequence(chosen)):
            place, factor = index(number, len(self.task.numbered)), self.task.reader.term(term)
            relation, h = self.task.numbered[place]
            constant = terms.value(factor)
            if place not in self.task.usable:
                raise RejectedError("a multiplier uses an atom that need not hold")
            if relation != "==" and (constant is None or constant < 0):
                raise RejectedError("a multiplier of an inequality is not a constant >= 0")
            if relation == ">" and constant:
                self.strict = False
            goal = terms.sub(goal, terms.mul(factor, h))
        return goal

    def _operands(self, *ops: str) -> tuple[int, ...]:
        """Terms at whose zeros a select (or min, max, abs) of the goal switches."""
        found = []
        for node in self.terms.below([self.goal]):
            op, *rest = self.terms.nodes[node]
            if op in ops:
                two = op in ("min", "max")
                found.append(self.terms.sub(rest[0], rest[1]) if two else rest[0])
        return tuple(dict.fromkeys(found))

    # Programs are compiled when first needed, per arithmetic.

    def _run(
        self, level: int, roots: tuple[int, ...], box: Sequence[Interval]
    ) -> list[Interval] | None:
        key = (level, roots)
        if key not in self.programs:
            self.programs[key] = self.cover.machines[level].program(roots)
        return self.programs[key].run(box)

    def _box(self, level: int, box: Box) -> Sequence[Interval]:
        if level == 0:
            return box
        return [self.cover.machines[level].arithmetic.interval(lo, hi) for lo, hi in box]

    def _infeasible(self, level: int, box: Box) -> bool:
        """The formula is false on the box when each named atom is false or open."""
        inputs = self._box(level, box)
        false = set()
        for number in self.atoms:
            relation, term = self.task.numbered[number]
            found = self._run(level, (term,), inputs)
            if found is not None:
                lo, hi = found[0]
                if hi < 0 or (relation == ">" and hi <= 0) or (relation == "==" and lo > 0):
                    false.add(number)
        formula = self.task.obligation.region.formula
        first = len(self.task.numbered) - sum(1 for _ in atoms(formula))
        return any(n < first for n in false) or _is_false(
            formula, iter(range(first, 1 << 62)), false
        )

    def _accepts(self, lower: Any) -> bool:
        return bool(lower > 0 if self.strict else lower >= 0)

    def _natural(self, level: int, box: Box) -> bool:
        """Interval arithmetic on the nodes of the goal."""
        found = self._run(level, (self.goal, *self.defined), self._box(level, box))
        return found is not None and self._accepts(found[0][0])

    def _mean_value(self, level: int, box: Box) -> bool:
        """The mean value theorem: see there."""
        return any(map(self._accepts, self.mean.lower_bounds(level, box)))

    def _bernstein(self, level: int, box: Box) -> bool:
        """A polynomial is >= 0 if its Bernstein coefficients (see there) on the box are."""
        if self.defined and self._run(level, self.defined, self._box(level, box)) is None:
            return False
        return self.bernstein.signs(box) >= (1 if self.strict else 0)

    def _affine(self, level: int, box: Box) -> bool:
        """Lines between the terms, which hold all over the box, bound the goal."""
        if level > 0 or any(lo == -inf or hi == inf for lo, hi in box):
            return False
        if self.defined and self._run(level, self.defined, self._box(level, box)) is None:
            return False
        return self._accepts(self.cover.affine.lower(self.goal, box))

    def _prepare_convex(self, data: Any) -> None:
        if self.strict:
            raise RejectedError("a convex leaf proves no strict claim")
        if self._operands("abs", "min", "max", "select"):
            raise RejectedError("a convex leaf has a kink")
        names, terms = self.cover.names, self.terms
        self.zero = tuple(rational(z) for z in sequence(data, len(names)))
        gradient = [terms.derivative(self.goal, name) for name in names]
        at = PointValues(terms, dict(zip(names, self.zero, strict=True)))
        if any(at.of(term) != 0 for term in (self.goal, *gradient)):
            raise RejectedError("a convex leaf's zero is not one, with gradient 0")
        self.second = tuple(
            terms.derivative(slope, name)
            for i, slope in enumerate(gradient)
            for name in names[: i + 1]
        )

    def _convex(self, level: int, box: Box) -> bool:
        """f is convex on the box, and f = 0 with gradient 0 at a point of it: so f >= 0 there.

        With midpoints M and half-widths R of the second derivatives, M - diag(row sums of R) is
        below the Hessian (Gershgorin); positive semidefinite, it makes f convex.
        """
        if any(not lo <= z <= hi for z, (lo, hi) in zip(self.zero, box, strict=True)):
            return False
        found = self._run(level, (*self.second, self.goal, *self.defined), self._box(level, box))
        if found is None or any(lo == -inf or hi == inf for lo, hi in found[: len(self.second)]):
            return False
        n, exact = len(box), self.cover.machines[level].arithmetic.exact
        matrix = [[Fraction(0)] * n for _ in range(n)]
        places = [(i, j) for i in range(n) for j in range(i + 1)]
        radii = [Fraction(0)] * n
        for (i, j), (lo, hi) in zip(places, found, strict=False):
            matrix[i][j] = matrix[j][i] = (exact(lo) + exact(hi)) / 2
            radius = (exact(hi) - exact(lo)) / 2
            for k in {i, j}:
                radii[k] += radius
        for i in range(n):
            matrix[i][i] -= radii[i]
        return is_positive_semidefinite(matrix)


def _is_false(formula: Formula, numbers: Iterator[int], false: set[int]) -> bool:
    """Whether the formula is false if the atoms in ``false`` are; numbers its atoms on the way."""
    if formula[0] not in ("and", "or"):
        return next(numbers) in false
    parts = [_is_false(part, numbers, false) for part in formula[1:]]
    return any(parts) if formula[0] == "and" else all(parts)


# -- sums of squares ------------------------------------------------------------------------------


def _sum_of_squares(task: Task, data: Any) -> str:
    """Every way to satisfy the region's formula is refuted, with the negated claim, by some case.

    The goal and the atoms used are polynomials in the variables and everything that must be
    defined is so everywhere, so that the identities hold at every point.
    """
    if any(not task.terms.total[d] for d in task.defined):
        raise RejectedError("a sum of squares says nothing about where expressions are defined")
    ring = Ring(task.terms, task.obligation.region.names)
    cases = [frozenset(_case(task, ring, case)) for case in sequence(entry(data, "cases"))]
    formula = task.obligation.region.formula
    first = len(task.numbered) - sum(1 for _ in atoms(formula))
    for chosen in _disjuncts(formula, iter(range(first, 1 << 62))):
        if not any({n for n in case if n >= first} <= chosen for case in cases):
            raise RejectedError("a part of the region is in no case")
    return f"sums of squares in {len(cases)} cases"


def _disjuncts(formula: Formula, numbers: Iterator[int]) -> list[set[int]]:
    """The sets of atoms each of which makes the formula true; together they are all ways."""
    if formula[0] not in ("and", "or"):
        return [{next(numbers)}]
    parts = [_disjuncts(part, numbers) for part in formula[1:]]
    if formula[0] == "or":
        found = [chosen for part in parts for chosen in part]
        if len(found) > MOST_CASES:
            raise RejectedError(f"the region has more than {MOST_CASES} parts")
        return found
    found = [set()]
    for part in parts:
        if len(found) * len(part) > MOST_CASES:
            raise RejectedError(f"the region has more than {MOST_CASES} parts")
        found = [a | b for a in found for b in part]
    return found


def _case(task: Task, ring: Ring, data: Any) -> set[int]:
    """The atoms (>= 0) that a case uses, after its identity has been checked.

    sum gram_k * prod h_i + sum free_j * p_j + scale * prod h_i = 0 cannot hold at a point where
    the Gram polynomials and h_i are >= 0, p_j = 0, and the last product is > 0: so no point of
    the region satisfies the negated claim. -1 stands for G = -goal, which is > 0 there if the
    claim is not strict, else >= 0.
    """
    count, used = len(task.obligation.region.names), set()

    def product(numbers: Any, positive: bool) -> Poly:
        result = ring.one
        for number in sequence(numbers):
            place = index(number, len(task.numbered), -1)
            if place < 0:
                if positive and task.strict:
                    raise RejectedError("the negation of a strict claim is not strict")
                relation, term = ">=", task.terms.neg(task.goal)
            else:
                relation, term = task.numbered[place]
                if positive and relation != ">":
                    raise RejectedError("a factor that may be 0 stands where a positive one must")
                used.add(place)
            if not task.terms.total[term]:
                raise RejectedError("an atom is not defined everywhere")
            result = ring.multiply(result, ring.polynomial(term, count))
        return result

    total: Poly = {}
    for numbers, gram in (sequence(part, 2) for part in sequence(entry(data, "cone"))):
        total = ring.add(total, ring.multiply(_gram(ring, gram, count), product(numbers, False)))
    for number, factor in (sequence(part, 2) for part in sequence(entry(data, "free"))):
        place = index(number, len(task.numbered))
        if task.numbered[place][0] != "==":
            raise RejectedError("a free factor stands at an inequality")
        total = ring.add(
            total, ring.multiply(decoding.polynomial(factor, count), product([place], False))
        )
    scale = rational(entry(data, "scale"))
    if scale <= 0:
        raise RejectedError("the scale is not positive")
    if ring.add(total, product(entry(data, "strict"), True), scale):
        raise RejectedError("the identity of a sum of squares does not hold")
    return used


def _gram(ring: Ring, data: Any, count: int) -> Poly:
    """basis^T * matrix * basis for a positive semidefinite matrix: nowhere negative."""
    basis = [decoding.monomial(item, count) for item in sequence(entry(data, "basis"))]
    entries = [rational(item) for item in sequence(entry(data, "matrix"))]
    if len(entries) != len(basis) * (len(basis) + 1) // 2:
        raise RejectedError("a Gram matrix does not fit its basis")
    rows = [entries[i * (i + 1) // 2 : (i + 1) * (i + 2) // 2] for i in range(len(basis))]
    for i, row in enumerate(rows):
        row.extend(rows[j][i] for j in range(i + 1, len(rows)))
    if not is_positive_semidefinite(rows):
        raise RejectedError("a Gram matrix is not positive semidefinite")
    result: Poly = {}
    for i, left in enumerate(basis):
        for j, right in enumerate(basis):
            if rows[i][j]:
                result[left + right] = result.get(left + right, Fraction(0)) + rows[i][j]
    return {m: c for m, c in result.items() if c}


# -- a square factor ------------------------------------------------------------------------------


def _square_factor(task: Task, data: Any, depth: int) -> str:
    """goal = square**2 * other, and other >= 0: so goal >= 0 wherever all three are defined.

    If the square is nowhere 0, other > 0 proves a strict claim too.
    """
    terms = task.terms
    square, other = task.reader.term(entry(data, "square")), task.reader.term(entry(data, "goal"))
    op, *operands = terms.nodes[square]
    if task.strict and not (terms.value(operands[0] if op == "/" else square) or 0):
        raise RejectedError("a square factor that may be 0 proves no strict claim")
    product = terms.mul(terms.power(square, 2), other)
    if not Ring(terms).same(task.goal, product):
        raise RejectedError("the goal is not the square times the other factor")
    roots = (task.goal, square, *task.defined)
    needed = tuple(d for d in roots if not lifting.has_value(task, d))
    inner = replace(task, goal=other, defined=needed)
    return f"a square factor and {prove(inner, entry(data, 'inner'), depth + 1)}"
