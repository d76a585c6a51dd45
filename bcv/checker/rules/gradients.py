"""What is the gradient of an expression? For a network, one pass from the root to the variables.

The checker's verdict depends on this file. d(root)/d(node) is the sum, over the nodes that use
the node, of d(root)/d(user) times the user's partial derivative by it. The claims are derived with
such gradients where the prover does so; term by term they equal those of ``Terms.derivative``.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..conditions import KINKS, LARGE
from ..terms import Terms

MOST_BENT = 4000


def gradient(t: Terms, root: int, names: Sequence[str]) -> list[int]:
    """The partial derivatives, by one pass if the root is a network.

    The pass multiplies by 0 what a kink does not take; for that it must have values everywhere.
    """
    nodes = t.below([root])
    kinks = [a for a in nodes if t.nodes[a][0] in KINKS]
    if not _is_network(t, nodes) or not all(t.total[a] for a in kinks):
        return [t.derivative(root, name) for name in names]
    moving: set[int] = set()
    for a in nodes:
        node = t.nodes[a]
        if node[1] in names if node[0] == "var" else not moving.isdisjoint(t.operands(a)):
            moving.add(a)
    by = {root: t.one}
    for a in reversed(nodes):
        for i, b in enumerate(t.operands(a) if a in moving else ()):
            if b in moving:
                more = _part(t, a, i, by[a])
                by[b] = t.add(by[b], more) if b in by else more
    return [by.get(t.node("var", name), t.zero) for name in names]


def _is_network(t: Terms, nodes: Sequence[int]) -> bool:
    """At least 500 nodes; at most one in eight, and 4000, are no sums or constant multiples."""
    bent = 0
    for a in nodes:
        op, *rest = t.nodes[a]
        if op not in ("const", "var", "+", "-", "neg"):
            bent += op != "*" or t.value(rest[0]) is None
    return len(nodes) >= LARGE and bent <= min(len(nodes) // 8, MOST_BENT)


def _part(t: Terms, node: int, i: int, outer: int) -> int:
    """``outer``, which is d(root)/d(node), times the node's derivative by its i-th operand."""
    (op, *_), args = t.nodes[node], t.operands(node)
    if op == "+":
        return outer
    if op == "-":
        return t.neg(outer) if i else outer
    if op == "neg":
        return t.neg(outer)
    if op == "*":
        return t.mul(args[0], outer) if i else t.mul(outer, args[1])
    if op == "/":
        if i == 0:
            return t.div(outer, args[1])
        return t.neg(t.div(t.mul(outer, args[0]), t.power(args[1], 2)))
    if op == "**":
        n = t.nodes[node][2]
        return t.mul(t.mul(t.const(n), t.power(args[0], n - 1)), outer)
    if op in ("min", "max"):
        a, b = args if op == "max" else reversed(args)
        return t.mul(_taken(t, t.sub(a, b), i), outer)
    if op == "select":
        return t.mul(_taken(t, args[0], i - 1), outer) if i else t.zero
    return t.mul(t.outer_derivative(op, node, args[0]), outer)


def _taken(t: Terms, condition: int, branch: int) -> int:
    """1 where the branch (0 or 1) of a select on this condition is taken, else 0."""
    first = t.select(condition, t.one, t.zero)
    return t.sub(t.one, first) if branch else first
