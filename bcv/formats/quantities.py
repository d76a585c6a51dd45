"""Which states, parameters, disturbances, inputs and noises does a problem file declare?

Soundness depends on this file: the bounds it returns are where the claims must hold.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from bcv import expr as ex
from bcv.errors import ProblemError
from bcv.expr import Expr
from bcv.formats.bounds import bounds
from bcv.formats.constants import outer_bounds
from bcv.formats.expression import MAX_CONSTANT_BITS, Scope
from bcv.formats.fields import (
    Bound,
    bounds_of,
    constant_of,
    entries_of,
    expression_of,
    fields_of,
    rational_of,
    surely_positive,
)
from bcv.formats.names import Names, Role
from bcv.formats.yaml_tree import Entries, Items, Node, Scalar, describe, shorten
from bcv.problem import Discrete, Distribution, Exponential, Normal, Uniform, Variable
from bcv.region import UNBOUNDED, Formula, Range, all_of, at_least

_DISTRIBUTIONS: Final = {
    "normal": "normal: [mean, std]",
    "uniform": "uniform: [lo, hi]",
    "exponential": "exponential: rate",
    "discrete": "discrete: {value: probability, ...}",
}


def read_states(node: Node, names: Names) -> tuple[Variable, ...]:
    """The states in the order of the file; raises ProblemError."""
    entries = entries_of(node, "`states`", "`states: {x: [-1, 1], y: null}`")
    if not entries.entries:
        raise ProblemError("there are no states", "Name one, as in `x: [-1, 1]`", entries.place)
    states = [_bounded(key, value, names, Role.STATE) for key, value in entries.entries]
    for state, (key, _) in zip(states, entries.entries, strict=True):
        if state.range.lo is not None and state.range.lo == state.range.hi:
            raise ProblemError(
                f"the bounds of the state `{state.name}` leave it a single value",
                "Widen them, or make it a parameter",
                key.place,
            )
    return tuple(states)


def read_bounded(node: Node | None, names: Names, role: Role) -> tuple[Variable, ...]:
    """The disturbances or inputs; raises ProblemError."""
    if node is None:
        return ()
    entries = entries_of(node, f"`{role.value}s`", "names with bounds, such as `{d: [-1, 1]}`")
    return tuple(_bounded(key, value, names, role) for key, value in entries.entries)


def read_parameters(node: Node | None, names: Names) -> tuple[Variable, ...]:
    """The parameters with a range; those with one value become constants in ``names``."""
    if node is None:
        return ()
    entries = entries_of(node, "`parameters`", "`parameters: {g: 9.81, k: [1, 2]}`")
    ranged = []
    for key, value in entries.entries:
        name = names.declare(key, "a parameter")
        scope = names.constants("a parameter")
        if not isinstance(value, Items):
            names.add_value(name, constant_of(value, scope, f"the parameter `{name}`"))
            continue
        lo, hi = bounds_of(value, scope, f"the parameter `{name}`")
        if lo is not None and lo is hi:
            names.add_value(name, lo)
            continue
        variable = _variable(name, lo, hi)
        names.add_variable(name, Role.PARAMETER, variable.range)
        ranged.append(variable)
    return tuple(ranged)


def _bounded(key: Scalar, node: Node, names: Names, role: Role) -> Variable:
    name = names.declare(key, f"a {role.value}")
    if isinstance(node, Scalar) and node.is_null:
        variable = Variable(name, UNBOUNDED, all_of())
    else:
        lo, hi = bounds_of(node, names.constants("a bound"), f"`{name}`")
        variable = _variable(name, lo, hi)
    names.add_variable(name, role, variable.range)
    return variable


def _variable(name: str, lo: Bound, hi: Bound) -> Variable:
    """The variable with outer rational bounds, and the exact ones where they are irrational."""
    exact: list[Formula] = []
    if lo is not None and lo.constant is None:
        exact.append(at_least(ex.var(name), lo))
    if hi is not None and hi.constant is None:
        exact.append(at_least(hi, ex.var(name)))
    return Variable(name, Range(_end(lo, 0), _end(hi, 1)), all_of(*exact))


def _end(bound: Bound, side: int) -> Fraction | None:
    ends = outer_bounds(bound) if bound is not None else None
    return ends[side] if ends is not None else None


def read_noise(node: Node | None, names: Names) -> tuple[tuple[str, Distribution], ...]:
    """The noises with their distributions; raises ProblemError."""
    if node is None:
        return ()
    entries = entries_of(node, "`noise`", "`noise: {w: {normal: [0, 0.1]}}`")
    found = []
    for key, value in entries.entries:
        name = names.declare(key, "a noise")
        scope = names.scope("a distribution", (Role.PARAMETER,))
        found.append((name, _distribution(value, scope, f"the noise `{name}`")))
        names.add_variable(name, Role.NOISE)
    return tuple(found)


def _distribution(node: Node, scope: Scope, what: str) -> Distribution:
    fields = fields_of(node, what, _DISTRIBUTIONS, "`{normal: [mean, std]}`")
    if len(fields.values) != 1:
        raise ProblemError(
            f"{what} needs exactly one distribution",
            f"Write one of {'; '.join(_DISTRIBUTIONS.values())}",
            fields.place,
        )
    ((kind, value),) = fields.values.items()
    match kind:
        case "normal":
            mean, std = _pair(value, scope, what, kind)
            _require_sign(std, scope, value, f"the standard deviation of {what}", strict=False)
            return Normal(mean, std)
        case "uniform":
            lo, hi = _pair(value, scope, what, kind)
            _require_sign(hi - lo, scope, value, f"hi - lo of {what}", strict=True)
            return Uniform(lo, hi)
        case "exponential":
            rate = expression_of(value, scope, f"the rate of {what}")
            _require_sign(rate, scope, value, f"the rate of {what}", strict=True)
            return Exponential(rate)
    return _discrete(value, scope, what)


def _pair(node: Node, scope: Scope, what: str, kind: str) -> tuple[Expr, Expr]:
    if not isinstance(node, Items) or len(node.items) != 2:
        raise ProblemError(
            f"{what} needs two numbers, and this is {describe(node)}",
            f"Write {_DISTRIBUTIONS[kind]}",
            node.place,
        )
    first, second = (expression_of(part, scope, f"a number of {what}") for part in node.items)
    return first, second


def _require_sign(value: Expr, scope: Scope, node: Node, what: str, *, strict: bool) -> None:
    """Raise unless the value is surely >= 0 (> 0 if strict) for all parameters."""
    found = bounds(value, scope.ranges)
    if not ex.variables(value) and not found.positive and surely_positive(value):
        return
    if not (found.positive if strict else found.nonnegative):
        kind = "positive" if strict else "positive or zero"
        raise ProblemError(
            f"{what} is not surely {kind}", f"It must be {kind}, for every parameter", node.place
        )


def _discrete(node: Node, scope: Scope, what: str) -> Discrete:
    entries: Entries = entries_of(node, what, "`{discrete: {-1: 1/2, 1: 1/2}}`")
    outcomes: dict[Expr, Fraction] = {}
    total = Fraction(0)
    for key, value in entries.entries:
        outcome = expression_of(key, scope, f"a value of {what}")
        probability = rational_of(value, Scope({}), f"a probability of {what}")
        if outcome in outcomes:
            raise ProblemError(
                f"the value `{shorten(key.text)}` of {what} is given twice", "Join them", key.place
            )
        if not 0 <= probability <= 1:
            raise ProblemError(
                f"the probability {describe(value)} of {what} is not within [0, 1]",
                "Mend it",
                value.place,
            )
        outcomes[outcome] = probability
        total += probability
        if total.denominator.bit_length() > MAX_CONSTANT_BITS:
            break  # Fractions this odd cannot have been meant, and adding more would take long.
    if total != 1:
        found = str(total) if total.denominator < 10**9 else f"about {float(total):.6g}"
        raise ProblemError(
            f"the probabilities of {what} sum to {found}, not to 1",
            "Write them as fractions, such as 1/3, so that they sum to 1 exactly",
            node.place,
        )
    return Discrete(tuple(outcomes.items()))
