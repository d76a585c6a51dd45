"""Does the claim hold for all values of some terms, and so for their own?

The checker's verdict depends on this file.
"""

from __future__ import annotations

from typing import Any

from .. import tasks
from ..claims import Region
from ..reading import entry, sequence, text
from ..tasks import Task
from ..terms import RejectedError
from .definedness import all_defined, exchanged, has_value, mapped, single_valued

MOST_LIFTED = 100


def prove(task: Task, data: Any, depth: int) -> str:
    """What holds for every value of the new variables holds for the values of the terms.

    Each term has one value at each point of the region; a select has one of two, but then it
    stands in the claim alone, which is thus shown for both.
    """
    region, terms = task.region, task.terms
    pairs = [sequence(pair, 2) for pair in sequence(entry(data, "variables"))]
    names = [text(name) for name, _ in pairs]
    numbers = [task.reader.term(term) for _, term in pairs]
    if len(pairs) > MOST_LIFTED:
        raise RejectedError(f"there are more than {MOST_LIFTED} new variables")
    all_defined(task)
    if not all(has_value(task, term) for term in numbers):
        raise RejectedError("a term that becomes a variable is not shown to be defined")
    single_valued(terms, [atom[1] for atom in task.numbered])
    used = terms.variables([task.goal, *numbers, *(atom[1] for atom in task.numbered)])
    if len({*names, *numbers}) != 2 * len(names) or {*names} & {*used, *region.names}:
        raise RejectedError("a new variable is not new")
    exchange = {n: terms.node("var", name) for n, name in zip(numbers, names, strict=True)}
    formula = mapped(region.formula, lambda term: exchanged(terms, term, exchange))
    box = (*region.box, *((None, None) for _ in names))
    goal = exchanged(terms, task.goal, exchange)
    inner = task.within(
        Region((*region.names, *names), box, formula), goal, defined=(), shown=frozenset()
    )
    return f"{len(names)} terms as variables: {tasks.prove(inner, entry(data, 'inner'), depth + 1)}"
