"""How long does a candidate take in a loop? A thousand certificates for one planar system."""

from __future__ import annotations

import random
import sys
import time

import bcv

SYSTEM = """
bcv: 1
name: damped oscillator
time: continuous
states: {x: [-2, 2], y: [-2, 2]}
dynamics: {x: -x**3 + y, y: -x - y + x*y**2/4}
domain: x**2 + y**2 <= 2
initial: {box: {x: [-0.3, 0.3], y: [-0.3, 0.3]}}
unsafe: x**2 + y**2 >= 1.5
certificate: {B: x**2 + y**2 - 1, condition: nonincreasing}
"""


def candidates(count: int, seed: int = 0) -> list[str]:
    """Quadratic certificates around a good one; about half of them are wrong."""
    chance = random.Random(seed)

    def near(value: float, spread: float) -> str:
        return f"{value + chance.uniform(-spread, spread):.3f}"

    forms = "{}*x**2 + {}*x*y + {}*y**2 - {}"
    spreads = ((1.0, 0.15), (-0.3, 0.35), (1.0, 0.15), (0.8, 0.3))
    return [forms.format(*(near(*spread) for spread in spreads)) for _ in range(count)]


def main(count: int = 1000) -> float:
    """Milliseconds per candidate, on average."""
    context = bcv.Context(SYSTEM)
    context.validate("x**2 + y**2 - 1")  # imports, and what all candidates share
    tried = candidates(count)
    answers: dict[str, int] = {}
    started = time.perf_counter()
    cpu = time.process_time()
    for certificate in tried:
        answer = context.validate(certificate).answer.value
        answers[answer] = answers.get(answer, 0) + 1
    each = 1000 * (time.perf_counter() - started) / count
    used = 1000 * (time.process_time() - cpu) / count
    print(f"{each:.2f} ms a candidate ({used:.2f} ms of the processor), {answers}")
    return each


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
