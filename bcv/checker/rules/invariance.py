"""Can a state with B <= level leave the domain? The claims ``stays`` of ``domain_is: invariant``.

The checker's verdict depends on this file. The theorem is in docs/conditions.md: in continuous
time the flow enters d > 0 from every edge d = 0 of the domain, in discrete time each constraint
holds at the next state.
"""

from __future__ import annotations

from ..claims import TRUE, Formula, atoms, both, conjuncts, plain
from ..conditions import KINKS, Deriver
from ..matching import linear
from ..ring import Ring
from ..statement import Mode
from ..terms import Terms
from .steps import after_step

Goal = tuple[tuple[Formula, ...], str, int]


def staying(work: Deriver, mode: Mode) -> None:
    """Add the claims ``stays`` of one mode, or say why they are not covered."""
    s = work.s
    if s.noise or s.diffusion or s.jumps or s.condition == "supermartingale":
        return work.lacks(mode, "stays", "chance")
    if s.automatic_levels or s.time == "hybrid" or s.variables["inputs"]:
        return work.lacks(mode, "stays", "automatic levels, a hybrid system or inputs")
    if any(state.exact != TRUE for state in s.states):
        return work.lacks(mode, "stays", "irrational bounds of a state")
    domain = plain(work.t, both(*_bounds(work), mode.domain))
    (_steps if s.time == "discrete" else _flow)(work, mode, conjuncts(domain))
    return None


def _bounds(work: Deriver) -> list[Formula]:
    t, found = work.t, []
    for state in work.s.states:
        x, (lo, hi) = t.node("var", state.name), state.side
        found += [] if lo is None else [(">=", t.sub(x, t.const(lo)))]
        found += [] if hi is None else [(">=", t.sub(t.const(hi), x))]
    return found


# -- continuous time ------------------------------------------------------------------------------


def _flow(work: Deriver, mode: Mode, parts: tuple[Formula, ...]) -> None:
    """On d = 0 the flow must not point out, which can be refuted, and must point in."""
    t, b = work.t, work.barrier(mode)
    if any(part[0] not in (">=", ">") for part in parts):
        return work.lacks(mode, "stays", "an equality or alternatives in the domain")
    if any(work.has(d, *KINKS) for _, d in parts):
        return work.lacks(mode, "stays", "kinks in the domain")
    if not t.total[b] and any(op == ">" or not t.total[d] for op, d in parts):
        # B is known to have values on the domain, but its edge is no part of it then.
        return work.lacks(mode, "stays", "a B that is perhaps undefined at the domain's edge")
    kept: Formula = (">=", t.sub(work.level, b))
    closed = _closure(mode.domain)
    for _, d in parts:
        if _never_crossed(work, mode, d):
            continue
        lie, edge = work.lie_derivative(d, mode.dynamics), (closed, kept, ("==", d))
        words, defined = f"the flow does not leave {t.text(d)} >= 0", (b, *mode.dynamics)
        certain = closed == mode.domain and t.total[lie]
        work.claim(mode.name, "stays", words, edge, lie, False, defined, certain)
        words = f"the flow enters {t.text(d)} > 0 from its edge"
        work.claim(mode.name, "stays", words, edge, lie, True, refutable=False)
    around = (*(_closure(part) for part in parts if t.total[part[1]]), kept)
    for _, d in parts:
        if not t.total[d]:
            words = f"{t.text(d)} is defined up to the edge of the domain"
            work.claim(mode.name, "stays", words, around, t.one, False, (d,), False)
    return None


def _closure(formula: Formula) -> Formula:
    op, *parts = formula
    if op in ("and", "or"):
        return (op, *map(_closure, parts))
    return (">=" if op == ">" else op, *parts)


def _never_crossed(work: Deriver, mode: Mode, d: int) -> bool:
    """Whether d = 0 is a plane x_i = c of trajectories, which no other one reaches: f is Lipschitz.

    Under ``boundary`` nothing is known of a state that slides along an edge.
    """
    t, names = work.t, [state.name for state in work.s.states]
    found = linear(Ring(t), d)
    if found is None or found[0] not in names or work.s.condition == "boundary":
        return False
    for node in t.below(mode.dynamics):
        op, *rest = t.nodes[node]
        if op == "select" or (op in ("sqrt", "asin", "acos") and t.value(rest[0]) is None):
            return False
    name, slope, offset = found
    f = mode.dynamics[names.index(name)]
    return t.total[f] and t.substitute(f, {name: t.const(-offset / slope)}) == t.zero


# -- discrete time --------------------------------------------------------------------------------


def _steps(work: Deriver, mode: Mode, parts: tuple[Formula, ...]) -> None:
    """Every constraint holds at the next state; of alternatives the last where the others fail."""
    t, b = work.t, work.barrier(mode)
    kept: Formula = (">=", t.sub(work.level, b))
    for others, op, d in _goals(t, ("and", *parts), ()):
        given = [_after(work, mode, other) for other in others]
        if any(not t.total[atom[1]] for formula in given for atom in atoms(formula)):
            return work.lacks(mode, "stays", "alternatives that are perhaps undefined")
        words = f"the next state keeps {t.text(d)} {op} 0"
        where, defined = (mode.domain, kept, *given), (b, *mode.dynamics)
        value = after_step(work, mode, d)
        work.claim(mode.name, "stays", words, where, value, op == ">", defined)
    return None


def _goals(t: Terms, formula: Formula, given: tuple[Formula, ...]) -> list[Goal]:
    """(given, relation, d): d >= 0 (> 0) where ``given`` holds; together they are the formula."""
    op, *parts = formula
    if op == "and":
        return [goal for part in parts for goal in _goals(t, part, given)]
    if op == "or":
        *others, last = parts or [(">=", t.const(-1))]
        return _goals(t, last, (*given, *(_negation(t, part) for part in others)))
    if op == "==":
        return [(given, ">=", parts[0]), (given, ">=", t.neg(parts[0]))]
    return [(given, op, parts[0])]


def _negation(t: Terms, formula: Formula) -> Formula:
    op, *parts = formula
    if op in ("and", "or"):
        return ("or" if op == "and" else "and", *(_negation(t, part) for part in parts))
    if op == "==":
        return ("or", (">", parts[0]), (">", t.neg(parts[0])))
    return (">=" if op == ">" else ">", t.neg(parts[0]))


def _after(work: Deriver, mode: Mode, formula: Formula) -> Formula:
    op, *parts = formula
    if op in ("and", "or"):
        return (op, *(_after(work, mode, part) for part in parts))
    return (op, after_step(work, mode, parts[0]))
