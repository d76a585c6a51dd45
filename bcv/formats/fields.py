"""How are the keys and values of a problem file taken apart? With errors that help.

Soundness does not depend on this file, except that an unknown key is an error: a claim is never
read with a part of it left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from bcv.errors import Place, ProblemError
from bcv.expr import Expr
from bcv.formats.constants import outer_bounds
from bcv.formats.expression import Scope, nearest, read_expression
from bcv.formats.yaml_tree import Entries, Items, Node, Scalar, describe, shorten

_INFINITIES: Final = {".inf": 1, "+.inf": 1, "-.inf": -1}

Bound = Expr | None


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping whose keys are all known; ``what`` calls it in errors (``the certificate``)."""

    what: str
    place: Place
    values: dict[str, Node]
    keys: dict[str, Scalar]

    def get(self, key: str) -> Node | None:
        return self.values.get(key)

    def require(self, key: str, example: str) -> Node:
        node = self.values.get(key)
        if node is None:
            raise ProblemError(f"{self.what} has no `{key}`", f"Add `{example}`", self.place)
        return node

    def refuse(self, key: str, why: str, remedy: str) -> None:
        """Raise if the key, which is known, is given where it makes no sense."""
        if key in self.keys:
            raise ProblemError(f"`{key}` {why}", remedy, self.keys[key].place)


def entries_of(node: Node, what: str, example: str) -> Entries:
    """The node as a mapping; raises ProblemError if it is something else."""
    if isinstance(node, Entries):
        return node
    raise ProblemError(
        f"{what} must be a mapping, and this is {describe(node)}", f"Write {example}", node.place
    )


def fields_of(node: Node, what: str, known: Iterable[str], example: str) -> Fields:
    """The node as a mapping with known keys; raises ProblemError on others."""
    entries = entries_of(node, what, example)
    known = list(known)
    for key, _ in entries.entries:
        if key.text not in known:
            raise unknown_key(key, entries, what, known)
    return Fields(
        what,
        entries.place,
        {key.text: value for key, value in entries.entries},
        {key.text: key for key, _ in entries.entries},
    )


def unknown_key(key: Scalar, inside: Entries, what: str, known: Iterable[str]) -> ProblemError:
    """The error for a key that does not exist, with the nearest one that does."""
    known = list(known)
    if inside.in_flow and any(sign in key.text for sign in "()"):
        remedy = "Inside YAML's { } a comma ends a value: put expressions with commas in quotes"
    else:
        guess = nearest(key.text, known)
        choices = shorten(", ".join(known), 300)
        remedy = f"Did you mean `{guess}`" if guess else f"Known here: {choices}"
    return ProblemError(f"{what} has no key `{shorten(key.text)}`", remedy, key.place)


def text_of(node: Node, what: str) -> str:
    """The text of a scalar that is not empty; raises ProblemError otherwise."""
    if not isinstance(node, Scalar):
        raise ProblemError(
            f"{what} must be a text, and this is {describe(node)}", "Write it on one line",
            node.place,
        )  # fmt: skip
    if node.is_null or not node.text.strip():
        raise ProblemError(f"{what} is empty", "Give it a value or remove the key", node.place)
    return node.text.strip()


def choice_of(node: Node, what: str, choices: Iterable[str]) -> str:
    """The text of a scalar that is one of the choices; raises ProblemError otherwise."""
    choices = list(choices)
    text = text_of(node, what)
    if text in choices:
        return text
    guess = nearest(text, choices)
    remedy = f"Did you mean `{guess}`" if guess else f"Write one of {', '.join(choices)}"
    raise ProblemError(f"{what} cannot be `{shorten(text)}`", remedy, node.place)


def scalar_of(node: Node, what: str) -> Scalar:
    """The node as a scalar with an expression in it; raises ProblemError otherwise."""
    if isinstance(node, Scalar) and not node.is_null:
        return node
    raise ProblemError(
        f"{what} must be an expression, and this is {describe(node)}",
        "Write one, such as `0.5*x + 1`",
        node.place,
    )


def expression_of(node: Node, scope: Scope, what: str) -> Expr:
    """The expression in a scalar."""
    scalar = scalar_of(node, what)
    return read_expression(scalar.text, scope, scalar.place_of)


def constant_of(node: Node, scope: Scope, what: str) -> Expr:
    """The constant in a scalar, which is defined; ``scope`` holds constants only."""
    value = expression_of(node, scope, what)
    if outer_bounds(value) is None:
        raise ProblemError(
            f"{what} is undefined or out of all proportion", "Mend the constant", node.place
        )
    return value


def rational_of(node: Node, scope: Scope, what: str) -> Fraction:
    """The rational constant in a scalar; raises ProblemError if it is irrational."""
    value = constant_of(node, scope, what).constant
    if value is None:
        raise ProblemError(f"{what} must be rational", "Write a fraction or decimal", node.place)
    return value


def bounds_of(node: Node, scope: Scope, what: str) -> tuple[Bound, Bound]:
    """(lo, hi) of a pair ``[lo, hi]``; None is an infinite end, lo <= hi is checked."""
    remedy = "Write [lo, hi], such as [-1, 1]; an infinite end is .inf or -.inf"
    if not isinstance(node, Items) or len(node.items) != 2:
        found = f"a list of {len(node.items)}" if isinstance(node, Items) else describe(node)
        raise ProblemError(
            f"the bounds of {what} must be a pair, and this is {found}", remedy, node.place
        )
    lo = _end_of(node.items[0], scope, f"the lower bound of {what}", -1)
    hi = _end_of(node.items[1], scope, f"the upper bound of {what}", 1)
    if lo is not None and hi is not None and surely_negative(hi - lo):
        raise ProblemError(
            f"the lower bound of {what} is above the upper one", "Exchange them", node.place
        )
    return lo, hi


def _end_of(node: Node, scope: Scope, what: str, infinite: int) -> Bound:
    if isinstance(node, Scalar) and node.text.strip().lower() in _INFINITIES:
        if _INFINITIES[node.text.strip().lower()] == infinite:
            return None
        raise ProblemError(
            f"{what} is {node.text.strip()}, so nothing lies within",
            "The lower bound may be -.inf, the upper one .inf",
            node.place,
        )
    return constant_of(node, scope, what)


def surely_negative(constant: Expr) -> bool:
    """True if the constant is proved to be below zero."""
    ends = outer_bounds(constant)
    return ends is not None and ends[1] < 0


def surely_positive(constant: Expr) -> bool:
    """True if the constant is proved to be above zero."""
    ends = outer_bounds(constant)
    return ends is not None and ends[0] > 0
