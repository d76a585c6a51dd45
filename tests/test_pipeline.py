"""Does the pipeline reach the right verdict whatever its engines do?"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import pytest

from bcv import attempts, pipeline
from bcv import expr as ex
from bcv.conditions import Conditions
from bcv.engines.engine import Budget, Engine
from bcv.events import EngineFinished, Event
from bcv.evidence import Attestation, Cover, Point, SquareFactor, SumOfSquares
from bcv.formats.problem_yaml import parse_problem
from bcv.obligation import Obligation
from bcv.outcome import Hints, Known, Outcome, Proved, Reason, Refuted, Undecided
from bcv.pipeline import CheckMode, Settings, validate
from bcv.problem import Certificate, ConditionKind, Problem, TimeKind
from bcv.region import TRUE, Range, region
from bcv.verdict import Answer, Assurance, Verdict

X = ex.var("x")
UNIT = region(("x",), (Range(Fraction(0), Fraction(1)),), TRUE)
PROBLEM = Problem("p", TimeKind.CONTINUOUS, (), (), Certificate(ConditionKind.NONINCREASING))
ATTESTED = Proved(Attestation("double", "1", "", "unsat"))
REFUTED = Refuted(Point((("x", Fraction(1, 2)),), "-1/2"))
TIRED = Undecided(Reason.INCONCLUSIVE)

Answerer = Callable[[Obligation, Budget], Outcome]


@dataclass(frozen=True, slots=True)
class Double(Engine):
    """An engine that answers as it is told."""

    name: str = "double"
    answer: Answerer = lambda obligation, budget: TIRED

    def discharge(self, obligation, hints, budget, emit):  # type: ignore[no-untyped-def]
        return self.answer(obligation, budget)


def obligation(name: str) -> Obligation:
    return Obligation(name, "", f"{name} holds", UNIT, X, False)


def run(monkeypatch, answers, names=("initial", "flow"), settings=None, unsupported=()):
    """The verdict and the events with these doubles in the place of the engines."""
    engines = dict(zip(("sampling", "branch-and-bound", "sum-of-squares"), answers, strict=False))
    conditions = Conditions(
        obligations=tuple(map(obligation, names)), unsupported=unsupported, assumes=(), notes=()
    )
    monkeypatch.setattr(pipeline, "obligations_of", lambda problem: conditions)
    monkeypatch.setattr(attempts, "create", lambda name: Double(name, engines[name]))
    settings = replace(
        settings or Settings(timeout=5), engines=tuple(engines), check=CheckMode.NEVER
    )
    events: list[Event] = []
    return validate(PROBLEM, settings, events.append), events


def always(outcome: Outcome) -> Answerer:
    return lambda obligation, budget: outcome


def reasons(verdict: Verdict) -> list[Reason]:
    return [s.outcome.reason for s in verdict.conditions if isinstance(s.outcome, Undecided)]


def test_all_proved_is_valid(monkeypatch):
    verdict, _ = run(monkeypatch, [always(ATTESTED)])
    assert (verdict.answer, verdict.assurance) == (Answer.VALID, Assurance.ATTESTED)


def test_one_refutation_is_invalid(monkeypatch):
    only_flow = lambda o, b: REFUTED if o.name == "flow" else TIRED  # noqa: E731
    but_flow = lambda o, b: TIRED if o.name == "flow" else ATTESTED  # noqa: E731
    verdict, _ = run(monkeypatch, [only_flow, but_flow])
    assert verdict.answer is Answer.INVALID
    assert [type(s.outcome) for s in verdict.conditions] == [Proved, Refuted]


def test_nothing_decided_is_unknown_and_ends_early(monkeypatch):
    verdict, _ = run(monkeypatch, [always(TIRED)] * 3, settings=Settings(timeout=60))
    assert verdict.answer is Answer.UNKNOWN
    assert verdict.seconds < 1
    assert reasons(verdict) == [Reason.INCONCLUSIVE] * 2


def test_an_unsupported_condition_keeps_the_answer_from_valid(monkeypatch):
    verdict, _ = run(monkeypatch, [always(ATTESTED)], unsupported=(("stays", "not yet"),))
    assert verdict.answer is Answer.UNKNOWN


def test_a_crash_is_contained(monkeypatch):
    def crash(obligation, budget):
        raise ZeroDivisionError("oops")

    verdict, _ = run(monkeypatch, [crash, always(ATTESTED)])
    assert verdict.answer is Answer.VALID
    verdict, _ = run(monkeypatch, [crash, always(TIRED)])
    assert reasons(verdict) == [Reason.CRASHED] * 2


def test_an_engine_that_never_returns_is_stopped(monkeypatch):
    def hang(obligation, budget):
        while True:
            time.sleep(0.01)

    verdict, _ = run(monkeypatch, [hang], settings=Settings(timeout=0.6))
    assert verdict.seconds < 0.6 + 1
    assert reasons(verdict) == [Reason.TIMEOUT] * 2


def test_unused_time_passes_on_to_the_other_conditions(monkeypatch):
    slices: dict[str, float] = {}

    def greedy(obligation, budget):
        if obligation.name == "initial":
            return ATTESTED
        slices[obligation.name] = budget.seconds_left
        time.sleep(min(budget.seconds_left, 0.02))
        return Undecided(Reason.TIMEOUT)

    run(monkeypatch, [greedy], settings=Settings(timeout=2))
    assert slices["flow"] > 1.5


def test_interruption_keeps_what_is_settled(monkeypatch):
    def interrupted(obligation, budget):
        if obligation.name == "initial":
            return ATTESTED
        raise KeyboardInterrupt

    verdict, _ = run(monkeypatch, [interrupted])
    assert isinstance(verdict.conditions[0].outcome, Proved)
    assert reasons(verdict) == [Reason.INTERRUPTED]


def test_fail_fast_leaves_the_rest(monkeypatch):
    def first(obligation, budget):
        return REFUTED if obligation.name == "initial" else TIRED

    settings = Settings(timeout=5, after_refutation=0.0)
    verdict, events = run(monkeypatch, [first], settings=settings)
    assert verdict.answer is Answer.INVALID
    assert sum(isinstance(event, EngineFinished) for event in events) == 1


def test_a_requirement_that_is_not_met_makes_the_answer_unknown(monkeypatch):
    settings = Settings(timeout=5, require=Assurance.RIGOROUS)
    verdict, _ = run(monkeypatch, [always(ATTESTED)], settings=settings)
    assert verdict.answer is Answer.UNKNOWN
    assert verdict.notes


def test_what_engines_know_is_put_together(monkeypatch):
    answers = [
        always(replace(TIRED, known=Known(smallest_margin=0.5, at=(("x", 0.5),), samples=10))),
        always(replace(TIRED, known=Known(smallest_margin=0.1, largest_violation=2.0, boxes=7))),
    ]
    verdict, _ = run(monkeypatch, answers, names=("flow",))
    known = verdict.conditions[0].outcome.known
    assert (known.smallest_margin, known.largest_violation) == (0.1, 2.0)
    assert (known.boxes, known.samples) == (7, 10)


def test_hints_reach_the_next_engine(monkeypatch):
    seen: list[Hints] = []

    @dataclass(frozen=True, slots=True)
    class Listening(Engine):
        name: str = "listening"

        def discharge(self, obligation, hints, budget, emit):  # type: ignore[no-untyped-def]
            seen.append(hints)
            return replace(TIRED, hints=Hints(zeros=((Fraction(0),),)))

    conditions = Conditions(obligations=(obligation("flow"),), unsupported=(), assumes=(), notes=())
    monkeypatch.setattr(pipeline, "obligations_of", lambda problem: conditions)
    monkeypatch.setattr(attempts, "create", lambda name: Listening())
    engines = ("sampling", "branch-and-bound")
    validate(PROBLEM, Settings(timeout=2, engines=engines, check=CheckMode.NEVER))
    assert seen[0] == Hints()
    assert seen[-1].zeros == ((Fraction(0),),)


def test_our_own_evidence_is_rigorous_until_it_is_replayed(monkeypatch):
    cover = Cover((), array("q"), array("d"), ())
    verdict, _ = run(monkeypatch, [always(Proved(cover))])
    assert verdict.assurance is Assurance.RIGOROUS


def test_evidence_that_contains_a_solvers_word_is_only_attested(monkeypatch):
    wrapped = SquareFactor(X, X, SquareFactor(X, X, ATTESTED.evidence))
    verdict, _ = run(monkeypatch, [always(Proved(wrapped))])
    assert verdict.assurance is Assurance.ATTESTED


TIGHT = """\
bcv: 1
name: pendulum
time: continuous
states: {x: [-3, 3], y: [-8, 8]}
dynamics: {x: y, y: -9.81*sin(x) - y/10}
initial: {box: {x: [-0.3, 0.3], y: [-0.3, 0.3]}}
unsafe: x >= 1
certificate: {B: y**2/2 + 9.81*(1 - cos(x)) - 1}
"""


def test_terms_that_cancel_and_square_factors_are_no_obstacle():
    verdict = validate(parse_problem(TIGHT, "tight.yaml"), Settings(timeout=20))
    assert (verdict.answer, verdict.assurance) == (Answer.VALID, Assurance.CHECKED)


def test_a_rejected_proof_is_undecided_and_said_aloud(monkeypatch):
    problem = parse_problem(TIGHT, "tight.yaml")
    hollow = Proved(SumOfSquares(()))
    monkeypatch.setattr(attempts, "create", lambda name: Double(name, always(hollow)))
    settings = Settings(timeout=5, engines=("branch-and-bound",), check=CheckMode.ALWAYS)
    verdict = validate(problem, settings)
    assert verdict.answer is Answer.UNKNOWN
    assert reasons(verdict) == [Reason.CRASHED] * 3
    assert any("rejected by the checker" in note for note in verdict.notes)


@pytest.mark.parametrize("lie", [Proved(SumOfSquares(())), REFUTED])
def test_what_the_checker_rejects_is_settled_by_other_engines(monkeypatch, lie):
    problem = parse_problem(TIGHT, "tight.yaml")
    honest = attempts.create

    def made(name):
        return Double(name, always(lie)) if name == "linear-relaxation" else honest(name)

    monkeypatch.setattr(attempts, "create", made)
    engines = ("linear-relaxation", "branch-and-bound", "lifting", "sum-of-squares")
    settings = Settings(timeout=20, engines=engines, check=CheckMode.ALWAYS)
    verdict = validate(problem, settings)
    assert (verdict.answer, verdict.assurance) == (Answer.VALID, Assurance.CHECKED)
    assert "linear-relaxation" not in {item.engine for item in verdict.conditions}


def test_a_false_witness_is_undecided_and_said_aloud(monkeypatch):
    problem = parse_problem(TIGHT, "tight.yaml")
    slander = Refuted(Point((("x", Fraction(0)), ("y", Fraction(0))), "-1"))
    monkeypatch.setattr(attempts, "create", lambda name: Double(name, always(slander)))
    settings = Settings(timeout=5, engines=("branch-and-bound",))
    assert validate(problem, settings).answer is Answer.UNKNOWN


def test_the_same_seed_gives_the_same_witness():
    problem = parse_problem(TIGHT.replace("x >= 1", "x >= 0.2"), "wrong.yaml")
    found = [validate(problem, Settings(timeout=10, seed=3)).conditions[1] for _ in range(2)]
    assert found[0].outcome == found[1].outcome
    assert isinstance(found[0].outcome, Refuted)


def test_an_engine_that_gave_up_near_its_limit_is_asked_again_with_more_time(monkeypatch):
    def hurried(obligation, budget):
        if budget.seconds_left > 0.3:
            return ATTESTED
        time.sleep(0.8 * budget.seconds_left)
        return TIRED

    answers = [always(TIRED), always(TIRED), hurried]
    verdict, _ = run(monkeypatch, answers, names=("flow",), settings=Settings(timeout=5))
    assert verdict.answer is Answer.VALID


def test_an_engine_whose_effort_is_no_matter_of_time_is_not_asked_twice(monkeypatch):
    def slow(obligation, budget):
        time.sleep(0.8 * min(budget.seconds_left, 0.2))
        return TIRED

    _, events = run(monkeypatch, [slow], names=("flow",), settings=Settings(timeout=2))
    assert sum(isinstance(event, EngineFinished) for event in events) == 1


DECAY = """
bcv: 1
name: decay
time: continuous
states: {{x: [-2, 2], y: [-2, 2]}}
dynamics: {{x: -x, y: -y}}
initial: x**2 + y**2 <= 1/4
unsafe: x >= 3/2
certificate: {{B: {barrier}}}
"""


def test_what_holds_on_few_boxes_is_proved_without_a_sample():
    events: list[Event] = []
    problem = parse_problem(DECAY.format(barrier="x**2 + y**2 - 1"), "decay.yaml")
    verdict = validate(problem, Settings(timeout=20, check=CheckMode.NEVER), events.append)
    assert verdict.answer is Answer.VALID
    engines = {event.engine for event in events if isinstance(event, EngineFinished)}
    assert "sampling" not in engines


def test_a_look_that_meets_a_violation_leaves_it_to_sampling():
    problem = parse_problem(DECAY.format(barrier="1 - x**2 - y**2"), "decay.yaml")
    verdict = validate(problem, Settings(timeout=20, check=CheckMode.NEVER))
    assert verdict.answer is Answer.INVALID
    refuted = [item for item in verdict.conditions if isinstance(item.outcome, Refuted)]
    assert {item.engine for item in refuted} == {"sampling"}


def test_a_look_that_settles_nothing_is_no_attempt(monkeypatch):
    limits: list[int] = []

    def seen(obligation: Obligation, budget: Budget) -> Outcome:
        limits.append(budget.boxes)
        return Undecided(Reason.BOX_LIMIT if budget.boxes < 10**6 else Reason.INCONCLUSIVE)

    _, events = run(monkeypatch, [always(TIRED), seen], names=("initial",))
    assert limits[0] < limits[-1]
    finished = [e.engine for e in events if isinstance(e, EngineFinished)]
    assert finished == ["sampling", "branch-and-bound"]


def test_a_look_never_settles_a_claim_by_what_was_proved_of_its_reduction(monkeypatch):
    asked_about: list[ex.Expr] = []

    def seen(obligation: Obligation, budget: Budget) -> Outcome:
        asked_about.append(obligation.expr)
        return TIRED

    monkeypatch.setattr(attempts, "create", lambda name: Double(name, seen))
    budget = Budget(time.monotonic() + 10)
    square = replace(obligation("flow"), expr=(X - ex.ONE) ** 2 * (X + ex.ONE))
    reduced = attempts.examined(attempts.untouched(square), budget)
    assert reduced.reduction is not None
    attempts.looked("branch-and-bound", reduced, budget, 100, lambda event: None)
    assert asked_about == [square.expr]
