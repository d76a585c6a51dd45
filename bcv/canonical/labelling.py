"""In which order do the variables stand, if their names and given order must not matter?

Soundness does not depend on this file: a bad order only makes equal claims look different.

Colour refinement: variables that play different roles get different colours, by the terms in which
they occur. Where colours leave a choice, every choice is tried, up to a limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bcv.canonical.forms import Form, Forms, below, exponents
from bcv.expr import Op

MAX_ORDERS: Final = 24

_NUMBER: Final = {op: number for number, op in enumerate(Op)}
_SYMMETRIC: Final = (Op.MIN, Op.MAX, Op.ADD, Op.MUL)

Role = tuple[int, Form]
"""A form, and a number that says which part of the claim it is."""

# Colours are hashes of tuples of integers, which no hash seed alters, unlike those of text.


class Labelling:
    """Orders the variables of some forms."""

    def __init__(self, forms: Forms, roles: Sequence[Role], colours: Mapping[str, int]) -> None:
        """``colours``: what is known of the variables beside the forms, as a number each."""
        self._forms = forms
        self._roles = roles
        self._names = list(colours)
        self._start = dict(colours)
        self._used: list[int] = []
        below(forms, [form for _, form in roles], self._used.append)
        self._exponents: dict[int, list[tuple[int, int]]] = {}

    def orders(self) -> Iterator[tuple[str, ...]]:
        """Orders that do not depend on names; one of several is chosen by what it leads to."""
        left = [MAX_ORDERS]
        yield from self._orders(self._start, left)

    def _orders(self, colours: dict[str, int], left: list[int]) -> Iterator[tuple[str, ...]]:
        colours = self._stable(colours)
        ranked = sorted(self._names, key=lambda name: colours[name])  # stable: ties as given
        tied = _first_tie(ranked, colours)
        if not tied or left[0] <= 1:
            left[0] -= 1
            yield tuple(ranked)
            return
        for name in tied:
            if left[0] <= 0:
                return
            yield from self._orders({**colours, name: hash((colours[name], 1))}, left)

    def _stable(self, colours: dict[str, int]) -> dict[str, int]:
        """The colours, refined until that tells no more variables apart."""
        count = len(set(colours.values()))
        while count < len(self._names):
            finer = self._refined(colours)
            found = len(set(finer.values()))
            colours = finer
            if found == count:
                break
            count = found
        return colours

    def _powers(self, monomial: int) -> list[tuple[int, int]]:
        if monomial not in self._exponents:
            self._exponents[monomial] = exponents(monomial)
        return self._exponents[monomial]

    def _refined(self, colours: Mapping[str, int]) -> dict[str, int]:
        shade = self._shades(colours)
        tint = dict.fromkeys(self._used, 0)
        for role, form in self._roles:
            self._pour(role, form, shade, tint)
        for number in self._used:  # those that use others come first
            meaning = self._forms.indeterminates[number]
            if isinstance(meaning.args, str):
                continue
            for place, form in enumerate(meaning.args):
                place = 0 if meaning.op in _SYMMETRIC else place
                self._pour(hash((tint[number], shade[number], place)), form, shade, tint)
        found = dict(colours)
        for number in self._used:
            name = self._forms.indeterminates[number].args
            if isinstance(name, str) and name in found:
                found[name] = hash((colours[name], tint[number]))
        return found

    def _shades(self, colours: Mapping[str, int]) -> dict[int, int]:
        """A colour for every indeterminate, by what it is made of."""
        shade: dict[int, int] = {}
        for number in reversed(self._used):
            meaning = self._forms.indeterminates[number]
            if isinstance(meaning.args, str):
                shade[number] = hash((-1, colours.get(meaning.args, 0)))
                continue
            parts = [self._shade(form, shade) for form in meaning.args]
            if meaning.op in _SYMMETRIC:
                parts.sort()
            shade[number] = hash((_NUMBER[meaning.op], meaning.value, *parts))
        return shade

    def _shade(self, form: Form, shade: Mapping[int, int]) -> int:
        total = sum(hash((c, self._mixed(m, shade))) for m, c in form.terms)
        return hash((form.denominator, total, sum(shade[number] for number in form.needs)))

    def _mixed(self, monomial: int, shade: Mapping[int, int]) -> int:
        return sum(hash((shade[number], e)) for number, e in self._powers(monomial))

    def _pour(
        self, colour: int, form: Form, shade: Mapping[int, int], tint: dict[int, int]
    ) -> None:
        """Add to the tint of every indeterminate what its terms in a form look like."""
        for monomial, coefficient in form.terms:
            term = hash((colour, coefficient, form.denominator, self._mixed(monomial, shade)))
            for number, exponent in self._powers(monomial):
                tint[number] += hash((term, exponent, shade[number]))
        for number in form.needs:
            tint[number] += hash((colour, shade[number]))


def _first_tie(ranked: Sequence[str], colours: Mapping[str, int]) -> list[str]:
    """The variables of the first colour that several have."""
    for name in ranked:
        same = [other for other in ranked if colours[other] == colours[name]]
        if len(same) > 1:
            return same
    return []
