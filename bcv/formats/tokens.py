"""Which words and signs is an expression made of? Numbers are exact from here on.

Soundness depends on this file: ``0.1`` becomes one tenth here, not a binary neighbour of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from bcv.errors import Place, ProblemError
from bcv.formats.yaml_tree import shorten

MAX_DIGITS: Final = 1000
MAX_EXPONENT: Final = 1000
MAX_NAME: Final = 100
MAX_TOKENS: Final = 100_000

PlaceOf = Callable[[int], Place]
Kind = Literal["number", "name", "sign", "end"]


class Token(NamedTuple):
    """A word or sign, and the offset in the text at which it starts."""

    kind: Kind
    text: str
    offset: int


_PATTERN: Final = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|&&|\|\||//|:=|[-+*/^()<>,])"
)

# What people write out of habit from other languages, and what it is here.
_SIGN_REMEDIES: Final = {
    "=": "Write `==` for an equation",
    "!": "Write `not (...)`",
    "!=": "Write `not (a == b)`",
    "&": "Write `and`",
    "|": "Write `or`, or `abs(...)`",
    "&&": "Write `and`",
    "||": "Write `or`",
    "//": "Write `/`",
    ":=": "Name a sub-expression under `define`",
    "≤": "Write `<=`",
    "≥": "Write `>=`",
    "≠": "Write `not (a == b)`",
    "−": "Write the minus of the keyboard, `-`",
    "–": "Write the minus of the keyboard, `-`",
    "·": "Write `*`",
    "×": "Write `*`",
    "÷": "Write `/`",
    "²": "Write `**2`",
    "³": "Write `**3`",
    "√": "Write `sqrt(...)`",
    ".": "There are no attributes; a number is written like 0.5",
    "[": "There are no lists or indices; give each quantity a name of its own",
    "]": "There are no lists or indices; give each quantity a name of its own",
    "{": "Group with parentheses",
    "}": "Group with parentheses",
    "'": "There are no strings; write derivatives under `dynamics`",
    '"': "There are no strings",
    ";": "Put several constraints in a list, or join them with `and`",
    ":": "A constraint compares two expressions, such as `x <= 1`",
}


def tokenize(text: str, place_of: PlaceOf) -> list[Token]:
    """The tokens of the text, with one of kind ``end`` after the last.

    Raises:
        ProblemError: a sign that is not part of the grammar, or too much of something.
    """
    tokens: list[Token] = []
    offset = 0
    while offset < len(text):
        match = _PATTERN.match(text, offset)
        if match is None or match.group() in _SIGN_REMEDIES:
            sign = match.group() if match else text[offset]
            remedy = _SIGN_REMEDIES.get(sign, "See the grammar in docs/problem-file.md")
            raise ProblemError(f"`{shorten(sign)}` is not allowed here", remedy, place_of(offset))
        if match.lastgroup != "space":
            _check_adjacent(tokens, match, place_of)
            tokens.append(Token(match.lastgroup, match.group(), offset))  # type: ignore[arg-type]
            if len(tokens) > MAX_TOKENS:
                raise ProblemError(
                    f"the expression has more than {MAX_TOKENS} words and signs",
                    "Shorten it with `define`",
                    place_of(offset),
                )
        offset = match.end()
    tokens.append(Token("end", "", len(text.rstrip())))
    return tokens


def _check_adjacent(tokens: list[Token], match: re.Match[str], place_of: PlaceOf) -> None:
    name = match.group("name")
    if name and not name.isidentifier():
        at = next(i for i in range(len(name)) if not name[: i + 1].isidentifier())
        raise ProblemError(
            f"`{name[at]}` is not allowed here",
            _SIGN_REMEDIES.get(name[at], "A name is made of letters, digits and _"),
            place_of(match.start() + at),
        )
    if name and len(name) > MAX_NAME:
        raise ProblemError(
            f"the name `{shorten(name, 20)}` has more than {MAX_NAME} characters",
            "Choose a shorter one",
            place_of(match.start()),
        )
    if name and tokens and tokens[-1].kind == "number":
        last = tokens[-1]
        if last.offset + len(last.text) == match.start():
            number = shorten(last.text, 20)
            raise ProblemError(
                f"`{number}{shorten(name, 20)}` is neither a number nor a name",
                f"If a product is meant, write `{number}*{shorten(name, 20)}`",
                place_of(last.offset),
            )


def exact_number(text: str) -> Fraction:
    """The value of a decimal literal such as ``12``, ``.5`` or ``1e-3``, exactly.

    Raises:
        ValueError: more than MAX_DIGITS digits, or an exponent beyond MAX_EXPONENT.
    """
    mantissa, _, exponent = text.lower().partition("e")
    if len(mantissa) > MAX_DIGITS:
        raise ValueError(f"the number has more than {MAX_DIGITS} digits")
    if len(exponent.lstrip("+-0")) > len(str(MAX_EXPONENT)) or abs(int(exponent or 0)) > (
        MAX_EXPONENT
    ):
        raise ValueError(f"the exponent of the number lies beyond {MAX_EXPONENT}")
    return Fraction(text)
