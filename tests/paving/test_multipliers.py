"""Are multipliers numbers, whatever the slopes that they are estimated from?"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from bcv.paving.multipliers import choose, estimated_bound


@pytest.mark.parametrize("end", [0.0, 1e308, np.inf])
def test_unbounded_slopes_give_finite_multipliers_without_a_warning(end: float) -> None:
    hi = np.array([[[end]], [[1.0]], [[end]]])
    values, one = np.array([[-1.0], [-1.0], [1e308]]), np.ones((1, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        free, active = np.array([True, False]), np.ones((2, 1), dtype=np.bool_)
        chosen = choose(values, -hi, hi, one, free, active)
        bound = estimated_bound(values[0], -hi[0], hi[0], one)
    assert np.isfinite(chosen).all()
    assert not np.isnan(bound).any()
