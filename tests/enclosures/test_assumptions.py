"""Are the machine's assumptions checked, and constants enclosed exactly?"""

from __future__ import annotations

import ctypes
import math
import platform
import sys
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bcv.enclosures import assumptions
from bcv.enclosures.assumptions import (
    MAX_FLOAT,
    UnsoundArithmeticError,
    check_machine,
    check_rounding,
    enclosing_floats,
)


def test_this_machine_passes() -> None:
    check_rounding()
    check_machine.__wrapped__()


def test_the_self_test_is_quick() -> None:
    times = []
    for _ in range(20):
        start = time.perf_counter()
        check_machine.__wrapped__()
        times.append(time.perf_counter() - start)
    assert min(times) < 0.003


@pytest.mark.parametrize("name", ["sin", "exp", "log", "tanh", "arcsin"])
def test_a_bad_function_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    good = getattr(np, name)
    monkeypatch.setattr(np, name, lambda x: good(x) * (1 + 2.0**-49))
    with pytest.raises(UnsoundArithmeticError, match=name):
        check_machine.__wrapped__()


@pytest.mark.skipif(
    platform.machine() != "x86_64" or sys.platform != "linux", reason="numbers of the modes"
)
@pytest.mark.parametrize("mode", [0x400, 0x800, 0xC00], ids=("down", "up", "to zero"))
def test_a_library_that_changes_the_rounding_mode_is_noticed(mode: int) -> None:
    fenv = ctypes.CDLL("libm.so.6")
    before = fenv.fegetround()
    try:
        fenv.fesetround(mode)
        with pytest.raises(UnsoundArithmeticError, match="nearest"):
            check_rounding()
    finally:
        fenv.fesetround(before)


def test_another_rounding_mode_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assumptions, "_half_ulp", 2.0**-52)
    with pytest.raises(UnsoundArithmeticError, match="nearest"):
        check_rounding()


def test_flushed_subnormals_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assumptions, "_least_normal", 0.0)
    with pytest.raises(UnsoundArithmeticError, match="subnormal"):
        check_rounding()


@given(st.fractions() | st.floats(allow_nan=False, allow_infinity=False).map(Fraction))
def test_constants_are_enclosed_by_neighbouring_doubles(value: Fraction) -> None:
    lo, hi = enclosing_floats(value)
    assert lo <= value <= hi
    assert hi in (lo, math.nextafter(lo, math.inf))
    if lo != hi:
        assert lo < value < hi


def test_constants_beyond_the_range_are_half_lines() -> None:
    assert enclosing_floats(Fraction(10) ** 400) == (MAX_FLOAT, math.inf)
    assert enclosing_floats(-(Fraction(10) ** 400)) == (-math.inf, -MAX_FLOAT)
    assert enclosing_floats(Fraction(1, 10**400)) == (0.0, 5e-324)
    assert enclosing_floats(-Fraction(1, 10**400)) == (-5e-324, 0.0)
    assert enclosing_floats(Fraction(MAX_FLOAT) + 1) == (MAX_FLOAT, math.inf)
