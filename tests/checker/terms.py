"""The prover's expressions among the checker's terms, for tests."""

from __future__ import annotations

from bcv import expr as ex
from bcv.checker.terms import Terms
from bcv.expr import Expr, Op


def translated(root: Expr, terms: Terms) -> int:
    """The expression, node by node."""
    made: dict[Expr, int] = {}
    for node in ex.postorder(root):
        args = [made[a] for a in node.args]
        if node.constant is not None:
            made[node] = terms.const(node.constant)
        elif node.op in (Op.VAR, Op.POW):
            made[node] = terms.node(node.op.value, *args, node.value)
        else:
            made[node] = terms.node(node.op.value, *args)
    return made[root]
