"""How is a search divided among copies of the process? The open boxes in turn, round after round.

Soundness: every box is in exactly one share, and a share that is lost stays open.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import numpy as np

from bcv.formats.proof import encoded_witness
from bcv.formats.proof_reader import read_witness
from bcv.paving.search import Search
from bcv.paving.state import merge, saved

Task = Callable[[], bytes]

_WITNESS = b"witness"


def tasks(search: Search, count: int, work: Callable[[Search], object]) -> list[Task]:
    """One task per share; each is to run in its own copy of this process."""

    def task(number: int) -> bytes:
        boxes = search.stack.pop(search.stack.count)
        search.stack.push(boxes.where(np.arange(number, boxes.count, count)))
        search.stuck, search.proved_volume = (
            [],
            0.0,
        )  # what the others have is not to be added twice
        work(search)
        if search.witness is not None:
            return _WITNESS + json.dumps(encoded_witness(search.witness)).encode()
        return saved(search)

    return [lambda number=number: task(number) for number in range(count)]  # type: ignore[misc]


def is_witness(answer: bytes) -> bool:
    """Whether a task's answer ends the search."""
    return answer.startswith(_WITNESS)


def gather(search: Search, answers: Sequence[bytes | None]) -> None:
    """Join the answers of ``tasks``, in their order, into the search that was divided."""
    found = next((a for a in answers if a is not None and is_witness(a)), None)
    if found is not None:
        search.witness = read_witness(json.loads(found[len(_WITNESS) :]))
        return
    base, examined, count = search.recorder.tree().parent.size, search.examined, len(answers)
    boxes = search.stack.pop(search.stack.count)
    for number, answer in enumerate(answers):
        if answer is None:
            search.stack.push(boxes.where(np.arange(number, boxes.count, count)))
        else:
            merge(search, answer, base, examined)
