"""What is the value at these points, roughly? Float semantics of a tape, over batches.

Soundness does not depend on this file: its results are estimates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bcv import expr as ex
from bcv.enclosures.assumptions import MAX_FLOAT, enclosing_floats
from bcv.enclosures.tape import Constant, Tape, compile_tape
from bcv.expr import Expr, Op

Array = NDArray[np.float64]


def _quotient(a: Array, b: Array) -> Array:
    return np.where(b == 0.0, np.nan, a / b)


def _selected(condition: Array, then: Array, otherwise: Array) -> Array:
    chosen = np.where(condition >= 0.0, then, otherwise)
    return np.where(np.isnan(condition), np.nan, chosen)


def power(base: Array, exponent: int) -> Array:
    """base ** exponent by squarings, since ``np.power`` is fifty times slower; exponent >= 1."""
    result = base
    for bit in bin(exponent)[3:]:
        result = result * result
        if bit == "1":
            result = result * base
    return result


_FUNCTIONS: Final[dict[Op, Callable[..., Any]]] = {
    Op.ADD: np.add,
    Op.SUB: np.subtract,
    Op.MUL: np.multiply,
    Op.DIV: _quotient,
    Op.NEG: np.negative,
    Op.SIN: np.sin,
    Op.COS: np.cos,
    Op.TAN: np.tan,
    Op.ASIN: np.arcsin,
    Op.ACOS: np.arccos,
    Op.ATAN: np.arctan,
    Op.SINH: np.sinh,
    Op.COSH: np.cosh,
    Op.TANH: np.tanh,
    Op.EXP: np.exp,
    Op.LOG: lambda a: np.where(a == 0.0, np.nan, np.log(a)),
    Op.SQRT: np.sqrt,
    Op.ABS: np.abs,
    Op.MIN: np.minimum,
    Op.MAX: np.maximum,
    Op.SELECT: _selected,
}


def applied(op: Op, operands: Sequence[Array], exponent: int) -> Array:
    """Estimates of one operation's values; NaN where it is undefined."""
    if op is Op.POW:
        return power(operands[0], exponent)
    result: Array = _FUNCTIONS[op](*operands)
    return result


@np.errstate(all="ignore")
def constant_values(tape: Tape) -> list[Array]:
    """Estimates of the tape's constants, for those who evaluate one tape many times."""
    values: list[Array] = []
    for constant in tape.constants:
        values.append(np.asarray(_constant(constant, values), dtype=np.float64))
    return values


def _constant(constant: Constant, known: list[Array]) -> Any:
    if constant.op is Op.CONST:
        lo, hi = enclosing_floats(constant.value)
        if abs(lo) == MAX_FLOAT or abs(hi) == MAX_FLOAT:
            return max(min(lo, MAX_FLOAT), -MAX_FLOAT)
        return float(constant.value)
    if constant.op is Op.PI:
        return np.pi
    return applied(constant.op, [known[~i] for i in constant.operands], constant.exponent)


def evaluate(tape: Tape, points: Array, constants: list[Array] | None = None) -> Array:
    """Estimates of the roots at points, by rounded arithmetic.

    Args:
        tape: the program.
        points: (n_variables, K).
        constants: ``constant_values(tape)``, if they are known already.

    Returns:
        (n_roots, K); NaN where a root is undefined, or where an intermediate result overflowed
        so that nothing is known. A SELECT takes its first branch where its condition is 0.
    """
    points = np.asarray(points, dtype=np.float64)
    width = points.shape[1]
    with np.errstate(all="ignore"):
        if constants is None:
            constants = constant_values(tape)
        registers: list[Array] = [points[:0]] * tape.registers
        for index, register in tape.inputs:
            registers[register] = points[index]
        for instruction in tape.instructions:
            operands = [registers[i] if i >= 0 else constants[~i] for i in instruction.operands]
            registers[instruction.out] = applied(instruction.op, operands, instruction.exponent)
    result = np.empty((len(tape.roots), width))
    for row, root in enumerate(tape.roots):
        result[row] = registers[root] if root >= 0 else constants[~root]
    return result


def gradient_tape(root: Expr, variables: Sequence[str]) -> Tape:
    """The tape of (root, its derivative by each variable), with what they share computed once."""
    return compile_tape((root, *(ex.derivative(root, name) for name in variables)), variables)


def value_and_gradient(tape: Tape, points: Array) -> tuple[Array, Array]:
    """Estimates of a function and its gradient, by a tape of ``gradient_tape``.

    Returns:
        ((K,), (n_variables, K)) for points of shape (n_variables, K); NaN where undefined. At a
        kink the gradient is the one on the first branch's side.
    """
    rows = evaluate(tape, points)
    return rows[0], rows[1:]
