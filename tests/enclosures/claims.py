"""Claims in x and y, and points, for tests of witnesses."""

from __future__ import annotations

from fractions import Fraction

from bcv import expr as ex
from bcv.expr import Expr
from bcv.obligation import Obligation
from bcv.region import TRUE, UNBOUNDED, Formula, Range, region

F = Fraction
X, Y = ex.var("x"), ex.var("y")


def claim(
    expr: Expr,
    formula: Formula = TRUE,
    strict: bool = False,
    defined: tuple[Expr, ...] = (),
    names: tuple[str, ...] = ("x", "y"),
    box: tuple[Range, ...] | None = None,
) -> Obligation:
    where = region(names, box or (UNBOUNDED,) * len(names), formula)
    return Obligation("claim", "", "a claim", where, expr, strict, defined)


def at(x: object, y: object = 0) -> dict[str, F]:
    return {"x": F(str(x)), "y": F(str(y))}
