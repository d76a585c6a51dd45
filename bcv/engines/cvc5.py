"""What does cvc5 say? Polynomial and some transcendental queries, in a child process.

Soundness: an ``unsat`` is attested, not proved; models are verified exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from importlib.util import find_spec
from typing import Final

from bcv.engines.engine import Budget
from bcv.engines.query import Reply, Solver, ask_module, child_main
from bcv.expr import Op
from bcv.formats.smtlib import Query, negated_query
from bcv.obligation import Obligation

KNOWN: Final = frozenset({Op.SIN, Op.COS, Op.TAN, Op.ASIN, Op.ACOS, Op.ATAN, Op.EXP})
"""The functions for which cvc5 has incremental linearisation."""


@dataclass(frozen=True, slots=True)
class Cvc5(Solver):
    """cvc5 through its Python module."""

    name: str = field(init=False, default="cvc5")

    def ask(self, obligation: Obligation, budget: Budget) -> tuple[Query, Reply]:
        """See Solver."""
        query = negated_query(obligation)
        if find_spec("cvc5") is None:
            return query, Reply("unavailable", detail="not installed: pip install cvc5")
        if not query.functions <= KNOWN:
            used = ", ".join(sorted(op.value for op in query.functions - KNOWN))
            return query, Reply("unsupported", detail=f"cvc5 has no theory of {used}")
        return query, ask_module("bcv.engines.cvc5", query, budget)


def _solve(script: str, seconds: float) -> Reply:
    import cvc5

    manager = cvc5.TermManager()
    solver = cvc5.Solver(manager)
    solver.setOption("tlimit-per", str(max(1, int(1000 * seconds))))
    solver.setOption("produce-models", "true")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, script, "query")
    symbols = parser.getSymbolManager()
    status = "unknown"
    while not (command := parser.nextCommand()).isNull():
        told = str(command.invoke(solver, symbols)).strip()
        status = told or status
    found = solver.getVersion()
    version = found.decode() if isinstance(found, bytes) else str(found)
    if status != "sat":
        known = status in ("unsat", "unknown")
        return Reply(status if known else "crash", (), version, "" if known else status)
    values = []
    for term in symbols.getDeclaredTerms():
        value = solver.getValue(term)
        if value.isRealAlgebraicNumber():
            value = value.getRealAlgebraicNumberLowerBound()
        if value.isRealValue() or value.isIntegerValue():
            values.append((str(term), Fraction(str(value.getRealValue()))))
    return Reply(status, tuple(values), version)


if __name__ == "__main__":
    child_main(_solve)
