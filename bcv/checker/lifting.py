"""Does a claim follow from an algebraic one, or from one in each of two cases? Six rules.

The checker's verdict depends on this file. Each rule turns a task into simpler ones, which are
proved by ``prove`` (the rules of all kinds of evidence), and states why that is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .claims import Formula, Region, conjuncts
from .matching import Obligation, tight_box
from .polynomials import Ring
from .statement import entry, sequence, text
from .terms import RejectedError, Terms
from .theorems import Theorems

if TYPE_CHECKING:
    from .rules import Task

Prove = Callable[["Task", Any, int], str]

PARTIAL = ("/", "log", "sqrt", "asin", "acos", "tan")
MOST_THEOREMS = 200
MOST_LIFTED = 100


def has_value(task: Task, term: int) -> bool:
    """Whether the term is seen to be defined all over the region.

    It is if it is total, was shown to be, or combines such terms by an operation that is.
    """
    terms = task.terms
    if terms.total[term] or term in task.shown:
        return True
    known: dict[int, bool] = {}
    for node in terms.below([term]):
        known[node] = (
            terms.total[node]
            or node in task.shown
            or (
                terms.nodes[node][0] not in PARTIAL
                and all(known[operand] for operand in terms.operands(node))
            )
        )
    return known[term]


def _evaluated(terms: Terms, roots: Iterable[int]) -> frozenset[int]:
    """The terms without whose values the roots have none: all below but a select's branches."""
    found: set[int] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            operands = terms.operands(node)
            stack.extend(operands[:1] if terms.nodes[node][0] == "select" else operands)
    return frozenset(found)


def defined_first(task: Task, data: Any, depth: int, prove: Prove) -> str:
    """The roots have values all over the region; then only the bound is left to be shown."""
    roots = [root for root in (task.goal, *task.defined) if not task.terms.total[root]]
    outer = replace(task, goal=task.terms.zero, strict=False, defined=tuple(roots))
    words = prove(outer, entry(data, "defined"), depth + 1)
    shown = task.shown | _evaluated(task.terms, roots)
    inner = replace(task, defined=(), shown=shown)
    return f"{words} where all is defined, and {prove(inner, entry(data, 'inner'), depth + 1)}"


def _single_valued(terms: Terms, roots: Iterable[int]) -> None:
    """Refuse a select, which has two values where it switches, where one value is needed."""
    if any(terms.nodes[node][0] == "select" for node in terms.below(roots)):
        raise RejectedError("a term that may have two values stands where it must have one")


def _with_region(task: Task, region: Region, goal: int, **changes: Any) -> Task:
    return replace(task, obligation=Obligation(region, goal, task.strict), goal=goal, **changes)


def _all_defined(task: Task) -> None:
    if not all(has_value(task, root) for root in (task.goal, *task.defined)):
        raise RejectedError("what the claim is made of is not shown to be defined")


def by_theorems(task: Task, data: Any, depth: int, prove: Prove) -> str:
    """The region is not smaller for atoms that hold, and have values, all over it."""
    region, terms = task.obligation.region, task.terms
    table = Theorems(terms, region.names, region.box)
    found: list[Formula] = []
    instances = sequence(entry(data, "theorems"))
    if len(instances) > MOST_THEOREMS:
        raise RejectedError(f"there are more than {MOST_THEOREMS} theorems")
    for name, args in (sequence(instance, 2) for instance in instances):
        found += table.atoms(text(name), task.reader.all(args))
    _single_valued(terms, [term for _, term in found])
    if not all(has_value(task, term) for _, term in found):
        raise RejectedError("a theorem is about a term that is not shown to be defined")
    formula = ("and", *conjuncts(region.formula), *found)
    inner = _with_region(task, Region(region.names, region.box, formula), task.goal)
    return f"{len(found)} facts and {prove(inner, entry(data, 'inner'), depth + 1)}"


def _mapped(formula: Formula, change: Callable[[int], int]) -> Formula:
    """The formula with other terms, in the same shape, so that atoms keep their numbers."""
    op, *parts = formula
    if op in ("and", "or"):
        return (op, *(_mapped(part, change) for part in parts))
    return op, change(parts[0])


def exchanged(terms: Terms, root: int, exchange: Mapping[int, int]) -> int:
    """The term with some sub-terms exchanged; the largest ones first."""
    done: dict[int, int] = {}
    for node in terms.below([root]):
        if node in exchange:
            done[node] = exchange[node]
        else:
            operands = [done[operand] for operand in terms.operands(node)]
            done[node] = terms.rebuild(terms.nodes[node], operands)
    return done[root]


def lifted(task: Task, data: Any, depth: int, prove: Prove) -> str:
    """What holds for every value of the new variables holds for the values of the terms.

    Each term has one value at each point of the region; a select has one of two, but then it
    stands in the claim alone, which is thus shown for both.
    """
    region, terms = task.obligation.region, task.terms
    pairs = [sequence(pair, 2) for pair in sequence(entry(data, "variables"))]
    names = [text(name) for name, _ in pairs]
    numbers = [task.reader.term(term) for _, term in pairs]
    if len(pairs) > MOST_LIFTED:
        raise RejectedError(f"there are more than {MOST_LIFTED} new variables")
    _all_defined(task)
    if not all(has_value(task, term) for term in numbers):
        raise RejectedError("a term that becomes a variable is not shown to be defined")
    _single_valued(terms, [atom[1] for atom in task.numbered])
    used = terms.variables([task.goal, *numbers, *(atom[1] for atom in task.numbered)])
    if len({*names, *numbers}) != 2 * len(names) or {*names} & {*used, *region.names}:
        raise RejectedError("a new variable is not new")
    exchange = {n: terms.node("var", name) for n, name in zip(numbers, names, strict=True)}
    formula = _mapped(region.formula, lambda term: exchanged(terms, term, exchange))
    box = (*region.box, *((None, None) for _ in names))
    goal = exchanged(terms, task.goal, exchange)
    inner = _with_region(
        task, Region((*region.names, *names), box, formula), goal, defined=(), shown=frozenset()
    )
    return f"{len(names)} terms as variables: {prove(inner, entry(data, 'inner'), depth + 1)}"


def cases(task: Task, data: Any, depth: int, prove: Prove) -> str:
    """On the closed half where c >= 0, |c|, max, min and select on c are their branches.

    What then bounds one variable tightens the box, unless no value is left of a side.
    A select's value where c = 0 is any of its branches: the one is claimed in the one half, the
    other in the other. So that the region loses no points, its atoms keep their selects.
    """
    region, terms, on = task.obligation.region, task.terms, task.reader.term(entry(data, "on"))
    _all_defined(task)
    _single_valued(terms, [on])
    if not has_value(task, on):
        raise RejectedError("a case's condition is not shown to be defined")
    words = []
    for key, positive in (("nonnegative", True), ("nonpositive", False)):
        half = (">=", on if positive else terms.neg(on))

        def kept(term: int, positive: bool = positive) -> int:
            return _branch(terms, [term], on, positive, selects=False)[term]

        formula = ("and", *(_mapped(p, kept) for p in conjuncts(region.formula)), half)
        branches = _branch(terms, [task.goal, *task.shown], on, positive, selects=True)
        inner = _with_region(
            task,
            _tightened(terms, Region(region.names, region.box, formula)),
            branches[task.goal],
            defined=(),
            shown=frozenset(branches[node] for node in task.shown),
        )
        words.append(prove(inner, entry(data, key), depth + 1))
    return f"two cases: {words[0]}; {words[1]}"


def _tightened(terms: Terms, region: Region) -> Region:
    """The same points in a smaller box, unless a side of it would end before it begins."""
    box = tuple(tight_box(Ring(terms), region).values())
    if any(lo is not None and hi is not None and lo > hi for lo, hi in box):
        return region
    return replace(region, box=box)


def either(task: Task, data: Any, depth: int, prove: Prove) -> str:
    """Every point of the region satisfies the first disjunct or another one.

    What then bounds one variable tightens the box, and the bounds have all points of the region.
    """
    region = task.obligation.region
    parts = list(conjuncts(region.formula))
    which = next((i for i, part in enumerate(parts) if part[0] == "or" and part[1:]), None)
    if which is None:
        raise RejectedError("the region has no alternatives")
    first, *others = parts.pop(which)[1:]
    words = []
    for key, choice in (
        ("first", first),
        ("others", others[0] if len(others) == 1 else ("or", *others)),
    ):
        formula = ("and", *parts, *conjuncts(choice))
        box = tight_box(Ring(task.terms), Region(region.names, region.box, formula))
        inner = _with_region(task, Region(region.names, tuple(box.values()), formula), task.goal)
        words.append(prove(inner, entry(data, key), depth + 1))
    return f"two alternatives: {words[0]}; {words[1]}"


def vanishing(task: Task, data: Any, depth: int, prove: Prove) -> str:
    """A sum of squares that is not > 0 has squares that are all 0; and they never are, together.

    The inner claim is that 0 > 0 wherever they all vanish.
    """
    region, terms = task.obligation.region, task.terms
    roots = task.reader.all(entry(data, "terms"))
    _all_defined(task)
    _single_valued(terms, [task.goal, *roots])
    if not all(has_value(task, root) for root in roots):
        raise RejectedError("a square is not shown to be defined")
    total = terms.zero
    for root in roots:
        total = terms.add(total, terms.power(root, 2))
    if not task.strict or not Ring(terms).same(task.goal, total):
        raise RejectedError("the strict claim is not about the sum of these squares")
    formula = ("and", *conjuncts(region.formula), *(("==", root) for root in roots))
    smaller = Region(region.names, region.box, formula)
    inner = _with_region(task, smaller, terms.zero, defined=())
    return f"{len(roots)} squares never 0: {prove(inner, entry(data, 'inner'), depth + 1)}"


def _branch(
    terms: Terms, roots: Iterable[int], on: int, positive: bool, *, selects: bool
) -> dict[int, int]:
    """What everything below the roots equals where ``on`` >= 0 (or <= 0)."""
    done: dict[int, int] = {}
    for node in terms.below(roots):
        op, operands = terms.nodes[node][0], terms.operands(node)
        inner = [done[operand] for operand in operands]
        if op == "abs" and operands[0] == on:
            done[node] = inner[0] if positive else terms.neg(inner[0])
        elif op in ("max", "min") and terms.sub(*operands) == on:
            done[node] = inner[0] if positive == (op == "max") else inner[1]
        elif op == "select" and selects and operands[0] == on:
            done[node] = inner[1] if positive else inner[2]
        else:
            done[node] = terms.rebuild(terms.nodes[node], inner)
    return done
