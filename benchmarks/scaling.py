"""How does bcv scale in dimension, degree and margin, and is it right on forms that just touch 0?

    python benchmarks/scaling.py [--json FILE] [--timeout 10] [--repeat 3]

Soundness does not depend on this file. Every claim goes through the whole pipeline. "prove" is the
processor time of that without the replay, "check" that of the independent checker on the proof;
medians of up to three runs. "prototype" is what the first measurements of the project give for
the best of its prototypes on claims of the same family (see ``families``): the time of one method
alone, without choosing it, on another machine. "prove" also holds what a problem has beside its
claim: stating the conditions, two that are trivial, and the remark on simulated trajectories.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from itertools import groupby
from typing import Any

from families import (
    MILLIONTH,
    Claim,
    coupled_van_der_pol,
    dimensions,
    famous_forms,
    five_systems,
    random_forms,
    van_der_pol,
)
from measuring import about, arguments, seconds, table, timed, write

from bcv.checker import check
from bcv.conditions import obligations_of
from bcv.engines.engine import Budget
from bcv.engines.sampling import Sampling
from bcv.events import ignore
from bcv.expr import const
from bcv.formats.proof import proof_document
from bcv.outcome import Hints
from bcv.pipeline import CheckMode, Settings, validate
from bcv.problem import Problem
from bcv.sandbox import Overrun, alarm
from bcv.verdict import Answer, Verdict

CHECK_LIMIT = 10.0
"""Seconds after which a replay is stopped; what it took until then is a lower bound."""

MARGINS = (Fraction(1, 100), Fraction(1, 1000), Fraction(1, 10**4), Fraction(1, 10**5), MILLIONTH)
MARGINS_PUBLISHED = {
    "van der Pol": dict(zip(MARGINS, (0.007, 0.011, 0.020, None, 0.042), strict=True)),
    "coupled van der Pol": dict(zip(MARGINS, (0.070, 0.160, 0.222, None, 0.557), strict=True)),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One claim: what is expected and what was found; processor and wall-clock seconds."""

    family: str
    name: str
    expected: str
    answer: str
    checked: bool
    engine: str
    boxes: int | None
    prove: float
    wall: float
    check: float | None
    prototype: float | None
    by: str

    @property
    def right(self) -> bool:
        return self.answer == self.expected

    @property
    def wrong(self) -> bool:
        return self.answer not in (self.expected, Answer.UNKNOWN.value)


def _replayed(problem: Problem, verdict: Verdict) -> tuple[bool, float | None]:
    """Whether the checker accepts the proof, and its processor time; stopped at a limit."""
    if verdict.answer is Answer.UNKNOWN:
        return False, None
    document = proof_document(problem, verdict)
    start = time.process_time()
    try:
        with alarm(time.monotonic() + CHECK_LIMIT):
            verified = check(document).verified
    except Overrun:
        verified = False
    return verified, time.process_time() - start


def measured(claim: Claim, limit: float, repeat: int) -> Row:
    """One claim through the pipeline."""
    settings = Settings(timeout=limit, check=CheckMode.NEVER, after_refutation=0.0)
    problem = claim.problem()
    found = timed(lambda: validate(problem, settings), repeat, patience=min(2.0, limit))
    verdict: Verdict = found.value
    first = verdict.conditions[0]
    verified, replay = _replayed(problem, verdict)
    expected = Answer.VALID if claim.holds else Answer.INVALID
    return Row(
        claim.family, claim.name, expected.value, verdict.answer.value, verified, first.engine,
        first.outcome.known.boxes, found.cpu, found.wall, replay, claim.published,
        claim.published_by,
    )  # fmt: skip


def least_value(claim: Claim) -> Fraction:
    """An estimate of the least value of the claim's expression on its region.

    It need not be trusted: that the claims a millionth below it are proved, and those a millionth
    above it refuted by exact witnesses, shows how good it is.
    """
    obligation = obligations_of(claim.problem()).obligations[0]
    budget = Budget(time.monotonic() + 30.0)
    known = Sampling(effort="thorough").discharge(obligation, Hints(), budget, ignore).known
    return Fraction(known.smallest_margin or 0.0).limit_denominator(10**12)


def margins() -> Iterator[Claim]:
    """Claims that miss the truth by so much, on either side."""
    for system in (van_der_pol(), coupled_van_der_pol()):
        claim = system.claim("margin")
        least = least_value(claim)
        for holds in (True, False):
            for margin in MARGINS if holds else (MILLIONTH,):
                published = MARGINS_PUBLISHED[system.name][margin] if holds else None
                bound = least - margin if holds else least + margin
                yield replace(
                    claim,
                    name=f"{system.name}, least value {'-' if holds else '+'} {float(margin):.0e}",
                    expr=claim.expr - const(bound),
                    holds=holds,
                    published=published,
                    published_by="branch and bound" if published else "",
                )


def famous() -> Iterator[Claim]:
    """Each famous form a millionth above, at, and a millionth below its least value 0."""
    for name, claim in famous_forms():
        for words, shift in (("+1e-6", MILLIONTH), ("exact", Fraction(0)), ("-1e-6", -MILLIONTH)):
            expr = claim.expr + const(shift)
            yield replace(claim, name=f"{name}, {words}", expr=expr, holds=shift >= 0)


def systems() -> Iterator[Claim]:
    """The five systems, away from the equilibrium and on the whole set."""
    for system, away, tight in five_systems():
        yield system.claim("five systems", away, "branch and bound")
        by = "SOS" if system.name not in ("pendulum, sin", "pendulum, 3 tanh") else "convexity"
        yield system.claim("five systems, tight", tight, by, tight=True)


def claims(only: str) -> Iterator[Claim]:
    """All claims of the families whose names begin like this."""
    for source in (systems, dimensions, margins, random_forms, famous):
        yield from (claim for claim in source() if claim.family.startswith(only))


def show(rows: list[Row]) -> str:
    """One line per claim; instances of a random family are joined."""
    lines = []
    for family, group in groupby(rows, key=lambda row: row.family):
        members = list(group)
        for row in members[-1:] if family.startswith("random") else members:
            same = members if family.startswith("random") else [row]
            good, prove = sum(r.right for r in same), max(r.prove for r in same)
            name = (
                f"{family} (slowest of {len(same)})" if len(same) > 1 else f"{family}: {row.name}"
            )
            mark = "WRONG" if any(r.wrong for r in same) else f"{good}/{len(same)}"
            checks = [r.check for r in same if r.check is not None]
            prototype = f"{seconds(row.prototype)} {row.by}" if row.prototype else "-"
            lines.append((name, row.expected, row.answer, mark, row.engine, row.boxes or "-",
                          seconds(prove), seconds(max(checks, default=None)),
                          prototype))  # fmt: skip
    headers = ("claim", "expected", "found", "right", "engine", "boxes", "prove", "check")
    return table((*headers, "prototype"), lines)


def summary(rows: list[Row]) -> dict[str, Any]:
    """The counts."""
    return {
        "claims": len(rows),
        "right": sum(row.right for row in rows),
        "wrong": sum(row.wrong for row in rows),
        "checked": sum(row.checked for row in rows),
    }


def main() -> None:
    """Prints a table, and writes it as JSON if asked to."""
    parser = arguments(__doc__)
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds for each claim")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--family", default="", help="only families that begin so")
    asked = parser.parse_args()
    start = about()
    rows = [measured(claim, asked.timeout, asked.repeat) for claim in claims(asked.family)]
    counts = summary(rows)
    print(show(rows))
    print(", ".join(f"{name}: {value}" for name, value in counts.items()))
    write(asked.json, {"about": start, "timeout": asked.timeout, "summary": counts,
                       "rows": [asdict(row) for row in rows]})  # fmt: skip
    if counts["wrong"]:
        raise SystemExit("a wrong verdict")


if __name__ == "__main__":
    main()
