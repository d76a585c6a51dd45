"""Are networks in a problem file the functions that their layers say?"""

from __future__ import annotations

import json

import pytest

from bcv import expr as ex
from bcv.errors import ProblemError
from bcv.formats.expression import parse_expression
from bcv.formats.problem_yaml import parse_problem

FILE = """
bcv: 1
name: net
time: continuous
states: {{x: [-1, 1], y: [-1, 1]}}
define:
  h: {network}
dynamics: {{x: -x, y: -y}}
initial: x <= 0
unsafe: x >= 1
certificate: {{B: {barrier}}}
"""


def barrier_of(network: str, barrier: str = "h") -> ex.Expr:
    problem = parse_problem(FILE.format(network=network, barrier=barrier), "net.yaml")
    return problem.modes[0].barrier


def test_layers_are_composed_in_order() -> None:
    found = barrier_of(
        "{network: {input: [x, 2*y], weights: [[[0.1, 1/3], [1, -1]], [[-2, 3]]],"
        " biases: [[0.5, 0], [1]], activation: tanh}}"
    )
    names = {"x": ex.var("x"), "y": ex.var("y")}
    first = "tanh(0.1*x + 2/3*y + 0.5)"
    assert found is parse_expression(f"-2*{first} + 3*tanh(x - 2*y) + 1", names)


def test_the_last_layer_is_affine_unless_it_is_told_otherwise() -> None:
    network = "{{network: {{input: [x], weights: [[[1]], [[2]]], activation: relu{}}}}}"
    names = {"x": ex.var("x"), "y": ex.var("y")}
    assert barrier_of(network.format("")) is parse_expression("2*relu(x)", names)
    assert barrier_of(network.format(", output_activation: sigmoid")) is parse_expression(
        "sigmoid(2*relu(x))", names
    )
    listed = network.replace("relu", "[relu, square]").format("")
    assert barrier_of(listed) is parse_expression("(2*relu(x))**2", names)


def test_several_outputs_are_numbered() -> None:
    found = barrier_of(
        "{network: {input: [x, y], weights: [[[1, 0], [0, 1]]], activation: tanh}}", "h_1 - h_2"
    )
    assert found is ex.var("x") - ex.var("y")


def test_a_weight_is_the_decimal_that_was_written() -> None:
    found = barrier_of("{network: {input: [x], weights: [[[0.1]]], activation: tanh}}")
    assert found is parse_expression("x/10", {"x": ex.var("x")})


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ("{network: {input: [x], weights: [[[1, 2]]], activation: tanh}}", "holds 2 entries"),
        ("{network: {input: [x], weights: [[[1]]], activation: tan}}", "Did you mean `tanh`"),
        ("{network: {input: [x], weights: [[[1]]], biases: [], activation: tanh}}", "not empty"),
        ("{network: {input: [x], weights: [[[1]]], biases: [[1], [2]], activation: tanh}}", "2"),
        ("{network: {input: [z], weights: [[[1]]], activation: tanh}}", "z"),
        ("{network: {input: [x], weights: [[[x]]], activation: tanh}}", "x"),
        ("{network: {input: [x], wieghts: [[[1]]], activation: tanh}}", "`weights`"),
        ("{net: {input: [x], weights: [[[1]]], activation: tanh}}", "`network`"),
        ("{network: {input: [x], onnx: a.onnx}}", "not read from one"),
        ("{network: {input: [x], onnx: a.onnx, activation: tanh}}", "ONNX file already"),
    ],
)
def test_mistakes_are_named(network: str, message: str) -> None:
    with pytest.raises(ProblemError, match=message.replace("(", r"\(")) as caught:
        barrier_of(network)
    assert caught.value.place is not None


def test_too_many_weights_are_refused() -> None:
    row = json.dumps([1] * 200)
    big = ", ".join([row] * 200)
    text = f"{{network: {{input: {json.dumps(['x'] * 200)}, activation: tanh, weights: [{{}}]}}}}"
    with pytest.raises(ProblemError, match="more than"):
        barrier_of(text.replace("{}", ", ".join([f"[{big}]"] * 3)))
