"""Is a sum >= 0 because each of its terms is, wherever the variables of that term are?

The checker's verdict depends on this file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .claims import Region, conjuncts
from .claims import atoms as atoms_of
from .lifting import has_value
from .matching import Obligation
from .polynomials import Ring
from .statement import entry, sequence
from .terms import RejectedError

if TYPE_CHECKING:
    from .rules import Task


def projected(task: Task, term: int) -> Region:
    """What the region says of the term's variables alone: their sides, and whole conjuncts.

    The coordinates of each point of the region lie in it.
    """
    terms, region = task.terms, task.obligation.region
    kept = terms.variables([term])
    sides = [(n, side) for n, side in zip(region.names, region.box, strict=True) if n in kept]
    parts = (
        part
        for part in conjuncts(region.formula)
        if terms.variables([atom[1] for atom in atoms_of(part)]) <= kept
    )
    return Region(tuple(n for n, _ in sides), tuple(side for _, side in sides), ("and", *parts))


def summed(task: Task, data: Any, depth: int, prove: Callable[[Task, Any, int], str]) -> str:
    """goal = sum of terms, each >= 0 (one of them > 0 if the claim is strict) on its projection.

    The identity holds wherever everything has a value: the goal, as was shown, and the terms, as
    each of their claims says.
    """
    terms = task.terms
    if not all(has_value(task, root) for root in (task.goal, *task.defined)):
        raise RejectedError("what the claim is made of is not shown to be defined")
    total, strict, words = terms.zero, False, []
    for part in sequence(entry(data, "parts")):
        number, sign, evidence = sequence(part, 3)
        term = task.reader.term(number)
        total = terms.add(total, term)
        strict = strict or sign is True
        inner = replace(
            task,
            obligation=Obligation(projected(task, term), term, sign is True),
            goal=term,
            strict=sign is True,
            defined=(),
            shown=frozenset(),
        )
        words.append(prove(inner, evidence, depth + 1))
    if task.strict and not strict:
        raise RejectedError("a strict claim needs a term that is positive")
    if not Ring(terms).same(task.goal, total):
        raise RejectedError("the terms do not add up to the goal")
    return f"a sum of {len(words)} terms: {'; '.join(words)}"
