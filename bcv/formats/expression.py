"""What does the text of an expression or a constraint mean? A parser of its own, no ``eval``.

Soundness depends on this file: it says which claim the user makes.

A precedence-climbing (Pratt) parser: whatever is not in its short grammar is an error with the
column at which it stands, and nesting, length and constants are limited before they cost.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from bcv import expr as ex
from bcv.errors import Place, ProblemError
from bcv.expr import Expr, Op
from bcv.formats.functions import FUNCTIONS, MAX_POWER, OTHER_NAMES, raise_to, select_where
from bcv.formats.tokens import PlaceOf, Token, exact_number, tokenize
from bcv.formats.yaml_tree import shorten
from bcv.region import FALSE, TRUE, Formula, Range, all_of, any_of, at_least, equal, greater
from bcv.region import negation as complement

MAX_DEPTH: Final = 100
MAX_CONSTANT_BITS: Final = 4096

RESERVED: Final = frozenset(
    {"if", "else", "and", "or", "not", "true", "false", "True", "False", "pi", "null"}
)
"""Words of the grammar, which cannot name a quantity."""

_NOT_PYTHON: Final = frozenset({"lambda", "for", "in", "is", "import", "await", "yield", "def"})
_LITERALS: Final[Mapping[str, Formula]] = {
    "true": TRUE,
    "false": FALSE,
    "True": TRUE,
    "False": FALSE,
}

# Binding powers; an operator binds its left side if its power is at least that of the caller.
_IF, _OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _UNARY, _POWER = range(1, 10)
_BINDING: Final = (
    {"if": _IF, "or": _OR, "and": _AND, "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT}
    | dict.fromkeys(("<", "<=", ">", ">=", "=="), _COMPARE)
    | {"**": _POWER, "^": _POWER}
)

Value = Expr | Formula


@dataclass(frozen=True, slots=True)
class Scope:
    """What the names in an expression stand for.

    Attributes:
        values: the meaning of each name.
        refused: names that exist but may not be used here, each with the reason.
        ranges: bounds of variables, which can show that a base is positive.
    """

    values: Mapping[str, Expr]
    refused: Mapping[str, str] = field(default_factory=dict)
    ranges: Mapping[str, Range] = field(default_factory=dict)


def parse_expression(text: str, names: Mapping[str, Expr]) -> Expr:
    """The expression that the text denotes, exactly.

    Args:
        text: in the grammar of problem files.
        names: the meaning of each name.

    Raises:
        ProblemError: the text is not in the grammar, with the column.
    """
    return read_expression(text, Scope(names), _column_of)


def parse_constraint(text: str, names: Mapping[str, Expr]) -> Formula:
    """The set of points that the constraint denotes; raises ProblemError as parse_expression."""
    return read_constraint(text, Scope(names), _column_of)


def _column_of(offset: int) -> Place:
    return Place("expression", 1, offset + 1)


def read_expression(text: str, scope: Scope, place_of: PlaceOf) -> Expr:
    """The expression, with errors at ``place_of(offset)``."""
    value = _Parser(text, scope, place_of).parse()
    if isinstance(value, Expr):
        return value
    raise ProblemError(
        f"`{shorten(text)}` is a constraint, and an expression is needed here",
        "Give the quantity itself, without comparing it",
        place_of(0),
    )


def read_constraint(text: str, scope: Scope, place_of: PlaceOf) -> Formula:
    """The constraint, with errors at ``place_of(offset)``."""
    value = _Parser(text, scope, place_of).parse()
    if not isinstance(value, Expr):
        return value
    raise ProblemError(
        f"`{shorten(text)}` is an expression, and a constraint is needed here",
        "Compare it with something, as in `x**2 + y**2 <= 1`",
        place_of(0),
    )


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like the given one, if any is."""
    found = difflib.get_close_matches(word[:100], list(known), n=1, cutoff=0.6)
    if found:
        return found[0]
    folded = {name.lower(): name for name in known}
    return folded.get(word.lower())


class _Parser:
    """One text on its way to a value; ``self.at`` is the token to be read next."""

    def __init__(self, text: str, scope: Scope, place_of: PlaceOf) -> None:
        self.scope = scope
        self.place_of = place_of
        self.tokens = tokenize(text, place_of)
        self.at = 0
        self.depth = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    @property
    def at_end(self) -> bool:
        return self.tokens[self.at].kind == "end"

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def error(self, reason: str, remedy: str, token: Token) -> ProblemError:
        return ProblemError(reason, remedy, self.place_of(token.offset))

    def parse(self) -> Value:
        if self.at_end:
            raise self.error("the expression is empty", "Write one, such as `x + 1`", self.next)
        value = self.value(_IF)
        if self.at_end:
            return value
        token = self.next
        if token.text == ")":
            raise self.error("this `)` closes nothing", "Remove it, or add a `(`", token)
        if token.text == ",":
            raise self.error("a comma stands outside of a call", "Remove it", token)
        if token.text == "else":
            raise self.error("`else` has no `if` before it", "Write `a if c else b`", token)
        raise self.error(
            f"`{shorten(token.text)}` cannot follow what stands before it",
            "An operator is missing there, such as `*`",
            token,
        )

    def value(self, least: int) -> Value:
        """The longest value from here whose operators bind at least as tightly as ``least``."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(
                f"the expression nests deeper than {MAX_DEPTH} levels",
                "Name its parts under `define`",
                self.next,
            )
        left = self.prefix()
        while True:
            token = self.next
            binding = _BINDING.get(token.text, 0) if token.kind != "number" else 0
            if binding < least or binding == 0:
                break
            if binding == _IF:
                left = self.cases(left)
            elif binding in (_OR, _AND):
                left = self.junction(left, binding)
            elif binding == _COMPARE:
                left = self.chain(left)
            else:
                left = self.arithmetic(left, binding)
        self.depth -= 1
        return left

    def prefix(self) -> Value:
        token = self.take()
        if token.kind == "number":
            try:
                return ex.const(exact_number(token.text))
            except ValueError as error:
                raise self.error(str(error), "Write a smaller one", token) from None
        if token.text in ("-", "+"):
            operand = self.number(self.value(_UNARY), token)
            return -operand if token.text == "-" else operand
        if token.text == "not":
            return complement(self.condition(self.value(_NOT), token))
        if token.text == "(":
            value = self.value(_IF)
            self.close(token)
            return value
        if token.kind == "name" and token.text not in ("if", "else", "and", "or"):
            return self.call(token) if self.next.text == "(" else self.name(token)
        if token.kind == "end":
            raise self.error("the expression ends too early", "Complete it", token)
        raise self.error(
            f"`{shorten(token.text)}` stands where a number, a name or `(` should",
            "Complete the expression before it",
            token,
        )

    def close(self, opening: Token) -> None:
        if self.next.text == ")":
            self.take()
        elif self.at_end:
            raise self.error(
                "this parenthesis is never closed",
                "Add the `)`; inside YAML's { } and [ ] put an expression with commas in quotes",
                opening,
            )
        else:
            raise self.error(
                f"`{shorten(self.next.text)}` stands where `)` or an operator should",
                "Is a `*` missing?",
                self.next,
            )

    def number(self, value: Value, token: Token) -> Expr:
        if isinstance(value, Expr):
            return value
        raise self.error(
            f"a comparison cannot be an operand of `{token.text}`",
            "Compare whole expressions, and choose between cases with `a if c else b`",
            token,
        )

    def condition(self, value: Value, token: Token) -> Formula:
        if not isinstance(value, Expr):
            return value
        raise self.error(
            f"`{token.text}` needs a condition, and this is a number",
            "Compare it with something, as in `x >= 0`",
            token,
        )

    def arithmetic(self, left: Value, binding: int) -> Expr:
        token = self.take()
        a = self.number(left, token)
        b = self.number(self.value(_UNARY if binding == _POWER else binding + 1), token)
        try:
            match token.text:
                case "+":
                    result = a + b
                case "-":
                    result = a - b
                case "*":
                    result = a * b
                case "/":
                    result = a / b
                case _:
                    result = raise_to(a, b, self.scope.ranges)
        except ZeroDivisionError:
            raise self.error("this divides by zero", "Mend the denominator", token) from None
        except ValueError as error:
            remedy = "Bound the variables, write exp(r*log(...)), or use an integer or a sqrt"
            raise self.error(str(error), remedy, token) from None
        return self.checked(result, token)

    def checked(self, result: Expr, token: Token) -> Expr:
        """The result, unless its constants or its exponent grew past the limits."""
        factor = result.args[0] if result.op is Op.MUL else result
        value = factor.constant
        if value is not None:
            size = max(value.numerator.bit_length(), value.denominator.bit_length())
            if size > MAX_CONSTANT_BITS:
                raise self.error(
                    f"a constant grew to more than {MAX_CONSTANT_BITS} bits",
                    "Write smaller numbers",
                    token,
                )
        if isinstance(result.value, int) and result.value > MAX_POWER:
            raise self.error(
                f"the power grew beyond an exponent of {MAX_POWER}", "Lower the degree", token
            )
        return result

    def chain(self, left: Value) -> Formula:
        parts = []
        while _BINDING.get(self.next.text) == _COMPARE:
            token = self.take()
            a = self.number(left, token)
            left = b = self.number(self.value(_SUM), token)
            match token.text:
                case "<=":
                    parts.append(at_least(b, a))
                case "<":
                    parts.append(greater(b, a))
                case ">=":
                    parts.append(at_least(a, b))
                case ">":
                    parts.append(greater(a, b))
                case _:
                    parts.append(equal(a, b))
        return all_of(*parts)

    def junction(self, left: Value, binding: int) -> Formula:
        word = "and" if binding == _AND else "or"
        parts = [self.condition(left, self.next)]
        while self.next.text == word:
            token = self.take()
            parts.append(self.condition(self.value(binding + 1), token))
        return all_of(*parts) if binding == _AND else any_of(*parts)

    def cases(self, left: Value) -> Expr:
        """``a if c else b if d else e``: a list of cases, however long, and not a nesting."""
        branches = []
        while self.next.text == "if":
            token = self.take()
            then = self.number(left, token)
            branches.append((then, self.condition(self.value(_OR), token)))
            if self.next.text != "else":
                raise self.error("this `if` has no `else`", "Write `a if c else b`", token)
            last = self.take()
            left = self.value(_OR)
        otherwise = self.number(left, last)
        for then, condition in reversed(branches):
            otherwise = select_where(condition, then, otherwise)
        return otherwise

    def call(self, token: Token) -> Expr:
        function = FUNCTIONS.get(token.text)
        if function is None:
            raise self.unknown_function(token)
        opening = self.take()
        arguments = [self.number(self.value(_IF), token)] if self.next.text != ")" else []
        while self.next.text == ",":
            self.take()
            arguments.append(self.number(self.value(_IF), token))
        self.close(opening)
        if not function.takes(len(arguments)):
            wanted = f"{function.least}" + ("" if function.most else " or more")
            raise self.error(
                f"{token.text} takes {wanted} argument{'s' * (wanted != '1')}, "
                f"and {len(arguments)} are given",
                f"Write {function.signature}",
                token,
            )
        try:
            return self.checked(function.build(arguments), token)
        except ValueError as error:
            raise self.error(str(error), "Mend its argument", token) from None

    def unknown_function(self, token: Token) -> ProblemError:
        name = shorten(token.text)
        if token.text in OTHER_NAMES:
            return self.error(
                f"there is no function `{name}`", f"Write {OTHER_NAMES[token.text]}", token
            )
        if token.text in self.scope.values or token.text in ("pi", "e"):
            return self.error(
                f"`{name}` is not a function", f"If a product is meant, write `{name}*(...)`", token
            )
        guess = nearest(token.text, FUNCTIONS)
        hint = f"Did you mean `{guess}`" if guess else f"There are {', '.join(FUNCTIONS)}"
        return self.error(f"there is no function `{name}`", hint, token)

    def name(self, token: Token) -> Value:
        word = token.text
        if word in self.scope.refused:
            raise self.error(
                f"`{word}` may not be used here: {self.scope.refused[word]}",
                "Leave it out here",
                token,
            )
        if word in self.scope.values:
            return self.scope.values[word]
        if word in ("pi", "e"):
            return ex.PI if word == "pi" else ex.apply(Op.EXP, ex.ONE)
        if word in _LITERALS:
            return _LITERALS[word]
        if word in FUNCTIONS:
            signature = FUNCTIONS[word].signature
            raise self.error(f"`{word}` is a function", f"Write {signature}", token)
        if word in _NOT_PYTHON:
            raise self.error(
                f"`{word}` is not part of the grammar", "See docs/problem-file.md", token
            )
        if word.lower() in ("inf", "infinity", "nan", "oo"):
            raise self.error(
                f"`{word}` is not a number", "Only bounds may be infinite, written .inf", token
            )
        guess = nearest(word, [*self.scope.values, "pi"])
        hint = f"Did you mean `{guess}`" if guess else self.known_names()
        raise self.error(f"`{shorten(word)}` is not defined", hint, token)

    def known_names(self) -> str:
        names = ", ".join(self.scope.values)
        return f"Known here: {shorten(names, 200)}" if names else "Only a constant can stand here"
