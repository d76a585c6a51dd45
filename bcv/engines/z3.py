"""What does Z3 say? Polynomial queries to its nonlinear solver, in a child process.

Soundness: an ``unsat`` is attested, not proved; models are verified exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from importlib.util import find_spec

from bcv.engines.engine import Budget
from bcv.engines.query import Reply, Solver, ask_module, child_main
from bcv.formats.smtlib import Query, negated_query
from bcv.obligation import Obligation


@dataclass(frozen=True, slots=True)
class Z3(Solver):
    """Z3 through its Python module; no transcendental functions."""

    name: str = field(init=False, default="z3")

    def ask(self, obligation: Obligation, budget: Budget) -> tuple[Query, Reply]:
        """See Solver."""
        query = negated_query(obligation, logic="QF_NRA")
        if find_spec("z3") is None:
            return query, Reply("unavailable", detail="not installed: pip install z3-solver")
        if query.functions:
            used = ", ".join(sorted(op.value for op in query.functions))
            return query, Reply("unsupported", detail=f"Z3 has no theory of {used}")
        return query, ask_module("bcv.engines.z3", query, budget)


def _solve(script: str, seconds: float) -> Reply:
    import z3

    solver = z3.SolverFor("QF_NRA")
    solver.set("timeout", max(1, int(1000 * seconds)))
    solver.from_string(script)
    status = str(solver.check())
    version = str(z3.get_version_string())
    if status != "sat":
        return Reply(status, (), version, solver.reason_unknown() if status == "unknown" else "")
    model = solver.model()
    values = []
    for symbol in model.decls():
        value = model[symbol]
        if z3.is_algebraic_value(value):
            value = value.approx(30)
        if z3.is_rational_value(value):
            values.append((symbol.name(), Fraction(value.as_fraction())))
    return Reply(status, tuple(values), version)


if __name__ == "__main__":
    child_main(_solve)
