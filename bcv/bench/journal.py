"""What is finished already? A journal of records that survives a crash or a kill.

Soundness does not depend on this file.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from bcv.bench.records import Record, from_json, to_json
from bcv.bench.run import RunSettings
from bcv.bench.suite import Case


def run_key(cases: Sequence[Case], settings: RunSettings, version: str) -> str:
    """A name for "the same run": the same contents, limits, peers, options and bcv."""
    content = hashlib.sha256()
    content.update(repr((settings.seconds, settings.memory, settings.repeat)).encode())
    content.update(repr((settings.peers, settings.options, version)).encode())
    for case in cases:
        content.update(str(case.path.resolve()).encode())
        content.update(hashlib.sha256(case.path.read_bytes()).digest())
    return content.hexdigest()[:24]


def default_journal(key: str) -> Path:
    """Where a run's journal lies when the user names no file."""
    from platformdirs import user_cache_path

    chosen = os.environ.get("BCV_CACHE_DIR")
    folder = Path(chosen) if chosen else user_cache_path("bcv")
    return folder / "bench" / f"{key}.jsonl"


def finished_records(path: Path) -> tuple[Record, ...]:
    """The records of a journal; a line that a kill cut short is left out."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ()
    found = []
    for line in lines:
        try:
            found.append(from_json(json.loads(line)))
        except (ValueError, KeyError, TypeError):
            continue
    return tuple(found)


def append(path: Path, record: Record) -> None:
    """Add a record and have it on the disk before this returns.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as stream:
        # After a kill the last line may be cut short: start on a line of our own.
        stream.write("\n" if stream.tell() else "")
        stream.write(json.dumps(to_json(record)) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
