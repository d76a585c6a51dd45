"""Is a proof's entry read back as it was written, and nothing else taken for one?"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bcv import expr as ex
from bcv.errors import BcvError
from bcv.formats.proof import packed_nodes
from bcv.formats.proof_reader import _few_codes, _many_codes, unpacked_nodes
from bcv.formats.statement import NodeList, NodeReader

WAYS = [_few_codes, _many_codes]


@given(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=50))
def test_few_and_many_nodes_are_read_alike(nodes: list[int]) -> None:
    text = packed_nodes(nodes)
    data = zlib.decompress(base64.b64decode(text))
    assert _few_codes(data) == nodes
    assert not data or _many_codes(data) == nodes
    assert list(unpacked_nodes(text)) == nodes


@pytest.mark.parametrize("way", WAYS)
def test_a_node_of_six_bytes_is_refused(way: Callable[[bytes], list[int]]) -> None:
    assert way(b"\x81" * 4 + b"\x01")
    with pytest.raises(BcvError, match="too long"):
        way(b"\x01" + b"\x81" * 5 + b"\x01")


@pytest.mark.parametrize("data", [b"\x81", b"\x01\x80", b"\xff" * 5])
def test_a_node_that_ends_too_early_is_refused(data: bytes) -> None:
    with pytest.raises(BcvError):
        unpacked_nodes(base64.b64encode(zlib.compress(data)).decode())


def test_expressions_are_built_when_they_are_asked_for() -> None:
    written = NodeList()
    x = ex.var("x")
    places = [written.place(x * x + ex.const(3)), written.place(ex.var("unused"))]
    reader = NodeReader(written.nodes)
    assert reader.expr(places[0]) is x * x + ex.const(3)
    assert places[1] not in reader._exprs


@pytest.mark.parametrize(
    "nodes",
    [
        [["+", 1, 1], ["const", "1"]],  # an operand after the node that uses it
        [["+", 0, 0]],
        [["const"]],
        [["nonsense", 0]],
        [["+", "0", "0"]],
        [[]],
    ],
)
def test_nodes_that_are_no_expression_are_refused(nodes: list[list[object]]) -> None:
    with pytest.raises((LookupError, TypeError, ValueError)):
        NodeReader(nodes).expr(0)
