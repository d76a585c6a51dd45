"""Does a claim have a square factor, or terms that cancel? Then a simpler claim implies it.

Soundness depends on this file: g = square**2 * goal must hold identically. It is computed over
flint's exact polynomials, in which sub-terms such as sin(x) stand as further variables.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bcv import expr as ex
from bcv.algebra.polynomial import (
    RATIONAL_OPS,
    Poly,
    Ring,
    expression,
    polynomial,
    ring,
    to_fraction,
)
from bcv.expr import Expr
from bcv.obligation import Obligation
from bcv.region import Atom, Relation, conjuncts


@dataclass(frozen=True, slots=True)
class Reduction:
    """``goal.expr >= 0`` on the same region implies the claim, which is square**2 * goal.expr."""

    square: Expr
    goal: Obligation


def reduced(obligation: Obligation) -> Reduction | None:
    """The simpler claim; None for strict claims, networks, and where nothing factors or cancels.

    ``goal.defined`` asks that the original expression is defined, too.
    """
    if obligation.strict or ex.is_network(ex.postorder(obligation.expr)):
        return None
    plain, meaning = _with_opaque_terms(obligation.expr)
    over = ring(tuple(sorted(ex.variables(plain))))
    poly = polynomial(plain, over)
    if poly is None:
        return None
    content, factors = poly.factor_squarefree()
    square, rest = over.constant(1), over.constant(to_fraction(content))
    surfaces = _surfaces(obligation, over)
    for factor, exponent in factors:
        # What is 0 on a surface makes the claim true there; without it, it may be false.
        halves = 0 if any(_share(factor, surface) for surface in surfaces) else exponent // 2
        square *= factor**halves
        rest *= factor ** (exponent - 2 * halves)
    goal = ex.substitute(expression(rest, over), meaning)
    if square.is_constant() and ex.variables(goal) == ex.variables(obligation.expr):
        return None
    root = ex.substitute(expression(square, over), meaning)
    needed = (*obligation.defined, obligation.expr, root)
    defined = tuple(dict.fromkeys(node for node in needed if not node.total))
    return Reduction(root, replace(obligation, expr=goal, defined=defined))


def _surfaces(obligation: Obligation, over: Ring) -> list[Poly]:
    """The polynomials that are 0 on the region, of those in the claim's variables alone."""
    equal = [
        part.expr
        for part in conjuncts(obligation.region.formula)
        if isinstance(part, Atom) and part.relation is Relation.EQ
    ]
    names = set(over.variables)
    found = [polynomial(expr, over) for expr in equal if ex.variables(expr) <= names]
    return [poly for poly in found if poly is not None]


def _share(factor: Poly, surface: Poly) -> bool:
    return not factor.gcd(surface).is_constant()


def _with_opaque_terms(root: Expr) -> tuple[Expr, dict[str, Expr]]:
    """The expression with a variable in the place of each function, and what those stand for."""
    meaning: dict[str, Expr] = {}
    done: dict[Expr, Expr] = {}
    for node in ex.postorder(root):
        if node.op not in RATIONAL_OPS:
            name = f" {len(meaning)}"  # no user's name begins with a blank
            meaning[name] = node
            done[node] = ex.var(name)
        else:
            done[node] = ex.rebuild(node, tuple(done[arg] for arg in node.args))
    return done[root], meaning
