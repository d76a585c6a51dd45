"""Claims about functions of u ... z, as obligations, and the checker's opinion of evidence."""

from __future__ import annotations

import time
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from bcv import checker
from bcv import expr as ex
from bcv.checker.reading import Reader
from bcv.checker.tasks import Task, prove
from bcv.checker.terms import Terms
from bcv.engines.engine import Budget
from bcv.engines.registry import create
from bcv.events import ignore
from bcv.evidence import Evidence
from bcv.formats.expression import parse_expression
from bcv.formats.proof import proved_entry
from bcv.obligation import Obligation
from bcv.outcome import Hints, Outcome
from bcv.region import And, Range, all_of, at_least, equal, greater, region

NAMES = {name: ex.var(name) for name in "uvwxyz"}
Box = Mapping[str, tuple[str | None, str | None]]


def expression(text: str) -> ex.Expr:
    return parse_expression(text, NAMES)


def claim(
    text: str,
    box: Box,
    *,
    least: tuple[str, ...] = (),
    positive: tuple[str, ...] = (),
    zero: tuple[str, ...] = (),
    strict: bool = False,
) -> Obligation:
    """The expression is >= 0 (> 0) in the box, where others are >= 0, > 0 and 0."""
    sides = tuple(
        Range(*(None if end is None else Fraction(end) for end in box[name])) for name in box
    )
    formula = all_of(
        And(()),
        *(at_least(expression(part)) for part in least),
        *(greater(expression(part)) for part in positive),
        *(equal(expression(part)) for part in zero),
    )
    where = region(tuple(box), sides, formula)
    return Obligation("flow", "", text, where, expression(text), strict)


def attempted(
    obligation: Obligation,
    seconds: float = 4.0,
    zeros: tuple[tuple[Fraction, ...], ...] = (),
) -> Outcome:
    """What the engine makes of it."""
    budget = Budget(time.monotonic() + seconds)
    return create("lifting").discharge(obligation, Hints(zeros=zeros), budget, ignore)


def entry(obligation: Obligation, evidence: Evidence) -> dict[str, Any]:
    """The entry of a proof file."""
    return proved_entry(obligation, evidence)


def replayed(data: dict[str, Any]) -> str:
    """What the checker says of an entry. Raises RejectedError."""
    reader = Reader(Terms())
    reader.load(data["nodes"])
    obligation = checker._obligation(reader, data["obligation"])
    total = reader.terms.total
    defined = (obligation.expr, *reader.all(data["obligation"]["defined"]))
    needed = tuple(root for root in dict.fromkeys(defined) if not total[root])
    task = Task(reader, obligation, obligation.expr, obligation.strict, needed)
    return prove(task, data["evidence"])
