"""How is an expression evaluated on many boxes? Translated once to a flat list of steps.

The checker's verdict depends on this file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..terms import RejectedError, Terms
from .intervals import Arithmetic, Interval, Operation

Step = tuple[Operation, int, int, int]
"""An operation, the place of its result, and those of its two operands."""

Enclose = Callable[[Sequence[Interval]], list[Interval] | None]

MOST_LISTS = 1_000
ALL = -1


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


class Roots(NamedTuple):
    """Terms to be enclosed: where they stand, and the steps to them from what is kept."""

    places: tuple[int, ...]
    steps: list[Step]


class Program:
    """Terms in one arithmetic over one order of variables, to be evaluated on many boxes.

    The terms below ``kept`` keep their values from one box to the next: only those are computed
    again that depend on a variable whose side has changed. What else a root is made of is computed
    for each box. Each term has one place among the values, the variables the first ones.
    """

    def __init__(
        self, terms: Terms, names: Sequence[str], arithmetic: Arithmetic, kept: Sequence[int] = ()
    ) -> None:
        self.terms, self.arithmetic = terms, arithmetic
        self._variables = {name: place for place, name in enumerate(names)}
        self._values: list[Any] = [None] * len(names)
        self._place: dict[int, int] = {}
        self._steps: dict[int, tuple[Step, ...]] = {}
        self._depends: dict[int, int] = {}
        for name, place in self._variables.items():
            node = terms.node("var", name)
            self._place[node], self._depends[node], self._steps[node] = place, 1 << place, ()
        order = terms.below(kept)
        self._kept = {*self._place, *order}
        self._code = [(self._depends[n], step) for n in order for step in self._translated(n)]
        self._known: dict[tuple[int, ...], Roots] = {}
        self._valid = False
        self._lists = {ALL: [step for _, step in self._code]}

    def _roots(self, terms: Sequence[int]) -> Roots:
        """What computes these terms, operands first."""
        order = self.terms.below(terms, self._kept)
        steps = [step for node in order for step in self._translated(node)]
        return Roots(tuple(self._place[term] for term in terms), steps)

    def _translated(self, node: int) -> tuple[Step, ...]:
        if node in self._steps:
            return self._steps[node]
        op, *rest = self.terms.nodes[node]
        here = self._place[node] = self._new()
        steps: tuple[Step, ...] = ()
        if op == "const":
            self._values[here] = self.arithmetic.enclose(rest[0])
        elif op == "pi":
            self._values[here] = self.arithmetic.pi(self.terms.library)
        elif op == "var":
            raise RejectedError(f"{rest[0][:40]!r} is not a variable of the obligation")
        elif op == "**":
            base = self._place[rest[0]]
            steps = ((self.arithmetic.power(rest[1]), here, base, base),)
        elif op == "select":
            condition, then, otherwise = (self._place[operand] for operand in rest)
            both = self._new()
            steps = ((_pair, both, then, otherwise), (_select, here, condition, both))
        else:
            operation = self.arithmetic.operation(op, self.terms.library)
            steps = ((operation, here, self._place[rest[0]], self._place[rest[-1]]),)
        self._steps[node] = steps
        self._depends[node] = 0
        for operand in self.terms.operands(node):
            self._depends[node] |= self._depends[operand]
        return steps

    def _new(self) -> int:
        self._values.append(None)
        return len(self._values) - 1

    def run(self, box: Sequence[Interval], terms: tuple[int, ...]) -> list[Interval] | None:
        """The enclosures of terms; None if some of them is perhaps undefined on the box."""
        values, changed = self._values, 0
        if terms not in self._known:
            self._known[terms] = self._roots(terms)
        roots = self._known[terms]
        for place, side in enumerate(box):
            if values[place] != side:
                values[place] = side
                changed |= 1 << place
        if not self._valid:
            changed = ALL
        self._valid = False
        for steps in (self._affected(changed), roots.steps):
            for operation, here, first, second in steps:
                result = operation(values[first], values[second])
                if result is None:
                    return self._run_where_defined(roots)
                values[here] = result
        self._valid = True
        return [values[place] for place in roots.places]

    def _affected(self, changed: int) -> list[Step]:
        """The steps to what is kept and depends on a changed variable, in their order."""
        if changed not in self._lists:
            if len(self._lists) > MOST_LISTS:
                self._lists = {ALL: self._lists[ALL]}
            self._lists[changed] = [step for depends, step in self._code if depends & changed]
        return self._lists[changed]

    def _run_where_defined(self, roots: Roots) -> list[Interval] | None:
        """The same, step by step: something is undefined, though perhaps not a root.

        What is undefined makes undefined all that is computed from it, but a select of the other
        branch.
        """
        values = self._values
        for operation, here, first, second in (*self._lists[ALL], *roots.steps):
            a, b = values[first], values[second]
            defined = operation is _pair or (a is not None and b is not None)
            values[here] = operation(a, b) if defined else None
        found = [values[place] for place in roots.places]
        return None if None in found else found


def enclosures(
    terms: Terms, names: Sequence[str], arithmetic: Arithmetic, roots: Sequence[int]
) -> Enclose:
    """What encloses the roots on boxes; None where some root is perhaps undefined."""
    program, chosen = Program(terms, names, arithmetic, roots), tuple(roots)
    return lambda box: program.run(box, chosen)
