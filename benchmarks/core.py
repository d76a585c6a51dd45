"""How fast is the numeric core? Boxes per second and nanoseconds per interval operation.

Soundness does not depend on this file. Run ``python benchmarks/core.py [--json FILE]``.

The load is the Lie derivative of a quadratic certificate along two coupled van der Pol
oscillators, about 75 operations. Times are of this thread's processor, so that other load on the
machine disturbs them little; each is the best of several runs.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bcv import expr as ex
from bcv.enclosures import floats
from bcv.enclosures.gradients import MeanValueForm
from bcv.enclosures.intervals import IntervalMachine
from bcv.enclosures.tape import Tape, compile_tape
from bcv.expr import Expr, const, var

NAMES = ("x1", "y1", "x2", "y2")
WIDTHS = (64, 512, 4096, 8192, 16384)
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement; ``per_operation`` is in nanoseconds per operation and box."""

    what: str
    width: int
    boxes_per_second: float
    per_operation: float


def lie_derivative() -> tuple[Expr, Expr]:
    """(-LfB, B - 1) of coupled van der Pol oscillators in reverse time."""
    state = [var(name) for name in NAMES]
    x1, y1, x2, y2 = state
    coupling = const(Fraction(1, 10))
    field = [
        -y1,
        x1 - (ex.ONE - x1**2) * y1 - coupling * (x2 - x1),
        -y2,
        x2 - (ex.ONE - x2**2) * y2 - coupling * (x1 - x2),
    ]
    pairs = itertools.combinations_with_replacement(state, 2)
    terms = [const(Fraction(7 + 11 * i, 13)) * a * b for i, (a, b) in enumerate(pairs)]
    certificate = sum(terms[1:], terms[0])
    slopes = [ex.derivative(certificate, name) for name in NAMES]
    products = [slope * rate for slope, rate in zip(slopes, field, strict=True)]
    return -sum(products[1:], products[0]), certificate - ex.ONE


def best_time(action: Callable[[], object], seconds: float = 0.3) -> float:
    """The least processor time of one run, over about so many seconds of runs."""
    action()
    best, spent = float("inf"), 0.0
    while spent < seconds:
        start = time.thread_time()
        action()
        elapsed = time.thread_time() - start
        best, spent = min(best, elapsed), spent + elapsed + 1e-6
    return best


def measure() -> list[Row]:
    """All measurements."""
    roots = lie_derivative()
    tape = compile_tape(roots, NAMES)
    rng = np.random.default_rng(0)
    rows = []
    for width in WIDTHS:
        lo = rng.uniform(-2, 2, (4, width))
        hi = lo + rng.uniform(0, 0.1, (4, width))
        rows += _of_width(tape, roots[0], lo, hi)
    return rows


def _of_width(tape: Tape, root: Expr, lo: Array, hi: Array) -> list[Row]:
    width = lo.shape[1]
    machine = IntervalMachine(tape, width)
    form = MeanValueForm(root, NAMES, width)
    actions: dict[str, Callable[[], object]] = {
        "floats": lambda: floats.evaluate(tape, lo),
        "intervals": lambda: machine.evaluate(lo, hi),
        "mean value": lambda: form.lower_bound(lo, hi),
    }
    rows = []
    for what, action in actions.items():
        seconds = best_time(action)
        rate = width / seconds
        rows.append(Row(what, width, rate, 1e9 / rate / len(tape.instructions)))
    return rows


def peak_rate() -> float:
    """An estimate of one core's peak, in double operations per second: a matrix product."""
    a = np.random.default_rng(0).random((512, 512))
    best = float("inf")
    for _ in range(10):
        # The product may use several threads: the process's time counts them all.
        start = time.process_time()
        a @ a
        best = min(best, time.process_time() - start)
    return 2 * 512**3 / best


def main() -> None:
    """Prints a table, and writes it as JSON if asked to."""
    parser = argparse.ArgumentParser(description="benchmarks of the numeric core")
    parser.add_argument("--json", type=Path, help="also write the measurements to this file")
    arguments = parser.parse_args()
    rows, peak = measure(), peak_rate()
    operations = len(compile_tape(lie_derivative(), NAMES).instructions)
    plain = {row.width: row.per_operation for row in rows if row.what == "floats"}
    print(f"{operations} operations per box; a matrix product: {peak / 1e9:.0f} Gflop/s per core")
    print(f"{'what':<12}{'boxes':>7}{'boxes/s':>12}{'ns/op':>8}{'/ floats':>10}{'of peak':>9}")
    for row in rows:
        ratio = row.per_operation / plain[row.width]
        # An interval operation takes about 13 double operations, a plain one takes 1.
        flops = (1 if row.what == "floats" else 13) * 1e9 / row.per_operation
        print(
            f"{row.what:<12}{row.width:>7}{row.boxes_per_second:>12.3g}{row.per_operation:>8.2f}"
            f"{ratio:>10.1f}{flops / peak:>9.1%}"
        )
    if arguments.json is not None:
        machine = {"machine": platform.processor() or platform.machine(), "numpy": np.__version__}
        document = {**machine, "peak": peak, "rows": [asdict(row) for row in rows]}
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
