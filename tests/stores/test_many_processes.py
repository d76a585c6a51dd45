"""Do processes that validate, clear and are killed leave the cache and the verdicts sound?"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from bcv.stores.folder import FILE
from bcv.stores.sqlite import SqliteStore
from bcv.stores.store import Record

WORKER = """
import random, sys, time
from bcv.stores.folder import user_store
from bcv.stores.sqlite import SqliteStore
from bcv.recall import Recall
from bcv.pipeline import Settings, validate
from bcv.formats.problem_yaml import parse_problem
from tests.recall.test_recall import FALSE, PROBLEM

chance = random.Random(int(sys.argv[1]))
end = time.monotonic() + float(sys.argv[2])
problems = {text: parse_problem(text, "p") for text in (PROBLEM, FALSE)}
warnings = []
while time.monotonic() < end:
    store = user_store(warnings.append)
    recall = Recall(store, warnings.append)
    text = chance.choice((PROBLEM, FALSE))
    answer = validate(problems[text], Settings(20.0), recall=recall).answer.value
    assert answer == ("valid" if text == PROBLEM else "invalid"), answer
    if chance.random() < 0.2:
        started = time.monotonic()
        store.clear()
        print("waited", time.monotonic() - started)
    store.close()
assert not warnings, warnings
print("done")
"""
ROOT = Path(__file__).parents[2]


def start(seed: int, seconds: float, folder: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "BCV_CACHE_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(seed), str(seconds)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip


def stress(processes: int, seconds: float, folder: Path) -> None:
    chance = random.Random(1)
    running = [start(seed, seconds, folder) for seed in range(processes)]
    end = time.monotonic() + seconds
    seed = processes
    while time.monotonic() < end:
        time.sleep(seconds / 40)
        victim = chance.randrange(len(running))
        if running[victim].poll() is None:
            running[victim].send_signal(signal.SIGKILL)
        running[victim].communicate()
        seed += 1
        running[victim] = start(seed, max(0.1, end - time.monotonic()), folder)
    waits: list[float] = []
    for process in running:
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        assert output.endswith("done\n")
        waits += [float(line.split()[1]) for line in output.splitlines()[:-1]]
    # Far more processes than cores wait for the processor, too: the longest says nothing.
    assert not waits or statistics.median(waits) < 1.0
    print(f"{len(waits)} times cleared, {max(waits, default=0.0):.2f} s at the longest")
    file = folder / FILE
    if file.exists():
        with sqlite3.connect(file) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_few_processes_share_the_cache_and_are_killed(tmp_path: Path) -> None:
    stress(4, 4.0, tmp_path)


@pytest.mark.slow
def test_twenty_processes_share_the_cache_for_a_minute_and_are_killed(tmp_path: Path) -> None:
    stress(20, 60.0, tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a tmpfs")
def test_a_full_disk_is_no_cache_with_a_warning() -> None:
    with tempfile.TemporaryDirectory() as folder:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder])
        if mounted.returncode:
            pytest.skip("a tmpfs cannot be mounted here")
        try:
            warnings: list[str] = []
            store = SqliteStore(Path(folder) / FILE, warnings.append)
            for i in range(60):
                store.put([Record(str(i), "f", os.urandom(20_000))])
                found = store.get(str(i))
                assert found is None or len(found.value) == 20_000
            assert len(warnings) == 1
            assert "full" in warnings[0] or "disk" in warnings[0]
            store.close()
        finally:
            subprocess.run(["umount", folder], check=True)
