"""What evidence rests on is seen however deep it is."""

from __future__ import annotations

from dataclasses import fields
from fractions import Fraction
from typing import get_args

from bcv import evidence as ev
from bcv import expr as ex
from bcv.attempts import worth
from bcv.outcome import Proved
from bcv.verdict import Assurance

WORD = ev.Attestation("z3", "4", "query", "unsat")


def test_a_sum_with_a_solvers_word_is_attested_only() -> None:
    one = ev.Sum(((ex.var("x"), False, WORD), (ex.ONE, True, WORD)))
    assert worth(Proved(one)) is Assurance.ATTESTED
    assert worth(Proved(ev.Rising(0, ex.const(Fraction(1)), one))) is Assurance.ATTESTED


def test_parts_are_found_in_every_kind_of_evidence_that_has_any() -> None:
    nested = {kind.__name__ for kind in get_args(ev.Evidence) if "Evidence" in _annotations(kind)}
    assert {"Sum", "Lifted", "Either", "Cases", "Rising", "Exponentials"} <= nested
    tuples = {kind.__name__ for kind in get_args(ev.Evidence) if _in_tuples(kind)}
    assert tuples == {"Sum"}  # which ``parts_of`` treats apart


def _annotations(kind: type) -> str:
    return " ".join(str(item.type) for item in fields(kind))


def _in_tuples(kind: type) -> bool:
    return any("Evidence" in str(i.type) and str(i.type) != "Evidence" for i in fields(kind))
