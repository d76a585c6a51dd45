"""Which monomials can occur in a sum of squares? Fewer make smaller and better programs.

Soundness does not depend on this file: a wrong basis only fails to find a certificate.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

from bcv.evidence import Monomial


def monomials(size: int, most: int) -> list[Monomial]:
    """All monomials in ``size`` variables of total degree at most ``most``, by degree."""
    found: list[Monomial] = []
    for total in range(most + 1):
        for picks in itertools.combinations_with_replacement(range(size), total):
            exponents = [0] * size
            for index in picks:
                exponents[index] += 1
            found.append(tuple(exponents))
    return found


def count(size: int, most: int) -> int:
    """How many monomials there are."""
    return math.comb(size + most, size) if most >= 0 else 0


def product(a: Monomial, b: Monomial) -> Monomial:
    """The product of two monomials."""
    return tuple(i + j for i, j in zip(a, b, strict=True))


def standard(basis: Iterable[Monomial], heads: Sequence[Monomial]) -> list[Monomial]:
    """The monomials that no head divides.

    Modulo polynomials with these leading monomials (in an order by degree) every polynomial is
    a combination of standard ones of at most its degree, so squares of others add nothing.
    """
    return [
        monomial
        for monomial in basis
        if not any(all(a >= b for a, b in zip(monomial, head, strict=True)) for head in heads)
    ]


def correlated(basis: Iterable[Monomial], support: Iterable[Monomial]) -> list[Monomial]:
    """The monomials all of whose variables occur together in some monomial of the support.

    A claim with few terms seldom needs others (Waki, Kim, Kojima and Muramatsu, "Sums of squares
    and semidefinite program relaxations for polynomial optimization problems with structured
    sparsity", 2006).
    """
    together = {frozenset(i for i, e in enumerate(m) if e) for m in support}
    largest = [a for a in together if not any(a < b for b in together)]
    return [
        monomial
        for monomial in basis
        if any(all(e == 0 or i in a for i, e in enumerate(monomial)) for a in largest)
    ]


def pruned(basis: Sequence[Monomial], support: Iterable[Monomial]) -> list[Monomial]:
    """The basis without monomials whose square cannot cancel, again and again.

    If 2b is not in the support and is no product of two other basis monomials, the diagonal
    entry of b is 0, and with it its row (Lofberg, "Pre- and post-processing sum-of-squares
    programs in practice", 2009). The result lies in half the Newton polytope of the support.
    """
    wanted = set(support)
    kept = list(basis)
    while True:
        made: set[Monomial] = set(wanted)
        alive = set(kept)
        for i, a in enumerate(kept):
            for b in kept[:i]:
                made.add(product(a, b))
        left = [a for a in kept if product(a, a) in made]
        if len(left) == len(alive):
            return left
        kept = left


def sign_symmetries(supports: Iterable[Monomial], size: int) -> list[int]:
    """Generators of the sign changes x_i -> -x_i that keep every monomial, as bit masks.

    They are the null space, over the field of two elements, of the exponents' parities.
    """
    rows: list[int] = []
    for monomial in supports:
        row = sum(1 << i for i, exponent in enumerate(monomial) if exponent % 2)
        for pivot in rows:
            row = min(row, row ^ pivot)
        if row:
            rows = [min(other, other ^ row) if other ^ row < other else other for other in rows]
            rows.append(row)
            rows.sort(reverse=True)
    return _null_space(rows, size)


def _null_space(rows: list[int], size: int) -> list[int]:
    reduced = list(rows)
    pivots: dict[int, int] = {}
    for position in range(len(reduced)):
        lead = reduced[position].bit_length() - 1
        pivots[lead] = position
        for other in range(len(reduced)):
            if other != position and reduced[other] >> lead & 1:
                reduced[other] ^= reduced[position]
    found = []
    for free in range(size):
        if free in pivots:
            continue
        mask = 1 << free
        for lead, position in pivots.items():
            if reduced[position] >> free & 1:
                mask |= 1 << lead
        found.append(mask)
    return found


def signature(monomial: Monomial, symmetries: Sequence[int]) -> tuple[int, ...]:
    """How the monomial's sign changes under each symmetry."""
    odd = sum(1 << i for i, exponent in enumerate(monomial) if exponent % 2)
    return tuple((odd & mask).bit_count() % 2 for mask in symmetries)


def split(basis: Sequence[Monomial], symmetries: Sequence[int]) -> list[list[Monomial]]:
    """The basis in classes between which a symmetric Gram matrix has only zeros."""
    classes: dict[tuple[int, ...], list[Monomial]] = {}
    for monomial in basis:
        classes.setdefault(signature(monomial, symmetries), []).append(monomial)
    return list(classes.values())
