"""What must hold for a certificate? The claims, derived again from the statement alone.

The checker's verdict depends on this file. It is the table "Conditions" of the format; what the
table has and this file has not is named in ``Derived.missing``, and nothing is then VERIFIED.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from .chance import supermartingale
from .claims import Claim, Formula, Region, both
from .control import least_over_inputs
from .invariance import staying
from .kinks import continuity, kinks
from .levels import automatic_levels
from .matching import is_empty
from .polynomials import Ring
from .statement import Mode, Statement, Transition, names_in, plain
from .terms import RejectedError

KINKS = ("abs", "min", "max", "select")


@dataclass
class Derived:
    """The claims that together make the certificate right, and what could not be derived."""

    claims: list[Claim] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


class Deriver:
    KINKS = KINKS

    def __init__(self, statement: Statement) -> None:
        self.s, self.t = statement, statement.terms
        self.found = Derived()
        self.level = statement.levels[0] if statement.levels else self.t.zero

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
            return automatic_levels(self)
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
        return None

    # -- continuous time ------------------------------------------------------------------------

    def lie_derivative(self, b: int, dynamics: tuple[int, ...]) -> int:
        """grad B . f + dB/dt; at a kink of B, the slopes of one piece at a time."""
        t, total = self.t, self.t.zero
        if self.has(b, *KINKS) and not self.s.variables["inputs"]:
            names = [state.name for state in self.s.states]
            return t.rate(b, {**dict(zip(names, dynamics, strict=True)), "t": t.one})
        for state, f in zip(self.s.states, dynamics, strict=True):
            slope = t.derivative(b, state.name)
            if slope != t.zero:
                total = t.add(total, t.mul(slope, f))
        return t.add(total, t.derivative(b, "t"))

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
        continuity(self, mode, b)
        if kind == "boundary":
            self.regular(mode, b)
        return None

    def regular(self, mode: Mode, b: int) -> None:
        """grad B is not 0 where B = level, and f is locally Lipschitz near there."""
        t = self.t
        if any(self.has(f, "select") for f in mode.dynamics):
            return self.lacks(mode, "regular", "jumps in f")
        if _has_equality(mode.domain):
            return self.lacks(mode, "regular", "an equality in the domain")
        gradient = [t.derivative(b, n) for n in (*(state.name for state in self.s.states), "t")]
        square = t.zero
        for slope in gradient:
            square = t.add(square, t.mul(slope, slope))
        where = (mode.domain, self.surface(b))
        words = f"grad B is not 0 where B = {t.text(self.level)}"
        self.claim(mode.name, "regular", words, where, square, True, (b,))
        kinks(self, mode, gradient, where)
        zeros = {v.name: t.zero for v in self.s.variables["inputs"]}
        for node in t.below([t.substitute(f, zeros) for f in mode.dynamics]):
            op, *rest = t.nodes[node]
            if op in ("sqrt", "asin", "acos") and t.value(rest[0]) is None:
                room = rest[0] if op == "sqrt" else t.sub(t.one, t.power(rest[0], 2))
                words = f"f is locally Lipschitz: {t.text(room)} > 0"
                self.claim(mode.name, "flow", words, where, room, True, refutable=False)
        return None

    # -- discrete time --------------------------------------------------------------------------

    def after_step(self, mode: Mode, b: int) -> int:
        """B at the next state and at time t + 1."""
        later = {"t": self.t.add(self.t.node("var", "t"), self.t.one)}
        names = [state.name for state in self.s.states]
        return self.t.substitute(b, later | dict(zip(names, mode.dynamics, strict=True)))

    def step(self, mode: Mode) -> None:
        """What must hold at each step."""
        t, kind, b, rate = self.t, self.s.condition, self.barrier(mode), self.s.rate
        following = self.after_step(mode, b)
        if kind in ("nonincreasing", "decreasing"):
            words = "B+ <= B" if kind == "nonincreasing" else "B+ < B"
            strict = kind == "decreasing"
            self.on_dynamics(mode, "step", words, (), t.sub(following, b), strict, b)
        elif kind == "inductive":
            strict = self.s.strict_initial
            sign = "<" if strict else "<="
            words = "B+ {0} {1} where B {0} {1}".format(sign, t.text(self.level))
            value = t.sub(following, self.level)
            self.on_dynamics(mode, "step", words, (self.safe_side(b),), value, strict, b)
        elif kind == "exponential" and rate is not None and not self.s.levels:
            room = t.sub(t.one, rate)
            value = t.sub(following, t.mul(room, b))
            self.on_dynamics(mode, "step", "B+ <= (1 - r)*B", (), value, False, b)
            known = t.value(rate)
            if known is None or not 0 <= known <= 1:
                self.claim(mode.name, "step", "r >= 0", (mode.domain,), rate)
                self.claim(mode.name, "step", "r <= 1", (mode.domain,), room)
            if self.s.strict_initial and (known is None or known >= 1):
                self.claim(mode.name, "step", "r < 1", (mode.domain,), room, True, refutable=False)
        else:
            self.lacks(mode, "step", f"condition {kind!r}")

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
        least = least_over_inputs(self, mode, name, value, places) if inputs else value
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

    def jump(self, edge: Transition) -> None:
        """What must hold at a transition of a hybrid system."""
        t, modes = self.t, {mode.name: mode for mode in self.s.modes}
        source, target = modes[edge.source], modes[edge.target]
        b, name = self.barrier(source), f"jump:{edge.source}->{edge.target}"
        names = [state.name for state in self.s.states]
        after = t.substitute(self.barrier(target), dict(zip(names, edge.reset, strict=True)))
        defined = (b, *edge.reset)
        where: tuple[Formula, ...] = (source.domain, edge.guard)
        if self.s.condition in ("nonincreasing", "decreasing", "exponential"):
            words, value = "B_to(reset(x)) <= B_from(x)", t.sub(b, after)
            self.claim("", name, words, where, value, False, defined)
        else:
            # Between levels, the flow keeps B <= c1 only, also if B < c1 on the initial set.
            strict = self.s.strict_initial and self.s.condition != "between-levels"
            before: Formula = (">" if strict else ">=", t.sub(self.level, b))
            words = "B_from <= level implies B_to(reset(x)) <= level"
            self.claim("", name, words, (*where, before), t.sub(self.level, after), strict, defined)

    def lacks(self, mode: Mode, name: str, what: str) -> None:
        label = f"{name}:{mode.name}" if mode.name else name
        self.found.missing.append(f"{label}: {what}: not covered by this checker yet")


def _has_equality(formula: Formula) -> bool:
    if formula[0] in ("and", "or"):
        return any(_has_equality(part) for part in formula[1:])
    return bool(formula[0] == "==")


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
            staying(work, mode)
    noisy = statement.noise or statement.diffusion or statement.jumps
    if statement.condition == "supermartingale":
        for mode in statement.modes:
            supermartingale(work, mode)
        return work.found
    if noisy:
        work.found.missing.append(
            "noise without a supermartingale: not covered by this checker yet"
        )
        return work.found
    work.sets()
    for mode in statement.modes:
        (work.step if statement.time == "discrete" else work.flow)(mode)
    for edge in statement.transitions:
        work.jump(edge)
    return work.found
