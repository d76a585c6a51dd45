"""Where does an unfinished search wait for its next slice of time? In memory, for one run.

Soundness: whoever takes a search from the shelf goes on where its own earlier slice ended. A search
that was stopped by force is never put there.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final

MOST: Final = 8
LARGEST: Final = 256 << 20
"""Bytes of a search beyond which it is rather begun again."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Searches by a key that says what they are about; the longest unused one goes first."""

    _searches: OrderedDict[str, Any] = field(default_factory=OrderedDict)

    def put(self, key: str, search: Any, size: int) -> None:
        """Keep a search of so many bytes, if that is not too many."""
        if size <= LARGEST:
            self._searches[key] = search
            while len(self._searches) > MOST:
                self._searches.popitem(last=False)

    def take(self, key: str) -> Any | None:
        """The search, which then is no longer here; None if there is none."""
        return self._searches.pop(key, None)
