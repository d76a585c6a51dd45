"""Is a proof right? An independent checker of proof files: it never searches or believes.

The verdict "checked" rests on this package and on Python's integers, fractions and IEEE doubles.
It imports the standard library only and shares no code with the prover. The files in this folder
are the core, which every proof needs. Read it in this order: ``reading`` and ``statement`` (what is
claimed), ``conditions`` (what must hold for that), ``claims``, ``matching`` (is that what was
proved), ``tasks`` and ``library`` (which rule says whether the evidence is right), and below them
``terms`` and ``ring`` (the mathematics). What a proof needs beside the core stands in ``rules``;
the result names it.
"""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

from .claims import Claim, Obligation, Region
from .conditions import derive
from .matching import mismatch
from .reading import Reader, entry, sequence, text, truth
from .ring import Ring
from .statement import Statement
from .tasks import Task, prove, refute
from .terms import RejectedError, Terms

UNREADABLE = "the checker cannot make out the proof"
NO_POINTS = "there are no such points"
LARGEST_FILE = 512 << 20
MOST_ENTRIES = 10_000


class Result(NamedTuple):
    """What the check came to.

    Attributes:
        verified: whether what the proof claims is proved.
        reason: why not, or what was verified.
        statement: the statement in words, as the checker understood it; "" if it could not.
        details: per condition, what its evidence was.
        rules: the modules in ``rules`` that were used, beside the core.
    """

    verified: bool
    reason: str
    statement: str = ""
    details: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    @property
    def trusted(self) -> str:
        """What the result rests on, in words."""
        names = ", ".join(name.replace("_", " ") for name in self.rules)
        return f"rests on the core{names and f' and the rules {names}'}"


class Session:
    """One statement, understood once; its conditions may then be checked one by one."""

    def __init__(self, statement: Any) -> None:
        """Raises RejectedError."""
        self.statement = Statement(statement)
        self.derived = derive(self.statement)

    @property
    def words(self) -> str:
        from .wording import words  # only a reader needs them

        return words(self.statement)

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that were used so far, beside the core."""
        return self.statement.terms.library.used

    def claims(self, name: str) -> list[Claim]:
        return [claim for claim in self.derived.claims if claim.name == name]

    def prove(self, claim: Claim, data: Any) -> str:
        """Check one entry of a proof against a claim. Raises RejectedError."""
        if claim.vacuous:
            return NO_POINTS
        reader = Reader(self.statement.terms)
        reader.load(entry(data, "nodes"))
        obligation = _obligation(reader, entry(data, "obligation"))
        why = mismatch(Ring(self.statement.terms), claim, obligation)
        if why:
            raise RejectedError(why)
        total = self.statement.terms.total
        roots = dict.fromkeys((obligation.expr, claim.expr, *claim.defined))
        defined = tuple(root for root in roots if not total[root])
        # A strict claim may follow from a nonstrict obligation, if a constant > 0 lies between.
        strict = claim.strict and obligation.strict
        task = Task(reader, obligation, obligation.expr, strict, defined)
        return prove(task, entry(data, "evidence"))

    def refute(self, claim: Claim, data: Any) -> str:
        """Check one witness against a claim. Raises RejectedError."""
        return refute(self.statement.terms, claim, entry(data, "witness"))


def _obligation(reader: Reader, data: Any) -> Obligation:
    names = tuple(text(name) for name in sequence(entry(data, "variables")))
    box = tuple(reader.side(side) for side in sequence(entry(data, "box"), len(names)))
    if len(set(names)) != len(names):
        raise RejectedError("an obligation names a variable twice")
    if any(lo is not None and hi is not None and lo > hi for lo, hi in box):
        raise RejectedError("an obligation's box is empty")
    region = Region(names, box, reader.formula(entry(data, "formula")))
    return Obligation(region, reader.term(entry(data, "expr")), truth(entry(data, "strict")))


def _first_success(name: str, entries: list[Any], attempt: Any) -> str:
    """The words of the first entry of that name that succeeds, else the reasons why none does."""
    reasons = []
    for data in entries:
        if entry(data, "name") == name:
            try:
                return _one_line(f"{name}: {attempt(data)}")
            except RejectedError as why:
                reasons.append(str(why))
    raise RejectedError(f"{name}: {'; '.join(dict.fromkeys(reasons)) or 'there is no evidence'}")


def _check_valid(session: Session, entries: list[Any]) -> Result:
    details = []
    for claim in session.derived.claims:
        if claim.vacuous:
            details.append(f"{claim.name}: {NO_POINTS}")
            continue
        details.append(_first_success(claim.name, entries, lambda d, c=claim: session.prove(c, d)))
    if session.derived.missing:
        raise RejectedError(session.derived.missing[0])
    return Result(True, "the certificate is valid", session.words, tuple(details), session.rules)


def _check_invalid(session: Session, entries: list[Any]) -> Result:
    found = [data for data in entries if isinstance(data, dict) and "witness" in data]
    reasons = ["there is no witness"]
    for claim in session.derived.claims:
        try:
            words = _first_success(claim.name, found, lambda d, c=claim: session.refute(c, d))
        except RejectedError as why:
            reasons.append(str(why))
        else:
            return Result(
                True, "the certificate is invalid", session.words, (words,), session.rules
            )
    raise RejectedError(reasons[-1])


def _one_line(words: str) -> str:
    """The words without line breaks and the like, which might pass for other lines of a report."""
    return "".join(c if c.isprintable() else "?" for c in words)


def check(proof: Any) -> Result:
    """Check a whole proof: a dict, or the path of a file. Never raises for what the file says."""
    statement = ""
    try:
        data = proof if isinstance(proof, dict) else _load(proof)
        if entry(data, "schema") != "bcv.proof/1":
            raise RejectedError("the schema is not bcv.proof/1")
        session = Session(entry(data, "statement"))
        statement = session.words
        entries = sequence(entry(data, "conditions"))
        if len(entries) > MOST_ENTRIES:
            raise RejectedError("there are too many entries")
        claims = entry(data, "claims")
        if claims not in ("valid", "invalid"):
            raise RejectedError("the proof claims neither valid nor invalid")
        return (_check_valid if claims == "valid" else _check_invalid)(session, entries)
    except RejectedError as why:
        return Result(False, _one_line(str(why)), statement)
    except Exception as bug:  # whatever goes wrong in here, nothing is verified
        return Result(False, f"{UNREADABLE} ({type(bug).__name__})", statement)


def check_condition(session: Session, name: str, part: str, data: Any) -> Result:
    """Check one entry of a proof (with evidence or with a witness) for one condition.

    The entry is verified if it proves, or refutes, some claim of that name; for VALID every claim
    must be proved by some entry, which ``check`` makes sure of. ``part`` is not looked at: entries
    are recognised by their mathematics.
    """
    del part
    try:
        refuting = isinstance(data, dict) and "witness" in data
        attempt = session.refute if refuting else session.prove
        reasons = []
        for claim in session.claims(name):
            try:
                return Result(True, attempt(claim, data), rules=session.rules)
            except RejectedError as why:
                reasons.append(str(why))
        return Result(False, "; ".join(dict.fromkeys(reasons)) or f"{name} is no condition here")
    except Exception as bug:  # as in ``check``
        return Result(False, f"{UNREADABLE} ({type(bug).__name__})")


def check_evidence(data: Any) -> Result:
    """Check the evidence of one entry for the entry's own obligation, whatever that is good for."""
    try:
        reader = Reader(Terms())
        reader.load(entry(data, "nodes"))
        stated = entry(data, "obligation")
        obligation = _obligation(reader, stated)
        roots = dict.fromkeys((obligation.expr, *reader.all(entry(stated, "defined"))))
        defined = tuple(root for root in roots if not reader.terms.total[root])
        task = Task(reader, obligation, obligation.expr, obligation.strict, defined)
        words = prove(task, entry(data, "evidence"))
        return Result(True, words, rules=reader.terms.library.used)
    except RejectedError as why:
        return Result(False, _one_line(str(why)))
    except Exception as bug:  # as in ``check``
        return Result(False, f"{UNREADABLE} ({type(bug).__name__})")


def _load(path: Any) -> Any:
    """The JSON of a file. Raises RejectedError."""
    try:
        if os.path.getsize(path) > LARGEST_FILE:
            raise RejectedError("the file is too large")
        with open(path, encoding="utf-8") as file:
            return json.load(file, parse_constant=_no_constant, parse_float=_no_constant)
    except OSError as why:
        raise RejectedError(f"the file cannot be read: {why.strerror}") from None
    except (ValueError, RecursionError):
        raise RejectedError("the file is not the JSON of a proof") from None


def _no_constant(found: str) -> Any:
    raise ValueError(found)


__all__ = ["Result", "Session", "check", "check_condition", "check_evidence"]
