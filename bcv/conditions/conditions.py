"""What comes out of a problem: obligations, what could not be stated, and what is assumed.

Soundness depends on this file only as a container.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from bcv.expr import Expr
from bcv.obligation import Obligation


@dataclass(frozen=True, slots=True)
class Probability:
    """What a stochastic certificate says once its obligations are proved.

    Attributes:
        bound: an upper bound of the probability, (gamma + c*horizon)/lambda; None if it grows
            with the horizon and no horizon is given.
        value: the bound where it is rational.
        horizon: the number of steps or the time it speaks about; None for every horizon.
        vacuous: the bound is rational and 1 or more (at horizon 0 where it grows).
        sentence: all of that in plain words.
    """

    bound: Expr | None
    value: Fraction | None
    horizon: Fraction | None
    vacuous: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must be shown for a certificate.

    Attributes:
        obligations: the certificate is right if all of them hold.
        unsupported: (condition name, reason) for each condition, or part of one, that could not be
            stated; any entry keeps the answer from being VALID.
        assumes: what VALID takes for granted, in plain words.
        notes: remarks, such as a set that is plainly empty.
        probability: the conclusion of a stochastic certificate, else None.
    """

    obligations: tuple[Obligation, ...] = ()
    unsupported: tuple[tuple[str, str], ...] = ()
    assumes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    probability: Probability | None = None


def joined(*parts: Conditions) -> Conditions:
    """All that the parts say, in order, nothing said twice."""
    return Conditions(
        obligations=tuple(dict.fromkeys(o for part in parts for o in part.obligations)),
        unsupported=tuple(dict.fromkeys(u for part in parts for u in part.unsupported)),
        assumes=tuple(dict.fromkeys(a for part in parts for a in part.assumes)),
        notes=tuple(dict.fromkeys(n for part in parts for n in part.notes)),
        probability=next((p.probability for p in parts if p.probability), None),
    )


def unsupported(name: str, reason: str) -> Conditions:
    """One condition that cannot be stated, with the reason."""
    return Conditions(unsupported=((name, reason),))
