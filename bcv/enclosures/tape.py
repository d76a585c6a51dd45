"""In which order is an expression computed, and in which registers? A straight-line program.

Soundness depends on this file: every enclosure is computed by following a tape.

A tape is the DAG below some roots, written as instructions over registers that are reused as soon
as their value is dead. What the instructions mean (floats, intervals) is said elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from bcv.expr import Expr, Op, postorder

_COMMUTATIVE: Final = frozenset({Op.ADD, Op.MUL, Op.MIN, Op.MAX})


@dataclass(frozen=True, slots=True)
class Instruction:
    """``out := op(operands)``.

    Attributes:
        op: the node kind; never VAR, CONST or PI.
        operands: registers (>= 0), or constants (``~i`` for ``tape.constants[i]``).
        out: a register, different from every operand.
        exponent: of POW, otherwise 0.
        partial: True if the result, or something that it depends on, can be undefined.
    """

    op: Op
    operands: tuple[int, ...]
    out: int
    exponent: int
    partial: bool


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that depends on no variable: a rational, PI, or a function of earlier constants.

    Attributes:
        op: CONST, PI, or the function.
        operands: earlier constants, written ``~i`` as in instructions.
        value: the rational of CONST, otherwise 0.
        exponent: of POW, otherwise 0.
        partial: True if it can be undefined, such as ``log(sin(4))``.
    """

    op: Op
    operands: tuple[int, ...]
    value: Fraction
    exponent: int
    partial: bool


@dataclass(frozen=True, slots=True)
class Tape:
    """A straight-line program for some expressions.

    Attributes:
        variables: the names of the coordinates, in the order of boxes and points.
        constants: in an order in which each can be computed.
        inputs: (index of the variable, register that holds it at the start); used variables only.
        instructions: in the order of execution.
        roots: per expression the register or constant (``~i``) that holds it at the end.
        registers: how many registers there are.
    """

    variables: tuple[str, ...]
    constants: tuple[Constant, ...]
    inputs: tuple[tuple[int, int], ...]
    instructions: tuple[Instruction, ...]
    roots: tuple[int, ...]
    registers: int


def compile_tape(roots: Sequence[Expr], variables: Sequence[str]) -> Tape:
    """The tape that computes ``roots``, each shared sub-expression once.

    Raises ValueError if an expression has a variable that is not in ``variables``.
    """
    draft = _Draft(tuple(variables))
    for node in postorder(*roots):
        draft.enter(node)
    return _allocated(draft, tuple(draft.place[root] for root in roots))


class _Draft:
    """Instructions in single-assignment form: value numbers stand in the place of registers."""

    def __init__(self, variables: tuple[str, ...]) -> None:
        self.variables = variables
        self.index = {name: position for position, name in enumerate(variables)}
        self.constants: list[Constant] = []
        self.inputs: list[tuple[int, int]] = []
        self.instructions: list[Instruction] = []
        self.values = 0
        self.place: dict[Expr, int] = {}
        self._known: dict[tuple[object, ...], int] = {}

    def enter(self, node: Expr) -> None:
        """Gives the node a place: a value number, or ``~i`` if it is a constant."""
        operands = tuple(self.place[argument] for argument in node.args)
        if node.op in _COMMUTATIVE:
            operands = tuple(sorted(operands))
        key = (node.op, operands, node.value)
        if key not in self._known:
            self._known[key] = self._new(node, operands)
        self.place[node] = self._known[key]

    def _new(self, node: Expr, operands: tuple[int, ...]) -> int:
        exponent = node.value if isinstance(node.value, int) else 0
        if node.op is not Op.VAR and all(operand < 0 for operand in operands):
            value = node.value if isinstance(node.value, Fraction) else Fraction(0)
            self.constants.append(Constant(node.op, operands, value, exponent, not node.total))
            return ~(len(self.constants) - 1)
        number = self.values
        self.values += 1
        if node.op is Op.VAR:
            if node.value not in self.index:
                raise ValueError(f"the expression has the variable {node.value}, the box has not")
            self.inputs.append((self.index[str(node.value)], number))
        else:
            self.instructions.append(
                Instruction(node.op, operands, number, exponent, not node.total)
            )
        return number


def _last_uses(instructions: Iterable[Instruction], roots: Iterable[int]) -> dict[int, int]:
    """Per value the position of the instruction that reads it last; absent if none does."""
    last: dict[int, int] = {}
    for position, instruction in enumerate(instructions):
        for operand in instruction.operands:
            last[operand] = position
    for root in roots:
        last.pop(root, None)
    return last


def _allocated(draft: _Draft, roots: tuple[int, ...]) -> Tape:
    """The draft with registers in the place of value numbers.

    The result's register is taken before those of its operands are given back, so that an
    instruction can be repeated by another method when its first attempt has written the result.
    """
    register = {number: position for position, (_, number) in enumerate(draft.inputs)}
    free: list[int] = []
    registers = len(register)
    last = _last_uses(draft.instructions, roots)
    placed: list[Instruction] = []

    def where(operand: int) -> int:
        return operand if operand < 0 else register[operand]

    for position, instruction in enumerate(draft.instructions):
        if not free:
            free.append(registers)
            registers += 1
        register[instruction.out] = free.pop()
        operands = tuple(map(where, instruction.operands))
        placed.append(
            Instruction(
                instruction.op,
                operands,
                register[instruction.out],
                instruction.exponent,
                instruction.partial,
            )
        )
        dead = dict.fromkeys(o for o in instruction.operands if last.get(o) == position)
        free.extend(register[operand] for operand in dead if operand >= 0)
    return Tape(
        variables=draft.variables,
        constants=tuple(draft.constants),
        inputs=tuple((index, register[number]) for index, number in draft.inputs),
        instructions=tuple(placed),
        roots=tuple(map(where, roots)),
        registers=registers,
    )
