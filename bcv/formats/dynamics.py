"""How does the system of a problem file move? Dynamics, diffusion, jumps, modes, transitions.

Soundness depends on this file: it says which system the claim is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from bcv import expr as ex
from bcv.errors import ProblemError
from bcv.expr import Expr
from bcv.formats.bounds import bounds
from bcv.formats.fields import (
    choice_of,
    entries_of,
    expression_of,
    fields_of,
    surely_positive,
    text_of,
    unknown_key,
)
from bcv.formats.names import Names, Role
from bcv.formats.sets import SET_KEYS, read_set
from bcv.formats.yaml_tree import Entries, Items, Node, describe, shorten
from bcv.problem import Jump, TimeKind, Transition
from bcv.region import FALSE, TRUE, Formula

_MODE_NAME: Final = re.compile(r"\w+(?:[.-]\w+)*")
_LASTING: Final = (Role.STATE, Role.TIME, Role.PARAMETER)
_MOVING: Final = (*_LASTING, Role.DISTURBANCE)
_DYNAMICS: Final = "one expression per state, such as `x: -x + y`"


def read_dynamics(node: Node, names: Names, time: TimeKind, what: str) -> tuple[Expr, ...]:
    """One expression per state, in the order of the states; raises ProblemError."""
    states = names.states()
    fields = fields_of(node, what, states, _DYNAMICS)
    steered = () if time is TimeKind.DISCRETE else (Role.INPUT,)
    noisy = (Role.NOISE,) if time is TimeKind.DISCRETE else ()
    scope = names.scope("the dynamics", (*_MOVING, *steered, *noisy))
    found = []
    for state in states:
        part = fields.require(state, f"{state}: ...")
        value = expression_of(part, scope, f"the dynamics of `{state}`")
        _require_affine(value, names, part)
        found.append(value)
    return tuple(found)


def _require_affine(value: Expr, names: Names, node: Node) -> None:
    """Raise unless the control inputs enter as a + b*u, with a and b free of inputs."""
    inputs = {name for name, role in names.roles.items() if role is Role.INPUT}
    for name in sorted(inputs & ex.variables(value)):
        if ex.variables(ex.derivative(value, name)) & inputs:
            raise ProblemError(
                f"the input `{name}` does not enter as a + b*{name}",
                "Expand the expression, or introduce a state or an input for the nonlinear part",
                node.place,
            )


def read_diffusion(node: Node | None, names: Names) -> tuple[tuple[Expr, ...], ...]:
    """The matrix G of dX = f dt + G dW: a row per state, a column per Wiener process.

    A state left out has no noise.
    """
    if node is None:
        return ()
    states = names.states()
    fields = fields_of(node, "`diffusion`", states, "`diffusion: {x: 0.1*x}`")
    scope = names.scope("the diffusion")
    lists = {key: part.items for key, part in fields.values.items() if isinstance(part, Items)}
    if not lists:
        noisy = [state for state in states if state in fields.values]
        values = {
            state: expression_of(fields.values[state], scope, f"the diffusion of `{state}`")
            for state in noisy
        }
        return tuple(
            tuple(values[column] if column == row else ex.ZERO for column in noisy)
            for row in states
        )
    width = max(len(items) for items in lists.values())
    rows = []
    for state in states:
        part = fields.values.get(state)
        if part is None:
            rows.append((ex.ZERO,) * width)
        elif isinstance(part, Items) and len(part.items) == width > 0:
            what = f"the diffusion of `{state}`"
            rows.append(tuple(expression_of(item, scope, what) for item in part.items))
        else:
            raise ProblemError(
                f"the diffusion of `{state}` is not a list of {width} expressions",
                "Give every state a list with one entry per Wiener process, or no state a list",
                part.place,
            )
    return tuple(rows)


def read_jumps(node: Node | None, names: Names) -> tuple[tuple[str, Jump], ...]:
    """The Poisson jumps, in the order of the states; raises ProblemError."""
    if node is None:
        return ()
    states = names.states()
    fields = fields_of(node, "`jumps`", states, "`jumps: {x: {rate: 1, size: 0.1*x}}`")
    scope = names.scope("a jump")
    found = []
    for state in states:
        part = fields.values.get(state)
        if part is None:
            continue
        pair = fields_of(part, f"the jump of `{state}`", ("rate", "size"), "{rate: 1, size: 0.1}")
        rate_node = pair.require("rate", "rate: 1")
        rate = expression_of(rate_node, scope, f"the jump rate of `{state}`")
        size = expression_of(
            pair.require("size", "size: 0.1"), scope, f"the jump size of `{state}`"
        )
        known = not ex.variables(rate) and surely_positive(rate)
        if not known and not bounds(rate, names.ranges).nonnegative:
            raise ProblemError(
                f"the jump rate of `{state}` is not surely >= 0",
                "Give a nonnegative one, such as a constant or max(0, ...)",
                rate_node.place,
            )
        found.append((state, Jump(rate, size)))
    return tuple(found)


def read_modes(node: Node) -> dict[str, Node]:
    """The modes' names and descriptions; raises ProblemError."""
    entries = entries_of(node, "`modes`", "`modes: {on: {dynamics: ...}, off: ...}`")
    if not entries.entries:
        raise ProblemError("there are no modes", "Name at least one", entries.place)
    for key, _ in entries.entries:
        if not _MODE_NAME.fullmatch(key.text) or len(key.text) > 100 or key.text in SET_KEYS:
            raise ProblemError(
                f"`{shorten(key.text, 40)}` cannot be the name of a mode",
                f"Use letters, digits and _, and none of {', '.join(SET_KEYS)}",
                key.place,
            )
    return {key.text: value for key, value in entries.entries}


def read_mode(node: Node, names: Names, mode: str) -> tuple[tuple[Expr, ...], Formula]:
    """The dynamics and the domain of one mode of a hybrid system."""
    what = f"the mode `{mode}`"
    fields = fields_of(node, what, ("dynamics", "domain"), "{dynamics: {x: ...}, domain: ...}")
    flow = read_dynamics(
        fields.require("dynamics", "dynamics: {x: ...}"), names, TimeKind.HYBRID,
        f"the dynamics of `{mode}`",
    )  # fmt: skip
    domain = fields.get("domain")
    own = TRUE if domain is None else read_set(domain, names, f"the domain of `{mode}`")
    return flow, own


def read_sets_of_modes(
    node: Node, names: Names, what: str, modes: Iterable[str]
) -> dict[str, Formula]:
    """A set for each mode; a plain set means every mode, a mode left out has none."""
    modes = list(modes)
    if not isinstance(node, Entries) or modes == [""] or _is_set(node):
        return dict.fromkeys(modes, read_set(node, names, what))
    found: dict[str, Formula] = dict.fromkeys(modes, FALSE)
    for key, part in node.entries:
        if key.text not in found:
            raise unknown_key(key, node, what, [*modes, *SET_KEYS])
        found[key.text] = read_set(part, names, f"{what} of `{key.text}`")
    return found


def _is_set(node: Entries) -> bool:
    return any(key.text in SET_KEYS for key, _ in node.entries)


def read_transitions(
    node: Node | None, names: Names, modes: Iterable[str]
) -> tuple[Transition, ...]:
    """The transitions between modes; a state without a reset keeps its value."""
    if node is None:
        return ()
    if not isinstance(node, Items):
        raise ProblemError(
            f"`transitions` must be a list, and this is {describe(node)}",
            "Write - {from: a, to: b, guard: x >= 1}",
            node.place,
        )
    return tuple(_transition(part, names, list(modes)) for part in node.items)


def _transition(node: Node, names: Names, modes: list[str]) -> Transition:
    example = "{from: a, to: b, guard: x >= 1}"
    fields = fields_of(node, "a transition", ("from", "to", "guard", "reset"), example)
    ends = []
    for key in ("from", "to"):
        part = fields.require(key, f"{key}: {modes[0]}")
        text_of(part, f"`{key}`")
        ends.append(choice_of(part, f"the mode in `{key}`", modes))
    what = f"the transition {ends[0]}->{ends[1]}"
    guard = read_set(fields.require("guard", "guard: x >= 1"), names, f"the guard of {what}")
    states = names.states()
    reset = fields.get("reset")
    given = {} if reset is None else fields_of(
        reset, f"the reset of {what}", states, "{x: 0}"
    ).values  # fmt: skip
    scope = names.scope("a reset", _MOVING)
    values = tuple(
        expression_of(given[state], scope, f"the reset of `{state}`")
        if state in given
        else ex.var(state)
        for state in states
    )
    return Transition(ends[0], ends[1], guard, values)
