"""What does a statement say, in words? A reader decides whether it is the one that was meant.

The checker's verdict depends on this file only in that a reader believes what it prints.
"""

from __future__ import annotations

from math import inf

from .claims import TRUE, formula_text
from .statement import KINDS, Statement


def words(statement: Statement) -> str:
    """The statement for a reader, who decides whether it is the one that was meant."""
    show, lines = statement.terms.text, [f"time: {statement.time}"]
    for kind in KINDS:
        for v in statement.variables[kind]:
            lo, hi = (
                (-inf if v.side[0] is None else v.side[0]),
                (inf if v.side[1] is None else v.side[1]),
            )
            exact = "" if v.exact == TRUE else f", {formula_text(statement.terms, v.exact)}"
            lines.append(f"{kind.removesuffix('s')} {v.name} in [{lo}, {hi}]{exact}")
    if statement.horizon is not None:
        lines.append(f"t in [0, {statement.horizon}]")
    derivative = "d{}/dt" if statement.time != "discrete" else "next {}"
    for mode in statement.modes:
        if mode.name:
            lines.append(f"mode {mode.name}:")
        for state, f in zip(statement.states, mode.dynamics, strict=True):
            lines.append(f"{derivative.format(state.name)} = {show(f)}")
        for what in ("domain", "initial", "unsafe"):
            lines.append(f"{what}: {formula_text(statement.terms, getattr(mode, what))}")
        lines.append(f"{'h' if statement.positive_safe else 'B'} = {show(mode.barrier)}")
    for edge in statement.transitions:
        guard = formula_text(statement.terms, edge.guard)
        resets = ", ".join(map(show, edge.reset))
        lines.append(f"{edge.source} -> {edge.target} where {guard}, to ({resets})")
    for name, law in statement.noise:
        values = ", ".join(map(show, law.values))
        weights = f" with probabilities {', '.join(map(str, law.weights))}" if law.weights else ""
        lines.append(f"noise {name}: {law.kind}({values}){weights}")
    for state, row in zip(statement.states, statement.diffusion, strict=False):
        lines.append(f"diffusion of {state.name}: ({', '.join(map(show, row))})")
    for name, rate, size in statement.jumps:
        lines.append(f"{name} jumps by {show(size)} at rate {show(rate)}")
    lines.append(_certificate_words(statement))
    return "\n".join(lines)


def _certificate_words(statement: Statement) -> str:
    found = [f"condition: {statement.condition}"]
    if statement.rate is not None:
        found.append(f"rate {statement.terms.text(statement.rate)}")
    if statement.levels is not None:
        found.append("levels " + ", ".join(map(statement.terms.text, statement.levels)))
    if statement.automatic_levels:
        found.append("levels: auto")
    if statement.strict_initial:
        found.append("strict on the initial set")
    if statement.positive_safe:
        found.append("h is positive where it is safe (B = -h)")
    for label, term in (
        ("gamma", statement.gamma),
        ("lambda", statement.lam),
        ("c", statement.drift),
    ):
        if term is not None:
            found.append(f"{label} = {statement.terms.text(term)}")
    if statement.domain_invariant:
        found.append("the domain is invariant")
    if statement.chance_horizon is not None:
        found.append(f"horizon {statement.chance_horizon}")
    return ", ".join(found)
