"""What branch and bound proves is true, replays in exact arithmetic, and ends in time."""

from __future__ import annotations

import time
from array import array
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bcv import expr as ex
from bcv.engines import branch_and_bound
from bcv.engines.branch_and_bound import BranchAndBound
from bcv.engines.engine import Budget
from bcv.events import Event, Progress, ignore
from bcv.evidence import Convex, Cover, Point, Segment, WitnessKind
from bcv.expr import Expr, Op
from bcv.obligation import Obligation
from bcv.outcome import Hints, Outcome, Proved, Reason, Refuted, Undecided
from bcv.region import (
    FALSE,
    TRUE,
    Formula,
    Range,
    all_of,
    any_of,
    at_least,
    equal,
    greater,
    region,
)
from bcv.replay import confirmed
from tests.paving.replay import replays

X, Y, Z = ex.var("x"), ex.var("y"), ex.var("z")
UNIT = ((-1, 1), (-1, 1))
EVERYWHERE = ((None, None), (None, None))
Ends = Sequence[tuple[object, object]]


def const(value: object) -> Expr:
    return ex.const(Fraction(value))  # type: ignore[arg-type]


def claim(
    g: Expr, box: Ends = UNIT, formula: Formula = TRUE, strict: bool = False, names: str = "xyz"
) -> Obligation:
    """For all (x, y, ...) in the box with the formula: g >= 0."""

    def end(value: object) -> Fraction | None:
        return None if value is None else Fraction(value)  # type: ignore[arg-type]

    sides = tuple(Range(end(lo), end(hi)) for lo, hi in box)
    where = region(tuple(names[: len(box)]), sides, formula)
    return Obligation("claim", "", "g >= 0", where, g, strict)


def outcome_of(obligation: Obligation, seconds: float = 5.0, hints: Hints | None = None) -> Outcome:
    budget = Budget(time.monotonic() + seconds, boxes=400_000)
    return BranchAndBound().discharge(obligation, hints or Hints(), budget, ignore)


def cover_of(outcome: Outcome) -> Cover:
    assert isinstance(outcome, Proved)
    assert isinstance(outcome.evidence, Cover)
    return outcome.evidence


def sin(a: Expr) -> Expr:
    return ex.apply(Op.SIN, a)


DISK = at_least(ex.ONE - X**2 - Y**2)
CIRCLE = equal(X**2 + Y**2, ex.ONE)
LIE = -(
    (const(2) * X + const("1/5") * Y) * Y
    + (const(2) * Y + const("1/5") * X) * (-sin(X) - const("1/2") * Y)
)

TRUE_CLAIMS = {
    "a constant": claim(ex.ONE),
    "no variables": claim(ex.ONE, ()),
    "an empty formula": claim(-X, formula=FALSE),
    "a reversed box": claim(-ex.ONE, formula=all_of(at_least(X, ex.ONE), at_least(-X))),
    "a margin": claim(const("1.4143") - X - Y, formula=DISK),
    "a narrow margin": claim(const("1.414214") - X - Y, formula=DISK),
    "an unbounded space, bounded region": claim(const("1.415") - X - Y, EVERYWHERE, DISK),
    "a half-space": claim(X**2 + Y**2 - ex.ONE, ((2, None), (None, None))),
    "an equality": claim(const("1.415") - X - Y, EVERYWHERE, CIRCLE),
    "a strict claim": claim(const("1.415") - X - Y, EVERYWHERE, CIRCLE, strict=True),
    "an equality missed by the box": claim(-X, ((2, 3), (2, 3)), CIRCLE),
    "far out": claim(X - ex.ONE - ex.apply(Op.LOG, X) - const("0.9"), ((3, None),)),
    "far out, as good as 0": claim(
        X * ex.apply(Op.TANH, X) * (ex.ONE - ex.apply(Op.TANH, X) ** 2), EVERYWHERE
    ),
    "either side": claim(
        X**2 - const("0.99"), formula=any_of(at_least(X, ex.ONE), at_least(-X, ex.ONE))
    ),
    "nested alternatives": claim(
        X + Y + const("1/100"),
        formula=any_of(
            all_of(at_least(X, const("1/2")), at_least(Y)), all_of(greater(Y, -X), at_least(X))
        ),
    ),
    "zeros at a kept square": claim(X**2 + Y**2),
    "a tight corner with rational ends": claim(
        const("13/16") - ((X - const("9/2")) ** 2 + (Y - const("3/2")) ** 2) * const("1/10"),
        (("7/4", "9/4"), ("7/4", "9/4")),
    ),
    "a tight corner between doubles": claim(X**2 + Y - const("11/100"), (("1/10", 1), ("1/10", 1))),
    "a convex zero": claim(X**2 + Y**2 - X * Y + X**3 * Y),
    "a convex zero off the origin": claim((X - const("1/3")) ** 2 - Y * (X - const("1/3")) + Y**2),
    "a transcendental zero": claim(
        Y**2 + const(2) * (ex.ONE - ex.apply(Op.COS, X)) - const("1/10") * X * Y
    ),
    "a tight constraint": claim(X**2 + Y**2 - const("1/2"), formula=at_least(X + Y, ex.ONE)),
    "a tight equality": claim(X**2 + Y**2 - const("1/2"), formula=equal(X + Y, ex.ONE)),
    "convex everywhere": claim(X**2 + Y**2 - X * Y, EVERYWHERE),
    "a kink": claim(ex.apply(Op.ABS, X) + ex.maximum(X, Y) + ex.minimum(X, Y) + const("2.5")),
    "a branch": claim(ex.select(X, X + ex.ONE, ex.ONE - X) + Y + const("1/100")),
    "functions": claim(
        ex.apply(Op.EXP, X) + ex.apply(Op.TANH, Y) + ex.apply(Op.ATAN, X * Y) + sin(X) + const(2)
    ),
    "a quotient": claim(X / (const(2) + Y) + const("1.01")),
    "a root": claim(ex.apply(Op.SQRT, X + const("1.5")) - const("0.7")),
    "a flow on a level band": claim(
        LIE + const("1/100"),
        formula=all_of(at_least(ex.ONE - X**2 - Y**2), at_least(X**2 + Y**2, const("1/10"))),
    ),
}


@pytest.mark.parametrize("name", TRUE_CLAIMS)
def test_a_true_claim_is_proved_and_its_cover_replays(name: str) -> None:
    obligation = TRUE_CLAIMS[name]
    assert replays(obligation, cover_of(outcome_of(obligation)))


def _exp(a: Expr) -> Expr:
    return ex.apply(Op.EXP, a)


TIES = {
    "at an end": claim(_exp(ex.ONE) - _exp(X), ((0, 1), (None, None))),
    "at two ends": claim(ex.apply(Op.COSH, const(2)) - ex.apply(Op.COSH, X), ((-2, 2),)),
    "at the ends of a square": claim(
        ex.apply(Op.TANH, const(2)) ** 2 - ex.apply(Op.TANH, X) ** 2,
        ((None, None), (None, None)),
        at_least(const(4), X**2),
    ),
    "beside a side that is a point between doubles": claim(
        ex.apply(Op.SQRT, Y) - ex.apply(Op.SQRT, X), ((0, "6/5"), ("6/5", "6/5"))
    ),
    "far out": claim(ex.apply(Op.LOG, X) - ex.apply(Op.LOG, const(2)), ((2, None),)),
    "outside an open region": claim(
        _exp(X) - _exp(ex.ONE), ((1, None), (0, None)), greater(X, ex.ONE), strict=True
    ),
    "of each alternative, a polynomial": claim(
        const(4) - X**2,
        ((-9, 9), (None, None)),
        any_of(
            all_of(at_least(X, const(-2)), at_least(-ex.ONE, X)),
            all_of(at_least(X, ex.ONE), at_least(const(2), X)),
        ),
    ),
    "far out, where slopes cancel": claim(
        X * ex.apply(Op.ATAN, X) - const("1/2") * ex.apply(Op.LOG, ex.ONE + X**2) + Y**2,
        EVERYWHERE,
    ),
    "of each alternative": claim(
        ex.apply(Op.TANH, X) ** 2 - ex.apply(Op.TANH, const(2)) ** 2,
        ((-3, 3), (-3, 3)),
        any_of(at_least(X, const(2)), at_least(const(-2), X)),
    ),
}


@pytest.mark.parametrize("name", TIES)
def test_a_tie_of_equal_terms_is_decided_and_confirmed_by_the_checker(name: str) -> None:
    tie = TIES[name]
    outcome = outcome_of(tie)
    assert isinstance(outcome, Proved)
    assert confirmed(tie, outcome.evidence, time.monotonic() + 20)
    # Anything less is false, and no evidence of the one proves the other.
    false = replace(tie, expr=tie.expr - const("1e-9"))
    assert not isinstance(outcome_of(false), Proved)
    assert not confirmed(false, outcome.evidence, time.monotonic() + 20)
    if not tie.strict:
        strict = replace(tie, strict=True)
        assert not isinstance(outcome_of(strict), Proved)
        assert not confirmed(strict, outcome.evidence, time.monotonic() + 20)


def test_alternatives_for_which_no_time_was_left_are_worth_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reasons = iter([Reason.INCONCLUSIVE, Reason.TIMEOUT])
    monkeypatch.setattr(branch_and_bound, "_with_zeros", lambda *_: Undecided(next(reasons)))
    outcome = outcome_of(TIES["of each alternative"])
    assert isinstance(outcome, Undecided)
    assert outcome.reason is Reason.TIMEOUT


FALSE_CLAIMS = {
    "by 1e-4": claim(const("1.4141") - X - Y, formula=DISK),
    "by 1e-6": claim(const("1.414212") - X - Y, formula=DISK),
    "by 1e-6 on a surface": claim(const("1.414212") - X - Y, EVERYWHERE, CIRCLE),
    "strict at a zero": claim(X**2 + Y**2, strict=True),
    "strict at a corner": claim(
        X**2 + Y - const("11/100"), (("1/10", 1), ("1/10", 1)), strict=True
    ),
    "a saddle": claim(X**2 + Y**2 - const("2.001") * X * Y),
    "undefined at a point": claim(ex.ONE / (X**2 + Y**2)),
    "undefined on a line": claim(ex.apply(Op.SQRT, X)),
    "a root that is only required": Obligation(
        "claim", "", "", claim(ex.ONE).region, ex.ONE, False, (ex.ONE / X,)
    ),
    "far out": claim(const(10**6) - X**2, ((None, None), (0, 1))),
    "odd": claim(X**3 + Y**3),
}


@pytest.mark.parametrize("name", FALSE_CLAIMS)
def test_a_false_claim_is_never_proved(name: str) -> None:
    assert not isinstance(outcome_of(FALSE_CLAIMS[name], 2.0), Proved)


def test_a_clear_violation_is_refuted_with_a_point() -> None:
    found = outcome_of(claim(const("1.4") - X - Y, formula=DISK))
    assert isinstance(found, Refuted)
    assert isinstance(found.witness, Point)


def test_a_violation_on_a_surface_is_refuted_with_a_segment() -> None:
    found = outcome_of(claim(const("1.4") - X - Y, EVERYWHERE, CIRCLE))
    assert isinstance(found, Refuted)
    assert isinstance(found.witness, Segment)


def test_an_undefined_point_is_refuted_as_such() -> None:
    found = outcome_of(claim(ex.apply(Op.SQRT, X)))
    assert isinstance(found, Refuted)
    assert isinstance(found.witness, Point)
    assert found.witness.kind is WitnessKind.UNDEFINED


def test_a_strict_claim_that_is_zero_at_a_corner_is_refuted_there() -> None:
    found = outcome_of(FALSE_CLAIMS["strict at a corner"])
    assert isinstance(found, Refuted)


def test_a_known_zero_is_carved_out_at_once() -> None:
    obligation = TRUE_CLAIMS["a convex zero"]
    hints = Hints(zeros=((Fraction(0), Fraction(0)),))
    found = outcome_of(obligation, hints=hints)
    assert any(isinstance(reason, Convex) for reason in cover_of(found).reasons)


def test_a_tight_claim_that_cannot_be_proved_here_ends_early_with_its_places() -> None:
    started = time.monotonic()
    found = outcome_of(claim(X**4 - const(2) * X**2 * Y + Y**2), 20.0)
    assert time.monotonic() - started < 5.0
    assert isinstance(found, Undecided)
    assert found.reason is Reason.INCONCLUSIVE
    assert all(abs(x**2 - y) < 1e-3 for x, y in found.hints.points)


def test_slopes_on_bounded_leaves_of_unbounded_regions_are_those_of_the_checker() -> None:
    """1/2 - B for a B of softplus terms, on a disk: proved with slopes that cancel."""
    terms = [ex.apply(Op.LOG, ex.ONE + ex.apply(Op.EXP, c * x)) for x, c in
             ((X, const(1)), (X, const(-1)), (Y, const(2)), (Y, const(-2)))]  # fmt: skip
    total = sum(terms, const(0)) - const(4) * ex.apply(Op.LOG, const(2))
    disk = at_least(const("1/10") - X**2 - Y**2)
    obligation = claim(const("1/2") - total, EVERYWHERE, disk)
    found = outcome_of(obligation)
    assert isinstance(found, Proved)
    assert confirmed(obligation, found.evidence, time.monotonic() + 20)


def test_an_unbounded_claim_without_a_bound_ends_early() -> None:
    started = time.monotonic()
    found = outcome_of(claim(X**2 + Y**2 - X * Y + sin(X) + const(2), EVERYWHERE), 20.0)
    assert isinstance(found, Undecided)
    assert found.reason is Reason.INCONCLUSIVE
    assert time.monotonic() - started < 5.0


RING = tuple(ex.var(name) for name in "abcdefghij")
HARD = claim(
    sum(
        (a**2 - const("0.99") * a * b for a, b in zip(RING, RING[1:] + RING[:1], strict=True)),
        const("1/10000"),
    ),
    ((-1, 1),) * len(RING),
    names="abcdefghij",
)


@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_the_deadline_is_kept(seconds: float) -> None:
    started = time.monotonic()
    found = BranchAndBound().discharge(HARD, Hints(), Budget(started + seconds), ignore)
    assert time.monotonic() - started < seconds + 0.5
    assert isinstance(found, Undecided)
    assert found.reason is Reason.TIMEOUT
    assert found.known.boxes_left


def test_the_number_of_boxes_is_limited() -> None:
    found = BranchAndBound().discharge(
        HARD, Hints(), Budget(time.monotonic() + 20.0, boxes=1000), ignore
    )
    assert isinstance(found, Undecided)
    assert found.reason is Reason.BOX_LIMIT
    assert found.known.boxes == 1000


def test_a_search_goes_on_after_a_few_boxes() -> None:
    budget = Budget(time.monotonic() + 20.0, boxes=1000)
    BranchAndBound().discharge(HARD, Hints(), budget, ignore)
    found = BranchAndBound().discharge(HARD, Hints(), replace(budget, boxes=1500), ignore)
    anew = Budget(time.monotonic() + 20.0, boxes=1500)
    at_once = BranchAndBound().discharge(HARD, Hints(), anew, ignore)
    assert isinstance(found, Undecided)
    assert isinstance(at_once, Undecided)
    assert found.known.boxes == at_once.known.boxes == 1500


def test_without_boxes_only_the_root_as_a_whole_counts() -> None:
    none = Budget(time.monotonic() + 20.0, boxes=0)
    whole = BranchAndBound().discharge(claim(X**2 + Y**2), Hints(), none, ignore)
    assert cover_of(whole).nodes == array("i", [0])
    parts = BranchAndBound().discharge(claim(X**2 - X + const("1/4")), Hints(), none, ignore)
    assert isinstance(parts, Undecided)
    assert parts.reason is Reason.BOX_LIMIT
    assert parts.known.boxes == 0


def test_memory_is_limited() -> None:
    budget = Budget(time.monotonic() + 20.0, memory=200_000)
    found = BranchAndBound().discharge(HARD, Hints(), budget, ignore)
    assert isinstance(found, Undecided)
    assert found.reason is Reason.MEMORY


def test_an_interruption_returns_what_is_known() -> None:
    def interrupt(event: Event) -> None:
        raise KeyboardInterrupt

    budget = Budget(time.monotonic() + 20.0)
    found = BranchAndBound().discharge(HARD, Hints(), budget, interrupt)
    assert isinstance(found, Undecided)
    assert found.reason is Reason.INTERRUPTED
    assert found.known.boxes
    assert found.known.largest_violation is not None


def test_progress_is_reported_now_and_then() -> None:
    heard: list[Event] = []
    BranchAndBound().discharge(HARD, Hints(), Budget(time.monotonic() + 0.7), heard.append)
    assert 1 <= len(heard) <= 4
    assert all(isinstance(event, Progress) and event.boxes for event in heard)


def test_the_known_violation_is_a_rigorous_bound() -> None:
    found = BranchAndBound().discharge(
        HARD, Hints(), Budget(time.monotonic() + 20.0, boxes=20_000), ignore
    )
    assert found.known.largest_violation is not None
    assert 0.0 <= found.known.largest_violation < 10.0


@pytest.mark.parametrize("name", ["a margin", "an equality", "a flow on a level band"])
def test_a_search_repeats_exactly(name: str) -> None:
    first, second = (cover_of(outcome_of(TRUE_CLAIMS[name])) for _ in range(2))
    assert first == second


def test_hints_change_no_verdict() -> None:
    lies = Hints(points=((0.0, 0.0),), zeros=((Fraction(1, 2), Fraction(0)),))
    assert isinstance(outcome_of(TRUE_CLAIMS["a margin"], hints=lies), Proved)
    assert not isinstance(outcome_of(FALSE_CLAIMS["by 1e-6"], hints=lies), Proved)


coefficients = st.integers(-20, 20).map(lambda k: Fraction(k, 10))
monomials = [X**i * Y**j for i in range(4) for j in range(4) if 0 < i + j <= 4]
polynomials = st.lists(coefficients, min_size=len(monomials), max_size=len(monomials)).map(
    lambda row: sum((const(c) * m for c, m in zip(row, monomials, strict=True)), const(0))
)


def _least_on_disk(g: Expr) -> Fraction:
    """The smallest exact value of g at the points of a grid inside the unit disk."""
    from bcv.enclosures.floats import evaluate
    from bcv.enclosures.tape import compile_tape

    side = np.linspace(-1, 1, 129)
    points = np.array([p.ravel() for p in np.meshgrid(side, side)])
    points = points[:, (points**2).sum(axis=0) <= 1]
    best = points[:, int(np.argmin(evaluate(compile_tape([g], "xy"), points)[0]))]
    from bcv.enclosures.exact import exact_value

    value = exact_value(g, {"x": Fraction(best[0]), "y": Fraction(best[1])})
    assert isinstance(value, Fraction)
    return value


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(polynomials)
def test_random_claims_are_decided_with_a_margin_and_never_proved_when_false(g: Expr) -> None:
    least = _least_on_disk(g)
    false = claim(g - ex.const(least + Fraction(1, 10**6)), EVERYWHERE, DISK)
    assert not isinstance(outcome_of(false, 0.5), Proved)
    likely = claim(g - ex.const(least - Fraction(1, 50)), EVERYWHERE, DISK)
    found = outcome_of(likely, 5.0)
    assert isinstance(found, Proved | Refuted)
    if isinstance(found, Proved) and len(cover_of(found).nodes) < 400:
        assert replays(likely, cover_of(found))


def test_a_strict_claim_that_is_zero_inside_is_refuted_there() -> None:
    found = outcome_of(claim(X**2 + Y**2, strict=True))
    assert isinstance(found, Refuted)
    assert isinstance(found.witness, Point)


CHECKED = (
    "barrierbench/barrierbench-89.yaml",
    "protect/protect_two_tanks_stoch_loose.yaml",
    "fm-llm-solver/fm_pendulum_small_angle.yaml",
    "keymaera-x/kyx124_zylzcl_example_c10.yaml",
    "neural-controllers/faoc_inverted.yaml",
)


@pytest.mark.parametrize("path", CHECKED)
def test_the_independent_checker_accepts_what_is_proved(path: str) -> None:
    from bcv.checker import Session, check_condition
    from bcv.conditions import obligations_of
    from bcv.formats.problem_yaml import load_problem
    from bcv.formats.proof import proved_entry
    from bcv.formats.statement import statement_of

    problem = load_problem(Path(__file__).parents[2] / "problems" / path)
    session = Session(statement_of(problem))
    accepted = 0
    for obligation in obligations_of(problem).obligations:
        found = outcome_of(obligation, 1.0)
        if isinstance(found, Proved) and len(cover_of(found).nodes) < 2000:
            entry = proved_entry(obligation, found.evidence)
            result = check_condition(session, obligation.name, obligation.part, entry)
            assert result.verified, result.reason
            accepted += 1
    assert accepted


def test_a_tie_of_irrational_constants_is_undecided() -> None:
    root = ex.apply(Op.SQRT, ex.const(8)) - ex.const(2) * ex.apply(Op.SQRT, ex.const(2))
    tie = Obligation("levels", "", "", region((), (), TRUE), root, strict=True)
    outcome = BranchAndBound().discharge(tie, Hints(), Budget(time.monotonic() + 2.0), ignore)
    assert isinstance(outcome, Undecided)
