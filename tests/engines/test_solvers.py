"""Is a solver's answer believed no further than it can be verified?"""

from __future__ import annotations

import time
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import pytest

from bcv import expr as ex
from bcv import region as rg
from bcv.engines.engine import Budget
from bcv.engines.query import Reply, outcome_of
from bcv.engines.registry import ENGINES, Entry, create
from bcv.events import ignore
from bcv.evidence import Attestation, Point, Segment
from bcv.expr import Expr, Op
from bcv.formats.problem_yaml import load_problem
from bcv.formats.smtlib import negated_query
from bcv.obligation import Obligation
from bcv.outcome import Hints, Outcome, Proved, Reason, Refuted, Undecided
from bcv.pipeline import Settings, validate
from bcv.region import Formula, Range
from bcv.verdict import Answer, Assurance
from tests.engines.double import BEHAVIOUR, Double

ROOT = Path(__file__).parents[2]
SOLVERS = [
    pytest.param(
        name, marks=pytest.mark.skipif(find_spec(name) is None, reason=f"{name} is not installed")
    )
    for name in ("z3", "cvc5", "sympy", "dreal")
]
X, Y = ex.var("x"), ex.var("y")
SIDE = Range(Fraction(-2), Fraction(2))


def claim(
    expr: Expr, formula: Formula = rg.TRUE, strict: bool = False, names: tuple[str, ...] = ("x",)
) -> Obligation:
    region = rg.region(names, (SIDE,) * len(names), formula)
    return Obligation("flow", "", "a claim", region, expr, strict)


def asked(name: str, obligation: Obligation, seconds: float = 20.0) -> Outcome:
    budget = Budget(time.monotonic() + seconds)
    found = create(name).discharge(obligation, Hints(), budget, ignore)
    if isinstance(found, Undecided) and found.reason is Reason.UNAVAILABLE:
        pytest.skip(f"{name} is not available: {found.detail}")
    return found


@pytest.mark.parametrize("name", SOLVERS)
def test_a_true_claim_is_attested_and_no_more(name: str) -> None:
    found = asked(name, claim(X**4 - X + ex.ONE))
    assert isinstance(found, Proved)
    assert isinstance(found.evidence, Attestation)
    assert found.evidence.solver == name
    assert found.evidence.version


@pytest.mark.parametrize("name", SOLVERS)
def test_a_false_claim_is_refuted_by_an_exact_point(name: str) -> None:
    found = asked(name, claim(X**4 - ex.const(3) * X + ex.const(2)))
    assert isinstance(found, Refuted)
    assert isinstance(found.witness, Point)


@pytest.mark.parametrize("name", SOLVERS)
def test_an_algebraic_violation_on_a_surface_is_shown_by_a_segment(name: str) -> None:
    found = asked(name, claim(-X, rg.equal(X**2, ex.const(2))))
    assert isinstance(found, Refuted)
    assert isinstance(found.witness, Segment)


@pytest.mark.parametrize("name", SOLVERS)
def test_a_violation_at_an_irrational_point_only_is_left_undecided(name: str) -> None:
    found = asked(name, claim((X**2 - ex.const(2)) ** 2, strict=True), seconds=5.0)
    assert isinstance(found, Undecided)


@pytest.mark.parametrize(("formula", "holds"), [(rg.greater(X), True), (rg.TRUE, False)])
def test_sympy_looks_between_and_at_the_roots(formula: Formula, holds: bool) -> None:
    pytest.importorskip("sympy")
    cubic = X**3 - X + ex.const(Fraction(2, 5))
    assert isinstance(asked("sympy", claim(cubic, formula)), Proved) is holds
    touching = X**2 * (X - ex.ONE) ** 2
    assert isinstance(asked("sympy", claim(touching)), Proved)
    assert isinstance(asked("sympy", claim(touching, strict=True)), Refuted)
    inside = rg.all_of(rg.greater(X), rg.greater(ex.ONE - X))
    assert isinstance(asked("sympy", claim(touching, inside, strict=True)), Proved)


def test_sympy_proves_by_critical_values_on_every_face() -> None:
    pytest.importorskip("sympy")
    motzkin = X**4 * Y**2 + X**2 * Y**4 - ex.const(3) * X**2 * Y**2 + ex.ONE
    assert isinstance(asked("sympy", claim(motzkin, names=("x", "y"))), Proved)
    assert not isinstance(asked("sympy", claim(motzkin, strict=True, names=("x", "y"))), Proved)
    saddle = X * Y + ex.const(4)  # 0 in two corners only
    assert isinstance(asked("sympy", claim(saddle, names=("x", "y"))), Proved)
    lower = saddle - ex.const(Fraction(1, 1000))
    assert not isinstance(asked("sympy", claim(lower, names=("x", "y"))), Proved)


def test_what_a_solver_cannot_say_is_unsupported() -> None:
    sine = claim(ex.apply(Op.SIN, X) + ex.const(2))
    for name in ("z3", "sympy"):
        found = asked(name, sine)
        assert isinstance(found, Undecided)
        assert found.reason is Reason.UNSUPPORTED


TRUE_CLAIM = claim(X**2 + Y**2 + ex.ONE, names=("x", "y"))
FALSE_CLAIM = claim(X**2 + Y**2 - ex.ONE, names=("x", "y"))
WANTED = {
    "hangs": Reason.TIMEOUT,
    "hangs in a grandchild": Reason.TIMEOUT,
    "floods": Reason.CRASHED,
    "eats memory": Reason.MEMORY,
    "lies that it fails": Reason.INCONCLUSIVE,
    "invents a status": Reason.INCONCLUSIVE,
}


@pytest.mark.parametrize("kind", [kind for kind in BEHAVIOUR if kind != "lies that it holds"])
def test_a_solver_that_misbehaves_only_loses_its_own_answer(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("BCV_TEST_DOUBLE", kind)
    seconds = 2.0 if "hang" in kind else 10.0
    budget = Budget(time.monotonic() + seconds, memory=1 << 30)
    found = Double().discharge(TRUE_CLAIM, Hints(), budget, ignore)
    assert time.monotonic() < budget.deadline + 1.0
    assert isinstance(found, Undecided)
    assert found.reason is WANTED.get(kind, Reason.CRASHED)


def test_a_lie_that_a_quick_search_refutes_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("BCV_TEST_DOUBLE", "lies that it holds")
    found = Double().discharge(FALSE_CLAIM, Hints(), Budget(time.monotonic() + 10), ignore)
    assert isinstance(found, Refuted)


def test_a_lie_that_comes_too_late_is_looked_into_all_the_same() -> None:
    over = Budget(time.monotonic())
    query = negated_query(FALSE_CLAIM)
    assert isinstance(outcome_of(FALSE_CLAIM, query, Reply("unsat"), "double", over), Refuted)


@pytest.mark.parametrize("kind", ["hangs", "crashes", "is killed", "floods", "lies that it fails"])
def test_a_solver_that_misbehaves_changes_no_verdict(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("BCV_TEST_DOUBLE", kind)
    monkeypatch.setitem(ENGINES, "double", Entry("tests.engines.double", "Double", "", own=False))
    problem = load_problem(ROOT / "problems" / "starters" / "tight_oscillator.yaml")
    verdict = validate(problem, Settings(timeout=8, confirm=("double",)))
    assert (verdict.answer, verdict.assurance) == (Answer.VALID, Assurance.CHECKED)
    assert bool(verdict.contradictions) == ("lies" in kind)
    assert not any(opinion.agrees for item in verdict.conditions for opinion in item.opinions)
