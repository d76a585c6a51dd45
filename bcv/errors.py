"""What did the user write wrongly? Errors that name the place, the reason and the remedy.

Soundness does not depend on this file.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file; line and column count from 1, None where there is none."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(
            str(part) for part in (self.file, self.line, self.column) if part is not None
        )


class BcvError(Exception):
    """Something the user can mend: exit code 2, one paragraph, no traceback.

    Args:
        reason: what was found and why it is wrong, a sentence without the final stop.
        remedy: what would be right, a sentence without the final stop; may be empty.
        place: where; None if it is not about a file.
    """

    def __init__(self, reason: str, remedy: str = "", place: Place | None = None) -> None:
        super().__init__(reason, remedy, place)
        self.reason = reason
        self.remedy = remedy
        self.place = place

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        remedy = f". {self.remedy}" if self.remedy else ""
        return f"{where}{self.reason}{remedy}."


class ProblemError(BcvError):
    """A problem file is wrong; nothing was decided for it."""
