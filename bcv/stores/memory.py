"""What does this process remember? Records in a dictionary, bounded in size.

Soundness does not depend on this file.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence

from bcv.stores.store import Contents, Record, Store


class MemoryStore(Store):
    """Records in memory, in the order of their last use."""

    def __init__(self, limit: int = 64 << 20) -> None:
        self._records: OrderedDict[str, Record] = OrderedDict()
        self._families: dict[str, dict[str, None]] = {}
        self._limit = limit
        self._size = 0

    def get(self, key: str) -> Record | None:
        found = self._records.get(key)
        if found is not None:
            self._records.move_to_end(key)
        return found

    def related(self, family: str, most: int) -> list[Record]:
        keys = list(self._families.get(family, ()))[-most:]
        return [self._records[key] for key in reversed(keys)]

    def put(self, records: Sequence[Record]) -> None:
        for record in records:
            self.drop(record.key)
            if len(record.value) > self._limit:
                continue
            self._records[record.key] = record
            self._families.setdefault(record.family, {})[record.key] = None
            self._size += len(record.value)
        while self._size > self._limit:
            self.drop(next(iter(self._records)))

    def drop(self, key: str) -> None:
        found = self._records.pop(key, None)
        if found is None:
            return
        self._size -= len(found.value)
        relatives = self._families[found.family]
        del relatives[key]
        if not relatives:
            del self._families[found.family]

    def clear(self) -> None:
        self._records.clear()
        self._families.clear()
        self._size = 0

    def records(self) -> Iterator[Record]:
        yield from reversed(list(self._records.values()))

    def contents(self) -> Contents:
        return Contents(len(self._records), self._size, self._limit)
