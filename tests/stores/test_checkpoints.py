"""Does unfinished work survive kill -9, and is nothing believed that a checkpoint says?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bcv.engines.branch_and_bound import BranchAndBound
from bcv.engines.engine import Budget
from bcv.errors import BcvError
from bcv.evidence import Cover
from bcv.executors.forked import in_copies
from bcv.outcome import Hints, Outcome, Proved, Refuted
from bcv.paving.bounds import Bounds
from bcv.paving.boxes import outer_root
from bcv.paving.rechecking import cover_holds
from bcv.paving.search import Search
from bcv.paving.shares import gather, is_witness, tasks
from bcv.paving.state import restored, saved
from bcv.stores.checkpoints import Checkpoints, resumed
from tests.recall.test_recall import obligation

HARD = "x**4*y**2 + x**2*y**4 - 3*x**2*y**2 + 1 + 1/3000 + 0*sin(x)"


def begun(steps: int = 6) -> Search:
    stated = obligation(HARD, lo=-2, hi=2)
    search = Search(Bounds(stated, 8192), outer_root(stated.region))
    for _ in range(steps):
        search.step(256)
    return search


def finished(search: Search) -> Cover:
    while search.stack.count:
        search.step(4096)
    return search.cover()


def test_a_search_goes_on_where_it_was_put_aside() -> None:
    search = begun()
    again = restored(search.bounds, search.root, saved(search))
    assert again.examined == search.examined
    cover = finished(again)
    assert cover_holds(search.bounds.obligation, cover)


@pytest.mark.parametrize("shares", [1, 2, 3])
def test_shares_of_a_search_join_to_a_whole_cover(shares: int) -> None:
    search = begun()

    def work(part: Search) -> None:
        for _ in range(2):
            if part.stack.count:
                part.step(64)

    gather(search, in_copies(tasks(search, shares, work), is_witness))
    assert cover_holds(search.bounds.obligation, finished(search))


def test_a_copy_that_dies_leaves_its_share_open() -> None:
    search = begun()
    count = search.stack.count
    work = tasks(search, 2, lambda part: None)
    gather(search, in_copies([work[0], lambda: os._exit(3)]))
    assert search.stack.count == count
    assert cover_holds(search.bounds.obligation, finished(search))


def discharge(text: str, jobs: int, **options: object) -> Outcome:
    stated = obligation(text, lo=-2, hi=2)
    budget = Budget(time.monotonic() + 30, jobs=jobs, **options)  # type: ignore[arg-type]
    return BranchAndBound().discharge(stated, Hints(), budget, lambda event: None)


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_the_verdict_does_not_depend_on_the_number_of_processes(
    jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bcv.engines.branch_and_bound._ALONE", 0.005)
    proved = discharge(HARD, jobs)
    assert isinstance(proved, Proved)
    assert isinstance(proved.evidence, Cover)
    assert cover_holds(obligation(HARD, lo=-2, hi=2), proved.evidence)
    assert isinstance(discharge(HARD.replace("1/3000", "-1/3000"), jobs), Refuted)


def test_a_false_checkpoint_proves_nothing() -> None:
    """All leaves are called proved, in a search for a claim that is false."""
    stated = obligation("x + 1", lo=-2, hi=2)
    search = Search(Bounds(stated, 64), outer_root(stated.region))
    boxes = search.stack.pop(1)
    search.recorder.settle(boxes.ids, len(search.bounds.test.reasons))
    checkpoints = Checkpoints(Path("/nonexistent/file"), "problem")
    checkpoints.note(f"{stated.digest()} ()", saved(search))
    outcome = discharge("x + 1", 1, checkpoints=checkpoints)
    assert isinstance(outcome, Refuted)


def test_bytes_that_are_no_search_are_refused() -> None:
    search = begun()
    state = saved(search)
    for data in (
        b"",
        state[:50],
        state[:-3],
        state + b"x",
        b"y" + state,
        state[:100] + state[120:],
    ):
        with pytest.raises(ValueError, match=r"."):
            restored(search.bounds, search.root, data)
    other = Search(search.bounds, ((-1.0, 1.0), (-1.0, 1.0)))
    with pytest.raises(ValueError, match="another region"):
        restored(search.bounds, other.root, state)


def test_a_checkpoint_of_another_problem_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "c.bcv"
    first = Checkpoints(file, "one")
    first.note("key", b"state")
    first.save()
    assert resumed(file, "one").load("key") == b"state"
    with pytest.raises(BcvError, match="another problem"):
        resumed(file, "two")


@pytest.mark.parametrize("place", [0, 70, -1])
def test_a_damaged_checkpoint_is_a_warning_and_a_new_start(place: int, tmp_path: Path) -> None:
    file = tmp_path / "c.bcv"
    first = Checkpoints(file, "one")
    first.note("key", bytes(1000))
    first.save()
    data = bytearray(file.read_bytes())
    data[place] ^= 1
    file.write_bytes(data)
    warnings: list[str] = []
    assert resumed(file, "one", warnings.append).empty
    assert len(warnings) == 1
    assert resumed(tmp_path / "none.bcv", "one", warnings.append).empty


def test_a_file_that_cannot_be_written_is_a_warning() -> None:
    warnings: list[str] = []
    checkpoints = Checkpoints(Path("/proc/none/c.bcv"), "one", warnings.append)
    checkpoints.note("key", b"state")
    checkpoints.save()
    assert len(warnings) == 1


def test_a_raised_timeout_goes_on(tmp_path: Path) -> None:
    stated = obligation(HARD, lo=-2, hi=2)
    search = begun()
    checkpoints = Checkpoints(tmp_path / "c.bcv", "one")
    checkpoints.note(f"{stated.digest()} ()", saved(search))
    checkpoints.save()
    outcome = discharge(HARD, 1, checkpoints=resumed(tmp_path / "c.bcv", "one"))
    assert isinstance(outcome, Proved)


def hard_problem(states: int, coupling: str, floor: str) -> str:
    names = [f"x{i}" for i in range(states)]
    terms = "".join(
        f" + {a}**2 - {coupling}*{a}*{b}*sin({c})"
        for a, b, c in zip(names, names[1:] + names[:1], names[2:] + names[:2], strict=True)
    )
    return (
        "bcv: 1\nname: hard\ntime: continuous\n"
        f"states: {{{', '.join(f'{name}: [-1, 1]' for name in names)}}}\n"
        f"dynamics: {{{', '.join(f'{name}: 0*{name}' for name in names)}}}\n"
        f"initial: true\nunsafe: false\ncertificate: {{B: '-({floor}{terms})'}}\n"
    )


@pytest.mark.slow
def test_a_run_that_was_killed_is_resumed_to_the_same_verdict(tmp_path: Path) -> None:
    file, state = tmp_path / "hard.yaml", tmp_path / "c.bcv"
    file.write_text(hard_problem(8, "0.97", "1/2000"))
    command = [
        sys.executable, "-m", "bcv", "validate", "-q", "--no-cache", "--timeout", "150",
        "--engine", "branch-and-bound", "--checkpoint", str(state), str(file),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not state.exists() and process.poll() is None:
        time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert state.exists()
    run = subprocess.run([*command, "--resume"], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert not state.exists()


def test_numbers_of_reasons_and_atoms_survive() -> None:
    search = begun()
    state = restored(search.bounds, search.root, saved(search))
    before, after = search.recorder.tree(), state.recorder.tree()
    assert np.array_equal(before.code, after.code)
    assert state.reasons.reasons == search.reasons.reasons
    assert state.stack.count == search.stack.count
