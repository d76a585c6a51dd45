"""How is a polynomial claim proved? Attempts of growing cost, each ending in an exact identity.

Soundness does not depend on this file: ``identity.is_refutation`` has the last word.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from bcv.algebra import (
    coordinates,
    faces,
    gram,
    inspection,
    lowering,
    polynomial,
    radial,
    signs,
    support,
)
from bcv.algebra.attempts import Aim, Attempt, Goal, Terms, attempts, build, goals
from bcv.algebra.components import Component, components
from bcv.algebra.directions import Projection, projected
from bcv.algebra.identity import CLAIM, is_refutation
from bcv.algebra.polynomial import Poly
from bcv.algebra.program import Program, solve
from bcv.algebra.program import support as spanned
from bcv.algebra.rounding import Exact, LateError, exact_solution, ideal_member
from bcv.algebra.semidefinite import Status
from bcv.algebra.systems import System
from bcv.algebra.zeros import TINY
from bcv.evidence import Gram, PolynomialCase
from bcv.outcome import Reason
from bcv.region import Relation

FLOPS = 2.5e10
"""Floating-point operations per second assumed by the cost model."""

EMPTY_SHARE = 0.05
"""The share of the time left that an attempt may take to show that the region is empty."""

GLANCE = 0.02
"""Seconds that such an attempt may take whatever is left."""

OTHER_PARTS = 0.1
"""The share of the time for parts of the region that are not linked to the claim."""

OTHERS_GLANCE = 0.1
"""Seconds for these parts, at most, before anything else is tried."""

WORTHWHILE = 600.0
"""Seconds up to which an attempt is worth more time."""


@dataclass(frozen=True, slots=True)
class Scaled:
    """A system in moderate coordinates.

    Attributes:
        system: with the polynomials in u, each times ``factors[index]``.
        change: from x to u.
        factors: positive rationals by atom index; CLAIM for the claim.
    """

    system: System
    change: coordinates.Change
    factors: dict[int, Any]


def scaled(system: System) -> Scaled:
    """The system in moderate coordinates."""
    change = coordinates.moderate(system)
    claim, factor = coordinates.normal(change.into(system.claim))
    factors, constraints = {CLAIM: factor}, []
    for item in system.constraints:
        poly, factors[item.index] = coordinates.normal(change.into(item.poly))
        constraints.append(replace(item, poly=poly))
    inner = System(system.over, claim, system.strict, tuple(constraints))
    return Scaled(inner, change, factors)


def predicted_seconds(program: Program, equations: int) -> float:
    """A rough cost of solving the program."""
    points = 1.7 * equations if equations < 300 else 1.15 * equations
    squares = sum(block.size for block in program.blocks)
    work = 4 * points**2 * squares + 2 * points**2 * equations + equations**3
    return 0.004 + 0.0004 * len(program.blocks) + 15 * work / FLOPS


@dataclass(frozen=True, slots=True)
class Failure:
    """No refutation was found, and why.

    Attributes:
        reason: TIMEOUT if attempts were left out, or not finished, for which a few minutes might
            be enough; INCONCLUSIVE if all others were made in vain.
        needed: estimated seconds of the cheapest attempt that was left out.
    """

    reason: Reason
    needed: float | None = None


Zeros = Sequence[tuple[Fraction, ...]]


Estimates = Callable[[], Zeros]


def no_estimates() -> Zeros:
    """Nobody knows of further zeros."""
    return ()


def refute(
    system: System, zeros: Zeros, deadline: float, estimates: Estimates = no_estimates
) -> PolynomialCase | Failure:
    """An exact refutation of the negated claim on this system, or why there is none.

    ``zeros`` are exact points of the region where the claim's polynomial is 0; ``estimates``, asked
    for once the claim is seen to be tight, gives points within about 2**-zeros.BITS of others.
    """
    found = inspection.refute(system) or signs.refute(system)
    if found is not None:
        return found if is_refutation(found, system) else Failure(Reason.INCONCLUSIVE)
    low = lowering.lowered(system)
    case: PolynomialCase | Failure
    if low is not None:
        case = refute(low.system, zeros, deadline, estimates)
        case = case if isinstance(case, Failure) else lowering.raised(low, case)
    else:
        parts, view = list(components(system)), projected(system)
        if parts:
            case = _in_parts(parts, zeros, estimates, deadline)
        elif view is not None:
            case = _projected(view, zeros, estimates, deadline)
        else:
            return _searched(system, zeros, estimates, deadline)
    if isinstance(case, Failure) or is_refutation(case, system, deadline + 0.1):
        return case
    return Failure(Reason.INCONCLUSIVE)


def _projected(
    view: Projection, zeros: Zeros, estimates: Estimates, deadline: float
) -> PolynomialCase | Failure:
    """A case from the variables that matter."""

    def near() -> Zeros:
        return [view.point(zero) for zero in estimates()]

    case = refute(view.system, [view.point(zero) for zero in zeros], deadline, near)
    return case if isinstance(case, Failure) else view.embedded(case)


def _in_parts(
    parts: Sequence[Component], zeros: Zeros, estimates: Estimates, deadline: float
) -> PolynomialCase | Failure:
    """A case from the part of the claim, or from another one that is a contradiction by itself."""
    own, *others = parts
    for part in others:
        found = inspection.refute(part.system)
        if found is not None:
            return part.embedded(found)
    now = time.monotonic()
    glance = min(OTHERS_GLANCE, OTHER_PARTS * (deadline - now))
    for part in others:
        if part.system.over.size == 1:  # what bounds say has been seen
            continue
        case = refute(part.system, (), time.monotonic() + glance / len(others))
        if not isinstance(case, Failure):
            return part.embedded(case)
    now = time.monotonic()
    until = deadline - (OTHER_PARTS * (deadline - now) if others else 0.0)

    def near() -> Zeros:
        return [own.point(zero) for zero in estimates()]

    failure = refute(own.system, [own.point(zero) for zero in zeros], until, near)
    if not isinstance(failure, Failure):
        return own.embedded(failure)
    for part in others:
        case = refute(part.system, (), time.monotonic() + (deadline - until) / len(others))
        if not isinstance(case, Failure):
            return part.embedded(case)
    return failure


def _searched(
    system: System, zeros: Zeros, estimates: Estimates, deadline: float
) -> PolynomialCase | Failure:
    """The same, by attempts of growing cost."""
    view = scaled(system)
    points = [view.change.point_into(zero) for zero in _with_origin(system, zeros)]

    @functools.cache
    def near() -> Zeros:
        tiny = polynomial.to_flint(TINY)
        return [view.change.point_into(z) for z in estimates() if _inside(system, z, tiny)]

    skipped, needed, empty = 0, math.inf, system.claim.is_zero()
    begun: float | None = None
    for attempt in attempts(view.system):
        if deadline - time.monotonic() <= 0:
            return Failure(Reason.TIMEOUT, begun)
        if skipped > 3:
            break
        cheap = False
        for goal in goals(view.system, attempt.aim):
            for found in _tries(view, attempt, goal, points, near, deadline):
                if isinstance(found, TooLong):
                    if attempt.aim is not Aim.EMPTY or empty:
                        needed = min(needed, found.seconds)
                    if found.begun:
                        begun = min(begun or math.inf, found.seconds)
                    continue
                cheap = True
                if isinstance(found, Missed):
                    continue
                if is_refutation(found, system, deadline + 0.1):
                    return found
        skipped += not cheap
    if needed > WORTHWHILE:
        return Failure(Reason.INCONCLUSIVE)
    return Failure(Reason.TIMEOUT, needed)


def _with_origin(system: System, zeros: Zeros) -> list[tuple[Fraction, ...]]:
    """The zeros that the region of this system has, and the origin if it is one."""
    origin = (Fraction(0),) * system.over.size
    more = () if origin in zeros or system.claim(*([0] * system.over.size)) != 0 else (origin,)
    return [zero for zero in (*zeros, *more) if _inside(system, zero)]


def _inside(system: System, point: tuple[Fraction, ...], least: Any = 0) -> bool:
    """Whether the constraints hold at a point, up to ``-least``."""
    at = [polynomial.to_flint(x) for x in point]
    return all(
        abs(value) <= least if item.relation is Relation.EQ else value >= -least
        for item in system.constraints
        for value in [item.poly(*at)]
    )


@dataclass(frozen=True, slots=True)
class TooLong:
    """An attempt was not made, since it would have taken about so many seconds.

    ``begun`` says that it was begun and cut short.
    """

    seconds: float
    begun: bool = False


@dataclass(frozen=True, slots=True)
class Missed:
    """An attempt found no identity; ``tight`` if the best one seems to lie on the boundary."""

    tight: bool = False


def _tries(
    view: Scaled, attempt: Attempt, goal: Goal, zeros: Zeros, near: Estimates, deadline: float
) -> Iterator[PolynomialCase | TooLong | Missed]:
    """The attempt with squares that vanish at the known zeros; at fewer, and at more of them.

    Of a form's zeros seldom all are known, and a cut at some of them can leave so little that the
    rest of the face is misjudged. Estimates may be misread, and take their time.
    """
    tight = False
    form = attempt.aim is Aim.RADIAL
    for known in (zeros, ()) if zeros and form else (zeros,):
        found = _attempted(view, attempt, goal, (known, ()), deadline)
        tight = tight or (isinstance(found, Missed) and found.tight)
        yield found
    if tight and attempt.aim is not Aim.EMPTY and near():
        yield _attempted(view, attempt, goal, (zeros, near()), deadline)


def _attempted(
    view: Scaled,
    attempt: Attempt,
    goal: Goal,
    known: tuple[Zeros, Zeros],
    deadline: float,
) -> PolynomialCase | TooLong | Missed:
    """The attempt's case, if it gives one."""
    left = deadline - time.monotonic()
    few = attempt.terms in (Terms.POWERS, Terms.EULER)
    dense = 0.0 if few else _dense_seconds(view.system, attempt)
    if dense > 50 * left:
        return TooLong(dense)
    program = build(view.system, attempt, goal)
    if attempt.aim is not Aim.EMPTY:
        program = faces.cut_at_zeros(program, known[0])
        program = faces.cut_at_estimates(program, known[1])
    if attempt.aim is Aim.EMPTY and not view.system.claim.is_zero():
        left = min(left, max(GLANCE, EMPTY_SHARE * left))
    predicted = predicted_seconds(program, len(spanned(program)))
    if predicted > left:
        return TooLong(predicted)
    started = time.monotonic()
    try:
        found = _solved(program, goal, deadline)
    except LateError as late:
        return TooLong(2 * (time.monotonic() - started) + late.seconds, begun=True)
    if isinstance(found, Missed):
        return found
    completed = radial.completed(*found, view.system.claim) if attempt.aim is Aim.RADIAL else found
    case = None if completed is None else _case(view, goal, *completed)
    return case or Missed()


def _dense_seconds(system: System, attempt: Attempt) -> float:
    equations = support.count(system.over.size, attempt.most)
    return 15 * 4.0 * equations**3 / FLOPS


def _solved(program: Program, goal: Goal, deadline: float) -> tuple[Program, Exact] | Missed:
    """Solve and round; where nothing is strictly feasible, cut to the face and try again.

    Raises LateError if the time does not suffice.
    """
    member = ideal_member(program, deadline)
    if member is not None:
        return replace(program, blocks=()), member
    seen = False
    for _ in range(5):
        if not program.blocks:
            break
        try:
            estimate = solve(program, deadline)
        except np.linalg.LinAlgError:
            break
        status = estimate.interior.status
        if status is Status.TIMEOUT:
            raise LateError
        if status is Status.INTERIOR:
            exact = exact_solution(program, estimate.interior.grams, estimate.factors, deadline)
            if exact is not None:
                return program, exact
        tight = status is Status.BOUNDARY or abs(estimate.interior.margin) < 1e-4
        seen = seen or tight
        if not tight or status not in (Status.BOUNDARY, Status.INTERIOR):
            break
        smaller = faces.cut_by_moments(program, estimate.interior.moments)
        if smaller is None:
            break
        if goal.strict is None and not any(block.slack for block in smaller.blocks):
            break
        program = smaller
    return Missed(seen)


def _case(view: Scaled, goal: Goal, program: Program, exact: Exact) -> PolynomialCase | None:
    """The identity in the original variables, with the original polynomials."""
    cone: list[tuple[tuple[int, ...], Gram]] = []
    strict, scale = goal.strict, _size(view, goal.strict or ())
    if strict is None:
        one = [(0,) * view.system.over.size]
        cone.append(((CLAIM,), gram.to_evidence(one, [[view.factors[CLAIM]]])))
    for block, matrix in zip(program.blocks, exact.grams, strict=True):
        size = _size(view, block.cone)
        sized = [[entry * size for entry in row] for row in matrix]
        if block.slack and strict is None and sized[0][0] > 0:
            strict, scale = block.cone, sized[0][0]
            continue
        basis, written = view.change.gram_back(block.basis, sized)
        cone.append((block.cone, gram.to_evidence(basis, written)))
    if strict is None:
        return None
    free = []
    for item, factor in zip(program.frees, exact.factors, strict=True):
        poly = view.change.back(factor)
        if len(item.atoms) == 1:
            sized_poly = poly * view.factors[item.atoms[0]]
            free.append((item.atoms[0], polynomial.to_terms(sized_poly)))
        elif not poly.is_zero():
            cone += _split_factor(view, item.atoms, poly)
    return PolynomialCase(
        tuple((indices, found) for indices, found in cone if found.basis),
        tuple(free),
        polynomial.to_fraction(scale),
        strict,
    )


def _size(view: Scaled, indices: Sequence[int]) -> Any:
    """The factor between the product of the scaled polynomials and that of the original ones."""
    size = polynomial.to_flint(Fraction(1))
    for index in indices:
        size = size * view.factors[index]
    return size


def _split_factor(
    view: Scaled, atoms: tuple[int, ...], factor: Poly
) -> list[tuple[tuple[int, ...], Gram]]:
    """factor * h as ((factor + 1) / 2)^2 * h + ((factor - 1) / 2)^2 * (-h)."""
    from flint import fmpq

    found: list[tuple[tuple[int, ...], Gram]] = []
    for atom, shift in zip(atoms, (1, -1), strict=True):
        half = (factor + view.system.over.constant(shift)) / 2
        terms = {tuple(map(int, m)): c for m, c in half.to_dict().items()}
        basis, values = tuple(terms), list(terms.values())
        size = fmpq(1) * view.factors[atom]
        matrix = [[a * b * size for b in values] for a in values]
        found.append(((atom,), gram.to_evidence(basis, matrix)))
    return found
