"""Does floating-point data that is no number stay away from exact arithmetic?"""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest

from bcv.paving.exact_points import witness_at
from tests.recall.test_recall import obligation


@pytest.mark.parametrize(
    ("slope", "value"), [(1.0, nan), (1.0, inf), (nan, 0.0), (1e-160, 1.0), (1e-200, 1.0)]
)
def test_a_surface_without_a_finite_value_and_slope_has_no_witness(
    slope: float, value: float
) -> None:
    point = np.zeros(2)
    stated = obligation("x**2 + 1")
    with np.errstate(all="ignore"):
        assert witness_at(stated, point, np.full(2, slope), value) is None
