"""Does the claim follow from one that everything is defined, and one that then need not ask?

The checker's verdict depends on this file.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import tasks
from ..reading import entry
from ..tasks import Task
from ..terms import Terms


def prove(task: Task, data: Any, depth: int) -> str:
    """The roots have values all over the region; then only the bound is left to be shown."""
    roots = [root for root in (task.goal, *task.defined) if not task.terms.total[root]]
    outer = task.replace(goal=task.terms.zero, strict=False, defined=tuple(roots))
    words = tasks.prove(outer, entry(data, "defined"), depth + 1)
    shown = task.shown | _evaluated(task.terms, roots)
    inner = task.replace(defined=(), shown=shown)
    return (
        f"{words} where all is defined, and {tasks.prove(inner, entry(data, 'inner'), depth + 1)}"
    )


def _evaluated(terms: Terms, roots: Iterable[int]) -> frozenset[int]:
    """The terms without whose values the roots have none: all below but a select's branches."""
    found: set[int] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            operands = terms.operands(node)
            stack.extend(operands[:1] if terms.nodes[node][0] == "select" else operands)
    return frozenset(found)
