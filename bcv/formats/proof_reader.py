"""What does an entry of a proof say? Entries of proof files read back into our own types.

Soundness does not depend on this file: what is read is checked against the claim afterwards. The
independent checker has a reader of its own.
"""

from __future__ import annotations

import base64
import sys
import zlib
from array import array
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, TypeVar

from bcv.errors import BcvError
from bcv.evidence import (
    Attestation,
    Bounded,
    Box,
    ByTheorems,
    Cases,
    Convex,
    Cover,
    DefinedFirst,
    Either,
    Evidence,
    Exponentials,
    Form,
    Gram,
    Infeasible,
    LeafReason,
    Lifted,
    Multiplier,
    Point,
    PolynomialCase,
    Power,
    Rising,
    Segment,
    SquareFactor,
    Sum,
    SumOfSquares,
    Theorem,
    Vanishing,
    Witness,
    WitnessKind,
)
from bcv.formats.statement import NodeReader, rational
from bcv.obligation import Obligation
from bcv.region import Region

T = TypeVar("T")

MOST_NODES: Final = 2_000_000
"""Of a tree; a larger cover is not stored."""

_LARGEST: Final = 8 * MOST_NODES
"""Bytes that packed data may unpack to: a few hundred packed ones could fill the memory."""

FEW: Final = 1 << 17
"""Bytes of a tree that are read one by one."""

_LONGEST: Final = 5
"""Bytes of a node's code."""


class EntryError(BcvError):
    """An entry is none of ours."""


def read_nodes(entry: Mapping[str, Any]) -> NodeReader:
    """The expressions of an entry, which are read when they are asked for. Raises EntryError."""
    return _read(lambda: NodeReader(entry["nodes"]))


def read_obligation(nodes: NodeReader, entry: Mapping[str, Any]) -> Obligation:
    """The obligation of an entry with evidence. Raises EntryError."""
    return _read(lambda: _obligation(nodes, entry))


def read_evidence(nodes: NodeReader, entry: Mapping[str, Any]) -> Evidence:
    """The evidence of an entry. Raises EntryError."""
    return _read(lambda: _evidence(nodes, entry["evidence"]))


def read_witness(data: Mapping[str, Any]) -> Witness:
    """A witness. Raises EntryError."""
    return _read(lambda: _witness(data))


def _read(action: Callable[[], T]) -> T:
    try:
        return action()
    except BcvError:
        raise
    except Exception as error:  # the data may be anything
        raise EntryError(f"this is no entry of a proof ({type(error).__name__}: {error})") from None


def _obligation(reader: NodeReader, entry: Mapping[str, Any]) -> Obligation:
    data = entry["obligation"]
    region = Region(
        tuple(data["variables"]),
        tuple(map(reader.range, data["box"])),
        reader.formula(data["formula"]),
    )
    return Obligation(
        entry["name"],
        entry["part"],
        entry["words"],
        region,
        reader.expr(data["expr"]),
        bool(data["strict"]),
        tuple(map(reader.expr, data["defined"])),
    )


def _evidence(reader: NodeReader, data: Mapping[str, Any]) -> Evidence:
    match data["kind"]:
        case "cover":
            return _cover(reader, data)
        case "sum-of-squares":
            return SumOfSquares(tuple(map(_case, data["cases"])))
        case "attestation":
            return Attestation(data["solver"], data["version"], data["query"], data["reply"])
    return _reduction(reader, data)


def _reduction(reader: NodeReader, data: Mapping[str, Any]) -> Evidence:
    """Evidence that rests on other evidence."""

    def part(name: str) -> Evidence:
        return _evidence(reader, data[name])

    match data["kind"]:
        case "square-factor":
            square, goal = reader.expr(data["square"]), reader.expr(data["goal"])
            return SquareFactor(square, goal, part("inner"))
        case "defined-first":
            return DefinedFirst(part("defined"), part("inner"))
        case "by-theorems":
            theorems = tuple(
                Theorem(name, tuple(map(reader.expr, args))) for name, args in data["theorems"]
            )
            return ByTheorems(theorems, part("inner"))
        case "lifted":
            variables = tuple((name, reader.expr(term)) for name, term in data["variables"])
            return Lifted(variables, part("inner"))
        case "cases":
            return Cases(reader.expr(data["on"]), part("nonnegative"), part("nonpositive"))
        case "either":
            return Either(part("first"), part("others"))
        case "vanishing":
            return Vanishing(tuple(map(reader.expr, data["terms"])), part("inner"))
        case "exponentials":
            powers = (
                Power(reader.expr(term), tuple((reader.expr(unit), int(n)) for unit, n in units))
                for term, units in data["powers"]
            )
            factor, goal = reader.expr(data["factor"]), reader.expr(data["goal"])
            return Exponentials(tuple(powers), factor, goal, part("inner"))
        case "rising":
            return Rising(int(data["atom"]), reader.expr(data["bound"]), part("slope"))
        case "sum":
            return Sum(
                tuple(
                    (reader.expr(term), bool(strict), _evidence(reader, evidence))
                    for term, strict, evidence in data["parts"]
                )
            )
    raise EntryError(f"evidence of the kind {data['kind']!r} is unknown")


def _cover(reader: NodeReader, data: Mapping[str, Any]) -> Cover:
    return Cover(
        tuple((float.fromhex(lo), float.fromhex(hi)) for lo, hi in data["root"]),
        unpacked_nodes(data["nodes"]),
        _unpacked_doubles(data["cuts"]),
        tuple(map(_reason, data["reasons"])),
        tuple(
            Multiplier(tuple((number, reader.expr(place)) for number, place in terms))
            for terms in data["multipliers"]
        ),
    )


def _unpacked(text: str) -> bytes:
    unpacker = zlib.decompressobj()
    data = unpacker.decompress(base64.b64decode(text, validate=True), _LARGEST)
    if not unpacker.eof:
        raise EntryError("packed data end too early or are too large")
    return data


def _unpacked_doubles(text: str) -> array[float]:
    values = array("d")
    values.frombytes(_unpacked(text))
    if sys.byteorder == "big":
        values.byteswap()
    return values


def unpacked_nodes(text: str) -> array[int]:
    """The tree's nodes that ``proof.packed_nodes`` wrote."""
    data = _unpacked(text)
    if data and data[-1] > 127:
        raise EntryError("a node ends too early")
    if len(data) > MOST_NODES and sum(byte < 128 for byte in data) > MOST_NODES:
        raise EntryError(f"a tree has more than {MOST_NODES} nodes")
    codes = _few_codes(data) if len(data) <= FEW else _many_codes(data)
    return array("i", codes)


def _few_codes(data: bytes) -> list[int]:
    """Node by node: most trees are small, and NumPy takes longer to load."""
    found, code, place = [], 0, 0
    for byte in data:
        code |= (byte & 127) << place
        place += 7
        if byte < 128:
            found.append(-((code + 1) // 2) if code % 2 else code // 2)
            code = place = 0
        elif place >= _LONGEST * 7:
            raise EntryError("a node is too long")
    return found


def _many_codes(content: bytes) -> list[int]:
    """The same, all nodes at once."""
    import numpy as np

    data = np.frombuffer(content, dtype=np.uint8)
    ends = np.flatnonzero(data < 128)
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1])
    if int((ends - starts).max()) >= _LONGEST:
        raise EntryError("a node is too long")
    code = np.zeros(ends.size, dtype=np.int64)
    for place in range(_LONGEST):
        here = starts + place <= ends
        code[here] |= (data[starts[here] + place].astype(np.int64) & 127) << (7 * place)
    found: list[int] = np.where(code % 2 == 1, -((code + 1) // 2), code // 2).tolist()
    return found


def _reason(data: Sequence[Any]) -> LeafReason:
    match data:
        case ["infeasible", numbers]:
            return Infeasible(tuple(numbers))
        case ["bounded", form, multiplier]:
            return Bounded(Form(form), multiplier)
        case ["convex", zero, multiplier]:
            return Convex(tuple(map(rational, zero)), multiplier)
    raise EntryError("a leaf's reason is unknown")


def _case(data: Mapping[str, Any]) -> PolynomialCase:
    cone = tuple(
        (
            tuple(numbers),
            Gram(tuple(map(tuple, gram["basis"])), tuple(map(rational, gram["matrix"]))),
        )
        for numbers, gram in data["cone"]
    )
    free = tuple(
        (number, tuple((tuple(monomial), rational(c)) for monomial, c in factor))
        for number, factor in data["free"]
    )
    return PolynomialCase(cone, free, rational(data["scale"]), tuple(data["strict"]))


def _coordinates(data: Sequence[Sequence[str]]) -> tuple[tuple[str, Fraction], ...]:
    return tuple((name, rational(value)) for name, value in data)


def _witness(data: Mapping[str, Any]) -> Witness:
    if data["kind"] == "segment":
        return Segment(_coordinates(data["start"]), _coordinates(data["end"]), data["value"])
    if data["kind"] == "box":
        return Box(_coordinates(data["lower"]), _coordinates(data["upper"]), data["value"])
    kind = WitnessKind.UNDEFINED if data["undefined"] else WitnessKind.VIOLATES
    return Point(_coordinates(data["point"]), data["value"], kind)
