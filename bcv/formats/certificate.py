"""Which claim does the certificate of a problem file make?

Soundness depends on this file: it chooses the theorem whose conditions are proved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from bcv.errors import Place, ProblemError
from bcv.expr import Expr
from bcv.formats.constants import outer_bounds
from bcv.formats.expression import nearest
from bcv.formats.fields import (
    Fields,
    choice_of,
    constant_of,
    expression_of,
    fields_of,
    rational_of,
    surely_negative,
    surely_positive,
    text_of,
)
from bcv.formats.names import Names
from bcv.formats.yaml_tree import Entries, Node, Scalar, shorten
from bcv.problem import Certificate, ConditionKind, TimeKind

KEYS: Final = (
    "B", "condition", "strict", "levels", "convention", "gamma", "lambda", "c", "horizon",
)  # fmt: skip
_STOCHASTIC: Final = ("gamma", "lambda", "c")
_FLOW_ONLY: Final = (
    ConditionKind.STRICT_BOUNDARY,
    ConditionKind.BOUNDARY,
    ConditionKind.BETWEEN_LEVELS,
)
_RATE: Final = "`condition: {exponential: 0.5}`"


@dataclass(frozen=True, slots=True)
class Setting:
    """What the rest of the file says that the certificate must fit."""

    time: TimeKind
    stochastic: bool
    names: Names


def certificate_fields(node: Node) -> Fields:
    """The keys of the certificate; raises ProblemError on unknown ones."""
    return fields_of(node, "the certificate", KEYS, "`certificate: {B: ...}`")


def read_barriers(fields: Fields, names: Names, modes: Iterable[str]) -> Mapping[str, Expr]:
    """B of each mode; one expression serves all modes."""
    node = fields.require("B", "B: x**2 + y**2 - 1")
    modes = list(modes)
    scope = names.scope("B")
    if not isinstance(node, Entries):
        return dict.fromkeys(modes, expression_of(node, scope, "B"))
    if modes == [""]:
        raise ProblemError(
            "B has a part per mode, and the system is not hybrid", "Write one expression",
            node.place,
        )  # fmt: skip
    parts = fields_of(node, "B", modes, "one expression per mode")
    return {
        mode: expression_of(parts.require(mode, f"{mode}: ..."), scope, f"B of `{mode}`")
        for mode in modes
    }


def read_certificate(fields: Fields, setting: Setting) -> Certificate:
    """Everything but B; raises ProblemError if the parts do not fit together."""
    kind, rate = _condition(fields, setting)
    strict = fields.get("strict")
    if strict is not None:
        choice_of(strict, "`strict`", ["initial"])
    convention = fields.get("convention")
    if convention is not None:
        choice_of(convention, "`convention`", ["positive-safe"])
    levels = _levels(fields, kind, setting.names)
    gamma, lambda_, drift, horizon = _stochastic(fields, kind, setting)
    return Certificate(
        condition=kind,
        rate=rate,
        strict_initial=strict is not None,
        levels=levels,
        positive_safe=convention is not None,
        gamma=gamma,
        lambda_=lambda_,
        drift=drift,
        horizon=horizon,
    )


def _condition(fields: Fields, setting: Setting) -> tuple[ConditionKind, Expr | None]:
    node = fields.get("condition")
    rate_node: Node | None = None
    if node is None:
        kind = ConditionKind.NONINCREASING
    elif isinstance(node, Entries):
        inner = fields_of(node, "`condition`", ["exponential"], _RATE)
        rate_node = inner.require("exponential", "exponential: 0.5")
        kind = ConditionKind.EXPONENTIAL
    else:
        kind = _named_condition(node)
    where = node.place if node is not None else fields.place
    _check_time(kind, setting, where)
    if kind is not ConditionKind.SUPERMARTINGALE and setting.stochastic:
        raise ProblemError(
            f"the condition `{kind.value}` says nothing about a stochastic system",
            "Write `condition: supermartingale` with gamma, lambda and c",
            where,
        )
    rate = None if rate_node is None else _rate(rate_node, setting)
    return kind, rate


def _named_condition(node: Node) -> ConditionKind:
    text = text_of(node, "`condition`")
    known = {kind.value: kind for kind in ConditionKind}
    if text == "exponential":
        raise ProblemError("the condition `exponential` has no rate", f"Write {_RATE}", node.place)
    if text not in known:
        guess = nearest(text, known)
        remedy = f"Did you mean `{guess}`" if guess else f"Write one of {', '.join(known)}"
        raise ProblemError(f"there is no condition `{shorten(text)}`", remedy, node.place)
    return known[text]


def _check_time(kind: ConditionKind, setting: Setting, place: Place) -> None:
    if kind in _FLOW_ONLY and setting.time is TimeKind.DISCRETE:
        raise ProblemError(
            f"the condition `{kind.value}` is about continuous time, and this system is discrete",
            "Write `inductive`, `nonincreasing`, `decreasing` or {exponential: r}",
            place,
        )
    if kind is ConditionKind.INDUCTIVE and setting.time is not TimeKind.DISCRETE:
        raise ProblemError(
            f"the condition `inductive` is about discrete time, and this system is "
            f"{setting.time.value}",
            "Write `boundary` or `strict-boundary`",
            place,
        )
    if kind is ConditionKind.SUPERMARTINGALE and setting.time is TimeKind.HYBRID:
        raise ProblemError(
            "the condition `supermartingale` is not defined for hybrid systems",
            "Use a continuous or discrete system",
            place,
        )


def _rate(node: Node, setting: Setting) -> Expr:
    if setting.time is not TimeKind.DISCRETE:
        return expression_of(node, setting.names.scope("the rate"), "the rate")
    rate = constant_of(node, setting.names.constants("the rate in discrete time"), "the rate")
    ends = outer_bounds(rate)
    if ends is None or ends[0] < 0 or ends[1] > 1:
        raise ProblemError(
            "the rate of `exponential` in discrete time must lie within [0, 1]",
            "B+ <= (1 - r)*B keeps B <= 0 only then",
            node.place,
        )
    return rate


def _levels(
    fields: Fields, kind: ConditionKind, names: Names
) -> tuple[Expr, Expr] | Literal["auto"] | None:
    node = fields.get("levels")
    if node is None:
        if kind is ConditionKind.BETWEEN_LEVELS:
            raise ProblemError(
                "the condition `between-levels` needs `levels`",
                "Add `levels: {initial: c1, unsafe: c2}` or `levels: auto`",
                fields.place,
            )
        return None
    if kind is ConditionKind.EXPONENTIAL:
        raise ProblemError(
            "`levels` cannot stand with the condition `exponential`: a rate says nothing about "
            "levels other than 0",
            "Subtract the level from B, or choose another condition",
            fields.keys["levels"].place,
        )
    if kind is ConditionKind.SUPERMARTINGALE:
        raise ProblemError(
            "`levels` cannot stand with the condition `supermartingale`",
            "Its levels are `gamma` and `lambda`",
            fields.keys["levels"].place,
        )
    if isinstance(node, Scalar) and not node.is_null:
        choice_of(node, "`levels`", ["auto"])
        return "auto"
    pair = fields_of(node, "`levels`", ["initial", "unsafe"], "`levels: {initial: 0, unsafe: 1}`")
    scope = names.constants("a level")
    first = constant_of(pair.require("initial", "initial: 0"), scope, "the level of `initial`")
    second = constant_of(pair.require("unsafe", "unsafe: 1"), scope, "the level of `unsafe`")
    return first, second


def _stochastic(
    fields: Fields, kind: ConditionKind, setting: Setting
) -> tuple[Expr | None, Expr | None, Expr | None, Fraction | None]:
    if kind is not ConditionKind.SUPERMARTINGALE:
        for key in (*_STOCHASTIC, "horizon"):
            fields.refuse(
                key,
                "in the certificate belongs to the condition `supermartingale`",
                "Remove it, or write `condition: supermartingale`",
            )
        return None, None, None, None
    fields.refuse("strict", "has no meaning for `supermartingale`", "Remove it")
    scope = setting.names.constants("the certificate's constants")
    nodes = {key: fields.require(key, f"{key}: ...") for key in _STOCHASTIC}
    found = {key: constant_of(node, scope, f"`{key}`") for key, node in nodes.items()}
    for key in ("gamma", "c"):
        if surely_negative(found[key]):
            raise ProblemError(
                f"`{key}` is negative", "The bound needs it to be >= 0", nodes[key].place
            )
    if not surely_positive(found["lambda"]):
        raise ProblemError(
            "`lambda` is not positive", "The bound divides by it", nodes["lambda"].place
        )
    node = fields.get("horizon")
    horizon = None if node is None else read_horizon(node, setting.names, setting.time)
    return found["gamma"], found["lambda"], found["c"], horizon


def read_horizon(node: Node, names: Names, time: TimeKind) -> Fraction:
    """A positive time, or number of steps; raises ProblemError."""
    horizon = rational_of(node, names.constants("the horizon"), "the horizon")
    if horizon <= 0:
        raise ProblemError(
            "the horizon is not positive", "Give a positive time, or leave it out", node.place
        )
    if time is TimeKind.DISCRETE and horizon.denominator != 1:
        raise ProblemError(
            "the horizon of a discrete system is not a whole number",
            "It counts steps",
            node.place,
        )
    return horizon
