"""A solver that misbehaves, as BCV_TEST_DOUBLE says; run with ``python -m``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field

from bcv.engines.engine import Budget
from bcv.engines.query import Reply, Solver, ask_module
from bcv.formats.smtlib import Query, negated_query
from bcv.obligation import Obligation


@dataclass(frozen=True, slots=True)
class Double(Solver):
    """Asks this module in a child process."""

    name: str = field(init=False, default="double")

    def ask(self, obligation: Obligation, budget: Budget) -> tuple[Query, Reply]:
        query = negated_query(obligation)
        return query, ask_module("tests.engines.double", query, budget)


def _say(status: str, *model: tuple[str, str]) -> None:
    json.dump({"status": status, "model": model, "version": "0", "detail": ""}, sys.stdout)


def _hang() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(0.1)


def _hang_in_a_grandchild() -> None:
    subprocess.Popen([sys.executable, "-c", "import time\nwhile 1: time.sleep(1)"])
    _hang()


def _flood() -> None:
    while True:
        sys.stdout.write("x" * 65536)


def _eat() -> None:
    eaten = []
    while True:
        eaten.append(bytearray(64 << 20))


BEHAVIOUR = {
    "hangs": _hang,
    "hangs in a grandchild": _hang_in_a_grandchild,
    "crashes": os.abort,
    "is killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "fails": lambda: sys.exit(3),
    "says nothing": lambda: None,
    "babbles": lambda: print("unsat"),
    "nests": lambda: print("[" * 100_000),
    "floods": _flood,
    "eats memory": _eat,
    "lies that it holds": lambda: _say("unsat"),
    "lies that it fails": lambda: _say("sat", ("x_0", "1/3"), ("x_1", "-7/5")),
    "has a model out of this world": lambda: _say("sat", ("x_0", "1e999999999"), ("x_1", "1")),
    "divides by zero": lambda: _say("sat", ("x_0", "1/0"), ("x_1", "1")),
    "invents a status": lambda: _say("proved"),
}

if __name__ == "__main__":
    BEHAVIOUR[os.environ["BCV_TEST_DOUBLE"]]()
