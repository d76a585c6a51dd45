"""Does the claim hold where the first alternative of the region does, and where others do?

The checker's verdict depends on this file.
"""

from __future__ import annotations

from typing import Any

from .. import tasks
from ..claims import Region, conjuncts
from ..matching import tight_box
from ..reading import entry
from ..ring import Ring
from ..tasks import Task
from ..terms import RejectedError


def prove(task: Task, data: Any, depth: int) -> str:
    """Every point of the region satisfies the first disjunct or another one.

    What then bounds one variable tightens the box, and the bounds have all points of the region.
    """
    region = task.region
    parts = list(conjuncts(region.formula))
    which = next((i for i, part in enumerate(parts) if part[0] == "or" and part[1:]), None)
    if which is None:
        raise RejectedError("the region has no alternatives")
    first, *others = parts.pop(which)[1:]
    words = []
    for key, choice in (
        ("first", first),
        ("others", others[0] if len(others) == 1 else ("or", *others)),
    ):
        formula = ("and", *parts, *conjuncts(choice))
        box = tight_box(Ring(task.terms), Region(region.names, region.box, formula))
        inner = task.within(Region(region.names, tuple(box.values()), formula), task.goal)
        words.append(tasks.prove(inner, entry(data, key), depth + 1))
    return f"two alternatives: {words[0]}; {words[1]}"
