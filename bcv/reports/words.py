"""How are numbers, reasons and assurances put into words? One place, for every report.

Soundness does not depend on this file.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from bcv.outcome import Known, Reason
from bcv.problem import Problem
from bcv.verdict import Answer, Assurance, Opinion, Verdict

ASSURANCE: Final = {
    Assurance.CHECKED: "checked: an independent checker replayed the evidence",
    Assurance.RIGOROUS: "rigorous: bcv's own sound arithmetic, evidence not replayed",
    Assurance.ATTESTED: "attested: another solver's word",
    Assurance.NONE: "nothing",
}

REASON: Final = {
    Reason.TIMEOUT: "the time ran out",
    Reason.BOX_LIMIT: "the limit on boxes was reached",
    Reason.MEMORY: "the memory limit was reached",
    Reason.UNSUPPORTED: "no engine can handle this condition yet",
    Reason.UNAVAILABLE: "the engine it needs is not installed",
    Reason.DELTA_SAT: "a solver found a possible violation, but nothing exact",
    Reason.CRASHED: "an engine failed",
    Reason.INTERRUPTED: "interrupted",
    Reason.INCONCLUSIVE: "every engine gave up",
}

LONGEST_FRACTION: Final = 16


def duration(seconds: float) -> str:
    """Two significant digits: ``0.03 s``, ``1.2 s``, ``75 s``."""
    if seconds < 0.995:
        return f"{seconds:.2f} s"
    return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"


def equation(name: str, value: Fraction) -> str:
    """``x = 1/3``, or ``x ≈ 0.333333`` where the rational is long."""
    text = str(value)
    if len(text) <= LONGEST_FRACTION:
        return f"{name} = {text}"
    try:
        return f"{name} ≈ {float(value):.6g}"
    except OverflowError:
        digits = value.numerator.bit_length() - value.denominator.bit_length()
        return f"|{name}| ≈ 2^{digits}"


def one_line(file: str, verdict: Verdict) -> str:
    """The answer of ``--quiet``: file, answer, assurance, time."""
    worth = f"{verdict.assurance.name.lower()}, " if verdict.answer is not Answer.UNKNOWN else ""
    return f"{file}: {verdict.answer.name} ({worth}{duration(verdict.seconds)})"


def conclusion(problem: Problem, verdict: Verdict) -> str:
    """What the answer means, in one or two sentences."""
    match verdict.answer:
        case Answer.VALID:
            if verdict.probability is not None:
                return f"Every condition holds. {verdict.probability}"
            return (
                "Every condition holds: the certificate proves that no trajectory from the "
                "initial set reaches the unsafe set."
            )
        case Answer.INVALID:
            return (
                "A condition fails, so this certificate proves nothing. "
                "That says nothing about the system: it may still be safe."
            )
        case Answer.UNKNOWN:
            return "Not settled either way: no violation was found, and the proof is incomplete."


def second_opinion(opinion: Opinion) -> str:
    """What another engine made of the same condition."""
    took = duration(opinion.seconds)
    if opinion.agrees is None:
        return f"{opinion.engine} neither confirms nor denies it: {opinion.words} ({took})"
    return f"{'confirmed' if opinion.agrees else 'contradicted'} by {opinion.engine} ({took})"


def boxes(count: int) -> str:
    """``1 box``, ``1,234 boxes``."""
    return f"{count:,} box{'' if count == 1 else 'es'}"


def known_facts(known: Known) -> list[str]:
    """What is known about a condition that is still open, one fact a line."""
    facts = []
    if known.proved_share is not None:
        facts.append(
            f"proved on {share(known.proved_share)} of the region (by the volume of boxes that "
            "may meet it)"
        )
    if known.largest_violation is not None and known.largest_violation < float("inf"):
        facts.append(f"if it fails at all, then by at most {known.largest_violation:.3g}")
    if known.smallest_margin is not None:
        where = ", ".join(f"{name} = {value:.4g}" for name, value in known.at)
        facts.append(
            f"smallest margin seen: {known.smallest_margin:.3g}" + (f" at {where}" if where else "")
        )
    if known.violated_share is not None:
        facts.append(
            f"with 99 % confidence, it fails on less than {100 * known.violated_share:.2g} % of "
            f"the region ({known.uniform_points:,} uniform points without a violation)"
        )
    if known.boxes_left:
        facts.append(f"boxes still open: {known.boxes_left:,} (examined: {known.boxes or 0:,})")
    return facts


def share(value: float) -> str:
    """A percentage that never rounds up to 100."""
    percent = min(100 * value, 99.99) if value < 1 else 100.0
    return f"{percent:.4g} %"
