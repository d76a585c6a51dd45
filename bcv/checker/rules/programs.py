"""How is an expression evaluated on many boxes? Translated once to a flat list of steps.

The checker's verdict depends on this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..terms import RejectedError, Terms
from .intervals import Arithmetic, Interval, Operation


def _pair(a: Any, b: Any) -> Any:
    return a, b


def _select(condition: Interval, branches: Any) -> Interval | None:
    """A branch may be None, undefined; it matters only if it is perhaps selected."""
    then, otherwise = branches
    if condition[0] > 0:
        return then  # type: ignore[no-any-return]
    if condition[1] < 0:
        return otherwise  # type: ignore[no-any-return]
    if then is None or otherwise is None:
        return None
    return min(then[0], otherwise[0]), max(then[1], otherwise[1])


class Machine:
    """One arithmetic over one list of terms and one order of variables.

    Each term is translated once: its place among the values, and the operation that fills it.
    """

    def __init__(self, terms: Terms, names: Sequence[str], arithmetic: Arithmetic) -> None:
        self.terms, self.arithmetic = terms, arithmetic
        self.values: list[Any] = []
        self._position = {name: i for i, name in enumerate(names)}
        self._place: dict[int, int] = {}
        self._steps: dict[int, tuple[tuple[Operation, int, int, int], ...]] = {}
        self.inputs: dict[int, tuple[int, int]] = {}

    def _new(self, value: Any = None) -> int:
        self.values.append(value)
        return len(self.values) - 1

    def _translate(self, node: int) -> None:
        op, *rest = self.terms.nodes[node]
        here = self._place[node] = self._new()
        steps: tuple[tuple[Operation, int, int, int], ...] = ()
        if op == "const":
            self.values[here] = self.arithmetic.enclose(rest[0])
        elif op == "pi":
            self.values[here] = self.arithmetic.pi(self.terms.library)
        elif op == "var":
            if rest[0] not in self._position:
                raise RejectedError(f"{rest[0][:40]!r} is not a variable of the obligation")
            self.inputs[node] = here, self._position[rest[0]]
        elif op == "**":
            base = self._place[rest[0]]
            steps = ((self.arithmetic.power(rest[1]), here, base, base),)
        elif op == "select":
            condition, then, otherwise = (self._place[operand] for operand in rest)
            both = self._new()
            steps = ((_pair, both, then, otherwise), (_select, here, condition, both))
        else:
            first, last = self._place[rest[0]], self._place[rest[-1]]
            operation = self.arithmetic.operation(op, self.terms.library)
            steps = ((operation, here, first, last),)
        self._steps[node] = steps

    def program(self, roots: Sequence[int]) -> Program:
        """What computes the roots, operands first."""
        nodes = self.terms.below(roots)
        for node in nodes:
            if node not in self._steps:
                self._translate(node)
        code = [step for node in nodes for step in self._steps[node]]
        inputs = [self.inputs[node] for node in nodes if node in self.inputs]
        return Program(self.values, inputs, code, [self._place[root] for root in roots])


class Program:
    """Some expressions in one arithmetic, to be evaluated on many boxes."""

    def __init__(
        self,
        values: list[Any],
        inputs: list[tuple[int, int]],
        code: list[tuple[Operation, int, int, int]],
        outputs: list[int],
    ) -> None:
        self.values, self.inputs, self.code, self.outputs = values, inputs, code, outputs
        self.selects = any(operation is _select for operation, *_ in code)

    def run(self, box: Sequence[Interval]) -> list[Interval] | None:
        """The enclosures of the roots; None if some root is perhaps undefined on the box.

        What is undefined makes undefined all that is computed from it, but a select of the other
        branch. So without a select, the first such node decides.
        """
        values = self.values
        for here, which in self.inputs:
            values[here] = box[which]
        if self.selects:
            return self._run_with_selects()
        for operation, here, first, second in self.code:
            result = operation(values[first], values[second])
            if result is None:
                return None
            values[here] = result
        return [values[output] for output in self.outputs]

    def _run_with_selects(self) -> list[Interval] | None:
        values = self.values
        for operation, here, first, second in self.code:
            a, b = values[first], values[second]
            defined = operation is _pair or (a is not None and b is not None)
            values[here] = operation(a, b) if defined else None
        found = [values[output] for output in self.outputs]
        return None if None in found else found
