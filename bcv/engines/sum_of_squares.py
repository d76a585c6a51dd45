"""Is the claim a polynomial one with an exact sum-of-squares certificate?

Soundness: ``Proved`` is returned only after ``bcv.algebra.identity`` has expanded the certificate
in exact rationals and found every Gram matrix positive semidefinite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bcv import expr as ex
from bcv.algebra.polynomial import is_rational
from bcv.engines.engine import Budget, Engine
from bcv.events import Emit
from bcv.evidence import Cases, Evidence, PolynomialCase, SumOfSquares, Vanishing
from bcv.expr import Expr, Op
from bcv.obligation import Obligation
from bcv.outcome import Hints, Outcome, Proved, Reason, Undecided
from bcv.region import And, Atom, Relation, atoms, conjuncts
from bcv.rewriting.pieces import half

PARTIAL_SHARE: Final = 0.2
"""Of the time, where constraints are left out."""

WHOLE_SHARE: Final = 0.4
"""Of the time, before the region is split by the signs of variables."""

LEAST_TO_SPLIT: Final = 0.3
"""Seconds without which splitting is not planned."""

MOST_SPLIT: Final = 4
"""Variables of a claim that is split."""


@dataclass(frozen=True, slots=True)
class SumOfSquaresEngine(Engine):
    """Exact certificates for polynomial claims, on bounded and unbounded regions and surfaces.

    Attributes:
        splits: whether unbounded regions may be split by the signs of variables.
    """

    splits: bool = True
    name: str = field(init=False, default="sum-of-squares")

    def discharge(
        self, obligation: Obligation, hints: Hints, budget: Budget, emit: Emit
    ) -> Outcome:
        """Proved with a SumOfSquares, Vanishing or Cases of such, or Undecided."""
        if not all(root.total for root in obligation.roots) or not is_rational(obligation.expr):
            return Undecided(Reason.UNSUPPORTED, "the claim is not a polynomial")
        terms = _squares(obligation)
        if terms:
            apart = _attempted(_contradiction(obligation, terms), Hints(), _share(budget, 0.5))
            if isinstance(apart, Proved):
                return Proved(Vanishing(terms, apart.evidence))
        endless = _endless(obligation) if self.splits else ()
        if not endless or budget.seconds_left < LEAST_TO_SPLIT:
            return _attempted(obligation, hints, budget)
        outcome = _attempted(obligation, hints, _share(budget, WHOLE_SHARE))
        if isinstance(outcome, Undecided) and outcome.reason is not Reason.UNSUPPORTED:
            evidence = _by_signs(obligation, hints, budget, endless)
            return outcome if evidence is None else Proved(evidence)
        return outcome


def _share(budget: Budget, share: float) -> Budget:
    return budget.slice(share * budget.seconds_left)


def _endless(obligation: Obligation) -> tuple[str, ...]:
    """The variables without any bound whose sign matters, if all variables are few."""
    region = obligation.region
    sides = zip(region.variables, region.box, strict=True)
    if len(region.box) > MOST_SPLIT:
        return ()
    endless = [name for name, side in sides if side.lo is None and side.hi is None]
    odd = _odd(obligation) if endless else ()
    return tuple(name for name in endless if name in odd)


def _odd(obligation: Obligation) -> tuple[str, ...]:
    """The variables of which an odd power occurs in a polynomial of the claim or the region."""
    from bcv.algebra.polynomial import polynomial, ring

    over = ring(obligation.region.variables)
    roots = (obligation.expr, *(atom.expr for atom in atoms(obligation.region.formula)))
    found = [polynomial(root, over) for root in roots]
    terms = [monomial for poly in found if poly is not None for monomial in poly.monoms()]
    return tuple(name for i, name in enumerate(over.variables) if any(int(m[i]) % 2 for m in terms))


def _by_signs(
    obligation: Obligation, hints: Hints, budget: Budget, names: Sequence[str]
) -> Evidence | None:
    """Evidence for the cases where a variable is >= 0, and where it is <= 0; else for subcases.

    What has one leading term of odd degree, as a curve y**3 = x**2 does, looks the same to squares
    on both sides; knowing the side, they have multiples of the variable to work with.
    """
    for depth in range(1, len(names) + 1):
        for place, name in enumerate(names):
            others = (*names[:place], *names[place + 1 :])[: depth - 1]
            part = _share(budget, 1 / (len(names) * (len(names) + 1 - depth) - place))
            evidence = _in_cases(obligation, hints, part, (name, *others))
            if evidence is not None or budget.seconds_left <= 0:
                return evidence
    return None


def _in_cases(
    obligation: Obligation, hints: Hints, budget: Budget, names: Sequence[str]
) -> Evidence | None:
    """Evidence by the signs of these variables, each only where the ones before do not suffice."""
    found: list[Evidence] = []
    on = ex.var(names[0])
    for positive, share in ((True, 0.5), (False, 1.0)):
        piece = half(obligation, on, positive)
        part = _share(budget, share)
        alone = _share(part, 1.0 if len(names) == 1 else 0.4)
        outcome = _attempted(piece, hints, alone)
        evidence = outcome.evidence if isinstance(outcome, Proved) else None
        if evidence is None and len(names) > 1:
            evidence = _in_cases(piece, hints, part, names[1:])
        if evidence is None:
            return None
        found.append(evidence)
    return Cases(on, *found)


def _squares(obligation: Obligation) -> tuple[Expr, ...]:
    """The q of a strict claim that is written q_1^2 + ... + q_n^2 > 0, as for a gradient."""
    found, parts = [], [obligation.expr] if obligation.strict else []
    while parts:
        part = parts.pop()
        if part.op is Op.ADD:
            parts += part.args
        elif part.op is Op.POW and part.value == 2:
            found.append(part.args[0])
        else:
            return ()
    return tuple(found)


def _contradiction(obligation: Obligation, terms: tuple[Expr, ...]) -> Obligation:
    """That the terms are never all 0 on the region: 0 > 0 where they are."""
    region = obligation.region
    zeros = (Atom(term, Relation.EQ) for term in terms)
    formula = And((*conjuncts(region.formula), *zeros))
    return replace(obligation, region=replace(region, formula=formula), expr=ex.ZERO, defined=())


def _attempted(obligation: Obligation, hints: Hints, budget: Budget) -> Outcome:
    from bcv.algebra import search
    from bcv.algebra.polynomial import polynomial, ring
    from bcv.algebra.systems import System, constraint_sets
    from bcv.algebra.zeros import finder

    over = ring(obligation.region.variables)
    claim = polynomial(obligation.expr, over)
    sets = constraint_sets(obligation.region, over)
    if claim is None or sets is None:
        return Undecided(Reason.UNSUPPORTED, "the polynomials are too large")
    whole = all(is_rational(atom.expr) for atom in atoms(obligation.region.formula))
    if not whole:  # what is left of the region seldom proves the claim, however long it takes
        budget = budget.slice(PARTIAL_SHARE * budget.seconds_left)
    near = hints.estimates or finder(obligation, hints.points, hints.zeros, budget.deadline)
    cases: list[PolynomialCase] = []
    for constraints in sets:
        system = System(over, claim, obligation.strict, constraints)
        try:
            found = search.refute(system, hints.zeros, budget.deadline, near)
        except OverflowError:  # doubles guide the search
            return Undecided(Reason.INCONCLUSIVE, "numbers beyond doubles")
        if isinstance(found, search.Failure) and whole:
            return Undecided(found.reason, "no certificate found", needed=found.needed)
        if isinstance(found, search.Failure):
            return Undecided(Reason.INCONCLUSIVE, "constraints that are no polynomials left out")
        cases.append(found)
    return Proved(SumOfSquares(tuple(cases)))
