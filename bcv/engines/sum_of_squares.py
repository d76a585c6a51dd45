"""Is the claim a polynomial one with an exact sum-of-squares certificate?

Soundness: ``Proved`` is returned only after ``bcv.algebra.identity`` has expanded the certificate
in exact rationals and found every Gram matrix positive semidefinite.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Final

from bcv import expr as ex
from bcv.algebra import splitting
from bcv.algebra.polynomial import is_rational
from bcv.engines.engine import Budget, Engine
from bcv.events import Emit
from bcv.evidence import Evidence, PolynomialCase, SumOfSquares, Vanishing
from bcv.expr import Expr, Op
from bcv.obligation import Obligation
from bcv.outcome import Hints, Outcome, Proved, Reason, Undecided
from bcv.region import And, Atom, Relation, atoms, conjuncts

PARTIAL_SHARE: Final = 0.2
"""Of the time, where constraints are left out."""

GLANCE_SHARE: Final = 0.2
"""Of the time, before the region is split."""

SPLIT_SHARE: Final = 0.6
"""Of the time that is left then, for the cases; the rest is for the whole once more."""

LEAST_TO_SPLIT: Final = 0.3
"""Seconds without which splitting is not planned."""


@dataclass(frozen=True, slots=True)
class SumOfSquaresEngine(Engine):
    """Exact certificates for polynomial claims, on bounded and unbounded regions and surfaces."""

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
        if budget.seconds_left < LEAST_TO_SPLIT or not splitting.applies(obligation):
            return _attempted(obligation, hints, budget)
        outcome = _attempted(obligation, hints, _share(budget, GLANCE_SHARE))
        if isinstance(outcome, Proved) or outcome.reason is Reason.UNSUPPORTED:
            return outcome

        def prove(piece: Obligation, deadline: float) -> Evidence | None:
            found = _attempted(piece, hints, budget.slice(deadline - time.monotonic()))
            return found.evidence if isinstance(found, Proved) else None

        evidence = splitting.split(obligation, prove, _share(budget, SPLIT_SHARE).deadline)
        return _attempted(obligation, hints, budget) if evidence is None else Proved(evidence)


def _share(budget: Budget, share: float) -> Budget:
    return budget.slice(share * budget.seconds_left)


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


def _attempted(obligation: Obligation, hints: Hints, budget: Budget) -> Proved | Undecided:
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
