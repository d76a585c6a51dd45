"""What does the reason of a leaf speak about? And which reasons need no rule of their own?

The checker's verdict depends on this file. A reason is an object made for one cover; ``holds``
says whether it is seen to hold on a box, in the arithmetic of a level.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..claims import Formula, atoms, conjuncts
from ..reading import index, sequence, text
from ..tasks import Task
from ..terms import RejectedError

if TYPE_CHECKING:
    from .cover import Cover

Box = tuple[tuple[float, float], ...]


class Leaf:
    """A goal, >= 0 (> 0 if strict) on a leaf, and terms that have values there.

    ``parts`` are terms that the goal is made of, in common with other leaves; ``kept`` are these
    and what must have values.

    The goal is the claim's g, less sum m_i h_i: not more than g wherever h_i >= 0 <= m_i, or
    h_i = 0. It is less than g where some h_i > 0 < m_i: then it need not be positive if g must be.
    """

    def __init__(self, cover: Cover, multiplier: Any) -> None:
        task = cover.task
        self.cover, self.terms, self.names = cover, task.terms, cover.names
        self.region, self.goal, self.strict = task.region, task.goal, task.strict
        self.parts: tuple[int, ...] = (task.goal,)
        if multiplier is not None:
            self._multiply(task, cover.multipliers[index(multiplier, len(cover.multipliers))])
        roots = dict.fromkeys((self.goal, *task.defined))
        self.kept = (*self.parts, *task.defined)
        self.defined = tuple(root for root in roots if not self.terms.total[root])

    def _multiply(self, task: Task, chosen: Any) -> None:
        for number, term in (sequence(pair, 2) for pair in sequence(chosen)):
            place, factor = index(number, len(task.numbered)), task.reader.term(term)
            relation, h = task.numbered[place]
            constant = self.terms.value(factor)
            if place not in self.cover.usable:
                raise RejectedError("a multiplier uses an atom that need not hold")
            if relation != "==" and (constant is None or constant < 0):
                raise RejectedError("a multiplier of an inequality is not a constant >= 0")
            if relation == ">" and constant:
                self.strict = False
            self.goal = self.terms.sub(self.goal, self.terms.mul(factor, h))
            self.parts += (h,) if constant is not None else (h, factor)

    def operands(self, *ops: str) -> tuple[int, ...]:
        """Terms at whose zeros a select (or min, max, abs) of the goal may switch."""
        found: dict[int, None] = {}
        for part in self.parts:
            found |= dict.fromkeys(self.cover.operands(part, ops))
        return tuple(found)

    def is_defined(self, level: int, box: Box) -> bool:
        """Whether all that must have values on the box is seen to have them."""
        inputs = self.cover.inputs(level, box)
        return not self.defined or self.cover.run(level, self.defined, inputs) is not None

    def accepts(self, lower: Any) -> bool:
        """Whether a lower bound of the goal is enough."""
        return bool(lower > 0 if self.strict else lower >= 0)


class Natural:
    """Interval arithmetic on the nodes of the goal."""

    def __init__(self, leaf: Leaf) -> None:
        self.leaf = leaf
        self.roots = (leaf.goal, *leaf.defined)

    def holds(self, level: int, box: Box) -> bool:
        cover = self.leaf.cover
        found = cover.run(level, self.roots, cover.inputs(level, box), self.leaf.kept)
        return found is not None and self.leaf.accepts(found[0][0])


class Infeasible:
    """The formula is false on the box when each named atom is false or open."""

    def __init__(self, cover: Cover, data: Any) -> None:
        self.cover, self.task = cover, cover.task
        self.numbers = {index(n, len(self.task.numbered)) for n in sequence(data)}

    def holds(self, level: int, box: Box) -> bool:
        inputs, false = self.cover.inputs(level, box), set()
        for number in self.numbers:
            relation, term = self.task.numbered[number]
            found = self.cover.run(level, (term,), inputs)
            if found is not None:
                lo, hi = found[0]
                if hi < 0 or (relation == ">" and hi <= 0) or (relation == "==" and lo > 0):
                    false.add(number)
        if any(number < self.task.first for number in false):
            return True
        numbers = iter(range(self.task.first, 1 << 62))
        return _is_false(self.task.region.formula, numbers, false)


def _is_false(formula: Formula, numbers: Iterator[int], false: set[int]) -> bool:
    """Whether the formula is false if the atoms in ``false`` are; numbers its atoms on the way."""
    if formula[0] not in ("and", "or"):
        return next(numbers) in false
    parts = [_is_false(part, numbers, false) for part in formula[1:]]
    return any(parts) if formula[0] == "and" else all(parts)


def usable(task: Task) -> set[int]:
    """The numbers of the atoms that hold all over the region."""
    number = task.first
    found = set(range(number))
    for part in conjuncts(task.region.formula):
        if part[0] not in ("and", "or"):
            found.add(number)
        number += sum(1 for _ in atoms(part))
    return found


def reason(cover: Cover, data: Any) -> tuple[str, Any]:
    """A reason in words, and what checks it on boxes."""
    kind, *rest = sequence(data) or [None]
    if kind == "infeasible":
        return "infeasibility", Infeasible(cover, *sequence(rest, 1))
    if kind not in ("bounded", "convex") or len(rest) != 2:
        raise RejectedError("a leaf's reason is malformed")
    leaf, library = Leaf(cover, rest[1]), cover.task.terms.library
    if kind == "convex":
        return "convexity", library.rule("leaf", kind).Rule(leaf, rest[0])
    form = text(rest[0])
    words = f"the bound ({form[:20]})"
    if form == "natural":
        return words, Natural(leaf)
    rule = library.rule("leaf", form)
    if rule is None or form == "convex":
        raise RejectedError("a leaf's form of bound is unknown")
    return words, rule.Rule(leaf)
