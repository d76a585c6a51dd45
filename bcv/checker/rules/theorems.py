"""What is always true of sin(u), tanh(u), sqrt(u), a/b, ...? One fixed table of theorems.

The checker's verdict depends on this file: a theorem's atoms hold wherever all of them have
values, which ``prove`` makes sure of. In the proofs, f stands for f(u); a bound on u*f(u) for
odd f need only be shown for u >= 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import inf
from typing import Any

from .. import tasks
from ..claims import Formula, Region, Side, conjuncts
from ..reading import entry, sequence, text
from ..ring import Ring
from ..tasks import Task
from ..terms import RejectedError, Terms
from .definedness import has_value, single_valued
from .fixed_point import Fixed
from .programs import enclosures

MOST_THEOREMS = 200
BITS = 160
ODD = ("sin", "tan", "asin", "atan", "sinh", "tanh")
EVEN = ("cos", "cosh")
BELOW_PI = Fraction(333, 106)


def prove(task: Task, data: Any, depth: int) -> str:
    """The region is not smaller for atoms that hold, and have values, all over it."""
    region, terms = task.region, task.terms
    table = Theorems(terms, region.names, region.box)
    found: list[Formula] = []
    instances = sequence(entry(data, "theorems"))
    if len(instances) > MOST_THEOREMS:
        raise RejectedError(f"there are more than {MOST_THEOREMS} theorems")
    for name, args in (sequence(instance, 2) for instance in instances):
        found += table.atoms(text(name), task.reader.all(args))
    single_valued(terms, [term for _, term in found])
    if not all(has_value(task, term) for _, term in found):
        raise RejectedError("a theorem is about a term that is not shown to be defined")
    formula = ("and", *conjuncts(region.formula), *found)
    inner = task.within(Region(region.names, region.box, formula), task.goal)
    return f"{len(found)} facts and {tasks.prove(inner, entry(data, 'inner'), depth + 1)}"


class Theorems:
    """The table, for terms over a box of the named variables."""

    def __init__(self, terms: Terms, names: Sequence[str], box: Sequence[Side]) -> None:
        self.terms, self.names, self.box = terms, names, box
        self.table: dict[str, tuple[int, Callable[..., list[Formula]]]] = {
            "pythagoras": (1, self._pythagoras),
            "sine": (1, self._sine),
            "sine-square": (1, self._sine_square),
            "sine-series": (1, self._sine_series),
            "cosine": (1, self._cosine),
            "cosine-series": (1, self._cosine_series),
            "half-turn": (1, self._half_turn),
            "tanh": (1, self._tanh),
            "tanh-bounds": (1, self._tanh_bounds),
            "atan": (1, self._atan),
            "atan-bounds": (1, self._atan_bounds),
            "exp-positive": (1, self._exp_positive),
            "exp": (1, self._exp),
            "log": (1, self._log),
            "sqrt": (1, self._sqrt),
            "abs": (1, self._abs),
            "max": (2, self._max),
            "min": (2, self._min),
            "quotient": (2, self._quotient),
            "tangent": (1, self._tangent),
            "hyperbolic": (1, self._hyperbolic),
            "mirrored": (2, self._mirrored),
            "turned": (3, self._turned),
            "at-least": (2, self._at_least),
            "at-most": (2, self._at_most),
        }

    def atoms(self, name: str, args: Sequence[int]) -> list[Formula]:
        """The atoms of a theorem about these terms. Raises RejectedError."""
        arity, rule = self.table.get(name, (0, None))
        if rule is None or len(args) != arity:
            raise RejectedError(f"there is no theorem {name[:40]!r} about {len(args)} terms")
        return rule(*args)

    # -- words for terms --------------------------------------------------------------------------

    def _sum(self, *parts: tuple[Fraction | int, Sequence[int]]) -> int:
        """The sum of coefficient * product of terms."""
        terms, total = self.terms, self.terms.zero
        for coefficient, factors in parts:
            product = terms.const(coefficient)
            for factor in factors:
                product = terms.mul(product, factor)
            total = terms.add(total, product)
        return total

    def _range(self, term: int) -> tuple[Any, Any]:
        """Rationals or infinities between which the term lies on the box."""
        fixed = Fixed(BITS)
        inputs = []
        for lo, hi in self.box:
            least = -inf if lo is None else fixed.enclose(lo)[0]
            inputs.append((least, inf if hi is None else fixed.enclose(hi)[1]))
        found = enclosures(self.terms, self.names, fixed, (term,))(inputs)
        if found is None:
            raise RejectedError("a range is asked of a term that is perhaps undefined")
        lo, hi = found[0]
        return lo if lo == -inf else fixed.exact(lo), hi if hi == inf else fixed.exact(hi)

    # -- the table --------------------------------------------------------------------------------

    def _pythagoras(self, u: int) -> list[Formula]:
        """sin^2 + cos^2 = 1."""
        s, c = self.terms.apply("sin", u), self.terms.apply("cos", u)
        return [("==", self._sum((1, (s, s)), (1, (c, c)), (-1, ())))]

    def _sine(self, u: int) -> list[Formula]:
        """|sin u| <= |u|: integrate cos <= 1 from 0."""
        s = self.terms.apply("sin", u)
        return [(">=", self._sum((1, (u, u)), (-1, (s, u))))]

    def _sine_square(self, u: int) -> list[Formula]:
        """|sin u| <= |u| as in ``_sine``, and |sin u| <= 1."""
        s, one = self.terms.apply("sin", u), self.terms.one
        below = self._sum((1, (u, u)), (-1, (s, s)))
        return [(">=", below), (">=", self._sum((1, (one,)), (-1, (s, s))))]

    def _sine_series(self, u: int) -> list[Formula]:
        """sin u >= u - u^3/6 for u >= 0: integrate cos u >= 1 - u^2/2 from 0."""
        s = self.terms.apply("sin", u)
        return [(">=", self._sum((1, (s, u)), (-1, (u, u)), (Fraction(1, 6), (u, u, u, u))))]

    def _cosine(self, u: int) -> list[Formula]:
        """cos u >= 1 - u^2/2: integrate sin u <= u from 0."""
        c = self.terms.apply("cos", u)
        return [(">=", self._sum((1, (c,)), (-1, ()), (Fraction(1, 2), (u, u))))]

    def _cosine_series(self, u: int) -> list[Formula]:
        """cos u <= 1 - u^2/2 + u^4/24: integrate sin u >= u - u^3/6 from 0."""
        c = self.terms.apply("cos", u)
        half, tail = Fraction(-1, 2), Fraction(1, 24)
        return [(">=", self._sum((-1, (c,)), (1, ()), (half, (u, u)), (tail, (u, u, u, u))))]

    def _half_turn(self, u: int) -> list[Formula]:
        """Where |u| <= 333/106 < pi, sin u has the sign of u, and |sin u| <= |u|."""
        lo, hi = self._range(u)
        if lo < -BELOW_PI or hi > BELOW_PI:
            raise RejectedError("an angle is perhaps beyond a half-turn")
        s = self.terms.apply("sin", u)
        return [(">=", self._sum((1, (u, s)))), (">=", self._sum((1, (u, s)), (-1, (s, s))))]

    def _tanh(self, u: int) -> list[Formula]:
        """0 <= tanh u <= u for u >= 0, as 0 <= tanh' <= 1."""
        return self._between_zero_and(u, self.terms.apply("tanh", u))

    def _between_zero_and(self, u: int, f: int) -> list[Formula]:
        return [
            (">=", self._sum((1, (u, f)), (-1, (f, f)))),
            (">=", self._sum((1, (u, u)), (-1, (u, f)))),
        ]

    def _tanh_bounds(self, u: int) -> list[Formula]:
        """|tanh| < 1; tanh u >= u - u^3/3 for u >= 0, as tanh' = 1 - tanh^2 >= 1 - u^2."""
        t = self.terms.apply("tanh", u)
        return [
            (">", self._sum((1, ()), (-1, (t, t)))),
            (">=", self._sum((1, (u, t)), (-1, (u, u)), (Fraction(1, 3), (u, u, u, u)))),
        ]

    def _atan(self, u: int) -> list[Formula]:
        """0 <= atan u <= u for u >= 0, as 0 <= atan' <= 1."""
        return self._between_zero_and(u, self.terms.apply("atan", u))

    def _atan_bounds(self, u: int) -> list[Formula]:
        """atan u >= u/(1 + u^2) for u >= 0, as atan' = 1/(1 + u^2) falls there."""
        a = self.terms.apply("atan", u)
        return [(">=", self._sum((1, (u, a)), (1, (u, u, u, a)), (-1, (u, u))))]

    def _exp_positive(self, u: int) -> list[Formula]:
        """e > 0."""
        return [(">", self.terms.apply("exp", u))]

    def _exp(self, u: int) -> list[Formula]:
        """e >= 1 + u by convexity; the same at -u, times e."""
        e = self.terms.apply("exp", u)
        return [
            (">=", self._sum((1, (e,)), (-1, ()), (-1, (u,)))),
            (">=", self._sum((1, ()), (-1, (e,)), (1, (u, e)))),
        ]

    def _log(self, u: int) -> list[Formula]:
        """u > 0 where log u has a value; log u <= u - 1 by concavity; the same at 1/u, times u."""
        f = self.terms.apply("log", u)
        return [
            (">", u),
            (">=", self._sum((1, (u,)), (-1, ()), (-1, (f,)))),
            (">=", self._sum((1, (u, f)), (-1, (u,)), (1, ()))),
        ]

    def _sqrt(self, u: int) -> list[Formula]:
        """The number >= 0 whose square is u."""
        r = self.terms.apply("sqrt", u)
        return [(">=", r), ("==", self._sum((1, (r, r)), (-1, (u,))))]

    def _abs(self, u: int) -> list[Formula]:
        """The larger one of u and -u."""
        a = self.terms.apply("abs", u)
        return [
            (">=", a),
            ("==", self._sum((1, (a, a)), (-1, (u, u)))),
            (">=", self._sum((1, (a,)), (-1, (u,)))),
            (">=", self._sum((1, (a,)), (1, (u,)))),
        ]

    def _one_of(self, f: int, a: int, b: int) -> Formula:
        terms = self.terms
        return "==", terms.mul(terms.sub(f, a), terms.sub(f, b))

    def _max(self, a: int, b: int) -> list[Formula]:
        """One of the two, and no less than either."""
        f = self.terms.extremum("max", a, b)
        return [(">=", self.terms.sub(f, a)), (">=", self.terms.sub(f, b)), self._one_of(f, a, b)]

    def _min(self, a: int, b: int) -> list[Formula]:
        """One of the two, and no more than either."""
        f = self.terms.extremum("min", a, b)
        return [(">=", self.terms.sub(a, f)), (">=", self.terms.sub(b, f)), self._one_of(f, a, b)]

    def _quotient(self, a: int, b: int) -> list[Formula]:
        """(a/b) b = a."""
        return [("==", self.terms.sub(self.terms.mul(self.terms.div(a, b), b), a))]

    def _tangent(self, u: int) -> list[Formula]:
        """tan cos = sin."""
        sine, cosine, tangent = (self.terms.apply(op, u) for op in ("sin", "cos", "tan"))
        return [("==", self._sum((1, (tangent, cosine)), (-1, (sine,))))]

    def _hyperbolic(self, u: int) -> list[Formula]:
        """cosh^2 - sinh^2 = 1; cosh u >= 1 + u^2/2 and u sinh u >= u^2 by their power series."""
        c, s = self.terms.apply("cosh", u), self.terms.apply("sinh", u)
        return [
            ("==", self._sum((1, (c, c)), (-1, (s, s)), (-1, ()))),
            (">=", self._sum((1, (c,)), (-1, ()), (Fraction(-1, 2), (u, u)))),
            (">=", self._sum((1, (u, s)), (-1, (u, u)))),
        ]

    def _mirrored(self, f: int, g: int) -> list[Formula]:
        """f(-u) = -f(u) for odd f, f(u) for even f, 1/f(u) for exp."""
        (op, *u), (other, *v) = self.terms.nodes[f], self.terms.nodes[g]
        if op != other or op not in (*ODD, *EVEN, "exp"):
            raise RejectedError("a mirrored function is neither odd nor even nor exp")
        if not Ring(self.terms).same(self.terms.neg(u[0]), v[0]):
            raise RejectedError("mirrored operands are not opposite")
        if op == "exp":
            return [("==", self._sum((1, (f, g)), (-1, ())))]
        return [("==", self._sum((1, (f,)), (1 if op in ODD else -1, (g,))))]

    def _turned(self, f: int, g: int, turns: int) -> list[Formula]:
        """sin(v + k pi) = (-1)^k sin(v), and the same for cos, for whole numbers k."""
        terms, k = self.terms, self.terms.value(turns)
        (op, *u), (other, *v) = terms.nodes[f], terms.nodes[g]
        if op != other or op not in ("sin", "cos") or k is None or k.denominator != 1:
            raise RejectedError("a turned function is neither sin nor cos, or its turns not whole")
        if not Ring(terms).same(u[0], terms.add(v[0], terms.mul(turns, terms.node("pi")))):
            raise RejectedError("turned operands do not differ by so many times pi")
        return [("==", self._sum((1, (f,)), (1 if k % 2 else -1, (g,))))]

    def _at_least(self, term: int, bound: int) -> list[Formula]:
        """Interval arithmetic says so."""
        value = self.terms.value(bound)
        if value is None or self._range(term)[0] < value:
            raise RejectedError("a lower bound of a term is not seen to hold")
        return [(">=", self.terms.sub(term, bound))]

    def _at_most(self, term: int, bound: int) -> list[Formula]:
        """Interval arithmetic says so."""
        value = self.terms.value(bound)
        if value is None or self._range(term)[1] > value:
            raise RejectedError("an upper bound of a term is not seen to hold")
        return [(">=", self.terms.sub(bound, term))]
