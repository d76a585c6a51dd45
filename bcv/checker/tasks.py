"""Does the evidence prove the claim, or the witness refute it? Each kind has a rule, found here.

The checker's verdict depends on this file. Each rule states why it is sound. A rule returns if
the evidence is right and raises RejectedError, with the reason, if it is not seen to be.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from .claims import Claim, Formula, Obligation, Region, atoms
from .reading import Reader, entry, text
from .terms import RejectedError, Terms

DEEPEST_EVIDENCE = 20


class Task:
    """Show that goal >= 0 (> 0 if strict) on the region, and that ``defined`` have values there.

    ``defined`` are the terms, other than plainly total ones, that must be shown to be defined;
    ``shown`` are those of which that is known.
    """

    def __init__(
        self,
        reader: Reader,
        obligation: Obligation,
        goal: int,
        strict: bool,
        defined: tuple[int, ...],
        shown: frozenset[int] = frozenset(),
    ) -> None:
        self.reader, self.terms = reader, reader.terms
        self.obligation, self.region = obligation, obligation.region
        self.goal, self.strict, self.defined, self.shown = goal, strict, defined, shown

    def replace(self, **changes: Any) -> Task:
        """The task with other values in some places."""
        names = ("reader", "obligation", "goal", "strict", "defined", "shown")
        return Task(**({name: getattr(self, name) for name in names} | changes))

    def within(self, region: Region, goal: int, **changes: Any) -> Task:
        """The task for another region and goal."""
        return self.replace(obligation=Obligation(region, goal, self.strict), goal=goal, **changes)

    @cached_property
    def numbered(self) -> list[Formula]:
        """The atoms by their numbers."""
        return self.region.numbered_atoms(self.terms)

    @cached_property
    def first(self) -> int:
        """The number of the formula's first atom; before it stand the bounds of the box."""
        return len(self.numbered) - sum(1 for _ in atoms(self.region.formula))


def prove(task: Task, evidence: Any, depth: int = 0) -> str:
    """Check the evidence; returns what it was, in words. Raises RejectedError."""
    kind = text(entry(evidence, "kind"))
    if depth > DEEPEST_EVIDENCE:
        raise RejectedError("the evidence is nested too deeply")
    if kind == "attestation":
        raise RejectedError("a solver's word cannot be checked")
    rule = task.terms.library.rule("evidence", kind)
    if rule is None:
        raise RejectedError(f"the evidence {kind[:40]!r} is unknown")
    return str(rule.prove(task, evidence, depth))


def refute(terms: Terms, claim: Claim, witness: Any) -> str:
    """Check a witness against a claim; returns what it shows, in words. Raises RejectedError."""
    if not claim.refutable:
        raise RejectedError("the claim is only sufficient; its failure shows nothing")
    kind = text(entry(witness, "kind"))
    rule = terms.library.rule("witness", kind)
    if rule is None:
        raise RejectedError(f"the witness {kind[:40]!r} is unknown")
    return str(rule.refute(terms, claim, witness))
