"""Do stores keep what they are given, and is trouble with the file only ever a warning?"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from bcv.stores.layered import LayeredStore
from bcv.stores.memory import MemoryStore
from bcv.stores.sqlite import SqliteStore
from bcv.stores.store import Record, Store

KINDS = ("memory", "sqlite", "layered")


def made(kind: str, folder: Path, limit: int = 10_000) -> Store:
    far = SqliteStore(folder / "cache" / "v.sqlite", limit=limit)
    if kind == "sqlite":
        return far
    return MemoryStore(limit) if kind == "memory" else LayeredStore(MemoryStore(limit), far)


def record(name: str, value: bytes = b"value", family: str = "f") -> Record:
    return Record(name, family, value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_returns_what_it_was_given(kind: str, tmp_path: Path) -> None:
    store = made(kind, tmp_path)
    assert store.get("a") is None
    store.put([record("a"), record("b", b"\0\xff"), Record("c", "other", b"", own=False)])
    assert store.get("b") == record("b", b"\0\xff")
    assert store.get("c") == Record("c", "other", b"", own=False)
    assert {r.key for r in store.related("f", 5)} == {"a", "b"}
    assert len(store.related("f", 1)) == 1
    assert {r.key for r in store.records()} == {"a", "b", "c"}
    store.put([record("a", b"newer")])
    assert store.get("a") == record("a", b"newer")
    store.drop("a")
    assert store.get("a") is None
    assert store.contents().records == 2
    store.clear()
    assert list(store.records()) == []
    assert store.related("f", 5) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_stays_within_its_limit(kind: str, tmp_path: Path) -> None:
    store = made(kind, tmp_path, limit=1000)
    for i in range(30):
        store.put([record(str(i), bytes(100))])
        assert store.contents().size <= 1000
    store.put([record("large", bytes(2000))])
    assert store.get("large") is None


def test_what_was_used_last_is_forgotten_last(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "v.sqlite", limit=1000)
    store.put([record(str(i), bytes(100)) for i in range(8)])
    with sqlite3.connect(store.path) as db:
        db.execute("UPDATE records SET used = 1000 + CAST(key AS INTEGER)")
    assert store.get("0") is not None
    store.put([record("new", bytes(300))])
    kept = {r.key for r in store.records()}
    assert {"0", "new"} <= kept
    assert "1" not in kept


def test_another_process_sees_the_records(tmp_path: Path) -> None:
    first, second = (SqliteStore(tmp_path / "v.sqlite") for _ in range(2))
    first.put([record("a")])
    assert second.get("a") == record("a")
    second.clear()
    assert first.get("a") is None


def test_nothing_is_created_by_looking(tmp_path: Path) -> None:
    store = made("layered", tmp_path)
    store.get("a")
    store.related("f", 3)
    assert not list(tmp_path.iterdir())


def test_the_store_is_private(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "cache" / "v.sqlite")
    store.put([record("a")])
    assert store.path.stat().st_mode & 0o077 == 0
    assert store.path.parent.stat().st_mode & 0o077 == 0


def damaged(path: Path, how: str) -> None:
    store = SqliteStore(path)
    store.put([record(str(i), os.urandom(3000)) for i in range(20)])
    store.close()
    content = path.read_bytes()
    if how == "text":
        path.write_text("this is no database " * 100)
    elif how == "truncated":
        path.write_bytes(content[: len(content) // 2 + 100])
    elif how == "overwritten":
        path.write_bytes(content[:200] + os.urandom(len(content) - 200))
    elif how == "newer":
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 99")
    elif how == "foreign":
        path.unlink()
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE records (mine TEXT)")
    elif how == "folder":
        path.unlink()
        path.mkdir()


@pytest.mark.parametrize("how", ["text", "truncated", "overwritten", "newer", "foreign", "folder"])
def test_a_file_that_cannot_be_used_is_a_warning_and_a_miss(how: str, tmp_path: Path) -> None:
    path = tmp_path / "v.sqlite"
    damaged(path, how)
    warnings: list[str] = []
    store = SqliteStore(path, warnings.append)
    for i in range(20):
        store.get(str(i))
    store.put([record("new", os.urandom(3000))])
    store.related("f", 30)
    list(store.records())
    store.contents()
    store.close()
    assert len(warnings) >= 1
    if how in ("text", "truncated", "overwritten", "newer", "foreign"):
        before = path.read_bytes()
        SqliteStore(path).get("0")
        assert path.read_bytes() == before


@pytest.mark.parametrize(("how", "kept"), [("text", False), ("newer", True), ("foreign", True)])
def test_clearing_takes_away_what_is_damaged_and_nobody_elses(
    how: str, kept: bool, tmp_path: Path
) -> None:
    path = tmp_path / "v.sqlite"
    damaged(path, how)
    SqliteStore(path).clear()
    store = SqliteStore(path)
    store.put([record("a")])
    assert (store.get("a") is None) == kept


def test_an_altered_record_is_dropped_with_a_warning(tmp_path: Path) -> None:
    warnings: list[str] = []
    store = SqliteStore(tmp_path / "v.sqlite", warnings.append)
    store.put([record("a"), record("b")])
    with sqlite3.connect(store.path) as db:
        db.execute("UPDATE records SET value = x'00' WHERE key = 'a'")
    assert store.get("a") is None
    assert store.get("b") is not None
    assert len(warnings) == 1
    assert {r.key for r in store.records()} == {"b"}


def test_an_older_file_is_emptied(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "v.sqlite")
    store.put([record("a")])
    store.close()
    with sqlite3.connect(store.path) as db:
        db.execute("PRAGMA user_version = 0")
    newer = SqliteStore(store.path)
    assert newer.get("a") is None
    newer.put([record("b")])
    assert newer.get("b") is not None


def test_a_lock_is_waited_for_briefly_and_is_no_reason_to_give_up(tmp_path: Path) -> None:
    import time

    store = SqliteStore(tmp_path / "v.sqlite")
    store.put([record("a")])
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    store.put([record("b")])
    assert time.monotonic() - started < 1.0
    assert store.get("a") is not None
    other.execute("COMMIT")
    store.put([record("b")])
    assert store.get("b") is not None


def test_a_folder_that_cannot_be_written_is_no_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    warnings: list[str] = []
    store = SqliteStore(tmp_path / "file" / "v.sqlite", warnings.append)
    store.put([record("a")])
    assert store.get("a") is None
    assert len(warnings) == 1


def test_uses_are_noted_together_when_the_store_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    store = SqliteStore(path)
    store.put([record(str(i)) for i in range(3)])
    with sqlite3.connect(path) as db:
        db.execute("UPDATE records SET used = 1000")
    for key in ("0", "2"):
        assert store.get(key) is not None
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT max(used) FROM records").fetchone() == (1000,)
    store.close()
    with sqlite3.connect(path) as db:
        late = db.execute("SELECT key FROM records WHERE used > 1000 ORDER BY key").fetchall()
    assert late == [("0",), ("2",)]
    store.close()
