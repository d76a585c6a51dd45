"""Which store answers first? The near one; what the far one knows is then near, too.

Soundness does not depend on this file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bcv.stores.store import Contents, Record, Store


class LayeredStore(Store):
    """A fast store in front of a lasting one."""

    def __init__(self, near: Store, far: Store) -> None:
        self._near = near
        self._far = far

    def get(self, key: str) -> Record | None:
        found = self._near.get(key)
        if found is None:
            found = self._far.get(key)
            if found is not None:
                self._near.put([found])
        return found

    def related(self, family: str, most: int) -> list[Record]:
        found = {record.key: record for record in self._near.related(family, most)}
        if len(found) < most:
            for record in self._far.related(family, most):
                found.setdefault(record.key, record)
        return list(found.values())[:most]

    def put(self, records: Sequence[Record]) -> None:
        self._near.put(records)
        self._far.put(records)

    def drop(self, key: str) -> None:
        self._near.drop(key)
        self._far.drop(key)

    def clear(self) -> None:
        self._near.clear()
        self._far.clear()

    def records(self) -> Iterator[Record]:
        yield from self._far.records()

    def contents(self) -> Contents:
        return self._far.contents()

    def close(self) -> None:
        self._far.close()
