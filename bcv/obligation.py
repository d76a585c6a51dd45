"""What must be shown? "For all x in the region: expr >= 0" (or > 0), stated positively.

Soundness depends on this file: engines, evidence and checker all speak about these statements.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from bcv import expr as ex
from bcv.expr import Expr
from bcv.region import Region, atoms


@dataclass(frozen=True, slots=True)
class Obligation:
    """For all points of the region, expr is defined and >= 0 (> 0 if strict).

    Attributes:
        name: the condition as reports call it (``initial``, ``flow``, ``jump:a->b``, ...).
        part: tells obligations of one condition apart ("" for the main one); a condition holds
            when all of its parts do.
        statement: the claim in plain words, such as ``B <= 0 on the initial set``.
        defined: further expressions that must be defined wherever the region is, such as B and f
            themselves under a derivative.
        sufficient: a side condition that a theorem asks for on top of the condition's own words:
            it must be proved for VALID, but its failure refutes nothing.
    """

    name: str
    part: str
    statement: str
    region: Region
    expr: Expr
    strict: bool
    defined: tuple[Expr, ...] = ()
    sufficient: bool = False

    @property
    def roots(self) -> tuple[Expr, ...]:
        """The claim's expression, then the others that must be defined."""
        return (self.expr, *self.defined)

    def digest(self) -> str:
        """SHA-256 (hex) of the mathematical content: not of name, part or words."""
        numbered = list(atoms(self.region.formula))
        content = "|".join(
            (
                repr(self.region.variables),
                repr(self.region.box),
                _shape(self.region.formula),
                ex.digest(*self.roots, *(atom.expr for atom in numbered)),
                str(len(self.defined)),
                str(self.strict),
            )
        )
        return hashlib.sha256(content.encode()).hexdigest()


def _shape(formula: object) -> str:
    from bcv.region import And, Atom, Or

    match formula:
        case Atom(_, relation):
            return relation.value
        case And(parts):
            return "and(" + ",".join(map(_shape, parts)) + ")"
        case Or(parts):
            return "or(" + ",".join(map(_shape, parts)) + ")"
    raise AssertionError(formula)
