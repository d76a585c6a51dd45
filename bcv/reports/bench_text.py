"""How does a run over a suite read? As Markdown for people and JUnit XML for CI servers.

Soundness does not depend on this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree

from bcv.bench.compare import Comparison
from bcv.bench.records import Record, Score, Tally, best_of, disagreements, families, score, tally


def tallies(records: Sequence[Record], limit: float) -> list[Tally]:
    """bcv's sums, each peer's, and those of the best peer on each problem."""
    solvers = list(dict.fromkeys(name for record in records for name, _ in record.answers))
    # Sampling proves nothing, so it is not among the solvers that the best is taken of.
    peers = [name for name in solvers if name not in ("bcv", "sampling")]
    rows = [tally(name, records, limit) for name in solvers]
    if len(peers) > 1:
        rows.append(tally("best peer", best_of(records, peers), limit))
    return rows


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _tally_rows(rows: Sequence[Tally]) -> list[str]:
    counted = ("decided", "right", "wrong", "new", "open", "failed", "checked")
    head = ("", *counted, "median s", "PAR-2 s")
    lines = [_row(*head), _row(*["---", *["---:"] * (len(head) - 1)])]
    for row in rows:
        counts = (row.right, row.wrong, row.new, row.undecided, row.failed, row.checked)
        share = f"{row.decided}/{row.total}"
        lines.append(_row(row.solver, share, *counts, f"{row.median:.3f}", f"{row.par2:.3f}"))
    return lines


def _problem_rows(records: Sequence[Record]) -> list[str]:
    lines = [_row("problem", "expected", "bcv", "assurance", "s", "left open"), _row(*["---"] * 6)]
    for record in records:
        answer = record.answer()
        if answer is None:
            continue
        left = ", ".join(c.name for c in answer.conditions if c.verdict == "undecided")
        seconds = f"{answer.seconds:.2f}"
        expect = record.expect or "-"
        words = left or answer.detail
        lines.append(_row(record.file, expect, answer.verdict, answer.assurance, seconds, words))
    return lines


def comparison_lines(comparison: Comparison) -> list[str]:
    """The comparison with a baseline, a sentence or list item a line."""
    lines = [
        f"{comparison.paired} problems decided in both runs: times by a factor of "
        f"{comparison.ratio:.2f} in the geometric mean (median {comparison.drift:.2f}, "
        f"sign test p = {comparison.p_value:.3f})."
    ]
    for change in comparison.changes:
        mark = "worse" if change.regression else "better"
        lines.append(f"- {mark}: {change.file}: {change.before} -> {change.after}")
    for slow in comparison.slowdowns:
        lines.append(f"- slower: {slow.file}: {slow.before:.2f} s -> {slow.after:.2f} s")
    for name, files in (("added", comparison.added), ("removed", comparison.removed)):
        if files:
            lines.append(
                f"- {len(files)} {name}: {', '.join(files[:5])}" + " ..." * (len(files) > 5)
            )
    return lines


def markdown(records: Sequence[Record], limit: float, comparison: Comparison | None = None) -> str:
    """The whole report; wrong verdicts first."""
    wrong = [r for r in records if (a := r.answer()) and score(r.expect, a) is Score.WRONG]
    argued = [(r, names) for r in records if (names := disagreements(r))]
    lines = ["# bcv bench", "", f"{len(records)} problems, {limit:g} s each.", ""]
    if wrong:
        lines += ["## Wrong verdicts", "", *_problem_rows(wrong), ""]
    lines += ["## Sums", "", *_tally_rows(tallies(records, limit)), ""]
    lines += ["## By family", ""]
    groups = families(records).items()
    lines += _tally_rows([replace(tally("bcv", group, limit), solver=n) for n, group in groups])
    if argued:
        lines += ["", "## Peers that contradict bcv", ""]
        lines += [f"- {r.file}: {', '.join(names)}" for r, names in argued]
    if comparison is not None:
        lines += ["", "## Against the baseline", "", *comparison_lines(comparison)]
    lines += ["", "## Problems", "", *_problem_rows(records), ""]
    return "\n".join(lines)


def junit(records: Sequence[Record]) -> str:
    """JUnit XML: a wrong verdict is a failure, a crash an error, an undecided one is skipped."""
    root = ElementTree.Element("testsuites", name="bcv bench")
    for family, group in families(records).items():
        suite = ElementTree.SubElement(root, "testsuite", name=family, tests=str(len(group)))
        counts = {Score.WRONG: 0, Score.FAILED: 0, Score.UNDECIDED: 0}
        for record in group:
            answer = record.answer()
            if answer is None:
                continue
            mark = score(record.expect, answer)
            counts[mark] = counts.get(mark, 0) + 1
            seconds = f"{answer.seconds:.3f}"
            case = ElementTree.SubElement(
                suite, "testcase", classname=family, name=record.file, time=seconds
            )
            words = f"expected {record.expect}, got {answer.verdict}. {answer.detail}".strip()
            tag = {Score.WRONG: "failure", Score.FAILED: "error", Score.UNDECIDED: "skipped"}
            if mark in tag:
                ElementTree.SubElement(case, tag[mark], message=words)
        suite.set("failures", str(counts[Score.WRONG]))
        suite.set("errors", str(counts[Score.FAILED]))
        suite.set("skipped", str(counts[Score.UNDECIDED]))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
