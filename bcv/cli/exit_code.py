"""What does bcv's exit status say? One enum, and which code wins for several files.

Soundness: scripts act on these numbers; 0 is returned only when every verdict is VALID.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bcv.verdict import Verdict


class ExitCode(enum.IntEnum):
    """The codes of the format's section "Verdicts, exit codes, JSON"."""

    OK = 0
    INVALID = 1
    USAGE = 2
    UNKNOWN = 3
    FAILED = 4
    INTERRUPTED = 130


PRECEDENCE = (
    ExitCode.OK,
    ExitCode.UNKNOWN,
    ExitCode.INVALID,
    ExitCode.USAGE,
    ExitCode.FAILED,
    ExitCode.INTERRUPTED,
)


def combined(codes: Iterable[ExitCode]) -> ExitCode:
    """The code for several files: the most pressing of theirs."""
    return max(codes, key=PRECEDENCE.index, default=ExitCode.OK)


def code_of(verdict: Verdict) -> ExitCode:
    """The code for one verdict; a crash counts where it left the answer open.

    Two engines that contradict each other, while nothing says who is right, are a failure.
    """
    from bcv.outcome import Reason, Undecided
    from bcv.verdict import Answer

    if any(found.right is None for found in verdict.contradictions):
        return ExitCode.FAILED
    if verdict.answer is Answer.VALID:
        return ExitCode.OK
    reasons = {
        settled.outcome.reason
        for settled in verdict.conditions
        if isinstance(settled.outcome, Undecided)
    }
    if Reason.INTERRUPTED in reasons:
        return ExitCode.INTERRUPTED
    if verdict.answer is Answer.INVALID:
        return ExitCode.INVALID
    return ExitCode.FAILED if Reason.CRASHED in reasons else ExitCode.UNKNOWN
