"""How large are proofs, and how fast does the independent checker replay them?

    python benchmarks/proofs.py [--json FILE] [--timeout 5] [--every 1] [FOLDER...]

Soundness does not depend on this file. Every problem that is decided within the limit gives a
proof file, which is checked three times: in this process, line by line to count what it executes
of the checker, and by ``python bcv/checker FILE`` in a new one, as somebody without bcv would do
it. Two covers of 131,072 leaves, made here, show the rate
for large proofs.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from executed import executed_lines, loaded_lines
from measuring import ROOT, about, arguments, seconds, table, write

from bcv.bench.suite import Case, collect
from bcv.checker import check
from bcv.errors import BcvError
from bcv.evidence import Bounded, Cover, Evidence, Form
from bcv.formats.problem_yaml import load_problem
from bcv.formats.proof import proof_document, write_proof
from bcv.outcome import Proved
from bcv.pipeline import CheckMode, Settings, validate
from bcv.problem import Problem
from bcv.sandbox import Overrun, alarm
from bcv.verdict import Answer, Assurance, Settled, Verdict

DEPTH: Final = 17
CHECK_LIMIT: Final = 30.0
"""Seconds after which a replay is stopped."""
COUNTED: Final = 1.0
"""Only replays that took less are repeated to count lines, which takes some 30 times as long."""


@dataclass(frozen=True, slots=True)
class Row:
    """One proof: bytes of the file, leaves of its covers, seconds of replays (cpu, wall).

    ``loaded`` are the lines of code of the checker's core and of the rules that the proof uses,
    ``executed`` those in functions that its check executes; 0 where nobody counted.
    """

    problem: str
    answer: str
    expected: str | None
    verified: bool
    reason: str
    bytes: int
    leaves: int
    prove: float
    warm: float
    cold: float
    cold_wall: float
    loaded: int
    executed: int


def leaves_of(evidence: Evidence) -> int:
    """The leaves of all covers in it."""
    if isinstance(evidence, Cover):
        return sum(v >= 0 for v in evidence.nodes)
    parts = [getattr(evidence, item.name) for item in fields(evidence)]
    return sum(leaves_of(part) for part in parts if isinstance(part, Evidence))


def in_this_process(proof: Path) -> tuple[bool, str]:
    """Whether the checker verifies the file within the limit, and its reason."""
    try:
        with alarm(time.monotonic() + CHECK_LIMIT):
            result = check(str(proof))
    except Overrun:
        return False, f"stopped after {CHECK_LIMIT:g} s"
    return result.verified, result.reason


def sizes(proof: str) -> tuple[int, int]:
    """The lines of code that a proof rests on, and those that it executes."""
    result, executed = executed_lines(proof)
    return loaded_lines(result.rules), executed


def in_new_process(proof: Path) -> tuple[bool, float, float]:
    """Whether ``python bcv/checker`` verifies the file, its processor and wall-clock seconds."""
    before, start = os.times(), time.perf_counter()
    command = [sys.executable, "-I", str(ROOT / "bcv" / "checker"), str(proof)]
    try:
        ended = subprocess.run(command, capture_output=True, timeout=CHECK_LIMIT, check=False)
        verified = ended.returncode == 0
    except subprocess.TimeoutExpired:
        verified = False
    wall, after = time.perf_counter() - start, os.times()
    used = after.children_user + after.children_system
    return verified, used - before.children_user - before.children_system, wall


def checked(problem: Problem, verdict: Verdict, name: str, expected: str | None, prove: float,
            folder: Path) -> Row:  # fmt: skip
    """The row of one decided problem."""
    proof = folder / "proof.json"
    write_proof(proof, proof_document(problem, verdict))
    start = time.process_time()
    verified, reason = in_this_process(proof)
    warm = time.process_time() - start
    apart, cold, wall = in_new_process(proof) if verified else (False, 0.0, 0.0)
    reason = "the two replays differ" if verified and not apart else reason
    proved = [c.outcome.evidence for c in verdict.conditions if isinstance(c.outcome, Proved)]
    valid = verdict.answer is Answer.VALID
    loaded, executed = sizes(str(proof)) if verified and warm < COUNTED else (0, 0)
    return Row(
        name, verdict.answer.value, expected, verified and apart, reason,
        proof.stat().st_size, sum(map(leaves_of, proved)) if valid else 0, prove, warm, cold, wall,
        loaded, executed,
    )  # fmt: skip


def measure(case: Case, limit: float, folder: Path) -> Row | None:
    """The proof of one problem; None if it is not decided within the limit."""
    try:
        problem = load_problem(case.path)
        start = time.process_time()
        verdict = validate(problem, Settings(timeout=limit, check=CheckMode.NEVER))
        prove = time.process_time() - start
    except BcvError:
        return None
    if verdict.answer is Answer.UNKNOWN:
        return None
    name = str(case.path.relative_to(ROOT)) if case.path.is_relative_to(ROOT) else str(case.path)
    return checked(problem, verdict, name, case.expect, prove, folder)


def large_covers(folder: Path) -> Iterator[Row]:
    """Proofs with a complete tree of DEPTH levels, split around the axes in turn.

    The claims hold on every leaf by a plain interval evaluation; what is measured is its replay.
    """
    from families import Claim, coupled_van_der_pol, van_der_pol

    from bcv.expr import const

    for system in (van_der_pol(), coupled_van_der_pol()):
        plain: Claim = system.claim("cover")
        claim = Claim(plain.family, plain.name, plain.variables, plain.box, plain.formula,
                      plain.expr + const(10_000))  # fmt: skip
        problem = claim.problem()
        verdict = validate(problem, Settings(check=CheckMode.NEVER))
        first = verdict.conditions[0]
        cover = complete_cover(first)
        changed = Settled(first.obligation, Proved(cover), "made", Assurance.RIGOROUS, 0.0)
        large = Verdict(
            verdict.answer, verdict.assurance, (changed, *verdict.conditions[1:]), verdict.seconds
        )
        name = f"made: {system.name}, {len(claim.variables)}-D"
        yield checked(problem, large, name, "valid", 0.0, folder)


def complete_cover(settled: Settled) -> Cover:
    """All 2^DEPTH leaves, each bounded by interval arithmetic."""
    region = settled.obligation.region
    root = tuple((float(s.lo), float(s.hi)) for s in region.box)  # type: ignore[arg-type]
    nodes: list[int] = [0]
    for depth in reversed(range(DEPTH)):
        axis = depth % len(root)
        nodes = [-2 * axis - 1, *nodes, *nodes]
    return Cover(root, array("q", nodes), array("d"), (Bounded(Form.NATURAL),))


def spread(values: Sequence[float]) -> dict[str, float]:
    """The median, the 90 % quantile and the largest value."""
    ordered = sorted(values) or [0]
    return {"median": statistics.median_high(ordered), "p90": ordered[int(0.9 * len(ordered))],
            "longest": ordered[-1]}  # fmt: skip


def summary(rows: list[Row], tried: int) -> dict[str, Any]:
    """The shares, sizes and times of the problems' proofs, and the rates of the large covers."""
    real = [row for row in rows if not row.problem.startswith("made: ")]
    counts = Counter(row.verified for row in real)
    wrong = [r.problem for r in real if r.expected in ("valid", "invalid") and
             r.expected != r.answer]  # fmt: skip
    covers = sorted((row for row in real if row.leaves), key=lambda row: -row.leaves)
    ordered = [row.warm for row in real]
    files = sorted(row.bytes for row in real) or [0]
    counted = [row for row in real if row.executed]
    return {
        "problems": tried,
        "decided": len(real),
        "verified": counts[True],
        "wrong": wrong,
        "rejected": [(row.problem, row.reason) for row in real if not row.verified],
        "bytes": {"median": statistics.median(files), "largest": files[-1]},
        "lines": {"loaded": spread([row.loaded for row in counted]),
                  "executed": spread([row.executed for row in counted])},
        "warm": spread(ordered),
        "cold": {"median": statistics.median([row.cold for row in real] or [0.0])},
        "rates": [(row.problem, row.leaves, row.leaves / row.warm)
                  for row in (*covers[:3], *(r for r in rows if r not in real))],
    }  # fmt: skip


def show(found: dict[str, Any]) -> str:
    """The tables of a summary."""
    warm, size = found["warm"], found["bytes"]
    share = found["verified"] / max(found["decided"], 1)
    lines = [
        ("problems, decided", f"{found['problems']}, {found['decided']}"),
        ("verified by the checker", f"{found['verified']} ({share:.1%})"),
        ("wrong", len(found["wrong"])),
        ("proof file: median, largest", f"{size['median'] / 1000:.3g} kB, "
                                        f"{size['largest'] / 1000:.4g} kB"),
        ("replay: median, 90 %, longest", ", ".join(map(seconds, warm.values()))),
        *((f"lines of the checker {what}: median, 90 %, most", ", ".join(map(str, row.values())))
          for what, row in found["lines"].items()),
        ("replay in a new process: median", seconds(found["cold"]["median"])),
    ]  # fmt: skip
    rates = [(Path(name).stem, leaves, f"{rate:,.0f}") for name, leaves, rate in found["rates"]]
    both = (table(("proofs", ""), lines), table(("cover", "leaves", "leaves/s"), rates))
    bad = [f"REJECTED {name}: {why}" for name, why in found["rejected"]]
    return "\n\n".join((*both, *bad, *(f"WRONG {name}" for name in found["wrong"])))


def main() -> None:
    """Prints the figures, and writes all as JSON if asked to."""
    parser = arguments(__doc__)
    parser.add_argument("folders", nargs="*", type=Path, default=[ROOT / "problems"])
    parser.add_argument("--timeout", type=float, default=5.0, help="seconds for each problem")
    parser.add_argument("--every", type=int, default=1, help="take one problem in so many")
    asked = parser.parse_args()
    start = about()
    cases = collect(asked.folders)[:: asked.every]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [row for case in cases if (row := measure(case, asked.timeout, folder)) is not None]
        rows += large_covers(folder)
    found = summary(rows, len(cases))
    print(show(found))
    write(asked.json, {"about": start, "timeout": asked.timeout, **found,
                       "rows": [asdict(row) for row in rows]})  # fmt: skip
    if found["wrong"]:
        raise SystemExit("a wrong verdict")


if __name__ == "__main__":
    main()
