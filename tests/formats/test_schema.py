"""Does the JSON Schema agree with the loader? A small validator of our own checks both ways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from bcv.errors import ProblemError
from bcv.formats import certificate, problem_yaml
from bcv.formats.problem_yaml import parse_problem
from bcv.formats.schema import problem_schema
from tests.formats.test_hostile_files import CASES, DISCRETE, GOOD, HYBRID, STOCHASTIC

SCHEMA = problem_schema()
FILES = sorted((Path(__file__).parents[2] / "problems").rglob("*.yaml"))
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "null": (type(None),),
    "boolean": (bool,), "number": (int, float),
}  # fmt: skip


def accepts(schema: Any, value: Any) -> bool:
    """Whether the value satisfies the schema, for the keywords that ours uses."""
    if isinstance(schema, bool):
        return schema
    known = {"$schema", "title", "description", "$defs", "$ref", "type", "enum", "const", "anyOf",
             "allOf", "not", "if", "then", "items", "minItems", "maxItems", "properties",
             "required", "additionalProperties", "minProperties", "propertyNames"}  # fmt: skip
    assert set(schema) <= known, set(schema) - known
    if "$ref" in schema and not accepts(SCHEMA["$defs"][schema["$ref"].split("/")[-1]], value):
        return False
    if "type" in schema and not _has_type(schema["type"], value):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "const" in schema and value != schema["const"]:
        return False
    if "anyOf" in schema and not any(accepts(part, value) for part in schema["anyOf"]):
        return False
    if not all(accepts(part, value) for part in schema.get("allOf", ())):
        return False
    if "not" in schema and accepts(schema["not"], value):
        return False
    if "if" in schema and accepts(schema["if"], value) and not accepts(schema["then"], value):
        return False
    if isinstance(value, list):
        return _accepts_list(schema, value)
    return not isinstance(value, dict) or _accepts_object(schema, value)


def _has_type(names: str | list[str], value: Any) -> bool:
    names = [names] if isinstance(names, str) else names
    if isinstance(value, bool):
        return "boolean" in names
    return any(isinstance(value, TYPES[name]) for name in names)


def _accepts_list(schema: Any, value: list[Any]) -> bool:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        return False
    return all(accepts(schema.get("items", True), item) for item in value)


def _accepts_object(schema: Any, value: dict[str, Any]) -> bool:
    properties = schema.get("properties", {})
    if any(key not in value for key in schema.get("required", ())):
        return False
    if len(value) < schema.get("minProperties", 0):
        return False
    if not all(accepts(schema.get("propertyNames", True), key) for key in value):
        return False
    return all(
        accepts(properties.get(key, schema.get("additionalProperties", True)), item)
        for key, item in value.items()
    )


class _TextKeys(yaml.SafeLoader):
    """Reads values as an editor's YAML 1.2 reader does: ``y`` is a text, ``1`` a number."""


_TextKeys.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":bool", ":merge"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def editor_value(text: str) -> Any:
    return json.loads(json.dumps(yaml.load(text, _TextKeys)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_schema_accepts_every_problem(path: Path) -> None:
    assert accepts(SCHEMA, editor_value(path.read_text()))


@pytest.mark.parametrize("text", [GOOD, DISCRETE, STOCHASTIC, HYBRID])
def test_the_schema_accepts_what_the_loader_does(text: str) -> None:
    assert accepts(SCHEMA, editor_value(text))


SHAPES = [
    "an unknown key", "an unknown key of the certificate", "an unknown condition", "no version",
    "a later version", "no name", "a list for a name", "no time", "a wrong time", "no states",
    "states as a list", "three bounds", "one bound", "a null bound", "dynamics as a list",
    "an empty dynamics", "an empty set key", "an empty list as a set", "a wrong set form",
    "two set forms", "any without a list", "a ball without a radius", "a ball in a wrong space",
    "an input in discrete time", "a null parameter", "expect maybe", "a wrong domain_is",
    "no certificate", "a certificate without B", "B as a list", "a rate without a number",
    "half of the levels", "a wrong strict", "a wrong convention", "noise in continuous time",
    "diffusion in discrete time", "modes without hybrid", "an unknown noise", "two noises in one",
    "no modes", "dynamics outside of modes", "a mode called box", "no guard",
]  # fmt: skip


@pytest.mark.parametrize("case", SHAPES)
def test_the_schema_refuses_wrong_shapes_as_the_loader_does(case: str) -> None:
    text = CASES[case][0]
    with pytest.raises(ProblemError):
        parse_problem(text, "bad.yaml")
    assert not accepts(SCHEMA, editor_value(text))


def test_schema_and_loader_know_the_same_keys() -> None:
    assert set(SCHEMA["properties"]) == set(problem_yaml.KEYS)
    assert set(SCHEMA["$defs"]["certificate"]["properties"]) == set(certificate.KEYS)


def test_the_schema_is_json() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
