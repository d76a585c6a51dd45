"""What do a claim and its region look like in floats? Values and slopes at batches of points.

Soundness does not depend on this file: everything here is an estimate.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv import expr as ex
from bcv.enclosures.floats import constant_values, evaluate
from bcv.enclosures.tape import compile_tape
from bcv.expr import Expr, Op
from bcv.falsify.periods import period
from bcv.obligation import Obligation
from bcv.region import And, Atom, Formula, Region, Relation

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Indices = NDArray[np.intp]

MAX_CELLS: Final = 64
MAX_HAZARDS: Final = 8
_STEP: Final = 2.0**-18
_LARGEST: Final = Fraction(10**300)


@dataclass(frozen=True, slots=True)
class Cell:
    """A conjunction of atoms; the region is the union of its cells.

    ``rows`` are the atoms' rows in ``Landscape.values``; ``surface`` marks those that are
    equalities, ``strict`` those that must be positive.
    """

    atoms: tuple[Atom, ...]
    rows: Indices
    surface: Mask
    strict: Mask

    @property
    def thin(self) -> bool:
        """Whether an equality leaves no interior."""
        return bool(self.surface.any())

    @property
    def surfaces(self) -> tuple[Expr, ...]:
        """The expressions of the equalities."""
        return tuple(atom.expr for atom in self.atoms if atom.relation is Relation.EQ)

    def part(self, chosen: Mask) -> Cell:
        """The conjunction of some of the atoms."""
        atoms = tuple(atom for atom, keep in zip(self.atoms, chosen, strict=True) if keep)
        return Cell(atoms, self.rows[chosen], self.surface[chosen], self.strict[chosen])


@dataclass(frozen=True, slots=True)
class Landscape:
    """An obligation as functions of points of shape (variables, K).

    Attributes:
        evaluate: gives rows of values: of the claim's expression and the others that must be
            defined (``roots`` of them), then the region's atoms, then the hazards.
        hazards: rows of expressions that come near 0 only where something becomes undefined.
        lo, hi: the box, shape (variables,), with infinities; of a variable without bounds in which
            all is periodic, one period.
        deadline: a value of ``time.monotonic()``; every loop ends soon after it.
    """

    obligation: Obligation
    evaluate: Callable[[Array], Array]
    roots: int
    cells: tuple[Cell, ...]
    hazards: tuple[int, ...]
    lo: Array
    hi: Array
    deadline: float

    def late(self) -> bool:
        """Whether time is up."""
        return time.monotonic() > self.deadline

    def values(self, points: Array) -> Array:
        """(variables, K) -> (rows, K); NaN where undefined."""
        return self.evaluate(points)

    def scale(self, points: Array) -> Array:
        """A natural length per coordinate and point: half the side, or |x| where it is endless."""
        half = 0.5 * (self.hi - self.lo)
        ball = np.maximum(np.abs(points), 1.0)
        return np.where(np.isfinite(half)[:, None], half[:, None], ball)

    def clip(self, points: Array) -> Array:
        """The nearest points of the box."""
        return np.clip(points, self.lo[:, None], self.hi[:, None])

    def slopes(self, points: Array) -> tuple[Array, Array]:
        """Values (rows, K) and slopes per scaled coordinate (rows, variables, K), both finite.

        Central differences: the kinks of min, max and abs need no care, and no derivative has
        to be built. An undefined value counts as 0.
        """
        n, count = points.shape
        step = _STEP * np.minimum(self.scale(points), np.maximum(np.abs(points), 1e-2))
        around = np.repeat(points[:, None, :], 2 * n + 1, axis=1)
        for i in range(n):
            around[i, 1 + i] += step[i]
            around[i, 1 + n + i] -= step[i]
        flat = self.values(around.reshape(n, (2 * n + 1) * count))
        found = flat.reshape(len(flat), 2 * n + 1, count)
        width = np.stack([around[i, 1 + i] - around[i, 1 + n + i] for i in range(n)])
        with np.errstate(all="ignore"):
            rise = (found[:, 1 : n + 1] - found[:, n + 1 :]) / width
            rise = rise * self.scale(points)
        return (
            np.nan_to_num(found[:, 0], nan=0.0, posinf=1e300, neginf=-1e300),
            np.nan_to_num(rise, nan=0.0, posinf=1e150, neginf=-1e150),
        )

    def excess(self, cell: Cell, values: Array) -> Array:
        """By how much each atom of the cell is missed: (atoms, K), 0 where it holds."""
        rows = values[cell.rows]
        missed = np.where(cell.surface[:, None], np.abs(rows), np.maximum(-rows, 0.0))
        return np.where(np.isnan(missed), np.inf, missed)


def disjuncts(formula: Formula, limit: int = MAX_CELLS) -> list[tuple[Atom, ...]]:
    """The formula's disjunctive normal form, cut off after ``limit`` conjunctions."""
    if isinstance(formula, Atom):
        return [(formula,)]
    parts = [disjuncts(part, limit) for part in formula.parts]
    if not isinstance(formula, And):
        return list(itertools.chain.from_iterable(parts))[:limit]
    found: list[tuple[Atom, ...]] = [()]
    for part in parts:
        found = [(*a, *b) for a in found for b in part][:limit]
    return found


def _hazards(roots: tuple[Expr, ...]) -> list[Expr]:
    found: dict[Expr, None] = {}
    for node in ex.postorder(*roots):
        if node.total or node.op not in (Op.DIV, Op.LOG, Op.SQRT, Op.ASIN, Op.ACOS, Op.TAN):
            continue
        a = node.args[-1] if node.op is Op.DIV else node.args[0]
        if node.op is Op.DIV:
            found[a**2] = None
        elif node.op in (Op.LOG, Op.SQRT):
            found[a] = None
        elif node.op is Op.TAN:
            found[ex.apply(Op.COS, a) ** 2] = None
        else:
            found[ex.ONE - a**2] = None
    return list(found)[:MAX_HAZARDS]


def nearest_float(x: Fraction) -> float:
    """The double next to x, or the largest one that is used here, with its sign."""
    return float(max(min(x, _LARGEST), -_LARGEST))


def _outward(region: Region) -> tuple[Array, Array]:
    lo = [-np.inf if side.lo is None else nearest_float(side.lo) for side in region.box]
    hi = [np.inf if side.hi is None else nearest_float(side.hi) for side in region.box]
    return np.array(lo), np.array(hi)


def _one_period(
    rows: tuple[Expr, ...], names: tuple[str, ...], lo: Array, hi: Array
) -> tuple[Array, Array]:
    """The box, cut to a period where it is endless and all is periodic."""
    for i, name in enumerate(names):
        if np.isfinite(lo[i]) and np.isfinite(hi[i]):
            continue
        length = period(rows, name)
        if length is not None:
            start = lo[i] if np.isfinite(lo[i]) else min(0.0, hi[i] - length)
            lo[i], hi[i] = start, start + length
    return lo, hi


def landscape_of(obligation: Obligation, deadline: float) -> Landscape:
    """Compile an obligation for sampling."""
    region = obligation.region
    conjunctions = disjuncts(region.formula)
    numbered: dict[Expr, int] = {}
    offset = len(obligation.roots)
    cells = []
    for conjunction in conjunctions:
        places = [offset + numbered.setdefault(atom.expr, len(numbered)) for atom in conjunction]
        relations = [atom.relation for atom in conjunction]
        cells.append(
            Cell(
                conjunction,
                np.array(places, dtype=np.intp),
                np.array([r is Relation.EQ for r in relations], dtype=bool),
                np.array([r is Relation.GT for r in relations], dtype=bool),
            )
        )
    hazards = _hazards(obligation.roots)
    first = offset + len(numbered)
    rows = (*obligation.roots, *numbered, *hazards)
    lo, hi = _one_period(rows, region.variables, *_outward(region))
    return Landscape(
        obligation,
        _evaluator(rows, region.variables),
        offset,
        tuple(cells),
        tuple(range(first, first + len(hazards))),
        lo,
        hi,
        deadline,
    )


def _evaluator(roots: tuple[Expr, ...], names: tuple[str, ...]) -> Callable[[Array], Array]:
    """Single steps for most expressions, and matrix products for what is as large as a network."""
    if ex.is_network(ex.postorder(*roots)):
        from bcv.enclosures import layers
        from bcv.enclosures.affine_program import compile_program

        return partial(layers.evaluate, compile_program(roots, names))
    tape = compile_tape(roots, names)
    return partial(evaluate, tape, constants=constant_values(tape))
