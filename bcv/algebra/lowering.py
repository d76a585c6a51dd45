"""Do multiples of the equalities lower the claim's degree? The same claim, in fewer monomials.

Soundness does not depend on this file: ``identity`` checks what it makes.

On the surface p = 0 the claim g >= 0 is the claim g - q*p >= 0. Where the leading form of g is a
multiple of that of p, as it is at infinity along the asymptotes of a hyperbola B = 0, squares of
half the degree of g can only vanish there, and the identity has no interior to find; after the
subtraction it has one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bcv.algebra.gram import expand, from_evidence
from bcv.algebra.identity import CLAIM
from bcv.algebra.polynomial import Poly, Ring, to_flint, to_terms
from bcv.algebra.systems import System
from bcv.evidence import PolynomialCase
from bcv.region import Relation


@dataclass(frozen=True, slots=True)
class Lowered:
    """``system`` claims g - sum_j quotient_j * p_j instead of ``original``'s g.

    ``quotients`` are by the index of the equality p_j = 0.
    """

    original: System
    system: System
    quotients: dict[int, Poly]


def lowered(system: System) -> Lowered | None:
    """The claim with its degree lowered as far as leading forms divide; None if none does."""
    over, claim = system.over, system.claim
    surfaces = [
        (item.index, item.poly, _leading_form(item.poly, over))
        for item in system.constraints
        if item.relation is Relation.EQ and not item.poly.is_constant()
    ]
    quotients: dict[int, Poly] = {}
    while not claim.is_constant():
        top = _leading_form(claim, over)
        for index, poly, head in surfaces:
            quotient, rest = divmod(top, head)
            if rest.is_zero():
                claim = claim - quotient * poly
                quotients[index] = quotients.get(index, over.constant(0)) + quotient
                break
        else:
            break
    if not quotients:
        return None
    return Lowered(system, replace(system, claim=claim), quotients)


def _leading_form(poly: Poly, over: Ring) -> Poly:
    terms = {tuple(map(int, m)): c for m, c in poly.to_dict().items()}
    top = max(map(sum, terms))
    return over.from_terms({m: c for m, c in terms.items() if sum(m) == top})


def raised(low: Lowered, case: PolynomialCase) -> PolynomialCase:
    """The case against the lowered claim as one against the original.

    With G and G' the negated claims, G' = G + sum_j q_j p_j. A term with G'^a becomes the same
    with G^a, and what is missing is a multiple of the p_j.
    """
    system, over = low.original, low.original.over
    polys = {item.index: item.poly for item in system.constraints}
    free = {
        index: over.from_terms({m: to_flint(c) for m, c in terms}) for index, terms in case.free
    }

    def restore(weight: Poly, indices: Sequence[int]) -> None:
        """Give what ``weight`` times the product over the indices lost to the free factors."""
        power = indices.count(CLAIM)
        for index in indices:
            if index != CLAIM:
                weight = weight * polys[index]
        old, new = -system.claim, -low.system.claim
        shares = [new**i * old ** (power - 1 - i) for i in range(power)]
        lost = weight * sum(shares, over.constant(0))
        for index, quotient in low.quotients.items():
            free[index] = free.get(index, over.constant(0)) + lost * quotient

    for indices, found in case.cone:
        if CLAIM in indices:
            restore(expand(found.basis, from_evidence(found), over), indices)
    restore(over.constant(case.scale), case.strict)
    kept = tuple((index, to_terms(poly)) for index, poly in free.items() if not poly.is_zero())
    return replace(case, free=kept)
