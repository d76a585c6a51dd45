"""How low does a value get, if inputs may be chosen?

The checker's verdict depends on this file.
"""

from __future__ import annotations

from ..claims import TRUE
from ..conditions import KINKS, Deriver


def least_over_inputs(work: Deriver, value: int, dynamics: tuple[int, ...]) -> int | None:
    """min over the box of inputs of what is affine in them: at mid -+ half, slope by slope."""
    t, groups = work.t, work.s.variables
    if work.has(value, *KINKS) or any(work.has(f, "select") for f in dynamics):
        return None
    names = {v.name for kind in ("inputs", "parameters", "disturbances") for v in groups[kind]}
    total = t.substitute(value, {v.name: t.zero for v in groups["inputs"]})
    for v in groups["inputs"]:
        slope = t.derivative(value, v.name)
        lo, hi = v.side
        if lo is None or hi is None or v.exact != TRUE or names & t.variables([slope]):
            return None
        half = t.mul(t.const((hi - lo) / 2), t.apply("abs", slope))
        total = t.sub(t.add(total, t.mul(slope, t.const((lo + hi) / 2))), half)
    return total
