"""What do all runs of this user remember? Records in one SQLite file that many processes share.

Soundness does not depend on this file. Trouble with the file is never an error: a lock is waited
for briefly, and a damaged, foreign or newer file, or a full disk, is a warning and no cache.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from bcv.stores.store import Contents, Record, Store, Warn, silent

T = TypeVar("T")

APPLICATION: Final = 0x62637601
"""Marks our files among other SQLite files."""

VERSION: Final = 1
"""Of the tables; a file with older tables is emptied, one with newer tables is left alone."""

PATIENCE: Final = 0.4
"""Seconds that a lock is waited for."""

LIMIT: Final = 512 << 20
LARGEST_VALUE: Final = 32 << 20
_FRESH: Final = 86_400
"""Seconds for which a use need not be noted again: most runs only read the file."""

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS records (
    key TEXT PRIMARY KEY, family TEXT NOT NULL, value BLOB NOT NULL, size INTEGER NOT NULL,
    used INTEGER NOT NULL, own INTEGER NOT NULL, checksum BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_family ON records (family, used);
CREATE INDEX IF NOT EXISTS by_use ON records (used, size);
"""
_COLUMNS: Final = "key, family, value, own, checksum"


class _UnusableError(Exception):
    """The file is not for us."""


def _checksum(record: Record) -> bytes:
    content = "\0".join((record.key, record.family, str(int(record.own)))).encode()
    return hashlib.blake2b(content + b"\0" + record.value, digest_size=16).digest()


class SqliteStore(Store):
    """Records in an SQLite file in WAL mode, with checksums.

    Commits survive kill -9 but are not forced to the disk: after a power cut the file may be
    damaged, which is noticed.
    """

    def __init__(self, path: Path, warn: Warn = silent, limit: int = LIMIT) -> None:
        self.path = path
        self._warn = warn
        self._limit = limit
        self._connection: sqlite3.Connection | None = None
        self._given_up = False
        self._used: set[str] = set()

    def get(self, key: str) -> Record | None:
        rows = self._rows(f"SELECT {_COLUMNS}, used FROM records WHERE key = ?", key)
        found = self._sound(rows)
        if found and rows[0][5] < time.time() - _FRESH:
            self._used.add(key)
        return found[0] if found else None

    def related(self, family: str, most: int) -> list[Record]:
        query = f"SELECT {_COLUMNS} FROM records WHERE family = ? ORDER BY used DESC LIMIT ?"
        return self._sound(self._rows(query, family, most))

    def put(self, records: Sequence[Record]) -> None:
        largest = min(LARGEST_VALUE, self._limit)
        small = [record for record in records if len(record.value) <= largest]
        if small:
            self._attempt(lambda db: self._insert(db, small), None)

    def drop(self, key: str) -> None:
        self._attempt(lambda db: db.execute("DELETE FROM records WHERE key = ?", (key,)), None)

    def clear(self) -> None:
        """Forget everything; a damaged file is taken away, a foreign or newer one stays."""
        cleared = self._attempt(_emptied, False)
        if not cleared and self._given_up and not _somebody_elses(self.path):
            self._remove()

    def records(self) -> Iterator[Record]:
        for (key,) in self._rows("SELECT key FROM records ORDER BY used DESC"):
            yield from self._sound(self._rows(f"SELECT {_COLUMNS} FROM records WHERE key = ?", key))

    def contents(self) -> Contents:
        rows = self._rows("SELECT count(*), coalesce(sum(size), 0) FROM records")
        count, size = rows[0] if rows else (0, 0)
        return Contents(count, size, self._limit)

    def close(self) -> None:
        """Let go of the file, and note there what was used."""
        if self._used:
            self._attempt(self._note_all_uses, None)
        self._let_go()

    def _let_go(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _attempt(self, action: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """What the action returns; ``otherwise`` if the file is locked or cannot be used."""
        if self._given_up:
            return otherwise
        try:
            if self._connection is None:
                self._connection = self._opened()
            return action(self._connection)
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                return otherwise
            return self._no_cache(str(error), otherwise)
        except (sqlite3.Error, _UnusableError, OSError, OverflowError) as error:
            return self._no_cache(str(error), otherwise)

    def _rows(self, query: str, *values: str | int) -> list[Any]:
        """What a query finds; nothing if there is no file yet."""
        if self._connection is None and not self.path.exists():
            return []
        return self._attempt(lambda db: db.execute(query, values).fetchall(), [])

    def _no_cache(self, why: str, otherwise: T) -> T:
        self._given_up = True
        self._let_go()
        self._warn(f"the cache {self.path} is not used: {why} (`bcv cache clear` may help)")
        return otherwise

    def _opened(self) -> sqlite3.Connection:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        db = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
        try:
            _prepare(db)
        except BaseException:
            db.close()
            raise
        with suppress(OSError):
            if self.path.stat().st_mode & 0o077:
                os.chmod(self.path, 0o600)
        return db

    def _insert(self, db: sqlite3.Connection, records: Sequence[Record]) -> None:
        now = int(time.time())
        rows = [
            (r.key, r.family, r.value, len(r.value), now, int(r.own), _checksum(r)) for r in records
        ]
        with _Transaction(db):
            self._note_uses(db)
            db.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            self._evict(db)

    def _evict(self, db: sqlite3.Connection) -> None:
        (size,) = db.execute("SELECT coalesce(sum(size), 0) FROM records").fetchone()
        if size <= self._limit:
            return
        excess, doomed = size - self._limit * 3 // 4, []
        for key, bytes_ in db.execute("SELECT key, size FROM records ORDER BY used"):
            if excess <= 0:
                break
            doomed.append((key,))
            excess -= bytes_
        db.executemany("DELETE FROM records WHERE key = ?", doomed)

    def _note_all_uses(self, db: sqlite3.Connection) -> None:
        with _Transaction(db):
            self._note_uses(db)

    def _note_uses(self, db: sqlite3.Connection) -> None:
        now = int(time.time())
        uses = [(now, key) for key in self._used]
        self._used.clear()
        db.executemany("UPDATE records SET used = ? WHERE key = ?", uses)

    def _sound(self, rows: Sequence[Sequence[object]]) -> list[Record]:
        """The records whose checksums are right; the others are dropped."""
        found = []
        for key, family, value, own, checksum, *_ in rows:
            if isinstance(key, str) and isinstance(family, str) and isinstance(value, bytes):
                record = Record(key, family, value, bool(own))
                if _checksum(record) == checksum:
                    found.append(record)
                    continue
            self._warn(f"a damaged record of the cache {self.path} is dropped")
            self.drop(str(key))
        return found

    def _remove(self) -> None:
        self._let_go()
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                os.unlink(f"{self.path}{suffix}")
        self._given_up = False


class _Transaction:
    """All or nothing; the write lock is taken at once, since a later upgrade could not wait.

    With ``reading`` none is taken, and all that is read was there at one moment.
    """

    def __init__(self, db: sqlite3.Connection, *, reading: bool = False) -> None:
        self._db = db
        self._begin = "BEGIN" if reading else "BEGIN IMMEDIATE"

    def __enter__(self) -> None:
        self._db.execute(self._begin)

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self._db.execute("COMMIT")
        elif self._db.in_transaction:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")


def _marks(db: sqlite3.Connection) -> tuple[int, int, int]:
    """The file's application, its version, and how many tables it has."""
    with _Transaction(db, reading=True):  # another process may be making the file
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (application,) = db.execute("PRAGMA application_id").fetchone()
        (version,) = db.execute("PRAGMA user_version").fetchone()
    return application, version, tables


def _prepare(db: sqlite3.Connection) -> None:
    """Make sure that the file is ours and has our tables. Raises _UnusableError."""
    application, version, tables = _marks(db)
    if tables and application != APPLICATION:
        raise _UnusableError("it is another program's file")
    if version > VERSION:
        raise _UnusableError("it was written by a newer bcv")
    db.execute("PRAGMA synchronous = OFF")
    if tables and version == VERSION:
        return
    db.execute("PRAGMA journal_mode = WAL")
    with _Transaction(db):
        if tables and version < VERSION:
            db.execute("DROP TABLE IF EXISTS records")
        for statement in _TABLES.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION}")
        db.execute(f"PRAGMA user_version = {VERSION}")


def _emptied(db: sqlite3.Connection) -> bool:
    db.execute("DELETE FROM records")
    with suppress(sqlite3.OperationalError):  # others may be reading: the space is reused anyway
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return True


def _somebody_elses(path: Path) -> bool:
    """Whether the file is a sound SQLite file that is not ours, or of a newer bcv."""
    try:
        with closing(sqlite3.connect(path, timeout=PATIENCE)) as db:
            application, version, tables = _marks(db)
    except sqlite3.Error:
        return False
    return bool(tables) and (application != APPLICATION or version > VERSION)
