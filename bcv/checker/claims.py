"""What is a claim? "For all x in the region: expr >= 0 (> 0)".

The checker's verdict depends on this file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from .terms import Terms

Formula = tuple[Any, ...]
"""("and", *parts), ("or", *parts), or (relation, term), which means "term relation 0"."""

Side = tuple[Fraction | None, Fraction | None]

TRUE: Formula = ("and",)
FALSE: Formula = ("or",)


class Region(NamedTuple):
    """The points with every coordinate in its closed interval (None: no end) and the formula."""

    names: tuple[str, ...]
    box: tuple[Side, ...]
    formula: Formula

    def numbered_atoms(self, terms: Terms) -> list[Formula]:
        """The finite bounds of the box, then the formula's atoms from left to right."""
        found: list[Formula] = []
        for name, (lo, hi) in zip(self.names, self.box, strict=True):
            x = terms.node("var", name)
            if lo is not None:
                found.append((">=", terms.sub(x, terms.const(lo))))
            if hi is not None:
                found.append((">=", terms.sub(terms.const(hi), x)))
        return [*found, *atoms(self.formula)]


class Claim(NamedTuple):
    """Everywhere in the region, expr and all of ``defined`` have values, and expr >= 0 (> 0).

    ``refutable`` is False if the claim is only sufficient for its condition, so that a
    counterexample to the claim says nothing about the condition; ``vacuous`` is True if the
    region plainly has no points.
    """

    name: str
    words: str
    region: Region
    expr: int
    strict: bool
    defined: tuple[int, ...] = ()
    refutable: bool = True
    vacuous: bool = False


class Obligation(NamedTuple):
    """What the evidence speaks about; atoms in it are numbered by ``region``."""

    region: Region
    expr: int
    strict: bool


def both(*parts: Formula) -> Formula:
    """The conjunction, without nested "and"."""
    flat: list[Formula] = []
    for part in parts:
        flat.extend(part[1:] if part[0] == "and" else (part,))
    return flat[0] if len(flat) == 1 else ("and", *flat)


def conjuncts(formula: Formula) -> tuple[Formula, ...]:
    return formula[1:] if formula[0] == "and" else (formula,)


def atoms(formula: Formula) -> Iterator[Formula]:
    """Every atom, from left to right."""
    if formula[0] in ("and", "or"):
        for part in formula[1:]:
            yield from atoms(part)
    else:
        yield formula


def formula_text(terms: Terms, formula: Formula) -> str:
    """The formula for reading."""
    op, *parts = formula
    if op in ("and", "or"):
        words = [formula_text(terms, part) for part in parts]
        return f"({f' {op} '.join(words)})" if words else ("true" if op == "and" else "false")
    return f"{terms.text(parts[0])} {op} 0"


def plain(terms: Terms, formula: Formula) -> Formula:
    """The formula, with everything that is plainly true or false resolved."""
    op, *rest = formula
    if op not in ("and", "or"):
        value = terms.value(rest[0])
        if value is None:
            return formula
        holds = value >= 0 if op == ">=" else value > 0 if op == ">" else value == 0
        return TRUE if holds else FALSE
    unit, absorbing = (TRUE, FALSE) if op == "and" else (FALSE, TRUE)
    parts: list[Formula] = []
    for part in (plain(terms, part) for part in rest):
        if part == absorbing:
            return absorbing
        parts.extend(part[1:] if part[0] == op else (part,))
    return parts[0] if len(parts) == 1 else (unit[0], *parts)


def names_in(terms: Terms, formulas: Sequence[Formula], roots: Sequence[int]) -> set[str]:
    """The variables that occur."""
    inside = [atom[1] for formula in formulas for atom in atoms(formula)]
    return terms.variables([*roots, *inside])
