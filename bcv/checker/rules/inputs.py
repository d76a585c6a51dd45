"""What is the least value over the inputs, and is it the same whoever chooses first?

The checker's verdict depends on this file. An input is chosen at each state, not knowing the
disturbances and ranged parameters, so that the claim is min over u of max over d <= 0; what is
derived is max over d of min over u <= 0. Both are equal if d stands in no coefficient of u, or, by
Sion's minimax theorem, if the value is affine in u and in d, each from a bounded box that does not
depend on the other, nor on the state.
"""

from __future__ import annotations

from ..claims import TRUE, Formula, names_in
from ..conditions import KINKS, Deriver
from ..statement import Mode
from .definedness import is_polynomial
from .kinks import no_jumps


def least_over_inputs(
    d: Deriver, mode: Mode, name: str, value: int, places: tuple[Formula, ...]
) -> int | None:
    """min over the box of what is affine in the inputs: at mid -+ half, slope by slope.

    None if this checker has no rule for it. A value with kinks must be continuous, so that one
    input does for all pieces that meet: claims say that no coefficient jumps.
    """
    t, groups = d.t, d.s.variables
    inputs = groups["inputs"]
    if any(d.has(f, "select") for f in mode.dynamics) or (
        d.has(value, *KINKS) and d.s.time == "discrete"
    ):
        return None
    zeros = {v.name: t.zero for v in inputs}
    slopes = [t.derivative(value, v.name) for v in inputs]
    rest = total = t.substitute(value, zeros)
    if t.variables(slopes) & zeros.keys():
        return None
    if not all(is_polynomial(t, value, {name}) for name in zeros):
        return None
    if not _order_is_immaterial(d, value, slopes, places):
        return None
    for v, slope in zip(inputs, slopes, strict=True):
        lo, hi = v.side
        if lo is None or hi is None or v.exact != TRUE:
            return None
        half = t.mul(t.const((hi - lo) / 2), t.apply("abs", slope))
        total = t.sub(t.add(total, t.mul(slope, t.const((lo + hi) / 2))), half)
    for coefficient in (rest, *slopes):
        no_jumps(d, mode, name, coefficient, "one input does on both sides of")
    return total


def _order_is_immaterial(
    d: Deriver, value: int, slopes: list[int], places: tuple[Formula, ...]
) -> bool:
    t, groups = d.t, d.s.variables
    unknown = {v.name: v for k in ("parameters", "disturbances") for v in groups[k]}
    if not t.variables(slopes) & unknown.keys():
        return True
    present = t.variables([value]) & unknown.keys()
    affine = all(
        is_polynomial(t, value, {name}) and not t.variables([t.derivative(value, name)]) & present
        for name in present
    )
    bounded = all(None not in unknown[name].side for name in present)
    return affine and bounded and not names_in(t, places, ()) & present
