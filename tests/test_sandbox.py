"""Does code that will not stop get stopped?"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bcv.sandbox import Ending, Limits, Overrun, alarm, run_command


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def test_the_output_of_a_command_comes_back():
    done = run_command(python("print(input()[::-1])"), Limits(10), b"abc\n")
    assert (done.status, done.output, done.timed_out) == (0, b"cba\n", False)


def test_a_command_that_ignores_signals_is_killed():
    stubborn = "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nwhile 1: time.sleep(1)"
    done = run_command(python(stubborn), Limits(0.5))
    assert done.timed_out
    assert done.seconds < 3


def test_its_descendants_are_killed_too():
    parent = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while 1: pass'])"
    done = run_command(python(parent), Limits(0.5))
    assert done.timed_out
    assert done.seconds < 3


def test_memory_is_limited():
    done = run_command(python("x = bytearray(1 << 30)"), Limits(10, memory=512 << 20))
    assert done.status not in (0, None)


def test_the_alarm_stops_a_loop_and_is_silent_afterwards():
    def loop() -> None:
        while True:
            time.sleep(0.01)

    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(Overrun), alarm(time.monotonic() + 0.05):
        loop()
    time.sleep(0.3)
    assert signal.getsignal(signal.SIGALRM) is before


def test_a_deadline_may_be_infinite():
    with alarm(float("inf")):
        pass


def test_an_alarm_that_was_swallowed_goes_off_again():
    def swallow() -> None:
        while True:
            try:
                time.sleep(0.01)
            except Overrun:
                time.sleep(5)

    with pytest.raises(Overrun), alarm(time.monotonic() + 0.05):
        swallow()


def test_an_alarm_in_a_destructor_is_not_reported(capsys):
    class Slow:
        def __del__(self):
            time.sleep(0.3)

    def work() -> None:
        Slow()
        while True:
            time.sleep(0.01)

    with pytest.raises(Overrun), alarm(time.monotonic() + 0.05):
        work()
    assert capsys.readouterr().err == ""


def test_a_command_that_writes_without_end_is_stopped():
    done = run_command(python("while 1: print('x' * 1000)"), Limits(20, output=1 << 20))
    assert done.ending is Ending.OUTPUT
    assert done.status is None
    assert done.seconds < 10


def test_a_command_that_closes_its_output_is_still_waited_for():
    quiet = "import os, time; os.close(1); os.close(2); time.sleep(60)"
    assert run_command(python(quiet), Limits(0.5)).timed_out


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs util-linux")
def test_a_child_does_not_outlive_a_parent_that_is_killed(tmp_path):
    note = tmp_path / "pid"
    inner = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    outer = (
        "import sys\nfrom bcv.sandbox import Limits, run_command\n"
        f"run_command([sys.executable, '-c', {inner!r}], Limits(60))"
    )
    parent = subprocess.Popen(python(outer))
    wait_until(lambda: note.exists() and note.read_text() != "")
    parent.kill()
    parent.wait()
    wait_until(lambda: not alive(int(note.read_text())))


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
