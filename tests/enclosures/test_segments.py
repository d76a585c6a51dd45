"""Segments across surfaces, as witnesses."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bcv import checker
from bcv import expr as ex
from bcv.checker.claims import Claim
from bcv.checker.reading import Reader
from bcv.checker.tasks import refute
from bcv.checker.terms import RejectedError, Terms
from bcv.enclosures.segments import verify_box, verify_segment
from bcv.evidence import Box, Segment, SumOfSquares, Witness
from bcv.expr import Expr, Op
from bcv.formats.proof import proved_entry, refuted_entry
from bcv.obligation import Obligation
from bcv.region import all_of, any_of, at_least, equal, greater
from tests.enclosures.claims import F, X, Y, at, claim

CIRCLE = equal(X**2 + Y**2, ex.const(2))
CUBE = X**3 - ex.const(2)
"""It has one real zero, which is irrational."""


def believed(obligation: Obligation, segment: Witness) -> bool:
    """Whether the checker accepts the segment against the obligation."""
    data = proved_entry(obligation, SumOfSquares(()))
    reader = Reader(Terms())
    reader.load(data["nodes"])
    stated = checker._obligation(reader, data["obligation"])
    same = Claim("claim", "", stated.region, stated.expr, stated.strict)
    try:
        refute(reader.terms, same, refuted_entry(obligation, segment)["witness"])
    except RejectedError:
        return False
    return True


def witness(
    obligation: Obligation, start: dict[str, Fraction], end: dict[str, Fraction]
) -> Segment:
    """The verified witness, which the checker believes, too."""
    found = verify_segment(obligation, start, end)
    assert found is not None
    assert believed(obligation, found)
    return found


def test_a_segment_crosses_an_equality_surface() -> None:
    found = witness(claim(-X, CIRCLE), at(2), at(1, "1/2"))
    value = [sum(x**2 for _, x in end) for end in (found.start, found.end)]
    assert 1 < value[0] < 2 < value[1] < 3


def test_a_segment_needs_a_sign_change_and_a_violation_at_the_crossing() -> None:
    assert verify_segment(claim(-X, CIRCLE), at(2), at(3)) is None
    assert verify_segment(claim(-X, CIRCLE), at(-2), at("1/2")) is None
    assert verify_segment(claim(ex.const(7) - X - Y, CIRCLE), at(0), at(9)) is None


def test_a_segment_is_cut_to_where_the_other_constraints_hold() -> None:
    inside = all_of(CIRCLE, at_least(ex.const(F(9, 4)), X**2 + Y**4))
    witness(claim(-X, inside), at("3/2"), at(1))
    witness(claim(-X, inside), at("8/5"), at(1))
    beyond = all_of(CIRCLE, at_least(ex.const(F(9, 5)), X**2 + Y**4))
    assert verify_segment(claim(-X, beyond), at("3/2"), at(1)) is None
    either = all_of(CIRCLE, any_of(at_least(X, ex.const(F(5, 4))), at_least(ex.const(F(4, 3)), X)))
    witness(claim(-X, either), at("3/2"), at(1))


def test_a_surface_that_jumps_is_not_crossed() -> None:
    below = ex.const(-1) - X**2
    jump = equal(ex.select(X, ex.ONE, -ex.ONE) + X)
    assert verify_segment(claim(below, jump), at(-1), at("1/2")) is None
    assert verify_segment(claim(below, equal(ex.ONE / X)), at(-1), at(1)) is None
    poles = equal(ex.apply(Op.TAN, X))
    assert verify_segment(claim(below, poles), at(1), at(2)) is None


def test_a_transcendental_segment_is_verified_by_balls() -> None:
    wave = equal(ex.apply(Op.SIN, X), ex.const(F(1, 3)))
    violated = -ex.apply(Op.COS, X)
    witness(claim(violated, wave), at(0), at(1))
    assert verify_segment(claim(-violated, wave), at(0), at(1)) is None
    undefined = violated - ex.apply(Op.LOG, X - ex.ONE)
    assert verify_segment(claim(undefined, wave), at(0), at(1)) is None


def test_two_equalities_have_no_segment_unless_they_are_the_same() -> None:
    assert verify_segment(claim(-X, all_of(CIRCLE, equal(X**3, Y))), at(0), at(2)) is None
    twice = all_of(CIRCLE, equal(ex.const(6), ex.const(3) * (X**2 + Y**2)))
    witness(claim(-X, twice), at(0), at(2))


def test_a_strict_claim_fails_where_its_expression_crosses_zero_in_the_region() -> None:
    for formula in (
        at_least(CUBE),
        at_least(-CUBE),
        at_least(ex.const(F(3, 7)) * X**3, ex.const(F(6, 7))),
        equal(CUBE),
        all_of(at_least(CUBE), at_least(ex.const(2), X)),
        any_of(all_of(at_least(CUBE), at_least(X)), greater(Y, ex.ONE)),
    ):
        witness(claim(CUBE, formula, strict=True), at(0), at(2))


@pytest.mark.parametrize(
    "near_true",
    [
        claim(CUBE, at_least(CUBE)),
        claim(CUBE, greater(CUBE), strict=True),
        claim(CUBE, at_least(CUBE, ex.const(F(1, 10**30))), strict=True),
        claim(CUBE + ex.const(F(1, 10**30)), at_least(CUBE), strict=True),
        claim(CUBE, all_of(at_least(CUBE), at_least(X, ex.const(F(13, 10)))), strict=True),
        claim(CUBE, all_of(at_least(CUBE), greater(X**3, ex.const(2))), strict=True),
        claim(CUBE, any_of(greater(CUBE), at_least(X - ex.const(3))), strict=True),
        claim(ex.ONE / X, at_least(ex.ONE / X), strict=True),
        claim(ex.select(X, ex.ONE, -ex.ONE), at_least(ex.select(X, ex.ONE, -ex.ONE)), strict=True),
    ],
    ids=str,
)
def test_a_claim_that_holds_where_its_expression_crosses_zero_is_not_refuted(
    near_true: Obligation,
) -> None:
    for start, end in ((at(0), at(2)), (at(-1), at(2)), (at(-1), at("5/4"))):
        assert verify_segment(near_true, start, end) is None
        unverified = Segment(tuple(start.items()), tuple(end.items()), "")
        assert not believed(near_true, unverified)


def test_a_factor_that_varies_is_no_multiple() -> None:
    """X**4 - 2X >= 0 holds where X**3 = 2, but also where X = 0, on no side of that."""
    found = verify_segment(claim(CUBE, at_least(X * CUBE), strict=True), at(1), at(2))
    assert found is None


def test_what_is_verified_on_a_long_segment_is_cut_until_the_checker_sees_it() -> None:
    """Far out the terms cancel, and plain enclosures of 1/2000 of the segment tell nothing."""
    line = equal(X - Y, ex.const(F(1, 3)))
    expanded = ex.const(-1) - (X**2 - ex.const(2) * X * Y + Y**2)
    witness(claim(expanded, line), at(0, 10**12), at(10**13, 10**12))


THIRDS = all_of(equal(Y**2, ex.const(27)), equal(X**2, ex.const(34)))
"""No point of it is rational."""


def between(x: str, y: str) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
    """Ends of a small box around a point, in the coordinates that are no integers."""
    found = []
    for sign in (-1, 1):
        shifts = [sign * F(1, 10**6) * ("." in value) for value in (x, y)]
        found.append({"x": F(x) + shifts[0], "y": F(y) + shifts[1]})
    return found[0], found[1]


NEAR = between("5.8309519", "5.1961524")


def test_a_claim_fails_at_an_irrational_common_zero() -> None:
    for formula, ends in (
        (THIRDS, NEAR),
        (all_of(THIRDS, greater(X, Y)), NEAR),
        (all_of(equal(Y**2, ex.const(27)), equal(X, ex.const(6))), between("6", "5.1961524")),
        (any_of(greater(-X), THIRDS), NEAR),
    ):
        obligation = claim(ex.const(5) + Y**2 - X**2, formula)
        found = verify_box(obligation, *ends)
        assert found is not None
        assert believed(obligation, found)


@pytest.mark.parametrize(
    "true",
    [
        claim(ex.const(7) + Y**2 - X**2, THIRDS),
        claim(ex.const(5) + Y**2 - X**2, all_of(THIRDS, greater(Y, X))),
        claim(ex.const(5) + Y**2 - X**2, all_of(THIRDS, equal(X - Y, ex.ONE))),
        claim(ex.const(5) + Y**2 - X**2, equal(Y**2, ex.const(27))),
        claim(ex.const(5) + Y**2 - X**2, all_of(equal(Y**2, ex.const(27)), equal(Y, X))),
        claim(ex.const(-1) + X * ex.ZERO, all_of(equal(ex.ONE / (Y**2 - ex.const(27))), THIRDS)),
    ],
    ids=str,
)
def test_a_box_in_which_no_common_zero_is_seen_to_refute_shows_nothing(true: Obligation) -> None:
    assert verify_box(true, *NEAR) is None
    lower, upper = (tuple(end.items()) for end in NEAR)
    assert not believed(true, Box(lower, upper, ""))


def test_a_box_without_a_zero_shows_nothing() -> None:
    obligation = claim(ex.const(5) + Y**2 - X**2, THIRDS)
    for ends in (
        between("5.8308", "5.1961524"),
        between("5.8309519", "5.1963"),
        (NEAR[1], NEAR[0]),
        ({**NEAR[0], "x": F("5.8309519")}, {**NEAR[1], "x": F("5.8309519")}),
    ):
        assert verify_box(obligation, *ends) is None
        lower, upper = (tuple(end.items()) for end in ends)
        assert not believed(obligation, Box(lower, upper, ""))


def test_surfaces_that_meet_at_an_angle_have_a_common_zero() -> None:
    tilted = all_of(equal(X**2 + Y / ex.const(4), ex.const(2)), equal(Y**3 + X, ex.const(3)))
    obligation = claim(X * ex.const(-1), tilted)
    x, y = 1.28, 1.2
    for _ in range(40):
        x, y = (2 - y / 4) ** 0.5, (3 - x) ** (1 / 3)
    found = verify_box(obligation, *between(f"{x:.7f}", f"{y:.7f}"))
    assert found is not None
    assert believed(obligation, found)


rationals = st.fractions(min_value=-4, max_value=4, max_denominator=9)
polynomials = st.recursive(
    st.sampled_from([X, Y]) | rationals.map(ex.const),
    lambda inner: st.tuples(st.sampled_from([ex.add, ex.sub, ex.mul]), inner, inner).map(
        lambda t: t[0](t[1], t[2])
    ),
    max_leaves=6,
)


@given(polynomials, polynomials, polynomials, st.booleans(), rationals, rationals, rationals)
def test_the_checker_believes_every_verified_segment(
    expr: Expr, surface: Expr, bound: Expr, strict: bool, a: F, b: F, c: F
) -> None:
    obligation = claim(expr, all_of(equal(surface), at_least(bound)), strict=strict)
    found = verify_segment(obligation, at(a, b), at(c, a))
    if found is not None:
        assert believed(obligation, found)
