"""What may be left out of evidence for a sum, or for a claim written by exponentials?"""

from __future__ import annotations

import time
from typing import Any

import pytest

from bcv import expr as ex
from bcv.checker.terms import RejectedError
from bcv.engines.engine import Budget
from bcv.engines.registry import create
from bcv.events import ignore
from bcv.evidence import Cases, Evidence, Exponentials, Power, Rising, Sum
from bcv.obligation import Obligation
from bcv.outcome import Hints, Proved
from bcv.rewriting.pieces import half
from tests.algebra.test_certificates import attempt
from tests.rewriting.claims import attempted, claim, entry, expression, replayed

PLANE = {"x": (None, None), "y": (None, None)}
BOXES = {"x": ("0", "1"), "y": ("0", "1")}


def _evidence(obligation: Obligation) -> Evidence:
    for outcome in (attempt(obligation), attempted(obligation)):
        if isinstance(outcome, Proved):
            return outcome.evidence
    raise AssertionError(obligation)


def _rejected(obligation: Obligation, evidence: Evidence) -> bool:
    try:
        replayed(entry(obligation, evidence))
    except RejectedError:
        return True
    return False


def _sum(*parts: tuple[str, bool, Obligation]) -> Sum:
    return Sum(tuple((expression(term), strict, _evidence(own)) for term, strict, own in parts))


X = claim("x**2", {"x": (None, None)})
Y = claim("y**2 + 1", {"y": (None, None)}, strict=True)


def test_a_strict_sum_needs_one_strict_term() -> None:
    whole = claim("x**2 + y**2 + 1", PLANE, strict=True)
    found = _sum(("x**2", False, X), ("y**2 + 1", True, Y))
    assert not _rejected(whole, found)
    (first, _), (second, _) = ((part, part[1]) for part in found.parts)
    weak = claim("y**2 + 1", {"y": (None, None)})
    assert _rejected(whole, Sum((first, (second[0], False, _evidence(weak)))))


def test_terms_must_add_up_to_the_claim() -> None:
    found = _sum(("x**2", False, X), ("y**2 + 1", True, Y))
    assert _rejected(claim("x**2 + y**2 + 1 - 1/10**9", PLANE), found)
    assert _rejected(claim("x**2 + y**2 + 1", PLANE), Sum(found.parts[:1]))
    assert _rejected(claim("x**2", PLANE), Sum(()))


def test_a_term_may_use_what_the_region_says_of_its_own_variables_only() -> None:
    """x >= 0 holds on the projection; x - y >= 0 links both, and is not for either."""
    linked = claim("x + y", PLANE, least=("x", "x + y", "y - x**2"))
    part_x = claim("x", {"x": ("0", None)})
    part_y = claim("y", {"y": ("0", None)})
    assert _rejected(linked, _sum(("x", False, part_x), ("y", False, part_y)))
    apart = claim("x + y", {"x": ("0", None), "y": ("0", None)})
    assert not _rejected(apart, _sum(("x", False, part_x), ("y", False, part_y)))


def test_a_sum_says_nothing_of_where_it_is_defined() -> None:
    whole = claim("1/x - 1/x + y**2", {"x": ("-1", "1"), "y": (None, None)})
    part = claim("y**2", {"y": (None, None)})
    assert _rejected(whole, _sum(("y**2", False, part)))


UNIT = expression("exp(x)")
TANH = expression("tanh(x)")


def _by_exponentials(**changes: Any) -> Exponentials:
    """tanh(x) >= 0 for x >= 0, as exp(x)^2 - 1 >= 0."""
    goal = expression("exp(x)**2 - 1")
    inner = _evidence(claim("exp(x)**2 - 1", {"x": ("0", None)}))
    factor = expression("exp(x)**2 + 1")
    fields: dict[str, Any] = {
        "powers": (Power(TANH, ((UNIT, 1),)),),
        "factor": factor,
        "goal": goal,
    }
    return Exponentials(**(fields | {"inner": inner} | changes))


def test_tanh_is_written_by_exponentials() -> None:
    assert not _rejected(claim("tanh(x)", {"x": ("0", None)}), _by_exponentials())


@pytest.mark.parametrize(
    "changes",
    [
        {"powers": (Power(TANH, ((UNIT, 2),)),)},
        {"powers": (Power(TANH, ((UNIT, -1),)),)},
        {"powers": (Power(TANH, ((expression("exp(y)"), 1),)),)},
        {"powers": (Power(TANH, ((expression("cosh(x)"), 1),)),)},
        {"powers": (Power(expression("sinh(x)"), ((UNIT, 1),)),)},
        {"powers": ()},
        {"factor": expression("exp(x)**2 + 2")},
        {"factor": expression("exp(x)**2 - 1")},
        {"factor": ex.neg(expression("exp(x)**2 + 1"))},
        {"goal": expression("exp(x)**2 + 1")},
        {"goal": ex.ONE},
    ],
)
def test_altered_powers_factors_and_goals_are_rejected(changes: dict[str, Any]) -> None:
    for goal in ("tanh(x)", "tanh(x) - 1/10**9"):
        assert _rejected(claim(goal, {"x": ("0", None)}), _by_exponentials(**changes))


def test_a_factor_that_may_be_negative_proves_nothing() -> None:
    """(1 - exp(x)) * (1 - exp(x)) >= 0, but 1 - exp(x) < 0 for x > 0."""
    square = expression("exp(x)**2 - 2*exp(x) + 1")
    cover = _evidence(claim("exp(x)**2 - 2*exp(x) + 1", {"x": (None, None)}))
    powers = (Power(UNIT, ((UNIT, 1),)),)
    false = claim("1 - exp(x)", {"x": (None, None)})
    assert _rejected(false, Exponentials(powers, expression("1 - exp(x)"), square, cover))


def test_a_case_may_use_its_own_bounds_only() -> None:
    """Each half of |x| >= 0 holds in its own box; the box of less than a half is too small."""
    obligation = claim("abs(x)", {"x": ("-4", "4")})

    def covered(text: str, lo: str, hi: str) -> Evidence:
        budget = Budget(time.monotonic() + 4.0)
        half = claim(text, {"x": (lo, hi)})
        outcome = create("branch-and-bound").discharge(half, Hints(), budget, ignore)
        assert isinstance(outcome, Proved)
        return outcome.evidence

    on, above, below = expression("x"), covered("x", "0", "4"), covered("-x", "-4", "0")
    assert not _rejected(obligation, Cases(on, above, below))
    assert _rejected(obligation, Cases(on, below, above))
    assert _rejected(obligation, Cases(on, covered("x", "1/100", "4"), below))
    assert _rejected(obligation, Cases(expression("x + 1/100"), above, below))


ABOVE = claim("1 - 2*cos(x)", {"x": ("1", "7/4")}, positive=("x - pi/3",), strict=True)


def _rising(obligation: Obligation = ABOVE, **changes: Any) -> Rising:
    """1 - 2*cos(x) > 0 for x > pi/3, as it is 0 there and rises on [1, 7/4]."""
    slope = claim("2*sin(x)", {"x": ("1", "7/4")}, strict=obligation.strict)
    budget = Budget(time.monotonic() + 4.0)
    outcome = create("branch-and-bound").discharge(slope, Hints(), budget, ignore)
    assert isinstance(outcome, Proved)
    fields: dict[str, Any] = {"atom": 2, "bound": expression("pi/3"), "slope": outcome.evidence}
    return Rising(**(fields | changes))


def test_a_claim_rises_from_its_irrational_bound() -> None:
    assert not _rejected(ABOVE, _rising())


@pytest.mark.parametrize(
    "changes",
    [{"atom": 0}, {"atom": 1}, {"atom": 3}, {"bound": expression("pi/4")}, {"bound": ex.ONE}],
)
def test_another_bound_proves_nothing(changes: dict[str, Any]) -> None:
    assert _rejected(ABOVE, _rising(**changes))


@pytest.mark.parametrize(
    "false",
    [
        claim("1 - 2*cos(x)", {"x": ("1", "7/4")}, least=("x - pi/3",), strict=True),
        claim("1 - 2*cos(x) - 1e-30", {"x": ("1", "7/4")}, positive=("x - pi/3",), strict=True),
        claim("1 - 2*cos(x)", {"x": ("1", "7/4")}, positive=("pi/3 - x",), strict=True),
        claim("1 - 2*cos(x)", {"x": ("-7/4", "7/4")}, positive=("pi/3 - x",), strict=True),
        claim("2*cos(x) - 1", {"x": ("1", "7/4")}, positive=("x - pi/3",), strict=True),
        claim("1 - 2*cos(x)", {"x": ("11/10", "2")}, positive=("x - pi/3",), strict=True),
        claim("max(sign(x - 3/2), 0) - 2*cos(x)", {"x": ("1", "7/4")}, positive=("x - pi/3",)),
    ],
)
def test_what_does_not_rise_from_its_bound_is_rejected(false: Obligation) -> None:
    assert _rejected(false, _rising(false))


def test_an_atom_without_a_value_is_no_side_of_a_bound() -> None:
    """x - 1 + 0*log(x) >= 0 fails at no x <= 0 that counts, and bounds x by nothing there."""
    false = claim("x - 1", {"x": ("-2", "2")}, least=("x - 1 + 0*log(x)",))
    slope = claim("1", {"x": ("-2", "2")})
    outcome = create("branch-and-bound").discharge(
        slope, Hints(), Budget(time.monotonic() + 4.0), ignore
    )
    assert isinstance(outcome, Proved)
    numbers = range(len(false.region.box) * 2 + 2)
    assert all(_rejected(false, Rising(n, ex.ONE, outcome.evidence)) for n in numbers)
    plain = claim("x - 1", {"x": ("-2", "2")}, least=("x - 1",))
    assert not all(_rejected(plain, Rising(n, ex.ONE, outcome.evidence)) for n in numbers)


def test_a_half_is_bounded_by_what_is_left_once_terms_cancel() -> None:
    """As the checker sees it; else the two would number the region's atoms differently."""
    whole = claim("x", {"x": (None, None), "y": (None, None)})
    assert half(whole, expression("y - x + 1 - y"), positive=True).region.box[0].hi == 1
