"""A folder with a problem of every verdict, for the tests of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.cli.snapshots")

VALID = """\
bcv: 1
name: stable spiral
time: continuous
states: {x: [-3, 3], y: [-3, 3]}
dynamics: {x: -x + y, y: -x - y}
initial: x**2 + y**2 <= 1/4
unsafe: x >= 2
certificate: {B: x**2 + y**2 - 1, condition: strict-boundary}
"""

# The maximum of B, just below 0, is taken on a surface: no engine gets far with that.
UNKNOWN = """\
bcv: 1
name: a maximum on a surface
time: continuous
states: {x: [-9, 9], y: [-9, 9], z: [-9, 9], u: [-9, 9], v: [-9, 9], w: [-9, 9]}
dynamics: {x: 0, y: 0, z: 0, u: 0, v: 0, w: 0}
initial: true
unsafe: false
certificate: {B: sin(x*y + z*u + v*w) + cos(2*(x*y + z*u + v*w) + 1) - 1.56532}
"""

FILES = {
    "valid.yaml": VALID,
    "invalid.yaml": VALID.replace("x >= 2", "x >= 1").replace("stable", "touching"),
    "unknown.yaml": UNKNOWN,
    "typo.yaml": VALID.replace("initial:", "inital:"),
    "garbage.yaml": "a: [1, 2",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files above in a fresh folder."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path
