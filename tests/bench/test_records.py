"""Scores, sums and comparisons say what the labels and the baseline say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bcv.bench.compare import compare, document_of, load_run, sign_test, with_more_runs
from bcv.bench.journal import append, finished_records
from bcv.bench.records import (
    Answer,
    Condition,
    Record,
    Score,
    best_of,
    disagreements,
    from_json,
    score,
    tally,
    to_json,
)
from bcv.bench.suite import collect
from bcv.errors import BcvError
from bcv.reports.bench_html import html_page
from bcv.reports.bench_text import junit, markdown


def record(
    file: str, expect: str | None, verdict: str, seconds: float = 1.0, **peers: str
) -> Record:
    conditions = (Condition("flow", "undecided" if verdict == "unknown" else "proved"),)
    own = Answer(verdict, seconds, "rigorous", conditions, (seconds,))
    others = [(name, Answer(said, 2.0)) for name, said in peers.items()]
    return Record(file, "family", expect, (("bcv", own), *others))


@pytest.mark.parametrize(
    ("expect", "verdict", "mark"),
    [
        ("valid", "valid", Score.RIGHT),
        ("valid", "invalid", Score.WRONG),
        ("invalid", "valid", Score.WRONG),
        ("valid", "unknown", Score.UNDECIDED),
        ("unknown", "valid", Score.NEW),
        (None, "invalid", Score.NEW),
        ("valid", "error", Score.FAILED),
    ],
)
def test_only_a_decided_answer_against_a_label_is_wrong(
    expect: str | None, verdict: str, mark: Score
) -> None:
    assert score(expect, Answer(verdict, 0.1)) is mark


def test_par2_counts_twice_the_limit_for_undecided_and_wrong() -> None:
    records = [record("a", "valid", "valid"), record("b", "valid", "unknown", 20.0)]
    records.append(record("c", "valid", "invalid"))
    assert tally("bcv", records, 20.0).par2 == pytest.approx((1 + 40 + 40) / 3)


def test_the_best_peer_is_the_fastest_right_one() -> None:
    case = record("a", "valid", "valid", z3="unknown", cvc5="valid")
    assert dict(best_of([case], ("z3", "cvc5"))[0].answers)["best peer"].verdict == "valid"
    wrong = record("a", "valid", "valid", z3="invalid")
    assert dict(best_of([wrong], ("z3",))[0].answers)["best peer"].verdict == "unknown"


def test_a_peer_that_contradicts_is_named() -> None:
    assert disagreements(record("a", None, "valid", z3="invalid", cvc5="unknown")) == ("z3",)


def test_records_survive_json() -> None:
    case = record("a", "valid", "unknown", z3="invalid")
    assert from_json(json.loads(json.dumps(to_json(case)))) == case


def test_a_verdict_that_got_worse_is_a_regression() -> None:
    before = [record("a", "valid", "valid"), record("b", "valid", "unknown")]
    after = [record("a", "valid", "unknown"), record("b", "valid", "valid")]
    found = {change.file: change.regression for change in compare(before, after).changes}
    assert found == {"a": True, "b": False}


def test_a_slow_down_beyond_noise_is_seen_and_drift_is_not_one() -> None:
    before = [record(name, "valid", "valid", 1.0) for name in "abcde"]
    drifted = [record(name, "valid", "valid", 1.3) for name in "abcde"]
    assert not compare(before, drifted).regressed
    slow = [record(name, "valid", "valid", 2.0 if name == "a" else 1.0) for name in "abcde"]
    comparison = compare(before, slow)
    assert [s.file for s in comparison.slowdowns] == ["a"]
    again = with_more_runs(slow[0], Answer("valid", 1.0, repeats=(1.0,)))
    assert not compare(before, [again, *slow[1:]]).regressed


def test_the_sign_test_is_two_sided_and_exact() -> None:
    assert sign_test(5, 5) == 1.0
    assert sign_test(0, 10) == pytest.approx(2 / 1024)


def test_a_run_can_be_written_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps(document_of([record("a", "valid", "valid")], {"seconds": 20})))
    assert load_run(path) == (record("a", "valid", "valid"),)


@pytest.mark.parametrize("text", ["", "{}", '{"schema": "x"}', '{"schema": "bcv.bench/1"}', "[]"])
def test_a_foreign_baseline_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(BcvError):
        load_run(path)


def test_a_journal_survives_a_line_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "journal.jsonl"
    append(path, record("a", "valid", "valid"))
    path.write_bytes(path.read_bytes() + b'{"file": "b", "fam')
    append(path, record("c", "valid", "valid"))
    assert [r.file for r in finished_records(path)] == ["a", "c"]


def test_labels_beat_the_file_and_families_are_folders(tmp_path: Path) -> None:
    folder = tmp_path / "kind"
    folder.mkdir()
    (folder / "a.yaml").write_text("expect: valid\n")
    (folder / "b.yaml").write_text("expect: invalid  # known\n")
    (folder / "labels.json").write_text('{"a": {"expect": "invalid"}}')
    cases = collect([tmp_path, folder / "a.yaml"])
    assert [(c.path.name, c.family, c.expect) for c in cases] == [
        ("a.yaml", "kind", "invalid"),
        ("b.yaml", "kind", "invalid"),
    ]


def test_a_missing_path_and_an_empty_folder_are_errors(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(BcvError):
            collect([path])


def test_reports_put_wrong_verdicts_first_and_escape_names() -> None:
    name = "</script><script>alert(1)</script>"
    records = [record("fine", "valid", "valid"), record(name, "valid", "invalid", z3="valid")]
    text = markdown(records, 20.0)
    assert text.index("Wrong verdicts") < text.index("Sums")
    page = html_page(records, 20.0, {"machine": {}, "bcv": "0", "jobs": 1})
    assert "<script>alert" not in page
    xml = junit(records)
    assert "<failure" in xml
    assert "&lt;/script&gt;" in xml
