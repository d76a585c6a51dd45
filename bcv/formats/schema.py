"""Which JSON Schema describes problem files? The one that ``bcv schema`` prints for editors.

Soundness does not depend on this file: the loader is the judge, and a test holds the two together.
"""

from __future__ import annotations

from typing import Any, Final

from bcv.formats.functions import FUNCTIONS
from bcv.formats.networks import ACTIVATIONS
from bcv.formats.sets import SET_KEYS
from bcv.problem import ConditionKind, TimeKind

Schema = dict[str, Any]

# Otherwise a set per mode could not be told from a set.
_MODE_NAME: Final[Schema] = {"not": {"enum": list(SET_KEYS)}}

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def problem_schema() -> Schema:
    """The JSON Schema (draft 2020-12) of format 1, over the values that a YAML reader returns.

    It knows the shape, not the mathematics: expressions are texts or numbers to it.
    """
    return {
        "$schema": _DIALECT,
        "title": "bcv problem file, format 1",
        "type": "object",
        "additionalProperties": False,
        "required": ["bcv", "name", "time", "states", "initial", "unsafe", "certificate"],
        "properties": _properties(),
        "allOf": [
            _when_time("hybrid", {"required": ["modes"], **_without("dynamics", "noise")}),
            _when_time("continuous", {"required": ["dynamics"], **_without("modes", "noise")}),
            _when_time(
                "discrete",
                {"required": ["dynamics"], **_without("modes", "diffusion", "jumps", "inputs")},
            ),
        ],
        "$defs": _definitions(),
    }


def _properties() -> Schema:
    return {
        "bcv": {"enum": [1, "1"], "description": "The version of the format"},
        "name": {"type": ["string", "number"], "description": "Any short text"},
        "description": {"type": ["string", "number"]},
        "source": {"type": ["string", "number"], "description": "Paper, repository or table"},
        "expect": {"enum": ["valid", "invalid"], "description": "What bcv bench compares with"},
        "time": {"enum": [kind.value for kind in TimeKind]},
        "states": _mapping({"anyOf": [_ref("bounds"), {"type": "null"}]}, at_least=1),
        "parameters": _mapping({"anyOf": [_ref("expression"), _ref("bounds")]}),
        "disturbances": _mapping({"anyOf": [_ref("bounds"), {"type": "null"}]}),
        "inputs": _mapping({"anyOf": [_ref("bounds"), {"type": "null"}]}),
        "noise": _mapping(_ref("distribution")),
        "define": _mapping({"anyOf": [_ref("expression"), _ref("network")]}),
        "dynamics": _mapping(_ref("expression"), at_least=1),
        "diffusion": _mapping({"anyOf": [_ref("expression"), _list(_ref("expression"))]}),
        "jumps": _mapping(
            _object({"rate": _ref("expression"), "size": _ref("expression")}, ["rate", "size"])
        ),
        "modes": _modes(),
        "transitions": {"type": "array", "items": _ref("transition")},
        "domain": _ref("set"),
        "domain_is": {"enum": ["assumed", "invariant"]},
        "initial": _ref("sets"),
        "unsafe": _ref("sets"),
        "horizon": _ref("expression"),
        "certificate": _ref("certificate"),
    }


def _definitions() -> Schema:
    part = _ref("set")
    parts = {"type": "array", "items": part, "minItems": 1}
    center = _mapping(_ref("expression"), at_least=1)
    return {
        "expression": {
            "type": ["string", "number"],
            "description": f"+ - * / ** ( ), a if c else b, pi, e, t, {', '.join(FUNCTIONS)}",
        },
        "bounds": {
            "type": "array",
            "items": _ref("expression"),
            "minItems": 2,
            "maxItems": 2,
            "description": "[lo, hi]; an infinite end is .inf or -.inf",
        },
        "set": {
            "anyOf": [
                {"type": ["string", "boolean"], "description": "A constraint, true or false"},
                {**parts, "description": "All of these"},
                _object({"all": parts}, ["all"]),
                _object({"any": parts}, ["any"]),
                _object({"not": part}, ["not"]),
                _object({"box": _mapping(_ref("bounds"), at_least=1)}, ["box"]),
                _object({"ball": _object({"center": center, "radius": _ref("expression")},
                                         ["center", "radius"])}, ["ball"]),
            ]
        },
        "sets": {"anyOf": [part, {**_mapping(part), "propertyNames": _MODE_NAME}]},
        "distribution": _distribution(),
        "network": _network(),
        "transition": _object(
            {
                "from": {"type": ["string", "number"]},
                "to": {"type": ["string", "number"]},
                "guard": part,
                "reset": _mapping(_ref("expression")),
            },
            ["from", "to", "guard"],
        ),
        "certificate": _certificate(),
    }  # fmt: skip


def _distribution() -> Schema:
    pair = {"type": "array", "items": _ref("expression"), "minItems": 2, "maxItems": 2}
    return {
        "anyOf": [
            _object({"normal": pair}, ["normal"]),
            _object({"uniform": pair}, ["uniform"]),
            _object({"exponential": _ref("expression")}, ["exponential"]),
            _object({"discrete": _mapping(_ref("expression"), at_least=1)}, ["discrete"]),
        ]
    }


def _network() -> Schema:
    activation = {"enum": list(ACTIVATIONS)}
    number = _ref("expression")
    inputs = _list(_ref("expression"))
    layers = {
        "input": inputs,
        "weights": _list(_list(_list(number))),
        "biases": _list(_list(number)),
        "activation": {"anyOf": [activation, _list(activation)]},
        "output_activation": activation,
    }
    given = _object(layers, ["input", "weights", "activation"])
    file = _object({"input": inputs, "onnx": {"type": "string"}}, ["input", "onnx"])
    return _object({"network": {"anyOf": [given, file]}}, ["network"])


def _modes() -> Schema:
    mode = _object(
        {"dynamics": _mapping(_ref("expression"), at_least=1), "domain": _ref("set")}, ["dynamics"]
    )
    return {**_mapping(mode, at_least=1), "propertyNames": _MODE_NAME}


def _certificate() -> Schema:
    named = [kind.value for kind in ConditionKind if kind is not ConditionKind.EXPONENTIAL]
    rate = _object({"exponential": _ref("expression")}, ["exponential"])
    levels = _object({"initial": _ref("expression"), "unsafe": _ref("expression")},
                     ["initial", "unsafe"])  # fmt: skip
    constant = _ref("expression")
    return _object(
        {
            "B": {"anyOf": [_ref("expression"), _mapping(_ref("expression"), at_least=1)]},
            "condition": {"anyOf": [{"enum": named}, rate]},
            "strict": {"const": "initial"},
            "levels": {"anyOf": [{"const": "auto"}, levels]},
            "convention": {"const": "positive-safe"},
            "gamma": constant,
            "lambda": constant,
            "c": constant,
            "horizon": constant,
        },
        ["B"],
    )


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items, "minItems": 1}


def _mapping(values: Schema, at_least: int = 0) -> Schema:
    return {"type": "object", "additionalProperties": values, "minProperties": at_least}


def _object(properties: Schema, required: list[str]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _when_time(kind: str, then: Schema) -> Schema:
    return {"if": {"properties": {"time": {"const": kind}}, "required": ["time"]}, "then": then}


def _without(*keys: str) -> Schema:
    return {"properties": dict.fromkeys(keys, False)}
