"""Does evidence that an earlier run left prove its claim? By our own arithmetic, or by the checker.

Soundness depends on this file: it is all that evidence from a store counts for, unless a whole
condition is replayed.
"""

from __future__ import annotations

import time
from dataclasses import fields
from typing import Final

from bcv.evidence import Attestation, Cover, Evidence, SquareFactor, SumOfSquares
from bcv.formats.proof import replay_seconds
from bcv.obligation import Obligation

CHECKER_SECONDS: Final = 3.0
"""How long the independent checker may take over evidence that is not checked otherwise."""

AT_ONCE: Final = 0.02
"""If the checker is expected to be done by then, the exact algebra's library is not even loaded."""


def rests_on_a_word(evidence: Evidence) -> bool:
    """Whether an attestation is part of it, however deep."""
    parts = [getattr(evidence, item.name) for item in fields(evidence)]
    nested = [part for part in parts if isinstance(part, Evidence)]
    return isinstance(evidence, Attestation) or any(map(rests_on_a_word, nested))


def tree_nodes(evidence: Evidence) -> int:
    """How many nodes its trees have together."""
    parts = [getattr(evidence, item.name) for item in fields(evidence)]
    own = len(evidence.nodes) if isinstance(evidence, Cover) else 0
    return own + sum(tree_nodes(part) for part in parts if isinstance(part, Evidence))


def can_be_judged(evidence: Evidence) -> bool:
    """Whether ``holds`` can tell: a solver's word inside what only the checker knows is lost."""
    if isinstance(evidence, SquareFactor):
        return can_be_judged(evidence.inner)
    return isinstance(evidence, Attestation) or not rests_on_a_word(evidence)


def holds(obligation: Obligation, evidence: Evidence, deadline: float) -> bool:
    """Whether the evidence proves the obligation: by our own arithmetic, or by the checker.

    A solver's word is taken for what it is.
    """
    judges = [_plainly_holds, _confirmed]
    algebraic = isinstance(evidence, SumOfSquares | SquareFactor)
    if algebraic and replay_seconds(obligation, evidence) < AT_ONCE:
        judges.reverse()
    return any(judge(obligation, evidence, deadline) for judge in judges)


def _confirmed(obligation: Obligation, evidence: Evidence, deadline: float) -> bool:
    from bcv.replay import confirmed

    patience = min(deadline, time.monotonic() + CHECKER_SECONDS)
    return not rests_on_a_word(evidence) and confirmed(obligation, evidence, patience)


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
        case Attestation():
            return True
    return False
