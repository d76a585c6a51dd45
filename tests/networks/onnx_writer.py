"""How is a small ONNX file made for a test? By writing the wire format by hand."""

from __future__ import annotations

import struct
from collections.abc import Sequence


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def tensor(name: str, shape: Sequence[int], values: Sequence[float], kind: int = 1) -> bytes:
    """Floats (kind 1) or doubles (kind 11) as raw data."""
    raw = struct.pack(f"<{len(values)}{'f' if kind == 1 else 'd'}", *values)
    dims = b"".join(field(1, side) for side in shape)
    return dims + field(2, kind) + field(8, name) + field(9, raw)


def node(op: str, inputs: Sequence[str], output: str, **attributes: float) -> bytes:
    content = b"".join(field(1, name) for name in inputs) + field(2, output) + field(4, op)
    for name, value in attributes.items():
        if isinstance(value, int):
            content += field(5, field(1, name) + field(3, value) + field(20, 2))
        else:
            packed = varint(2 << 3 | 5) + struct.pack("<f", value)
            content += field(5, field(1, name) + packed + field(20, 1))
    return content


def model(nodes: Sequence[bytes], tensors: Sequence[bytes], source: str, target: str) -> bytes:
    graph = b"".join(field(1, item) for item in nodes) + field(2, "net")
    graph += b"".join(field(5, item) for item in tensors)
    graph += field(11, field(1, source)) + field(12, field(1, target))
    return field(1, 8) + field(2, "a test") + field(7, graph)
