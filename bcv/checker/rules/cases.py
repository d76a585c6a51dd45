"""Does the claim hold where a term is >= 0, and where it is <= 0?

The checker's verdict depends on this file.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import tasks
from ..claims import Region, conjuncts
from ..matching import tight_box
from ..reading import entry
from ..ring import Ring
from ..tasks import Task
from ..terms import RejectedError, Terms
from .definedness import all_defined, has_value, mapped, single_valued


def prove(task: Task, data: Any, depth: int) -> str:
    """On the closed half where c >= 0, |c|, max, min and select on c are their branches.

    What then bounds one variable tightens the box, unless no value is left of a side.
    A select's value where c = 0 is any of its branches: the one is claimed in the one half, the
    other in the other. So that the region loses no points, its atoms keep their selects.
    """
    region, terms, on = task.region, task.terms, task.reader.term(entry(data, "on"))
    all_defined(task)
    single_valued(terms, [on])
    if not has_value(task, on):
        raise RejectedError("a case's condition is not shown to be defined")
    words = []
    for key, positive in (("nonnegative", True), ("nonpositive", False)):
        half = (">=", on if positive else terms.neg(on))

        def kept(term: int, positive: bool = positive) -> int:
            return _branch(terms, [term], on, positive, selects=False)[term]

        formula = ("and", *(mapped(p, kept) for p in conjuncts(region.formula)), half)
        branches = _branch(terms, [task.goal, *task.shown], on, positive, selects=True)
        inner = task.within(
            _tightened(terms, Region(region.names, region.box, formula)),
            branches[task.goal],
            defined=(),
            shown=frozenset(branches[node] for node in task.shown),
        )
        words.append(tasks.prove(inner, entry(data, key), depth + 1))
    return f"two cases: {words[0]}; {words[1]}"


def _tightened(terms: Terms, region: Region) -> Region:
    """The same points in a smaller box, unless a side of it would end before it begins."""
    box = tuple(tight_box(Ring(terms), region).values())
    if any(lo is not None and hi is not None and lo > hi for lo, hi in box):
        return region
    return Region(region.names, box, region.formula)


def _branch(
    terms: Terms, roots: Iterable[int], on: int, positive: bool, *, selects: bool
) -> dict[int, int]:
    """What everything below the roots equals where ``on`` >= 0 (or <= 0)."""
    done: dict[int, int] = {}
    for node in terms.below(roots):
        op, operands = terms.nodes[node][0], terms.operands(node)
        inner = [done[operand] for operand in operands]
        if op == "abs" and operands[0] == on:
            done[node] = inner[0] if positive else terms.neg(inner[0])
        elif op in ("max", "min") and terms.sub(*operands) == on:
            done[node] = inner[0] if positive == (op == "max") else inner[1]
        elif op == "select" and selects and operands[0] == on:
            done[node] = inner[1] if positive else inner[2]
        else:
            done[node] = terms.rebuild(terms.nodes[node], inner)
    return done
