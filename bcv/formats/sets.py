"""Which points does a set of a problem file hold? Constraints, boxes, balls and their logic.

Soundness depends on this file: a set that loses points makes a claim too weak.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bcv import expr as ex
from bcv.errors import ProblemError
from bcv.formats.expression import read_constraint
from bcv.formats.fields import (
    bounds_of,
    constant_of,
    entries_of,
    expression_of,
    fields_of,
    surely_negative,
    unknown_key,
)
from bcv.formats.names import Names
from bcv.formats.yaml_tree import Entries, Items, Node, Scalar
from bcv.region import Formula, all_of, any_of, at_least, negation

SET_KEYS: Final = ("any", "all", "not", "box", "ball")
_BOX: Final = "`{box: {x: [-1, 1]}}`"
_BALL: Final = "`{ball: {center: {x: 0, y: 0}, radius: 1}}`"


def read_set(node: Node, names: Names, what: str) -> Formula:
    """The set that a node describes; ``what`` calls it in errors (``the initial set``).

    Raises:
        ProblemError: it is not one of the forms of a set.
    """
    if isinstance(node, Scalar):
        return _constraint(node, names, what)
    if isinstance(node, Items):
        return all_of(*(read_set(part, names, what) for part in _parts(node, what)))
    if len(node.entries) != 1:
        remedy = "Join several with {all: [...]} or {any: [...]}"
        raise ProblemError(
            f"{what} must have one of the keys {', '.join(SET_KEYS)}", remedy, node.place
        )
    key, value = node.entries[0]
    if key.text in ("any", "all"):
        if not isinstance(value, Items):
            raise ProblemError(
                f"`{key.text}` needs a list of sets", f"Write {key.text}: [..., ...]", value.place
            )
        join: Callable[..., Formula] = any_of if key.text == "any" else all_of
        return join(*(read_set(part, names, what) for part in _parts(value, what)))
    if key.text == "not":
        return negation(read_set(value, names, what))
    if key.text == "box":
        return _box(value, names)
    if key.text == "ball":
        return _ball(value, names)
    raise unknown_key(key, node, what, SET_KEYS)


def _constraint(node: Scalar, names: Names, what: str) -> Formula:
    if node.is_null or not node.text.strip():
        raise ProblemError(
            f"{what} is empty", "Write a constraint, or `true` for everything", node.place
        )
    return read_constraint(node.text, names.scope("a set"), node.place_of)


def _parts(node: Items, what: str) -> tuple[Node, ...]:
    if not node.items:
        raise ProblemError(
            f"{what} is an empty list", "Write `true` for everything, `false` for nothing",
            node.place,
        )  # fmt: skip
    return node.items


def _states_only(node: Entries, names: Names, what: str) -> None:
    states = names.states()
    if not node.entries:
        raise ProblemError(f"{what} names no state", "Name at least one", node.place)
    for key, _ in node.entries:
        if key.text not in states:
            raise unknown_key(key, node, what, states)


def _box(node: Node, names: Names) -> Formula:
    sides = entries_of(node, "a box", _BOX)
    _states_only(sides, names, "a box")
    scope = names.constants("a bound")
    parts = []
    for key, value in sides.entries:
        x = ex.var(key.text)
        lo, hi = bounds_of(value, scope, f"`{key.text}` in the box")
        if lo is not None:
            parts.append(at_least(x, lo))
        if hi is not None:
            parts.append(at_least(hi, x))
    return all_of(*parts)


def _ball(node: Node, names: Names) -> Formula:
    fields = fields_of(node, "a ball", ("center", "radius"), _BALL)
    center = entries_of(
        fields.require("center", "center: {x: 0, y: 0}"), "the center of a ball", "{x: 0, y: 0}"
    )
    _states_only(center, names, "the center of a ball")
    scope = names.constants("a ball")
    node = fields.require("radius", "radius: 1")
    radius = constant_of(node, scope, "the radius of a ball")
    if surely_negative(radius):
        raise ProblemError("the radius of a ball is negative", "Give a positive one", node.place)
    distance = ex.ZERO
    for key, value in center.entries:
        middle = expression_of(value, scope, f"the center in `{key.text}`")
        distance = distance + (ex.var(key.text) - middle) ** 2
    return at_least(radius**2, distance)
