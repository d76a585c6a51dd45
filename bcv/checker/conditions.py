"""What must hold for a certificate? The claims, derived again from the statement alone.

The checker's verdict depends on this file. It is the table "Conditions" of the format; what the
table has and this file has not is named in ``Derived.missing``, and nothing is then VERIFIED.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from .claims import Claim, Formula, Region, both, names_in, plain
from .matching import is_empty
from .ring import Ring
from .statement import Mode, Statement
from .terms import RejectedError

KINKS = ("abs", "min", "max", "select")
LARGE = 500
"""Nodes from which on B may be a network, whose slopes a rule writes down together."""


class Derived:
    """The claims that together make the certificate right, and what could not be derived."""

    def __init__(self) -> None:
        self.claims: list[Claim] = []
        self.missing: list[str] = []


class Deriver:
    """Derives the claims of one statement, with the rules for what only some statements have."""

    def __init__(self, statement: Statement) -> None:
        self.s, self.t = statement, statement.terms
        self.found = Derived()
        self.level = statement.levels[0] if statement.levels else self.t.zero

    def rule(self, kind: str) -> Any:
        """The module for claims of this kind."""
        return self.t.library.rule("claim", kind)

    # -- building blocks ------------------------------------------------------------------------

    def claim(
        self,
        mode: str,
        name: str,
        words: str,
        where: tuple[Formula, ...],
        expr: int,
        strict: bool = False,
        defined: tuple[int, ...] = (),
        refutable: bool = True,
        states: bool = True,
    ) -> None:
        """Add "expr >= 0 (> 0 if strict) wherever all of ``where`` hold"."""
        needed = tuple(d for d in dict.fromkeys(defined) if not self.t.total[d])
        occurring = names_in(self.t, where, (expr, *needed))
        groups = self.s.variables
        chosen = list(groups["states"]) if states else []
        chosen += [
            v for k in ("parameters", "disturbances") for v in groups[k] if v.name in occurring
        ]
        sides = {v.name: v.side for v in chosen}
        if "t" in occurring:
            sides["t"] = (Fraction(0), self.s.horizon)
        formula = plain(self.t, both(*(v.exact for v in chosen), *where))
        region = Region(tuple(sides), tuple(sides.values()), formula)
        name = f"{name}:{mode}" if mode and ":" not in name else name
        vacuous = is_empty(Ring(self.t), region)
        if self.s.time == "discrete" and "t" in sides:
            refutable = False  # t ranges over the reals here, and a failure between steps is none
        self.found.claims.append(
            Claim(name, words, region, expr, strict, needed, refutable, vacuous)
        )

    def barrier(self, mode: Mode) -> int:
        return self.t.neg(mode.barrier) if self.s.positive_safe else mode.barrier

    def has(self, root: int, *ops: str) -> bool:
        return any(self.t.nodes[node][0] in ops for node in self.t.below([root]))

    def safe_side(self, b: int) -> Formula:
        return (">" if self.s.strict_initial else ">=", self.t.sub(self.level, b))

    def surface(self, b: int) -> Formula:
        return ("==", self.t.sub(b, self.level))

    # -- the sets -------------------------------------------------------------------------------

    def sets(self) -> None:
        t, strict, levels = self.t, self.s.strict_initial, self.s.levels
        if self.s.automatic_levels:
            self.rule("levels").automatic_levels(self)
            return
        for mode in self.s.modes:
            b = self.barrier(mode)
            low, high = levels or (t.zero, t.zero)
            sign = "<" if strict else "<="
            self.claim(
                mode.name,
                "initial",
                f"B {sign} {t.text(low)} on the initial set",
                (mode.domain, mode.initial),
                t.sub(low, b),
                strict,
            )
            above = not strict and not levels
            self.claim(
                mode.name,
                "unsafe",
                f"B {'>' if above else '>='} {t.text(high)} on the unsafe set",
                (mode.domain, mode.unsafe),
                t.sub(b, high),
                above,
            )
        if levels:
            gap = t.sub(levels[1], levels[0])
            self.claim("", "levels", "c1 < c2", (), gap, True, states=False)
        return

    # -- continuous time ------------------------------------------------------------------------

    def gradient(self, b: int) -> list[int]:
        """The slopes by the states, then that by time."""
        names = [*(state.name for state in self.s.states), "t"]
        if len(self.t.below([b])) >= LARGE:
            slopes: list[int] = self.rule("network").gradient(self.t, b, names)
            return slopes
        return [self.t.derivative(b, name) for name in names]

    def lie_derivative(self, b: int, dynamics: tuple[int, ...]) -> int:
        """grad B . f + dB/dt; at a kink of B, the slopes of one piece at a time."""
        t, total = self.t, self.t.zero
        if self.has(b, *KINKS) and not self.s.variables["inputs"]:
            names = [state.name for state in self.s.states]
            return t.rate(b, {**dict(zip(names, dynamics, strict=True)), "t": t.one})
        *slopes, drift = self.gradient(b)
        for slope, f in zip(slopes, dynamics, strict=True):
            if slope != t.zero:
                total = t.add(total, t.mul(slope, f))
        return t.add(total, drift)

    def flow(self, mode: Mode) -> None:
        """What must hold along the flow of one mode."""
        t, kind, b = self.t, self.s.condition, self.barrier(mode)
        if self.has(b, *KINKS) and any(self.has(f, "select") for f in mode.dynamics):
            return self.lacks(mode, "flow", "kinks in B together with jumps in f")
        lie = self.lie_derivative(b, mode.dynamics)
        where: tuple[Formula, ...] = ()
        words = "LfB <= 0"
        if kind == "exponential" and self.s.rate is not None and not self.s.levels:
            lie, words = t.add(lie, t.mul(self.s.rate, b)), "LfB + r*B <= 0"
        elif kind in ("boundary", "strict-boundary"):
            where, words = (self.surface(b),), f"{words} where B = {t.text(self.level)}"
        elif kind == "between-levels" and self.s.levels:
            low, high = self.s.levels
            where, words = (
                ((">=", t.sub(b, low)), (">=", t.sub(high, b))),
                f"{words} where c1 <= B <= c2",
            )
        elif kind not in ("nonincreasing", "decreasing"):
            return self.lacks(mode, "flow", f"condition {kind!r}")
        strict = kind in ("decreasing", "strict-boundary")
        words = words.replace("<=", "<", 1) if strict else words
        self.on_dynamics(mode, "flow", words, where, lie, strict, b)
        if where and not t.total[b]:
            self.claim(mode.name, "flow", "B is defined", (mode.domain,), t.one, False, (b,), False)
        if self.has(b, "select"):
            self.rule("kinks").continuity(self, mode, b)
        if kind == "boundary":
            self.rule("regular").regular(self, mode, b)
        return None

    # -- both -----------------------------------------------------------------------------------

    def on_dynamics(
        self,
        mode: Mode,
        name: str,
        words: str,
        where: tuple[Formula, ...],
        value: int,
        strict: bool,
        b: int,
        further: tuple[int, ...] | None = None,
    ) -> None:
        """value <= 0 (< 0) on the domain where ``where`` holds, for some value of the inputs."""
        t = self.t
        inputs = {v.name: t.zero for v in self.s.variables["inputs"]}
        places = (mode.domain, *where)
        least = value
        if inputs:
            least = self.rule("inputs").least_over_inputs(self, mode, name, value, places)
        if least is None:
            return self.lacks(mode, name, "inputs that enter like this")
        fields = tuple(t.substitute(f, inputs) for f in mode.dynamics)
        rate = () if self.s.rate is None else (self.s.rate,)
        defined = (b, *fields, *rate)
        if self.s.time == "discrete" and further is not None:
            defined = (b, *further)  # with noise, in place of the dynamics
        elif further is not None:
            defined = (*defined, *further)
        self.claim(mode.name, name, words, places, t.neg(least), strict, defined)
        return None

    def lacks(self, mode: Mode, name: str, what: str) -> None:
        label = f"{name}:{mode.name}" if mode.name else name
        self.found.missing.append(f"{label}: {what}: not covered by this checker yet")


def _check_names(s: Statement) -> None:
    """Refuse statements in which a quantity stands where the theorems don't allow it."""
    names = {kind: {v.name for v in found} for kind, found in s.variables.items()}
    fixed, levels = names["parameters"], s.levels or ()
    anywhere = fixed | names["states"] | {"t"}
    sets = [f for m in s.modes for f in (m.domain, m.initial, m.unsafe)]
    constants = [c for c in (*levels, s.gamma, s.lam, s.drift) if c is not None]
    if s.terms.variables([*constants, *(v for _, law in s.noise for v in law.values)]) - fixed:
        raise RejectedError("a level or a distribution depends on more than parameters")
    if names_in(s.terms, sets, [mode.barrier for mode in s.modes]) - anywhere:
        raise RejectedError("B or a set depends on an input or a disturbance")
    chance = [g for row in s.diffusion for g in row] + [e for j in s.jumps for e in j[1:]]
    others = [
        *chance,
        *(r for e in s.transitions for r in e.reset),
        *(() if s.rate is None else (s.rate,)),
    ]
    if names_in(s.terms, [e.guard for e in s.transitions], others) & names["inputs"]:
        raise RejectedError("a transition, a rate or the diffusion depends on an input")
    for variables in s.variables.values():
        for v in variables:
            if names_in(s.terms, [v.exact], ()) - {v.name}:
                raise RejectedError("the bounds of a variable depend on another one")


def derive(statement: Statement) -> Derived:
    """All claims of the certificate, and what this checker has no rule for."""
    work = Deriver(statement)
    _check_names(statement)
    if statement.automatic_levels and statement.condition not in ("nonincreasing", "decreasing"):
        work.found.missing.append("levels: auto names no level for this condition")
        return work.found
    if statement.domain_invariant:
        for mode in statement.modes:
            work.rule("stays").staying(work, mode)
    noisy = statement.noise or statement.diffusion or statement.jumps
    if statement.condition == "supermartingale":
        for mode in statement.modes:
            work.rule("supermartingale").supermartingale(work, mode)
        return work.found
    if noisy:
        work.found.missing.append(
            "noise without a supermartingale: not covered by this checker yet"
        )
        return work.found
    work.sets()
    for mode in statement.modes:
        if statement.time == "discrete":
            work.rule("step").step(work, mode)
        else:
            work.flow(mode)
    for edge in statement.transitions:
        work.rule("jump").jump(work, edge)
    return work.found
