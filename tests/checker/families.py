"""Statements known by construction: sup expr <= bound + margin is true iff margin >= 0.

Each family is an expression with its exact supremum, attained, over a box and a constraint; it is
dressed as a condition on the initial set, on the unsafe set, along a flow, or at a step.
"""

from __future__ import annotations

from fractions import Fraction

from bcv.formats.problem_yaml import parse_problem
from bcv.problem import Problem

FAMILIES = [
    # (box, constraint, expression, its supremum)
    ("x: [-1, 2]", "true", "x**2", "4"),
    ("x: [-1, 2]", "true", "x - x**2", "1/4"),
    ("x: [-2, 2]", "true", "3*x - x**3", "2"),
    ("x: [0, 3]", "true", "sin(x)", "1"),
    ("x: [-1, 1]", "true", "cos(x)", "1"),
    ("x: [-1, 1]", "true", "exp(x) - x", "e - 1"),
    ("x: [0, 2]", "true", "log(1 + x) - x/2", "log(2) - 1/2"),
    ("x: [1/4, 4]", "true", "sqrt(x) - x/2", "1/2"),
    ("x: [-3, 3]", "true", "tanh(x)", "tanh(3)"),
    ("x: [-3, 3]", "true", "x/(1 + x**2)", "1/2"),
    ("x: [-1, 1]", "true", "abs(x) - x**2/2", "1/2"),
    ("x: [-1, 1]", "true", "max(x, -2*x)", "2"),
    ("x: [-1/2, 1/2]", "true", "atan(2*x) + asin(x)", "5*pi/12"),
    ("x: [-1, 1]", "true", "tan(x)", "tan(1)"),
    ("x: [-1, 1]", "true", "cosh(x) + sinh(x)", "e"),
    ("x: [-1/2, 1/2]", "true", "acos(x)", "2*pi/3"),
    ("x: [-2, 2], y: [-2, 2]", "x**2 + y**2 <= 1", "x + y", "sqrt(2)"),
    ("x: [-2, 2], y: [-2, 2]", "x**2 + y**2 <= 1", "x*y", "1/2"),
    ("x: [-2, 2], y: [-2, 2]", "x + y <= 1", "x", "2"),
    ("x: [-1, 1], y: [-1, 1]", "true", "x*y - x**2 - y**2", "0"),
    ("x: [-1, 1], y: [-1, 1]", "true", "x**2*y - y**3/3", "2/3"),
    ("x: [-1, 1], y: [-1, 1]", "x <= 0 or y >= 1/2", "x - y", "1"),
    ("x: [-2, 2], y: [-2, 2]", "x == y", "x - y**2", "1/4"),
    ("x: [-2, 2], y: [-2, 2]", "x**2 + y**2 == 1", "2*x", "2"),
    ("x: [3, .inf]", "true", "log(x) - x", "log(3) - 3"),
    ("x: [-.inf, .inf]", "true", "log(1 + x**2)/2 - x*atan(x)", "0"),
    ("x: [-3, .inf], y: [-.inf, .inf]", "x < -1", "exp(x)", "exp(-1)"),
    ("x: [-9, 9]", "x >= -2 and x <= -1 or x >= 1 and x <= 2", "tanh(x)**2", "tanh(2)**2"),
]

PLACES = ("initial", "unsafe", "flow", "step")


def dressed(family: tuple[str, str, str, str], place: str, margin: Fraction) -> Problem:
    """The statement "expression <= supremum + margin" as one condition; the others are vacuous."""
    box, constraint, expression, supremum = family
    names = [part.split(":")[0].strip() for part in box.split(",") if ":" in part]
    below = f"({expression}) - ({supremum}) - ({margin})"
    zero = ", ".join(f"{name}: 0" for name in names)
    sets = {"initial": "false", "unsafe": "false"}
    time, states, domain, dynamics, barrier = "continuous", box, "true", zero, names[0]
    strict = ""
    if place in ("initial", "unsafe"):
        sets[place] = constraint
        barrier = below if place == "initial" else f"-({below})"
        strict = "strict: initial" if place == "unsafe" else ""
    else:
        states, domain = f"{box}, z: null", constraint
        dynamics = f'{zero}, z: "{below}"'
        barrier = "z"
        if place == "step":
            time, strict = "discrete", "condition: inductive"
    text = f"""
bcv: 1
name: family
time: {time}
states: {{{states}}}
dynamics: {{{dynamics}}}
domain: {domain}
initial: {sets["initial"]}
unsafe: {sets["unsafe"]}
certificate:
  B: {barrier}
  {strict}
"""
    return parse_problem(text, "family.yaml")
