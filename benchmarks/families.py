"""Which claims are scaled? Families of obligations in dimension, degree and margin, made in Python.

The first measurements of this project were made with
prototypes that are gone; their claims are rebuilt here from the descriptions, so a pair of figures
compares claims of the same family and size, not the same claim. Each claim is "expr >= 0 on a
region", dressed as the first condition of a problem, so that it goes through the whole pipeline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement
from typing import Final

import numpy as np

from bcv import expr as ex
from bcv.expr import Expr, Op, const, var
from bcv.problem import Certificate, ConditionKind, Mode, Problem, TimeKind, Variable
from bcv.region import FALSE, TRUE, UNBOUNDED, Formula, Range, all_of, at_least

MILLIONTH: Final = Fraction(1, 10**6)


@dataclass(frozen=True, slots=True)
class Claim:
    """``expr >= 0`` on a box with a formula; ``published`` is the prototypes' best time, in s.

    ``holds`` is what is known of it, ``published_by`` the prototype's method.
    """

    family: str
    name: str
    variables: tuple[str, ...]
    box: tuple[Range, ...]
    formula: Formula
    expr: Expr
    holds: bool = True
    published: float | None = None
    published_by: str = ""

    def problem(self) -> Problem:
        """The problem whose condition on the initial set is the claim; nothing else is asked."""
        states = tuple(
            Variable(name, side, TRUE) for name, side in zip(self.variables, self.box, strict=True)
        )
        still = tuple(ex.ZERO for _ in states)
        mode = Mode("", still, TRUE, self.formula, FALSE, -self.expr)
        certificate = Certificate(ConditionKind.NONINCREASING)
        return Problem(self.name, TimeKind.CONTINUOUS, states, (mode,), certificate)


@dataclass(frozen=True, slots=True)
class System:
    """A vector field with a candidate B; its claim is -LfB >= 0 where inner <= B <= outer."""

    name: str
    variables: tuple[str, ...]
    field: tuple[Expr, ...]
    certificate: Expr
    reach: Fraction
    inner: Fraction
    outer: Fraction

    @property
    def decrease(self) -> Expr:
        """-LfB."""
        pairs = zip(self.variables, self.field, strict=True)
        return -_sum([ex.derivative(self.certificate, name) * rate for name, rate in pairs])

    def claim(
        self, family: str, published: float | None = None, by: str = "", *, tight: bool = False
    ) -> Claim:
        """-LfB >= 0 on the ring, or, tight, on the whole of B <= outer, where it is 0 at 0."""
        ring = at_least(const(self.outer) - self.certificate)
        if not tight:
            ring = all_of(ring, at_least(self.certificate - const(self.inner)))
        side = Range(-self.reach, self.reach)
        box = (side,) * len(self.variables)
        return Claim(
            family, self.name, self.variables, box, ring, self.decrease, True, published, by
        )


def _sum(terms: Sequence[Expr]) -> Expr:
    return sum(terms[1:], terms[0])


def _rational(text: str) -> Expr:
    return const(Fraction(text))


def _names(letter: str, count: int) -> tuple[str, ...]:
    return tuple(f"{letter}{i + 1}" for i in range(count))


def van_der_pol() -> System:
    """Reverse time; B of degree 4, so that LfB has degree 6."""
    x, y = var("x"), var("y")
    field = (-y, x - (ex.ONE - x**2) * y)
    # The quadratic part solves the Lyapunov equation of the linear part for 2*(x^2 + y^2).
    quadratic = const(3) * x**2 - const(2) * x * y + const(2) * y**2
    certificate = quadratic + _rational("1/20") * x**4 + _rational("1/20") * y**4
    return System(
        "van der Pol", ("x", "y"), field, certificate, Fraction(2), Fraction(1, 20), Fraction(2)
    )


def coupled_van_der_pol() -> System:
    """Two oscillators in reverse time, with a quadratic B."""
    names = ("x1", "y1", "x2", "y2")
    x1, y1, x2, y2 = map(var, names)
    weak = _rational("1/10")
    field = (
        -y1,
        x1 - (ex.ONE - x1**2) * y1 - weak * (x2 - x1),
        -y2,
        x2 - (ex.ONE - x2**2) * y2 - weak * (x1 - x2),
    )
    parts = [const(3) * x**2 - const(2) * x * y + const(2) * y**2 for x, y in ((x1, y1), (x2, y2))]
    return System("coupled van der Pol", names, field, _sum(parts), Fraction(2), Fraction(1, 20),
                  Fraction(2))  # fmt: skip


def ring_of(dimension: int) -> System:
    """A polynomial system in a ring with a quadratic B; -LfB has degree 4 and mixed terms."""
    names = _names("x", dimension)
    x = list(map(var, names))
    field = tuple(
        -x[i]
        + _rational("1/2") * x[(i + 1) % dimension]
        - _rational("1/2") * x[i - 1]
        + _rational("1/4") * x[i] * x[(i + 1) % dimension]
        - _rational("1/5") * x[i] ** 3
        for i in range(dimension)
    )
    crossed = [_rational("1/5") * x[i] * x[i - 1] for i in range(1, dimension)]
    certificate = _sum([*(a**2 for a in x), *crossed])
    return System(f"{dimension}-D", names, field, certificate, Fraction(3, 2), Fraction(1, 4),
                  Fraction(1))  # fmt: skip


def pendulum() -> System:
    """A damped pendulum with a quadratic B."""
    x, y = var("x"), var("y")
    field = (y, -ex.apply(Op.SIN, x) - y)
    certificate = _rational("3/2") * x**2 + x * y + y**2
    return System(
        "pendulum, sin", ("x", "y"), field, certificate, Fraction(2), Fraction(1, 20), Fraction(1)
    )


def neural_pendulum() -> System:
    """A pendulum under a network with three tanh units."""
    x, y = var("x"), var("y")
    units = [
        _rational("-1") * ex.apply(Op.TANH, x + y),
        _rational("-1/2") * ex.apply(Op.TANH, x + _rational("1/2") * y),
        _rational("-1") * ex.apply(Op.TANH, y),
    ]
    field = (y, ex.apply(Op.SIN, x) * _rational("1/2") + _sum(units))
    certificate = _rational("3/2") * x**2 + x * y + y**2
    return System("pendulum, 3 tanh", ("x", "y"), field, certificate, Fraction(2), Fraction(1, 20),
                  Fraction(1))  # fmt: skip


def five_systems() -> list[tuple[System, float, float | None]]:
    """Each with the prototypes' best times: away from the equilibrium, and on the whole set."""
    return [
        (van_der_pol(), 0.004, 0.013),
        (coupled_van_der_pol(), 0.010, 0.008),
        (ring_of(6), 0.025, 0.074),
        (pendulum(), 0.005, 0.019),
        (neural_pendulum(), 0.007, 0.054),
    ]


OF_DIMENSION: Final = {4: 0.015, 5: 0.022, 6: 0.025, 7: 0.095, 8: 0.33, 10: 6.2}
OF_DIMENSION_TIGHT: Final = {4: 0.008, 6: 0.074, 8: 0.437, 10: 2.293}


def dimensions() -> list[Claim]:
    """Quadratic B in 2 to 12 dimensions, away from the equilibrium and on the whole set."""
    found = []
    for n in (2, 3, 4, 5, 6, 7, 8, 10, 12):
        system = ring_of(n)
        found.append(
            system.claim("dimension", OF_DIMENSION.get(n), "intervals" * (n in OF_DIMENSION))
        )
        of_tight = OF_DIMENSION_TIGHT.get(n)
        found.append(system.claim("dimension, tight", of_tight, "SOS" * bool(of_tight), tight=True))
    return found


def random_forms() -> list[Claim]:
    """g = s0 + s1*(1 - |x|^2), 0 at the origin: true on the unit ball by construction."""
    published = {(2, 4): 0.002, (2, 6): 0.003, (2, 8): 0.008, (4, 4): 0.009, (6, 2): 0.003}
    return [
        _random_form(n, degree, seed, published.get((n, degree)))
        for n, degree in ((2, 4), (2, 6), (2, 8), (4, 4), (6, 2), (6, 4))
        for seed in range(3)
    ]


def _random_form(n: int, degree: int, seed: int, published: float | None) -> Claim:
    random = np.random.default_rng(1000 * n + 10 * degree + seed)
    names = _names("x", n)
    x = list(map(var, names))
    ball = ex.ONE - _sum([a**2 for a in x])
    expr = _random_squares(x, degree // 2, random)
    if degree > 2:
        expr = expr + _random_squares(x, degree // 2 - 1, random) * ball
    side = Range(Fraction(-1), Fraction(1))
    name = f"{n}-D, degree {degree}, no. {seed + 1}"
    published = 0.063 if (n, degree) == (6, 4) else published
    family = f"random, {n}-D, degree {degree}"
    return Claim(family, name, names, (side,) * n, at_least(ball), expr, True, published, "SOS")


def _random_squares(x: list[Expr], half: int, random: np.random.Generator) -> Expr:
    """A positive definite combination of the monomials of degree 1 to ``half``, in 16ths."""
    monomials = [
        _product(chosen)
        for degree in range(1, half + 1)
        for chosen in combinations_with_replacement(x, degree)
    ]
    size = len(monomials)
    squares = [const(Fraction(1, 2)) * monomial**2 for monomial in monomials]
    for _ in range(min(size, 4)):
        weights = random.integers(-16, 17, size)
        terms = [
            const(Fraction(int(w), 16)) * m for w, m in zip(weights, monomials, strict=True) if w
        ]
        squares.append(_sum(terms or [ex.ZERO]) ** 2)
    return _sum(squares)


def _product(factors: Sequence[Expr]) -> Expr:
    found = ex.ONE
    for factor in factors:
        found = found * factor
    return found


def famous_forms() -> list[tuple[str, Claim]]:
    """Nonnegative polynomials whose least value is exactly 0, multiplied out; over all of space."""
    x, y, z, w = map(var, "xyzw")
    six = (x**4 * y**2 + y**4 * z**2 + z**4 * x**2) - const(3) * x**2 * y**2 * z**2
    circle = (x**2 + y**2 - ex.ONE) ** 2
    robinson = (
        x**6 + y**6 + z**6
        - (x**4 * y**2 + x**4 * z**2 + y**4 * x**2 + y**4 * z**2 + z**4 * x**2 + z**4 * y**2)
        + const(3) * x**2 * y**2 * z**2
    )  # fmt: skip
    motzkin = x**4 * y**2 + x**2 * y**4 + ex.ONE - const(3) * x**2 * y**2
    quartic = x**2 * y**2 + y**2 * z**2 + z**2 * x**2 + w**4 - const(4) * x * y * z * w
    named: dict[str, tuple[str, Expr]] = {
        "Motzkin": ("xy", motzkin),
        "Motzkin, homogeneous": (
            "xyz", x**4 * y**2 + x**2 * y**4 + z**6 - const(3) * x**2 * y**2 * z**2),
        "Choi-Lam S": ("xyz", six),
        "Choi-Lam Q": ("xyzw", quartic),
        "Robinson": ("xyz", robinson),
        "circle and diagonal": ("xy", circle + _rational("1/10") * (x - y) ** 2),
        "circle": ("xy", circle),
        "product of two squares": ("xy", (x - y) ** 2 * (x + const(2) * y - ex.ONE) ** 2),
        "product of three squares": ("xy", (x**2 - y) ** 2 * (x + y) ** 2 * (x * y - ex.ONE) ** 2),
        "square times positive": ("xy", (x - y) ** 2 * (ex.ONE + x**2)),
    }  # fmt: skip
    found = []
    for name, (letters, expr) in named.items():
        box = (UNBOUNDED,) * len(letters)
        plain = expanded(expr, tuple(letters))
        found.append((name, Claim("famous", name, tuple(letters), box, TRUE, plain)))
    return found


def expanded(expr: Expr, names: tuple[str, ...]) -> Expr:
    """The polynomial multiplied out, so that no square shows."""
    from bcv.algebra.polynomial import polynomial, ring, to_terms

    found = polynomial(expr, ring(names))
    assert found is not None
    return _sum(
        [
            const(factor) * _product([var(n) ** e for n, e in zip(names, powers, strict=True) if e])
            for powers, factor in to_terms(found)
        ]
    )
