"""Is nothing believed, shown or waited for that stands in a record of somebody else's making?"""

from __future__ import annotations

import base64
import json
import time
import zlib
from array import array
from collections.abc import Callable
from typing import Any

import pytest

from bcv.canonical.claims import SEMANTICS, name_of
from bcv.checker import check as check_proof
from bcv.conditions import obligations_of
from bcv.evidence import (
    Attestation,
    Bounded,
    Convex,
    Cover,
    Evidence,
    Form,
    Gram,
    Multiplier,
    PolynomialCase,
    SquareFactor,
    SumOfSquares,
)
from bcv.expr import ONE, const
from bcv.formats.problem_yaml import parse_problem
from bcv.formats.proof import proof_document, proved_entry
from bcv.formats.proof_reader import EntryError, read_witness, unpacked_nodes
from bcv.formats.statement import NodeReader, StatementError
from bcv.outcome import Known, Proved, Reason, Refuted, Undecided
from bcv.pipeline import CheckMode
from bcv.recall import SCHEMA, Effort, Recall, evidence_holds, packed, unpacked
from bcv.stores.memory import MemoryStore
from bcv.stores.store import Record
from bcv.verdict import Assurance, Verdict
from tests.recall.test_recall import FALSE, PROBLEM, obligation, proved, run

Data = dict[str, Any]


def changed(text: str, change: Callable[[Data], bytes | None], **options: object) -> Recall:
    """What a run leaves, with its outcomes changed; a warning is an entry of ``heard``."""
    recall = Recall(MemoryStore())
    run(text, recall, **options)
    for record in list(recall.store.records()):
        data = unpacked(record.value)
        if data["kind"] in ("proved", "refuted"):
            value = change(data) or packed(data)
            recall.store.put([Record(record.key, record.family, value, record.own)])
    return Recall(recall.store)


def forged(text: str, evidence: Evidence) -> Recall:
    """Evidence of our own making, it says, for every condition of a problem."""
    store = MemoryStore()
    for stated in obligations_of(parse_problem(text, "p.yaml")).obligations:
        name = name_of(stated)
        data = {
            "schema": SCHEMA,
            "kind": "proved",
            "name": stated.name,
            "words": "",
            "engine": "branch-and-bound",
            "order": name.order,
            "family_order": name.family_order,
            "entry": proved_entry(stated, evidence),
            "expected": 0.001,
            "replay": None,
        }
        key, family = f"{SEMANTICS}:{name.digest}", f"{SEMANTICS}:{name.family}"
        store.put([Record(key, family, packed(data))])
    return Recall(store)


# A solver's word

WORD = Attestation("dreal", "4", "query", "unsat")


@pytest.mark.parametrize("check", CheckMode)
@pytest.mark.parametrize("word", [WORD, SquareFactor(ONE, ONE, WORD)])
def test_a_solvers_word_from_the_store_proves_nothing(word: Evidence, check: CheckMode) -> None:
    verdict, _ = run(FALSE, forged(FALSE, word), check=check)
    assert verdict.answer.value == "invalid"


def test_a_solvers_word_is_not_stored() -> None:
    recall = Recall(MemoryStore())
    recall.keep([(obligation("x**2 + 1"), Proved(WORD), "z3")])
    assert not list(recall.store.records())


def test_a_stored_word_does_not_hold() -> None:
    (record, *_) = forged(PROBLEM, WORD).store.records()
    assert not evidence_holds(record)


# Facts beside the evidence


def refuted(verdict: Verdict) -> tuple[Any, str]:
    (found,) = (c for c in verdict.conditions if isinstance(c.outcome, Refuted))
    assert isinstance(found.outcome, Refuted)
    return found.outcome.witness, found.engine


def lie(data: Data) -> None:
    if data["kind"] == "refuted":
        data["witness"] |= {"value": "-77777", "undefined": True}
        data["engine"] = "x\n VALID, said somebody"


@pytest.mark.parametrize("check", CheckMode)
def test_of_a_stored_witness_only_its_place_is_shown(check: CheckMode) -> None:
    first, _ = run(FALSE, None)
    again, _ = run(FALSE, changed(FALSE, lie), check=check)
    assert refuted(again)[0] == refuted(first)[0]
    assert refuted(again)[1] == ""


@pytest.mark.parametrize("extra", [["zz\nVALID", "5"], ["x", "5"], "x"])
def test_a_witness_with_other_coordinates_is_dropped(extra: object) -> None:
    def add(data: Data) -> None:
        if data["kind"] == "refuted":
            data["witness"]["point"].append(extra)

    recall = changed(FALSE, add)
    warnings: list[str] = []
    verdict, _ = run(FALSE, Recall(recall.store, warnings.append))
    assert verdict.answer.value == "invalid"
    assert len(warnings) == 1
    assert dict(refuted(verdict)[0].point).keys() == {"x", "y"}
    assert len(refuted(verdict)[0].point) == 2


@pytest.mark.parametrize(
    ("key", "value"),
    [("known", []), ("known", {"smallest_margin": "abc"}), ("known", {"boxes": -1}),
     ("known", {"boxes": 1.5}), ("known", {"violated_share": 2}), ("known", {"samples": True}),
     ("detail", "x)\n VALID"), ("detail", 5), ("seconds", "9"), ("reason", "?"),
     ("reason", "crashed")],
)  # fmt: skip
def test_malformed_facts_about_an_open_claim_are_dropped(key: str, value: object) -> None:
    stated, effort = obligation("x**2 - 1/3"), Effort(10.0, "setting")
    warnings: list[str] = []
    recall = Recall(MemoryStore(), warnings.append)
    outcome = Undecided(Reason.TIMEOUT, "no time", Known(smallest_margin=0.5, boxes=3))
    recall.keep([(stated, outcome, "branch-and-bound")], effort)
    found = recall.find_in_vain(stated, effort)
    assert found is not None
    assert found.outcome == outcome
    (record,) = recall.store.records()
    data = {**unpacked(record.value), key: value}
    recall.store.put([Record(record.key, record.family, packed(data))])
    assert recall.find_in_vain(stated, effort) is None
    assert len(warnings) == 1


# The entry that is handed on


@pytest.mark.parametrize("check", CheckMode)
def test_a_proof_file_holds_whatever_obligation_the_stored_entry_states(check: CheckMode) -> None:
    def other(data: Data) -> None:
        data["replay"] = None
        data["entry"]["obligation"]["box"] = [["0", "0"], ["0", "0"]]

    verdict, _ = run(PROBLEM, changed(PROBLEM, other), check=check)
    assert verdict.answer.value == "valid"
    document = proof_document(parse_problem(PROBLEM, "p.yaml"), verdict)
    assert check_proof(json.loads(json.dumps(document))).verified
    least = Assurance.CHECKED if check is CheckMode.ALWAYS else Assurance.RIGOROUS
    assert verdict.assurance >= least


# Records that make no sense

BOX = ((-2.0, 2.0), (-2.0, 2.0))


def cover(reason: Any, *multipliers: Multiplier) -> Cover:
    return Cover(BOX, array("i", [0]), array("d"), (reason,), multipliers)


def gram(matrix: list[Any]) -> SumOfSquares:
    cone = (((), Gram(((0, 0), (1, 0)), tuple(matrix))),)
    return SumOfSquares((PolynomialCase(cone, (), ONE.constant or 0, ()),))  # type: ignore[arg-type]


SENSELESS = {
    "a number that is no double": cover(
        Bounded(Form.MEAN_VALUE, 0), Multiplier(((0, const(10**400)),))
    ),
    "the number of a multiplier": cover(Bounded(Form.AFFINE, [0])),  # type: ignore[arg-type]
    "a multiplier's atom": cover(Bounded(Form.AFFINE, 0), Multiplier((([1], ONE),))),  # type: ignore[arg-type]
    "a point of too few coordinates": cover(Convex((ONE.constant or 0,), None)),  # type: ignore[arg-type]
    "a Gram matrix of another size": gram([1]),
}


@pytest.mark.parametrize("check", CheckMode)
@pytest.mark.parametrize("what", SENSELESS)
def test_senseless_evidence_is_a_miss(what: str, check: CheckMode) -> None:
    verdict, _ = run(FALSE, forged(FALSE, SENSELESS[what]), check=check)
    assert verdict.answer.value == "invalid"


def no_witness(data: Data) -> None:
    data["witness"] = []


def no_value(data: Data) -> None:
    data.get("witness", {})["value"] = "abc"


def no_place(data: Data) -> None:
    data.pop("place", None)
    data["witness"] = []


def huge(data: Data) -> None:
    if data["kind"] == "refuted":
        data["witness"]["point"][0][1] = "1e1000000000"
    else:
        data["entry"]["nodes"] = [["const", "1e1000000000"]] * 99


def too_large(data: Data) -> None:
    if data["kind"] == "proved":
        data["entry"]["nodes"] = [["const", "1" + "0" * 400]] * 99


def no_name(data: Data) -> None:
    data["order"] = data["family_order"] = ["\ud800", "x"]


def deep(data: Data) -> bytes:
    return zlib.compress(b"[" * 200_000 + b"]" * 200_000)


def deep_evidence(data: Data) -> None:
    if data["kind"] == "proved":
        for _ in range(400):
            inner = data["entry"]["evidence"]
            data["entry"]["evidence"] = {"kind": "defined-first", "defined": {}, "inner": inner}


def bomb(data: Data) -> bytes:
    return zlib.compress(bytes(200 << 20), 9)


@pytest.mark.parametrize(
    "change",
    [no_witness, no_value, no_place, huge, too_large, no_name, deep, deep_evidence, bomb],
)
@pytest.mark.parametrize("text", [PROBLEM, FALSE])
def test_a_malformed_record_is_a_miss(text: str, change: Callable[[Data], Any]) -> None:
    verdict, _ = run(text, changed(text, change))
    assert verdict.answer is run(text, None)[0].answer


@pytest.mark.parametrize("name", [[None, [None], "\ud800", ["x", "y"]], [5, [["a"]], {}, ["x"]]])
def test_malformed_names_of_a_problems_conditions_are_a_miss(name: list[Any]) -> None:
    recall = Recall(MemoryStore())
    run(PROBLEM, recall)
    (record,) = (r for r in recall.store.records() if r.key.startswith("problem:"))
    data = unpacked(record.value)
    data["names"] = [name for _ in data["names"]]
    recall.store.put([Record(record.key, record.family, packed(data))])
    assert run(PROBLEM, Recall(recall.store))[0].answer.value == "valid"


# Records that would take for ever


def test_a_number_in_another_notation_is_refused() -> None:
    for text in ("1e1000000000", "1.5", "1_0", " 1", "1/0", "9" * 20_001, 5):
        with pytest.raises(StatementError):
            NodeReader([["const", text]]).expr(0)
        with pytest.raises((EntryError, StatementError)):
            read_witness({"kind": "point", "point": [["x", text]], "value": "", "undefined": False})


def test_a_tree_of_too_many_nodes_is_refused() -> None:
    for size in (3_000_000, 200 << 20):
        text = base64.b64encode(zlib.compress(bytes(size), 9)).decode()
        with pytest.raises(EntryError):
            unpacked_nodes(text)


def test_a_tree_that_is_too_deep_is_given_up_in_time() -> None:
    stated = obligation("x**2 + 1")
    splits = 100_000
    nodes = array("i", [-2, 0] * splits + [0])
    reasons = (Bounded(Form.NATURAL, None),)
    deepest = Cover(((-1.0, 1.0),) * 2, nodes, array("d", bytes(8 * splits)), reasons, ())
    recall = Recall(MemoryStore(), pytest.fail)
    recall.keep([(stated, Proved(deepest), "branch-and-bound")])
    started = time.monotonic()
    assert recall.find(stated, started + 0.5) is None
    assert time.monotonic() - started < 5.0


def test_reading_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    stated = obligation("x**2 + 1")
    recall = Recall(MemoryStore(), pytest.fail)
    recall.keep([(stated, Proved(proved(stated)), "branch-and-bound")])

    def endless(*_: object) -> None:
        while True:
            pass

    monkeypatch.setattr("bcv.recall.read_evidence", endless)
    assert recall.find(stated, time.monotonic() + 0.1) is None
    assert list(recall.store.records())
