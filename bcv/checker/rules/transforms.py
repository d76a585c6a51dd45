"""What is the mean of exp, sin, cos, sinh, cosh of something affine in a noise w?

The checker's verdict depends on this file. E[exp(a*w)] is the moment generating function, and
E[exp(i*a*w)] the characteristic function, of the law of w; a factor exp(a*w) turns a normal law
into one with another mean, and an exponential law into one with another rate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from math import factorial

from ..terms import Terms
from .definedness import is_polynomial
from .noise import Law

MOST_DEGREE = 60
MOST_PARTS = 2000

Moment = Callable[[Terms, Law, int], int]


def _monomials(t: Terms, root: int, names: Sequence[str]) -> Iterator[tuple[tuple[int, ...], int]]:
    """Exponents and coefficients of a polynomial in the names: its Taylor terms at 0."""
    if not names:
        yield (), root
        return
    zero, slope = {names[0]: t.zero}, root
    for k in range(MOST_DEGREE):
        if slope == t.zero:
            return
        part = t.mul(t.const(Fraction(1, factorial(k))), t.substitute(slope, zero))
        for exponents, coefficient in _monomials(t, part, names[1:]):
            yield (k, *exponents), coefficient
        slope = t.derivative(slope, names[0])
    raise OverflowError


def mean(t: Terms, root: int, name: str, law: Law, moment: Moment) -> int | None:
    """The expectation over w of sums of c * w**k * exp(a*w + b), or c * sin(a*w + b) or cos.

    None if this checker has no rule for it.
    """
    functions: dict[str, tuple[str, int, int]] = {}
    plain = _plain(t, root, name, functions)
    if plain is None or not is_polynomial(t, plain, {name, *functions}):
        return None
    total = t.zero
    try:
        parts = list(_monomials(t, plain, (name, *functions)))
    except OverflowError:
        return None
    if len(parts) > MOST_PARTS:
        return None
    for (order, *powers), coefficient in parts:
        if coefficient == t.zero:
            continue
        present = [(functions[f], n) for f, n in zip(functions, powers, strict=True) if n]
        value = _mean_of_product(t, order, present, law, moment)
        if value is None:
            return None
        total = t.add(total, t.mul(coefficient, value))
    return total


def _plain(
    t: Terms, root: int, name: str, functions: dict[str, tuple[str, int, int]]
) -> int | None:
    """The term with variables for functions of w, each with its name, slope and offset.

    None if an operand is not affine in w.
    """
    done: dict[int, int] = {}
    for node in t.below([root]):
        op, *rest = t.nodes[node]
        operands = [done[operand] for operand in t.operands(node)]
        held = name in t.variables([node])
        if held and op in ("exp", "sin", "cos"):
            found = _function(t, op, rest[0], name, functions)
        elif held and op in ("sinh", "cosh"):
            up = _function(t, "exp", rest[0], name, functions)
            down = _function(t, "exp", t.neg(rest[0]), name, functions)
            if up is None or down is None:
                return None
            both = t.add(up, down) if op == "cosh" else t.sub(up, down)
            found = t.div(both, t.const(2))
        elif held and op == "/" and t.nodes[rest[1]][0] == "exp":
            inverse = _function(t, "exp", t.neg(t.nodes[rest[1]][1]), name, functions)
            found = None if inverse is None else t.mul(operands[0], inverse)
        else:
            found = t.rebuild(t.nodes[node], operands)
        if found is None:
            return None
        done[node] = found
    return done[root]


def _function(
    t: Terms, op: str, operand: int, name: str, functions: dict[str, tuple[str, int, int]]
) -> int | None:
    """A variable for op(a*w + b)."""
    slope = t.derivative(operand, name)
    if not is_polynomial(t, operand, {name}) or name in t.variables([slope]):
        return None
    entry = (op, slope, t.substitute(operand, {name: t.zero}))
    key = next((k for k, known in functions.items() if known == entry), f" {len(functions)}")
    functions[key] = entry
    return t.node("var", key)


def _mean_of_product(
    t: Terms,
    order: int,
    factors: list[tuple[tuple[str, int, int], int]],
    law: Law,
    moment: Moment,
) -> int | None:
    waves = [(f, n) for f, n in factors if f[0] != "exp"]
    if waves:
        alone = len(factors) == 1 and waves[0][1] == 1 and not order
        return _wave(t, *waves[0][0], law) if alone else None
    slope = offset = t.zero
    for (_, a, b), n in factors:
        slope = t.add(slope, t.mul(t.const(n), a))
        offset = t.add(offset, t.mul(t.const(n), b))
    return _tilted(t, order, slope, offset, law, moment)


def _tilted(t: Terms, k: int, a: int, b: int, law: Law, moment: Moment) -> int | None:
    """E[w**k * exp(a*w + b)]."""
    value, first = t.value(a), t.value(law.values[0])
    if value == 0:
        return t.mul(t.apply("exp", b), moment(t, law, k))
    if law.kind == "normal":
        center, std = law.values
        variance = t.power(std, 2)
        moved = law._replace(values=(t.add(center, t.mul(a, variance)), std))
        half = t.mul(t.const(Fraction(1, 2)), t.mul(t.power(a, 2), variance))
        weight = t.apply("exp", t.add(b, t.add(t.mul(a, center), half)))
        return t.mul(weight, moment(t, moved, k))
    if law.kind == "exponential" and value is not None and first is not None and value < first:
        moved = law._replace(values=(t.const(first - value),))
        weight = t.mul(t.const(first / (first - value)), t.apply("exp", b))
        return t.mul(weight, moment(t, moved, k))
    if law.kind == "uniform" and value is not None and k == 0 and _has_length(t, law):
        lo, hi = (t.apply("exp", t.add(t.mul(a, end), b)) for end in law.values)
        return t.div(t.sub(hi, lo), t.mul(a, t.sub(law.values[1], law.values[0])))
    return None


def _wave(t: Terms, op: str, a: int, b: int, law: Law) -> int | None:
    """E[sin(a*w + b)], or of cos: the imaginary or real part of E[exp(i*a*w)] * exp(i*b)."""
    if law.kind == "normal":
        center, std = law.values
        size = t.mul(t.const(Fraction(-1, 2)), t.mul(t.power(a, 2), t.power(std, 2)))
        return t.mul(t.apply("exp", size), t.apply(op, t.add(t.mul(a, center), b)))
    sine, cosine = t.apply("sin", b), t.apply("cos", b)
    if law.kind == "exponential":  # r / (r - i*a) = r * (r + i*a) / (r**2 + a**2)
        rate = law.values[0]
        if op == "cos":
            turned = t.sub(t.mul(rate, cosine), t.mul(a, sine))
        else:
            turned = t.add(t.mul(rate, sine), t.mul(a, cosine))
        return t.div(t.mul(rate, turned), t.add(t.power(rate, 2), t.power(a, 2)))
    if law.kind == "uniform" and t.value(a) and _has_length(t, law):
        other = "sin" if op == "cos" else "cos"
        lo, hi = (t.apply(other, t.add(t.mul(a, end), b)) for end in law.values)
        ends = t.sub(hi, lo) if op == "cos" else t.sub(lo, hi)
        return t.div(ends, t.mul(a, t.sub(law.values[1], law.values[0])))
    return None


def _has_length(t: Terms, law: Law) -> bool:
    lo, hi = map(t.value, law.values)
    return lo is not None and hi is not None and lo < hi
