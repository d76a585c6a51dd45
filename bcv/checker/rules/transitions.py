"""What must hold where a hybrid system changes its mode?

The checker's verdict depends on this file.
"""

from __future__ import annotations

from ..claims import Formula
from ..conditions import Deriver
from ..statement import Transition


def jump(work: Deriver, edge: Transition) -> None:
    """What must hold at a transition of a hybrid system."""
    t, modes = work.t, {mode.name: mode for mode in work.s.modes}
    source, target = modes[edge.source], modes[edge.target]
    b, name = work.barrier(source), f"jump:{edge.source}->{edge.target}"
    names = [state.name for state in work.s.states]
    after = t.substitute(work.barrier(target), dict(zip(names, edge.reset, strict=True)))
    defined = (b, *edge.reset)
    where: tuple[Formula, ...] = (source.domain, edge.guard)
    if work.s.condition in ("nonincreasing", "decreasing", "exponential"):
        words, value = "B_to(reset(x)) <= B_from(x)", t.sub(b, after)
        work.claim("", name, words, where, value, False, defined)
    else:
        # Between levels, the flow keeps B <= c1 only, also if B < c1 on the initial set.
        strict = work.s.strict_initial and work.s.condition != "between-levels"
        before: Formula = (">" if strict else ">=", t.sub(work.level, b))
        words = "B_from <= level implies B_to(reset(x)) <= level"
        work.claim("", name, words, (*where, before), t.sub(work.level, after), strict, defined)
