"""Random expressions in which much is shared, of every operation, for tests."""

from __future__ import annotations

import random
from fractions import Fraction

from bcv import expr as ex
from bcv.expr import Expr, Op

X, Y, Z = ex.var("x"), ex.var("y"), ex.var("z")
FUNCTIONS = (
    Op.SIN, Op.COS, Op.TAN, Op.ASIN, Op.ACOS, Op.ATAN, Op.SINH, Op.COSH, Op.TANH, Op.EXP, Op.LOG,
    Op.SQRT, Op.ABS,
)  # fmt: skip
BINARY = (ex.add, ex.sub, ex.mul, ex.div, ex.minimum, ex.maximum)


def random_dag(pick: random.Random, steps: int = 12) -> Expr:
    """An expression in x and y; operands are taken from all that was made before."""
    made = [X, Y, ex.const(Fraction(pick.randint(-9, 9), 4)), ex.PI]
    for _ in range(steps):
        a, b, c = (made[-1 - min(pick.randrange(6), len(made) - 1)] for _ in range(3))
        match pick.randrange(5):
            case 0 | 1 if b.constant != 0:
                made.append(pick.choice(BINARY)(a, b))
            case 2:
                made.append(ex.select(c, a, b))
            case 3:
                made.append(ex.power(a, pick.randint(2, 3)) + ex.neg(b))
            case _:
                made.append(ex.apply(pick.choice(FUNCTIONS), a))
    return ex.add(made[-1], ex.mul(made[-2], made[-3]))


def widened(root: Expr) -> Expr:
    """The same plus a sum over z that makes a network of it; its other slopes are the same."""
    total = root
    for k in range(2, 302):
        total = total + ex.const(k) * Z
    return total
