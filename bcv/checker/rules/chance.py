"""What must hold for a supermartingale certificate? The claims of systems with noise.

The checker's verdict depends on this file. The theorem: if B >= 0 on the domain, B <= gamma on
the initial set, B >= lambda > 0 on the unsafe set, and B grows by at most c on average (per step,
or per unit of time along the generator), then P(unsafe by time T) <= (gamma + c*T) / lambda for
c >= 0. (For c < 0 it is no more than for c = 0: the process stops at the first unsafe state.)
"""

from __future__ import annotations

from fractions import Fraction
from math import comb, factorial, prod

from ..conditions import KINKS, Deriver
from ..statement import Mode
from ..terms import RejectedError, Terms
from .definedness import is_polynomial
from .noise import Law
from .steps import after_step

MOST_MOMENTS = 60


def moment(t: Terms, law: Law, k: int) -> int:
    """E[w**k], exact."""
    kind, values = law.kind, law.values
    total = t.zero
    if kind == "normal":  # odd central moments are 0, the even j-th is std**j * (j-1)!!
        for j in range(0, k + 1, 2):
            weight = t.const(comb(k, j) * prod(range(1, j, 2)))
            factors = _product(t, [values[0]] * (k - j) + [values[1]] * j)
            total = t.add(total, t.mul(weight, factors))
        return total
    if kind == "uniform":  # (hi**(k+1) - lo**(k+1)) / ((k+1) (hi - lo)), divided out
        for j in range(k + 1):
            total = t.add(total, _product(t, [values[0]] * j + [values[1]] * (k - j)))
        return t.div(total, t.const(k + 1))
    if kind == "exponential":
        return t.div(t.const(factorial(k)), _product(t, [values[0]] * k))
    for value, share in zip(values, law.weights, strict=True):
        total = t.add(total, t.mul(t.const(share), _product(t, [value] * k)))
    return total


def _product(t: Terms, factors: list[int]) -> int:
    result = t.one
    for factor in factors:
        result = t.mul(result, factor)
    return result


def mean(t: Terms, root: int, laws: dict[str, Law]) -> int | None:
    """The expectation over independent noise; None if this checker has no rule for it.

    A polynomial in w equals its Taylor sum at 0, whose terms have known moments; of exp, sin and
    cos of affine operands the transforms of the law tell the mean; over discrete noise anything
    is summed up.
    """
    for name, law in laws.items():
        if name not in t.variables([root]):
            continue
        total = t.zero
        if law.kind == "discrete":
            for value, weight in zip(law.values, law.weights, strict=True):
                total = t.add(total, t.mul(t.const(weight), t.substitute(root, {name: value})))
        elif not is_polynomial(t, root, {name}):
            found = t.library.rule("claim", "transforms").mean(t, root, name, law, moment)
            if found is None:
                return None
            total = int(found)
        else:
            slope, k = root, 0
            while slope != t.zero:
                if k > MOST_MOMENTS:
                    return None
                factor = t.mul(t.const(Fraction(1, factorial(k))), moment(t, law, k))
                total = t.add(total, t.mul(factor, t.substitute(slope, {name: t.zero})))
                slope, k = t.derivative(slope, name), k + 1
        root = total
    return root


def generator(d: Deriver, b: int, mode: Mode) -> int:
    """grad B . f + dB/dt + 1/2 trace(G G^T Hess B) + sum rate * (B(x + size) - B(x)) (Ito)."""
    t, names = d.t, [state.name for state in d.s.states]
    total = d.lie_derivative(b, mode.dynamics)
    for i, row in enumerate(d.s.diffusion):
        for j, other in enumerate(d.s.diffusion):
            curvature = t.derivative(t.derivative(b, names[i]), names[j])
            for left, right in zip(row, other, strict=False):
                product = t.mul(t.mul(left, right), curvature)
                total = t.add(total, t.mul(t.const(Fraction(1, 2)), product))
    for name, rate, size in d.s.jumps:
        after = t.substitute(b, {name: t.add(t.node("var", name), size)})
        total = t.add(total, t.mul(rate, t.sub(after, b)))
    return total


def supermartingale(d: Deriver, mode: Mode) -> None:
    """All claims of one mode."""
    t, s, b, domain = d.t, d.s, d.barrier(mode), mode.domain
    gamma, lam, drift = s.gamma, s.lam, t.zero if s.drift is None else s.drift
    if gamma is None or lam is None:
        raise RejectedError("a supermartingale needs gamma and lambda")
    if (t.value(drift) or 0) < 0:
        raise RejectedError("c is negative: it would lower the bound below what holds")
    known, until = s.horizon, s.chance_horizon
    late = known is not None and until is not None and until > known
    if late and "t" in t.variables(range(len(t.nodes))):
        raise RejectedError("the bound's horizon lies beyond the times of the conditions")
    discrete, name = s.time == "discrete", "step" if s.time == "discrete" else "flow"
    if s.time == "hybrid" or s.levels or (not discrete and d.has(b, *KINKS)):
        return d.lacks(mode, name, "this kind of supermartingale")
    d.claim("", "initial", "B <= gamma on the initial set", (domain, mode.initial), t.sub(gamma, b))
    d.claim("", "unsafe", "B >= lambda on the unsafe set", (domain, mode.unsafe), t.sub(b, lam))
    d.claim("", "nonnegative", "B >= 0 on the domain", (domain,), b)
    positive = t.value(lam)
    if positive is None or positive <= 0:
        d.claim("", "unsafe", "lambda > 0", (), lam, True, states=False)
    if discrete:
        following = mean(t, after_step(d, mode, b), dict(s.noise))
        fields = [mean(t, f, dict(s.noise)) for f in mode.dynamics if not t.total[f]]
        words, further = "E[B+] <= B + c on the domain", tuple(f for f in fields if f is not None)
        if following is None or None in fields:
            return d.lacks(mode, name, "noise that enters like this")
        growth = t.sub(following, b)
    else:
        words, growth = "AB <= c on the domain", generator(d, b, mode)
        further = (*(g for row in s.diffusion for g in row), *(e for j in s.jumps for e in j[1:]))
        for state, rate, _ in s.jumps:
            known = t.value(rate)
            if known is None or known < 0:
                d.claim("", "flow", f"the rate of {state} is >= 0", (domain,), rate)
    d.on_dynamics(mode, name, words, (), t.sub(growth, drift), False, b, further)
    return None
