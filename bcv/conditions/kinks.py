"""Where may a piecewise expression jump, and how are its pieces told apart?

Soundness depends on this file: a Lie derivative says nothing about a B that jumps.
"""

from __future__ import annotations

from collections.abc import Iterator

from bcv import expr as ex
from bcv.expr import Expr, Op


def switching(*roots: Expr) -> tuple[Expr, ...]:
    """The conditions c of all SELECT nodes below the roots, once each; they switch at c = 0."""
    nodes = (node for node in ex.postorder(*roots) if node.op is Op.SELECT)
    return tuple(dict.fromkeys(node.args[0] for node in nodes))


def piece(root: Expr, condition: Expr, positive: bool) -> Expr:
    """The expression with every SELECT on ``condition`` replaced by one of its branches."""
    done: dict[Expr, Expr] = {}
    for node in ex.postorder(root):
        args = tuple(done[argument] for argument in node.args)
        if node.op is Op.SELECT and node.args[0] is condition:
            done[node] = args[1] if positive else args[2]
        else:
            done[node] = ex.rebuild(node, args)
    return done[root]


def jumps(root: Expr) -> Iterator[tuple[Expr, Expr]]:
    """Pairs (c, height): the expression jumps by ``height`` across c = 0, unless it is 0 there.

    The expression is continuous where it is defined if each height is 0 on its surface c = 0:
    the operands of SELECT nodes are continuous, so a jump can only happen at a switching surface,
    and where several meet, one can pass from any piece to any other by one switch at a time.
    """
    for condition in switching(root):
        height = piece(root, condition, True) - piece(root, condition, False)
        if height is not ex.ZERO:
            yield condition, height


def detached(root: Expr, others: tuple[Expr, ...]) -> Expr:
    """The same expression, switching at the same surfaces by conditions unlike the others.

    Equal SELECT conditions may be read as one choice; with c and 2*c every combination of
    branches counts where c = 0. Along a sliding motion, the gradient of one piece of B meets the
    vector field of the other, so a claim about grad B . f must hold for all combinations.
    """
    taken = set(others)
    if not taken.intersection(switching(root)):
        return root
    done: dict[Expr, Expr] = {}
    for node in ex.postorder(root):
        args = tuple(done[argument] for argument in node.args)
        if node.op is Op.SELECT:
            scale = 2
            while ex.mul(ex.const(scale), args[0]) in taken:
                scale += 1
            done[node] = ex.select(ex.mul(ex.const(scale), args[0]), args[1], args[2])
        else:
            done[node] = ex.rebuild(node, args)
    return done[root]
