"""Altered proofs: leaves removed, moved, relabelled; numbers and bounds changed; nonsense."""

from __future__ import annotations

import base64
import copy
import random
import zlib
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from bcv.formats.proof import packed_doubles, packed_nodes

ABSURD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1,
    2,
    10**30,
    -(10**30),
    "",
    "0",
    "1/0",
    "-1",
    "1e5",
    "9" * 5000,
    "x",
    "nan",
    "inf",
    "-inf",
    "0x1p-1074",
    [],
    {},
    [[]],
    ["and"],
    ["or"],
    [">=", 0],
    "natural",
    "mean-value",
    "bernstein",
)


def paths(value: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where anything stands in a JSON value."""
    found = [prefix] if prefix else []
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        found += paths(inner, (*prefix, key))
    return found


def parent(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        value = value[key]
    return value


def unpacked_nodes(text: str) -> list[int]:
    """The inverse of ``packed_nodes``."""
    found, value, shift = [], 0, 0
    for byte in zlib.decompress(base64.b64decode(text)):
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            found.append(-(value + 1) // 2 if value % 2 else value // 2)
            value = shift = 0
    return found


def _nudged(text: str, pick: random.Random) -> str:
    """A number that differs a little, or much."""
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        try:
            number = float.fromhex(text)
        except ValueError:
            return pick.choice(["", "x", "valid"])
        return (
            number * pick.choice([0.0, 0.5, -1.0, 0.999999, 2.0]) + pick.choice([0, 1e-9])
        ).hex()
    step = Fraction(1, pick.choice([1, 3, 1000, 10**9]))
    return str(pick.choice([value + step, value - step, -value, value * 2, value / 2, Fraction(0)]))


def alter_json(proof: dict[str, Any], donor: dict[str, Any], pick: random.Random) -> None:
    """Change one place of the entries: delete, repeat, exchange, nudge, or put nonsense there."""
    path = pick.choice(paths(proof["conditions"], ()))
    home, key = parent(proof["conditions"], path), path[-1]
    value = home[key]
    action = pick.randrange(6)
    if action == 0:
        del home[key]
    elif action == 1 and isinstance(home, list):
        home.insert(pick.randrange(len(home) + 1), copy.deepcopy(pick.choice(home)))
    elif action == 2 and isinstance(home, list):
        other = pick.randrange(len(home))
        home[key], home[other] = home[other], home[key]
    elif action == 3:
        home[key] = copy.deepcopy(pick.choice(ABSURD))
    elif action == 4:
        source = pick.choice(paths(donor["conditions"], ()))
        home[key] = copy.deepcopy(parent(donor["conditions"], source)[source[-1]])
    elif isinstance(value, bool):
        home[key] = not value
    elif isinstance(value, int):
        home[key] = value + pick.choice([-2, -1, 1, 2])
    elif isinstance(value, str):
        home[key] = _nudged(value, pick)


def _covers(proof: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for entry in proof["conditions"]:
        evidence = entry.get("evidence") if isinstance(entry, dict) else None
        if isinstance(evidence, dict) and evidence.get("kind") == "cover":
            found.append(evidence)
    return found


def alter_tree(proof: dict[str, Any], donor: dict[str, Any], pick: random.Random) -> None:
    """Change the split tree of a cover: a node removed, repeated, relabelled, or a part cut off."""
    del donor
    covers = _covers(proof)
    if not covers:
        return
    evidence = pick.choice(covers)
    try:
        nodes = unpacked_nodes(evidence["nodes"])
    except (ValueError, zlib.error, TypeError, KeyError):
        return
    if not nodes:
        return
    place = pick.randrange(len(nodes))
    labels = evidence.get("reasons")
    reasons = max(1, len(labels) if isinstance(labels, list) else 1)
    changes: list[Callable[[], Any]] = [
        lambda: nodes.pop(place),
        lambda: nodes.insert(place, nodes[place]),
        lambda: nodes.__setitem__(place, pick.randrange(reasons)),
        lambda: nodes.__setitem__(place, -1 - pick.randrange(6)),
        lambda: nodes.__setitem__(slice(place, None), []),
        lambda: nodes.__setitem__(slice(None), [pick.randrange(reasons)]),
        lambda: nodes.__setitem__(place, 10**9),
        lambda: nodes.reverse(),
    ]
    pick.choice(changes)()
    evidence["nodes"] = packed_nodes(nodes)


def alter_box(proof: dict[str, Any], donor: dict[str, Any], pick: random.Random) -> None:
    """Shrink, move or break the root of a cover, or its cuts."""
    del donor
    for evidence in _covers(proof):
        root = evidence.get("root")
        if not isinstance(root, list) or not root or not isinstance(root[0], list):
            continue
        side = pick.choice(root)
        if pick.random() < 0.2:
            evidence["cuts"] = packed_doubles([pick.uniform(-1, 1) for _ in range(50)])
        elif isinstance(side, list) and len(side) == 2:
            side[pick.randrange(2)] = pick.choice(
                ["inf", "-inf", "nan", "0x0p+0", "0x1p-1", pick.uniform(-2, 2).hex()]
            )


def alter_obligation(proof: dict[str, Any], donor: dict[str, Any], pick: random.Random) -> None:
    """Let the prover's obligation say less than the claim."""
    entry = pick.choice(proof["conditions"] or [{}])
    obligation = entry.get("obligation") if isinstance(entry, dict) else None
    if not isinstance(obligation, dict):
        return
    nodes = entry.get("nodes")
    count = len(nodes) if isinstance(nodes, list) else 0
    changes: list[Callable[[], Any]] = [
        lambda: obligation.update(formula=["or"]),
        lambda: obligation.update(formula=["and", [">=", pick.randrange(max(1, count))]]),
        lambda: obligation.update(strict=not obligation.get("strict")),
        lambda: obligation.update(expr=pick.randrange(max(1, count))),
        lambda: obligation.update(box=[["1", "0"] for _ in obligation.get("box", ())]),
        lambda: obligation.update(box=[["0", "0"] for _ in obligation.get("box", ())]),
        lambda: obligation.update(variables=[]),
        lambda: obligation.update(copy.deepcopy(donor["conditions"][0].get("obligation") or {})),
    ]
    pick.choice(changes)()


def swap_evidence(proof: dict[str, Any], donor: dict[str, Any], pick: random.Random) -> None:
    """Put another problem's evidence or entry in the place of one."""
    if not proof["conditions"] or not donor["conditions"]:
        return
    entry = pick.choice(proof["conditions"])
    other = copy.deepcopy(pick.choice(donor["conditions"]))
    if isinstance(entry, dict) and isinstance(other, dict):
        key = pick.choice(["evidence", "nodes", "obligation", "name", "witness"])
        if key in other:
            entry[key] = other[key]


ALTERATIONS = (
    alter_json,
    alter_json,
    alter_tree,
    alter_tree,
    alter_box,
    alter_obligation,
    swap_evidence,
)


def altered(proof: dict[str, Any], donor: dict[str, Any], pick: random.Random) -> dict[str, Any]:
    """A copy of the proof with one to three alterations of its entries; the statement stays."""
    result = {**proof, "conditions": copy.deepcopy(proof["conditions"])}
    for _ in range(pick.choice([1, 1, 1, 2, 3])):
        if result["conditions"]:
            pick.choice(ALTERATIONS)(result, donor, pick)
    return result
