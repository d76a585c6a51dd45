"""Does recorded algebraic evidence still hold? By the exact checks that the engine made, again.

Soundness depends on this file: evidence that comes from a file counts only after this said yes.
"""

from __future__ import annotations

from bcv.algebra.identity import is_refutation
from bcv.algebra.polynomial import polynomial, ring
from bcv.algebra.reduction import Reduction, reduced
from bcv.algebra.systems import System, constraint_sets
from bcv.evidence import SquareFactor, SumOfSquares
from bcv.obligation import Obligation


def certificate_holds(obligation: Obligation, evidence: SumOfSquares) -> bool:
    """Whether the cases refute the negated claim on every disjunct of the region."""
    if not all(root.total for root in obligation.roots):
        return False
    over = ring(obligation.region.variables)
    claim = polynomial(obligation.expr, over)
    sets = constraint_sets(obligation.region, over)
    if claim is None or sets is None:
        return False
    systems = [System(over, claim, obligation.strict, constraints) for constraints in sets]
    return all(any(is_refutation(c, system) for c in evidence.cases) for system in systems)


def reduction_of(obligation: Obligation, evidence: SquareFactor) -> Reduction | None:
    """The reduction that the evidence speaks of, computed anew; None if it is another one."""
    found = reduced(obligation)
    if found is None or found.square is not evidence.square:
        return None
    return found if found.goal.expr is evidence.goal else None
