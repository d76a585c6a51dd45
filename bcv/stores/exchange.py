"""How do records travel between machines? One line of JSON each, in a gzip file.

Soundness does not depend on this file: imported records are marked, and checked when used.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from bcv.errors import BcvError, Place
from bcv.stores.store import Record

HEADER: Final = {"schema": "bcv.cache/1"}
LONGEST_LINE: Final = 64 << 20


def written(records: Iterable[Record], path: Path) -> int:
    """Write the records so that the path holds all of them or what was there; their number.

    Raises OSError.
    """
    count = 0
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as raw, gzip.open(raw, "wt", encoding="ascii") as file:
            file.write(json.dumps(HEADER) + "\n")
            for record in records:
                value = base64.b64encode(record.value).decode()
                file.write(json.dumps([record.key, record.family, value]) + "\n")
                count += 1
        os.replace(temporary, path)
    finally:
        with suppress(OSError):
            os.unlink(temporary)
    return count


def read(path: Path) -> Iterator[Record]:
    """The records of a file, none of them our own. Raises BcvError."""
    try:
        with gzip.open(path, "rt", encoding="ascii") as file:
            if json.loads(file.readline(LONGEST_LINE)) != HEADER:
                raise BcvError("this is no exported cache of this version", place=Place(str(path)))
            while line := file.readline(LONGEST_LINE):
                key, family, value = json.loads(line)
                yield Record(str(key), str(family), base64.b64decode(value), own=False)
    except OSError as error:
        reason = f"it cannot be read: {error.strerror or error}"
        raise BcvError(reason, place=Place(str(path))) from None
    except (ValueError, TypeError, EOFError, zlib.error) as error:
        reason = f"this is no exported cache ({type(error).__name__})"
        raise BcvError(reason, place=Place(str(path))) from None
