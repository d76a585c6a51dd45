"""A recorded tree comes out in preorder, whatever the order in which it grew."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bcv.evidence import Bounded, Cover, Form
from bcv.paving.boxes import Boxes, BoxStack, root_box
from bcv.paving.recording import CoverRecorder
from bcv.paving.splitting import cut_boxes, midpoints

ROOT = ((0.0, 1.0), (-2.0, 2.0))
REASONS = (Bounded(Form.NATURAL), Bounded(Form.MEAN_VALUE))


def leaves_of(cover: Cover) -> dict[tuple[tuple[float, float], ...], int]:
    """The leaves' boxes with their reasons, by the rules that evidence states."""
    found = {}
    cuts = iter(cover.cuts)
    stack = [cover.root]
    for code in cover.nodes:
        box = stack.pop()
        if code >= 0:
            found[box] = code
            continue
        axis, explicit = (-code - 1) // 2, (-code - 1) % 2
        lo, hi = box[axis]
        at = next(cuts) if explicit else lo + (hi - lo) * 0.5
        stack.append((*box[:axis], (at, hi), *box[axis + 1 :]))
        stack.append((*box[:axis], (lo, at), *box[axis + 1 :]))
    assert not stack
    assert next(cuts, None) is None
    return found


@given(st.integers(0, 2**32 - 1), st.integers(0, 60))
def test_the_cover_has_the_leaves_that_were_settled(seed: int, splits: int) -> None:
    rng = np.random.default_rng(seed)
    recorder, stack = CoverRecorder(), BoxStack(2)
    stack.push(root_box(ROOT))
    expected = {}
    for _ in range(splits):
        boxes = stack.pop(int(rng.integers(1, 5)))
        axes = rng.integers(0, 2, boxes.count)
        columns = np.arange(boxes.count)
        middle = midpoints(boxes.lo, boxes.hi)[axes, columns]
        explicit = bool(rng.integers(0, 2))
        at = 0.7 * boxes.lo[axes, columns] + 0.3 * boxes.hi[axes, columns] if explicit else middle
        for half in cut_boxes(boxes, axes, at, recorder, explicit=explicit):
            stack.push(half)
    rest: Boxes = stack.all()
    for k in range(rest.count):
        reason = int(rng.integers(0, 2))
        recorder.settle(rest.ids[k : k + 1], reason)
        box = tuple(zip(rest.lo[:, k].tolist(), rest.hi[:, k].tolist(), strict=True))
        expected[box] = reason
    assert leaves_of(recorder.cover(ROOT, REASONS, ())) == expected


def test_an_open_node_makes_no_cover() -> None:
    recorder = CoverRecorder()
    recorder.settle(recorder.split(np.zeros(1, np.int32), 0), 0)
    with pytest.raises(RuntimeError, match="open"):
        recorder.cover(ROOT, REASONS, ())


def test_a_large_tree_takes_few_bytes_a_node() -> None:
    recorder = CoverRecorder()
    ids = np.zeros(1, np.int32)
    for _ in range(17):
        lower = recorder.split(ids, 0)
        ids = np.concatenate([lower, lower + np.int32(1)])
    assert recorder.nodes == 2**18 - 1
    assert recorder.bytes < 14 * recorder.nodes
