"""Are ONNX files of dense layers read exactly, and others refused?"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcv import expr as ex
from bcv.errors import ProblemError
from bcv.formats import onnx
from bcv.formats.expression import parse_expression
from bcv.formats.problem_yaml import load_problem
from tests.networks.onnx_writer import model, node, tensor

X, Y = ex.var("x"), ex.var("y")
NAMES = {"x": X, "y": Y}

GEMM = model(
    [
        node("Gemm", ["in", "W1", "b1"], "a", transB=1),
        node("Tanh", ["a"], "b"),
        node("MatMul", ["b", "W2"], "c"),
        node("Add", ["c", "b2"], "out"),
    ],
    [
        tensor("W1", [2, 2], [1.0, 2.0, 3.0, 4.0]),
        tensor("b1", [2], [0.5, -0.5]),
        tensor("W2", [2, 1], [1.0, -1.0], kind=11),
        tensor("b2", [1], [0.1]),
    ],
    "in",
    "out",
)


def test_gemm_and_matmul_are_read_in_their_orientations() -> None:
    double = Fraction(3602879701896397, 36028797018963968)
    tenth = Fraction(13421773, 134217728)
    assert tenth != double
    expected = parse_expression("tanh(x + 2*y + 1/2) - tanh(3*x + 4*y + (-1/2))", NAMES)
    assert onnx.outputs(GEMM, (X, Y)) == (expected + ex.const(tenth),)


def test_gemm_scales_by_alpha_and_beta() -> None:
    content = model(
        [node("Gemm", ["in", "W", "b"], "out", alpha=0.5, beta=2.0)],
        [tensor("W", [2, 1], [2.0, 4.0]), tensor("b", [1], [3.0])],
        "in",
        "out",
    )
    assert onnx.outputs(content, (X, Y)) == (parse_expression("x + 2*y + 6", NAMES),)


@pytest.mark.parametrize(
    ("op", "text"),
    [("Relu", "relu(x)"), ("Sigmoid", "sigmoid(x)"), ("Softplus", "softplus(x)"), ("Neg", "-x")],
)
def test_activations(op: str, text: str) -> None:
    content = model([node(op, ["in"], "out")], [], "in", "out")
    assert onnx.outputs(content, (X,)) == (parse_expression(text, NAMES),)


def test_leaky_relu_is_a_maximum() -> None:
    content = model([node("LeakyRelu", ["in"], "out", alpha=0.25)], [], "in", "out")
    assert onnx.outputs(content, (X,)) == (parse_expression("max(x, x/4)", NAMES),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no graph"),
        (b"\xff" * 40, "no ONNX file"),
        (model([node("Conv", ["in"], "out")], [], "in", "out"), "Conv"),
        (model([node("Tanh", ["other"], "out")], [], "in", "out"), "before it is made"),
        (model([], [tensor("W", [1], [float("nan")])], "in", "in"), "infinite"),
        (model([], [tensor("W", [10**9], [])], "in", "in"), "wrong shape"),
        (model([], [tensor("W", [3], [1.0])], "in", "in"), "no ONNX file"),
        (
            model([node("MatMul", ["in", "W"], "o")], [tensor("W", [3, 1], [1.0] * 3)], "in", "o"),
            "for 3 values",
        ),
        (
            model([node("MatMul", ["W", "in"], "o")], [tensor("W", [1, 1], [1.0])], "in", "o"),
            "MatMul",
        ),
    ],
)
def test_what_is_no_dense_network_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(onnx.OnnxError, match=message):
        onnx.outputs(content, (X, Y))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_files_never_crash(data: st.DataObject) -> None:
    content = bytearray(GEMM)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    try:
        found = onnx.outputs(bytes(content[:cut]), (X, Y))
    except onnx.OnnxError:
        return
    assert all(isinstance(output, ex.Expr) for output in found)


def test_a_problem_finds_its_onnx_file_beside_it(tmp_path: Path) -> None:
    text = """
bcv: 1
name: net
time: continuous
states: {x: [-1, 1], y: [-1, 1]}
define: {h: {network: {input: [x, y], onnx: FILE}}}
dynamics: {x: -x, y: -y}
initial: x <= 0
unsafe: x >= 1
certificate: {B: h}
"""
    (tmp_path / "net.onnx").write_bytes(GEMM)
    problem = tmp_path / "net.yaml"
    problem.write_text(text.replace("FILE", "net.onnx"))
    assert load_problem(problem).modes[0].barrier is onnx.outputs(GEMM, (X, Y))[0]
    for wrong in ("../net.onnx", "/etc/passwd", "missing.onnx", "net.yaml"):
        problem.write_text(text.replace("FILE", wrong))
        with pytest.raises(ProblemError):
            load_problem(problem)
