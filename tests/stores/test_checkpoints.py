"""Does unfinished work survive kill -9, and is nothing believed that a checkpoint says?"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest

from bcv.canonical.claims import SEMANTICS
from bcv.engines.branch_and_bound import BranchAndBound
from bcv.engines.engine import Budget
from bcv.engines.linear_relaxation import LinearRelaxation, _Search
from bcv.errors import BcvError
from bcv.events import ignore
from bcv.evidence import Cover, Form
from bcv.executors.forked import in_copies
from bcv.obligation import Obligation
from bcv.outcome import Hints, Outcome, Proved, Reason, Refuted, Undecided
from bcv.paving.bounds import Bounds
from bcv.paving.boxes import outer_root
from bcv.paving.rechecking import cover_holds
from bcv.paving.search import Search
from bcv.paving.shares import gather, is_witness, tasks
from bcv.paving.state import restored, saved
from bcv.stores.checkpoints import SCHEMA, Checkpoints, resumed
from tests.recall.test_recall import obligation
from tests.rewriting.claims import claim

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


def written(file: Path, header: bytes, states: bytes = b"") -> Path:
    """A file with a right checksum."""
    content = header + b"\n" + states
    file.write_bytes(hashlib.blake2b(content).digest() + content)
    return file


def test_a_header_that_is_nested_too_deeply_is_a_warning(tmp_path: Path) -> None:
    warnings: list[str] = []
    file = written(tmp_path / "c.bcv", b"[" * 200_000)
    assert resumed(file, "one", warnings.append).empty
    assert len(warnings) == 1


def test_states_that_would_fill_the_memory_are_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bcv.stores.checkpoints.LARGEST", 1 << 20)
    state = zlib.compress(bytes(600_000))
    warnings: list[str] = []
    for number in (1, 2):
        header = {
            "schema": SCHEMA,
            "semantics": SEMANTICS,
            "problem": "one",
            "states": [[f"key {i}", len(state)] for i in range(number)],
        }
        file = written(tmp_path / "c.bcv", json.dumps(header).encode(), state * number)
        assert resumed(file, "one", warnings.append).empty == (number == 2)
    assert len(warnings) == 1
    checkpoints = Checkpoints(tmp_path / "d.bcv", "one", warnings.append)
    checkpoints.note("key", bytes(2 << 20))
    checkpoints.save()
    assert len(warnings) == 2
    assert not checkpoints.path.exists()


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


# Linear relaxation

SIDES = dict.fromkeys("wxyz", ("-1", "1"))
TANGLED = "w**2 + x**2 + y**2 + z**2 + sin(w*x) + sin(x*y) + sin(y*z) + sin(z*w) + "
LONG = claim(f"{TANGLED}1/2000", SIDES, strict=True)


def relaxed(stated: Obligation, seconds: float = 60.0, **options: object) -> Outcome:
    budget = Budget(time.monotonic() + seconds, **options)  # type: ignore[arg-type]
    return LinearRelaxation().discharge(stated, Hints(), budget, ignore)


@pytest.fixture(scope="module")
def uninterrupted() -> Proved:
    found = relaxed(LONG)
    assert isinstance(found, Proved)
    return found


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints are due at any time, and no search is too short for them."""
    monkeypatch.setattr("bcv.stores.checkpoints.INTERVAL", 0.0)
    monkeypatch.setattr("bcv.stores.checkpoints.PATIENCE", 0.0)
    monkeypatch.setattr("bcv.engines.linear_relaxation._PROGRESS_SECONDS", 0.0)
    monkeypatch.setattr("bcv.engines.linear_relaxation._WORTH_KEEPING", 0)


def test_linear_relaxation_goes_on_after_kill_with_no_more_boxes_in_sum(
    often: None, uninterrupted: Proved, tmp_path: Path
) -> None:
    file = tmp_path / "c.bcv"
    child = os.fork()
    if not child:
        try:
            relaxed(LONG, checkpoints=Checkpoints(file, "one"))
        finally:
            os._exit(0)
    while not file.exists():
        time.sleep(0.001)
    time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL, "it was done too soon"
    outcome = relaxed(LONG, checkpoints=(found := resumed(file, "one", pytest.fail)))
    assert not found.empty
    assert isinstance(outcome, Proved)
    assert outcome.known.boxes == uninterrupted.known.boxes
    assert isinstance(outcome.evidence, Cover)
    assert cover_holds(LONG, outcome.evidence)


def test_linear_relaxation_goes_on_with_a_raised_timeout(
    often: None, uninterrupted: Proved, tmp_path: Path
) -> None:
    """Slice after slice, each of them a run of its own."""
    checkpoints = Checkpoints(tmp_path / "c.bcv", "one")
    outcome: Outcome = Undecided(Reason.TIMEOUT)
    runs, examined = 0, 0
    while isinstance(outcome, Undecided):
        assert outcome.reason is Reason.TIMEOUT
        outcome = relaxed(LONG, 0.02, checkpoints=checkpoints)
        assert (outcome.known.boxes or 0) >= examined
        examined = outcome.known.boxes or 0
        checkpoints.save()
        checkpoints = resumed(checkpoints.path, "one", pytest.fail)
        runs += 1
    assert runs > 1
    assert isinstance(outcome, Proved)
    assert examined == uninterrupted.known.boxes


def test_an_uninterrupted_search_with_checkpoints_examines_the_same_boxes(
    often: None, uninterrupted: Proved, tmp_path: Path
) -> None:
    outcome = relaxed(LONG, checkpoints=Checkpoints(tmp_path / "c.bcv", "one"))
    assert isinstance(outcome, Proved)
    assert outcome.known == uninterrupted.known


def forged(stated: Obligation, *, left_out: bool) -> bytes:
    """A search that ends at once: its only box is called proved, or is not there."""
    search = _Search(stated, outer_root(stated.region))
    boxes = search.stack.pop(1)
    if not left_out:
        reasons = search.reasons.bounded(Form.AFFINE, np.zeros((len(search.rows), 1)))
        search.recorder.settle(boxes.ids, reasons)
    return search.saved()


@pytest.mark.parametrize("left_out", [False, True])
def test_a_false_checkpoint_of_linear_relaxation_proves_nothing(left_out: bool) -> None:
    for text, kind in ((f"{TANGLED}0 - 1/20", Refuted), (f"{TANGLED}1/20", Proved)):
        stated = claim(text, SIDES, strict=True)
        checkpoints = Checkpoints(Path("/nonexistent/file"), "problem")
        checkpoints.note(f"linear-relaxation {stated.digest()}", forged(stated, left_out=left_out))
        outcome = relaxed(stated, checkpoints=checkpoints)
        assert isinstance(outcome, kind)
        if isinstance(outcome, Proved):
            assert isinstance(outcome.evidence, Cover)
            assert cover_holds(stated, outcome.evidence)


def test_bytes_that_are_no_linear_relaxation_are_not_used() -> None:
    search = _Search(LONG, outer_root(LONG.region))
    search.run(Budget(time.monotonic() + 0.05), ignore, "linear-relaxation", "key")
    state = search.saved()
    assert _Search.restored(LONG, search.root, state).examined == search.examined
    other = claim("x", {"x": ("0", "1")})
    for data in (b"", state[:50], state[:-3], state + b"x", b"y" + state, saved(begun())):
        with pytest.raises(ValueError, match=r"."):
            _Search.restored(LONG, search.root, data)
        checkpoints = Checkpoints(Path("/nonexistent/file"), "problem")
        checkpoints.note(f"linear-relaxation {LONG.digest()}", data)
        assert relaxed(LONG, 0.05, checkpoints=checkpoints).known.boxes
    with pytest.raises(ValueError, match="another region"):
        _Search.restored(other, outer_root(other.region), state)
