"""What expressions is a neural network under ``define``? Layers in the file, or an ONNX file.

Soundness depends on this file: the expressions that it builds are what will be proved. Every
weight is exact: a decimal as it is written, a binary float of an ONNX file as the rational it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

from bcv import expr as ex
from bcv.errors import Place, ProblemError
from bcv.expr import Expr
from bcv.formats.expression import Scope
from bcv.formats.fields import Fields, choice_of, expression_of, fields_of, rational_of, text_of
from bcv.formats.functions import FUNCTIONS
from bcv.formats.yaml_tree import Entries, Items, Node, Scalar, describe

KEYS: Final = ("input", "weights", "biases", "activation", "output_activation", "onnx")
MAX_WEIGHTS: Final = 100_000
MAX_LAYERS: Final = 20

_EXAMPLE: Final = "`network: {input: [x, y], weights: [...], biases: [...], activation: tanh}`"

ACTIVATIONS: Final[Mapping[str, Callable[[Expr], Expr]]] = {
    name: lambda x, name=name: FUNCTIONS[name].build([x])
    for name in ("tanh", "relu", "sigmoid", "softplus", "sin", "cos", "atan", "abs", "sat")
} | {"square": lambda x: ex.power(x, 2), "none": lambda x: x}
"""What may follow the affine part of a layer; ``none`` leaves it as it is."""

_PLAIN: Final = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?(e-?[0-9]{1,2})?")

Matrix = Sequence[Sequence[Fraction]]


def is_network(node: Node) -> bool:
    """Whether a value under ``define`` is a mapping, and so a network instead of an expression."""
    return isinstance(node, Entries)


def read_network(node: Node, scope: Scope, name: str, folder: Path | None) -> tuple[Expr, ...]:
    """The outputs of the network, as expressions.

    Args:
        node: ``{network: {...}}``.
        scope: what the inputs may name.
        name: of the definition, for errors.
        folder: where an ONNX file is looked for; None if the problem does not come from a file.

    Raises:
        ProblemError: the layers do not fit together, or the ONNX file is none of dense layers.
    """
    what = f"the network `{name}`"
    outer = fields_of(node, f"the definition of `{name}`", ("network",), _EXAMPLE)
    fields = fields_of(outer.require("network", _EXAMPLE), what, KEYS, _EXAMPLE)
    given = _items(fields.require("input", "input: [x, y]"), f"the input of {what}")
    inputs = [expression_of(item, scope, f"an input of {what}") for item in given]
    if fields.get("onnx") is not None:
        return _from_onnx(fields, inputs, what, folder)
    return _from_layers(fields, inputs, what)


def layer(weights: Matrix, biases: Sequence[Fraction], inputs: Sequence[Expr]) -> tuple[Expr, ...]:
    """weights * inputs + biases, one row of weights for each output."""
    outputs = []
    for row, bias in zip(weights, biases, strict=True):
        total = ex.ZERO
        for weight, value in zip(row, inputs, strict=True):
            if weight:
                total = ex.add(total, ex.mul(ex.const(weight), value))
        outputs.append(ex.add(total, ex.const(bias)))
    return tuple(outputs)


def _items(node: Node, what: str) -> tuple[Node, ...]:
    if isinstance(node, Items) and node.items:
        return node.items
    raise ProblemError(
        f"{what} must be a list that is not empty, and this is {describe(node)}",
        "Write [..., ...]",
        node.place,
    )


def _from_layers(fields: Fields, values: Sequence[Expr], what: str) -> tuple[Expr, ...]:
    matrices = _items(fields.require("weights", "weights: [[[1, 0]], ...]"), f"`weights` of {what}")
    if len(matrices) > MAX_LAYERS:
        raise ProblemError(f"{what} has more than {MAX_LAYERS} layers", "Shorten it", fields.place)
    shifts = _biases(fields, len(matrices), what)
    activations = _activations(fields, len(matrices), what)
    count = 0
    for number, (node, shift, activation) in enumerate(
        zip(matrices, shifts, activations, strict=True), start=1
    ):
        here = f"layer {number} of {what}"
        weights = [_numbers(row, here, len(values)) for row in _items(node, f"{here}'s weights")]
        count += len(weights) * len(values)
        if count > MAX_WEIGHTS:
            raise ProblemError(
                f"{what} has more than {MAX_WEIGHTS} weights", "Use a smaller one", node.place
            )
        zeros = [Fraction(0)] * len(weights)
        biases = zeros if shift is None else _numbers(shift, f"{here}'s biases", len(weights))
        values = tuple(map(ACTIVATIONS[activation], layer(weights, biases, values)))
    return tuple(values)


def _biases(fields: Fields, count: int, what: str) -> list[Node | None]:
    node = fields.get("biases")
    if node is None:
        return [None] * count
    found = _items(node, f"`biases` of {what}")
    _same_count(len(found), count, f"`biases` of {what}", "lists, one for each layer", node.place)
    return list(found)


def _activations(fields: Fields, count: int, what: str) -> list[str]:
    """The activation of each layer; a single name is that of all but the last."""
    node = fields.require("activation", "activation: tanh")
    if isinstance(node, Items):
        fields.refuse(
            "output_activation", "is the last of the list `activation`", "Remove one of the two"
        )
        _same_count(
            len(node.items), count, f"`activation` of {what}", "names, one each layer", node.place
        )
        return [choice_of(item, "an activation", ACTIVATIONS) for item in node.items]
    last = fields.get("output_activation")
    final = "none" if last is None else choice_of(last, "`output_activation`", ACTIVATIONS)
    return [choice_of(node, "`activation`", ACTIVATIONS)] * (count - 1) + [final]


def _numbers(node: Node, what: str, count: int) -> list[Fraction]:
    found = _items(node, f"a row of {what}")
    _same_count(len(found), count, f"a row of {what}", "numbers", node.place)
    return [_number(item, what) for item in found]


def _number(node: Node, what: str) -> Fraction:
    """A rational constant; a plain decimal, as nearly all are, without the parser."""
    if isinstance(node, Scalar) and _PLAIN.fullmatch(node.text):
        return Fraction(node.text)
    return rational_of(node, Scope({}), f"a number of {what}")


def _same_count(found: int, needed: int, what: str, things: str, place: Place) -> None:
    if found != needed:
        raise ProblemError(f"{what} holds {found} entries", f"Give {needed} {things}", place)


def _from_onnx(
    fields: Fields, inputs: Sequence[Expr], what: str, folder: Path | None
) -> tuple[Expr, ...]:
    from bcv.formats import onnx

    for key in ("weights", "biases", "activation", "output_activation"):
        fields.refuse(key, "is in the ONNX file already", "Remove it here")
    node = fields.require("onnx", "onnx: network.onnx")
    name = text_of(node, f"`onnx` of {what}")
    if folder is None:
        raise ProblemError(
            f"{what} names a file, and this problem is not read from one",
            "Save the problem beside the ONNX file",
            node.place,
        )
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise ProblemError(
            f"{what} names a file outside the folder of the problem",
            "Put the ONNX file beside the problem file",
            node.place,
        )
    try:
        return onnx.outputs(onnx.read_bytes(folder / name), inputs)
    except onnx.OnnxError as why:
        raise ProblemError(
            f"{name}: {why}", "Export a network of dense layers and activations", node.place
        ) from None
