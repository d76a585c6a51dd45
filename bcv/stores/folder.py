"""Where does bcv keep what it remembers? In the user's cache folder, or where the user says.

Soundness does not depend on this file.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from bcv.stores.layered import LayeredStore
from bcv.stores.memory import MemoryStore
from bcv.stores.store import Store, Warn, silent

VARIABLE: Final = "BCV_CACHE_DIR"
FILE: Final = "verdicts.sqlite"
CHECKPOINTS: Final = "checkpoints"


def cache_folder() -> Path:
    """``BCV_CACHE_DIR`` if it is set, else the folder that the system has for caches."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("bcv", appauthor=False))


def checkpoint_file(problem: str) -> Path:
    """Where unfinished work at a problem is put aside, unless the user says where."""
    return cache_folder() / CHECKPOINTS / f"{problem[:40]}.bcv"


def clear_checkpoints(older: float = 0.0) -> None:
    """Take away checkpoints that were last written so many seconds ago or longer."""
    for file in (cache_folder() / CHECKPOINTS).glob("*.bcv"):
        with suppress(OSError):
            if file.stat().st_mtime <= time.time() - older:
                file.unlink()


def user_store(warn: Warn = silent) -> Store:
    """The user's private store; nothing is opened or created before it is used."""
    from bcv.stores.sqlite import SqliteStore

    return LayeredStore(MemoryStore(), SqliteStore(cache_folder() / FILE, warn))
