"""Halves cover their boxes, infinite ones too, and splitting reaches any place."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bcv.paving.boxes import Boxes
from bcv.paving.recording import CoverRecorder
from bcv.paving.splitting import FAR, choose_axes, halves, variation_shares

ends = st.one_of(st.floats(-1e9, 1e9), st.sampled_from([-math.inf, math.inf]))
sides = (
    st.tuples(ends, ends)
    .map(sorted)
    .filter(lambda s: s[0] < s[1] and s[0] < math.inf and s[1] > -math.inf)
)


def _boxes(*sides: tuple[float, float]) -> Boxes:
    ends = np.array(sides, dtype=float)
    return Boxes(ends[:, :1], ends[:, 1:], np.zeros(1, np.int32), np.full(1, -np.inf))


@given(sides, sides)
def test_halves_meet_inside_the_box(
    first: tuple[float, float], second: tuple[float, float]
) -> None:
    boxes = _boxes(first, second)
    axes, possible = choose_axes(boxes, np.zeros((2, 1)), np.ones((2, 1)))
    if not possible[0]:
        return
    lower, upper = halves(boxes, axes, CoverRecorder())
    axis = axes[0]
    assert lower.lo[axis, 0] == boxes.lo[axis, 0]
    assert upper.hi[axis, 0] == boxes.hi[axis, 0]
    assert lower.hi[axis, 0] == upper.lo[axis, 0]
    assert boxes.lo[axis, 0] < lower.hi[axis, 0] < boxes.hi[axis, 0]
    assert lower.lo[1 - axis, 0] == upper.lo[1 - axis, 0] == boxes.lo[1 - axis, 0]


def test_an_infinite_box_is_cut_until_it_is_far_out() -> None:
    boxes, steps = _boxes((-math.inf, math.inf)), 0
    while True:
        axes, possible = choose_axes(boxes, np.zeros((1, 1)), np.ones((1, 1)))
        if not possible[0]:
            break
        boxes = halves(boxes, axes, CoverRecorder())[1]
        steps += 1
    assert FAR <= boxes.lo[0, 0] < math.inf
    assert steps < 20


def test_the_axis_that_varies_most_is_split() -> None:
    slopes = np.array([[[1.0], [5.0]], [[np.nan], [0.0]]])
    shares = variation_shares(np.ones((2, 1)), slopes, np.ones((2, 1), dtype=bool))
    assert choose_axes(_boxes((0, 1), (0, 1)), shares, np.ones((2, 1)))[0][0] == 1


def test_no_axis_gets_much_thinner_than_another() -> None:
    shares = np.array([[1.0], [0.0]])
    assert choose_axes(_boxes((0, 1e-6), (0, 1)), shares, np.ones((2, 1)))[0][0] == 1


@pytest.mark.parametrize("idle", [(0.0, 8.0), (-math.inf, 3.0)])
def test_an_axis_that_does_not_matter_is_not_split(idle: tuple[float, float]) -> None:
    scale = np.array([[1.0], [math.inf]])
    axes, possible = choose_axes(_boxes((0.0, 1e-6), idle), np.array([[0.0], [1.0]]), scale)
    assert possible[0]
    assert axes[0] == 0
    assert not choose_axes(_boxes((0.0, 0.0), idle), np.ones((2, 1)), scale)[1][0]


def test_a_box_of_two_neighbouring_doubles_cannot_be_split() -> None:
    box = _boxes((1.0, math.nextafter(1.0, 2.0)))
    assert not choose_axes(box, np.ones((1, 1)), np.ones((1, 1)))[1][0]
