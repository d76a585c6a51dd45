"""Can a state with B <= 0 leave the domain? The condition ``stays`` of ``domain_is: invariant``.

Soundness depends on this file. The theorems are in docs/conditions.md.
"""

from __future__ import annotations

from fractions import Fraction

from bcv import expr as ex
from bcv.conditions.conditions import Conditions, joined, unsupported
from bcv.conditions.continuous import lie_derivative
from bcv.conditions.discrete import successor
from bcv.conditions.kinks import switching
from bcv.conditions.setting import (
    barrier,
    claim,
    in_words,
    is_stochastic,
    named,
    surface_level,
    surface_words,
)
from bcv.expr import Expr, Op
from bcv.obligation import Obligation
from bcv.problem import ConditionKind, Mode, Problem, TimeKind, Variable
from bcv.region import (
    TRUE,
    And,
    Atom,
    Formula,
    Or,
    Relation,
    all_of,
    at_least,
    conjuncts,
    equal,
    linear_bound,
    map_atoms,
    negation,
    substitute,
)


def _bounds(state: Variable) -> Formula:
    """The state's own bounds as a formula: the exact ones where they are irrational."""
    if state.exact != TRUE:
        return state.exact
    parts = []
    if state.range.lo is not None:
        parts.append(at_least(ex.var(state.name), ex.const(state.range.lo)))
    if state.range.hi is not None:
        parts.append(at_least(ex.const(state.range.hi), ex.var(state.name)))
    return all_of(*parts)


def _domain(problem: Problem, mode: Mode) -> Formula:
    return all_of(*map(_bounds, problem.states), mode.domain)


def _closure(atom: Atom) -> Formula:
    return at_least(atom.expr) if atom.relation is Relation.GT else atom


def _kept(problem: Problem, b: Expr) -> Formula:
    """Where the state must not leave from: B <= level."""
    return at_least(surface_level(problem), b)


def _never_crossed(d: Expr, lie: Expr) -> bool:
    """Whether d = a*(x_i - c) and f_i is plainly 0 wherever x_i = c.

    Then the hyperplane x_i = c is invariant, and where f is locally Lipschitz no trajectory
    reaches or crosses it (uniqueness).
    """
    found = linear_bound(d)
    if found is None:
        return False
    name, slope, offset = found
    edge: dict[str, Expr] = {name: ex.const(Fraction(-offset, 1) / slope)}
    return lie.total and ex.substitute(lie, edge) is ex.ZERO


def _lipschitz(field: tuple[Expr, ...]) -> bool:
    """Whether f is plainly locally Lipschitz wherever it is defined."""
    risky = (Op.SQRT, Op.ASIN, Op.ACOS, Op.SELECT)
    return not any(node.op in risky and node.args for node in ex.postorder(*field))


def _flow_out(problem: Problem, mode: Mode, atom: Atom) -> tuple[Obligation, ...]:
    """On d = 0 the flow must not point out (needed), and must point in (enough).

    Both speak of the closure of the domain; where that adds points, neither failure refutes. Nor
    does an edge at which d has no slope: the flow may enter sqrt(x) >= 0. Under
    ``boundary`` nothing is known of a state that slides along an edge, so it must be left.
    """
    b, d = barrier(problem, mode), atom.expr
    lie = lie_derivative(problem, d, mode.dynamics)
    along_edge = problem.certificate.condition is not ConditionKind.BOUNDARY
    if along_edge and _lipschitz(mode.dynamics) and _never_crossed(d, lie):
        return ()
    closed = map_atoms(mode.domain, _closure)
    where = (closed, _kept(problem, b), equal(d))
    name, words = named(mode, "stays"), in_words(d)
    inside = f"{surface_words(problem).replace('=', '<=')}"
    defined = (b, *mode.dynamics)
    return (
        claim(
            problem,
            name,
            f"the flow does not leave {words} >= 0 where {inside}",
            where,
            lie,
            part=f"{words} >= 0",
            defined=defined,
            sufficient=closed != mode.domain or not lie.total,
        ),
        claim(
            problem,
            name,
            f"the flow enters {words} > 0 from its edge where {inside}",
            where,
            lie,
            strict=True,
            part=f"{words} >= 0, strictly",
            sufficient=True,
        ),
    )


def _edges_are_zeros(
    problem: Problem, mode: Mode, parts: tuple[Formula, ...]
) -> tuple[Obligation, ...]:
    """Every d is defined, hence continuous, up to the domain's edge, which then has some d = 0.

    Without it log(x) <= 5 or 1/x >= 0 could be left at x = 0, where d is not 0 but undefined.
    """
    atoms = [part for part in parts if isinstance(part, Atom)]
    around = tuple(_closure(atom) for atom in atoms if atom.expr.total)
    return tuple(
        claim(
            problem,
            named(mode, "stays"),
            f"{in_words(d)} is defined up to the edge of the domain",
            (*around, _kept(problem, barrier(problem, mode))),
            ex.ONE,
            part=f"{in_words(d)} is defined",
            defined=(d,),
            sufficient=True,
        )
        for d in (atom.expr for atom in atoms)
        if not d.total
    )


def _continuous(problem: Problem, mode: Mode) -> Conditions:
    name = named(mode, "stays")
    if problem.inputs:
        return unsupported(name, "domain_is: invariant is not supported with inputs")
    found: list[Obligation] = []
    parts = conjuncts(_domain(problem, mode))
    for part in parts:
        if not isinstance(part, Atom):
            return unsupported(name, "the domain is not a plain conjunction of inequalities")
        if part.relation is Relation.EQ:
            return unsupported(name, "the domain has an equality")
        if switching(part.expr):
            return unsupported(name, f"{in_words(part.expr)} in the domain is piecewise")
        found += _flow_out(problem, mode, part)
    return Conditions(obligations=(*found, *_edges_are_zeros(problem, mode, parts)))


def _goals(formula: Formula, given: tuple[Formula, ...]) -> list[tuple[tuple[Formula, ...], Atom]]:
    """Pairs (given, atom) that together say: the formula holds wherever ``given`` does.

    One alternative of a disjunction must hold where all the others fail.
    """
    match formula:
        case And(parts):
            return [goal for part in parts for goal in _goals(part, given)]
        case Or(parts) if parts:
            return _goals(parts[-1], (*given, *map(negation, parts[:-1])))
        case Or(_):
            return [(given, Atom(ex.const(-1), Relation.GE))]
        case Atom(expr, Relation.EQ):
            return [(given, Atom(expr, Relation.GE)), (given, Atom(-expr, Relation.GE))]
        case Atom():
            return [(given, formula)]


def _discrete(problem: Problem, mode: Mode) -> Conditions:
    name, b = named(mode, "stays"), barrier(problem, mode)
    if problem.inputs:
        return unsupported(name, "domain_is: invariant is not supported with inputs")
    image = successor(problem, mode.dynamics)
    inside = f"{surface_words(problem).replace('=', '<=')}"
    found = []
    base = (mode.domain, _kept(problem, b))
    for number, part in enumerate(conjuncts(_domain(problem, mode)), start=1):
        for given, atom in _goals(substitute(part, image), ()):
            strict = atom.relation is Relation.GT
            words = f"{in_words(atom.expr)} {'>' if strict else '>='} 0"
            found.append(
                claim(
                    problem,
                    name,
                    f"the next state keeps {words} where {inside}",
                    (*base, *given),
                    atom.expr,
                    strict=strict,
                    part=f"constraint {number}: {words}",
                    defined=(b, *mode.dynamics),
                )
            )
    return Conditions(obligations=tuple(found))


def staying(problem: Problem) -> Conditions:
    """The condition ``stays``; nothing if the domain is assumed."""
    if not problem.domain_invariant:
        return Conditions()
    if problem.certificate.levels == "auto" and (
        problem.certificate.condition is not ConditionKind.SUPERMARTINGALE
    ):
        return unsupported("stays", "levels: auto names no level below which the state must stay")
    if is_stochastic(problem):
        return unsupported("stays", "domain_is: invariant is not supported for stochastic systems")
    if problem.time is TimeKind.HYBRID:
        return unsupported("stays", "domain_is: invariant is not supported for hybrid systems")
    rule = _discrete if problem.time is TimeKind.DISCRETE else _continuous
    return joined(*(rule(problem, mode) for mode in problem.modes))
