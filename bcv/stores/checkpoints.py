"""Where does unfinished work wait for the next run? In one file per problem, replaced as a whole.

Soundness does not depend on this file: whoever goes on from a checkpoint has the result confirmed.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bcv.canonical.claims import SEMANTICS
from bcv.errors import BcvError, Place
from bcv.stores.store import Warn, silent

SCHEMA: Final = "bcv.checkpoint/1"
INTERVAL: Final = 3.0
"""Seconds between two checkpoints, at least; and at least this many times what one costs:"""
PATIENCE: Final = 20.0

LARGEST: Final = 512 << 20
"""Bytes of all states together. Far more could be packed into a small file, and fill the memory."""


@dataclass(slots=True)
class Checkpoints:
    """The states of unfinished attempts at one problem, by keys of the attempts' choice.

    Attributes:
        path: the file; nothing is written before the first save.
        problem: a digest of the problem.
    """

    path: Path
    problem: str
    warn: Warn = silent
    _states: dict[str, bytes] = field(default_factory=dict)
    _last: float = field(default_factory=time.monotonic)
    _cost: float = 0.0

    @property
    def empty(self) -> bool:
        """Whether there is nothing to go on from."""
        return not self._states

    @property
    def due(self) -> bool:
        """Whether it is time to save again."""
        return time.monotonic() - self._last >= max(INTERVAL, PATIENCE * self._cost)

    def load(self, key: str) -> bytes | None:
        """The state under a key."""
        return self._states.get(key)

    def note(self, key: str, state: bytes) -> None:
        """Replace the state under a key, from the next save on."""
        self._states[key] = state

    def save(self) -> None:
        """Write the states; the file holds the old ones or the new ones."""
        started = time.monotonic()
        try:
            if sum(map(len, self._states.values())) > LARGEST:
                raise OSError("there is too much to put aside")
            self._write()
        except OSError as error:
            self.warn(f"no checkpoint is written to {self.path}: {error.strerror or error}")
        self._last = time.monotonic()
        self._cost = self._last - started

    def forget(self, key: str) -> None:
        """Drop the state under a key, from the next save on."""
        self._states.pop(key, None)

    def finish(self) -> None:
        """The problem is decided: take the file away."""
        self._states.clear()
        with suppress(OSError):
            os.unlink(self.path)

    def _write(self) -> None:
        import tempfile  # loads much that a run which is done in no time does not use

        packed = {key: zlib.compress(state, 1) for key, state in self._states.items()}
        header = {
            "schema": SCHEMA,
            "semantics": SEMANTICS,
            "problem": self.problem,
            "states": [[key, len(state)] for key, state in packed.items()],
        }
        content = json.dumps(header).encode() + b"\n" + b"".join(packed.values())
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=".checkpoint")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(hashlib.blake2b(content).digest() + content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self.path)
        finally:
            with suppress(OSError):
                os.unlink(temporary)


def resumed(path: Path, problem: str, warn: Warn = silent) -> Checkpoints:
    """The checkpoints in a file; none if there is no such file or, with a warning, it is damaged.

    Raises:
        BcvError: they are of another problem or another version of bcv.
    """
    found = Checkpoints(path, problem, warn)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return found
    except OSError as error:
        raise BcvError(f"it cannot be read: {error.strerror}", place=Place(str(path))) from None
    content = data[64:]
    try:
        if hashlib.blake2b(content).digest() != data[:64]:
            raise ValueError("its checksum is wrong")
        line, _, rest = content.partition(b"\n")
        header = json.loads(line)
        if header["schema"] != SCHEMA or header["semantics"] != SEMANTICS:
            raise BcvError("this checkpoint is of another version of bcv", place=Place(str(path)))
        if header["problem"] != problem:
            raise BcvError(
                "this checkpoint is of another problem", "Start without it", place=Place(str(path))
            )
        start, left = 0, LARGEST
        for key, length in header["states"]:
            found._states[key] = _unpacked(rest[start : start + length], left)
            start, left = start + length, left - len(found._states[key])
    except (ValueError, LookupError, TypeError, RecursionError, MemoryError, zlib.error) as error:
        warn(f"the checkpoint {path} is damaged and not used ({error})")
        return Checkpoints(path, problem, warn)
    return found


def _unpacked(packed: bytes, most: int) -> bytes:
    """A state of at most so many bytes. Raises ValueError or zlib.error."""
    unpacker = zlib.decompressobj()
    state = unpacker.decompress(packed, most + 1)
    if not unpacker.eof or len(state) > most:
        raise ValueError("a state ends too early or is too large")
    return state
