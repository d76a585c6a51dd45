"""Is B smaller on the initial set than on the unsafe set? The claim of ``levels: auto``.

The checker's verdict depends on this file. Where B does not grow along trajectories it is enough
that B(x) < B(x') for every initial point x and every unsafe point x', in each pair of modes.
"""

from __future__ import annotations

from fractions import Fraction

from ..claims import Claim, Formula, Region, both, names_in, plain
from ..conditions import Deriver
from ..matching import is_empty
from ..ring import Ring
from ..statement import Mode


def automatic_levels(work: Deriver) -> None:
    """Add a claim for each pair of modes. No name in a statement has an apostrophe, as in x'."""
    t = work.t
    names = [*(state.name for state in work.s.states), "t"]
    moved = {name: t.node("var", f"{name}'") for name in names}
    for start in work.s.modes:
        for end in work.s.modes:
            _compare(work, start, end, moved)


def _compare(work: Deriver, start: Mode, end: Mode, moved: dict[str, int]) -> None:
    s, t = work.s, work.t
    low, high = work.barrier(start), t.substitute(work.barrier(end), moved)
    unsafe = [_renamed(work, part, moved) for part in (end.domain, end.unsafe)]
    where = (start.domain, start.initial, *unsafe)
    expr, defined = t.sub(high, low), tuple(b for b in (low, high) if not t.total[b])
    occurring = names_in(t, where, (expr, *defined))
    free = [v for kind in ("parameters", "disturbances") for v in s.variables[kind]]
    chosen = [*s.states, *(v for v in free if v.name in occurring)]
    sides = {v.name: v.side for v in chosen} | {f"{v.name}'": v.side for v in s.states}
    timed = occurring & {"t", "t'"}
    sides |= {name: (Fraction(0), s.horizon) for name in timed}
    exact = [*(v.exact for v in chosen), *(_renamed(work, v.exact, moved) for v in s.states)]
    region = Region(tuple(sides), tuple(sides.values()), plain(t, both(*exact, *where)))
    words = "B at an initial point x < B at an unsafe point x'"
    refutable = not (timed and s.time == "discrete")
    vacuous = is_empty(Ring(t), region)
    work.found.claims.append(
        Claim("levels", words, region, expr, True, defined, refutable, vacuous)
    )


def _renamed(work: Deriver, formula: Formula, moved: dict[str, int]) -> Formula:
    op, *parts = formula
    if op in ("and", "or"):
        return (op, *(_renamed(work, part, moved) for part in parts))
    return (op, work.t.substitute(parts[0], moved))
