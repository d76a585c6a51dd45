"""Does the checker find the prover's affine bounds, and are they bounds in exact arithmetic?"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import pytest
from flint import arb, ctx, fmpq

from bcv import expr as ex
from bcv.checker import check_evidence
from bcv.checker.rules.affine import AffineBound
from bcv.checker.rules.lines import UnboundedError, line
from bcv.checker.terms import Terms
from bcv.engines.engine import Budget
from bcv.engines.linear_relaxation import LinearRelaxation
from bcv.events import ignore
from bcv.evidence import Bounded, Cover, Form
from bcv.expr import Expr, Op
from bcv.formats.expression import parse_expression
from bcv.formats.proof import proved_entry
from bcv.obligation import Obligation
from bcv.outcome import Hints, Proved
from bcv.region import And, Atom, Formula, Range, Region, Relation
from tests.checker.terms import translated

NAMES = ("x", "y")
SCOPE = {name: ex.var(name) for name in NAMES}


# -- prover and checker ---------------------------------------------------------------------------


def network(draw: random.Random, activation: str) -> Expr:
    """A small random network in x and y, its weights decimals or thirds."""
    layer = [ex.var(name) for name in NAMES]
    for width in (draw.randint(2, 6), draw.randint(1, 5)):
        rows = [[weight(draw) for _ in layer] for _ in range(width)]
        sums = [combination(draw, row, layer) for row in rows]
        layer = [parse_expression(activation, {"u": total}) for total in sums]
    return combination(draw, [weight(draw) for _ in layer], layer)


def weight(draw: random.Random) -> Fraction:
    return Fraction(draw.randint(-15, 15), draw.choice((3, 10)))


def combination(draw: random.Random, weights: list[Fraction], terms: list[Expr]) -> Expr:
    total = ex.const(weight(draw))
    for factor, term in zip(weights, terms, strict=True):
        total = total + ex.const(factor) * term
    return total


ACTIVATIONS = ("tanh(u)", "1/(1+exp(-u))", "relu(u)", "softplus(u)", "sin(u)", "exp(u/4)", "u**3/9")
SHAPES: tuple[Callable[[Expr, Expr], Expr], ...] = (
    lambda h, g: h,
    lambda h, g: h * g,
    lambda h, g: h / (ex.const(3) + g**2),
    lambda h, g: ex.derivative(h, "x") * SCOPE["y"] - ex.derivative(h, "y") * g,
    lambda h, g: ex.maximum(h, g) + ex.apply(Op.ABS, h),
    lambda h, g: ex.derivative(h**2, "x"),
)


def claim(draw: random.Random) -> Obligation:
    """A claim that is true by some margin, as far as samples tell, on a part of a box."""
    activation = draw.choice(ACTIVATIONS)
    h, g = network(draw, activation), network(draw, draw.choice(ACTIVATIONS))
    value = draw.choice(SHAPES)(h, g)
    parts: list[Formula] = []
    if draw.random() < 0.7:
        relation = draw.choice((Relation.EQ, Relation.GE, Relation.GT))
        parts.append(Atom(h if draw.random() < 0.5 else SCOPE["x"] - SCOPE["y"], relation))
    lower = math.floor(sampled_least(draw, value)) - draw.choice((1, 2))
    side = Range(Fraction(-1), Fraction(1))
    region = Region(NAMES, (side, side), And(tuple(parts)))
    strict = draw.random() < 0.5
    return Obligation("flow", "", "a claim", region, value - ex.const(Fraction(lower)), strict)


def sampled_least(draw: random.Random, value: Expr) -> float:
    terms = Terms()
    node = translated(value, terms)
    bound = AffineBound(terms, NAMES)
    points = [(draw.uniform(-1, 1), draw.uniform(-1, 1)) for _ in range(200)]
    return min(bound.lower(node, [(x, x), (y, y)]) for x, y in points)


def proved(obligation: Obligation) -> Cover | None:
    """The cover that the engine finds; the checker must accept it."""
    budget = Budget(time.monotonic() + 3.0, boxes=1500)
    outcome = LinearRelaxation().discharge(obligation, Hints(), budget, ignore)
    if not isinstance(outcome, Proved):
        return None
    assert isinstance(outcome.evidence, Cover)
    result = check_evidence(proved_entry(obligation, outcome.evidence))
    assert result.verified, (result.reason, obligation.expr)
    return outcome.evidence


@pytest.mark.parametrize("seed", range(8))
def test_every_affine_leaf_of_a_proof_is_verified(seed: int) -> None:
    draw = random.Random(seed)
    found = [proved(claim(draw)) for _ in range(8)]
    covers = [cover for cover in found if cover is not None]
    affine = 0
    for cover in covers:
        forms = [r.form if isinstance(r, Bounded) else None for r in cover.reasons]
        affine += sum(code >= 0 and forms[code] is Form.AFFINE for code in cover.nodes)
    assert len(covers) >= 2
    assert affine >= 5


@pytest.mark.parametrize("text", ["tanh(x + y)", "sigmoid(x)*exp(y/2)", "relu(x - y) + sin(x)"])
def test_a_leaf_with_a_multiplier_is_verified(text: str) -> None:
    surface = parse_expression(text, SCOPE) - ex.const(Fraction(1, 3))
    value = parse_expression("x**2/9 + y**4/9 + 1/9", SCOPE) + ex.const(5) * surface
    side = Range(Fraction(-1), Fraction(1))
    region = Region(NAMES, (side, side), And((Atom(surface, Relation.EQ),)))
    cover = proved(Obligation("flow", "", "a claim", region, value, strict=True))
    assert cover is not None
    assert cover.multipliers


# -- the checker and exact arithmetic -------------------------------------------------------------

EXACT = (
    "x*y - y**2 + 3*x",
    "max(x - y, x*y) - min(x, y**3) + abs(x + 2*y)",
    "(x + y)**5 - 4*x**2*y**3 + 7/3",
    "x/(y**2 + 1) - (x if y > 1/3 else -2*x)",
    "0.1*x + 1/3*y - 1/7*(x - y)",
    "(x - y)*(x + y) - x**2 + y**2",
    "1e40*x*y - 1e-40*x + 1e-70*y**3",
    "1e-130*x*(1e-130*y) + 1e-30*x",
    "123456789123456789123*x - 123456789123456789122*x - y",
)


def rational_value(node: Expr, at: dict[str, Fraction]) -> Fraction:
    done: dict[Expr, Fraction] = {}
    for inner in ex.postorder(node):
        a = [done[arg] for arg in inner.args]
        match inner.op:
            case Op.CONST:
                found = inner.constant
            case Op.VAR:
                found = at[str(inner.value)]
            case Op.POW:
                assert isinstance(inner.value, int)
                found = a[0] ** inner.value
            case Op.SELECT:
                found = a[1] if a[0] > 0 else a[2] if a[0] < 0 else min(a[1:])
            case _:
                found = RATIONAL[inner.op](*a)
        assert found is not None
        done[inner] = found
    return done[node]


RATIONAL: dict[Op, Callable[..., Fraction]] = {
    Op.ADD: lambda a, b: a + b,
    Op.SUB: lambda a, b: a - b,
    Op.MUL: lambda a, b: a * b,
    Op.DIV: lambda a, b: a / b,
    Op.NEG: lambda a: -a,
    Op.MIN: min,
    Op.MAX: max,
    Op.ABS: abs,
}


def some_side(draw: random.Random) -> tuple[float, float]:
    """Wide and tiny sides, points, zero as an end, subnormal ends."""
    scale = 10.0 ** draw.choice((-320, -160, -30, -8, -1, 0, 0, 1, 3, 12))
    middle = draw.choice((0.0, 0.0, 1.0, -3.0, 1e5)) * draw.uniform(0.5, 1.5)
    ends = [middle + scale * draw.choice((-1.0, 0.0, 0.3, 1.0)) for _ in range(2)]
    return min(ends), max(ends)


@pytest.mark.parametrize("text", EXACT)
def test_no_exact_value_lies_below_the_bound(text: str) -> None:
    draw = random.Random(text)
    root = parse_expression(text, SCOPE)
    terms = Terms()
    bound, node = AffineBound(terms, NAMES), translated(root, terms)
    said = 0
    for _ in range(300):
        box = [some_side(draw), some_side(draw)]
        lower = bound.lower(node, box)
        assert not math.isnan(lower)
        if lower == -math.inf:
            continue
        said += 1
        shares = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]
        shares += [(draw.random(), draw.random()) for _ in range(4)]
        for share in shares:
            at = {
                name: Fraction(lo) + (Fraction(hi) - Fraction(lo)) * Fraction(s)
                for name, (lo, hi), s in zip(NAMES, box, share, strict=True)
            }
            assert Fraction(lower) <= rational_value(root, at)
    assert said >= 150


FUNCTIONS: dict[str, Callable[[arb], arb]] = {
    "tanh": lambda x: x.tanh(),
    "exp": lambda x: x.exp(),
    "sin": lambda x: x.sin(),
    "cos": lambda x: x.cos(),
    "inverse": lambda x: 1 / x,
    "sqrt": lambda x: x.sqrt(),
    "log": lambda x: x.log(),
    "relu": lambda x: x if x > 0 else arb(0),
    "**2": lambda x: x**2,
    "**3": lambda x: x**3,
    "**4": lambda x: x**4,
    "**9": lambda x: x**9,
}


def ball(x: float) -> arb:
    return arb(fmpq(*x.as_integer_ratio()))


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_a_line_and_a_range_hold_at_every_point(kind: str) -> None:
    draw = random.Random(kind)
    name, exponent = ("**", int(kind[2:])) if kind.startswith("**") else (kind, 0)
    said = 0
    with ctx.workprec(1500):
        for _ in range(600):
            lo, hi = some_side(draw)
            if name in ("inverse", "sqrt", "log") and draw.random() < 0.8:
                lo, hi = abs(lo) + 1e-9, abs(lo) + abs(hi) + 1e-9
            try:
                slope, offset, error, least, most = line(name, exponent, lo, hi)
            except UnboundedError:
                continue
            if not error < 1e100:
                continue
            said += 1
            for share in (0.0, 1.0, 0.5, draw.random(), draw.random()):
                x = min(max(lo + (hi - lo) * share, lo), hi)
                value = FUNCTIONS[kind](ball(x))
                off = abs(value - ball(slope) * ball(x) - ball(offset))
                assert not off > ball(error), (lo, hi, x)
                assert not value < ball(least), (lo, hi, x)
                assert not value > ball(most), (lo, hi, x)
    assert said >= 150


def test_exp_and_tanh_err_by_less_than_their_lines_assume() -> None:
    from bcv.checker.rules import lines

    with ctx.workprec(400):
        points = [-750.0, -700.0, -0.35, -1e-300, 0.0, 0.34657359, 239.9]
        points += [random.Random(0).uniform(-40, 40) for _ in range(5000)]
        for x in points:
            value = ball(x).exp()
            assert abs(ball(lines._exp(x)) - value) <= value * 2**-46 + arb("1e-300")
            assert abs(ball(lines._tanh(x)) - ball(x).tanh()) <= arb(2) ** -46


# -- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["1/x", "log(x)", "sqrt(x)", "0*log(x) + 1", "x/x", "exp(1000*x) + 1", "1e200*x*y*x",
     "tan(y)", "exp(exp(exp(7*x)))", "1/(x*y - y*x) + 2", "(1/x if y > 9 else 1)"],
)  # fmt: skip
def test_what_is_perhaps_undefined_or_overflows_has_no_bound(text: str) -> None:
    terms = Terms()
    bound = AffineBound(terms, NAMES)
    node = translated(parse_expression(text, SCOPE), terms)
    assert bound.lower(node, [(-1.0, 1.0), (-1.0, 1.0)]) == -math.inf


def test_huge_sides_have_no_bound() -> None:
    terms = Terms()
    bound = AffineBound(terms, NAMES)
    node = translated(parse_expression("x**2 + y**2 + 1", SCOPE), terms)
    for end in (1e101, 1e200, 1.7e308):
        assert bound.lower(node, [(-end, end), (0.0, 1.0)]) == -math.inf


def test_equal_terms_cancel_exactly() -> None:
    terms = Terms()
    bound = AffineBound(terms, NAMES)
    node = translated(parse_expression("tanh(x)*y + 0.1 - y*tanh(x) + 0*x", SCOPE), terms)
    lows = [bound.lower(node, [(-w, w), (-w, w)]) for w in (10.0, 1.0, 0.1)]
    assert all(a <= b for a, b in pairwise(lows))


@pytest.mark.parametrize(
    ("text", "factor"),
    [
        ("exp((1 + 1/10**17)*x) - exp(x)", 1),
        ("tanh(y + (1 + 1/10**17)*x) - tanh(x + y)", 1),
        ("10**20*(exp(x) - exp((1 + 1/10**17)*x))", 10**20),
        ("exp(x/(1 + 1/10**17)) - exp(x)", 1),
    ],
)
def test_terms_that_differ_by_less_than_a_rounding_error_do_not_cancel(
    text: str, factor: int
) -> None:
    """Their difference is no more than the error of either: nothing below that may be claimed."""
    terms = Terms()
    bound = AffineBound(terms, NAMES)
    node = translated(parse_expression(text, SCOPE), terms)
    assert bound.lower(node, [(0.5, 1.0), (0.5, 1.0)]) < -1e-18 * factor
