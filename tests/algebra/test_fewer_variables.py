"""Are claims seen through that depend on few directions, on signs, or on a part of the region?"""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from bcv import expr as ex
from bcv.algebra import search, signs
from bcv.algebra.directions import projected
from bcv.algebra.identity import is_refutation
from bcv.algebra.polynomial import polynomial, ring
from bcv.algebra.systems import System, constraint_sets
from bcv.engines.engine import Budget
from bcv.engines.sum_of_squares import SumOfSquaresEngine
from bcv.events import ignore
from bcv.evidence import Cases, PolynomialCase
from bcv.formats.expression import parse_constraint, parse_expression
from bcv.obligation import Obligation
from bcv.outcome import Hints, Outcome, Proved
from bcv.region import UNBOUNDED, all_of, region

NAMES = {name: ex.var(name) for name in "xyzw"}


def claim(text: str, *where: str, strict: bool = False, names: str = "xyzw") -> Obligation:
    formula = all_of(*(parse_constraint(part, NAMES) for part in where))
    inside = region(tuple(names), (UNBOUNDED,) * len(names), formula)
    return Obligation("claim", "", "", inside, parse_expression(text, NAMES), strict)


def system(text: str, *where: str, strict: bool = False) -> System:
    obligation = claim(text, *where, strict=strict)
    over = ring(obligation.region.variables)
    goal, sets = polynomial(obligation.expr, over), constraint_sets(obligation.region, over)
    assert goal is not None
    assert sets is not None
    (constraints,) = sets
    return System(over, goal, strict, constraints)


def is_refuted(found: System, seconds: float = 10.0) -> bool:
    case = search.refute(found, (), time.monotonic() + seconds)
    return isinstance(case, PolynomialCase) and is_refutation(case, found)


def attempt(obligation: Obligation, seconds: float) -> Outcome:
    budget = Budget(time.monotonic() + seconds)
    return SumOfSquaresEngine().discharge(obligation, Hints(), budget, ignore)


U, V = "(x + z + 2*w)", "(y - w)"
TIGHT = (f"{U}**2 + {V}**2 - 50003/8334", f"{U}**2/2 > 3")
"""True by 1/8334, in two linear forms of four variables."""


def test_directions_along_which_nothing_changes_are_left_out() -> None:
    found = system(*TIGHT)
    view = projected(found)
    assert view is not None
    assert view.system.over.variables == ("x", "y")
    point = tuple(map(Fraction, (5, -2, 7, 3)))
    values = [int(value) for value in view.point(point)]
    assert view.system.claim(*values) == found.claim(5, -2, 7, 3)


def test_a_claim_about_two_linear_forms_of_four_variables_is_proved() -> None:
    assert is_refuted(system(*TIGHT))


def test_a_claim_that_changes_along_every_direction_is_not_projected() -> None:
    assert projected(system("x**2 + y**2 + z**2 + w", "x*w >= 0")) is None
    assert projected(system("0", strict=True)) is None


@pytest.mark.parametrize(
    "found",
    [
        system("-z", "-x - 2*y - z**3 >= 0", "x > 0", "y > 0"),
        system("z", "x**5 + 12*y + z**3 >= 0", "x < 0", "y < 0"),
        system("z", "x**5 + z**3 > 0", "x <= 0"),
        system("z", "x**3*w**2 - z == 0", "2*x >= 0"),
        system("x*y**2 + 3", "2*x >= 0", strict=True),
        system("-1", "-x*y - z**2 > 0", "x >= 0", "y/3 >= 0", "z*y + 1 >= 0"),
        system("-1", "x*y**2*z == 0", "x > 0", "-y > 0", "z > 0"),
    ],
)
def test_terms_of_one_sign_refute_a_constraint(found: System) -> None:
    case = signs.refute(found)
    assert case is not None
    assert is_refutation(case, found)


@pytest.mark.parametrize(
    "found",
    [
        system("-z", "-x - 2*y - z**3 >= 0", "x > 0"),
        system("-z", "-x - 2*y - z**3 >= 0", "x > 0", "y < 0"),
        system("-z", "-x*z**2 >= 0", "x >= 0"),
        system("-1", "x*y**2*z == 0", "x > 0", "z > 0"),
        system("-1", "-x*z - y**2 >= 0", "x >= 0", "z > 0"),
    ],
)
def test_terms_that_may_all_be_0_refute_nothing(found: System) -> None:
    assert signs.refute(found) is None


def test_an_empty_part_of_the_region_is_seen_without_the_claim() -> None:
    started = time.monotonic()
    assert is_refuted(system("x**4 - 3*x**2*y + y**2 - 5", "z < 0", "w < 0", "z + w > 0"))
    assert time.monotonic() - started < 2.0


def test_an_empty_region_is_proved_from_the_part_that_is_empty() -> None:
    where = ("x**2 + y**2 == 1", "z**2*w + w**2*z == 1", "z - w == 1", "z + w == 7")
    assert is_refuted(system("0", *where, strict=True))


CURVE = (
    "-0.00003*x**4 - 0.26288*x**2*y**2 - 0.0038*x**2*y - 0.0132*y**3 - 0.01036*x**2"
    " + 0.29937*y**2 - 2.74187*y - 1.97317"
)


def test_a_flow_on_an_endless_curve_is_proved_by_the_signs_of_a_variable() -> None:
    """Coefficients from 3e-5 to 3; the odd powers of y are what squares cannot match."""
    b = parse_expression(CURVE, NAMES)
    slopes = [ex.to_text(ex.derivative(b, name)) for name in "xy"]
    lie = f"({slopes[0]})*(2*x**3*y**2 - x) - ({slopes[1]})*y"
    outcome = attempt(claim(f"-({lie})", f"{CURVE} == 0", names="xy"), 30.0)
    assert isinstance(outcome, Proved)
    assert isinstance(outcome.evidence, Cases)
    assert outcome.evidence.on is ex.var("y")


def test_a_claim_that_fails_on_one_side_is_not_proved_by_the_other() -> None:
    assert not isinstance(attempt(claim("x**3*(1 + y**2) + y**2", names="xy"), 1.0), Proved)
