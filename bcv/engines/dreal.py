"""What does dReal say? Any elementary function, up to its delta, in a child process.

Soundness: an ``unsat`` is attested, not proved. ``delta-sat`` says only that a slightly weakened
query has a solution: it is undecided, and its box a hint that exact arithmetic may turn into a
witness. dReal is used through its Python module where that loads, else through a ``dreal``
program on the PATH.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from importlib.util import find_spec
from typing import Any, Final

from bcv.engines.engine import Budget
from bcv.engines.query import GRACE, Reply, Solver, ask_module, child_main, failure
from bcv.formats.smtlib import Query, negated_query
from bcv.obligation import Obligation
from bcv.sandbox import Limits, run_command

PRECISIONS: Final = (1e-3, 1e-6, 1e-9)
"""The deltas tried one after the other while the answer is delta-sat and time is left."""

_FAR: Final = 1e9

ADVICE: Final = (
    "not available: `pip install dreal` (Python 3.11 or older) needs IBEX 2.7.4's shared library "
    "(Ubuntu: dReal's PPA; macOS: brew); or put a `dreal` program on the PATH"
)


@dataclass(frozen=True, slots=True)
class DReal(Solver):
    """dReal 4, by its Python module or its program."""

    name: str = field(init=False, default="dreal")

    def ask(self, obligation: Obligation, budget: Budget) -> tuple[Query, Reply]:
        """See Solver. The last answer counts: a smaller delta after each delta-sat."""
        query = negated_query(obligation, logic="QF_NRA")
        reply = Reply("unavailable", detail=ADVICE)
        for precision in PRECISIONS:
            if budget.seconds_left == 0:
                break
            asked = _ask_with(query, precision, budget)
            if asked.status in ("timeout", "unknown") and reply.status == "delta-sat":
                break
            reply = asked
            if reply.status != "delta-sat":
                break
        return query, reply


def _ask_with(query: Query, precision: float, budget: Budget) -> Reply:
    if find_spec("dreal") is not None:
        marked = Query(f"; precision {precision!r}\n{query.text}", query.names, query.functions)
        reply = ask_module("bcv.engines.dreal", marked, budget)
        if reply.status != "unavailable":
            return reply
    program = shutil.which("dreal")
    if program is None:
        return Reply("unavailable", detail=ADVICE)
    command = [program, "--in", "--model", "--precision", repr(precision)]
    ended = run_command(
        command, Limits(budget.seconds_left + GRACE, budget.memory), query.text.encode()
    )
    return failure(ended) or _read_program(ended.output.decode(errors="replace"))


_BOX: Final = re.compile(r"^(\w+)\s*:\s*\[\s*([-+.\deE]+)\s*,\s*([-+.\deE]+)\s*\]", re.MULTILINE)


def _read_program(output: str) -> Reply:
    first = output.split("\n", 1)[0]
    if first.strip() == "unsat":
        return Reply("unsat", version="dreal")
    if not first.startswith("delta-sat"):
        return Reply("crash", detail="the program gave no readable answer")
    try:
        model = tuple(
            (name, _middle(float(low), float(high))) for name, low, high in _BOX.findall(output)
        )
    except ValueError:
        return Reply("crash", detail="the program gave no readable model")
    return Reply("delta-sat", model, "dreal", first)


def _middle(low: float, high: float) -> Fraction:
    """The middle of a side, cut off far out: a side may be unbounded."""
    ends = (max(-_FAR, min(_FAR, end)) for end in (low, high))
    return sum(map(Fraction, ends), Fraction(0)) / 2


# What follows runs in the child process only.

Term = Any
Nested = str | list["Nested"]


def _read(script: str) -> Iterator[Nested]:
    """The S-expressions of one of our own scripts, comments left out; no recursion."""
    plain = re.sub(r";[^\n]*", "", script)
    stack: list[list[Nested]] = [[]]
    for token in re.findall(r"[()]|[^\s()]+", plain):
        if token == "(":
            stack.append([])
        elif token == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(token)
    yield from stack[0]


def _operators(dreal: Any) -> dict[str, Callable[..., Term]]:
    names = {"arcsin": "asin", "arccos": "acos", "arctan": "atan"}
    plain = ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", *names)
    table: dict[str, Callable[..., Term]] = {
        name: getattr(dreal, names.get(name, name)) for name in plain
    }
    table |= {
        "+": lambda *a: reduce(lambda x, y: x + y, a),
        "*": lambda *a: reduce(lambda x, y: x * y, a),
        "/": lambda a, b: a / b,
        "-": lambda a, *b: a - b[0] if b else -a,
        "=": lambda a, b: a == b,
        "<": lambda a, b: a < b,
        ">": lambda a, b: a > b,
        "<=": lambda a, b: a <= b,
        ">=": lambda a, b: a >= b,
        "and": lambda *a: reduce(dreal.And, a),
        "or": lambda *a: reduce(dreal.Or, a),
        "ite": dreal.if_then_else,
    }
    return table


def _build(dreal: Any, script: str) -> Term:
    """The conjunction of the script's assertions as a dReal formula."""
    operators = _operators(dreal)
    known: dict[str, Term] = {"true": dreal.Formula.TRUE(), "false": dreal.Formula.FALSE()}

    def value(part: Nested) -> Term:
        # Scripts share long sub-terms by define-fun, so nesting here is shallow.
        if isinstance(part, str):
            return known[part] if part in known else dreal.Expression(float(part))
        return operators[str(part[0])](*(value(inner) for inner in part[1:]))

    claims = [dreal.Formula.TRUE()]
    for line in _read(script):
        match line:
            case ["declare-fun", str(name), *_]:
                known[name] = dreal.Variable(name)
            case ["define-fun", str(name), _, _, body]:
                known[name] = value(body)
            case ["assert", claim]:
                claims.append(value(claim))
    return reduce(dreal.And, claims)


def _solve(script: str, seconds: float) -> Reply:
    try:
        import dreal
    except ImportError as error:
        return Reply("unavailable", detail=f"{ADVICE} ({error})")
    precision = float(script.split("\n", 1)[0].removeprefix("; precision "))
    config = dreal.Config()
    config.precision = precision
    box = dreal.CheckSatisfiability(_build(dreal, script), config)
    version = str(getattr(dreal, "__version__", "4"))
    detail = f"precision {precision}"
    if box is None:
        return Reply("unsat", (), version, detail)
    model = []
    for place in range(box.size()):
        variable, interval = box.variable(place), box[place]
        model.append((str(variable), _middle(interval.lb(), interval.ub())))
    return Reply("delta-sat", tuple(model), version, detail)


if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    child_main(_solve)
