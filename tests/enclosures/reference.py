"""What is the exact value? Hostile intervals, and values by rationals or 200-bit balls."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import flint
import numpy as np
from flint import arb
from numpy.typing import NDArray

from bcv.enclosures.intervals import IntervalMachine
from bcv.enclosures.tape import compile_tape
from bcv.expr import Expr, Op, postorder, var

flint.ctx.prec = 200

Array = NDArray[np.float64]
NAMES = ("x", "y", "z")
X, Y, Z = map(var, NAMES)
MAX = float(np.finfo(float).max)
SPECIAL = np.array([0.0, 5e-324, 2.0**-1022, 1e-310, 2.0**-600, 1e-8, 0.1, 0.5, 1.0, 2.0, 3.0])
SPECIAL = np.append(SPECIAL, [1 - 2**-53, 1 + 2**-52, math.pi / 2, math.pi, 10.0, 2.0**20, 2.0**52])
SPECIAL = np.append(SPECIAL, [709.7, 710.5, 745.2, 1e154, 1e200, MAX])
UNDEFINED = "undefined"
UNKNOWN = "unknown"


def numbers(rng: np.random.Generator, count: int) -> Array:
    """Doubles of every size: ordinary, special, near multiples of pi/2, from the whole range."""
    ordinary = rng.normal(0, 3, count)
    wide = np.ldexp(rng.uniform(1, 2, count), rng.integers(-1074, 1024, count))
    special = rng.choice(SPECIAL, count)
    turns = rng.integers(0, 400, count) * (math.pi / 2)
    turns = np.where(rng.random(count) < 0.5, turns, turns + rng.normal(0, 1e-12, count))
    kind = rng.choice(4, count, p=(0.4, 0.15, 0.25, 0.2))
    chosen = np.choose(kind, (ordinary, wide, special, turns))
    return np.where(rng.random(count) < 0.5, chosen, -chosen)


def intervals(rng: np.random.Generator, count: int) -> tuple[Array, Array]:
    """Ends lo <= hi: thin, zero-width, wide, with 0 at an end or inside, infinite."""
    a, b = numbers(rng, count), numbers(rng, count)
    kind = rng.choice(7, count, p=(0.3, 0.25, 0.15, 0.1, 0.08, 0.06, 0.06))
    with np.errstate(all="ignore"):
        thin = a + np.abs(a) * 2.0 ** rng.uniform(-52, 0, count)
        other = np.choose(kind, (b, thin, a, np.zeros(count), a + 1, np.full(count, np.inf), -a))
        other = np.where((kind == 5) & (rng.random(count) < 0.5), -np.inf, other)
    other = np.nan_to_num(other, nan=0.0, posinf=np.inf, neginf=-np.inf)
    return np.minimum(a, other), np.maximum(a, other)


def points_within(rng: np.random.Generator, lo: Array, hi: Array) -> list[Array]:
    """The ends (if finite), points inside, and 0 or 1 where they are inside."""
    low, high = np.maximum(lo, -MAX), np.minimum(hi, MAX)
    share = rng.random(lo.shape)
    inside = np.clip(low * (1 - share) + high * share, low, high)
    near = np.clip(low + np.minimum(np.abs(low), 1e290) * 1e-3 * share, low, high)
    return [low, high, inside, near, np.clip(0.0, low, high), np.clip(1.0, low, high)]


def enclose(roots: Sequence[Expr], lo: Array, hi: Array) -> tuple[Array, Array]:
    """The enclosures of the roots on boxes (n_variables, K)."""
    machine = IntervalMachine(compile_tape(roots, NAMES[: len(lo)]), lo.shape[1])
    return machine.evaluate(lo, hi)


_BALL = {
    Op.SIN: arb.sin,
    Op.COS: arb.cos,
    Op.TAN: arb.tan,
    Op.ASIN: arb.asin,
    Op.ACOS: arb.acos,
    Op.ATAN: arb.atan,
    Op.SINH: arb.sinh,
    Op.COSH: arb.cosh,
    Op.TANH: arb.tanh,
    Op.EXP: arb.exp,
    Op.LOG: arb.log,
    Op.SQRT: arb.sqrt,
}


def ball(value: Fraction | arb) -> arb:
    """The value as a 200-bit ball."""
    if isinstance(value, Fraction):
        return arb(flint.fmpq(value.numerator, value.denominator))
    return value


def _sign(value: Fraction | arb) -> int | None:
    if isinstance(value, Fraction):
        return (value > 0) - (value < 0)
    return 1 if value > 0 else -1 if value < 0 else 0 if value == 0 else None


def _elementary(op: Op, a: Fraction | arb) -> Fraction | arb | str:
    sign = _sign(a)
    if op is Op.LOG and sign is not None and sign <= 0:
        return UNDEFINED
    if op is Op.SQRT and sign is not None and sign <= 0:
        return UNDEFINED if sign else Fraction(0)
    if op in (Op.ASIN, Op.ACOS):
        excess = _sign(abs(a) - 1)
        if excess is not None and excess > 0:
            return UNDEFINED
    result = _BALL[op](ball(a))
    return result if result.is_finite() else UNKNOWN


def _value(node: Expr, args: list[Fraction | arb | str]) -> Fraction | arb | str:
    if node.op is Op.SELECT:
        sign = UNKNOWN if isinstance(args[0], str) else _sign(args[0])
        if isinstance(sign, int):
            return args[1] if sign > 0 else args[2] if sign < 0 else args[1]
        return args[0] if isinstance(args[0], str) else UNKNOWN
    if UNDEFINED in args or UNKNOWN in args:
        return UNDEFINED if UNDEFINED in args else UNKNOWN
    if node.op is Op.PI:
        return arb.pi()
    if node.op is Op.CONST:
        return node.value
    if node.op is Op.DIV and (_sign(args[1]) in (0, None)):
        return UNDEFINED if _sign(args[1]) == 0 else UNKNOWN
    if not all(isinstance(argument, Fraction) for argument in args):
        args = [ball(argument) for argument in args]
    match node.op, args:
        case Op.ADD, (a, b):
            return a + b
        case Op.SUB, (a, b):
            return a - b
        case Op.MUL, (a, b):
            return a * b
        case Op.DIV, (a, b):
            return a / b
        case Op.NEG, (a,):
            return -a
        case Op.POW, (a,):
            return a**node.value
        case Op.ABS, (a,):
            return abs(a)
        case Op.MIN, (a, b):
            return a.min(b) if isinstance(a, arb) else min(a, b)
        case Op.MAX, (a, b):
            return a.max(b) if isinstance(a, arb) else max(a, b)
        case op, (a,):
            return _elementary(op, a)
    raise AssertionError(node)


def reference(roots: Sequence[Expr], point: Sequence[float]) -> list[Fraction | arb | str]:
    """The roots' values at a point of doubles: exact, a ball, UNDEFINED or UNKNOWN."""
    at = dict(zip(NAMES, map(Fraction, map(float, point)), strict=False))
    done: dict[Expr, Fraction | arb | str] = {}
    for node in postorder(*roots):
        if node.op is Op.VAR:
            done[node] = at[str(node.value)]
        else:
            done[node] = _value(node, [done[argument] for argument in node.args])
    return [done[root] for root in roots]


def escapes(value: Fraction | arb | str, lo: float, hi: float) -> bool:
    """True if the value is certainly outside of [lo, hi], or undefined and that was not told."""
    if isinstance(value, str):
        return value == UNDEFINED and not (lo == -math.inf and hi == math.inf)
    if isinstance(value, Fraction):
        return not lo <= value <= hi
    return bool(value < arb(lo)) or bool(value > arb(hi))


def assert_encloses(
    roots: Sequence[Expr], rng: np.random.Generator, lo: Array, hi: Array
) -> tuple[Array, Array]:
    """On every box, at points inside it, the roots' exact values are in their enclosures."""
    low, high = enclose(roots, lo, hi)
    assert not np.isnan(low).any()
    assert not np.isnan(high).any()
    assert np.all(low <= high)
    assert np.all(low < np.inf)
    assert np.all(high > -np.inf)
    columns = [points_within(rng, a, b) for a, b in zip(lo, hi, strict=True)]
    for which in range(6):
        picked = np.stack([column[(which + i) % 6] for i, column in enumerate(columns)])
        for k in range(lo.shape[1]):
            values = reference(roots, picked[:, k])
            for root, value, a, b in zip(roots, values, low[:, k], high[:, k], strict=True):
                assert not escapes(value, a, b), (root, lo[:, k], hi[:, k], picked[:, k], a, b)
    return low, high
