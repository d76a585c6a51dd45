"""How low does an expression get on a box, if its dependence on the variables is kept?

Soundness depends on this file, and on a matrix product that sums in some order (as BLAS does).

On a box with centre c and half-widths r, every sub-term is enclosed by an affine form

    a_0 + sum_i a_i * e_i + theta,   e_i = (x_i - c_i) / r_i in [-1, 1],  |theta| <= error,

next to an interval. Sums and constant multiples are exact, so a layer of a neural network is one
matrix product over a batch of boxes; a smooth function is replaced by its tangent, its mean slope
or its range, whichever errs least; relu by the chord (Stolfi, de Figueiredo: "Self-validated
numerical methods and applications", 1997). These ranges known, a backward pass replaces every
sub-term by its line in its operands, so that errors meet the signs of the weights behind them and
not their sizes (Zhang et al.: "Efficient neural network robustness certification", 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv.enclosures import affine_functions as functions
from bcv.enclosures.affine_functions import Rows
from bcv.enclosures.affine_program import Group, Program, compile_program
from bcv.expr import Expr

Array = NDArray[np.float64]

_UNIT: Final = 2.0**-53
_SLACK: Final = 2.0**-44
_TINY: Final = 1e-290


@dataclass(frozen=True, slots=True)
class Line:
    """A group's values: sum_k slopes[k]*args[k] + offset, erring by error; and their ranges."""

    slopes: tuple[Array, ...]
    offset: Array
    error: Array
    lo: Array
    hi: Array


@dataclass(frozen=True, slots=True)
class Trace:
    """A forward pass: the boxes, the atoms' forms, and the line of each group."""

    middle: Array
    half: Array
    table: Forms
    lines: tuple[Line, ...]


@dataclass(slots=True)
class Forms:
    """M sub-terms over K boxes.

    Attributes:
        terms: (M, n + 1, K): a_0, then a_1 ... a_n.
        error: (M, K).
        lo, hi: (M, K) an interval, often tighter than the form.
    """

    terms: Array
    error: Array
    lo: Array
    hi: Array

    @property
    def reach(self) -> Array:
        """(M, K) how far the sub-term gets from a_0, rounded up."""
        spread = (np.abs(self.terms[:, 1:]).sum(axis=1) + self.error) * (1.0 + _SLACK)
        inner = np.maximum(self.hi - self.terms[:, 0], self.terms[:, 0] - self.lo)
        return np.asarray(np.minimum(spread, inner * (1.0 + _SLACK) + _TINY))

    def narrowed(self) -> Forms:
        """The same, with each interval cut by the form's own range."""
        spread = (np.abs(self.terms[:, 1:]).sum(axis=1) + self.error) * (1.0 + _SLACK)
        spread += np.abs(self.terms[:, 0]) * 2.0**-52
        np.maximum(self.lo, self.terms[:, 0] - spread, out=self.lo)
        np.minimum(self.hi, self.terms[:, 0] + spread, out=self.hi)
        return self


class AffineMachine:
    """Evaluates roots over batches of bounded boxes.

    Everywhere the error covers rounding, and an infinite or NaN entry says nothing. Of ``others``
    it is only asked whether they have values.
    """

    def __init__(
        self, roots: Sequence[Expr], variables: Sequence[str], others: Sequence[Expr] = ()
    ) -> None:
        program = compile_program([*roots, *others], variables)
        self.program: Program = replace(program, roots=program.roots.first(len(roots)))
        self.dimension = len(variables)

    @property
    def size(self) -> int:
        """How many numbers a box takes while it is evaluated."""
        return self.program.atoms * (self.dimension + 8)

    def trace(self, lo: Array, hi: Array) -> Trace:
        """The forward pass over boxes (n, K)."""
        with np.errstate(all="ignore"):
            middle = lo + (hi - lo) * 0.5
            half = np.maximum(hi - middle, middle - lo) * (1.0 + 2.0**-51)
            table = self._variables(lo, hi, middle, half)
            lines = []
            for group in self.program.groups:
                args = [_combined(rows, table) for rows in group.args]
                line = _line(group, args)
                lines.append(line)
                _store(_applied(line, args), table, group.start)
            return Trace(middle, half, table, tuple(lines))

    @staticmethod
    def defined(trace: Trace) -> NDArray[np.bool_]:
        """(K,) where every sub-term of the roots and of the others certainly has a value.

        An atom has an interval only where it has values all over the intervals of its operands.
        """
        found = np.isfinite(trace.table.lo) & np.isfinite(trace.table.hi)
        return np.asarray(found.all(axis=0))

    def roots(self, trace: Trace) -> Forms:
        """The roots' forms by the forward pass alone; NaN where something may be undefined."""
        with np.errstate(all="ignore"):
            return _combined(self.program.roots, trace.table)

    def backward(self, trace: Trace, factors: Array) -> tuple[Array, Array]:
        """The form of sum_r factors[r] * root[r], for factors (R, K).

        Returns its terms (n + 1, K) and its error (K,).
        """
        with np.errstate(all="ignore"):
            return _Backward(self.program, trace, factors).form()

    def lower(self, trace: Trace, factors: Array, margin: float) -> Array:
        """(K,) a lower bound of sum_r factors[r] * root[r], by Form.AFFINE; -inf for none.

        It is lower by ``margin`` times the magnitudes of which it is made.
        """
        with np.errstate(all="ignore"):
            backward = _Backward(self.program, trace, factors)
            natural, size = backward.natural()
            terms, error = backward.form()
            spread = np.abs(terms[1:]).sum(axis=0) + error
            bound = terms[0] - spread - margin * (np.abs(terms[0]) + spread)
            bounds = np.stack([bound, natural - margin * size])
            return np.asarray(np.nan_to_num(bounds, nan=-np.inf).max(axis=0))

    def _variables(self, lo: Array, hi: Array, middle: Array, half: Array) -> Forms:
        n, count = lo.shape
        size = self.program.atoms
        table = Forms(
            np.zeros((size, n + 1, count)),
            np.zeros((size, count)),
            np.empty((size, count)),
            np.empty((size, count)),
        )
        axes = np.arange(n)
        table.terms[axes, 0], table.terms[axes, axes + 1] = middle, half
        table.lo[:n], table.hi[:n] = lo, hi
        return table


def _store(made: Forms, table: Forms, start: int) -> None:
    part = slice(start, start + made.error.shape[0])
    table.terms[part], table.error[part] = made.terms, made.error
    table.lo[part], table.hi[part] = made.lo, made.hi


def _combined(rows: Rows, table: Forms) -> Forms:
    """Affine combinations of atoms: one matrix product for all of them."""
    used = rows.columns
    weights, size = rows.weights, rows.weights.shape[0]
    terms = table.terms[used]
    _, width, count = terms.shape
    result = (weights @ terms.reshape(len(used), width * count)).reshape(size, width, count)
    result[:, 0] += rows.constants[:, None]
    big = np.abs(weights)
    shift = np.abs(rows.constants)[:, None]
    # A dot product of m terms errs by m units of the sum of magnitudes; weights by one each.
    unit = 4.0 * (len(used) + 8) * _UNIT
    magnitude = big @ np.abs(terms).sum(axis=1) + shift
    error = (big @ table.error[used]) * (1.0 + unit) + unit * magnitude + _TINY
    up, down = np.maximum(weights, 0.0), np.minimum(weights, 0.0)
    lo, hi = table.lo[used], table.hi[used]
    slack = unit * (big @ np.maximum(np.abs(lo), np.abs(hi)) + shift) + _TINY
    middle = rows.constants[:, None]
    least, most = up @ lo + down @ hi + middle, up @ hi + down @ lo + middle
    return Forms(result, error, least - slack, most + slack).narrowed()


def _line(group: Group, args: list[Forms]) -> Line:
    if group.kind == "*":
        return _product(*args)
    if group.kind == "select":
        return _selected(*args)
    found = functions.relaxation(group.kind, group.exponent, args[0].lo, args[0].hi)
    return Line((found.slope,), found.offset, found.error, found.lo, found.hi)


def _applied(line: Line, args: list[Forms]) -> Forms:
    """The forms of a group."""
    terms = np.zeros_like(args[0].terms)
    terms[:, 0] = line.offset
    magnitude, error = np.abs(line.offset), line.error
    for slope, a in zip(line.slopes, args, strict=True):
        terms += slope[:, None] * a.terms
        magnitude = magnitude + np.abs(slope) * np.abs(a.terms).sum(axis=1)
        error = error + np.abs(slope) * a.error
    error = error * (1.0 + _SLACK) + _SLACK * magnitude + _TINY
    return Forms(terms, error, line.lo.copy(), line.hi.copy()).narrowed()


def _product(a: Forms, b: Forms) -> Line:
    """a*b = a_0*b + b_0*a - a_0*b_0 + (a - a_0)*(b - b_0)."""
    a0, b0 = a.terms[:, 0], b.terms[:, 0]
    offset = -a0 * b0
    error = a.reach * b.reach * (1.0 + _SLACK) + _SLACK * np.abs(offset) + _TINY
    ends = np.stack([a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi])
    slack = np.abs(ends).max(axis=0) * _SLACK + _TINY
    return Line((b0, a0), offset, error, ends.min(axis=0) - slack, ends.max(axis=0) + slack)


def _selected(condition: Forms, then: Forms, otherwise: Forms) -> Line:
    """One branch where the condition has a sign, else the mean of both and half their distance."""
    up, down = condition.lo > 0.0, condition.hi < 0.0
    weight = np.where(up, 1.0, np.where(down, 0.0, 0.5))
    apart = np.abs(then.terms - otherwise.terms).sum(axis=1) + then.error + otherwise.error
    magnitude = np.abs(then.terms).sum(axis=1) + np.abs(otherwise.terms).sum(axis=1)
    error = np.where(up | down, 0.0, 0.5 * apart * (1.0 + _SLACK) + _SLACK * magnitude)
    lo = np.where(up, then.lo, np.where(down, otherwise.lo, np.minimum(then.lo, otherwise.lo)))
    hi = np.where(up, then.hi, np.where(down, otherwise.hi, np.maximum(then.hi, otherwise.hi)))
    zero = np.zeros_like(weight)
    return Line((zero, weight, 1.0 - weight), zero, error, lo, hi)


class _Backward:
    """Coefficients of the atoms still to be replaced, and what has been left behind.

    A coefficient's rounding error times the largest value of its atom goes to the error.
    """

    def __init__(self, program: Program, trace: Trace, factors: Array) -> None:
        self.program, self.trace = program, trace
        count = trace.middle.shape[1]
        self.unit = 8.0 * (program.atoms + 64) * _UNIT
        self.coefficients = np.zeros((program.atoms, count))
        self.sizes = np.zeros((program.atoms, count))
        self.constant = np.zeros(count)
        self.constant_size = np.zeros(count)
        self.error = np.zeros(count)
        self.largest = np.maximum(np.abs(trace.table.lo), np.abs(trace.table.hi))
        self._take(program.roots, factors, np.abs(factors))

    def _take(self, rows: Rows, factors: Array, sizes: Array) -> None:
        """Add factors[i] * rows[i]; ``sizes`` bound the magnitudes that made the factors."""
        self.coefficients[rows.columns] += rows.weights.T @ factors
        self.sizes[rows.columns] += np.abs(rows.weights.T) @ sizes
        self.constant += rows.constants @ factors
        self.constant_size += np.abs(rows.constants) @ sizes

    def natural(self) -> tuple[Array, Array]:
        """A lower bound by the atoms' intervals, and its magnitude, before any is replaced."""
        weights = self.coefficients
        ends = np.minimum(weights * self.trace.table.lo, weights * self.trace.table.hi)
        ends = np.where(self.sizes == 0.0, 0.0, ends)
        size = np.where(self.sizes == 0.0, 0.0, self.sizes * self.largest).sum(axis=0)
        size += self.constant_size
        return self.constant + ends.sum(axis=0) - self.unit * size - _TINY, size

    def form(self) -> tuple[Array, Array]:
        for group, line in zip(
            reversed(self.program.groups), reversed(self.trace.lines), strict=True
        ):
            part = slice(group.start, group.start + line.offset.shape[0])
            here, size = self.coefficients[part], np.abs(self.coefficients[part])
            self.error += (size * line.error).sum(axis=0)
            self.error += self.unit * (self.sizes[part] * self.largest[part]).sum(axis=0)
            self.constant += (here * line.offset).sum(axis=0)
            self.constant_size += (size * np.abs(line.offset)).sum(axis=0)
            for rows, slope in zip(group.args, line.slopes, strict=True):
                self._take(rows, here * slope, size * np.abs(slope))
        n = self.trace.middle.shape[0]
        here = self.coefficients[:n]
        terms = np.empty((n + 1, here.shape[1]))
        terms[0] = self.constant + (here * self.trace.middle).sum(axis=0)
        terms[1:] = here * self.trace.half
        rounding = self.constant_size + 2.0 * (self.sizes[:n] * self.largest[:n]).sum(axis=0)
        rounding += (np.abs(here) * (np.abs(self.trace.middle) + self.trace.half)).sum(axis=0)
        return terms, self.error * (1.0 + _SLACK) + self.unit * rounding + _TINY
