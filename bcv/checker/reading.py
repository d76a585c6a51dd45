"""What does one value in a proof file say? Numbers, names, expressions and formulas.

The checker's verdict depends on this file. Everything comes from a stranger: each value is
checked for its type and size, and what is not understood is rejected.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from .claims import Formula, Side
from .terms import BINARY, LARGEST_POWER, UNARY, RejectedError, Terms, checked_size

DEEPEST_FORMULA = 200
LONGEST_NUMBER = 20_000
LONGEST_NAME = 100
OPERANDS = {"const": 1, "var": 1, "pi": 0, "**": 2, "select": 3}
OPERANDS |= dict.fromkeys(UNARY, 1) | dict.fromkeys(BINARY, 2)
WORDS = frozenset((*OPERANDS, "if", "else", "and", "or", "not")) - {"const", "var", "neg", "select"}


def entry(data: Any, key: str) -> Any:
    """data[key], for a dict with that key."""
    if not isinstance(data, dict) or key not in data:
        raise RejectedError(f"{key!r} is missing")
    return data[key]


def sequence(data: Any, length: int | None = None) -> list[Any]:
    """A list (of that length)."""
    if not isinstance(data, list) or (length is not None and len(data) != length):
        raise RejectedError(f"a list{'' if length is None else f' of {length}'} was expected")
    return data


def text(data: Any) -> str:
    if not isinstance(data, str):
        raise RejectedError("a text was expected")
    return data


def identifier(data: Any) -> str:
    """A name that shows as what it is: no line break of it could be taken for another statement."""
    if not text(data).isidentifier() or len(data) > LONGEST_NAME:
        raise RejectedError("a name is not made of letters, digits and _")
    if data in WORDS:
        raise RejectedError(f"{data} means something else")
    return str(data)


def truth(data: Any) -> bool:
    if not isinstance(data, bool):
        raise RejectedError("true or false was expected")
    return data


def index(data: Any, below: int, least: int = 0) -> int:
    """An int in least ... below - 1."""
    if type(data) is not int or not least <= data < below:
        raise RejectedError(f"an integer from {least} to {below - 1} was expected")
    return int(data)


def rational(data: Any) -> Fraction:
    """A rational written p or p/q."""
    numerator, _, denominator = text(data).partition("/")
    if len(data) > LONGEST_NUMBER:
        raise RejectedError("a number is too long")
    for part in (numerator.removeprefix("-"), denominator or "1"):
        if not (part.isascii() and part.isdigit()):
            raise RejectedError(f"{data[:40]!r} is not a rational number")
    try:
        return checked_size(Fraction(int(numerator), int(denominator or "1")))
    except (ValueError, ZeroDivisionError):
        raise RejectedError("a number is too long or has denominator 0") from None


def double(data: Any) -> float:
    """A double in hexadecimal, or inf, or -inf."""
    try:
        value = float.fromhex(text(data))
    except (ValueError, OverflowError):
        raise RejectedError(f"{data[:40]!r} is not a double") from None
    if value != value:
        raise RejectedError("a double is not a number")
    return value


class Reader:
    """Reads expressions and formulas that refer to one list of nodes."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.numbers: list[int] = []

    def load(self, nodes: Any) -> None:
        """The list of nodes: [op, operands...], each operand the place of an earlier node."""
        for node in sequence(nodes):
            if not sequence(node):
                raise RejectedError("an empty node")
            self.numbers.append(self._node(*node))

    def _node(self, op: Any, *rest: Any) -> int:
        if not isinstance(op, str) or OPERANDS.get(op) != len(rest):
            raise RejectedError(f"a node {str(op)[:20]!r} with {len(rest)} operands is unknown")
        if op == "const":
            return self.terms.node(op, rational(rest[0]))
        if op == "var":
            return self.terms.node(op, text(rest[0]))
        if op == "**":
            return self.terms.node(op, self.term(rest[0]), index(rest[1], LARGEST_POWER, 2))
        return self.terms.node(op, *[self.term(operand) for operand in rest])

    def term(self, data: Any) -> int:
        return self.numbers[index(data, len(self.numbers))]

    def all(self, data: Any) -> tuple[int, ...]:
        return tuple(self.term(item) for item in sequence(data))

    def optional(self, data: Any) -> int | None:
        return None if data is None else self.term(data)

    def formula(self, data: Any, depth: int = 0) -> Formula:
        op, *parts = sequence(data) or [None]
        if op in ("and", "or"):
            if depth > DEEPEST_FORMULA:
                raise RejectedError("a formula is nested too deeply")
            return (op, *(self.formula(part, depth + 1) for part in parts))
        if op not in (">=", ">", "==") or len(parts) != 1:
            raise RejectedError("a formula is malformed")
        return (op, self.term(parts[0]))

    def side(self, data: Any) -> Side:
        lo, hi = (None if end is None else rational(end) for end in sequence(data, 2))
        return lo, hi
