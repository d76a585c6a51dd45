"""What about an obligation makes it hard? A few numbers, read off its structure.

Soundness does not depend on this file.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from bcv import expr as ex
from bcv.expr import Expr, Op
from bcv.gradient import KINKED
from bcv.obligation import Obligation
from bcv.outcome import Hints
from bcv.region import Relation, atoms

_ALGEBRAIC: Final = KINKED | {
    Op.CONST, Op.VAR, Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.NEG, Op.POW,
}  # fmt: skip
_LARGEST_DEGREE: Final = 1000
_MANY: Final = 15
"""Monomials beyond which their number rules the cost of proofs; below, other features do."""
_MOST: Final = 10**6


@dataclass(frozen=True, slots=True)
class Features:
    """The structure of an obligation.

    Attributes:
        size: nodes of the expressions of claim and region.
        dimension: variables of the region.
        degree: of the claim as a polynomial, by its structure; 0 if it is not polynomial.
        kinks: nodes with abs, min, max or a branch.
        functions: nodes with any other function (sin, tanh, sqrt, pi, ...).
        bounded: the region's box is.
        surface: the region has an equality.
        zero: a point is known where the claim is exactly 0.
        monomials: how many a sum of squares of the claim's degree is made of; 0 where the
            claim is no polynomial of degree 2 or more.
        network: ``expr.is_network`` of all its nodes, and no polynomial: those of a linear system
            in many dimensions look alike.
    """

    size: int
    dimension: int
    degree: int
    kinks: int
    functions: int
    bounded: bool
    surface: bool
    zero: bool = False
    network: bool = False
    monomials: int = 0

    def vector(self) -> tuple[float, ...]:
        """The regressors, in the order of ``NAMES``.

        In a network, kinks and functions are activations: how many is said by its size, and which
        matters little.
        """
        kinks, functions = (0, 0) if self.network else (self.kinks, self.functions)
        return (
            1.0,
            math.log(1 + self.size),
            math.log(1 + self.dimension),
            float(self.degree > 0),
            math.log(1 + self.degree),
            math.log(1 + kinks),
            math.log(1 + functions),
            float(self.bounded),
            float(self.surface),
            float(self.zero),
            float(self.network),
            math.log(max(1.0, self.monomials / _MANY)),
        )


NAMES: Final = (
    "one", "log-size", "log-dimension", "polynomial", "log-degree", "log-kinks",
    "log-functions", "bounded", "surface", "zero", "network",
    "log-monomials",
)  # fmt: skip


def features_of(obligation: Obligation, hints: Hints | None = None) -> Features:
    """One pass over the nodes; costs microseconds per node, once for each obligation."""
    return replace(_structure(obligation), zero=bool(hints and hints.zeros))


@lru_cache(maxsize=32)
def _structure(obligation: Obligation) -> Features:
    region = obligation.region
    found = list(atoms(region.formula))
    degree = _degree(obligation.expr)
    dimension = len(region.variables)
    nodes = ex.postorder(*obligation.roots, *(atom.expr for atom in found))
    count = Counter([node.op for node in nodes])
    return Features(
        size=len(nodes),
        dimension=dimension,
        degree=degree,
        kinks=sum(count[op] for op in KINKED),
        functions=sum(number for op, number in count.items() if op not in _ALGEBRAIC),
        bounded=region.bounded,
        surface=any(atom.relation is Relation.EQ for atom in found),
        monomials=_monomials(dimension, (degree + 1) // 2) if degree > 1 else 0,
        network=not degree and ex.is_network(nodes),
    )


def _monomials(dimension: int, degree: int) -> int:
    return min(_MOST, math.comb(dimension + degree, min(dimension, degree)))


def _degree(root: Expr) -> int:
    """An upper bound of the polynomial's degree (at least 1), or 0 if it may be none."""
    degree: dict[Expr, int] = {}
    for node in ex.postorder(root):
        below = [degree[argument] for argument in node.args]
        match node.op:
            case Op.CONST:
                found = 0
            case Op.VAR:
                found = 1
            case Op.ADD | Op.SUB | Op.NEG:
                found = max(below)
            case Op.MUL:
                found = sum(below)
            case Op.POW:
                assert isinstance(node.value, int)
                found = below[0] * node.value
            case _:
                return 0
        degree[node] = min(found, _LARGEST_DEGREE)
    return max(1, degree[root])
