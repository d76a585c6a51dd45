"""What is known of the claim and of the region on a batch of boxes?

Soundness depends on this file: it turns enclosures into "proved" and "missed".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv import expr as ex
from bcv.enclosures import floats
from bcv.enclosures.intervals import IntervalMachine
from bcv.enclosures.tape import Tape, compile_tape
from bcv.expr import Expr, Op
from bcv.obligation import Obligation
from bcv.paving import mean_value as mv
from bcv.paving.boxes import Boxes
from bcv.paving.contraction import Constraint, Contractor
from bcv.paving.polynomial_bounds import PolynomialBounds
from bcv.paving.region_test import RegionTest
from bcv.paving.splitting import midpoints
from bcv.region import Relation

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_MAX_MULTIPLIER_ROWS: Final = 12
_MOST_SLOPE_OPERATIONS: Final = 100_000
"""Derivatives of expressions larger than this, times the dimension, take too long to build."""
_OFF_CENTRE: Final = 0.236
"""Slopes are sampled off the centre, where even functions would hide their variation."""


@dataclass(frozen=True, slots=True)
class Natural:
    """What natural interval evaluation says of K boxes.

    Attributes:
        bound: lower bounds of the claim's expression.
        false_part: a part of the region's formula that is certainly false, or -1.
        proved: where the claim certainly holds, and is defined.
        defined: where every root is certainly defined.
        open_atoms: (atoms, K) where an atom is not certainly true.
    """

    bound: Floats
    false_part: NDArray[np.int32]
    proved: Mask
    defined: Mask
    open_atoms: Mask


def _finite_box(lo: Floats, hi: Floats) -> tuple[Floats, Floats]:
    """A part of the box next to its finite ends."""
    low = np.where(np.isinf(lo), np.where(np.isinf(hi), -1.0, hi - 1.0), lo)
    return low, np.where(np.isinf(hi), low + 2.0, hi)


class Bounds:
    """The machines that bound one obligation's expressions over boxes."""

    def __init__(self, obligation: Obligation, capacity: int) -> None:
        self.obligation = obligation
        self.test = RegionTest.of(obligation.region)
        names = obligation.region.variables
        expressions = [atom.expr for atom in self.test.atoms]
        partial = [root for root in obligation.roots if not root.total]
        self._partial = slice(1, 1 + len(partial))
        self._first_atom = 1 + len(partial)
        tape = compile_tape([obligation.expr, *partial, *expressions], names)
        self._natural = IntervalMachine(tape, capacity)
        self.operations = max(1, len(tape.instructions))
        self.usable = np.array(self._multiplier_rows(), dtype=np.intp)
        self.free = np.array(
            [self.test.atoms[row].relation is Relation.EQ for row in self.usable], dtype=np.bool_
        )
        self.positive = np.array(
            [self.test.atoms[row].relation is Relation.GT for row in self.usable], dtype=np.bool_
        )
        self.surface = bool(self.free.any())
        self._all_total = not partial
        self._affordable = self.operations * len(names) <= _MOST_SLOPE_OPERATIONS
        self.has_slopes = bool(names) and self._affordable and _smooth(obligation.expr)
        self._capacity = capacity
        self._known_gradients: dict[Expr, list[Expr]] = {}

    def _multiplier_rows(self) -> list[int]:
        """Atoms that multipliers may use, equalities first."""
        rows = sorted(
            self.test.usable, key=lambda row: self.test.atoms[row].relation is not Relation.EQ
        )
        smooth = [row for row in rows if _smooth(self.test.atoms[row].expr)]
        return smooth[:_MAX_MULTIPLIER_ROWS]

    # Many a claim is settled by its first box: derivatives are built when they are asked for.

    @cached_property
    def _rows(self) -> list[Expr]:
        return [self.obligation.expr, *(self.test.atoms[row].expr for row in self.usable)]

    @cached_property
    def _values(self) -> IntervalMachine:
        return self._machine(self._rows)

    @cached_property
    def _values_constants(self) -> list[Floats]:
        return floats.constant_values(self._values.tape)

    @cached_property
    def _gradients(self) -> list[Expr]:
        return [slope for root in self._rows for slope in self._gradient(root)]

    def _gradient(self, root: Expr) -> list[Expr]:
        """The derivatives of one root, which several tapes ask for."""
        if root not in self._known_gradients:
            names = self.obligation.region.variables
            self._known_gradients[root] = [ex.derivative(root, name) for name in names]
        return self._known_gradients[root]

    @cached_property
    def _slopes(self) -> IntervalMachine:
        return self._machine(self._gradients)

    @cached_property
    def _cancelled_slopes(self) -> IntervalMachine | None:
        """The slopes again, where cancelling may tell more of them far out: x/x is not 0*inf."""
        region, slopes = self.obligation.region, self._gradients
        if region.bounded or all(node.op is not Op.DIV for node in ex.postorder(*slopes)):
            return None
        from bcv.rewriting.normal_form import as_quotient

        return self._machine([as_quotient(slope) or slope for slope in slopes])

    def _machine(self, roots: list[Expr]) -> IntervalMachine:
        return IntervalMachine(
            compile_tape(roots, self.obligation.region.variables), self._capacity
        )

    @cached_property
    def contractor(self) -> Contractor:
        """Narrows boxes to where the region is and the claim fails."""
        strict = self.obligation.strict
        claim = Constraint(self.obligation.expr, -np.inf, 0.0, open=not strict)
        wanted = [claim] if self._all_total else []
        for row in self.test.usable:
            atom = self.test.atoms[row]
            most = 0.0 if atom.relation is Relation.EQ else np.inf
            wanted.append(Constraint(atom.expr, 0.0, most, open=atom.relation is Relation.GT))
        return Contractor(wanted, self.obligation.region.variables, self._capacity)

    @cached_property
    def polynomial(self) -> PolynomialBounds | None:
        """Bounds by coefficients, if the claim's expression is a small polynomial."""
        return PolynomialBounds.of(self.obligation.expr, self.obligation.region.variables)

    @cached_property
    def _estimate(self) -> tuple[Tape, list[Floats]]:
        names = self.obligation.region.variables
        roots = [self.obligation.expr, *(atom.expr for atom in self.test.atoms)]
        varying = roots if self._affordable else [ex.ZERO] * len(roots)
        slopes = [slope for root in varying for slope in self._gradient(root)]
        tape = compile_tape([*roots, *slopes], names)
        return tape, floats.constant_values(tape)

    def natural(self, boxes: Boxes) -> Natural:
        """Enclose everything by natural interval evaluation."""
        lo, hi, undefined = self._natural.evaluate_masked(boxes.lo, boxes.hi)
        defined: Mask = ~np.logical_or.reduce(undefined[self._partial], axis=0)
        atoms = slice(self._first_atom, None)
        return Natural(
            lo[0],
            self.test.false_part(lo[atoms], hi[atoms]),
            defined & self.sufficient(lo[0]),
            defined,
            self.test.open_atoms(lo[atoms], hi[atoms]),
        )

    def sufficient(self, bound: Floats, multipliers: Floats | None = None) -> Mask:
        """Which lower bounds of g, less the terms of (J, K) multipliers, prove the claim.

        With m > 0 and h > 0, g - m h >= 0 makes g positive.
        """
        if not self.obligation.strict:
            return bound >= 0.0
        if multipliers is None:
            return bound > 0.0
        positive = (multipliers[self.positive] > 0.0).any(axis=0)
        return np.where(positive, bound >= 0.0, bound > 0.0)

    def slopes(self, boxes: Boxes) -> tuple[Floats, Floats]:
        """(1 + J, n, K) enclosures of the gradients of the claim and of the usable atoms."""
        lo, hi, undefined = self._slopes.evaluate_masked(boxes.lo, boxes.hi)
        if self._cancelled_slopes is not None:
            least, most = self._cancelled_slopes.evaluate(boxes.lo, boxes.hi)
            lo = np.where(undefined, lo, np.maximum(lo, least))
            hi = np.where(undefined, hi, np.minimum(hi, most))
        shape = (len(self._rows), boxes.lo.shape[0], boxes.count)
        return lo.reshape(shape), hi.reshape(shape)

    def mean_value(
        self, boxes: Boxes, slopes: tuple[Floats, Floats], multipliers: Floats
    ) -> Floats:
        """(K,) lower bounds of the claim's expression, less the multipliers' terms."""
        with np.errstate(all="ignore"):
            least, most = mv.combined_slopes(*slopes, multipliers)
            centre = mv.centres(boxes.lo, boxes.hi, least, most)
            value = mv.combined_values(*self._values.evaluate(centre, centre), multipliers)
            return mv.lower_bounds(value, least, most, boxes.lo, boxes.hi, centre)

    def middle_values(self, boxes: Boxes) -> Floats:
        """(1 + J, K) estimates of the claim's expression and the usable atoms at the middles."""
        middles = midpoints(boxes.lo, boxes.hi)
        return floats.evaluate(self._values.tape, middles, self._values_constants)

    def estimates(self, boxes: Boxes) -> tuple[Floats, Floats, Floats]:
        """A point of each box (n, K), and there the values (1 + atoms, K) of the claim and all
        atoms; and about the largest slopes (1 + atoms, n, K) on the box. Floats; NaN if undefined.
        """
        lo, hi = _finite_box(boxes.lo, boxes.hi)
        points = lo + _OFF_CENTRE * (hi - lo)
        # Boxes on which the slope vanishes at one sample gather; at a second one it does not.
        both = np.concatenate([points, hi - _OFF_CENTRE * (hi - lo)], axis=1)
        found = floats.evaluate(self._estimate[0], both, self._estimate[1])
        rows, count = 1 + len(self.test.atoms), boxes.count
        slopes = found[rows:].reshape(rows, boxes.lo.shape[0], 2, count)
        return (
            points,
            found[:rows, :count],
            np.fmax(np.abs(slopes[:, :, 0]), np.abs(slopes[:, :, 1])),
        )

    def slopes_at(self, points: Floats) -> Floats:
        """(1 + atoms, n, K) estimates of the slopes at points."""
        found = floats.evaluate(self._estimate[0], points, self._estimate[1])
        rows = 1 + len(self.test.atoms)
        return found[rows:].reshape(rows, *points.shape)


def _smooth(root: Expr) -> bool:
    """Whether the mean value form may be used at all."""
    return all(node.op is not Op.SELECT for node in ex.postorder(root))
