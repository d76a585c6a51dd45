"""Are second opinions reported, and contradictions judged by the checker alone?"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import pytest

from bcv import attempts
from bcv.cli.exit_code import ExitCode, code_of
from bcv.engines.engine import Budget, Engine
from bcv.engines.query import Reply, Solver
from bcv.engines.registry import ENGINES, Entry, create
from bcv.events import Contradicted, Event
from bcv.evidence import Attestation, Point
from bcv.formats.problem_yaml import parse_problem
from bcv.formats.smtlib import Query, negated_query
from bcv.obligation import Obligation
from bcv.outcome import Outcome, Proved, Refuted, Undecided
from bcv.pipeline import Settings, validate
from bcv.reports.json_document import verdict_document
from bcv.verdict import Answer, Assurance, Verdict

GOOD = """\
bcv: 1
name: decay
time: continuous
states: {x: [-2, 2], y: [-2, 2]}
dynamics: {x: -x, y: -y}
initial: {box: {x: [-0.5, 0.5], y: [-0.5, 0.5]}}
unsafe: x >= 3/2
certificate: {B: x**2 + y**2 - 1}
"""
BAD = GOOD.replace("x >= 3/2", "x >= 1/2")


@dataclass(frozen=True, slots=True)
class Oracle(Solver):
    """A solver that always gives the same reply."""

    name: str = field(init=False, default="oracle")
    reply: Reply = field(default_factory=lambda: Reply("unknown"))

    def ask(self, obligation: Obligation, budget: Budget) -> tuple[Query, Reply]:
        return negated_query(obligation), self.reply


@dataclass(frozen=True, slots=True)
class Says(Engine):
    """An engine that always gives the same outcome."""

    name: str = field(init=False, default="says")
    outcome: Outcome | None = None

    def discharge(self, obligation, hints, budget, emit):  # type: ignore[no-untyped-def]
        return self.outcome


@pytest.fixture
def judged(monkeypatch):  # type: ignore[no-untyped-def]
    """Validate a problem, and have it confirmed by a double."""

    def run(
        text: str,
        double: Engine,
        engines: tuple[str, ...] | None = None,
        first: Engine | None = None,
    ) -> tuple[Verdict, list[Event]]:
        doubles = {"oracle": double, "first": first}
        for name in doubles:
            monkeypatch.setitem(ENGINES, name, Entry("", "", "", own=False))
        monkeypatch.setattr(
            attempts, "create", lambda name: doubles[name] if name in doubles else create(name)
        )
        settings = Settings(timeout=20, confirm=("oracle",))
        if engines is not None:
            settings = Settings(timeout=20, confirm=("oracle",), engines=engines)
        events: list[Event] = []
        return validate(parse_problem(text, "p.yaml"), settings, events.append), events

    return run


def test_agreement_is_reported_per_condition(judged) -> None:  # type: ignore[no-untyped-def]
    verdict, _ = judged(GOOD, Oracle(Reply("unsat")))
    assert (verdict.answer, verdict.assurance) == (Answer.VALID, Assurance.CHECKED)
    document = verdict_document("p.yaml", "decay", verdict)
    assert [c["confirmed_by"] for c in document["conditions"]] == [["oracle"]] * 3
    assert "contradictions" not in document


@pytest.mark.parametrize("status", ["timeout", "crash", "unknown", "delta-sat"])
def test_no_opinion_changes_nothing(judged, status) -> None:  # type: ignore[no-untyped-def]
    verdict, _ = judged(GOOD, Oracle(Reply(status)))
    assert (verdict.answer, verdict.assurance) == (Answer.VALID, Assurance.CHECKED)
    assert all(o.agrees is None for item in verdict.conditions for o in item.opinions)
    assert not verdict.contradictions


def test_a_checked_proof_wins_against_a_word(judged) -> None:  # type: ignore[no-untyped-def]
    lie = Reply("sat", (("x_0", Fraction(0)), ("x_1", Fraction(0))))
    verdict, events = judged(GOOD, Oracle(lie))
    assert (verdict.answer, verdict.assurance) == (Answer.VALID, Assurance.CHECKED)
    assert all(c.right == c.holds and c.fails == "oracle" for c in verdict.contradictions)
    assert sum(isinstance(event, Contradicted) for event in events) == 3
    assert any("oracle is wrong" in note for note in verdict.notes)
    assert code_of(verdict) is ExitCode.OK


def test_an_exact_witness_wins_against_a_word(judged) -> None:  # type: ignore[no-untyped-def]
    verdict, _ = judged(BAD, Says(Proved(Attestation("oracle", "1", "", "unsat"))))
    assert verdict.answer is Answer.INVALID
    wrong = [c for c in verdict.contradictions if c.condition == "unsafe"]
    assert [c.right == c.fails for c in wrong] == [True]
    assert code_of(verdict) is ExitCode.INVALID


def test_a_checked_witness_replaces_a_solvers_proof(judged) -> None:  # type: ignore[no-untyped-def]
    believed = Says(Proved(Attestation("first", "1", "", "unsat")))
    point = (("x", Fraction(1, 2)), ("y", Fraction(0)))
    verdict, _ = judged(BAD, Says(Refuted(Point(point, "-3/4"))), ("first",), believed)
    unsafe = next(item for item in verdict.conditions if item.obligation.name == "unsafe")
    assert isinstance(unsafe.outcome, Refuted)
    assert (unsafe.engine, unsafe.assurance) == ("oracle", Assurance.CHECKED)
    assert verdict.answer is Answer.INVALID


def test_two_words_against_each_other_are_a_failure(judged) -> None:  # type: ignore[no-untyped-def]
    believed = Says(Proved(Attestation("first", "1", "", "unsat")))
    lie = Reply("sat", (("x_0", Fraction(0)), ("x_1", Fraction(0))))
    verdict, _ = judged(GOOD, Oracle(lie), ("first",), believed)
    assert verdict.answer is Answer.UNKNOWN
    assert all(isinstance(item.outcome, Undecided) for item in verdict.conditions)
    assert code_of(verdict) is ExitCode.FAILED
    document = verdict_document("p.yaml", "decay", verdict)
    assert document["contradictions"][0]["right"] is None


def test_an_exact_witness_wins_against_a_solvers_lie_that_a_search_refutes(judged) -> None:  # type: ignore[no-untyped-def]
    verdict, _ = judged(BAD, Oracle(Reply("unsat")))
    assert (verdict.answer, verdict.assurance) == (Answer.INVALID, Assurance.CHECKED)
    assert [c.condition for c in verdict.contradictions if c.right == c.fails] == ["unsafe"]
    assert code_of(verdict) is ExitCode.INVALID


def test_a_witness_that_refutes_an_agreeing_solver_contradicts_the_proof(judged) -> None:  # type: ignore[no-untyped-def]
    believed = Says(Proved(Attestation("first", "1", "", "unsat")))
    verdict, _ = judged(BAD, Oracle(Reply("unsat")), ("first",), believed)
    unsafe = next(item for item in verdict.conditions if item.obligation.name == "unsafe")
    assert isinstance(unsafe.outcome, Refuted)
    assert verdict.answer is Answer.INVALID
    assert [c.condition for c in verdict.contradictions if c.right == c.fails] == ["unsafe"]
