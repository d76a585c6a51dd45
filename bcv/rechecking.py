"""Does evidence that an earlier run left prove its claim? By our own arithmetic, or by the checker.

Soundness depends on this file: it is all that evidence from a store counts for, unless a whole
condition is replayed.
"""

from __future__ import annotations

import time
from typing import Final

from bcv.evidence import Cover, Evidence, SquareFactor, SumOfSquares, parts_of, rests_on_a_word
from bcv.formats.proof import replay_seconds
from bcv.obligation import Obligation
from bcv.sandbox import Overrun, alarm

CHECKER_SECONDS: Final = 3.0
"""How long the independent checker may take over evidence that is not checked otherwise."""

AT_ONCE: Final = 0.02
"""If the checker is expected to be done by then, the exact algebra's library is not even loaded."""


def tree_nodes(evidence: Evidence) -> int:
    """How many nodes its trees have together."""
    own = len(evidence.nodes) if isinstance(evidence, Cover) else 0
    return own + sum(map(tree_nodes, parts_of(evidence)))


def holds(obligation: Obligation, evidence: Evidence, deadline: float) -> bool:
    """Whether the evidence proves the obligation: by our own arithmetic, or by the checker.

    A solver's word does not: whoever can write a store could put it there.
    """
    judges = [_holds_in_time, _confirmed]
    algebraic = isinstance(evidence, SumOfSquares | SquareFactor)
    if algebraic and replay_seconds(obligation, evidence) < AT_ONCE:
        judges.reverse()
    return any(judge(obligation, evidence, deadline) for judge in judges)


def _confirmed(obligation: Obligation, evidence: Evidence, deadline: float) -> bool:
    from bcv.replay import confirmed

    patience = min(deadline, time.monotonic() + CHECKER_SECONDS)
    return not rests_on_a_word(evidence) and confirmed(obligation, evidence, patience)


def _holds_in_time(obligation: Obligation, evidence: Evidence, deadline: float) -> bool:
    try:
        with alarm(deadline):
            return _plainly_holds(obligation, evidence, deadline)
    except Overrun:
        return False


def _plainly_holds(obligation: Obligation, evidence: Evidence, deadline: float) -> bool:
    match evidence:
        case Cover():
            from bcv.paving.rechecking import cover_holds

            return cover_holds(obligation, evidence, deadline)
        case SumOfSquares():
            from bcv.algebra.rechecking import certificate_holds

            return certificate_holds(obligation, evidence)
        case SquareFactor(_, _, inner):
            from bcv.algebra.rechecking import reduction_of

            reduction = reduction_of(obligation, evidence)
            return reduction is not None and _plainly_holds(reduction.goal, inner, deadline)
    return False
