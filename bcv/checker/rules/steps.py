"""What must hold at each step of a system in discrete time?

The checker's verdict depends on this file.
"""

from __future__ import annotations

from ..conditions import Deriver
from ..statement import Mode


def after_step(work: Deriver, mode: Mode, b: int) -> int:
    """B at the next state and at time t + 1."""
    later = {"t": work.t.add(work.t.node("var", "t"), work.t.one)}
    names = [state.name for state in work.s.states]
    return work.t.substitute(b, later | dict(zip(names, mode.dynamics, strict=True)))


def step(work: Deriver, mode: Mode) -> None:
    """What must hold at each step."""
    t, kind, b, rate = work.t, work.s.condition, work.barrier(mode), work.s.rate
    following = after_step(work, mode, b)
    if kind in ("nonincreasing", "decreasing"):
        words = "B+ <= B" if kind == "nonincreasing" else "B+ < B"
        strict = kind == "decreasing"
        work.on_dynamics(mode, "step", words, (), t.sub(following, b), strict, b)
    elif kind == "inductive":
        strict = work.s.strict_initial
        sign = "<" if strict else "<="
        words = "B+ {0} {1} where B {0} {1}".format(sign, t.text(work.level))
        value = t.sub(following, work.level)
        work.on_dynamics(mode, "step", words, (work.safe_side(b),), value, strict, b)
    elif kind == "exponential" and rate is not None and not work.s.levels:
        room = t.sub(t.one, rate)
        value = t.sub(following, t.mul(room, b))
        work.on_dynamics(mode, "step", "B+ <= (1 - r)*B", (), value, False, b)
        known = t.value(rate)
        if known is None or not 0 <= known <= 1:
            work.claim(mode.name, "step", "r >= 0", (mode.domain,), rate)
            work.claim(mode.name, "step", "r <= 1", (mode.domain,), room)
        if work.s.strict_initial and (known is None or known >= 1):
            work.claim(mode.name, "step", "r < 1", (mode.domain,), room, True, refutable=False)
    else:
        work.lacks(mode, "step", f"condition {kind!r}")
