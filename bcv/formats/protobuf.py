"""What fields does a protocol buffer message hold? The wire format, read without a schema.

Soundness does not depend on this file beyond that of ``onnx``: what is misread has another shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_LONGEST_VARINT: Final = 10
_FIXED: Final = {1: 8, 5: 4}


class WireError(ValueError):
    """The bytes are no message."""


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for place in range(_LONGEST_VARINT):
        if at + place >= len(data):
            break
        byte = data[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise WireError("a number does not end")


def fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """(field number, value) of each field in order: an int, or the bytes of anything else.

    A fixed-width number comes as its 4 or 8 little-endian bytes.

    Raises:
        WireError: while iterating, where the bytes are cut off or of an unknown kind.
    """
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if kind == 2:
            size, at = _varint(data, at)
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            raise WireError("a field is of an unknown kind")
        if at + size > len(data):
            raise WireError("a field is cut off")
        yield number, data[at : at + size]
        at += size


def packed_integers(value: int | memoryview) -> list[int]:
    """The integers (as signed 64-bit) of one field that repeats a number, packed or not."""
    if isinstance(value, int):
        return [signed(value)]
    found, at = [], 0
    while at < len(value):
        number, at = _varint(value, at)
        found.append(signed(number))
    return found


def signed(value: int) -> int:
    """A varint as a signed 64-bit integer."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value
