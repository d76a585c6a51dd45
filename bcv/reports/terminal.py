"""What does a person read? A verdict at a glance, then each condition with its reason.

Soundness does not depend on this file.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bcv.evidence import Box, Point, Segment, Witness, WitnessKind
from bcv.problem import Problem
from bcv.reports.quantities import quantities
from bcv.reports.summary import Condition, conditions_of
from bcv.reports.words import (
    ASSURANCE,
    REASON,
    boxes,
    conclusion,
    duration,
    equation,
    known_facts,
    second_opinion,
)
from bcv.verdict import Answer, Verdict

COLOUR: Final = {Answer.VALID: "green", Answer.INVALID: "red", Answer.UNKNOWN: "yellow"}
MARK: Final = {
    "proved": ("✓", "bold green"),
    "refuted": ("✗", "bold red"),
    "undecided": ("?", "bold yellow"),
}
LONGEST_EXPONENT: Final = 5
"""Digits and sign of a decimal's exponent: a fraction with more would fill the memory."""
WIDEST: Final = 100


def print_verdict(problem: Problem, verdict: Verdict, console: Console) -> None:
    """The whole report of one problem; never wider than the terminal or WIDEST columns."""
    width = min(console.width, WIDEST)
    console.print(_headline(problem, verdict), width=width)
    conditions = conditions_of(verdict)
    longest = min(28, max((len(condition.name) for condition in conditions), default=0))
    for condition in conditions:
        console.print(_condition(problem, condition, max(8, longest)), width=width)
    for title, lines in (("assumes", verdict.assumes), ("note", verdict.notes)):
        if lines and (title != "assumes" or verdict.answer is Answer.VALID):
            console.print(_listed(title, lines), width=width)


def _headline(problem: Problem, verdict: Verdict) -> RenderableType:
    colour = COLOUR[verdict.answer]
    first = Table.grid(expand=True, padding=(0, 2))
    first.add_column(no_wrap=True)
    first.add_column(ratio=1, overflow="fold")
    first.add_column(justify="right", no_wrap=True, style="dim")
    badge = Text(f" {verdict.answer.name} ", style=f"bold reverse {colour}")
    first.add_row(badge, Text(problem.name, style="bold"), duration(verdict.seconds))
    lines: list[RenderableType] = [first, Text(), Text(conclusion(problem, verdict))]
    if verdict.answer is not Answer.UNKNOWN:
        lines.append(Text(ASSURANCE[verdict.assurance].capitalize() + ".", style="dim"))
    return Panel(Group(*lines), border_style=colour, padding=(0, 1))


def _condition(problem: Problem, condition: Condition, longest: int) -> RenderableType:
    mark, style = MARK[condition.verdict]
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=1)
    grid.add_column(width=longest, overflow="fold")
    grid.add_column(overflow="fold", ratio=1)
    grid.add_row(Text(mark, style), Text(condition.name, "bold"), Text(condition.statement))
    grid.add_row("", "", Text(_how(condition), style="dim"))
    for opinion in condition.opinions:
        grid.add_row(
            "", "", Text(second_opinion(opinion), "red" if opinion.agrees is False else "dim")
        )
    if condition.witness is not None:
        grid.add_row("", "", _failure(problem, condition.name, condition.witness))
    if condition.reason is not None:
        for fact in known_facts(condition.known):
            grid.add_row("", "", Text(fact))
    return Padding(grid, (0, 0, 0, 1))


def _how(condition: Condition) -> str:
    if condition.reason is not None:
        detail = f" ({condition.detail})" if condition.detail else ""
        return f"undecided: {REASON[condition.reason]}{detail}"
    work = [boxes(condition.boxes)] if condition.boxes else []
    facts = [condition.assurance.name.lower(), *work, duration(condition.seconds)]
    if condition.cached:
        facts.append("from the cache")
    by = f" by {condition.engine}" if condition.engine else ""  # the cache may not say by whom
    return f"{condition.verdict}{by} ({', '.join(facts)})"


def _failure(problem: Problem, name: str, witness: Witness) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, style="red")
    grid.add_column(overflow="fold")
    match witness:
        case Point(point):
            grid.add_row("fails at", _assignments(point))
        case Segment(start, end):
            grid.add_row("fails on", Text("the surface, between"))
            grid.add_row("", _assignments(start))
            grid.add_row("and", _assignments(end))
        case Box(lower, upper):
            grid.add_row("fails at", Text("a common zero of the set's equalities, with"))
            for (name, lo), (_, hi) in zip(lower, upper, strict=True):
                grid.add_row("", Text(equation(name, lo) if lo == hi else f"{lo} < {name} < {hi}"))
    values = quantities(problem, name, witness)
    if isinstance(witness, Point) and witness.kind is WitnessKind.UNDEFINED:
        values.append("the condition has no value")
    elif isinstance(witness, Point):
        values.append(_margin(witness.value))
    grid.add_row("there", Text(", ".join(values)))
    return grid


def _margin(value: str) -> str:
    """The violated expression's value, which must not be negative (a rational or a decimal)."""
    _, _, exponent = value.partition("e")
    if len(exponent) > LONGEST_EXPONENT:
        return f"margin ≈ {value}"
    return equation("margin", Fraction(value))


def _assignments(point: Iterable[tuple[str, Fraction]]) -> Text:
    return Text(", ".join(equation(name, value) for name, value in point))


def _listed(title: str, lines: Iterable[str]) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, style="dim", min_width=7)
    grid.add_column(overflow="fold")
    for index, line in enumerate(lines):
        grid.add_row("" if index else title, Text(line))
    return Padding(grid, (0, 0, 0, 1))
