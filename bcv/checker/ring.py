"""Are two expressions equal?

The checker's verdict depends on this file; all of it is exact integer and rational arithmetic.
A polynomial is a dict from monomials to coefficients; a monomial is one int that holds the
exponent of indeterminate i in bits 20*i ... 20*i + 19, so that monomials multiply by addition.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from operator import or_

from .terms import RejectedError, Terms, checked_size

Poly = dict[int, Fraction]

FIELD = 20
MOST_WORK = 10_000_000
MOST_INDETERMINATES = 200
MOST_BITS = 20_000


def _longest(p: Poly) -> int:
    """The bits of the longest coefficient."""
    return max(
        (c.numerator.bit_length() + c.denominator.bit_length() for c in p.values()), default=0
    )


def exponents(monomial: int, count: int) -> tuple[int, ...]:
    """The exponents of the first ``count`` indeterminates."""
    return tuple(monomial >> (FIELD * i) & ((1 << FIELD) - 1) for i in range(count))


class Ring:
    """Polynomials in indeterminates that are found on the way: variables, pi, sin(...), ...

    A non-rational sub-term is one indeterminate; two of them are the same one if they are the
    same function of operands that are equal as rational functions. Every product counts against
    a budget, so that no proof can make the checker expand for ever.
    """

    def __init__(self, terms: Terms, names: Sequence[str] = ()) -> None:
        self.terms = terms
        self.work = 0
        self.opaque: list[int] = []
        self._forms: dict[int, tuple[Poly, Poly]] = {}
        self._first: dict[int, int] = {}
        self.one: Poly = {0: Fraction(1)}
        self.count = self._spill = 0
        for name in names:
            self._indeterminate(terms.node("var", name))

    def _indeterminate(self, node: int) -> tuple[Poly, Poly]:
        if self.count >= MOST_INDETERMINATES:
            raise RejectedError(f"there are more than {MOST_INDETERMINATES} non-rational sub-terms")
        self.opaque.append(node)
        self._forms[node] = {1 << (FIELD * self.count): Fraction(1)}, self.one
        self._spill |= 3 << (FIELD * self.count + FIELD - 2)
        self.count += 1
        return self._forms[node]

    def _spend(self, steps: int) -> None:
        self.work += steps
        if self.work > MOST_WORK:
            raise RejectedError("the polynomials are too large to expand")

    def add(self, a: Poly, b: Poly, scale: Fraction | int = 1) -> Poly:
        """a + scale * b."""
        self._spend(len(a) + len(b))
        result = dict(a)
        for monomial, c in b.items():
            total = result.get(monomial, 0) + scale * c
            if total:
                result[monomial] = checked_size(total)
            else:
                result.pop(monomial, None)
        return result

    def multiply(self, a: Poly, b: Poly) -> Poly:
        if a is self.one or b is self.one:
            return b if a is self.one else a
        bits = _longest(a), _longest(b)
        self._spend(1 + len(a) * len(b) * (1 + (bits[0] * bits[1] >> 14)))
        if sum(bits) > MOST_BITS:
            raise RejectedError("the polynomials are too large to expand")
        # An exponent of less than a quarter of its field cannot spill into the next one.
        if (reduce(or_, a, 0) | reduce(or_, b, 0)) & self._spill:
            raise RejectedError("a polynomial's degree is too large")
        result: dict[int, Fraction] = {}
        for m, c in a.items():
            for n, d in b.items():
                result[m + n] = result.get(m + n, 0) + c * d
        return {m: c for m, c in result.items() if c}

    def power(self, a: Poly, n: int) -> Poly:
        result = self.one
        while n:
            if n % 2:
                result = self.multiply(result, a)
            n //= 2
            if n:
                a = self.multiply(a, a)
        return result

    def form(self, root: int) -> tuple[Poly, Poly]:
        """(p, q) with the expression = p/q wherever it is defined; q is nonzero there."""
        if root not in self._forms:
            for node in self.terms.below([root], self._forms):
                self.work += 1
                self._forms[node] = self._form(node)
        return self._forms[root]

    def _form(self, node: int) -> tuple[Poly, Poly]:
        op, *rest = self.terms.nodes[node]
        if op == "const":
            return ({0: rest[0]} if rest[0] else {}), self.one
        if op not in ("+", "-", "*", "/", "neg", "**"):
            return self._known(node) or self._indeterminate(node)
        p, q = self._forms[rest[0]]
        if op == "neg":
            return self.add({}, p, -1), q
        if op == "**":
            return self.power(p, rest[1]), self.power(q, rest[1])
        r, s = self._forms[rest[1]]
        if op == "*":
            return self.multiply(p, r), self.multiply(q, s)
        if op == "/":
            return self.multiply(p, s), self.multiply(q, r)
        sign = 1 if op == "+" else -1
        if q == s:
            return self.add(p, r, sign), q
        return self.add(self.multiply(p, s), self.multiply(r, q), sign), self.multiply(q, s)

    def _known(self, node: int) -> tuple[Poly, Poly] | None:
        """An indeterminate that stands for an equal sub-term."""
        op, operands = self.terms.nodes[node][0], self.terms.operands(node)
        for other in self.opaque if operands else ():
            if self.terms.nodes[other][0] == op and all(
                self.same(a, b) for a, b in zip(operands, self.terms.operands(other), strict=True)
            ):
                return self._forms[other]
        return None

    def same(self, a: int, b: int) -> bool:
        """Whether both are equal wherever both are defined (False also means: not seen to be)."""
        if a == b:
            return True
        (p, q), (r, s) = self.form(a), self.form(b)
        if not q or not s:
            return False
        return self.multiply(p, s) == self.multiply(r, q)

    def representative(self, a: int) -> int:
        """The same number for terms that are ``same`` (the first of them that was asked for)."""
        if a not in self._first:
            self._first[a] = next((b for b in self._first.values() if self.same(a, b)), a)
        return self._first[a]

    def polynomial(self, root: int, count: int) -> Poly:
        """The expression as a polynomial in the first ``count`` indeterminates."""
        p, q = self.form(root)
        if set(q) != {0}:
            raise RejectedError("a polynomial was expected, not a quotient")
        if any(m >> (FIELD * count) for m in p):
            raise RejectedError("a polynomial in the variables was expected")
        return {m: c / q[0] for m, c in p.items()}
