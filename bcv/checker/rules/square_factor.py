"""Does the claim follow, since its expression is a square times another one?

The checker's verdict depends on this file.
"""

from __future__ import annotations

from typing import Any

from .. import tasks
from ..reading import entry
from ..ring import Ring
from ..tasks import Task
from ..terms import RejectedError
from .definedness import has_value


def prove(task: Task, data: Any, depth: int) -> str:
    """goal = square**2 * other, and other >= 0: so goal >= 0 wherever all three are defined.

    If the square is nowhere 0, other > 0 proves a strict claim too.
    """
    terms = task.terms
    square, other = task.reader.term(entry(data, "square")), task.reader.term(entry(data, "goal"))
    op, *operands = terms.nodes[square]
    if task.strict and not (terms.value(operands[0] if op == "/" else square) or 0):
        raise RejectedError("a square factor that may be 0 proves no strict claim")
    product = terms.mul(terms.power(square, 2), other)
    if not Ring(terms).same(task.goal, product):
        raise RejectedError("the goal is not the square times the other factor")
    roots = (task.goal, square, *task.defined)
    needed = tuple(d for d in roots if not has_value(task, d))
    inner = task.replace(goal=other, defined=needed)
    return f"a square factor and {tasks.prove(inner, entry(data, 'inner'), depth + 1)}"
