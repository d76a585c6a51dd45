"""How is an unfinished search put aside and taken up again? As bytes, of which none is believed.

Soundness: a search that goes on from bytes of a file ends in a cover, and whoever took it up must
have that cover confirmed by ``rechecking``. Bytes from one's own child process are as good as its
work.
"""

from __future__ import annotations

import json
import struct
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bcv.errors import BcvError
from bcv.evidence import Bounded, Convex, Cover, LeafReason
from bcv.formats.proof import encoded_evidence
from bcv.formats.proof_reader import read_evidence, read_nodes
from bcv.formats.statement import NodeList
from bcv.paving.bounds import Bounds
from bcv.paving.boxes import Boxes
from bcv.paving.multipliers import ReasonTable
from bcv.paving.recording import CoverRecorder, Tree
from bcv.paving.search import Search

MAGIC: Final = b"bcv-search-3\n"
_NO_NODES: Final = array("i")
_NO_CUTS: Final = array("d")
_FIELDS: Final = ("code", "parent", "batches", "cut_nodes", "cut_positions")

Array = NDArray[Any]
Root = tuple[tuple[float, float], ...]


def saved(search: Search) -> bytes:
    """The search as bytes."""
    boxes = [search.stack.all(), *search.stuck]
    numbers = {"examined": float(search.examined), "proved_volume": search.proved_volume}
    return written(search.root, search.recorder, search.reasons, boxes, numbers)


def written(
    root: Root,
    recorder: CoverRecorder,
    table: ReasonTable,
    groups: Sequence[Boxes],
    numbers: Mapping[str, float],
) -> bytes:
    """A growing cover, groups of its open boxes, and numbers of the search's own choice."""
    tree = recorder.tree()
    arrays: list[Array] = [getattr(tree, name) for name in _FIELDS]
    for boxes in groups:
        arrays += [boxes.lo, boxes.hi, boxes.ids, boxes.bound]
    nodes = NodeList()
    shell = Cover(root, _NO_NODES, _NO_CUTS, tuple(table.reasons), tuple(table.multipliers))
    header = {
        "arrays": [[item.dtype.str, list(item.shape)] for item in arrays],
        "numbers": {name: value.hex() for name, value in numbers.items()},
        "reasons": {"evidence": encoded_evidence(nodes, shell), "nodes": nodes.nodes},
    }
    text = json.dumps(header).encode()
    content = b"".join(np.ascontiguousarray(item).tobytes() for item in arrays)
    return MAGIC + struct.pack("<q", len(text)) + text + content


def restored(bounds: Bounds, root: Root, data: bytes) -> Search:
    """The search that was saved. Raises ValueError if the bytes are of no search of this claim."""
    search = Search(bounds, root)
    state = taken_up(data, root, search.reasons)
    search.recorder = state.recorder
    search.stack.pop(search.stack.count)
    search.stack.push(state.boxes[0])
    search.stuck = state.boxes[1:]
    search.examined = int(state.number("examined"))
    search.proved_volume = state.number("proved_volume")
    return search


@dataclass(frozen=True, slots=True)
class TakenUp:
    """What ``written`` was given, but for the reasons."""

    recorder: CoverRecorder
    boxes: list[Boxes]
    numbers: Mapping[str, float]

    def number(self, name: str) -> float:
        """One of the numbers. Raises ValueError."""
        if name not in self.numbers:
            raise ValueError(f"the checkpoint does not say what {name} was")
        return self.numbers[name]


def taken_up(data: bytes, root: Root, table: ReasonTable) -> TakenUp:
    """A cover of this root that goes on to grow, its reasons being put into the table.

    Raises ValueError if the bytes are none of this root, or count reasons in another way.
    """
    state = _State(data)
    if state.reasons.root != root:
        raise ValueError("the checkpoint is of another region")
    _take_over(table, state.reasons.reasons, state.reasons)
    if table.reasons != list(state.reasons.reasons):
        raise ValueError("the checkpoint is of another version")
    recorder = CoverRecorder.of(state.tree)
    if any(bool((b.ids < 0).any() or (b.ids >= recorder.nodes).any()) for b in state.boxes):
        raise ValueError("a box of the checkpoint has no node")
    return TakenUp(recorder, state.boxes, state.numbers)


def merge(search: Search, data: bytes, base: int, examined: int) -> None:
    """Add the work of a copy that was made when the search had ``base`` pairs of nodes.

    The copy worked on boxes that are no longer on this search's stack; ``examined`` is how many
    boxes had been examined when it was made.
    """
    state = _State(data)
    numbers = _take_over(search.reasons, state.reasons.reasons, state.reasons)
    moved = search.recorder.graft(state.tree, base, np.array(numbers, dtype=np.int32))
    for boxes in state.boxes:
        boxes.ids = np.where(boxes.ids >= 1 + 2 * base, boxes.ids + moved, boxes.ids).astype(
            np.int32
        )
    search.stack.push(state.boxes[0])
    search.stuck.extend(state.boxes[1:])
    search.examined += int(state.numbers["examined"]) - examined
    search.proved_volume += state.numbers["proved_volume"]


class _State:
    """What the bytes say. Raises ValueError."""

    def __init__(self, data: bytes) -> None:
        if not data.startswith(MAGIC):
            raise ValueError("this is no checkpoint of this version")
        start = len(MAGIC) + 8
        try:
            (length,) = struct.unpack("<q", data[len(MAGIC) : start])
            header = json.loads(data[start : start + length])
            arrays = _arrays(header["arrays"], data, start + length)
            reasons = header["reasons"]
            evidence = read_evidence(read_nodes(reasons), reasons)
            told = dict(header["numbers"])
            self.numbers = {name: float.fromhex(value) for name, value in told.items()}
        except (
            BcvError,
            struct.error,
            LookupError,
            TypeError,
            OverflowError,
            RecursionError,
        ) as error:
            raise ValueError(f"the checkpoint is damaged ({error})") from None
        if not all(map(isfinite, self.numbers.values())):
            raise ValueError("a number of the checkpoint is none")
        if not isinstance(evidence, Cover) or len(arrays) < 9 or len(arrays) % 4 != 1:
            raise ValueError("the checkpoint is damaged")
        self.reasons = evidence
        self.tree = Tree(*arrays[:5])
        rest = arrays[5:]
        self.boxes = [
            Boxes(rest[i].copy(), rest[i + 1].copy(), rest[i + 2].copy(), rest[i + 3].copy())
            for i in range(0, len(rest), 4)
        ]


def _arrays(described: Sequence[Sequence[Any]], data: bytes, start: int) -> list[Array]:
    found: list[Array] = []
    for kind, shape in described:
        if kind not in ("<i4", "<i8", "<f8"):
            raise ValueError("the checkpoint has data of another kind")
        count = int(np.prod(shape, dtype=np.int64))
        flat = np.frombuffer(data, np.dtype(kind), count, start)
        found.append(flat.reshape(shape))
        start += flat.nbytes
    if start != len(data):
        raise ValueError("the checkpoint ends too early or too late")
    return found


def _take_over(table: ReasonTable, reasons: Sequence[LeafReason], shell: Cover) -> list[int]:
    """The numbers that reasons of another table have in this one, new if necessary."""
    numbers = []
    for reason in reasons:
        if isinstance(reason, Bounded | Convex) and reason.multiplier is not None:
            known = table.terms(shell.multipliers[reason.multiplier])
            changed: LeafReason = (
                Bounded(reason.form, known)
                if isinstance(reason, Bounded)
                else Convex(reason.zero, known)
            )
            numbers.append(table.number(changed))
        else:
            numbers.append(table.number(reason))
    return numbers
