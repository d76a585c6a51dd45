"""What does SymPy say? Real roots of univariate systems, critical values on small boxes.

Soundness: an ``unsat`` is attested, not proved; models are verified exactly. SymPy is given
polynomials as tables of exponents and rationals, never text, in a child process.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from importlib.util import find_spec
from typing import Any, Final

from bcv.engines.engine import Budget
from bcv.engines.query import Reply, Solver, ask_module, child_main
from bcv.formats.smtlib import Query
from bcv.obligation import Obligation

MAX_VARIABLES: Final = 3
"""A box of n variables has 3**n faces, and each needs a Groebner basis."""

FINEST: Final = Fraction(1, 2**200)


@dataclass(frozen=True, slots=True)
class SymPy(Solver):
    """SymPy's exact polynomial algebra.

    In one variable a system is decided: it is looked at in every real root of its polynomials and
    between them. In two or three, claims on bounded boxes are proved: a polynomial takes its least
    value over a box inside some face, where its derivatives along the face vanish, so the least
    value is a real root of the generator of <derivatives, s - g> that has s alone.
    """

    name: str = field(init=False, default="sympy")

    def ask(self, obligation: Obligation, budget: Budget) -> tuple[Query, Reply]:
        """See Solver; the query is JSON."""
        names = tuple((name, name) for name in obligation.region.variables)
        empty = Query("", names, frozenset())
        if find_spec("sympy") is None:
            return empty, Reply("unavailable", detail="not installed: pip install sympy")
        bounded = obligation.region.bounded and len(names) <= MAX_VARIABLES
        if len(names) != 1 and not bounded:
            words = f"SymPy is asked about 1 variable, or boxes of up to {MAX_VARIABLES}"
            return empty, Reply("unsupported", detail=words)
        text = polynomial_query(obligation)
        if text is None:
            return empty, Reply("unsupported", detail="SymPy is asked about polynomials only")
        query = Query(text, names, frozenset())
        return query, ask_module("bcv.engines.sympy", query, budget)


def polynomial_query(obligation: Obligation) -> str | None:
    """The obligation as JSON with polynomials as tables; None if it is not a polynomial one.

    Each case lists the polynomial constraints of one disjunct of the region. Constraints that are
    not polynomial are left out, which only enlarges the region.
    """
    from bcv.algebra.polynomial import polynomial, ring, to_terms
    from bcv.algebra.systems import constraint_sets

    if not all(root.total for root in obligation.roots):
        return None
    over = ring(obligation.region.variables)
    claim = polynomial(obligation.expr, over)
    sets = constraint_sets(obligation.region, over)
    if claim is None or sets is None:
        return None

    def table(poly: Any) -> list[list[Any]]:
        return [[list(monomial), str(value)] for monomial, value in to_terms(poly)]

    sides = [[str(side.lo), str(side.hi)] for side in obligation.region.box]
    return json.dumps(
        {
            "variables": list(obligation.region.variables),
            "box": sides if obligation.region.bounded else None,
            "claim": table(claim),
            "strict": obligation.strict,
            "cases": [[[c.relation.value, table(c.poly)] for c in case] for case in sets],
        }
    )


# What follows runs in the child process only.

Poly = Any


def _poly(sympy: Any, table: list[Any], symbols: list[Any]) -> Poly:
    terms = {tuple(exponents): sympy.Rational(text) for exponents, text in table}
    return sympy.Poly.from_dict(terms or {(0,) * len(symbols): 0}, *symbols, domain="QQ")


def _cells(sympy: Any, polys: list[Poly]) -> Iterator[tuple[Any, frozenset[int], Any]]:
    """A point for every root of the polynomials and for every interval between roots.

    Yields (point, the polynomials that have a root there, the width of the root's enclosure); the
    signs of all others are constant on the enclosure.
    """
    varying = [k for k, poly in enumerate(polys) if poly.degree() > 0]
    precision: Any = None
    while True:
        chosen = [polys[k].as_expr() for k in varying]
        found = sympy.intervals(chosen, eps=precision) if chosen else []
        ends = [end for (low, high), _ in found for end in (low, high)]
        apart = all(b > a for a, b in zip(ends[1:-1:2], ends[2::2], strict=True))
        narrow = all(high - low <= FINEST for (low, high), _ in found)
        if apart and narrow:
            break
        precision = sympy.Rational(FINEST) if precision is None else precision / 2**50
    for (low, high), owners in found:
        roots = frozenset(varying[k] for k in owners)
        yield (low + high) / 2, roots, high - low
    gaps = zip(ends[1:-1:2], ends[2::2], strict=True)
    between = [(a + b) / 2 for a, b in gaps]
    outside = [ends[0] - 1, ends[-1] + 1] if ends else [sympy.Integer(0)]
    for point in (*outside, *between):
        yield point, frozenset(), sympy.Integer(0)


def _holds(sign: int, relation: str) -> bool:
    return {">=": sign >= 0, ">": sign > 0, "==": sign == 0}[relation]


def _univariate(sympy: Any, asked: dict[str, Any], symbols: list[Any]) -> Reply:
    claim = _poly(sympy, asked["claim"], symbols)
    for case in asked["cases"]:
        polys = [claim, *(_poly(sympy, table, symbols) for _, table in case)]
        for point, roots, _ in _cells(sympy, polys):
            signs = [0 if k in roots else sympy.sign(p.eval(point)) for k, p in enumerate(polys)]
            violated = signs[0] <= 0 if asked["strict"] else signs[0] < 0
            inside = (_holds(s, r) for s, (r, _) in zip(signs[1:], case, strict=True))
            if violated and all(inside):
                model = ((asked["variables"][0], Fraction(int(point.p), int(point.q))),)
                return Reply("sat", model, sympy.__version__)
    return Reply("unsat", (), sympy.__version__)


def _least_is_fine(sympy: Any, values: Poly, strict: bool) -> bool:
    """Whether all real roots of a polynomial are >= 0 (> 0 if strict)."""
    if values.degree() <= 0:
        return not values.is_zero
    below = values.count_roots(None, 0)
    return bool(below == 0 if strict or values.eval(0) != 0 else below == 1)


def _on_box(sympy: Any, asked: dict[str, Any], symbols: list[Any]) -> Reply:
    claim = _poly(sympy, asked["claim"], symbols)
    value = sympy.Dummy("s")
    sides = [tuple(map(sympy.Rational, side)) for side in asked["box"]]
    for face in itertools.product((None, 0, 1), repeat=len(symbols)):
        fixed = {
            x: side[end]
            for x, side, end in zip(symbols, sides, face, strict=True)
            if end is not None
        }
        free = [x for x in symbols if x not in fixed]
        on_face = sympy.expand(claim.as_expr().subs(fixed))
        ideal = [sympy.diff(on_face, x) for x in free] + [value - on_face]
        basis = sympy.groebner(ideal, *free, value, order="lex", domain="QQ")
        last = basis.polys[-1].as_expr()
        if last == 1:
            continue  # no critical point on this face
        if last.free_symbols - {value}:
            return Reply("unknown", (), sympy.__version__, "no polynomial for the critical values")
        if not _least_is_fine(sympy, sympy.Poly(last, value, domain="QQ"), asked["strict"]):
            return Reply("unknown", (), sympy.__version__, "a critical value is negative")
    return Reply("unsat", (), sympy.__version__)


def _solve(script: str, seconds: float) -> Reply:
    import sympy

    asked = json.loads(script)
    symbols = [sympy.Dummy(f"x{k}") for k in range(len(asked["variables"]))]
    if len(symbols) == 1:
        return _univariate(sympy, asked, symbols)
    return _on_box(sympy, asked, symbols)


if __name__ == "__main__":
    child_main(_solve)
