"""Is a tape a faithful, small program for its expressions?"""

from __future__ import annotations

import numpy as np
import pytest

from bcv import expr as ex
from bcv.enclosures import floats
from bcv.enclosures.tape import compile_tape
from bcv.expr import Expr, Op, const
from tests.enclosures.reference import NAMES, X, Y, Z, enclose
from tests.enclosures.test_composites import SMOOTH, random_roots


def test_shared_sub_expressions_are_computed_once() -> None:
    shared = ex.apply(Op.SIN, X * Y)
    tape = compile_tape([shared + Z, shared * Z, ex.apply(Op.SIN, Y * X)], NAMES)
    assert [i.op for i in tape.instructions].count(Op.SIN) == 1
    assert [i.op for i in tape.instructions].count(Op.MUL) == 2


def test_registers_are_reused() -> None:
    value: Expr = X
    for _ in range(100):
        value = ex.apply(Op.SIN, value) + Y
    assert compile_tape([value], NAMES).registers <= 5


def test_results_are_never_written_over_their_operands() -> None:
    for seed in range(30):
        tape = compile_tape(random_roots(np.random.default_rng(seed), 40, SMOOTH), NAMES)
        assert all(i.out not in i.operands for i in tape.instructions)


def test_deep_expressions_do_not_recurse() -> None:
    value: Expr = X
    for i in range(20_000):
        value = ex.apply(Op.SIN, value) if i % 2 else value + Y
    low, high = enclose([value], np.zeros((2, 1)), np.ones((2, 1)))
    assert -1.0 <= low[0, 0] <= high[0, 0] <= 1.0


def test_many_live_registers_do_not_take_much_memory() -> None:
    values = [ex.apply(Op.SIN, X + const(i)) for i in range(1500)]
    machine_lo, _ = enclose(values, np.zeros((1, 4000)), np.ones((1, 4000)))
    assert machine_lo.shape == (1500, 4000)


def test_roots_may_be_constants_variables_or_repeated() -> None:
    roots = [const(3), X, X, ex.PI, X + Y, ex.apply(Op.SQRT, const(2))]
    lo, hi = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 2.5], [3.0, 4.5]])
    low, high = enclose(roots, lo, hi)
    assert low[0].tolist() == [3.0, 3.0]
    assert high[1].tolist() == high[2].tolist() == [1.0, 2.5]
    assert low[3, 0] < high[3, 0]
    assert low[5, 0] < 2**0.5 < high[5, 1]
    values = floats.evaluate(compile_tape(roots, NAMES), np.vstack([lo, lo[:1]]))
    assert values[4].tolist() == [4.0, 6.0]


def test_unknown_variables_are_refused() -> None:
    with pytest.raises(ValueError, match="variable z"):
        compile_tape([X + Z], ("x", "y"))


def test_equal_expressions_give_equal_tapes() -> None:
    assert compile_tape([X + Y], NAMES) == compile_tape([X + Y], NAMES)
    assert hash(compile_tape([X + Y], NAMES)) == hash(compile_tape([X + Y], NAMES))
