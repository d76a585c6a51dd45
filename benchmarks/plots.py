"""How is a line chart drawn with logarithmic axes, without a plotting library? As SVG text.

Soundness does not depend on this file.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 170, 40, 52
# Eight colours that colour-blind readers tell apart (Okabe and Ito 2008), the darkest first.
COLOURS: Final = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A named line through points; ``dashed`` for what is not bcv's own."""

    name: str
    points: tuple[tuple[float, float], ...]
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis with its label, its ends and its marks; ``log`` with positive ends."""

    label: str
    low: float
    high: float
    marks: tuple[float, ...]
    log: bool = False

    def place(self, value: float) -> float:
        """Where a value lies, from 0 at the low end to 1 at the high end."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def log_axis(label: str, values: Sequence[float]) -> Axis:
    """An axis over whole decades that hold all values."""
    low = math.floor(math.log10(min(values)))
    high = max(math.ceil(math.log10(max(values))), low + 1)
    marks = tuple(10.0**k for k in range(low, high + 1))
    return Axis(label, marks[0], marks[-1], marks, log=True)


def linear_axis(label: str, low: float, high: float, step: float) -> Axis:
    """An axis with marks at multiples of the step."""
    count = math.floor((high - low) / step + 1e-9)
    return Axis(label, low, high, tuple(low + k * step for k in range(count + 1)))


def _text(x: float, y: float, words: str, anchor: str = "middle", more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(words)}</text>'


def _grid(across: Axis, up: Axis, x: Callable[[float], float], y: Callable[[float], float]
          ) -> list[str]:  # fmt: skip
    left, right, top, bottom = LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM
    found = []
    for mark in across.marks:
        found.append(f'<path d="M{x(mark):.1f} {top}V{bottom}" class="grid"/>')
        found.append(_text(x(mark), bottom + 18, f"{mark:g}"))
    for mark in up.marks:
        found.append(f'<path d="M{left} {y(mark):.1f}H{right}" class="grid"/>')
        found.append(_text(left - 8, y(mark) + 4, f"{mark:g}", "end"))
    middle = (top + bottom) / 2
    turn = f' transform="rotate(-90 18 {middle:.1f})"'
    found.append(_text((left + right) / 2, HEIGHT - 12, across.label))
    found.append(_text(18, middle, up.label, more=turn))
    return found


def chart(title: str, across: Axis, up: Axis, lines: Sequence[Line], *, dots: bool) -> str:
    """The chart as an SVG document; ``dots`` marks the points."""

    def x(value: float) -> float:
        return LEFT + across.place(value) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - up.place(value) * (HEIGHT - TOP - BOTTOM)

    parts = [_text(LEFT, 22, title, "start", ' font-weight="bold"'), *_grid(across, up, x, y)]
    for number, line in enumerate(lines):
        colour, height = COLOURS[number % len(COLOURS)], TOP + 12 + 20 * number
        dash = ' stroke-dasharray="5 4"' if line.dashed else ""
        style = f'fill="none" stroke="{colour}" stroke-width="2"{dash}'
        path = "L".join(f"{x(a):.1f} {y(b):.1f}" for a, b in line.points)
        parts.append(f'<path d="M{path}" {style}/>')
        if dots:
            parts += [
                f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="3" fill="{colour}"/>'
                for a, b in line.points
            ]
        legend = WIDTH - RIGHT + 14
        parts.append(f'<path d="M{legend} {height}h22" {style}/>')
        parts.append(_text(legend + 28, height + 4, line.name, "start"))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">'
    )
    style = "<style>.grid{stroke:#ddd;fill:none}</style>"
    background = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
    return "\n".join((head, style, background, *parts, "</svg>", ""))
