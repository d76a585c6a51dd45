"""What function is an ONNX file of dense layers? Its outputs as expressions of given inputs.

Soundness depends on this file: a misread weight or operator changes what is proved. Only the
operators of dense networks on one sample are read; every float becomes the rational it is.

The format is https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (IR version 3 and later).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import isfinite, prod
from pathlib import Path
from typing import Final

from bcv import expr as ex
from bcv.expr import Expr, Op
from bcv.formats.functions import FUNCTIONS
from bcv.formats.protobuf import WireError, fields, packed_integers, signed

MAX_BYTES: Final = 16 << 20
MAX_VALUES: Final = 200_000
MAX_NODES: Final = 200
MAX_OPERATIONS: Final = 200_000


class OnnxError(ValueError):
    """The file is not a network that bcv can read; the text says why."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A constant: its shape, and its values in row-major order."""

    shape: tuple[int, ...]
    values: tuple[Fraction, ...]


@dataclass(slots=True)
class _Node:
    op: str = ""
    domain: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    numbers: dict[str, Fraction] = field(default_factory=dict)
    tensor: Tensor | None = None


@dataclass(slots=True)
class _Graph:
    nodes: list[_Node] = field(default_factory=list)
    constants: dict[str, Tensor] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)


def read_bytes(path: Path) -> bytes:
    """The content of a file of at most MAX_BYTES; raises OnnxError if it cannot be read."""
    try:
        if not path.is_file():
            raise OnnxError("there is no such file")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as why:
        raise OnnxError(str(why)) from None
    if len(content) > MAX_BYTES:
        raise OnnxError(f"it is larger than {MAX_BYTES >> 20} MiB")
    return content


def outputs(content: bytes, inputs: Sequence[Expr]) -> tuple[Expr, ...]:
    """The network's outputs as expressions of its inputs, one sample at a time.

    Raises:
        OnnxError: it is no ONNX file, or uses more than dense layers and activations.
    """
    try:
        graph = _read_graph(content)
    except (WireError, UnicodeDecodeError, struct.error, OverflowError) as why:
        raise OnnxError(f"this is no ONNX file: {why}") from None
    try:
        return _evaluate(graph, tuple(inputs))
    except ex.ExpressionTooLargeError as why:
        raise OnnxError(str(why)) from None


def _evaluate(graph: _Graph, inputs: tuple[Expr, ...]) -> tuple[Expr, ...]:
    given = [name for name in graph.inputs if name not in graph.constants]
    if len(given) != 1 or len(graph.outputs) != 1:
        raise OnnxError("it has not one input and one output")
    values: dict[str, _Value] = {given[0]: inputs, **graph.constants}
    budget = MAX_OPERATIONS
    for node in graph.nodes:
        if node.domain not in ("", "ai.onnx"):
            raise OnnxError(f"the operator {node.op!r} is of a foreign domain")
        values[node.outputs[0]], spent = _apply(node, [_known(values, i) for i in node.inputs if i])
        budget -= spent
        if budget < 0:
            raise OnnxError(f"it needs more than {MAX_OPERATIONS} operations")
    result = _known(values, graph.outputs[0])
    if isinstance(result, Tensor):
        raise OnnxError("its output does not depend on its input")
    return result


_Value = Tensor | tuple[Expr, ...]


def _known(values: dict[str, _Value], name: str) -> _Value:
    if name not in values:
        raise OnnxError(f"the value {name[:40]!r} is used before it is made")
    return values[name]


# -- the messages ---------------------------------------------------------------------------------


def _bytes(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise WireError("a field has the wrong kind")
    return value


def _text(value: int | memoryview) -> str:
    return bytes(_bytes(value)).decode()


def _read_graph(content: bytes) -> _Graph:
    graph, found = _Graph(), None
    for number, value in fields(memoryview(content)):
        if number == 7:
            found = value
    if found is None:
        raise OnnxError("this is no ONNX file: there is no graph")
    for number, value in fields(_bytes(found)):
        if number == 1:
            graph.nodes.append(_read_node(_bytes(value)))
        elif number == 5:
            name, tensor = _read_tensor(_bytes(value))
            graph.constants[name] = tensor
        elif number in (11, 12):
            names = [_text(v) for n, v in fields(_bytes(value)) if n == 1]
            (graph.inputs if number == 11 else graph.outputs).extend(names)
        elif number == 15:
            raise OnnxError("it has sparse weights")
        if len(graph.nodes) > MAX_NODES or len(graph.constants) > MAX_NODES:
            raise OnnxError(f"it has more than {MAX_NODES} nodes")
    return graph


def _read_node(data: memoryview) -> _Node:
    node = _Node()
    for number, value in fields(data):
        if number == 1:
            node.inputs.append(_text(value))
        elif number == 2:
            node.outputs.append(_text(value))
        elif number == 4:
            node.op = _text(value)
        elif number == 5:
            _read_attribute(node, _bytes(value))
        elif number == 7:
            node.domain = _text(value)
    if len(node.outputs) != 1:
        raise OnnxError(f"the operator {node.op[:40]!r} has not one output")
    return node


def _read_attribute(node: _Node, data: memoryview) -> None:
    name = ""
    for number, value in fields(data):
        if number == 1:
            name = _text(value)
        elif number == 2:
            node.numbers[name] = _rational(struct.unpack("<f", _bytes(value))[0])
        elif number == 3 and isinstance(value, int):
            node.numbers[name] = Fraction(signed(value))
        elif number == 5:
            node.tensor = _read_tensor(_bytes(value))[1]


_FLOATS: Final = {1: "f", 11: "d"}


def _read_tensor(data: memoryview) -> tuple[str, Tensor]:
    """A tensor of floats, doubles or 64-bit integers, with its name."""
    name, kind, shape, raw = "", 0, [], None
    single, double, integers = bytearray(), bytearray(), []
    for number, value in fields(data):
        if number == 1:
            shape += packed_integers(value)
        elif number == 2 and isinstance(value, int):
            kind = value
        elif number == 4:
            single += _bytes(value)
        elif number == 7:
            integers += packed_integers(value)
        elif number == 8:
            name = _text(value)
        elif number == 9:
            raw = bytes(_bytes(value))
        elif number == 10:
            double += _bytes(value)
        elif number in (13, 14) and value:
            raise OnnxError("its weights are in another file")
    if len(shape) > 8 or any(size < 0 for size in shape) or prod(shape) > MAX_VALUES:
        raise OnnxError(f"a tensor has a wrong shape, or more than {MAX_VALUES} values")
    count = prod(shape)
    values: Sequence[float]
    if kind in _FLOATS:
        packed = raw if raw is not None else bytes(single if kind == 1 else double)
        values = struct.unpack(f"<{count}{_FLOATS[kind]}", packed)
    elif kind == 7:
        values = struct.unpack(f"<{count}q", raw) if raw is not None else integers
    else:
        raise OnnxError("a tensor is neither of floats nor of doubles")
    if len(values) != count:
        raise OnnxError("a tensor does not fit its shape")
    return name, Tensor(tuple(shape), tuple(map(_rational, values)))


def _rational(value: float) -> Fraction:
    if not isfinite(value):
        raise OnnxError("a weight is infinite or not a number")
    return Fraction(value)


# -- the operators --------------------------------------------------------------------------------

_UNARY: Final[dict[str, Callable[[Expr], Expr]]] = {
    "Relu": lambda x: ex.maximum(x, ex.ZERO),
    "Sigmoid": lambda x: FUNCTIONS["sigmoid"].build([x]),
    "Softplus": lambda x: FUNCTIONS["softplus"].build([x]),
    "Tanh": lambda x: ex.apply(Op.TANH, x),
    "Sin": lambda x: ex.apply(Op.SIN, x),
    "Cos": lambda x: ex.apply(Op.COS, x),
    "Abs": lambda x: ex.apply(Op.ABS, x),
    "Neg": ex.neg,
}
_LEAK: Final = Fraction(struct.unpack("<f", struct.pack("<f", 0.01))[0])
_SAME: Final = frozenset({"Identity", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Dropout"})
_BINARY: Final[dict[str, Callable[[Expr, Expr], Expr]]] = {
    "Add": ex.add,
    "Sub": ex.sub,
    "Mul": ex.mul,
}


def _apply(node: _Node, args: list[_Value]) -> tuple[_Value, int]:
    """The node's value, and how many operations it took."""
    name = node.op[:40]
    if node.op == "Constant" and node.tensor is not None and not args:
        return node.tensor, 1
    moving = [arg for arg in args if not isinstance(arg, Tensor)]
    if node.op in ("Gemm", "MatMul"):
        return _product(node, args)
    if node.op in _BINARY and len(args) == 2 and moving:
        size = max(map(len, moving))
        a, b = (_spread(arg, size, name) for arg in args)
        return tuple(_BINARY[node.op](p, q) for p, q in zip(a, b, strict=True)), size
    if not moving or args[0] is not moving[0]:
        raise OnnxError(f"the operator {name!r} does not work on what flows through the network")
    if node.op in _SAME:  # one sample is one vector, whatever its shape
        return moving[0], 1
    if node.op in _UNARY and len(args) == 1:
        return tuple(map(_UNARY[node.op], moving[0])), len(moving[0])
    if node.op == "LeakyRelu":
        slope = node.numbers.get("alpha", _LEAK)
        join = ex.maximum if slope <= 1 else ex.minimum
        return tuple(join(x, ex.const(slope) * x) for x in moving[0]), len(moving[0])
    raise OnnxError(f"the operator {name!r} is not one of dense layers and activations")


def _spread(value: _Value, size: int, name: str) -> Sequence[Expr]:
    """The value as ``size`` expressions; a constant may be one number for all."""
    found = [ex.const(v) for v in value.values] if isinstance(value, Tensor) else list(value)
    if len(found) == 1:
        found *= size
    flat = not isinstance(value, Tensor) or all(side == 1 for side in value.shape[:-1])
    if len(found) != size or not flat:
        raise OnnxError(f"the operands of {name!r} do not fit together")
    return found


def _product(node: _Node, args: list[_Value]) -> tuple[_Value, int]:
    """x * W (+ c) for a row vector x; alpha, beta and transB as Gemm has them."""
    if len(args) < 2 or isinstance(args[0], Tensor) or not isinstance(args[1], Tensor):
        raise OnnxError(f"{node.op} must be of what flows through the network and a constant")
    x, weights, numbers = args[0], args[1], node.numbers
    if len(weights.shape) != 2 or numbers.get("transA"):
        raise OnnxError(f"{node.op} must be of one row and a matrix")
    rows, columns = weights.shape
    transposed = bool(numbers.get("transB"))
    size, inner = (rows, columns) if transposed else (columns, rows)
    if inner != len(x):
        raise OnnxError(f"{node.op} is for {inner} values, and there are {len(x)}")
    alpha, beta = numbers.get("alpha", Fraction(1)), numbers.get("beta", Fraction(1))
    shift: Sequence[Expr] = [ex.ZERO] * size
    if len(args) == 3:
        shift = [ex.const(beta) * c for c in _spread(args[2], size, node.op)]
    found = []
    for i in range(size):
        row = (
            weights.values[i * columns : (i + 1) * columns]
            if transposed
            else (weights.values[i::columns])
        )
        total = ex.ZERO
        for weight, value in zip(row, x, strict=True):
            if weight:
                total = ex.add(total, ex.const(alpha * weight) * value)
        found.append(ex.add(total, shift[i]))
    return tuple(found), rows * columns
