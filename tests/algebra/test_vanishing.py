"""Is a sum of squares proved positive by terms that never vanish together?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from bcv import expr as ex
from bcv.checker import check_evidence
from bcv.evidence import SumOfSquares, Vanishing
from bcv.formats.proof import proved_entry
from bcv.obligation import Obligation
from bcv.outcome import Proved
from tests.algebra.test_certificates import attempt
from tests.rewriting.claims import claim, expression

PLANE = {"x": (None, None), "y": (None, None)}
CURVE = "x**5 - 3*x**2*y**2 + y**5 + x*y - 7"
QUADRATIC = "2*x**2 - 3*x*y + y**2 + x - 5*y + 1/3"


def _smooth(curve: str, *, strict: bool = True) -> Obligation:
    """That the gradient does not vanish where the curve is 0."""
    b = expression(curve)
    squares = [ex.derivative(b, name) ** 2 for name in ("x", "y")]
    plain = claim("1", PLANE, zero=(curve,), strict=strict)
    return replace(plain, expr=squares[0] + squares[1])


def _accepted(obligation: Obligation, evidence: Vanishing) -> bool:
    return check_evidence(proved_entry(obligation, evidence)).verified


@pytest.mark.parametrize("curve", [CURVE, QUADRATIC, "x**4 - 3*x*y**3 - 2"])
def test_smooth_curve_is_regular(curve: str) -> None:
    outcome = attempt(_smooth(curve))
    assert isinstance(outcome, Proved)
    assert isinstance(outcome.evidence, Vanishing)
    assert _accepted(_smooth(curve), outcome.evidence)


@pytest.mark.parametrize("curve", ["x**3 - y**2", "x**2*y**2", "(x - 1)**2 + (y + 2)**2"])
def test_singular_curve_is_not_called_regular(curve: str) -> None:
    assert not isinstance(attempt(_smooth(curve), 2.0), Proved)


def test_evidence_holds_for_its_own_strict_claim_only() -> None:
    outcome = attempt(_smooth(CURVE))
    assert isinstance(outcome, Proved)
    found = outcome.evidence
    assert isinstance(found, Vanishing)
    assert not _accepted(_smooth(CURVE + " + 1"), found)
    assert not _accepted(_smooth(CURVE, strict=False), found)
    lower = replace(_smooth(CURVE), expr=_smooth(CURVE).expr - expression("1/10**9"))
    assert not _accepted(lower, found)
    fewer = Vanishing(found.terms[:1], found.inner)
    assert not _accepted(_smooth(CURVE), fewer)
    assert isinstance(found.inner, SumOfSquares)
    (case,) = found.inner.cases
    (index, factor), *rest = case.free
    broken = replace(case, free=((index, factor[1:]), *rest))
    assert not _accepted(_smooth(CURVE), replace(found, inner=SumOfSquares((broken,))))


def test_terms_must_be_defined_where_they_are_squared() -> None:
    """(1/x)^2 > 0 wherever it is defined; at x = 0 it is not, and 0 > 0 is shown nowhere."""
    obligation = claim("(1/x)**2 + 1", {"x": ("-1", "1")}, strict=True)
    terms = (expression("1/x"), ex.ONE)
    outcome = attempt(claim("0", {"x": ("-1", "1")}, zero=("1",), strict=True))
    assert isinstance(outcome, Proved)
    assert not _accepted(obligation, Vanishing(terms, outcome.evidence))
