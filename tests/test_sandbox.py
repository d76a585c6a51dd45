"""Does code that will not stop get stopped?"""

from __future__ import annotations

import signal
import sys
import time

import pytest

from bcv.sandbox import Limits, Overrun, alarm, run_command


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


def test_an_alarm_that_was_swallowed_goes_off_again():
    def swallow() -> None:
        while True:
            try:
                time.sleep(0.01)
            except Overrun:
                time.sleep(5)

    with pytest.raises(Overrun), alarm(time.monotonic() + 0.05):
        swallow()
