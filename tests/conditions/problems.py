"""Small problems as text, their obligations by name, and SymPy's view of an expression."""

from __future__ import annotations

import textwrap

import sympy

from bcv import expr as ex
from bcv.conditions import Conditions, obligations_of
from bcv.expr import Expr
from bcv.formats.problem_yaml import parse_problem
from bcv.obligation import Obligation
from bcv.problem import Problem


def problem(body: str, time: str = "continuous") -> Problem:
    """The problem of which the text gives all but version, name and time."""
    text = f"bcv: 1\nname: test\ntime: {time}\n{textwrap.dedent(body)}"
    return parse_problem(text, "test.yaml")


def conditions(body: str, time: str = "continuous") -> Conditions:
    """The conditions of a problem of which the text gives all but version, name and time."""
    return obligations_of(problem(body, time))


def by_name(found: Conditions, name: str, part: str = "") -> Obligation:
    """The one obligation of that name and part."""
    (one,) = [o for o in found.obligations if (o.name, o.part) == (name, part)]
    return one


def names(found: Conditions) -> list[str]:
    """The names of conditions, each once, in order."""
    return list(dict.fromkeys(o.name for o in found.obligations))


def symbolic(root: Expr) -> sympy.Expr:
    """The expression in SymPy; test input only."""
    text = ex.to_text(root).replace("abs(", "Abs(")
    return sympy.sympify(text, locals={n: sympy.Symbol(n, real=True) for n in ex.variables(root)})


def same(root: Expr, text: str) -> bool:
    """Whether the expression equals the text as a function."""
    wanted = sympy.sympify(text.replace("abs(", "Abs("))
    real = {s: sympy.Symbol(s.name, real=True) for s in wanted.free_symbols}
    return sympy.simplify(symbolic(root) - wanted.subs(real)) == 0
