"""Is a sum >= 0 because each of its terms is, wherever the variables of that term are?

The checker's verdict depends on this file.
"""

from __future__ import annotations

from typing import Any

from .. import tasks
from ..claims import Obligation, Region, conjuncts
from ..claims import atoms as atoms_of
from ..reading import entry, sequence, truth
from ..ring import Ring
from ..tasks import Task
from ..terms import RejectedError
from .definedness import all_defined


def prove(task: Task, data: Any, depth: int) -> str:
    """goal = sum of terms, each >= 0 (one of them > 0 if the claim is strict) on its projection.

    The identity holds wherever everything has a value: the goal, as was shown, and the terms, as
    each of their claims says.
    """
    terms = task.terms
    all_defined(task)
    total, positive, words = terms.zero, False, []
    for part in sequence(entry(data, "parts")):
        number, sign, evidence = sequence(part, 3)
        term, strict = task.reader.term(number), truth(sign)
        total, positive = terms.add(total, term), positive or strict
        claimed = Obligation(projected(task, term), term, strict)
        inner = task.replace(
            obligation=claimed, goal=term, strict=strict, defined=(), shown=frozenset()
        )
        words.append(tasks.prove(inner, evidence, depth + 1))
    if task.strict and not positive:
        raise RejectedError("a strict claim needs a term that is positive")
    if not Ring(terms).same(task.goal, total):
        raise RejectedError("the terms do not add up to the goal")
    return f"a sum of {len(words)} terms: {'; '.join(words)}"


def projected(task: Task, term: int) -> Region:
    """What the region says of the term's variables alone: their sides, and whole conjuncts.

    The coordinates of each point of the region lie in it.
    """
    terms, region = task.terms, task.region
    kept = terms.variables([term])
    sides = [(n, side) for n, side in zip(region.names, region.box, strict=True) if n in kept]
    parts = (
        part
        for part in conjuncts(region.formula)
        if terms.variables([atom[1] for atom in atoms_of(part)]) <= kept
    )
    return Region(tuple(n for n, _ in sides), tuple(side for _, side in sides), ("and", *parts))
