"""Is a sum of squares positive, since its terms are never 0 together?

The checker's verdict depends on this file.
"""

from __future__ import annotations

from typing import Any

from .. import tasks
from ..claims import Region, conjuncts
from ..reading import entry
from ..ring import Ring
from ..tasks import Task
from ..terms import RejectedError
from .definedness import all_defined, has_value, single_valued


def prove(task: Task, data: Any, depth: int) -> str:
    """A sum of squares that is not > 0 has squares that are all 0; and they never are, together.

    The inner claim is that 0 > 0 wherever they all vanish.
    """
    region, terms = task.region, task.terms
    roots = task.reader.all(entry(data, "terms"))
    all_defined(task)
    single_valued(terms, [task.goal, *roots])
    if not all(has_value(task, root) for root in roots):
        raise RejectedError("a square is not shown to be defined")
    total = terms.zero
    for root in roots:
        total = terms.add(total, terms.power(root, 2))
    if not task.strict or not Ring(terms).same(task.goal, total):
        raise RejectedError("the strict claim is not about the sum of these squares")
    formula = ("and", *conjuncts(region.formula), *(("==", root) for root in roots))
    smaller = Region(region.names, region.box, formula)
    inner = task.within(smaller, terms.zero, defined=())
    return f"{len(roots)} squares never 0: {tasks.prove(inner, entry(data, 'inner'), depth + 1)}"
