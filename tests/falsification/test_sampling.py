"""The sampling engine finds what there is to find, and nothing else."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from bcv import expr as ex
from bcv.engines.engine import Budget
from bcv.engines.sampling import Sampling
from bcv.events import ignore
from bcv.evidence import Point, Segment, WitnessKind
from bcv.expr import Expr, Op
from bcv.obligation import Obligation
from bcv.outcome import Hints, Outcome, Refuted, Undecided
from bcv.region import (
    TRUE,
    UNBOUNDED,
    Formula,
    Range,
    all_of,
    any_of,
    at_least,
    equal,
    greater,
    region,
)

X, Y, Z = ex.var("x"), ex.var("y"), ex.var("z")
F = Fraction
SQUARE = (Range(F(-3), F(3)), Range(F(-3), F(3)))
PLANE = (UNBOUNDED, UNBOUNDED)


def c(value: str | int) -> Expr:
    return ex.const(Fraction(value))


def claim(
    expr: Expr,
    formula: Formula = TRUE,
    box: tuple[Range, ...] = SQUARE,
    strict: bool = False,
    names: tuple[str, ...] = ("x", "y"),
) -> Obligation:
    return Obligation("claim", "", "a claim", region(names, box, formula), expr, strict)


def sample(obligation: Obligation, seconds: float = 20.0) -> Outcome:
    budget = Budget(time.monotonic() + seconds)
    return Sampling().discharge(obligation, Hints(), budget, ignore)


def point_of(outcome: Outcome) -> dict[str, Fraction]:
    assert isinstance(outcome, Refuted)
    assert isinstance(outcome.witness, Point)
    return dict(outcome.witness.point)


def test_a_plain_violation_has_a_simple_witness() -> None:
    found = point_of(sample(claim(c(1) - X - Y)))
    assert all(abs(x.denominator) <= 10 for x in found.values())


def test_a_true_claim_is_undecided_with_hints() -> None:
    outcome = sample(claim(X**2 + Y**2 + X * Y))
    assert isinstance(outcome, Undecided)
    assert (F(0), F(0)) in outcome.hints.zeros
    assert outcome.known.smallest_margin is not None
    assert abs(outcome.known.smallest_margin) < 1e-6


def test_touching_point_is_found() -> None:
    outside = at_least(X**2 + Y**2, c(4))
    barrier = X**2 + c(2) * Y**2 - c(4)
    assert abs(point_of(sample(claim(barrier, outside, strict=True)))["x"]) == 2
    assert isinstance(sample(claim(barrier, outside)), Undecided)


def test_touching_point_that_is_no_small_integer_is_found() -> None:
    disk = at_least(c("25/16"), (X - c("1/3")) ** 2 + (Y - c("1/7")) ** 2)
    # The half plane touches the disk where it is left in the direction (3, 4).
    edge = c("25/4") - c(3) * (X - c("1/3")) - c(4) * (Y - c("1/7"))
    found = point_of(sample(claim(edge, disk, strict=True)))
    assert found == {"x": F(1, 3) + F(3, 4), "y": F(1, 7) + 1}
    assert isinstance(sample(claim(edge, disk)), Undecided)


# On the disk of radius sqrt(2), 3x + y is at most 2 sqrt(5), at the irrational (3, 1)/sqrt(5).
ZERO_AT_THE_EDGE = c(20) - (c(3) * X + Y) ** 2


@pytest.mark.parametrize("miss", ["1e-3", "1e-7", "1e-10"])
def test_a_near_miss_at_an_irrational_point_is_found(miss: str) -> None:
    disk = at_least(c(2), X**2 + Y**2)
    assert isinstance(sample(claim(ZERO_AT_THE_EDGE - c(miss), disk)), Refuted)


def test_a_violation_across_an_equality_surface_has_a_segment_or_a_point() -> None:
    circle = equal(X**2 + Y**2, c(2))
    outcome = sample(claim(X + c("13/10"), circle))
    assert isinstance(outcome, Refuted)


def test_a_quartic_surface_is_crossed_by_a_segment() -> None:
    surface = equal(X**4 + c(3) * Y**4 + X * Y, c("17/7"))
    outcome = sample(claim(X + c("12/10"), surface))
    assert isinstance(outcome, Refuted)
    assert isinstance(outcome.witness, (Segment, Point))


def test_a_transcendental_surface_is_crossed_by_a_segment() -> None:
    surface = equal(ex.apply(Op.COS, X) + Y**2, c("1/2"))
    outcome = sample(claim(c("7/5") - X, surface))
    assert isinstance(outcome, Refuted)


def test_a_strict_claim_that_is_zero_on_a_whole_circle_has_a_point() -> None:
    circle = X**2 + Y**2 - c(2)
    outcome = sample(claim(circle * (X + c(7)), equal(circle), strict=True))
    assert isinstance(outcome, Refuted)


def test_a_singular_point_of_a_surface_is_found() -> None:
    barrier = (X - c("1/2")) ** 2 * (X + c(2)) - (Y - c("1/3")) ** 2
    slope = ex.derivative(barrier, "x") ** 2 + ex.derivative(barrier, "y") ** 2
    found = point_of(sample(claim(slope, equal(barrier), strict=True)))
    assert found == {"x": F(1, 2), "y": F(1, 3)}


def test_a_far_violation_is_found() -> None:
    hidden = c(10**6) + X**2 - X * Y + c("1e-3") * Y**2
    assert isinstance(sample(claim(hidden, box=PLANE)), Refuted)
    cubic = c(10**9) + X**2 + Y**2 - c("1e-3") * X**3
    assert isinstance(sample(claim(cubic, box=PLANE)), Refuted)


def test_a_small_ball_in_an_endless_box_is_found() -> None:
    ball = at_least(c("1/10000"), (X - c(50)) ** 2 + (Y + c(70)) ** 2)
    assert isinstance(sample(claim(c(50) - X, ball, box=PLANE)), Refuted)


def test_every_part_of_a_union_is_searched() -> None:
    left = all_of(greater(-X, c(2)), greater(Y, c(2)))
    right = at_least(c("1/400"), (X - c("5/2")) ** 2 + (Y - c("5/2")) ** 2)
    assert isinstance(sample(claim(c("5/2") - X, any_of(left, right))), Refuted)


def test_a_pole_is_found() -> None:
    outcome = sample(claim(c(2) + c(1) / (X - c("1/3")) ** 2))
    assert isinstance(outcome, Refuted)
    assert isinstance(outcome.witness, Point)
    assert outcome.witness.kind is WitnessKind.UNDEFINED
    log = sample(claim(ex.apply(Op.LOG, X + c("301/100")) + c(10), box=SQUARE))
    assert isinstance(log, Undecided)


def test_a_root_that_leaves_its_domain_is_found() -> None:
    outcome = sample(claim(ex.apply(Op.SQRT, (X - c("1/3")) ** 2 + Y**2 - c("1/1000000"))))
    assert isinstance(outcome, Refuted)


def test_an_empty_region_has_no_witness() -> None:
    nowhere = all_of(greater(X**2 + Y**2, c(4)), greater(c(1), X**2 + Y**2))
    assert isinstance(sample(claim(c(-1), nowhere)), Undecided)
    assert isinstance(sample(claim(c(-1), any_of())), Undecided)


def test_the_same_seed_gives_the_same_outcome() -> None:
    obligation = claim(c(1) - X * Y, at_least(c(2), X**2 + Y**2))
    assert sample(obligation) == sample(obligation)


def test_no_variables_are_no_obstacle() -> None:
    assert isinstance(sample(claim(c(-1), box=(), names=())), Refuted)
    assert isinstance(sample(claim(c(1), box=(), names=())), Undecided)


def test_a_one_dimensional_claim_is_refuted_between_samples() -> None:
    narrow = (X - c("1234567/1000000")) ** 2 - c("1e-10")
    assert isinstance(sample(claim(narrow, box=(SQUARE[0],), names=("x",))), Refuted)


def test_a_coarse_search_is_quick() -> None:
    obligation = claim(X**2 + Y**2 + c(1), at_least(c(4), X**2 + Y**2))
    sample(obligation)
    begin = time.perf_counter()
    sample(obligation)
    assert time.perf_counter() - begin < 0.25


def test_numbers_beyond_doubles_are_no_obstacle() -> None:
    huge = (Range(F(10**400), F(10**401)), Range(F(-(10**400)), F(1, 10**400)))
    assert isinstance(sample(claim(X + Y, box=huge)), (Refuted, Undecided))
    steep = c(10**400) * X**2 + c(1)
    assert isinstance(sample(claim(steep, equal(steep))), Undecided)
    assert isinstance(sample(claim(-c(10**400) - X**2)), Refuted)


def test_a_deadline_is_respected() -> None:
    six = tuple(f"x{i}" for i in range(6))
    wild: Expr = c(1)
    for name in six:
        wild = wild + (ex.var(name) ** 2 - c(1)) ** 2 + ex.apply(Op.SIN, ex.var(name)) ** 2
    obligation = claim(wild, box=(SQUARE[0],) * 6, names=six)
    begin = time.monotonic()
    Sampling(effort="thorough").discharge(obligation, Hints(), Budget(begin + 0.3), ignore)
    assert time.monotonic() - begin < 1.5


def test_a_fixed_coordinate_stays_exact() -> None:
    box = (Range(F(1, 3), F(1, 3)), Range(F(0), None))
    found = point_of(sample(claim(c(40) + X - Y, box=box)))
    assert found["x"] == F(1, 3)


def test_a_kinked_claim_is_refuted_off_the_kink() -> None:
    slope = ex.derivative(ex.apply(Op.ABS, X), "x")
    found = point_of(sample(claim(slope * X + slope * Y + c("1/2"))))
    assert found["x"] != 0


def test_a_claim_on_two_surfaces_is_refuted_at_their_rational_crossing() -> None:
    both = all_of(equal(X**2 + Y**2, c("25/4")), equal(c(3) * X, c(4) * Y))
    outcome = sample(claim(X, both))
    assert point_of(outcome) == {"x": F(-2), "y": F(-3, 2)}


def test_a_thin_shell_is_entered() -> None:
    shell = all_of(greater(X**2 + Y**2, c(4)), greater(c("40000001/10000000"), X**2 + Y**2))
    assert isinstance(sample(claim(X + c("1/10"), shell)), Refuted)


def test_hints_are_looked_at() -> None:
    point = (1.2345678901, -2.1098765432)
    hole = (X - c("1.2345678901")) ** 2 + (Y + c("2.1098765432")) ** 2
    spike = c(1) - c(2) * ex.apply(Op.EXP, c(-(10**12)) * hole)
    budget = Budget(time.monotonic() + 20)
    assert isinstance(sample(claim(spike)), Undecided)
    outcome = Sampling().discharge(claim(spike), Hints((point,)), budget, ignore)
    assert isinstance(outcome, Refuted)


def test_a_thorough_search_reads_the_same_contract() -> None:
    budget = Budget(time.monotonic() + 20)
    obligation = claim(X**4 + Y**4 + c("1/100") - X * Y, all_of(greater(X, c(1))))
    outcome = Sampling(effort="thorough").discharge(obligation, Hints(), budget, ignore)
    assert isinstance(outcome, Undecided)
    assert outcome.known.samples is not None
    assert outcome.known.samples > 20_000


def refined(obligation: Obligation) -> Outcome:
    budget = Budget(time.monotonic() + 60.0)
    return Sampling(effort="thorough").discharge(obligation, Hints(), budget, ignore)


def test_a_violation_at_one_phase_of_an_endless_time_is_found() -> None:
    """x1' = x2, x2' = -x2 - (2 + m sin 3t) x1: it fails near m = 1, 3t = pi/2 mod 2 pi only."""
    x, y, t, m = map(ex.var, ("x", "y", "t", "m"))
    pull = (c(2) + m * ex.apply(Op.SIN, c(3) * t)) * x
    rate = (c(196) * x + c(24) * y) * y + (c(24) * x + c(110) * y) * (-y - pull)
    box = (*PLANE, UNBOUNDED, Range(F(-1), F(1)))
    obligation = claim(-rate, box=box, names=("x", "y", "t", "m"))
    found = point_of(refined(obligation))
    assert abs(found["t"]) < 5
    half = Range(F(-1, 2), F(1, 2))
    assert isinstance(
        refined(claim(-rate, box=(*box[:3], half), names=("x", "y", "t", "m"))), Undecided
    )


def test_a_claim_that_is_zero_everywhere_is_searched_to_the_end() -> None:
    zero = (X + Y) ** 2 - X**2 - c(2) * X * Y - Y**2
    assert isinstance(refined(claim(zero, greater(X + c(1)))), Undecided)
    assert isinstance(refined(claim(zero, greater(X, c(9)))), Undecided)


def test_a_strict_claim_that_is_zero_at_the_edge_of_its_region_has_a_segment() -> None:
    quartic = X**4 + c(3) * Y**4 + X * Y - c("17/7")
    outcome = sample(claim(quartic, at_least(c(2) * quartic), strict=True))
    assert isinstance(outcome, Refuted)
    assert isinstance(outcome.witness, Segment)
    for outside in (greater(quartic), at_least(quartic, c("1e-6"))):
        assert isinstance(sample(claim(quartic, outside, strict=True)), Undecided)
    assert isinstance(sample(claim(quartic, at_least(quartic))), Undecided)


def test_a_violation_far_out_along_a_weighted_curve_is_found() -> None:
    """2xyz/10**4 > 2x**2 + 2y**4 + 2z**2 needs y > 2*10**4 and x, z > y**2."""
    near = c(2) * (X**2 + Y**4 + Z**2)
    space = (UNBOUNDED,) * 3

    def everywhere(expr: Expr) -> Obligation:
        return claim(expr, box=space, names=("x", "y", "z"))

    found = point_of(refined(everywhere(near - c("2e-4") * X * Y * Z)))
    assert abs(found["y"]) > 20_000
    assert isinstance(refined(everywhere(near - c("2e-4") * X * Y**2 - c(10**8))), Refuted)
    assert isinstance(refined(everywhere(near - X * Z - Y**2 + c(1))), Undecided)


def test_a_violation_far_out_on_a_surface_is_found() -> None:
    """On the surface y ~ -x/10**6 far out, the claim fails from x = 10**9 on."""
    surface = equal(X**2 / c(10**6) + X * Y - X + Y + c(3))
    assert isinstance(refined(claim(Y + c(1000), surface, box=PLANE)), Refuted)
    assert isinstance(refined(claim(Y**2 + c("1/10"), surface, box=PLANE)), Undecided)
