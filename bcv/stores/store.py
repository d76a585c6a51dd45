"""What is a store? Records of bytes, found by their key or by the family they belong to.

Soundness does not depend on this file: whoever reads a record checks it again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

Warn = Callable[[str], None]


def silent(words: str) -> None:
    """The listener that hears no warning."""


@dataclass(frozen=True, slots=True)
class Record:
    """A value under a key.

    Attributes:
        key: a digest; a record replaces an older one of the same key.
        family: what several keys have in common; ``Store.related`` looks for it.
        value: the bytes.
        own: False if it was imported, and so is nobody's word but the file's.
    """

    key: str
    family: str
    value: bytes
    own: bool = True


@dataclass(frozen=True, slots=True)
class Contents:
    """How much a store holds: records, bytes of values, and bytes that it may hold."""

    records: int
    size: int
    limit: int


class Store(ABC):
    """Keeps records, forgets the least recently used, and never raises for what became of them."""

    @abstractmethod
    def get(self, key: str) -> Record | None:
        """The record under a key, None if there is none that can be read."""

    @abstractmethod
    def related(self, family: str, most: int) -> list[Record]:
        """Up to ``most`` records of a family, the most recently used first."""

    @abstractmethod
    def put(self, records: Sequence[Record]) -> None:
        """Keep the records, all or none of them, as far as there is room."""

    @abstractmethod
    def drop(self, key: str) -> None:
        """Forget a record."""

    @abstractmethod
    def clear(self) -> None:
        """Forget everything."""

    @abstractmethod
    def records(self) -> Iterator[Record]:
        """Every record, the most recently used first."""

    @abstractmethod
    def contents(self) -> Contents:
        """How much it holds."""

    def close(self) -> None:  # noqa: B027 - most stores hold nothing that must be closed
        """Let go of files."""
