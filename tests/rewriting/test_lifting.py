"""Are tight claims about functions proved, false ones never, and is the evidence checkable?"""

from __future__ import annotations

import copy
import random
from fractions import Fraction
from typing import Any

import pytest

from bcv.checker.terms import RejectedError
from bcv.evidence import Evidence
from bcv.obligation import Obligation
from bcv.outcome import Proved, Reason, Refuted, Undecided
from bcv.rewriting.separation import separated
from tests.checker.mutations import alter_json
from tests.rewriting.claims import attempted, claim, entry, replayed

LINE = {"x": (None, None)}
PLANE = {"x": (None, None), "y": (None, None)}
STRIP = {"x": ("-3", "3"), "y": (None, None)}
SQUARE = {"x": ("-2", "2"), "y": ("-2", "2")}
POSITIVE = {"x": ("1/20", "6"), "y": ("1/20", "6")}

TRUE = {
    "pendulum, undamped": claim("0 - (sin(x)*y + y*(-sin(x)))", PLANE),
    "pendulum, damped": claim("-(2*y*(-9.81*sin(x) - y/10) + 2*9.81*sin(x)*y)", PLANE),
    "one less a cosine": claim("1 - cos(x)", LINE),
    "energy of a pendulum": claim("y**2/2 + 981/100*(1 - cos(x))", PLANE),
    "sine and cosine": claim("1 - sin(x)*cos(x)*2", LINE),
    "equal angles": claim("sin(2*x)*y - y*sin(x + x)", PLANE),
    "opposite angles": claim("1 + sin(x - y)*sin(y - x)", PLANE),
    "x tanh x": claim("x*tanh(x)", LINE),
    "x tanh x, damped": claim("x*tanh(x) - tanh(x)**2 + y**2", PLANE),
    "x atan x": claim("2*x*atan(x) - atan(x)**2", LINE),
    "x sin x on a half-turn": claim("x*sin(x)", {"x": ("-3", "3")}),
    "sine of an angle": claim("x**2 - sin(x)**2", {"x": ("-3", "3")}),
    "many sines": claim(
        " + ".join(f"{a}**2 - 0.8*{a}*sin({b})" for a, b in zip("uvwxy", "vwxyu", strict=True)),
        dict.fromkeys("uvwxy", (None, None)),
    ),
    "cosine and parabola": claim("x**2/2 - 1 + cos(x)", LINE),
    "Lotka-Volterra": claim("-((1 - 1/x)*x*(1 - y) + (1 - 1/y)*y*(x - 1))", POSITIVE),
    "logarithm": claim("x - 1 - log(x)", {"x": ("1/20", None)}),
    "exponentials cancel": claim("exp(x)*(y + exp(-y)) - y*exp(x) - exp(x)*exp(-y)", PLANE),
    "exponential": claim("exp(x) - 1 - x", LINE),
    "inverse exponentials": claim("exp(x - y) + exp(y - x) - 2", PLANE),
    "hyperbolic": claim("cosh(x) - 1 - x**2/2", LINE),
    "root": claim("(sqrt(x) - 1/2)**2*x", {"x": ("0", None)}),
    "root at a point": claim("sqrt(x) - 1/2", {"x": ("0", "2")}, zero=("x - 1/4",)),
    "kink": claim("abs(x) - x", LINE),
    "kink, squared": claim("x**2 + y**2 - 2*abs(x*y)", PLANE),
    "drag": claim("y*y*abs(y)", PLANE),
    "saturation": claim("x*max(min(x, 1), -1)", LINE),
    "relu": claim("max(x, 0)*x", LINE),
    "sign": claim("x*sign(x)", LINE),
    "quotient": claim("x**2/(1 + x**2)", LINE),
    "Hill": claim("1 - x**2/(1 + x**2) - y/(1 + x**2)", PLANE, least=("1 - y",)),
    "strict quotient": claim("1/(1 + x**2 + y**2)", PLANE, strict=True),
    "terms of their own": claim("(1 - tanh(x)**2)*x*tanh(x) + tanh(y)*sinh(2*y)", PLANE),
    "a constant shared out": claim(
        "x**2 + 2*cos(1) - 2*cos(y)", {"x": ("-1", "1"), "y": ("1", "3")}
    ),
    "strict in one term": claim(
        "x**2 + 2*cos(1) - 2*cos(y)",
        {"x": ("-1", "1"), "y": ("1", "3")},
        positive=("y - 1",),
        strict=True,
    ),
    "sigmoids": claim("(1/(1 + exp(-x)) - 1/(1 + exp(x)))*tanh(x)", LINE),
    "sum of operands": claim("exp(x) - 2*exp(x - 7/10)", LINE),
    "ten kinks": claim(
        "x*(" + " + ".join(f"max(x - {k}, 0)" for k in range(-5, 5)) + ")",
        LINE,
        least=("x",),
    ),
    "cases that meet at a root": claim(
        "(sqrt(x) - 1)*max(sign(x - 6/5), 0) + (sqrt(y) - sqrt(x))*max(sign(y - 6/5), 0)",
        {"x": ("0", "9"), "y": ("0", "9")},
    ),
    "above an angle": claim(
        "y**2 + 1 - 2*cos(x)",
        STRIP,
        positive=("x - pi/3",),
        strict=True,
    ),
    "below an angle": claim("1/2 - sin(x)", STRIP, least=("pi/6 - x", "x + 2")),
    "an exponential's range": claim("2*x**2 + 2*y**2 - 2*x*y*exp(-x**2)", PLANE),
    "a square that is 0": claim("abs(x) - x**2/2 - 1/2", PLANE, zero=("x - 1",)),
    "surface": claim("y**2/2 - 1/8", PLANE, zero=("y**2/2 - 1/8 + 2*(cos(x) - 1)",)),
}

FALSE = {
    "one less a cosine": claim("1 - cos(x) - 1e-6", LINE),
    "many sines": claim(
        " + ".join(f"{a}**2 - 1.01*{a}*sin({b})" for a, b in zip("uvwxy", "vwxyu", strict=True)),
        dict.fromkeys("uvwxy", (None, None)),
    ),
    "a strict touch": claim("1 - cos(x)", LINE, strict=True),
    "sine and cosine": claim("0.999999 - sin(x)*cos(x)*2", LINE),
    "pendulum": claim("-(2*y*(-9.81*sin(x) + 1e-6*y) + 2*9.81*sin(x)*y)", PLANE),
    "x tanh x": claim("x*tanh(x) - 1.000001*tanh(x)**2", {"x": ("-1/1000000", "1/1000000")}),
    "x sin x beyond a half-turn": claim("x*sin(x)", {"x": ("-4", "4")}),
    "Lotka-Volterra": claim("-((1 - 1/x)*x*(1 - y) + (1 - 1.000001/y)*y*(x - 1))", POSITIVE),
    "logarithm": claim("x - 1.000001 - log(x)", {"x": ("1/20", None)}),
    "exponential": claim("exp(x) - 1 - x - 1e-6", LINE),
    "kink": claim("abs(x) - x - 1e-6", LINE),
    "kink, strict": claim("abs(x) - x", LINE, strict=True),
    "drag": claim("y*y*abs(y) - 1e-6*y**2", PLANE),
    "sign": claim("x*sign(x - 1e-6)", LINE),
    "quotient": claim("x**2/(1 + x**2) - 1e-6", LINE),
    "terms of their own": claim(
        "(1 - tanh(x)**2)*x*tanh(x) + tanh(y)*sinh(2*y) - 1e-9*y**2", PLANE
    ),
    "a constant shared out": claim(
        "x**2 + 2*cos(1) - 2*cos(y) - 1e-9", {"x": ("-1", "1"), "y": ("1", "3")}
    ),
    "strict in one term": claim(
        "x**2 + 2*cos(1) - 2*cos(y)", {"x": ("-1", "1"), "y": ("1", "3")}, strict=True
    ),
    "linked by the region": claim("x - y", SQUARE, least=("x - y + 1e-6",)),
    "sigmoids": claim("(1/(1 + exp(-x)) - 1/(1 + exp(x)))*tanh(x) - 1e-9*x**2", LINE),
    "sum of operands": claim("exp(x) - 2*exp(x - 69/100)", LINE),
    "cases that meet at a root": claim(
        "(sqrt(x) - 1)*max(sign(x - 6/5), 0) + (sqrt(y) - sqrt(x))*max(sign(y - 5/4), 0)"
        " - 1e-6*max(sign(y - 6/5), 0)",
        {"x": ("0", "9"), "y": ("0", "9")},
    ),
    "above an angle": claim(
        "y**2 + 1 - 2*cos(x)",
        STRIP,
        least=("x - pi/3",),
        strict=True,
    ),
    "below an angle": claim("1/2 - sin(x)", {"x": ("-4", "3")}, least=("pi/6 - x",)),
    "an exponential's range": claim("2*x**2 + 2*y**2 - 4.001*x*y*exp(-x**2)", PLANE),
    "undefined": claim("x/x - 1", {"x": ("-1", "1")}),
    "undefined square": claim("(x/y)**2", SQUARE),
    "undefined root": claim("sqrt(x)**2", {"x": ("-1", "1")}),
    "undefined logarithm": claim("log(x) - log(x)", {"x": ("0", "1")}),
    "root": claim("sqrt(x) - 0.500001", {"x": ("0", "2")}, zero=("x - 1/4",)),
}


def evidence_for(obligation: Obligation) -> Evidence:
    zeros = ((Fraction(0),) * len(obligation.region.variables),)
    outcome = attempted(obligation, seconds=20.0, zeros=zeros)
    assert isinstance(outcome, Proved), outcome
    return outcome.evidence


@pytest.mark.parametrize("name", TRUE)
def test_a_tight_claim_is_proved_and_checked(name: str) -> None:
    replayed(entry(TRUE[name], evidence_for(TRUE[name])))


@pytest.mark.parametrize("name", FALSE)
def test_a_false_claim_is_not_proved(name: str) -> None:
    outcome = attempted(FALSE[name], seconds=1.0)
    assert isinstance(outcome, (Undecided, Refuted))


@pytest.mark.parametrize("name", FALSE)
def test_the_evidence_of_a_true_twin_proves_no_false_claim(name: str) -> None:
    if name not in TRUE:
        return
    data = entry(TRUE[name], evidence_for(TRUE[name]))
    false = entry(FALSE[name], evidence_for(TRUE[name]))
    replayed(data)
    with pytest.raises(RejectedError):
        replayed(false)


def test_polynomial_claims_are_left_to_others() -> None:
    outcome = attempted(claim("x**2 + y", PLANE))
    assert isinstance(outcome, Undecided)
    assert outcome.reason is Reason.UNSUPPORTED


@pytest.mark.parametrize("name", ["energy of a pendulum", "root", "kink, squared", "Hill", "sign"])
def test_altered_evidence_proves_nothing_false(name: str) -> None:
    pick = random.Random(name)
    data = entry(TRUE[name], evidence_for(TRUE[name]))
    donor = {"conditions": [entry(TRUE["x tanh x"], evidence_for(TRUE["x tanh x"]))]}
    false = claim("x - 10**9", dict.fromkeys(TRUE[name].region.variables, (None, None)))
    wrong = entry(false, evidence_for(TRUE[name]))
    for _ in range(300):
        proof = {"conditions": [{"evidence": copy.deepcopy(wrong["evidence"])}]}
        alter_json(proof, donor, pick)
        try:
            replayed({**wrong, "evidence": proof["conditions"][0]["evidence"]})
        except (RejectedError, KeyError, IndexError, TypeError):
            continue
        pytest.fail(f"accepted: {proof}")
    replayed(data)


def altered(data: dict[str, Any], change: Any) -> None:
    copied = copy.deepcopy(data)
    change(copied)
    with pytest.raises(RejectedError):
        replayed(copied)


def test_new_variables_must_be_new() -> None:
    evidence = evidence_for(TRUE["x tanh x"])
    data = entry(TRUE["x tanh x"], evidence)
    replayed(data)

    def renamed(copied: dict[str, Any]) -> None:
        copied["evidence"]["inner"]["variables"][0][0] = "x"

    def twice(copied: dict[str, Any]) -> None:
        variables = copied["evidence"]["inner"]["variables"]
        variables.append(["again", variables[0][1]])

    altered(data, renamed)
    altered(data, twice)


def test_both_cases_are_needed() -> None:
    data = entry(TRUE["kink"], evidence_for(TRUE["kink"]))

    def same_half(copied: dict[str, Any]) -> None:
        cases = copied["evidence"]
        while cases["kind"] != "cases":
            cases = cases["inner"]
        cases["nonpositive"] = cases["nonnegative"]

    altered(data, same_half)


def test_terms_that_are_perhaps_undefined_are_no_variables() -> None:
    obligation = TRUE["root"]
    data = entry(obligation, evidence_for(obligation))
    wider = entry(claim("(sqrt(x) - 1/2)**2*x", {"x": ("-1", None)}), evidence_for(obligation))
    replayed(data)
    with pytest.raises(RejectedError):
        replayed(wider)


def test_a_select_is_claimed_for_both_branches_where_it_switches() -> None:
    # At x = 0 both -1 and 1 count.
    touching = claim("sign(x) + 1", LINE)
    failing = claim("x**2*sign(x)/2 + sign(x)", {"x": ("0", None)})
    assert isinstance(attempted(touching), Proved)
    assert not isinstance(attempted(failing, seconds=1.0), Proved)


def test_terms_that_no_rational_keeps_apart_are_not_told_apart() -> None:
    sides: dict[str, tuple[str | None, str | None]] = {"x": ("0", "6/5"), "y": ("6/5", "9")}
    touching, apart = claim("sqrt(y) - sqrt(x)", sides), claim("sqrt(y) - sqrt(x) + 1/50", sides)
    assert separated(touching.expr, touching.region, ()) is None
    assert separated(apart.expr, apart.region, ()) is not None


def test_values_beyond_doubles_are_no_crash() -> None:
    huge = claim("1/exp(exp(exp(x)))", {"x": ("7", "8")})
    assert not isinstance(attempted(huge, seconds=1.0), Refuted)
