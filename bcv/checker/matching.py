"""Does the prover's obligation imply the checker's own claim? So that its form may be used.

The checker's verdict depends on this file. The prover arranged the claim in its own way: bounds
moved from the formula into the box, terms in another order. Accepted is an obligation whose
region contains the own region, and whose expression g gives the own one as s*g + c wherever both
have values, for rationals s > 0 and c >= 0.
"""

from __future__ import annotations

from fractions import Fraction

from .claims import FALSE, Claim, Formula, Obligation, Region, Side, conjuncts
from .ring import FIELD, Ring
from .terms import RejectedError, rational_value

RATIONAL = ("const", "var", "pi", "+", "-", "*", "/", "neg", "**")


def linear(ring: Ring, term: int, degree: int = 1) -> tuple[str, Fraction, Fraction] | None:
    """(x, a, b) if the term is a*x**degree + b for one variable x and a != 0."""
    terms = ring.terms
    if terms.nodes[term][0] in ("/", "const", "pi") or not terms.total[term]:
        return None
    if any(terms.nodes[node][0] not in RATIONAL for node in terms.below([term])):
        return None  # functions might cancel, but nobody writes that
    try:
        p, q = ring.form(term)
    except RejectedError:
        return None  # too large to be linear
    slopes = [m for m in p if m]
    if set(q) != {0} or len(slopes) != 1:
        return None
    (monomial,) = slopes
    found = next((i for i in range(ring.count) if monomial == degree << (FIELD * i)), None)
    variable = None if found is None else terms.nodes[ring.opaque[found]]
    if variable is None or variable[0] != "var":
        return None
    return variable[1], p[monomial] / q[0], p.get(0, Fraction(0)) / q[0]


def _bounds(ring: Ring, relation: str, term: int) -> tuple[str, Side] | None:
    """What "term relation 0" says of one variable: a*x + b >= 0, or x**2 <= r**2."""
    found = linear(ring, term)
    if found is not None:
        name, slope, offset = found
        edge = -offset / slope
        lower = slope > 0 or relation == "=="
        upper = slope < 0 or relation == "=="
        return name, (edge if lower else None, edge if upper else None)
    found = linear(ring, term, 2)
    if found is None or (found[1] > 0 and relation != "=="):
        return None
    root = rational_value("sqrt", -found[2] / found[1])
    return None if root is None else (found[0], (-root, root))


def tight_box(ring: Ring, region: Region) -> dict[str, Side]:
    """The box, tightened by the conjuncts that bound one variable."""
    sides = dict(zip(region.names, region.box, strict=True))
    for part in conjuncts(region.formula):
        found = None if part[0] in ("and", "or") else _bounds(ring, part[0], part[1])
        if found is None or found[0] not in sides:
            continue
        name, (least, most) = found
        lo, hi = sides[name]
        if least is not None:
            lo = least if lo is None else max(lo, least)
        if most is not None:
            hi = most if hi is None else min(hi, most)
        sides[name] = lo, hi
    return sides


def is_empty(ring: Ring, region: Region) -> bool:
    """Whether the region plainly has no points."""
    sides = tight_box(ring, region).values()
    return region.formula == FALSE or any(
        lo is not None and hi is not None and lo > hi for lo, hi in sides
    )


def _canonical(ring: Ring, formula: Formula) -> object:
    """Equal for formulas that differ in positive factors and in the order of their parts only."""
    op, *parts = formula
    if op in ("and", "or"):
        return op, frozenset(_canonical(ring, part) for part in parts)
    p, q = ring.form(parts[0])
    if not p or set(q) != {0}:
        return op, ring.representative(parts[0])
    factor = abs(q[0] / p[max(p)]) * (1 if q[0] > 0 else -1)
    if op == "==" and p[max(p)] * factor < 0:
        factor = -factor
    return op, frozenset((m, c * factor) for m, c in p.items())


def _with_weaker(ring: Ring, part: Formula) -> list[object]:
    """The conjunct, and what follows from it: t > 0 and t == 0 imply t >= 0."""
    found = [_canonical(ring, part)]
    if part[0] in (">", "=="):
        found.append(_canonical(ring, (">=", part[1])))
    return found


def gain(ring: Ring, known: int, asked: int) -> Fraction | None:
    """The c >= 0 with asked = s*known + c for some s > 0, wherever both have values."""
    if ring.same(known, asked):
        return Fraction(0)
    (p, q), (r, s) = ring.form(known), ring.form(asked)
    if not q or not s:
        return None
    a, b, d = ring.multiply(p, s), ring.multiply(r, q), ring.multiply(q, s)
    # asked - scale*known = (b - scale*a)/d: a monomial that d lacks tells the scale.
    lead = max((m for m in a if m not in d), default=None)
    scale = Fraction(1) if lead is None else b.get(lead, Fraction(0)) / a[lead]
    rest = ring.add(b, a, -scale)
    if scale <= 0 or not rest:
        return Fraction(0) if scale > 0 else None
    c = rest.get(max(d), Fraction(0)) / d[max(d)]
    return c if c >= 0 and not ring.add(rest, d, -c) else None


def mismatch(ring: Ring, claim: Claim, found: Obligation) -> str:
    """Why the obligation does not imply the claim; "" if it does."""
    sides = tight_box(ring, claim.region)
    for name, (lo, hi) in zip(found.region.names, found.region.box, strict=True):
        if name not in sides:
            return f"the obligation speaks about {name[:40]!r}"
        least, most = sides[name]
        if lo is not None and (least is None or least < lo):
            return f"the obligation's box is too small: {name} >= {lo}"
        if hi is not None and (most is None or most > hi):
            return f"the obligation's box is too small: {name} <= {hi}"
    own = {key for part in conjuncts(claim.region.formula) for key in _with_weaker(ring, part)}
    if any(_canonical(ring, part) not in own for part in conjuncts(found.region.formula)):
        return "the obligation's region has a constraint that the claim's has not"
    more = gain(ring, found.expr, claim.expr)
    if more is None:
        return "the obligation's expression is another one"
    if claim.strict and not found.strict and more == 0:
        return "the obligation is not strict"
    return ""
