"""What goes into BENCHMARKS.md? The tables and plots of the latest results, between its markers.

    python benchmarks/report.py [--results FOLDER]

Soundness does not depend on this file. A part without results keeps what the page says of it.
Every table says when, where and under which load it was measured; nothing is typed by hand.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import run
from measuring import ROOT, seconds
from plots import Line, chart, linear_axis, log_axis

PAGE: Final = ROOT / "BENCHMARKS.md"
Document = Mapping[str, Any]


def markdown(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table, all columns but the first to the right."""
    rule = ["---", *["--:"] * (len(headers) - 1)]
    cells = [headers, rule, *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in row)} |" for row in cells)


def stamp(document: Document) -> str:
    """When, where and under which load it was measured."""
    found = document.get("about")
    if not found:
        machine = document.get("machine", {})
        return f"Measured {machine['date']}, {machine['cores']} cores." if machine else ""
    # The part before it leaves a load of one or two; more than the cores is not ours.
    crowded = found["load"][0] > found["cores"]
    busy = ", **others were using the machine**" if crowded else ""
    return (
        f"Measured {found['date']} at commit `{found['commit']}`; load average before: "
        f"{found['load'][0]}{busy}. {found['processor']}, {found['cores']} cores, Python "
        f"{found['python']}, NumPy {found['numpy']}."
    )


def core(document: Document) -> str:
    rows = [
        (r["what"], r["width"], f"{r['boxes_per_second']:.3g}", f"{r['per_operation']:.2f}")
        for r in document["rows"]
    ]
    peak = f"One core's peak, by a matrix product: {document['peak'] / 1e9:.0f} Gflop/s."
    return f"{peak}\n\n{markdown(('semantics', 'boxes a batch', 'boxes/s', 'ns/op'), rows)}"


def startup(document: Document) -> str:
    rows = [
        (r["what"], seconds(r["processor"]), seconds(r["wall"]), f"{r['ratio']:.2f}")
        for r in document["rows"]
    ]
    return markdown(("process", "processor", "wall", "over `import numpy`"), rows)


def _claim(row: Document) -> tuple[object, ...]:
    prototype = f"{seconds(row['prototype'])} ({row['by']})" if row["prototype"] else "-"
    found = row["answer"] if row["answer"] == row["expected"] else f"**{row['answer']}**"
    checks = "checked" if row["checked"] else "-" if row["check"] is None else "stopped"
    return (f"{row['family']}: {row['name']}", row["expected"], found, checks, row["engine"],
            row["boxes"] or "-", seconds(row["prove"]), seconds(row["check"]),
            prototype)  # fmt: skip


def _random(rows: Sequence[Document]) -> list[tuple[object, ...]]:
    """One line for each family of random claims."""
    lines = []
    for family in dict.fromkeys(row["family"] for row in rows):
        members = [row for row in rows if row["family"] == family]
        right = sum(row["answer"] == row["expected"] for row in members)
        slow = max(members, key=lambda row: row["prove"])
        _, expected, _, _, engine, boxes, prove, check, prototype = _claim(slow)
        lines.append((f"{family}, slowest", expected, f"{right} of {len(members)}",
                      f"{sum(row['checked'] for row in members)} checked", engine, boxes, prove,
                      check, prototype))  # fmt: skip
    return lines


def scaling(document: Document) -> str:
    rows = document["rows"]
    headers = ("claim", "truth", "found", "proof", "engine", "boxes", "prove", "check", "prototype")
    plain = [r for r in rows if not r["family"].startswith("random") and r["family"] != "famous"]
    drawn = _random([r for r in rows if r["family"].startswith("random")])
    counts = document["summary"]
    words = (
        f"{counts['claims']} claims with a limit of {document['timeout']:g} s each: "
        f"{counts['right']} right, {counts['wrong']} wrong, {counts['checked']} with a proof that "
        "the checker verifies."
    )
    return f"{words}\n\n{markdown(headers, [*map(_claim, plain), *drawn])}"


def famous(document: Document) -> str:
    """The forms that just touch 0: a row for each, a column for each shift."""
    cells: dict[str, dict[str, Document]] = {}
    for row in document["rows"]:
        if row["family"] == "famous":
            name, _, shift = row["name"].rpartition(", ")
            cells.setdefault(name, {})[shift] = row
    shifts = ("+1e-6", "exact", "-1e-6")
    rows = []
    for name, found in cells.items():
        shown = [
            f"{'' if r['answer'] == r['expected'] else '**not decided** '}{r['answer']}, "
            f"{seconds(r['prove'])}"
            for r in (found[shift] for shift in shifts)
        ]
        rows.append((name, *shown))
    return markdown(("form", "+ 1e-6 (valid)", "exact (valid)", "- 1e-6 (invalid)"), rows)


def detection(document: Document) -> str:
    curve = [(p["samples"], f"{p['bcv']:.1%}", f"{p['uniform']:.1%}") for p in document["curve"]]
    same = [
        (f"{p['share']:.1%}", p["bcv"], p["uniform"],
         f"{p['bcv'] / p['uniform']:.3g}" if p["bcv"] and p["uniform"] else "-")
        for p in document["same_rate"]
    ]  # fmt: skip
    words = (
        f"{document['problems']} problems, {document['runs']} runs. Processor time of all runs: "
        f"bcv {seconds(document['seconds'])}, uniform {seconds(document['uniform_seconds'])}."
    )
    rates = markdown(("samples", "bcv", "uniform"), curve)
    again = markdown(("detected", "samples of bcv", "samples, uniform", "ratio"), same)
    return f"{words}\n\n{rates}\n\n{again}"


def proofs(document: Document) -> str:
    warm, size, decided = document["warm"], document["bytes"], document["decided"]
    share = document["verified"] / max(decided, 1)
    rows = [
        ("problems tried", document["problems"]),
        (f"decided within {document['timeout']:g} s", decided),
        ("verified by the checker", f"{document['verified']} ({share:.1%})"),
        ("wrong verdicts", len(document["wrong"])),
        ("proof file: median, largest", f"{size['median'] / 1000:.3g} kB, "
                                        f"{size['largest'] / 1000:.4g} kB"),
        ("replay in the same process: median, 90 %, longest",
         ", ".join(map(seconds, warm.values()))),
        ("replay in a new process: median", seconds(document["cold"]["median"])),
        *((f"lines of the checker that a proof {what}: median, 90 %, most",
           ", ".join(f"{n:,}" for n in document["lines"][key].values()))
          for key, what in (("loaded", "rests on"), ("executed", "executes"))
          if "lines" in document),
    ]  # fmt: skip
    covers = [
        (Path(n).stem, f"{leaves:,}", f"{rate:,.0f}") for n, leaves, rate in document["rates"]
    ]
    left = [f"- `{name}`: {why}" for name, why in document["rejected"]]
    rejected = "\n".join(["Not verified (their verdicts are not called `checked`):", "", *left])
    sums = markdown(("proofs", ""), rows)
    rates = markdown(("cover", "leaves", "leaves/s"), covers)
    return "\n\n".join((sums, rates, *([rejected] if left else [])))


def jobs(document: Document) -> str:
    rows = [
        (r["jobs"], seconds(r["wall"]), seconds(r["cpu"]), f"{r['cpu'] / r['wall']:.2f}",
         f"{r['load']:.1f}")
        for r in document["rows"]
    ]  # fmt: skip
    words = f"Speed-up of {document['jobs']} jobs: **{document['speedup']:.2f}**."
    headers = ("jobs", "wall", "processor", "cores used", "load before")
    chains = [
        (c["jobs"], f"{c['boxes']:,}", seconds(c["wall"]), seconds(c["processor"]),
         seconds(c["longest"]), f"{c['idle']:.0%}")
        for c in document["chains"]
    ]  # fmt: skip
    hard = (
        f"One condition that takes branch and bound seconds: **{document['speedup_wall']:.2f}** by "
        f"the clock, **{document['speedup_chain']:.2f}** by the processor time of the longest "
        "chain of work, on which other load has no influence."
    )
    columns = ("jobs", "boxes", "wall", "processor", "longest chain", "idle")
    return f"{words}\n\n{markdown(headers, rows)}\n\n{hard}\n\n{markdown(columns, chains)}"


def repeats(document: Document) -> str:
    rows = [
        (name, seconds(found["first"]), seconds(found["again"]), f"{found['ratio']:.2f}")
        for name, found in (("all", document["all"]), ("decided", document["decided"]))
    ]
    words = (
        f"{document['problems']} problems, {document['timeout']:g} s each; "
        f"{document['recalled']} of {document['conditions']} conditions came from the cache, "
        f"{len(document['different'])} verdicts differ. "
        f"Median of the problems' ratios: {document['median']:.2f}."
    )
    return f"{words}\n\n{markdown(('sum', 'first', 'again', 'ratio'), rows)}"


def candidates(document: Document) -> str:
    rows = [
        (r["answer"], r["count"], seconds(r["processor"]), seconds(r["wall"]))
        for r in document["rows"]
    ]
    return markdown(("answer", "candidates", "processor, each", "wall, each"), rows)


def suite(document: Document) -> str:
    from bcv.bench.records import best_of, from_json, tally

    records = [from_json(entry) for entry in document["records"]]
    peers = [name for name, _ in records[0].answers[1:]]
    # Sampling proves nothing, so the best of the peers is taken without it.
    solvers = [name for name in peers if name != "sampling"]
    records = list(best_of(records, solvers)) if solvers else records
    rows = []
    for solver in ("bcv", *peers, *(["best peer"] if solvers else [])):
        t = tally(solver, records, document["seconds"])
        rows.append((solver, t.decided, f"{t.decided / t.total:.1%}", t.wrong, t.failed,
                     seconds(t.median), seconds(t.par2)))  # fmt: skip
    words = f"{len(records)} problems, {document['seconds']:g} s each, jobs: {document['jobs']}."
    headers = ("solver", "decided", "share", "wrong", "failed", "median", "PAR-2")
    return f"{words}\n\n{markdown(headers, rows)}"


def cactus_plot(document: Document) -> str:
    """Problems decided (not wrongly) within a time, by solver."""
    from bcv.bench.records import Score, from_json, score

    records = [from_json(entry) for entry in document["records"]]
    lines = []
    for solver in dict(records[0].answers):
        pairs = [(r.expect, a) for r in records if (a := r.answer(solver)) is not None]
        good = [a.seconds for e, a in pairs if score(e, a) in (Score.RIGHT, Score.NEW)]
        points = tuple((max(t, 1e-3), float(k)) for k, t in enumerate(sorted(good), start=1))
        if points:
            lines.append(Line(solver, points, dashed=solver != "bcv"))
    times = [t for line in lines for t, _ in line.points]
    across = log_axis("seconds for each problem", times)
    up = linear_axis("problems decided", 0, 50 * (len(records) // 50 + 1), 50)
    return chart("Problems decided within a time", across, up, lines, dots=False)


def scaling_plot(document: Document) -> str:
    """Seconds by dimension, for the two families of quadratic certificates."""
    lines = []
    for family in ("dimension", "dimension, tight"):
        rows = [r for r in document["rows"] if r["family"] == family]
        for name, key in (("bcv", "prove"), ("prototype", "prototype")):
            points = tuple(
                (float(r["name"].split("-")[0]), r[key])
                for r in rows
                if r[key] and (key == "prototype" or r["answer"] == r["expected"])
            )
            if points:
                tight = " tight" if family.endswith("tight") else ""
                lines.append(Line(f"{name}{tight}", points, dashed=key == "prototype"))
    up = log_axis("processor seconds", [value for line in lines for _, value in line.points])
    across = linear_axis("dimension", 2, 12, 2)
    return chart("Quadratic B: time by dimension", across, up, lines, dots=True)


SECTIONS: Final[dict[str, tuple[str, Callable[[Document], str]]]] = {
    "core": ("core", core),
    "startup": ("startup", startup),
    "scaling": ("scaling", scaling),
    "famous": ("scaling", famous),
    "detection": ("detection", detection),
    "proofs": ("proofs", proofs),
    "jobs": ("jobs", jobs),
    "repeats": ("repeats", repeats),
    "candidates": ("candidates", candidates),
    "suite": ("suite", suite),
    "peers": ("peers", suite),
}
PLOTS: Final[dict[str, tuple[str, Callable[[Document], str]]]] = {
    "cactus": ("peers", cactus_plot),
    "scaling": ("scaling", scaling_plot),
}


def replaced(page: str, name: str, content: str) -> str:
    """The page with new content between the section's markers."""
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(page):
        raise SystemExit(f"{PAGE.name} has no markers {start} ... {end}")
    return pattern.sub(lambda _: f"{start}\n{content}\n{end}", page)


def main() -> None:
    """Writes the page and the plots."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--results", type=Path, default=run.HERE / "results")
    folder = parser.parse_args().results
    documents = {
        path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")
    }
    page = PAGE.read_text(encoding="utf-8")
    for name, (part, words) in SECTIONS.items():
        if part in documents:
            heading = stamp(documents[part])
            content = "\n\n".join(filter(None, (heading, words(documents[part]))))
            page = replaced(page, name, content)
    PAGE.write_text(page, encoding="utf-8")
    for name, (part, draw) in PLOTS.items():
        if part in documents:
            (folder / f"{name}.svg").write_text(draw(documents[part]), encoding="utf-8")


if __name__ == "__main__":
    main()
