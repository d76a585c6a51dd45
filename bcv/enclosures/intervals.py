"""Which values can these expressions take on these boxes? Outward-rounded interval semantics.

Soundness depends on this file: branch and bound proves claims by it.

A value that is possibly undefined somewhere on a box poisons all that depends on it, whatever
interval it has by itself: on a box that reaches below 0, tanh(log(x)) is [-inf, +inf] and never
[-1, 1]. So each register whose value can be undefined has a mask beside it, and a root's mask
turns its enclosure into the whole line at the end. SELECT alone can stop the poison: where its
condition is strictly signed, the branch not taken does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bcv.enclosures import interval_arithmetic as arithmetic
from bcv.enclosures import interval_functions as functions
from bcv.enclosures.assumptions import (
    MAX_FLOAT,
    PI_HI,
    PI_LO,
    check_machine,
    check_rounding,
    enclosing_floats,
)
from bcv.enclosures.interval_arithmetic import FLAGGED, Interval, Kernel, Mask, Scratch
from bcv.enclosures.tape import Constant, Instruction, Tape
from bcv.expr import Op

Array = NDArray[np.float64]

_BLOCK: Final = 8192
"""Boxes that are worked on at a time: the registers of a usual tape then fit the L2 cache."""

_MEMORY: Final = 64 << 20
"""Bytes that the registers may take; a tape with very many of them gets shorter blocks."""

_KERNELS: Final[dict[Op, Kernel]] = {
    Op.ADD: arithmetic.add,
    Op.SUB: arithmetic.subtract,
    Op.MUL: arithmetic.multiply,
    Op.DIV: arithmetic.divide,
    Op.NEG: arithmetic.negate,
    Op.POW: arithmetic.power,
    Op.ABS: arithmetic.absolute,
    Op.MIN: arithmetic.minimum,
    Op.MAX: arithmetic.maximum,
    Op.SELECT: arithmetic.select,
    Op.SIN: functions.sin,
    Op.COS: functions.cos,
    Op.TAN: functions.tan,
    Op.ASIN: functions.asin,
    Op.ACOS: functions.acos,
    Op.ATAN: functions.atan,
    Op.SINH: functions.sinh,
    Op.COSH: functions.cosh,
    Op.TANH: functions.tanh,
    Op.EXP: functions.exp,
    Op.LOG: functions.log,
    Op.SQRT: functions.sqrt,
}


@dataclass(frozen=True, slots=True)
class _Step:
    """An instruction with its kernel; operands are registers or constants (``~i``).

    ``partial`` tells, per operand, if a mask says where it is undefined; ``masked`` tells if the
    result has a mask.
    """

    kernel: Kernel
    op: Op
    operands: tuple[int, ...]
    out: int
    exponent: int
    partial: tuple[bool, ...]
    masked: bool


class _Workspace:
    """Registers, masks and scratch of one width, as views of the machine's memory."""

    def __init__(self, memory: Array, masks: Mask, scratch: Array, width: int) -> None:
        self.registers = [row[: 2 * width].reshape(2, width) for row in memory]
        self.masks = [row[:width] for row in masks]
        self.scratch = Scratch(scratch, width)


class IntervalMachine:
    """Runs a tape on batches of boxes. It owns its work arrays: one machine per thread.

    Args:
        tape: the program.
        capacity: the largest batch that is expected; larger ones work too, block by block.

    Raises UnsoundArithmeticError if this process's arithmetic fails the self-test.
    """

    def __init__(self, tape: Tape, capacity: int = _BLOCK) -> None:
        check_machine()
        self.tape = tape
        affordable = _MEMORY // (16 * max(1, tape.registers))
        self._block = max(16, min(_BLOCK, capacity, affordable))
        self._memory = np.empty((tape.registers, 2 * self._block))
        self._scratch = np.empty(Scratch.ROWS * self._block)
        with np.errstate(**FLAGGED):
            self._constants, self._constant_masks = _constants(tape)
        self._steps, self._root_partial = _steps(tape, self._constants, self._constant_masks)
        anything = any(step.masked for step in self._steps)
        self._masks: Mask = np.zeros((tape.registers if anything else 0, self._block), np.bool_)
        self._spaces: dict[int, _Workspace] = {}

    def evaluate(self, lo: Array, hi: Array) -> tuple[Array, Array]:
        """Enclosures of the roots' values on boxes.

        Args:
            lo, hi: the boxes' ends, (n_variables, K); lo <= hi; infinite ends allowed.

        Returns:
            (lo, hi), each (n_roots, K), rounded outwards, never NaN. (-inf, +inf) where a root is
            possibly undefined somewhere on the box.

        Raises ValueError if an end is NaN or lo > hi.
        """
        return self.evaluate_masked(lo, hi)[:2]

    def evaluate_masked(self, lo: Array, hi: Array) -> tuple[Array, Array, Mask]:
        """Like ``evaluate``, and (n_roots, K) where a root is possibly undefined.

        A root that is defined can have the whole line as its enclosure, on an unbounded box.
        """
        check_rounding()
        lo, hi = np.asarray(lo, dtype=np.float64), np.asarray(hi, dtype=np.float64)
        if not np.all(lo <= hi):
            raise ValueError("a box has a lower end above its upper end, or one that is NaN")
        width = lo.shape[1]
        out_lo, out_hi = np.empty((2, len(self.tape.roots), width))
        out_undefined = np.zeros((len(self.tape.roots), width), dtype=np.bool_)
        with np.errstate(**FLAGGED):
            for start in range(0, width, self._block):
                part = slice(start, min(width, start + self._block))
                ends, out = (lo[:, part], hi[:, part]), (out_lo[:, part], out_hi[:, part])
                self._evaluate_block(*ends, *out, out_undefined[:, part])
        return out_lo, out_hi, out_undefined

    def _space(self, width: int) -> _Workspace:
        found = self._spaces.get(width)
        if found is None:
            # Views for the full width and for one more are kept: batches end with a short block.
            self._spaces = {w: s for w, s in self._spaces.items() if w == self._block}
            found = self._spaces[width] = _Workspace(
                self._memory, self._masks, self._scratch, width
            )
        return found

    def _evaluate_block(
        self, lo: Array, hi: Array, out_lo: Array, out_hi: Array, out_undefined: Mask
    ) -> None:
        space = self._space(lo.shape[1])
        for index, register in self.tape.inputs:
            rows = space.registers[register]
            np.negative(lo[index], out=rows[0])
            rows[1] = hi[index]
            np.maximum(rows, -MAX_FLOAT, out=rows)
        for step in self._steps:
            self._run(step, space)
        for row, root in enumerate(self.tape.roots):
            value = space.registers[root] if root >= 0 else self._constants[~root]
            np.subtract(0.0, value[0], out=out_lo[row])
            out_hi[row] = value[1]
            if self._root_partial[row]:
                undefined = space.masks[root] if root >= 0 else self._constant_masks[~root]
                out_undefined[row] = undefined
                np.copyto(out_lo[row], -np.inf, where=undefined)
                np.copyto(out_hi[row], np.inf, where=undefined)

    def _run(self, step: _Step, space: _Workspace) -> None:
        registers, constants = space.registers, self._constants
        operands = [registers[i] if i >= 0 else constants[~i] for i in step.operands]
        undefined = step.kernel(registers[step.out], operands, step.exponent, space.scratch)
        if not step.masked:
            return
        masks = [
            (space.masks[i] if i >= 0 else self._constant_masks[~i]) if partial else None
            for i, partial in zip(step.operands, step.partial, strict=True)
        ]
        _spread(space.masks[step.out], step.op, operands, masks, undefined)


def _spread(
    out: Mask,
    op: Op,
    operands: Sequence[Interval],
    masks: Sequence[Mask | None],
    undefined: Mask | None,
) -> None:
    """out := where the result is possibly undefined, by itself or through an operand."""
    if undefined is None:
        out[...] = False
    else:
        out[...] = undefined
    taken: Sequence[Mask | None] = (None,) * len(operands)
    if op is Op.SELECT:
        condition = operands[0]
        taken = (None, condition[1] >= 0.0, condition[0] >= 0.0)
    for mask, where in zip(masks, taken, strict=True):
        if mask is not None:
            np.logical_or(out, mask if where is None else mask & where, out=out)


def _constants(tape: Tape) -> tuple[list[Interval], list[Mask]]:
    """Enclosures of the tape's constants as rows (-lo, hi), shape (2, 1), and their masks."""
    values: list[Interval] = []
    masks: list[Mask] = []
    scratch = Scratch(np.empty(Scratch.ROWS), 1)
    for constant in tape.constants:
        value, mask = np.empty((2, 1)), np.zeros(1, np.bool_)
        if constant.op in (Op.CONST, Op.PI):
            lo, hi = _leaf(constant)
            value[:, 0] = -lo, hi
            np.maximum(value, -MAX_FLOAT, out=value)
        else:
            operands = [values[~i] for i in constant.operands]
            undefined = _KERNELS[constant.op](value, operands, constant.exponent, scratch)
            _spread(mask, constant.op, operands, [masks[~i] for i in constant.operands], undefined)
        values.append(value)
        masks.append(mask)
    return values, masks


def _leaf(constant: Constant) -> tuple[float, float]:
    return (PI_LO, PI_HI) if constant.op is Op.PI else enclosing_floats(constant.value)


def _steps(
    tape: Tape, constants: Sequence[Interval], constant_masks: Sequence[Mask]
) -> tuple[tuple[_Step, ...], tuple[bool, ...]]:
    """The instructions with their kernels; and per root, if it has a mask."""
    has_mask = [False] * tape.registers

    def partial(operand: int) -> bool:
        return has_mask[operand] if operand >= 0 else bool(constant_masks[~operand].any())

    steps = []
    for instruction in tape.instructions:
        flags = tuple(map(partial, instruction.operands))
        steps.append(_step(instruction, flags, constants))
        has_mask[instruction.out] = instruction.partial
    return tuple(steps), tuple(map(partial, tape.roots))


def _step(
    instruction: Instruction, flags: tuple[bool, ...], constants: Sequence[Interval]
) -> _Step:
    kernel, operands = _KERNELS[instruction.op], instruction.operands
    if instruction.op is Op.MUL and min(operands) < 0:
        constant = min(operands)
        scale = arithmetic.scale_by(constants[~constant])
        if scale is not None:
            other = operands.index(constant) ^ 1
            kernel, operands, flags = scale, (operands[other],), (flags[other],)
    return _Step(
        kernel,
        instruction.op,
        operands,
        instruction.out,
        instruction.exponent,
        flags,
        instruction.partial,
    )
