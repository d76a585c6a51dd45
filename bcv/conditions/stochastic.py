"""What must hold for a supermartingale certificate, and how likely is the unsafe set then?

Soundness depends on this file. The theorem and its sources are in docs/conditions.md.
"""

from __future__ import annotations

from fractions import Fraction

from bcv import expr as ex
from bcv.conditions.conditions import Conditions, Probability, joined, unsupported
from bcv.conditions.discrete import successor
from bcv.conditions.expectation import expectation
from bcv.conditions.generator import generator
from bcv.conditions.inputs import least_over_inputs, without_inputs
from bcv.conditions.setting import barrier, claim, empty_note, in_words, named, on_domain, region_of
from bcv.errors import Place, ProblemError
from bcv.expr import Expr
from bcv.gradient import has_kinks
from bcv.obligation import Obligation
from bcv.problem import Mode, Problem, TimeKind


def _constants(problem: Problem) -> tuple[Expr, Expr, Expr]:
    """(gamma, lambda, c). Raises ProblemError if gamma or lambda is missing, or t ends too soon."""
    certificate = problem.certificate
    if certificate.gamma is None or certificate.lambda_ is None:
        raise ProblemError(
            "a supermartingale certificate needs gamma and lambda",
            "B <= gamma on the initial set and B >= lambda on the unsafe set",
            Place(problem.file) if problem.file else None,
        )
    until, known = certificate.horizon, problem.horizon
    if problem.uses_time and until is not None and known is not None and until > known:
        raise ProblemError(
            f"the certificate's horizon, {until}, lies beyond that of the problem, {known}",
            "The conditions speak of t up to the problem's horizon; shorten or extend one of them",
            Place(problem.file) if problem.file else None,
        )
    return certificate.gamma, certificate.lambda_, certificate.drift or ex.ZERO


def _sets(problem: Problem, mode: Mode, gamma: Expr, lambda_: Expr) -> tuple[Obligation, ...]:
    b = barrier(problem, mode)
    found = [
        claim(
            problem,
            named(mode, "initial"),
            f"B <= {in_words(gamma)} on the initial set",
            (mode.domain, mode.initial),
            gamma - b,
        ),
        claim(
            problem,
            named(mode, "unsafe"),
            f"B >= {in_words(lambda_)} on the unsafe set",
            (mode.domain, mode.unsafe),
            b - lambda_,
        ),
    ]
    if lambda_.constant is None or lambda_.constant <= 0:
        found.append(
            Obligation(
                name=named(mode, "unsafe"),
                part="lambda > 0",
                statement=f"lambda = {in_words(lambda_)} is positive",
                region=region_of(problem, (), (lambda_,), states=False),
                expr=lambda_,
                strict=True,
            )
        )
    return tuple(found)


def _noise_free(problem: Problem, field: tuple[Expr, ...]) -> tuple[Expr, ...] | str:
    """The parts of the dynamics that can be undefined, averaged so that noise is gone."""
    means = [expectation(component, problem.noise) for component in field if not component.total]
    reasons = [mean for mean in means if isinstance(mean, str)]
    return reasons[0] if reasons else tuple(mean for mean in means if isinstance(mean, Expr))


def _drift(problem: Problem, mode: Mode, c: Expr) -> Conditions:
    """``step`` or ``flow``: B grows by at most c on average, per step or per unit of time."""
    b = barrier(problem, mode)
    field = without_inputs(problem, mode.dynamics)
    discrete = problem.time is TimeKind.DISCRETE
    name = named(mode, "step" if discrete else "flow")
    if discrete:
        words = f"E[B+] <= B + {in_words(c)}"
        mean = expectation(ex.substitute(b, successor(problem, mode.dynamics)), problem.noise)
        defined = _noise_free(problem, field)
        if isinstance(mean, str):
            return unsupported(name, mean)
        if isinstance(defined, str):
            return unsupported(name, defined)
        growth = mean - b
    elif has_kinks(b):
        return unsupported(name, "B must be twice differentiable for the generator")
    else:
        words = f"AB <= {in_words(c)}"
        growth = generator(problem, b, mode.dynamics)
        coefficients = tuple(g for row in problem.diffusion for g in row)
        rates = tuple(e for _, jump in problem.jumps for e in (jump.rate, jump.size))
        defined = (*field, *coefficients, *rates)
    least = least_over_inputs(problem, growth, mode.dynamics, (mode.domain,))
    if isinstance(least, str):
        return unsupported(name, least)
    chosen = " for some input" if problem.inputs else ""
    main = claim(
        problem,
        name,
        f"{words} {on_domain(mode)}{chosen}",
        (mode.domain, *least.where),
        c - least.value,
        defined=(b, *defined),
    )
    return Conditions(obligations=(main, *_jump_rates(problem, mode)))


def _jump_rates(problem: Problem, mode: Mode) -> tuple[Obligation, ...]:
    found = []
    for name, jump in problem.jumps:
        if jump.rate.constant is None or jump.rate.constant < 0:
            statement = f"the rate of the jumps of {name} is not negative"
            part = f"rate of {name}"
            flow = named(mode, "flow")
            found.append(claim(problem, flow, statement, (mode.domain,), jump.rate, part=part))
    return tuple(found)


def conclusion(problem: Problem) -> Probability:
    """P(unsafe within the horizon) <= (gamma + max(c, 0)*horizon)/lambda.

    A negative c counts as 0: the supremum over the horizon already sees the first state.
    """
    gamma, lambda_, c = _constants(problem)
    certificate = problem.certificate
    horizon = certificate.horizon if certificate.horizon is not None else problem.horizon
    if c.constant is not None and c.constant <= 0:
        bound = gamma / lambda_
    elif horizon is None:
        return _growing(problem, gamma, lambda_, c)
    else:
        bound = (gamma + ex.maximum(c, ex.ZERO) * ex.const(horizon)) / lambda_
    value = bound.constant
    vacuous = value is not None and value >= 1
    span = "ever" if horizon is None else f"within {_span(problem, str(horizon))}"
    sentence = f"P(unsafe {span}) <= {_number(bound)}"
    if vacuous:
        sentence += ", which says nothing: it is 1 or more"
    return Probability(bound, value, horizon, vacuous, sentence)


def _span(problem: Problem, amount: str) -> str:
    return f"{amount} steps" if problem.time is TimeKind.DISCRETE else f"time {amount}"


def _growing(problem: Problem, gamma: Expr, lambda_: Expr, c: Expr) -> Probability:
    start = (gamma / lambda_).constant
    vacuous = start is not None and start >= 1
    grown = f"{_number(gamma / lambda_)} + {_number(c / lambda_)}*T"
    remark = "which says nothing: it is 1 or more" if vacuous else "which grows with the horizon T"
    sentence = f"P(unsafe within {_span(problem, 'T')}) <= {grown}, {remark}"
    return Probability(None, None, None, vacuous, sentence)


def _number(bound: Expr) -> str:
    """An exact text, with a decimal beside it where that is easier to read."""
    value = bound.constant
    if value is None:
        return in_words(bound)
    shown = max(value, Fraction(0))
    return str(shown) if shown.denominator <= 1000 else f"{float(shown):.6g} (exactly {shown})"


def supermartingale(problem: Problem) -> Conditions:
    """All conditions of a stochastic certificate. Raises ProblemError if constants are missing."""
    gamma, lambda_, c = _constants(problem)
    parts = []
    for mode in problem.modes:
        b = barrier(problem, mode)
        words = f"B >= 0 {on_domain(mode)}"
        nonnegative = claim(problem, named(mode, "nonnegative"), words, (mode.domain,), b)
        parts += [
            Conditions(obligations=_sets(problem, mode, gamma, lambda_)),
            _drift(problem, mode, c),
            Conditions(obligations=(nonnegative,)),
        ]
    return joined(
        *parts,
        empty_note(problem, "initial"),
        empty_note(problem, "unsafe"),
        Conditions(probability=conclusion(problem)),
    )
