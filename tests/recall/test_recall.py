"""Does what was decided once answer the same question, asked differently, and nothing else?"""

from __future__ import annotations

import json
import re
import time
from array import array
from dataclasses import replace
from fractions import Fraction

import pytest

from bcv import expr as ex
from bcv.checker import check as check_proof
from bcv.engines.branch_and_bound import BranchAndBound
from bcv.engines.engine import Budget
from bcv.engines.linear_relaxation import LinearRelaxation
from bcv.events import EngineStarted, Event, Recalled
from bcv.evidence import Bounded, Cover, Evidence, Form, Multiplier
from bcv.formats.expression import parse_expression
from bcv.formats.problem_yaml import parse_problem
from bcv.formats.proof import proof_document
from bcv.formats.statement import statement_digest, statement_of
from bcv.obligation import Obligation
from bcv.outcome import Hints, Proved, Reason, Undecided
from bcv.paving.rechecking import cover_holds, leaves
from bcv.pipeline import CheckMode, Settings, validate
from bcv.recall import Effort, Recall, packed, place_of, unpacked
from bcv.rechecking import holds
from bcv.region import TRUE, Range, at_least, region
from bcv.stores.memory import MemoryStore
from bcv.stores.store import Record
from bcv.verdict import Assurance, Verdict

PROBLEM = """
bcv: 1
name: spiral
time: continuous
states: {x: [-2, 2], y: [-2, 2]}
dynamics: {x: -x + y, y: -x - y}
initial: {box: {x: [-0.5, 0.5], y: [-0.5, 0.5]}}
unsafe: x >= 1.5
certificate: {B: x**2 + y**2 - 1}
"""
FALSE = PROBLEM.replace("- 1}", "- 0.1}")


def run(text: str, recall: Recall | None, **options: object) -> tuple[Verdict, list[Event]]:
    events: list[Event] = []
    settings = Settings(timeout=20, **options)  # type: ignore[arg-type]
    return validate(parse_problem(text, "p.yaml"), settings, events.append, recall), events


def worked_on(events: list[Event]) -> set[str]:
    return {event.obligation.name for event in events if isinstance(event, EngineStarted)}


def recalled(events: list[Event]) -> set[str]:
    return {event.obligation.name for event in events if isinstance(event, Recalled)}


@pytest.fixture
def recall() -> Recall:
    return Recall(MemoryStore(), pytest.fail)


ASKED_DIFFERENTLY = {
    "the same": PROBLEM,
    "other words": PROBLEM.replace("spiral", "other") + "description: words  # and comments\n",
    "expanded": PROBLEM.replace("x**2 + y**2 - 1", "(x - 1)*(x + 1) + y*y"),
    "scaled": PROBLEM.replace("x**2 + y**2 - 1", "3/2*x**2 + 1.5*y**2 - 1.5"),
    "defined": PROBLEM.replace("B: x**2 + y**2 - 1", "B: r - 1") + "define: {r: x**2 + y**2}\n",
    "renamed": """
bcv: 1
name: spiral
time: continuous
states: {p: [-2, 2], q: [-2, 2]}
dynamics: {p: -q - p, q: -q + p}
initial: {box: {p: [-0.5, 0.5], q: [-0.5, 0.5]}}
unsafe: 2*q >= 3
certificate: {B: q**2 + p**2 - 1}
""",
}


@pytest.mark.parametrize("how", ASKED_DIFFERENTLY)
@pytest.mark.parametrize("check", [CheckMode.ALWAYS, CheckMode.NEVER])
def test_the_same_question_asked_differently_is_answered_from_the_store(
    how: str, check: CheckMode, recall: Recall
) -> None:
    first, _ = run(PROBLEM, recall)
    again, events = run(ASKED_DIFFERENTLY[how], recall, check=check)
    assert again.answer is first.answer
    assert worked_on(events) == set()
    assert recalled(events) == {"initial", "unsafe", "flow"}
    assert all(condition.cached for condition in again.conditions)
    least = Assurance.CHECKED if check is CheckMode.ALWAYS else Assurance.RIGOROUS
    assert again.assurance is least


def test_editing_one_set_decides_one_condition_anew(recall: Recall) -> None:
    run(PROBLEM, recall)
    _, events = run(PROBLEM.replace("x >= 1.5", "x + y/9 >= 1.6"), recall)
    assert worked_on(events) == {"unsafe"}
    assert recalled(events) == {"initial", "flow"}


def test_a_smaller_set_and_a_weaker_certificate_are_answered_by_what_is_known(
    recall: Recall,
) -> None:
    run(PROBLEM, recall)
    smaller = PROBLEM.replace("[-0.5, 0.5]", "[-0.25, 0.3]").replace("x >= 1.5", "x >= 1.75")
    verdict, events = run(smaller, recall, check=CheckMode.ALWAYS)
    assert worked_on(events) == set()
    assert verdict.assurance is Assurance.CHECKED


def test_a_larger_set_is_decided_anew(recall: Recall) -> None:
    run(PROBLEM, recall)
    verdict, events = run(PROBLEM.replace("[-0.5, 0.5]", "[-0.9, 0.9]"), recall)
    assert "initial" in worked_on(events)
    assert verdict.answer.value == "invalid"


def test_a_witness_is_verified_for_the_claim_that_is_asked(recall: Recall) -> None:
    run(FALSE, recall)
    again, events = run(FALSE, recall)
    assert again.answer.value == "invalid"
    assert "initial" in recalled(events)
    right, _ = run(PROBLEM, recall)
    assert right.answer.value == "valid"


def only(store: MemoryStore, kind: str, name: str) -> tuple[Record, dict]:
    for record in store.records():
        data = unpacked(record.value)
        if data["kind"] == kind and data["name"] == name:
            return record, data
    raise LookupError(name)


def test_evidence_for_another_claim_is_dropped(recall: Recall) -> None:
    run(PROBLEM, recall)
    run(FALSE, recall)
    store = recall.store
    assert isinstance(store, MemoryStore)
    warnings: list[str] = []
    proof, _ = only(store, "proved", "initial")
    wrong, _ = only(store, "refuted", "initial")
    forged = MemoryStore()
    forged.put([replace(proof, key=wrong.key), replace(wrong, key=proof.key)])
    trusting = Recall(forged, warnings.append)
    assert run(PROBLEM, trusting)[0].answer.value == "valid"
    assert run(FALSE, trusting)[0].answer.value == "invalid"


def test_a_claim_put_in_the_place_of_the_proved_one_is_not_believed(recall: Recall) -> None:
    """The evidence of a true claim, under a false one that its record states as its own."""
    run(PROBLEM, recall)
    run(FALSE, recall)
    store = recall.store
    assert isinstance(store, MemoryStore)
    _, data = only(store, "proved", "initial")
    wrong, _ = only(store, "refuted", "initial")
    text = json.dumps(data["entry"])
    lie = {**data, "entry": json.loads(text.replace('["const", "1"]', '["const", "1/10"]'))}
    assert lie["entry"] != data["entry"]
    warnings: list[str] = []
    forged = MemoryStore()
    forged.put([Record(wrong.key, wrong.family, packed(lie))])
    verdict, events = run(FALSE, Recall(forged, warnings.append))
    assert verdict.answer.value == "invalid"
    assert recalled(events) == set()
    assert any("proves nothing" in words for words in warnings)
    assert forged.get(wrong.key) != Record(wrong.key, wrong.family, packed(lie))


@pytest.mark.parametrize("value", [b"", b"\0", b"nonsense", packed({"schema": "bcv.outcome/1"})])
def test_a_record_that_makes_no_sense_is_dropped_with_a_warning(
    value: bytes, recall: Recall
) -> None:
    run(PROBLEM, recall)
    warnings: list[str] = []
    broken = MemoryStore()
    broken.put([Record(r.key, r.family, value) for r in recall.store.records()])
    verdict, _ = run(PROBLEM, Recall(broken, warnings.append))
    assert verdict.answer.value == "valid"
    assert len(warnings) == 3


def test_a_problem_that_was_validated_before_needs_no_normal_forms(
    recall: Recall, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(PROBLEM, recall)
    monkeypatch.setattr("bcv.recall.name_of", pytest.fail)
    monkeypatch.setattr("bcv.recall.implies", pytest.fail)
    again, events = run(PROBLEM, Recall(recall.store, pytest.fail))
    assert (again.answer.value, again.assurance) == ("valid", Assurance.CHECKED)
    assert worked_on(events) == set()


@pytest.mark.parametrize("check", CheckMode)
def test_wrong_names_of_a_problems_conditions_lead_nowhere(
    recall: Recall, check: CheckMode
) -> None:
    """The names under which a true problem's proofs lie, under a false one's digest."""
    other = Recall(MemoryStore())
    run(FALSE, other)
    run(PROBLEM, recall)
    false, true = (
        next(r for r in one.store.records() if r.key.startswith("problem:"))
        for one in (other, recall)
    )
    recall.store.put([replace(true, key=false.key)])
    assert run(FALSE, recall, check=check)[0].answer.value == "invalid"


@pytest.mark.parametrize("check", CheckMode)
@pytest.mark.parametrize(("asked", "lie", "truth"), [(FALSE, "proved", "refuted"),
                                                      (PROBLEM, "refuted", "proved")])  # fmt: skip
def test_what_is_said_to_be_of_this_very_problem_is_not_believed(
    asked: str, lie: str, truth: str, check: CheckMode, recall: Recall
) -> None:
    """Another problem's proof or witness, at the place and under the name of this one's."""
    answers = {text: run(text, recall)[0].answer for text in (PROBLEM, FALSE)}
    store = recall.store
    assert isinstance(store, MemoryStore)
    _, data = only(store, lie, "initial")
    right, _ = only(store, truth, "initial")
    digest = statement_digest(statement_of(parse_problem(asked, "p.yaml")))
    forged = {**data, "place": place_of(digest, 0), "replay": 0.001}
    store.put([Record(right.key, right.family, packed(forged))])
    verdict, events = run(asked, Recall(store), check=check)
    assert verdict.answer is answers[asked]
    assert "initial" in worked_on(events)


def test_what_the_checker_took_too_long_for_is_not_replayed_again_unless_demanded(
    recall: Recall,
) -> None:
    run(PROBLEM, recall)
    for record in list(recall.store.records()):
        data = unpacked(record.value)
        if data["kind"] == "proved":
            assert data["replay"] > 0.0
            recall.store.put([replace(record, value=packed({**data, "replay": None}))])
    assert run(PROBLEM, recall)[0].assurance is Assurance.RIGOROUS
    assert run(PROBLEM, recall, check=CheckMode.ALWAYS)[0].assurance is Assurance.CHECKED
    assert run(PROBLEM, recall)[0].assurance is Assurance.CHECKED


def test_estimates_of_the_checkers_time_are_not_made_again(
    recall: Recall, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(PROBLEM, recall, check=CheckMode.NEVER)
    monkeypatch.setattr("bcv.replay.replay_seconds", pytest.fail)
    assert run(PROBLEM, recall)[0].assurance is Assurance.CHECKED
    assert "replay" in only(recall.store, "proved", "initial")[1]  # type: ignore[arg-type]


@pytest.mark.parametrize("how", ["the same", "renamed"])
def test_the_proof_file_of_a_repeat_holds(how: str, recall: Recall) -> None:
    run(PROBLEM, recall)
    text = ASKED_DIFFERENTLY[how]
    verdict, _ = run(text, recall, check=CheckMode.NEVER)
    document = proof_document(parse_problem(text, "p.yaml"), verdict)
    assert check_proof(json.loads(json.dumps(document))).verified


def test_a_remark_is_made_once(recall: Recall, monkeypatch: pytest.MonkeyPatch) -> None:
    leaves = (
        PROBLEM.replace("{x: -x + y, y: -x - y}", "{x: 1, y: 0}")
        .replace("x >= 1.5", "y >= 1.5")
        .replace("x**2 + y**2 - 1", "y - 1")
    )
    first, _ = run(leaves, recall)
    assert any("leave the domain" in note for note in first.notes)
    monkeypatch.setattr("bcv.falsify.trajectories.leaving_note", pytest.fail)
    again, _ = run(leaves, recall)
    assert again.notes == first.notes
    run(leaves, recall, check=CheckMode.NEVER)
    silent = replace(next(r for r in recall.store.records() if "remark" in r.key), own=False)
    recall.store.put([silent])
    monkeypatch.setattr("bcv.falsify.trajectories.leaving_note", lambda *_: "made anew")
    assert "made anew" in run(leaves, recall)[0].notes


def test_an_open_condition_keeps_what_sampling_said_of_it(recall: Recall) -> None:
    open_ = PROBLEM.replace("x**2 + y**2 - 1", "x**2 + y**2 - 1 + 0*sin(x)").replace(
        "y: -x - y", "y: -x - y*(1 + sin(x)**2)"
    )
    first, _ = run(open_, recall, engines=("sampling",))
    again, events = run(open_, recall, engines=("sampling",))
    assert worked_on(events) == set()
    told = [c.outcome.known.violated_share for c in first.conditions]
    assert any(told)
    assert [c.outcome.known.violated_share for c in again.conditions] == told


def test_what_was_tried_in_vain_answers_no_larger_effort() -> None:
    stated = obligation("x**2 - 1/3")
    recall = Recall(MemoryStore())
    outcome = Undecided(Reason.TIMEOUT, "no time")
    recall.keep([(stated, outcome, "branch-and-bound")], Effort(10.0, "setting"))
    assert recall.find(stated, float("inf")) is None
    assert recall.find_in_vain(stated, Effort(10.0, "setting")) is not None
    assert recall.find_in_vain(stated, Effort(5.0, "setting")) is not None
    assert recall.find_in_vain(stated, Effort(10.1, "setting")) is None
    assert recall.find_in_vain(stated, Effort(10.0, "another")) is None
    recall.keep([(stated, replace(outcome, reason=Reason.INTERRUPTED), "x")], Effort(99.0, "s"))
    assert recall.find_in_vain(stated, Effort(99.0, "s")) is None


def obligation(text: str, strict: bool = False, lo: int = -1, hi: int = 1) -> Obligation:
    names = {"x": ex.var("x"), "y": ex.var("y")}
    side = Range(Fraction(lo), Fraction(hi))
    where = region(("x", "y"), (side, side), TRUE)
    return Obligation("initial", "", "", where, parse_expression(text, names), strict)


CLAIMS = [
    "x**2*y**2 + 1/100 - x*y/10",
    "2 - x - y",
    "1 - sin(x*y)",
    "x**2 + y**2 - x*y + x**4*y/2",
    "exp(x) - 1 - x + 1/50",
]


def proved(stated: Obligation) -> Evidence:
    outcome = BranchAndBound().discharge(
        stated, Hints(), Budget(time.monotonic() + 20), lambda event: None
    )
    assert isinstance(outcome, Proved)
    return outcome.evidence


@pytest.mark.parametrize("text", CLAIMS)
def test_a_cover_is_confirmed_for_its_claim_and_for_no_false_one(text: str) -> None:
    stated = obligation(text)
    cover = proved(stated)
    assert holds(stated, cover, float("inf"))
    false = replace(stated, expr=stated.expr - ex.const(Fraction(3)))
    assert not holds(false, cover, float("inf"))
    larger = obligation(text, lo=-2, hi=2)
    assert not (isinstance(cover, Cover) and cover_holds(larger, cover))


@pytest.mark.parametrize(
    ("text", "least"),
    [
        ("21/10 - x - y", "1/10"),
        ("1.1 - sin(x*y) - x/9", "0.15"),
        ("exp(x) - 1 - x + 1/50", "1/50"),
    ],
)
def test_a_cover_by_affine_forms_is_confirmed_for_its_claim_and_for_no_false_one(
    text: str, least: str
) -> None:
    stated = obligation(text)
    found = LinearRelaxation().discharge(
        stated, Hints(), Budget(time.monotonic() + 20), lambda event: None
    )
    assert isinstance(found, Proved)
    cover = found.evidence
    assert isinstance(cover, Cover)
    assert any(isinstance(r, Bounded) and r.form is Form.AFFINE for r in cover.reasons)
    assert cover_holds(stated, cover)
    false = replace(stated, expr=stated.expr - ex.const(Fraction(least) + Fraction(1, 1000)))
    assert not cover_holds(false, cover, time.monotonic() + 20)


def test_affine_forms_use_no_multiplier_of_the_wrong_sign() -> None:
    """x + 1/10 < 0 at -1; with the multiplier -1 it would be more than 0 everywhere."""
    names = {"x": ex.var("x")}
    where = at_least(parse_expression("1/2 - x/2 - x**3/1000", names))
    side = Range(Fraction(-1), Fraction(1))
    claim = parse_expression("x + 1/10", names)
    false = Obligation("unsafe", "", "", region(("x",), (side,), where), claim, False)
    for number in range(4):
        multiplier = Multiplier(((number, ex.const(Fraction(-1))),))
        reason = Bounded(Form.AFFINE, 0)
        cover = Cover(((-1.0, 1.0),), array("i", [0]), array("d"), (reason,), (multiplier,))
        assert not cover_holds(false, cover, time.monotonic() + 20)


def test_a_broken_tree_confirms_nothing() -> None:
    stated = obligation(CLAIMS[0])
    cover = proved(stated)
    assert isinstance(cover, Cover)
    assert len(cover.nodes) > 1
    for nodes in (
        cover.nodes[:-1], cover.nodes + array("i", [0]), array("i"), cover.nodes[1:],
        array("i", [99999, *cover.nodes[1:]]), array("i", [-99, *cover.nodes[1:]]),
        array("i", [-2, *cover.nodes[1:]]),
    ):  # fmt: skip
        assert not cover_holds(stated, replace(cover, nodes=nodes))


def test_the_leaves_fill_the_root() -> None:
    cover = proved(obligation(CLAIMS[3]))
    assert isinstance(cover, Cover)
    found = leaves(cover)
    volume = ((found.hi - found.lo).prod(axis=0)).sum()
    assert volume == pytest.approx(4.0)
    assert found.reasons.size == (len(cover.nodes) + 1) // 2


def test_atoms_keep_their_numbers_when_names_change(recall: Recall) -> None:
    names = {"x": ex.var("x"), "y": ex.var("y")}
    disc = at_least(parse_expression("1 - x**2 - y**2", names))
    side = Range(Fraction(-1), Fraction(1))
    stated = Obligation(
        "unsafe", "", "", region(("x", "y"), (side, side), disc), names["x"] + ex.const(2), False
    )
    moved = {"x": ex.var("y"), "y": ex.var("x")}
    from bcv.region import substitute

    asked = replace(
        stated,
        region=region(("x", "y"), (side, side), substitute(disc, moved)),
        expr=ex.substitute(stated.expr, moved),
    )
    recall.keep([(stated, Proved(proved(stated)), "branch-and-bound")])
    found = recall.find(asked, float("inf"))
    assert found is not None
    assert found.obligation.expr is asked.expr


@pytest.mark.parametrize(
    "unsafe",
    ["{all: [x**2 == 3, y**2 == 2]}", "x**4 + y**4 + x == 3", "x**4 + y**4 - 7 >= 0"],
    ids=["a common zero", "a surface", "a touching set"],
)
def test_a_witness_at_an_irrational_point_is_recalled_under_other_names(
    recall: Recall, unsafe: str
) -> None:
    wrong = "x**4 + y**4 - 7" if ">=" in unsafe else "x**2 - y**2 - 2"
    text = PROBLEM.replace("unsafe: x >= 1.5", f"unsafe: {unsafe}")
    text = text.replace("x**2 + y**2 - 1", wrong)
    assert run(text, recall)[0].answer.value == "invalid"
    renamed = re.sub(r"\by\b", "v", re.sub(r"\bx\b", "u", text))
    again, events = run(renamed, recall)
    assert again.answer.value == "invalid"
    assert "unsafe" in recalled(events)
