"""Is every point of the region in a leaf of a split tree, and does each leaf's reason hold?

The checker's verdict depends on this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import inf
from typing import Any

from ..reading import double, entry, sequence
from ..tasks import Task
from ..terms import RejectedError
from .intervals import Arithmetic, Floats, Interval
from .leaves import Box, reason, usable
from .packed import Stream
from .programs import Program

FIXED_BITS = (160, 640)
DEEPEST_TREE = 50_000


def prove(task: Task, data: Any, depth: int) -> str:
    """See ``Cover``."""
    return Cover(task, data).check()


class Cover:
    """Every point of the region lies in a leaf, and each leaf's reason holds on its box.

    Sound since the root contains the region's box, both halves of a split are closed and cover
    their parent, and the reasons are checked by outward-rounded arithmetic: first in doubles,
    then, where that is too coarse, with 160 and 640 fractional bits.
    """

    def __init__(self, task: Task, data: Any) -> None:
        self.task, self.terms, self.names = task, task.terms, task.region.names
        sides = sequence(entry(data, "root"), len(self.names))
        self.root: Box = tuple(
            (double(lo), double(hi)) for lo, hi in (sequence(s, 2) for s in sides)
        )
        self.stream = Stream(data)
        self.multipliers = sequence(entry(data, "multipliers"))
        self.arithmetics: list[Arithmetic] = [Floats()]
        self._operands: dict[tuple[int, tuple[str, ...]], list[int]] = {}
        self.kept: dict[str, Any] = {}
        """What rules have worked out for all their reasons."""
        self.programs: dict[tuple[int, tuple[int, ...]], Program] = {}
        self.reasons = [reason(self, item) for item in sequence(entry(data, "reasons"))]

    @cached_property
    def usable(self) -> set[int]:
        return usable(self.task)

    def check(self) -> str:
        for (lo, hi), (least, most) in zip(self.root, self.task.region.box, strict=True):
            if not (lo == -inf or (least is not None and lo <= least)):
                raise RejectedError("the root box does not contain the region's box")
            if not (hi == inf or (most is not None and hi >= most)) or lo == inf or hi == -inf:
                raise RejectedError("the root box does not contain the region's box")
        leaves = 0
        stack = [self.root]
        for node in self.stream.nodes():
            if not stack:
                raise RejectedError("the split tree has too many nodes")
            box = stack.pop()
            if node >= 0:
                self._leaf(node, box)
                leaves += 1
            else:
                lower, upper = self._halves(box, -node - 1)
                stack += (upper, lower)
                if len(stack) > DEEPEST_TREE:
                    raise RejectedError("the split tree is too deep")
        if stack:
            raise RejectedError("the split tree ends too early")
        return f"a cover of {leaves} boxes"

    def _leaf(self, number: int, box: Box) -> None:
        """Its reason holds on the box, in some arithmetic."""
        if number >= len(self.reasons):
            raise RejectedError("a leaf has no reason")
        words, rule = self.reasons[number]
        if not any(rule.holds(level, box) for level in range(1 + len(FIXED_BITS))):
            raise RejectedError(f"{words} fails on {self._show(box)}")

    def _halves(self, box: Box, code: int) -> tuple[Box, Box]:
        axis = code // 2
        if axis >= len(box):
            raise RejectedError("a split has no axis")
        lo, hi = box[axis]
        cut = self.stream.next_cut() if code % 2 else lo + (hi - lo) * 0.5
        if not lo < cut < hi:
            raise RejectedError("a split is not inside its box")
        before, after = box[:axis], box[axis + 1 :]
        return (*before, (lo, cut), *after), (*before, (cut, hi), *after)

    def _show(self, box: Box) -> str:
        return ", ".join(
            f"{name} in [{lo!r}, {hi!r}]" for name, (lo, hi) in zip(self.names, box, strict=True)
        )

    def operands(self, root: int, ops: tuple[str, ...]) -> list[int]:
        """Terms at whose zeros a select (or min, max, abs) below the root switches."""
        if (root, ops) not in self._operands:
            found = self._operands[root, ops] = []
            for op, *rest in (self.terms.nodes[node] for node in self.terms.below([root])):
                if op in ops:
                    two = op in ("min", "max")
                    found.append(self.terms.sub(rest[0], rest[1]) if two else rest[0])
        return self._operands[root, ops]

    # -- enclosures, in doubles (level 0) or in fixed point ---------------------------------------

    def arithmetic(self, level: int) -> Arithmetic:
        while len(self.arithmetics) <= level:
            module = self.terms.library.rule("arithmetic", "fixed point")
            self.arithmetics.append(module.Fixed(FIXED_BITS[len(self.arithmetics) - 1]))
        return self.arithmetics[level]

    def inputs(self, level: int, box: Box) -> Sequence[Interval]:
        """The box, for programs."""
        if level == 0:
            return box
        return [self.arithmetic(level).interval(lo, hi) for lo, hi in box]

    def run(
        self,
        level: int,
        roots: tuple[int, ...],
        inputs: Sequence[Interval],
        kept: tuple[int, ...] | None = None,
    ) -> list[Interval] | None:
        """Enclosures of terms; None if one is perhaps undefined.

        ``kept`` are terms in common with other reasons, which need not be computed again for a
        similar box.
        """
        kept = roots if kept is None else kept
        if (level, kept) not in self.programs:
            arithmetic = self.arithmetic(level)
            self.programs[level, kept] = Program(self.terms, self.names, arithmetic, kept)
        return self.programs[level, kept].run(inputs, roots)
