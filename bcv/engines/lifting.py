"""Does the claim follow from polynomial ones? By cancelling, by cases, by new variables.

Soundness: ``Proved`` is returned only with evidence for each simpler claim; what links them is
exact (``bcv.rewriting``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from bcv import expr as ex
from bcv.algebra.polynomial import is_rational
from bcv.enclosures.exact import exact_value, holds, in_box, verify_point
from bcv.engines.engine import Budget, Engine
from bcv.events import Emit, ignore
from bcv.evidence import (
    ByTheorems,
    Cases,
    DefinedFirst,
    Either,
    Evidence,
    Exponentials,
    Lifted,
    Point,
    Rising,
    SquareFactor,
    Sum,
)
from bcv.expr import Expr
from bcv.obligation import Obligation
from bcv.outcome import Hints, Outcome, Proved, Reason, Refuted, Undecided
from bcv.region import Relation, alternatives, atoms, has_reversed_side, is_apart, projection
from bcv.rewriting.pieces import (
    evaluated,
    half,
    has_value,
    is_single_valued,
    kinks,
    partial_terms,
)

if TYPE_CHECKING:
    from bcv.rewriting.lift import Lift

FEW_KINKS: Final = 4
"""Claims with more kinks are first tried without splitting them."""

MOST_KINKS: Final = 10
"""Claims with more kinks are not split at them."""

_SMOOTH: Final = 0.4
"""The share of the time for that."""

_GLANCE: Final = 0.1
"""Seconds of branch and bound on a piece before anything else is tried."""

_SHORT_GLANCE: Final = 0.03
"""Seconds of it on a piece that is to be split further."""

_GLANCE_SHARE: Final = 0.15
"""The share of the time that a glance may take at most."""

_TERMS_SHARE: Final = 0.8
"""The share of the time for a claim's terms, if it falls apart into some."""

_FIRST_SHARE: Final = 0.1
"""The share of the time for a first try with each of the sets of theorems."""


@dataclass(frozen=True, slots=True)
class Lifting(Engine):
    """Reduces claims with functions, quotients and kinks to claims that two other engines prove.

    Attributes:
        algebraic: proves polynomial claims.
        numeric: proves claims on boxes, and that expressions are defined.
    """

    algebraic: Engine
    numeric: Engine
    name: str = field(init=False, default="lifting")

    def discharge(
        self, obligation: Obligation, hints: Hints, budget: Budget, emit: Emit
    ) -> Outcome:
        """Proved with evidence for simpler claims, or Undecided."""
        terms = (*obligation.roots, *(atom.expr for atom in atoms(obligation.region.formula)))
        if all(term.total and is_rational(term) for term in terms):
            return Undecided(Reason.UNSUPPORTED, "the claim is a polynomial")
        search = _Search(self, obligation, hints)
        evidence = search.prove(obligation, frozenset(), budget, depth=0)
        if search.witness is not None:
            return Refuted(search.witness)
        if evidence is not None:
            return Proved(evidence)
        late = budget.seconds_left <= 0 or search.hurried
        reason = Reason.TIMEOUT if late else Reason.INCONCLUSIVE
        return Undecided(reason, "no simpler claim was proved")


@dataclass(slots=True)
class _Search:
    """One attempt: the engines, the claim it is about, and a counterexample if one turns up.

    ``hurried`` says that sums of squares left something out for which more time may be enough.
    """

    engine: Lifting
    original: Obligation
    hints: Hints
    witness: Point | None = None
    near: tuple[tuple[Fraction, ...], ...] | None = None
    hurried: bool = False

    def prove(
        self, claim: Obligation, shown: frozenset[Expr], budget: Budget, depth: int
    ) -> Evidence | None:
        """Evidence for the claim; ``shown`` are terms that are known to be defined."""
        from bcv.rewriting.normal_form import normal_form  # loads flint

        if budget.seconds_left <= 0 or self.witness is not None:
            return None
        if not depth and self._separated(claim):  # common denominators would link all terms
            tried = budget.slice(_TERMS_SHARE * budget.seconds_left)
            evidence = self._defined(claim, shown, tried, depth)
            if evidence is not None:
                return evidence
        reduction = normal_form(claim.expr, claim.strict)
        if reduction is None or _is_negative(reduction.goal):
            return self._defined(claim, shown, budget, depth)
        roots = dict.fromkeys((claim.expr, reduction.square, *claim.defined))
        needed = tuple(root for root in roots if not has_value(root, shown))
        goal = replace(claim, expr=reduction.goal, defined=needed)
        share = 1.0 if reduction.square is ex.ONE else 0.6
        inner = self._defined(goal, shown, budget.slice(share * budget.seconds_left), depth)
        if inner is not None:
            return SquareFactor(reduction.square, reduction.goal, inner)
        if reduction.square is ex.ONE:
            return None
        return self._defined(claim, shown, budget, depth)  # perhaps the square is 0 there

    def _defined(
        self, claim: Obligation, shown: frozenset[Expr], budget: Budget, depth: int
    ) -> Evidence | None:
        """Show first that all is defined."""
        if all(has_value(root, shown) for root in claim.roots):
            return self._parted(replace(claim, defined=()), shown, budget, depth)
        roots = tuple(root for root in claim.roots if not root.total)
        first = replace(claim, expr=ex.ZERO, strict=False, defined=partial_terms(roots))
        outer = self._ask(self.engine.numeric, first, budget.slice(0.3 * budget.seconds_left))
        if outer is None:
            return None
        more = shown | evaluated(roots)
        inner = self._parted(replace(claim, defined=()), more, budget, depth)
        return None if inner is None else DefinedFirst(outer, inner)

    def _parted(
        self, claim: Obligation, shown: frozenset[Expr], budget: Budget, depth: int
    ) -> Evidence | None:
        """One alternative of the region after the other, with its own bounds; then by terms."""
        regions = alternatives(claim.region)
        if regions is not None and not any(has_reversed_side(region) for region in regions):
            share = budget.slice(0.5 * budget.seconds_left)
            first = self._parted(replace(claim, region=regions[0]), shown, share, depth)
            if first is None:
                return None
            others = self._parted(replace(claim, region=regions[1]), shown, budget, depth)
            return None if others is None else Either(first, others)
        found = self._summed(claim, budget, depth)
        return found or self._near_bounds(claim, shown, budget, depth)

    def _near_bounds(
        self, claim: Obligation, shown: frozenset[Expr], budget: Budget, depth: int
    ) -> Evidence | None:
        """In pieces, one of them close to an irrational bound at which the claim is 0."""
        from bcv.rewriting.anchors import slope_claim, touch

        found = touch(claim)
        if found is None or not is_single_valued(claim.expr):
            return self._split(claim, shown, budget, depth)
        if found.cut is None:
            slope = self._ask(self.engine.numeric, slope_claim(claim, found.bound), budget)
            return slope and Rising(found.bound.atom, found.bound.value, slope)
        halves = []
        for positive in (True, False):
            piece = half(claim, found.cut, positive)
            evidence = self._ask(self.engine.numeric, piece, _glance(budget, _GLANCE))
            evidence = evidence or self._near_bounds(piece, shown, budget, depth)
            if evidence is None:
                return None
            halves.append(evidence)
        return Cases(found.cut, *halves)

    def _split(
        self, claim: Obligation, shown: frozenset[Expr], budget: Budget, depth: int
    ) -> Evidence | None:
        """Split at a kink, if there are few."""
        conditions = kinks(claim.expr)
        usable = [c for c in conditions if is_single_valued(c) and has_value(c, shown)]
        few = depth + len(conditions) <= FEW_KINKS or not is_single_valued(claim.expr)
        if not usable or not few:
            tried = budget.slice((_SMOOTH if usable else 1.0) * budget.seconds_left)
            evidence = self._smooth(claim, shown, tried, depth)
            if evidence is not None or not usable:
                return evidence
        if depth + len(conditions) > MOST_KINKS:
            return None
        if depth:
            evidence = self._ask(self.engine.numeric, claim, _glance(budget, _SHORT_GLANCE))
            if evidence is not None:
                return evidence
        found = []
        for positive, share in ((True, 0.8), (False, 1.0)):
            piece = half(claim, usable[0], positive)
            part = budget.slice(share * budget.seconds_left)
            evidence = self.prove(piece, shown, part, depth + 1)
            if evidence is None:
                return None
            found.append(evidence)
        return Cases(usable[0], *found)

    def _summed(self, claim: Obligation, budget: Budget, depth: int) -> Evidence | None:
        """Term by term, if the claim is a sum of terms that share no variables."""
        terms = self._separated(claim) if depth <= MOST_KINKS else None
        if terms is None:
            return None
        found: list[tuple[Expr, bool, Evidence]] = []
        strict = claim.strict
        tried = budget.slice(_TERMS_SHARE * budget.seconds_left)

        def is_open(term: Expr) -> bool:
            around = projection(claim.region, ex.variables(term))
            return any(atom.relation is Relation.GT for atom in atoms(around.formula))

        for k, term in enumerate(sorted(terms, key=is_open, reverse=True)):
            share = tried.slice(tried.seconds_left / (len(terms) - k))
            evidence = self._term(claim, term, strict, share, depth) if strict else None
            positive = evidence is not None
            if evidence is None:
                evidence = self._term(claim, term, False, share, depth)
            if evidence is None:
                return None
            strict = strict and not positive
            found.append((term, positive, evidence))
        return None if strict else Sum(tuple(found))

    def _separated(self, claim: Obligation) -> tuple[Expr, ...] | None:
        from bcv.rewriting.separation import separated

        if claim.region.variables != self.original.region.variables:
            return None
        if is_apart(claim.region, ex.variables(claim.expr)):
            return (claim.expr,)
        return separated(claim.expr, claim.region, self.hints.points)

    def _term(
        self, claim: Obligation, term: Expr, strict: bool, budget: Budget, depth: int
    ) -> Evidence | None:
        """Evidence for one term of a sum, on what the region says of its variables."""
        region = projection(claim.region, ex.variables(term))
        part = replace(claim, region=region, expr=term, strict=strict, defined=())
        evidence = self._ask(self.engine.numeric, part, _glance(budget, _SHORT_GLANCE))
        return evidence or self.prove(part, frozenset(), budget, depth + 1)

    def _smooth(
        self, claim: Obligation, shown: frozenset[Expr], budget: Budget, depth: int
    ) -> Evidence | None:
        """Sums of squares, with more and more said of new variables; boxes for pieces."""
        new = claim.expr is not self.original.expr
        if new:
            evidence = self._ask(self.engine.numeric, claim, _glance(budget, _GLANCE))
            if evidence is not None:
                return evidence
        written = self._by_exponentials(claim, shown, budget, depth)
        if written is not None:
            return written
        if claim.expr.constant is None:
            evidence = self._algebraic(claim, shown, budget.slice(0.7 * budget.seconds_left))
            if evidence is not None or self.witness is not None:
                return evidence
        return self._ask(self.engine.numeric, claim, budget) if new else None

    def _by_exponentials(
        self, claim: Obligation, shown: frozenset[Expr], budget: Budget, depth: int
    ) -> Evidence | None:
        """With tanh, sinh, cosh and exp of multiples of u as powers of exp(u)."""
        from bcv.rewriting.exponentials import exponential_form

        found = None if depth > MOST_KINKS else exponential_form(claim.expr)
        if found is None or not has_value(found.goal, shown):
            return None
        goal, half = replace(claim, expr=found.goal), budget.slice(0.5 * budget.seconds_left)
        inner = self.prove(goal, shown, half, depth + 1)
        return inner and Exponentials(found.powers, found.factor, found.goal, inner)

    def _algebraic(
        self, claim: Obligation, shown: frozenset[Expr], budget: Budget
    ) -> Evidence | None:
        """Sums of squares in the variables and the functions, of which more and more is said."""
        from bcv.rewriting.lift import Depth, lift

        lifts = (lift(claim, shown, depth) for depth in Depth)
        found = list(dict.fromkeys(item for item in lifts if item is not None))
        if not found and claim.expr.total and is_rational(claim.expr):
            return self._ask(self.engine.algebraic, claim, budget)
        aided = [item for item in found if item.theorems]
        first = [(item, _FIRST_SHARE) for item in found] if found != aided[:1] else []
        second = [(item, 1 / (len(aided) - k)) for k, item in enumerate(aided)]
        for item, share in first + second:
            evidence = self._lifted(claim, item, budget.slice(share * budget.seconds_left))
            if evidence is not None:
                return evidence
        return None

    def _lifted(self, claim: Obligation, found: Lift, budget: Budget) -> Evidence | None:
        inner = self._ask(self.engine.algebraic, found.obligation, budget, found.variables)
        if inner is None:
            return None
        evidence: Evidence = Lifted(found.variables, inner)
        return ByTheorems(found.theorems, evidence) if found.theorems else evidence

    def _zeros(self, claim: Obligation, terms: Sequence[tuple[str, Expr]], budget: Budget) -> Hints:
        """The known zeros that are zeros of the claim, where the named terms are rational."""
        names = self.original.region.variables
        found = []
        for zero in self.hints.zeros:
            point = dict(zip(names, zero, strict=True))
            values = {name: exact_value(term, point) for name, term in terms}
            point |= {n: value for n, value in values.items() if isinstance(value, Fraction)}
            if not point.keys() >= set(claim.region.variables):
                continue
            for other in (point, *_varied(point, [name for name, _ in terms])):
                if _is_zero(claim, other):
                    found.append(tuple(other[name] for name in claim.region.variables))
        return Hints(
            zeros=tuple(found), estimates=lambda: tuple(self._estimates(claim, terms, budget))
        )

    def _estimates(
        self, claim: Obligation, terms: Sequence[tuple[str, Expr]], budget: Budget
    ) -> Iterator[tuple[Fraction, ...]]:
        """The estimated zeros of the original claim that are near zeros of this one."""
        from bcv.algebra.zeros import TINY, approximate, finder

        if self.near is None:
            points, zeros = self.hints.points, self.hints.zeros
            self.near = finder(self.original, points, zeros, budget.deadline)()
        for near in self.near:
            point = dict(zip(self.original.region.variables, near, strict=True))
            values = approximate([term for _, term in terms], point)
            if values is None:
                continue
            point |= {name: value for (name, _), value in zip(terms, values, strict=True)}
            here = tuple(point[name] for name in claim.region.variables)
            value = approximate((claim.expr,), point)
            if value is not None and abs(value[0]) <= TINY:
                yield here

    def _ask(
        self,
        engine: Engine,
        claim: Obligation,
        budget: Budget,
        terms: Sequence[tuple[str, Expr]] = (),
    ) -> Evidence | None:
        """An engine's evidence; a counterexample is kept if it refutes the original claim.

        Variables of the claim that are not the original one's stand for ``terms``.
        """
        if budget.seconds_left <= 0:
            return None
        outcome = engine.discharge(claim, self._zeros(claim, terms, budget), budget, ignore)
        if isinstance(outcome, Undecided) and engine is self.engine.algebraic:
            self.hurried = self.hurried or outcome.reason is Reason.TIMEOUT
        if isinstance(outcome, Refuted) and isinstance(outcome.witness, Point):
            point = dict(outcome.witness.point)
            if point.keys() >= set(self.original.region.variables):
                self.witness = verify_point(self.original, point)
        return outcome.evidence if isinstance(outcome, Proved) else None


def _is_negative(goal: Expr) -> bool:
    """Whether the claim can hold only where its square factor is 0, as it may on a surface."""
    return goal.constant is not None and goal.constant < 0


def _varied(point: Mapping[str, Fraction], names: Sequence[str]) -> Iterator[dict[str, Fraction]]:
    """The point with other values of one of the named variables.

    Where a claim is 0 whatever a function's value, its zeros fill a face of the region, and one
    point of it does not tell which squares must vanish.
    """
    for name in names:
        for value in (point[name] / 2, 2 * point[name], point[name] + 1, point[name] - 1):
            yield {**point, name: value}


def _is_zero(claim: Obligation, point: Mapping[str, Fraction]) -> bool:
    """Whether this is a point of the region where the claim's expression is 0."""
    at = tuple(point[name] for name in claim.region.variables)
    inside = in_box(claim.region.box, at) and holds(claim.region.formula, point) is True
    return inside and exact_value(claim.expr, point) == 0


def _glance(budget: Budget, seconds: float) -> Budget:
    return budget.slice(min(seconds, _GLANCE_SHARE * budget.seconds_left))
