"""Does the checker derive the same obligations as the prover, for every problem there is?"""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import pytest

from bcv.checker import Session, _obligation
from bcv.checker.matching import mismatch
from bcv.checker.reading import Reader
from bcv.checker.ring import Ring
from bcv.checker.rules.values import UNDEFINED, UNKNOWN, PointValues, violates
from bcv.checker.terms import RejectedError
from bcv.conditions import obligations_of
from bcv.enclosures.exact import exact_value
from bcv.evidence import Attestation
from bcv.formats.problem_yaml import load_problem, parse_problem
from bcv.formats.proof import proved_entry
from bcv.formats.statement import problem_of, statement_digest, statement_of
from bcv.problem import Problem

CORPUS = Path("/work/shared/corpus")
OURS = Path(__file__).resolve().parents[2] / "problems"
FILES = sorted([*CORPUS.rglob("*.yaml"), *OURS.rglob("*.yaml")])
EVIDENCE = Attestation("", "", "", "")


def unmatched(problem: Problem) -> list[str]:
    """The checker's claims that no obligation of the prover implies, with the reasons."""
    session, obligations = Session(statement_of(problem)), obligations_of(problem).obligations
    found = []
    for claim in session.derived.claims:
        reasons = []
        for obligation in obligations:
            if obligation.name == claim.name:
                data = proved_entry(obligation, EVIDENCE)
                reader = Reader(session.statement.terms)
                reader.load(data["nodes"])
                theirs = _obligation(reader, data["obligation"])
                reasons.append(mismatch(Ring(reader.terms), claim, theirs))
        if not claim.vacuous and "" not in reasons:
            found.append(f"{claim.name}: {claim.words}: {reasons}")
    return found


@pytest.mark.skipif(not FILES, reason="no problems here")
def test_every_claim_of_the_checker_is_an_obligation_of_the_prover() -> None:
    wrong = {str(file): unmatched(load_problem(file)) for file in FILES}
    assert not {file: claims for file, claims in wrong.items() if claims}


@pytest.mark.skipif(not FILES, reason="no problems here")
def test_both_obligations_have_equal_values_at_random_points() -> None:
    pick = random.Random(5)
    compared = 0
    for file in FILES[::3]:
        problem = load_problem(file)
        session = Session(statement_of(problem))
        main = {o.name: o for o in obligations_of(problem).obligations if not o.part}
        for claim in session.derived.claims:
            theirs = main.get(claim.name)
            if theirs is None or not claim.refutable:
                continue
            names = {*claim.region.names, *theirs.region.variables}
            point = {name: Fraction(pick.randint(-40, 40), pick.randint(1, 30)) for name in names}
            own = PointValues(session.statement.terms, point).of(claim.expr)
            value = exact_value(theirs.expr, point)
            if (
                isinstance(own, Fraction)
                and isinstance(value, Fraction)
                and claim.words[:3] != "B i"
            ):
                assert own == value, (file, claim.name)
                compared += 1
            else:
                assert (
                    own in (UNDEFINED, UNKNOWN)
                    or not isinstance(value, Fraction)
                    or (not isinstance(own, Fraction))
                )
    assert compared > 0


@pytest.mark.skipif(not FILES, reason="no problems here")
def test_a_statement_read_back_is_the_same_statement() -> None:
    for file in FILES:
        statement = statement_of(load_problem(file))
        assert statement_of(problem_of(statement)) == statement
        assert statement_digest(statement_of(problem_of(statement))) == statement_digest(statement)


BASE = """
bcv: 1
name: base
time: {time}
states: {{x: [-2, 2], y: [-2, 2]}}
parameters: {{p: [1/2, 1]}}
disturbances: {{d: [-1/10, 1/10]}}
dynamics: {{x: "{f}", y: "{g}"}}
initial: x**2 + y**2 <= 1/4
unsafe: x >= 3/2 or y >= 3/2
certificate:
  B: "{b}"
  {more}
"""


BARRIERS = ["x**2 + p*y**2 - 1", "exp(x) + y*t - 3", "abs(x) + max(y, x) - 1"]
FIELDS = ["-x + y*d", "sin(y) - sqrt(x**2 + 1)", "-x/(1 + y**2)", "log(x)", "sqrt(x)", "abs(x)"]
CLAIMS = {
    "both": [
        "condition: nonincreasing",
        "condition: decreasing",
        "strict: initial",
        "condition: {exponential: 1/2}",
        "condition: {exponential: 1}\n  strict: initial",
        "levels: {initial: -1/2, unsafe: 2}",
        "levels: {initial: -1/2, unsafe: 2}\n  strict: initial",
        "levels: auto",
        "levels: auto\n  condition: decreasing\n  convention: positive-safe",
        "convention: positive-safe\n  condition: decreasing",
    ],
    "continuous": [
        "condition: {exponential: x**2/4}",
        "condition: strict-boundary",
        "condition: boundary",
        "condition: boundary\n  strict: initial",
        "levels: {initial: -1/2, unsafe: 2}\n  condition: between-levels",
        "levels: {initial: -1/2, unsafe: 2}\n  condition: boundary",
    ],
    "discrete": [
        "condition: inductive",
        "condition: inductive\n  strict: initial",
        "levels: {initial: -1/2, unsafe: 2}\n  condition: inductive",
    ],
}


@pytest.mark.parametrize("time", ["continuous", "discrete"])
@pytest.mark.parametrize("b", BARRIERS)
@pytest.mark.parametrize("f", FIELDS)
def test_every_condition_is_derived_alike(time: str, b: str, f: str) -> None:
    for more in [*CLAIMS["both"], *CLAIMS[time]]:
        problem = parse_problem(BASE.format(time=time, f=f, g="-y", b=b, more=more), "base.yaml")
        conditions = obligations_of(problem)
        session = Session(statement_of(problem))
        assert not unmatched(problem), more
        if conditions.unsupported:
            assert session.derived.missing, more
        if not session.derived.missing:
            assert len(session.derived.claims) == len(conditions.obligations), more
            assert sorted((c.name, not c.refutable) for c in session.derived.claims) == sorted(
                (o.name, o.sufficient) for o in conditions.obligations
            ), more


DOMAINS = {
    "x**2 + y**2 == 1": "",
    "[x + y == 1/2, x >= 0]": "",
    "[x == 0, y == x]": "",
    "x**3 == p*y": "",
    "x == 0 or y == 0": "stands in an alternative",
    "sin(x) == y": "no polynomial",
    "[x - y >= 0, x <= y]": "written as inequalities",
    "x**2 + abs(y) <= 0": "written as inequalities",
    "[x - y >= 0, x <= y + 1/9]": "",
}


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("g", ["-y", "x - y*t", "-x"])
def test_equalities_in_the_domain_are_treated_alike(domain: str, g: str) -> None:
    text = BASE.format(
        time="continuous", f="y", g=g, b="x**2 + y**2 - p", more="condition: boundary"
    )
    problem = parse_problem(text.replace("initial:", f"domain: {domain}\ninitial:"), "base.yaml")
    session, conditions = Session(statement_of(problem)), obligations_of(problem)
    assert not unmatched(problem)
    reason = "" if g == "-x" else DOMAINS[domain]  # B is constant then, whatever the domain is
    assert bool(conditions.unsupported) == bool(session.derived.missing) == bool(reason)
    assert reason in "".join(session.derived.missing)
    if not reason:
        assert len(session.derived.claims) == len(conditions.obligations)


KINKED = (
    "max(x + y, x - p*y) - 1",
    "abs(x)*y + x - 1",
    "max(x, -x)",
    "max(x, y, -x - y)",
    "abs(x) + abs(y) - 1",
)


@pytest.mark.parametrize("b", KINKED)
@pytest.mark.parametrize("more", ["", "\n  convention: positive-safe"])
def test_a_kink_of_the_barrier_is_treated_alike(b: str, more: str) -> None:
    text = BASE.format(
        time="continuous", f="y*abs(x)", g="-y - t", b=b, more=f"condition: boundary{more}"
    )
    problem = parse_problem(text, "base.yaml")
    session, conditions = Session(statement_of(problem)), obligations_of(problem)
    assert not unmatched(problem)
    assert not session.derived.missing
    assert len(session.derived.claims) == len(conditions.obligations)


def test_no_other_obligation_implies_the_independence_of_gradients() -> None:
    text = BASE.format(
        time="continuous", f="y", g="-y", b="x**2 + y**2 - p", more="condition: boundary"
    )
    problem = parse_problem(text.replace("initial:", "domain: x == y\ninitial:"), "base.yaml")
    session, matched = Session(statement_of(problem)), []
    (claim,) = [c for c in session.derived.claims if "independent" in c.words]
    for obligation in obligations_of(problem).obligations:
        data = proved_entry(obligation, EVIDENCE)
        reader = Reader(session.statement.terms)
        reader.load(data["nodes"])
        theirs = _obligation(reader, data["obligation"])
        if obligation.name == claim.name and not mismatch(Ring(reader.terms), claim, theirs):
            matched.append(obligation.part)
    assert matched == ["independent of the domain's equalities"]


def test_inputs_are_minimised_alike() -> None:
    text = BASE.format(time="continuous", f="-x + u", g="-y + x*v", b="x**2 + y**2 - 1", more="")
    text = text.replace("disturbances:", "inputs: {u: [-1, 1], v: [0, 2]}\ndisturbances:")
    problem = parse_problem(text, "base.yaml")
    assert not unmatched(problem)
    assert not Session(statement_of(problem)).derived.missing


@pytest.mark.parametrize(
    ("b", "g"),
    [
        ("x**2 + y**2 - 1", "-y + (2 + d)*v"),
        ("x**2 + y**2 - 1", "-y + d*v + d*x + p*v"),
        ("x**2 + max(y, 0)**2 - 1", "-y + x*v"),
        ("abs(x) + max(y, x) - 1", "-y + d*v"),
    ],
)
def test_inputs_of_uncertain_effect_are_minimised_alike(b: str, g: str) -> None:
    text = BASE.format(time="continuous", f="-x + u", g=g, b=b, more="")
    text = text.replace("disturbances:", "inputs: {u: [-1, 1], v: [0, 2]}\ndisturbances:")
    problem = parse_problem(text, "base.yaml")
    session = Session(statement_of(problem))
    assert not session.derived.missing
    assert not unmatched(problem)
    assert len(session.derived.claims) == len(obligations_of(problem).obligations)


@pytest.mark.parametrize("g", ["d**2*v", "d*v + abs(d)", "d*v + d**2", "d*p*v", "d*v + max(d, 0)"])
def test_what_is_not_affine_in_the_unknown_is_not_derived(g: str) -> None:
    b = "x**2 + y**2 - 1"
    text = BASE.format(time="continuous", f="-x + u", g=g, b=b, more="")
    text = text.replace("disturbances:", "inputs: {u: [-1, 1], v: [0, 2]}\ndisturbances:")
    assert Session(statement_of(parse_problem(text, "base.yaml"))).derived.missing


CASES = "x**2 + (y if y >= 0 else p*y) - 1"


@pytest.mark.parametrize(
    "b", ["max(abs(x), abs(y)) - 1", "max(x + y, x - y, -x) - p", CASES, "min(x, y**2) + t"]
)
@pytest.mark.parametrize("more", ["condition: boundary", "condition: strict-boundary", ""])
def test_barriers_with_kinks_and_cases_are_derived_alike(b: str, more: str) -> None:
    text = BASE.format(time="continuous", f="-x + y*d", g="-y + sin(x)", b=b, more=more)
    problem = parse_problem(text, "base.yaml")
    session, conditions = Session(statement_of(problem)), obligations_of(problem)
    assert not session.derived.missing
    assert not unmatched(problem)
    assert len(session.derived.claims) == len(conditions.obligations)


@pytest.mark.parametrize("b", ["exp(x/2)", "cosh(x)*x**2 + y**2", "2 + sin(2*x) - cos(y - x/3)"])
@pytest.mark.parametrize(
    "law", ["normal: [1/3, 1/2]", "uniform: [-1, 2]", "exponential: 3", "normal: [p, p/2]"]
)
def test_means_by_transforms_are_derived_alike(b: str, law: str) -> None:
    more = "condition: supermartingale\n  gamma: 1\n  lambda: 2\n  c: 1"
    text = BASE.format(time="discrete", f="x/2 + w", g="y/2 + 1", b=b, more=more)
    text = text.replace("disturbances:", f"noise: {{w: {{{law}}}}}\ndisturbances:")
    problem = parse_problem(text, "base.yaml")
    conditions = obligations_of(problem)
    if "x**2" in b and "uniform" in law:
        assert conditions.unsupported
        assert Session(statement_of(problem)).derived.missing
        return
    assert not conditions.unsupported
    assert not Session(statement_of(problem)).derived.missing
    assert not unmatched(problem)


@pytest.mark.parametrize(
    "change",
    [
        ("B <= 0", "x**2 + y**2 <= 1/4", "x**2 + y**2 <= 1/3"),
        ("unsafe set", "x >= 3/2", "x >= 1"),
        ("dynamics", "-y", "-y/2"),
        ("bounds", "x: [-2, 2]", "x: [-3, 2]"),
        ("parameter", "p: [1/2, 1]", "p: [1/4, 1]"),
        ("disturbance", "d: [-1/10, 1/10]", "d: [-1/10, 1/5]"),
    ],
)
def test_an_obligation_of_a_smaller_problem_does_not_match(change: tuple[str, str, str]) -> None:
    _, old, new = change
    text = BASE.format(time="continuous", f="-x + y*d", g="-y", b="x**2 + p*y**2 - 1", more="")
    problem = parse_problem(text, "base.yaml")
    session = Session(statement_of(parse_problem(text.replace(old, new), "base.yaml")))
    matched = 0
    for claim in session.derived.claims:
        for obligation in obligations_of(problem).obligations:
            data = proved_entry(obligation, EVIDENCE)
            reader = Reader(session.statement.terms)
            reader.load(data["nodes"])
            theirs = _obligation(reader, data["obligation"])
            matched += obligation.name == claim.name and not mismatch(
                Ring(reader.terms), claim, theirs
            )
    assert matched < len(session.derived.claims)


@pytest.mark.parametrize("more", ["condition: boundary", "condition: inductive"])
def test_automatic_levels_name_no_surface(more: str) -> None:
    time = "discrete" if "inductive" in more else "continuous"
    text = BASE.format(time=time, f="-x", g="-y", b="x + y", more=f"{more}\n  levels: auto")
    derived = Session(statement_of(parse_problem(text, "base.yaml"))).derived
    assert derived.missing
    assert not derived.claims


def test_no_variable_may_stand_for_a_coordinate_of_the_unsafe_point() -> None:
    text = BASE.format(time="continuous", f="-x", g="-y", b="x + p*y", more="levels: auto")
    statement = statement_of(parse_problem(text, "base.yaml"))
    assert Session(statement).derived.claims
    statement["parameters"][0]["name"] = "x'"
    statement["nodes"] = [["var", "x'"] if n == ["var", "p"] else n for n in statement["nodes"]]
    with pytest.raises(RejectedError, match="letters, digits and _"):
        Session(statement)


LATE = """
bcv: 1
name: late
time: continuous
states: {x: null}
horizon: 1
dynamics: {x: 0}
diffusion: {x: "max(t - 1, 0)"}
initial: x == 0
unsafe: x**2 >= 4
certificate: {B: x**2, condition: supermartingale, gamma: 0, lambda: 4, c: 0, horizon: 1}
"""


def test_a_bound_beyond_the_times_of_its_conditions_is_rejected() -> None:
    statement = statement_of(parse_problem(LATE, "late.yaml"))
    assert Session(statement).derived.claims
    statement["certificate"]["horizon"] = "100"
    with pytest.raises(RejectedError, match="horizon"):
        Session(statement)


STOCHASTIC = """\
bcv: 1
name: drifting down
time: discrete
states: {x: [1, 100]}
noise: {w: {discrete: {0: 0.5, 1: 0.5}}}
dynamics: {x: x - 1 + w/2}
initial: x == 10
unsafe: x >= 10
certificate: {B: x, condition: supermartingale, gamma: 10, lambda: 10, c: 0.75, horizon: 8}
"""


def test_a_negative_drift_is_rejected() -> None:
    """With c = -3/4 all claims hold and (gamma + c*T)/lambda = 0.4; the first state is unsafe."""
    statement = statement_of(parse_problem(STOCHASTIC, "drift.yaml"))
    assert Session(statement).derived.claims
    place = statement["certificate"]["drift"]
    assert statement["nodes"][place] == ["const", "3/4"]
    statement["nodes"][place] = ["const", "-3/4"]
    with pytest.raises(RejectedError, match="negative"):
        Session(statement)


def test_a_witness_where_all_branches_fail_is_one_at_the_switch_too() -> None:
    text = BASE.format(
        time="continuous", f="-x", g="1", b="max(x, -x) + y", more="condition: nonincreasing"
    )
    session = Session(statement_of(parse_problem(text, "base.yaml")))
    flow = next(claim for claim in session.claims("flow"))
    point = dict.fromkeys(flow.region.names, Fraction(0))
    value = PointValues(session.statement.terms, point).of(flow.expr)
    assert violates(value, flow.strict)
