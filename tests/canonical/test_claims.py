"""Do equal digests mean equal truth, and does the same question asked differently hit?"""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcv import expr as ex
from bcv.canonical.claims import implies, name_of, renamed
from bcv.enclosures.exact import exact_value, holds
from bcv.formats.expression import parse_expression
from bcv.obligation import Obligation
from bcv.region import Formula, Range, all_of, any_of, at_least, equal, greater, region

NAMES = {name: ex.var(name) for name in ("x", "y", "z", "u", "v", "w")}


def read(text: str) -> ex.Expr:
    return parse_expression(text, NAMES)


def claim(
    text: str,
    *constraints: Formula,
    box: dict[str, tuple[int | None, int | None]] | None = None,
    strict: bool = False,
    defined: tuple[ex.Expr, ...] = (),
) -> Obligation:
    sides = box or {"x": (-1, 1), "y": (-2, 3)}

    def end(value: int | None) -> Fraction | None:
        return None if value is None else Fraction(value)

    ranges = tuple(Range(end(lo), end(hi)) for lo, hi in sides.values())
    where = region(tuple(sides), ranges, all_of(*constraints))
    return Obligation("flow", "", "", where, read(text), strict, defined)


SAME = [
    ("(x + y)**2", "x**2 + 2*x*y + y**2"),
    ("x*(y - 1) + x", "x*y"),
    ("3*x**2 - 6*y", "x**2 - 2*y"),
    ("0.1*x - 0.2*y", "x/2 - y"),
    ("sin(x*y + x)*y", "y*sin(x*(1 + y))"),
    ("min(x, y) + 1", "1 + min(y, x)"),
    ("x/(2*y + 8)", "0.5*x/(4 + y)"),
    ("log((x + 2)**2) + x", "x + log(x**2 + 4*x + 4)"),
]
DIFFERENT = [
    ("x/x", "1 + 0*y"),
    ("0*log(x)", "0*x"),
    ("x", "y"),
    ("x", "-x"),
    ("x", "x + 1"),
    ("sqrt(x)**2", "x"),
    ("log(x) - log(x) + y", "y"),
    ("x - 1/y + 1/y", "x"),
    ("1/(x + 2)", "1/(x + 3)"),
    ("1/(x + 2)", "1/(y + 2)"),
    ("1/(x + 2)", "1/x"),
    ("y/(x*y + 2)", "y/(x*y**2 + 2)"),
    ("min(x, y)", "max(x, y)"),
    ("sin(x)", "sin(y)"),
    ("x if y >= 0 else 1", "1 if y >= 0 else x"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_an_expression_written_differently_is_the_same_claim(one: str, other: str) -> None:
    a, b = claim(one), claim(other)
    assert name_of(a).digest == name_of(b).digest
    assert implies(a, b)
    assert implies(b, a)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_functions_and_other_needs_are_other_claims(one: str, other: str) -> None:
    a, b = claim(one), claim(other)
    assert name_of(a).digest != name_of(b).digest
    assert not (implies(a, b) and implies(b, a))


def test_what_must_be_defined_is_part_of_the_claim() -> None:
    plain, asking = claim("x"), claim("x", defined=(read("log(y)"),))
    assert name_of(plain).digest != name_of(asking).digest
    assert implies(asking, plain)
    assert not implies(plain, asking)


def test_a_cancelled_select_must_be_defined_where_its_branch_is_taken() -> None:
    risky = "(log(x - 1) if x > 1/2 else 1)"
    cancelled, defined = claim(f"{risky} - {risky}"), claim("0*x")
    assert not implies(defined, cancelled)
    assert not implies(defined, claim(f"0*{risky}"))
    assert name_of(defined).digest != name_of(cancelled).digest
    assert implies(cancelled, defined)


def test_names_and_order_of_variables_do_not_matter() -> None:
    one = claim("x**2*y + sin(y)", box={"x": (-1, 1), "y": (-2, 3)})
    other = claim("v**2*u + sin(u)", box={"u": (-2, 3), "v": (-1, 1)})
    a, b = name_of(one), name_of(other)
    assert a.digest == b.digest
    assert a.family == b.family
    assert dict(zip(a.order, b.order, strict=True)) == {"x": "v", "y": "u"}
    assert implies(renamed(one, dict(zip(a.order, b.order, strict=True))), other)


@pytest.mark.parametrize("text", ["x*y + y*z + z*x", "x*y**2 + y*z**2 + z*x**2", "x + y + 2*z"])
def test_symmetric_claims_have_one_name(text: str) -> None:
    digests = set()
    for names in permutations("uvw"):
        meaning = dict(zip("xyz", map(ex.var, names), strict=True))
        stated = claim(text, box={"x": (0, 1), "y": (0, 1), "z": (0, 1)})
        moved = ex.substitute(stated.expr, meaning)
        where = region(("u", "v", "w"), stated.region.box, stated.region.formula)
        digests.add(name_of(Obligation("", "", "", where, moved, False)).digest)
    assert len(digests) == 1


def test_the_order_and_scale_of_constraints_do_not_matter() -> None:
    p, q, r = read("x*y - 1"), read("x**2 - y"), read("x + y")
    one = claim("x", at_least(p), greater(q), equal(r))
    other = claim("x", equal(-r * ex.const(2)), greater(q * ex.const(3)), at_least(p))
    assert name_of(one).digest == name_of(other).digest
    assert implies(one, other)
    assert name_of(one).digest != name_of(claim("x", at_least(-p), greater(q), equal(r))).digest
    assert name_of(one).digest != name_of(claim("x", at_least(p), at_least(q), equal(r))).digest


def test_a_weaker_claim_on_a_smaller_region_follows() -> None:
    p, q = read("x*y - 1"), read("x**2 - y")
    known = claim("x**2 + y", at_least(p))
    assert implies(known, claim("x**2 + y", at_least(p), at_least(q)))
    assert implies(known, claim("x**2 + y", greater(p)))
    assert implies(known, claim("x**2 + y", equal(p)))
    assert implies(known, claim("2*x**2 + 2*y + 1", at_least(p)))
    assert implies(known, claim("x**2 + y + 1", at_least(p), strict=True))
    assert implies(known, claim("x**2 + y", at_least(p), box={"x": (0, 1), "y": (-1, 1)}))
    assert name_of(known).family == name_of(claim("2*x**2 + 2*y + 1")).family


def test_a_stronger_claim_or_a_larger_region_does_not_follow() -> None:
    p, q = read("x*y - 1"), read("x**2 - y")
    known = claim("x**2 + y", at_least(p))
    assert not implies(known, claim("x**2 + y"))
    assert not implies(known, claim("x**2 + y", at_least(q)))
    assert not implies(known, claim("x**2 + y - 1", at_least(p)))
    assert not implies(known, claim("x**2 + y", at_least(p), strict=True))
    assert not implies(known, claim("x**2 + y", at_least(p), box={"x": (-1, 2), "y": (-2, 3)}))
    assert not implies(known, claim("x**2 + y", at_least(p), box={"x": (-1, None), "y": (-2, 3)}))
    assert not implies(known, claim("x**2 + y", any_of(at_least(p), at_least(q))))
    assert not implies(known, claim("-x**2 - y", at_least(p)))
    assert not implies(claim("x", greater(p)), claim("x", at_least(p)))


def test_constants_are_compared_as_they_are() -> None:
    assert implies(claim("0*x + 1"), claim("0*x + 2"))
    assert not implies(claim("0*x + 1"), claim("0*x - 1"))
    assert not implies(claim("0*x"), claim("0*x", strict=True))


def test_a_huge_product_ends_quickly() -> None:
    import time

    power = read("(1 + x + y + x*y + x**2)") ** 40 * read("(x - y + 3)") ** 40
    started = time.monotonic()
    one = Obligation("", "", "", claim("x").region, power, False)
    assert name_of(one).digest == name_of(one).digest
    assert implies(one, one)
    assert time.monotonic() - started < 3.0


coefficients = st.fractions(min_value=-3, max_value=3, max_denominator=4)


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> ex.Expr:
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        leaf = draw(st.sampled_from(["x", "y", "c"]))
        return ex.const(draw(coefficients)) if leaf == "c" else ex.var(leaf)
    a, b = draw(expressions(depth=depth - 1)), draw(expressions(depth=depth - 1))
    operations = [
        lambda: a + b, lambda: a - b, lambda: a * b, lambda: a**2, lambda: -a,
        lambda: ex.minimum(a, b), lambda: ex.apply(ex.Op.ABS, a), lambda: ex.apply(ex.Op.SIN, a),
        lambda: ex.div(a, b) if b.constant != 0 else a,
        lambda: ex.div(a, b + ex.const(7)) if b.constant != -7 else a,
    ]  # fmt: skip
    return draw(st.sampled_from(operations))()


@settings(max_examples=150, deadline=None)
@given(expressions(), expressions(), st.data())
def test_what_is_implied_holds_wherever_the_known_claim_holds(
    one: ex.Expr, other: ex.Expr, data: st.DataObject
) -> None:
    def stated(root: ex.Expr) -> Obligation:
        return Obligation("", "", "", claim("x + y").region, root, False)

    for a, b in ((one, other), (one, one * ex.const(3)), (one, one + ex.ONE), (one - other, one)):
        if implies(stated(a), stated(b)):
            for _ in range(5):
                point = {"x": data.draw(coefficients), "y": data.draw(coefficients)}
                known = holds(at_least(a), point)
                if known is True and exact_value(b, point) is not None:
                    assert holds(at_least(b), point) is not False


def test_a_search_for_collisions_finds_none() -> None:
    """Small claims in two variables, over a grid: equal digests only with equal values."""
    chance = random.Random(8)
    points = [
        {"x": Fraction(i, 7), "y": Fraction(j, 5)} for i in range(-5, 6, 2) for j in range(-4, 5, 3)
    ]
    parts = ["x", "y", "x*y", "x**2", "y**2", "1", "1/x", "x/(y + 2)", "abs(x)", "abs(y - x)"]
    seen: dict[str, tuple[Obligation, dict[object, object]]] = {}
    for _ in range(1500):
        terms = [f"{chance.randint(-2, 2)}*({chance.choice(parts)})" for _ in range(3)]
        text = chance.choice(["{}+{}+{}", "({}+{})*{}", "{}*{}-{}"]).format(
            *map("({})".format, terms)
        )
        stated = claim(text, box={"x": (-1, 1), "y": (-2, 3)}, strict=chance.random() < 0.5)
        name = name_of(stated)
        meaning = {old: NAMES[new] for old, new in zip(name.order, "uv", strict=True)}
        signs = tuple(
            holds((greater if stated.strict else at_least)(stated.expr), point) for point in points
        )
        own = (stated.strict, tuple(str(side) for side in stated.region.box), signs)
        assert set(meaning) == {"x", "y"}
        before = seen.setdefault(name.digest, (stated, {0: own}))
        assert before[1][0] == own, (before[0].expr, stated.expr)
    assert len(seen) > 300
