"""How is a split tree packed in a proof file? Read piece by piece, within limits.

The checker's verdict depends on this file only so far as a misread tree is another tree: whatever
is read here is checked afterwards as if it had been meant so.
"""

from __future__ import annotations

import binascii
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from ..reading import entry, text
from ..terms import RejectedError

CHUNK = 1 << 16
LONGEST_VARINT = 9


def _unpacked(data: Any) -> Iterator[bytes]:
    """The bytes of zlib data in base64, a chunk at a time, so that no bomb fills the memory."""
    try:
        packed = binascii.a2b_base64(text(data), strict_mode=True)
        unpacker = zlib.decompressobj()
        while packed and not unpacker.eof:
            yield unpacker.decompress(packed, CHUNK)
            packed = unpacker.unconsumed_tail
        if not unpacker.eof or unpacker.unused_data:
            raise RejectedError("packed data end too early or too late")
    except (binascii.Error, zlib.error, ValueError):
        raise RejectedError("packed data are malformed") from None


class Stream:
    """The nodes and cuts of a split tree, in order."""

    def __init__(self, data: Any) -> None:
        self._nodes = entry(data, "nodes")
        self._cuts = self._doubles(entry(data, "cuts"))

    def nodes(self) -> Iterator[int]:
        """Integers v written as 2v (v >= 0) or -2v - 1, seven bits a byte, low bits first."""
        value = shift = 0
        for chunk in _unpacked(self._nodes):
            for byte in chunk:
                if byte < 128 and not shift:
                    yield -(byte + 1) // 2 if byte % 2 else byte // 2
                    continue
                value |= (byte & 127) << shift
                shift += 7
                if shift > 7 * LONGEST_VARINT:
                    raise RejectedError("a node is too long")
                if byte < 128:
                    yield -(value + 1) // 2 if value % 2 else value // 2
                    value = shift = 0
        if shift:
            raise RejectedError("packed data end too early or too late")

    def next_cut(self) -> float:
        """The next explicit split position."""
        cut = next(self._cuts, None)
        if cut is None:
            raise RejectedError("a cut is missing")
        return cut

    @staticmethod
    def _doubles(data: Any) -> Iterator[float]:
        """IEEE doubles, little-endian."""
        left = b""
        for chunk in _unpacked(data):
            left += chunk
            whole = len(left) // 8 * 8
            yield from (value for (value,) in struct.iter_unpack("<d", left[:whole]))
            left = left[whole:]
