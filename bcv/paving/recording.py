"""How is a split tree written down while it grows? A code per node, and preorder at the end.

Soundness does not depend on this file: the checker replays the cover against the region.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv.evidence import Cover, LeafReason, Multiplier

Ids = NDArray[np.int32]
Floats = NDArray[np.float64]

_OPEN: Final = np.iinfo(np.int32).max
_PAIR_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Tree:
    """A growing tree as arrays.

    Attributes:
        code: (1 + 2*P,) per node: its reason, its split, or that it is open.
        parent: (P,) per pair of children.
        batches: ends of the runs of pairs in which no node is another one's parent.
        cut_nodes, cut_positions: the explicit cuts.
    """

    code: Ids
    parent: Ids
    batches: NDArray[np.int64]
    cut_nodes: Ids
    cut_positions: Floats


class CoverRecorder:
    """A growing binary tree; node 0 is the root, and children come in pairs (lower, lower + 1).

    It takes 4 bytes a node, 4 a split and 12 an explicit cut.
    """

    def __init__(self) -> None:
        self._code: Ids = np.full(257, _OPEN, dtype=np.int32)
        self._parent: Ids = np.empty(128, dtype=np.int32)
        self._pairs = 0
        self._batches: list[int] = [0]
        self._cut_nodes: list[Ids] = []
        self._cut_positions: list[Floats] = []

    @property
    def nodes(self) -> int:
        """Nodes so far."""
        return 1 + 2 * self._pairs

    @property
    def bytes(self) -> int:
        """Memory that the record fills, about."""
        cuts = sum(positions.size for positions in self._cut_positions)
        return self._code.nbytes + self._parent.nbytes + _PAIR_BYTES * cuts

    def settle(self, ids: Ids, reasons: Ids | int) -> None:
        """Make leaves of open nodes; ``reasons`` number the reasons given to ``cover``."""
        self._code[ids] = reasons

    def split(self, ids: Ids, axes: Ids | int, cuts: Floats | None = None) -> Ids:
        """Split open nodes, at their midpoints if there are no cuts; the lower children's ids."""
        count = ids.size
        start, end = self._pairs, self._pairs + count
        self._reserve(end)
        self._code[ids] = -1 - 2 * np.asarray(axes, dtype=np.int32) - (cuts is not None)
        self._parent[start:end] = ids
        self._pairs = end
        self._batches.append(end)
        if cuts is not None:
            self._cut_nodes.append(ids.copy())
            self._cut_positions.append(cuts.copy())
        return np.arange(1 + 2 * start, 1 + 2 * end, 2, dtype=np.int32)

    def _reserve(self, pairs: int) -> None:
        if pairs > self._parent.size:
            room = max(pairs, 2 * self._parent.size)
            self._parent = np.resize(self._parent, room)
            code = np.full(1 + 2 * room, _OPEN, dtype=np.int32)
            code[: self._code.size] = self._code
            self._code = code

    def tree(self) -> Tree:
        """The tree as it stands, for a while: the arrays are the recorder's own."""
        none = np.empty(0, dtype=np.int32)
        return Tree(
            self._code[: self.nodes],
            self._parent[: self._pairs],
            np.array(self._batches, dtype=np.int64),
            np.concatenate([none, *self._cut_nodes]),
            np.concatenate([np.empty(0), *self._cut_positions]),
        )

    @classmethod
    def of(cls, tree: Tree) -> CoverRecorder:
        """A recorder that goes on with a tree. Raises ValueError if it is none."""
        pairs = tree.parent.size
        spans = tree.batches
        if tree.code.size != 1 + 2 * pairs or tree.cut_nodes.size != tree.cut_positions.size:
            raise ValueError("the arrays of a split tree do not match")
        if (
            spans.size == 0
            or spans[0] != 0
            or spans[-1] != pairs
            or bool((np.diff(spans) < 0).any())
        ):
            raise ValueError("the batches of a split tree do not match")
        older = np.arange(1, 1 + 2 * pairs, 2)
        if bool((tree.parent < 0).any() or (tree.parent >= older).any()):
            raise ValueError("a node of a split tree is older than its parent")
        recorder = cls()
        recorder._reserve(pairs)
        recorder._code[: tree.code.size] = tree.code
        recorder._parent[:pairs] = tree.parent
        recorder._pairs = pairs
        recorder._batches = tree.batches.tolist()
        recorder._cut_nodes = [tree.cut_nodes.copy()]
        recorder._cut_positions = [tree.cut_positions.copy()]
        return recorder

    def graft(self, grown: Tree, base: int, reasons: Ids) -> int:
        """Add what grew in a copy of this tree since it had ``base`` pairs.

        ``reasons`` number the copy's reasons here. Returns by how much the ids of the copy's new
        nodes are moved. Only nodes that were open when the copy was made may have changed there.
        """
        moved = 2 * (self._pairs - base)
        old = 1 + 2 * base
        code = grown.code.copy()
        leaves = (code >= 0) & (code != _OPEN)
        code[leaves] = reasons[code[leaves]]
        changed = np.flatnonzero((self._code[:old] == _OPEN) & (code[:old] != _OPEN))
        self._code[changed] = code[changed]
        parents = grown.parent[base:]
        start, end = self._pairs, self._pairs + parents.size
        self._reserve(end)
        self._code[1 + 2 * start : 1 + 2 * end] = code[old:]
        self._parent[start:end] = np.where(parents >= old, parents + moved, parents)
        self._pairs = end
        spans = grown.batches[grown.batches > base]
        self._batches.extend((spans + (start - base)).tolist())
        cuts = (grown.cut_nodes >= old) | np.isin(grown.cut_nodes, changed)
        nodes = grown.cut_nodes[cuts]
        self._cut_nodes.append(np.where(nodes >= old, nodes + moved, nodes).astype(np.int32))
        self._cut_positions.append(grown.cut_positions[cuts])
        return moved

    def _positions(self) -> NDArray[np.int64]:
        """Each node's place in preorder; batch by batch, since parents are older than children."""
        size = np.ones(self.nodes, dtype=np.int64)
        place = np.zeros(self.nodes, dtype=np.int64)
        spans = list(zip(self._batches, self._batches[1:], strict=False))
        for start, end in reversed(spans):
            lower = size[1 + 2 * start : 1 + 2 * end : 2]
            upper = size[2 + 2 * start : 2 + 2 * end : 2]
            size[self._parent[start:end]] += lower + upper
        for start, end in spans:
            first = place[self._parent[start:end]] + 1
            place[1 + 2 * start : 1 + 2 * end : 2] = first
            place[2 + 2 * start : 2 + 2 * end : 2] = first + size[1 + 2 * start : 1 + 2 * end : 2]
        return place

    def cover(
        self,
        root: tuple[tuple[float, float], ...],
        reasons: tuple[LeafReason, ...],
        multipliers: tuple[Multiplier, ...],
    ) -> Cover:
        """The finished tree. Raises RuntimeError if a node is still open."""
        code = self._code[: self.nodes]
        if bool((code == _OPEN).any()):
            raise RuntimeError("a node of the split tree is still open")
        place = self._positions()
        nodes = np.empty(self.nodes, dtype=np.int32)
        nodes[place] = code
        cuts = array("d")
        if self._cut_nodes:
            order = np.argsort(place[np.concatenate(self._cut_nodes)])
            cuts.frombytes(np.concatenate(self._cut_positions)[order].tobytes())
        compact = array("i")
        compact.frombytes(nodes.tobytes())
        return Cover(root, compact, cuts, reasons, multipliers)
