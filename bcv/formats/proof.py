"""How is a verdict's evidence kept so that anyone can check it? Proof files.

Soundness does not depend on this file: what it writes is checked afterwards by ``bcv.checker``,
which reads it with code of its own. The format is described in docs/proof-format.md.
"""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import bcv
from bcv import expr as ex
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
    Vanishing,
    Witness,
    WitnessKind,
)
from bcv.expr import Expr, Op
from bcv.formats.statement import NodeList, range_of, rational_text, statement_digest, statement_of
from bcv.formats.whole_file import write_whole
from bcv.obligation import Obligation
from bcv.outcome import Proved, Refuted
from bcv.problem import Problem
from bcv.region import atoms
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
        case Attestation(solver, version, query, reply):
            return {
                "kind": "attestation",
                "solver": solver,
                "version": version,
                "query": query,
                "reply": reply,
            }
        case _:
            return _reduction(nodes, evidence)


def _units(nodes: NodeList, power: Power) -> list[list[int]]:
    return [[nodes.place(unit), count] for unit, count in power.units]


def _reduction(nodes: NodeList, evidence: Evidence) -> dict[str, object]:
    """Evidence that rests on other evidence."""
    found: dict[str, object]
    parts: dict[str, Evidence] = {}
    match evidence:
        case SquareFactor(square, goal, inner):
            found = {
                "kind": "square-factor",
                "square": nodes.place(square),
                "goal": nodes.place(goal),
            }
            parts = {"inner": inner}
        case DefinedFirst(defined, inner):
            found, parts = {"kind": "defined-first"}, {"defined": defined, "inner": inner}
        case ByTheorems(theorems, inner):
            listed = [[t.name, [nodes.place(a) for a in t.args]] for t in theorems]
            found, parts = {"kind": "by-theorems", "theorems": listed}, {"inner": inner}
        case Lifted(variables, inner):
            named = [[name, nodes.place(term)] for name, term in variables]
            found, parts = {"kind": "lifted", "variables": named}, {"inner": inner}
        case Cases(on, nonnegative, nonpositive):
            found = {"kind": "cases", "on": nodes.place(on)}
            parts = {"nonnegative": nonnegative, "nonpositive": nonpositive}
        case Either(first, others):
            found, parts = {"kind": "either"}, {"first": first, "others": others}
        case Vanishing(terms, inner):
            found = {"kind": "vanishing", "terms": [nodes.place(term) for term in terms]}
            parts = {"inner": inner}
        case Rising(atom, bound, slope):
            found = {"kind": "rising", "atom": atom, "bound": nodes.place(bound)}
            parts = {"slope": slope}
        case Sum(terms):
            each = [[nodes.place(t), strict, encoded_evidence(nodes, e)] for t, strict, e in terms]
            found = {"kind": "sum", "parts": each}
        case Exponentials(powers, factor, goal, inner):
            written = [[nodes.place(p.term), _units(nodes, p)] for p in powers]
            found = {
                "kind": "exponentials",
                "powers": written,
                "factor": nodes.place(factor),
                "goal": nodes.place(goal),
            }
            parts = {"inner": inner}
        case _:
            raise AssertionError(evidence)
    return found | {name: encoded_evidence(nodes, part) for name, part in parts.items()}


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
        case Box(lower, upper, value):
            return {
                "kind": "box",
                "lower": _coordinates(lower),
                "upper": _coordinates(upper),
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
            stored = settled.stored.entry if settled.stored else None
            return dict(stored) if stored else proved_entry(settled.obligation, evidence)
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
    text = json.dumps(document, separators=(",", ":"), allow_nan=False)
    write_whole(path, text + "\n", ProofError)


# What a replay costs

_SECONDS_PER_ENTRY: Final = 2e-3
_SECONDS_PER_LEAF: Final = 4e-6
_SECONDS_PER_STEP: Final = 0.25e-6
_SECONDS_PER_ELEMENTARY: Final = 15e-6
_SECONDS_PER_COEFFICIENT: Final = 2e-6
_SECONDS_PER_GRAM_ENTRY: Final = 2e-4
_SECONDS_PER_NODE_READ: Final = 7e-6
_SECONDS_PER_AFFINE_LEAF: Final = 60e-6
_SECONDS_PER_PRODUCT: Final = 0.016e-6
_SECONDS_PER_LINE: Final = 6e-6
_SECONDS_PER_FLATTENING: Final = 3e-4
_ELEMENTARY: Final = frozenset(
    {Op.SIN, Op.COS, Op.TAN, Op.ASIN, Op.ACOS, Op.ATAN, Op.SINH, Op.COSH, Op.TANH, Op.EXP, Op.LOG}
)
_LINEAR: Final = frozenset({Op.ADD, Op.SUB, Op.NEG})


def replay_seconds(obligation: Obligation, evidence: Evidence) -> float:
    """An estimate of the time that the checker will take, within a factor of about two."""
    match evidence:
        case Cover():
            return _SECONDS_PER_ENTRY + _cover_seconds(obligation, evidence)
        case SumOfSquares(cases):
            entries = sum(len(gram.matrix) for case in cases for _, gram in case.cone)
            return _SECONDS_PER_ENTRY + entries * _SECONDS_PER_GRAM_ENTRY
        case SquareFactor(_, _, inner) | Vanishing(_, inner) | Exponentials(_, _, _, inner):
            return _SECONDS_PER_ENTRY + replay_seconds(obligation, inner)
        case Sum(parts):
            return sum(replay_seconds(obligation, inner) for _, _, inner in parts)
        case Either(first, others):
            return replay_seconds(obligation, first) + replay_seconds(obligation, others)
        case _:
            return 0.0


def _cover_seconds(obligation: Obligation, cover: Cover) -> float:
    counts = Counter(cover.nodes)
    steps, functions = _evaluation_seconds(*obligation.roots)
    once = _SECONDS_PER_LEAF + steps + functions
    affine = _affine_leaf_seconds(obligation)
    total = _SECONDS_PER_NODE_READ * sum(1 for _ in ex.postorder(*obligation.roots))
    for i, reason in enumerate(cover.reasons):
        if isinstance(reason, Bounded) and reason.form is Form.AFFINE:
            total += _SECONDS_PER_FLATTENING + counts[i] * affine
        else:
            total += counts[i] * _leaf_seconds(obligation, reason, once, steps)
    return total


def _leaf_seconds(obligation: Obligation, reason: LeafReason, once: float, steps: float) -> float:
    """What one leaf with this reason costs.

    ``once`` is an evaluation of the claim, ``steps`` one without its functions.
    """
    dimension = len(obligation.region.variables)
    if isinstance(reason, Infeasible):
        region = obligation.region
        named = [*region.box_atoms(), *atoms(region.formula)]
        roots = [named[n].expr for n in reason.atoms if n < len(named)]
        return _SECONDS_PER_LEAF + sum(_evaluation_seconds(*roots))
    if isinstance(reason, Convex):
        return once * (2 + dimension) * dimension
    if reason.form is Form.BERNSTEIN:
        return once + _SECONDS_PER_COEFFICIENT * _coefficients(obligation)
    if reason.form is Form.MEAN_VALUE:
        # Of many slopes most keep their values from one leaf to the next, and so do functions.
        return once + min(dimension, 3) * steps
    return once


def _coefficients(obligation: Obligation) -> int:
    """At most so many Bernstein coefficients, by the claim's degree in each of its variables."""
    total = 1
    for name in obligation.region.variables:
        degree: dict[Expr, int] = {}
        for node in ex.postorder(obligation.expr):
            below = [degree[argument] for argument in node.args]
            match node.op:
                case Op.VAR:
                    degree[node] = int(node.value == name)
                case Op.POW:
                    degree[node] = below[0] * int(str(node.value))
                case Op.MUL:
                    degree[node] = sum(below)
                case _:
                    degree[node] = max(below, default=0)
        total *= degree[obligation.expr] + 1
    return total


def _affine_leaf_seconds(obligation: Obligation) -> float:
    """A leaf takes a product per weight and coefficient, and a line per nonlinear term.

    What else must be defined is evaluated by itself.
    """
    lines = weights = tabled = 0
    inside = set(ex.postorder(obligation.expr))
    apart = [root for root in obligation.defined if not (root.total or root in inside)]
    for node in ex.postorder(*obligation.roots):
        if node.op in _LINEAR or (node.op is Op.MUL and node.args[0].constant is not None):
            weights += 1
        else:
            lines += bool(node.args)
            tabled += node.op in _ELEMENTARY and node.op not in (Op.TANH, Op.EXP)
    return (
        _SECONDS_PER_AFFINE_LEAF
        + lines * _SECONDS_PER_LINE
        + weights * (len(obligation.region.variables) + 5) * _SECONDS_PER_PRODUCT
        + tabled * 3 * _SECONDS_PER_ELEMENTARY
        + sum(_evaluation_seconds(*apart))
    )


def _evaluation_seconds(*roots: Expr) -> tuple[float, float]:
    """What an evaluation costs, first without functions such as sin and exp, and what they do."""
    slow = [node.op in _ELEMENTARY for node in ex.postorder(*roots)]
    return slow.count(False) * _SECONDS_PER_STEP, slow.count(True) * _SECONDS_PER_ELEMENTARY
