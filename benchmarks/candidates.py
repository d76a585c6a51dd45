"""How long does a candidate take in a loop? A thousand certificates for one planar system.

    python benchmarks/candidates.py [--json FILE] [--count 1000]

Soundness does not depend on this file. The candidates lie around a good one, and most are wrong, as
in a search for a certificate; what a valid one takes, for which everything has to be proved, is
told apart.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from measuring import about, arguments, seconds, table, write

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


@dataclass(frozen=True, slots=True)
class Row:
    """Mean seconds of the candidates with one answer, of the processor and by the clock."""

    answer: str
    count: int
    processor: float
    wall: float


def candidates(count: int, seed: int = 0) -> list[str]:
    """Quadratic certificates around a good one."""
    chance = random.Random(seed)

    def near(value: float, spread: float) -> str:
        return f"{value + chance.uniform(-spread, spread):.3f}"

    forms = "{}*x**2 + {}*x*y + {}*y**2 - {}"
    spreads = ((1.0, 0.15), (-0.3, 0.35), (1.0, 0.15), (0.8, 0.3))
    return [forms.format(*(near(*spread) for spread in spreads)) for _ in range(count)]


def measured(tried: Sequence[str]) -> list[Row]:
    """The candidates in one context: a row for all, and one for each answer."""
    import bcv

    context = bcv.Context(SYSTEM)
    context.validate("x**2 + y**2 - 1")  # imports, and what all candidates share
    spent: dict[str, list[tuple[float, float]]] = {}
    for certificate in tried:
        wall, processor = time.perf_counter(), time.process_time()
        answer = context.validate(certificate).answer.value
        times = (time.process_time() - processor, time.perf_counter() - wall)
        spent.setdefault(answer, []).append(times)
    every = [times for found in spent.values() for times in found]
    return [
        Row(answer, len(found), *(sum(column) / len(found) for column in zip(*found, strict=True)))
        for answer, found in {"all": every, **spent}.items()
    ]


def show(rows: Sequence[Row]) -> str:
    """The means."""
    lines = [(row.answer, row.count, seconds(row.processor), seconds(row.wall)) for row in rows]
    return table(("answer", "candidates", "processor", "wall"), lines)


def main() -> None:
    """Prints the means, and writes them as JSON if asked to."""
    parser = arguments(__doc__)
    parser.add_argument("--count", type=int, default=1000)
    asked = parser.parse_args()
    start = about()
    rows = measured(candidates(asked.count))
    print(show(rows))
    write(asked.json, {"about": start, "rows": [asdict(row) for row in rows]})


if __name__ == "__main__":
    main()
