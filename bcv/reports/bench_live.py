"""What does a terminal show while a suite runs, and at its end?

Soundness does not depend on this file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from bcv.bench.compare import Comparison
from bcv.bench.records import Record, Score, disagreements, families, score, tally
from bcv.reports.bench_text import comparison_lines, tallies

STYLE = {
    Score.RIGHT: "green",
    Score.NEW: "cyan",
    Score.WRONG: "bold red",
    Score.UNDECIDED: "yellow",
    Score.FAILED: "bold magenta",
}


def _mark(record: Record) -> Score:
    answer = record.answer()
    return Score.FAILED if answer is None else score(record.expect, answer)


def _recent(records: Sequence[Record], rows: int) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("problem", "expected", "bcv", "seconds"):
        table.add_column(title, justify="right" if title == "seconds" else "left", overflow="fold")
    for record in records[-rows:]:
        answer = record.answer()
        if answer is not None:
            words = Text(answer.verdict, STYLE[_mark(record)])
            table.add_row(record.file, record.expect or "-", words, f"{answer.seconds:.2f}")
    return table


def _counts(records: Sequence[Record]) -> Text:
    marks = [_mark(record) for record in records]
    return Text("  ").join(Text(f"{marks.count(s)} {s.value}", STYLE[s]) for s in Score)


def watch(records: Iterable[Record], total: int, done: int, console: Console) -> Iterator[Record]:
    """Pass the records on while a live table shows them; plain lines where it is no terminal."""
    if not console.is_terminal:
        for record in records:
            answer = record.answer()
            assert answer is not None
            console.print(
                f"{_mark(record).value:9} {answer.seconds:7.2f} s  {record.file}",
                highlight=False,
                soft_wrap=True,
            )
            yield record
        return
    seen: list[Record] = []
    bar = Progress(TextColumn("bench"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    task = bar.add_task("", total=total, completed=done)

    def picture() -> RenderableType:
        return Group(_recent(seen, max(3, console.height - 6)), _counts(seen), bar)

    with Live(console=console, get_renderable=picture, transient=True, refresh_per_second=5):
        for record in records:
            seen.append(record)
            bar.advance(task)
            yield record


def _sums(records: Sequence[Record], limit: float) -> Table:
    counts = ("decided", "right", "wrong", "new", "open", "failed", "checked")
    titles = (*counts, "median s", "PAR-2 s")
    table = Table("", *titles, box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in tallies(records, limit):
        table.add_row(
            Text(row.solver, "bold" if row.solver == "bcv" else ""),
            f"{row.decided}/{row.total}",
            str(row.right),
            Text(str(row.wrong), "bold red" if row.wrong else ""),
            *map(str, (row.new, row.undecided, row.failed, row.checked)),
            f"{row.median:.3f}",
            f"{row.par2:.3f}",
        )
    return table


def _by_family(records: Sequence[Record], limit: float) -> Table:
    table = Table("family", "decided", "median s", "PAR-2 s", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, group in families(records).items():
        row = tally("bcv", group, limit)
        table.add_row(name, f"{row.decided}/{row.total}", f"{row.median:.3f}", f"{row.par2:.3f}")
    return table


def show(
    records: Sequence[Record], limit: float, comparison: Comparison | None, console: Console
) -> None:
    """Print the end report: wrong verdicts first, then failures, sums, families, open problems."""
    for mark, title in (
        (Score.WRONG, "WRONG VERDICTS"),
        (Score.FAILED, "Failed"),
        (Score.UNDECIDED, "Undecided"),
    ):
        found = [record for record in records if _mark(record) is mark]
        if not found:
            continue
        console.print(Text(f"{title} ({len(found)})", STYLE[mark]))
        for record in found:
            answer = record.answer()
            assert answer is not None
            left = ", ".join(c.name for c in answer.conditions if c.verdict == "undecided")
            words = {Score.WRONG: f"{answer.verdict}, expected {record.expect}"}
            told = words.get(mark, left or answer.detail)
            console.print(f"  {record.file}: {told}", highlight=False, soft_wrap=True)
        console.print()
    for record in records:
        if names := disagreements(record):
            told = f"{record.file}: {', '.join(names)} contradict bcv"
            console.print(Text(told, "magenta"), soft_wrap=True)
    console.print(_sums(records, limit))
    console.print()
    console.print(_by_family(records, limit))
    if comparison is not None:
        console.print()
        for line in comparison_lines(comparison):
            console.print(line, highlight=False, soft_wrap=True)
