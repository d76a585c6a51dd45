"""What is always true of sin(u), tanh(u), sqrt(u), a/b, ...? One fixed table of theorems.

Soundness depends on this file: its atoms are added to regions as if they had always been there.
A theorem's atoms hold wherever all of them are defined.
``bcv.checker.rules.theorems`` holds the same table, written independently.

Notation: f = f(u) is the term, u any expression. A bound on f(u)*u for u >= 0 holds for all u,
since f is odd: both sides are even.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Final

from bcv import expr as ex
from bcv.evidence import Theorem
from bcv.expr import Expr, Op
from bcv.region import And, Atom, Formula, Relation, conjuncts

ODD: Final = frozenset({Op.SIN, Op.TAN, Op.ASIN, Op.ATAN, Op.SINH, Op.TANH})
EVEN: Final = frozenset({Op.COS, Op.COSH})

Atoms = tuple[Atom, ...]


def _zero(term: Expr) -> Atom:
    return Atom(term, Relation.EQ)


def _least(term: Expr) -> Atom:
    return Atom(term, Relation.GE)


def _positive(term: Expr) -> Atom:
    return Atom(term, Relation.GT)


def _number(top: int, bottom: int = 1) -> Expr:
    return ex.const(Fraction(top, bottom))


def _pythagoras(u: Expr) -> Atoms:
    """sin(u)^2 + cos(u)^2 = 1."""
    return (_zero(ex.apply(Op.SIN, u) ** 2 + ex.apply(Op.COS, u) ** 2 - ex.ONE),)


def _sine(u: Expr) -> Atoms:
    """u sin u <= u^2, since |sin u| <= |u|."""
    return (_least(u**2 - ex.apply(Op.SIN, u) * u),)


def _sine_square(u: Expr) -> Atoms:
    """sin^2 u <= u^2 and sin^2 u <= 1."""
    square = ex.apply(Op.SIN, u) ** 2
    return (_least(u**2 - square), _least(ex.ONE - square))


def _sine_series(u: Expr) -> Atoms:
    """u sin u >= u^2 - u^4/6: Taylor's series alternates."""
    return (_least(ex.apply(Op.SIN, u) * u - u**2 + _number(1, 6) * u**4),)


def _cosine(u: Expr) -> Atoms:
    """cos u >= 1 - u^2/2 (integrate sin u <= u from 0)."""
    return (_least(ex.apply(Op.COS, u) - ex.ONE + _number(1, 2) * u**2),)


def _cosine_series(u: Expr) -> Atoms:
    """cos u <= 1 - u^2/2 + u^4/24 (integrate sin u >= u - u^3/6 from 0)."""
    gap = ex.apply(Op.COS, u) - ex.ONE + _number(1, 2) * u**2
    return (_least(_number(1, 24) * u**4 - gap),)


def _half_turn(u: Expr) -> Atoms:
    """u sin u >= sin^2 u for |u| <= pi: there sin u has the sign of u, and |sin u| <= |u|.

    It may be used where interval arithmetic on the region's box shows that |u| <= 333/106 < pi.
    """
    sine = ex.apply(Op.SIN, u)
    return (_least(u * sine), _least(u * sine - sine**2))


def _tanh(u: Expr) -> Atoms:
    """tanh^2 u <= u tanh u <= u^2: tanh u has the sign of u, and |tanh u| <= |u|."""
    f = ex.apply(Op.TANH, u)
    return (_least(u * f - f**2), _least(u**2 - u * f))


def _tanh_bounds(u: Expr) -> Atoms:
    """tanh^2 < 1, and tanh u >= u - u^3/3 for u >= 0 (tanh' = 1 - tanh^2 >= 1 - u^2)."""
    f = ex.apply(Op.TANH, u)
    return (_positive(ex.ONE - f**2), _least(u * f - u**2 + _number(1, 3) * u**4))


def _atan(u: Expr) -> Atoms:
    """atan^2 u <= u atan u <= u^2: atan u has the sign of u, and |atan u| <= |u|."""
    f = ex.apply(Op.ATAN, u)
    return (_least(u * f - f**2), _least(u**2 - u * f))


def _atan_bounds(u: Expr) -> Atoms:
    """atan u >= u/(1 + u^2) for u >= 0, since atan' = 1/(1 + u^2) falls there."""
    f = ex.apply(Op.ATAN, u)
    return (_least((ex.ONE + u**2) * (u * f) - u**2),)


def _exp_positive(u: Expr) -> Atoms:
    """exp u > 0."""
    return (_positive(ex.apply(Op.EXP, u)),)


def _exp(u: Expr) -> Atoms:
    """exp u >= 1 + u (convexity), and (the same at -u, times exp u) exp u (1 - u) <= 1."""
    f = ex.apply(Op.EXP, u)
    return (_least(f - ex.ONE - u), _least(ex.ONE - f + u * f))


def _log(u: Expr) -> Atoms:
    """u > 0, log u <= u - 1 (concavity), and (the same at 1/u, times u) u log u >= u - 1."""
    f = ex.apply(Op.LOG, u)
    return (_positive(u), _least(u - ex.ONE - f), _least(u * f - u + ex.ONE))


def _sqrt(u: Expr) -> Atoms:
    """The root is the number >= 0 whose square is u."""
    f = ex.apply(Op.SQRT, u)
    return (_least(f), _zero(f**2 - u))


def _abs(u: Expr) -> Atoms:
    """|u| is the larger one of u and -u."""
    f = ex.apply(Op.ABS, u)
    return (_least(f), _zero(f**2 - u**2), _least(f - u), _least(f + u))


def _max(a: Expr, b: Expr) -> Atoms:
    """max(a, b) is one of the two and no less than either."""
    f = ex.maximum(a, b)
    return (_least(f - a), _least(f - b), _zero((f - a) * (f - b)))


def _min(a: Expr, b: Expr) -> Atoms:
    """min(a, b) is one of the two and no more than either."""
    f = ex.minimum(a, b)
    return (_least(a - f), _least(b - f), _zero((f - a) * (f - b)))


def _quotient(a: Expr, b: Expr) -> Atoms:
    """(a/b) b = a."""
    return (_zero(ex.div(a, b) * b - a),)


def _tangent(u: Expr) -> Atoms:
    """tan u cos u = sin u."""
    return (_zero(ex.apply(Op.TAN, u) * ex.apply(Op.COS, u) - ex.apply(Op.SIN, u)),)


def _hyperbolic(u: Expr) -> Atoms:
    """cosh^2 - sinh^2 = 1; cosh u >= 1 + u^2/2 and u sinh u >= u^2, by their series."""
    cosine, sine = ex.apply(Op.COSH, u), ex.apply(Op.SINH, u)
    return (
        _zero(cosine**2 - sine**2 - ex.ONE),
        _least(cosine - ex.ONE - _number(1, 2) * u**2),
        _least(u * sine - u**2),
    )


def _mirrored(f: Expr, g: Expr) -> Atoms:
    """f(-u) = -f(u) for odd f, f(u) for even f, 1/f(u) for exp; the operands are u and -u."""
    if f.op is Op.EXP:
        return (_zero(f * g - ex.ONE),)
    return (_zero(f + g if f.op in ODD else f - g),)


def _turned(f: Expr, g: Expr, k: Expr) -> Atoms:
    """sin(v + k pi) = (-1)^k sin v, and so for cos, for whole k; of v + k pi and v."""
    assert k.constant is not None
    return (_zero(f + g if k.constant % 2 else f - g),)


def _at_least(term: Expr, bound: Expr) -> Atoms:
    """Interval arithmetic on the region's box says so."""
    return (_least(term - bound),)


def _at_most(term: Expr, bound: Expr) -> Atoms:
    """Interval arithmetic on the region's box says so."""
    return (_least(bound - term),)


TABLE: Final[dict[str, Callable[..., Atoms]]] = {
    "pythagoras": _pythagoras,
    "sine": _sine,
    "sine-square": _sine_square,
    "sine-series": _sine_series,
    "cosine": _cosine,
    "cosine-series": _cosine_series,
    "half-turn": _half_turn,
    "tanh": _tanh,
    "tanh-bounds": _tanh_bounds,
    "atan": _atan,
    "atan-bounds": _atan_bounds,
    "exp-positive": _exp_positive,
    "exp": _exp,
    "log": _log,
    "sqrt": _sqrt,
    "abs": _abs,
    "max": _max,
    "min": _min,
    "quotient": _quotient,
    "tangent": _tangent,
    "hyperbolic": _hyperbolic,
    "mirrored": _mirrored,
    "turned": _turned,
    "at-least": _at_least,
    "at-most": _at_most,
}
"""By name. half-turn, mirrored, turned, at-least, at-most are true only under their conditions."""


def atoms_of(theorem: Theorem) -> Atoms:
    """What the theorem says of its terms, in the order that numbers the atoms."""
    return TABLE[theorem.name](*theorem.args)


def enriched(formula: Formula, theorems: Iterable[Theorem]) -> Formula:
    """The formula with the theorems' atoms as its last conjuncts."""
    return And((*conjuncts(formula), *(atom for t in theorems for atom in atoms_of(t))))
