"""Affine forms enclose what they stand for."""

from __future__ import annotations

import math

import numpy as np

from bcv import expr as ex
from bcv.enclosures.affine import AffineMachine

X = ex.var("x")


def test_pi_is_enclosed() -> None:
    machine = AffineMachine([ex.PI - X, ex.PI * X], ("x",))
    forms = machine.roots(machine.trace(np.array([[1.0]]), np.array([[2.0]])))
    assert math.pi - 2.0 - 1e-9 < forms.lo[0, 0] <= math.pi - 2.0
    assert math.pi - 1.0 <= forms.hi[0, 0] < math.pi - 1.0 + 1e-9
    assert forms.lo[1, 0] <= math.pi
    assert forms.hi[1, 0] >= 2.0 * math.pi
