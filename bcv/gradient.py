"""What is the gradient of an expression? Forward derivatives, or one adjoint pass for a network.

Soundness depends on this file: a wrong slope makes a wrong claim.

A derivative by each variable writes a network down once per variable. The adjoint pass (reverse
accumulation; Griewank, Walther: "Evaluating derivatives", 2008) goes from the root to the variables
once: the adjoint of a node is the derivative of the root by it, a sum over its uses of the use's
adjoint times the slope there. The slopes by all variables then share all but their last sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bcv import expr as ex
from bcv.expr import Expr, Op

KINKED: Final = frozenset({Op.ABS, Op.MIN, Op.MAX, Op.SELECT})
"""The operations whose slope, or value, depends on a choice."""


def has_kinks(*roots: Expr) -> bool:
    """Whether such an operation occurs."""
    return any(node.op in KINKED for node in ex.postorder(*roots))


def gradient(root: Expr, names: Sequence[str]) -> tuple[Expr, ...]:
    """The partial derivatives by these variables.

    Like ``expr.derivative``, in which they may differ in the order and the grouping of products;
    it also says what they mean at kinks. They have values at the same points, as far as the root
    has.
    """
    if _is_simple(root):
        return tuple(ex.derivative(root, name) for name in names)
    adjoint = _adjoints(root, frozenset(names))
    return tuple(adjoint.get(ex.var(name), ex.ZERO) for name in names)


def _is_simple(root: Expr) -> bool:
    """Whether forward derivatives do: of all but networks, and where a kink may be undefined.

    An adjoint multiplies the slopes of the branch that a kink does not take by 0, so these must
    have values; where the kink's operands are total, they have.
    """
    nodes = ex.postorder(root)
    return not ex.is_network(nodes) or any(node.op in KINKED and not node.total for node in nodes)


def _adjoints(root: Expr, names: frozenset[str]) -> dict[Expr, Expr]:
    """The derivative of the root by each node that depends on the variables."""
    nodes = ex.postorder(root)
    varying: set[Expr] = set()
    for node in nodes:
        if node.value in names if node.op is Op.VAR else not varying.isdisjoint(node.args):
            varying.add(node)
    adjoint: dict[Expr, Expr] = {root: ex.ONE}
    for node in reversed(nodes):
        if node not in varying:
            continue
        for place, argument in enumerate(node.args):
            if argument in varying:
                share = _share(node, place, adjoint[node])
                known = adjoint.get(argument)
                adjoint[argument] = share if known is None else known + share
    return adjoint


def _share(node: Expr, place: int, outer: Expr) -> Expr:
    """What the node adds to the adjoint of one of its operands; ``outer`` is its own adjoint.

    At a kink one factor, 1 or 0, says which operand counts: the same one for all of them.
    """
    match node.op, node.args:
        case Op.ADD, _:
            return outer
        case Op.SUB, _:
            return outer if place == 0 else -outer
        case Op.NEG, _:
            return -outer
        case Op.MUL, (a, b):
            return outer * b if place == 0 else a * outer
        case Op.DIV, (a, b):
            return outer / b if place == 0 else -(outer * a / b**2)
        case Op.POW, (a,):
            assert isinstance(node.value, int)
            return ex.const(node.value) * a ** (node.value - 1) * outer
        case Op.MIN, (a, b):
            return _taken(b - a, place == 0) * outer
        case Op.MAX, (a, b):
            return _taken(a - b, place == 0) * outer
        case Op.SELECT, (c, _, _):
            return ex.ZERO if place == 0 else _taken(c, place == 1) * outer
    return ex.slope_of(node) * outer


def _taken(condition: Expr, first: bool) -> Expr:
    """1 where the first branch is taken (or else the second one), 0 where the other one is."""
    chosen = ex.select(condition, ex.ONE, ex.ZERO)
    return chosen if first else ex.ONE - chosen
