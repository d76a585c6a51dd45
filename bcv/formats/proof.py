"""How is a verdict's evidence kept so that anyone can check it? Proof files.

Soundness does not depend on this file: what it writes is checked afterwards by ``bcv.checker``,
which reads it with code of its own. The format is described in docs/proof-format.md.
"""

from __future__ import annotations

import base64
import json
import os
import struct
import tempfile
import zlib
from array import array
from collections.abc import Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import bcv
from bcv.errors import BcvError, Place
from bcv.evidence import (
    Attestation,
    Bounded,
    ByTheorems,
    Cases,
    Convex,
    Cover,
    DefinedFirst,
    Evidence,
    Infeasible,
    LeafReason,
    Lifted,
    Multiplier,
    Point,
    PolynomialCase,
    Segment,
    SquareFactor,
    SumOfSquares,
    Witness,
    WitnessKind,
)
from bcv.formats.statement import NodeList, range_of, rational_text, statement_digest, statement_of
from bcv.obligation import Obligation
from bcv.outcome import Proved, Refuted
from bcv.problem import Problem
from bcv.verdict import Answer, Settled, Verdict

SCHEMA: Final = "bcv.proof/1"
_PIECE: Final = 1 << 16


class ProofError(BcvError):
    """A proof file cannot be written."""


# Packed trees


def _packed(pieces: Sequence[bytes]) -> str:
    packer = zlib.compressobj(6)
    data = b"".join([*(packer.compress(piece) for piece in pieces), packer.flush()])
    return base64.b64encode(data).decode()


def packed_nodes(nodes: Sequence[int]) -> str:
    """The tree's nodes: v as 2v or -2v - 1, seven bits a byte, deflated, in base64."""
    piece = bytearray()
    pieces = []
    for v in nodes:
        code = 2 * v if v >= 0 else -2 * v - 1
        while code > 127:
            piece.append(code & 127 | 128)
            code >>= 7
        piece.append(code)
        if len(piece) >= _PIECE:
            pieces.append(bytes(piece))
            piece.clear()
    return _packed([*pieces, bytes(piece)])


def packed_doubles(values: Sequence[float]) -> str:
    """IEEE doubles, little-endian, deflated, in base64."""
    return _packed([struct.pack(f"<{len(values)}d", *values)])


def _reason(reason: LeafReason) -> list[object]:
    match reason:
        case Infeasible(numbers):
            return ["infeasible", list(numbers)]
        case Bounded(form, multiplier):
            return ["bounded", form.value, multiplier]
        case Convex(zero, multiplier):
            return ["convex", [rational_text(z) for z in zero], multiplier]


def _multiplier(nodes: NodeList, multiplier: Multiplier) -> list[list[int]]:
    return [[number, nodes.place(factor)] for number, factor in multiplier.terms]


def _cover(nodes: NodeList, cover: Cover) -> dict[str, object]:
    return {
        "kind": "cover",
        "root": [[lo.hex(), hi.hex()] for lo, hi in cover.root],
        "nodes": packed_nodes(cover.nodes),
        "cuts": packed_doubles(cover.cuts),
        "reasons": [_reason(reason) for reason in cover.reasons],
        "multipliers": [_multiplier(nodes, m) for m in cover.multipliers],
    }


def _case(case: PolynomialCase) -> dict[str, object]:
    return {
        "cone": [
            [
                list(numbers),
                {
                    "basis": [list(monomial) for monomial in gram.basis],
                    "matrix": [rational_text(entry) for entry in gram.matrix],
                },
            ]
            for numbers, gram in case.cone
        ],
        "free": [
            [number, [[list(monomial), rational_text(c)] for monomial, c in factor]]
            for number, factor in case.free
        ],
        "scale": rational_text(case.scale),
        "strict": list(case.strict),
    }


def encoded_evidence(nodes: NodeList, evidence: Evidence) -> dict[str, object]:
    """Evidence as JSON; its expressions go into ``nodes``."""
    match evidence:
        case Cover():
            return _cover(nodes, evidence)
        case SumOfSquares(cases):
            return {"kind": "sum-of-squares", "cases": [_case(case) for case in cases]}
        case SquareFactor(square, goal, inner):
            return {
                "kind": "square-factor",
                "square": nodes.place(square),
                "goal": nodes.place(goal),
                "inner": encoded_evidence(nodes, inner),
            }
        case DefinedFirst(defined, inner):
            return {
                "kind": "defined-first",
                "defined": encoded_evidence(nodes, defined),
                "inner": encoded_evidence(nodes, inner),
            }
        case ByTheorems(theorems, inner):
            return {
                "kind": "by-theorems",
                "theorems": [[t.name, [nodes.place(a) for a in t.args]] for t in theorems],
                "inner": encoded_evidence(nodes, inner),
            }
        case Lifted(variables, inner):
            return {
                "kind": "lifted",
                "variables": [[name, nodes.place(term)] for name, term in variables],
                "inner": encoded_evidence(nodes, inner),
            }
        case Cases(on, nonnegative, nonpositive):
            return {
                "kind": "cases",
                "on": nodes.place(on),
                "nonnegative": encoded_evidence(nodes, nonnegative),
                "nonpositive": encoded_evidence(nodes, nonpositive),
            }
        case Attestation(solver, version, query, reply):
            return {
                "kind": "attestation",
                "solver": solver,
                "version": version,
                "query": query,
                "reply": reply,
            }


def _coordinates(point: Sequence[tuple[str, Fraction]]) -> list[list[str]]:
    return [[name, rational_text(value)] for name, value in point]


def encoded_witness(witness: Witness) -> dict[str, object]:
    """A witness as JSON."""
    match witness:
        case Point(point, value, kind):
            undefined = kind is WitnessKind.UNDEFINED
            return {
                "kind": "point",
                "point": _coordinates(point),
                "value": value,
                "undefined": undefined,
            }
        case Segment(start, end, value):
            return {
                "kind": "segment",
                "start": _coordinates(start),
                "end": _coordinates(end),
                "value": value,
            }


def proved_entry(obligation: Obligation, evidence: Evidence) -> dict[str, Any]:
    """The entry of a proof file that carries an obligation and its evidence."""
    nodes = NodeList()
    region = obligation.region
    stated = {
        "variables": list(region.variables),
        "box": [range_of(side) for side in region.box],
        "formula": nodes.formula(region.formula),
        "expr": nodes.place(obligation.expr),
        "strict": obligation.strict,
        "defined": [nodes.place(root) for root in obligation.defined],
    }
    return {
        "name": obligation.name,
        "part": obligation.part,
        "words": obligation.statement,
        "obligation": stated,
        "evidence": encoded_evidence(nodes, evidence),
        "nodes": nodes.nodes,
    }


def refuted_entry(obligation: Obligation, witness: Witness) -> dict[str, Any]:
    """The entry of a proof file that carries a witness."""
    return {
        "name": obligation.name,
        "part": obligation.part,
        "words": obligation.statement,
        "witness": encoded_witness(witness),
    }


def entry_of(settled: Settled) -> dict[str, Any] | None:
    """The entry for a settled condition; None if it is undecided."""
    match settled.outcome:
        case Proved(evidence):
            return proved_entry(settled.obligation, evidence)
        case Refuted(witness):
            return refuted_entry(settled.obligation, witness)
        case _:
            return None


def proof_document(problem: Problem, verdict: Verdict) -> dict[str, Any]:
    """The proof file of a decided problem. Raises ProofError if the answer is UNKNOWN."""
    if verdict.answer is Answer.UNKNOWN:
        raise ProofError("there is nothing to prove: the answer is unknown")
    statement = statement_of(problem)
    found = [entry for entry in map(entry_of, verdict.conditions) if entry is not None]
    if verdict.answer is Answer.INVALID:
        found = [entry for entry in found if "witness" in entry]
    return {
        "schema": SCHEMA,
        "bcv": bcv.__version__,
        "name": problem.name,
        "claims": verdict.answer.value,
        "statement": statement,
        "statement_digest": statement_digest(statement),
        "assumes": list(verdict.assumes),
        "conditions": found,
    }


# Files


def write_proof(path: Path, document: Mapping[str, Any]) -> None:
    """Write the document so that the path holds the whole of it or what was there before.

    Raises ProofError if it cannot be written (no space, no such folder, no permission).
    """
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump(document, file, separators=(",", ":"), allow_nan=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        _readable_like_others(temporary)
        os.replace(temporary, path)
    except OSError as error:
        reason = f"the proof cannot be written: {error.strerror or error}"
        raise ProofError(reason, place=Place(str(path))) from None
    finally:
        with suppress(OSError):
            os.unlink(temporary)


def _readable_like_others(name: str) -> None:
    """Give a temporary file the permissions that a plain new file has."""
    mask = os.umask(0)
    os.umask(mask)
    os.chmod(name, 0o666 & ~mask)


# What a replay costs

_SECONDS_PER_STEP: Final = 1.2e-6
_SECONDS_PER_GRAM_ENTRY: Final = 2e-4


def replay_seconds(obligation: Obligation, evidence: Evidence) -> float:
    """An estimate of the time that the checker will take, within a factor of about three."""
    from bcv import expr as ex
    from bcv.region import atoms

    match evidence:
        case Cover():
            size = sum(1 for _ in ex.postorder(obligation.expr))
            forms = {r.form.value for r in evidence.reasons if isinstance(r, Bounded)}
            if forms - {"natural"}:
                size *= 2 + len(obligation.region.variables)
            size += sum(1 for atom in atoms(obligation.region.formula) for _ in (atom,)) * 4
            return 2e-3 + _leaves(evidence.nodes) * (5e-6 + size * _SECONDS_PER_STEP)
        case SumOfSquares(cases):
            entries = sum(len(gram.matrix) for case in cases for _, gram in case.cone)
            return 2e-3 + entries * _SECONDS_PER_GRAM_ENTRY
        case SquareFactor(_, _, inner) | ByTheorems(_, inner) | Lifted(_, inner):
            return 2e-3 + replay_seconds(obligation, inner)
        case DefinedFirst(first, second) | Cases(_, first, second):
            return 2e-3 + replay_seconds(obligation, first) + replay_seconds(obligation, second)
        case Attestation():
            return 0.0


def _leaves(nodes: array[int]) -> int:
    return (len(nodes) + 1) // 2
