"""Was this claim decided before? Stored outcomes, found by canonical digest and checked again.

Soundness depends on this file: what comes out of a store counts only after it was verified here,
by exact arithmetic or by the replay of its evidence, for a claim that implies the one asked.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

import bcv
from bcv.canonical.claims import SEMANTICS, Name, implies, name_of
from bcv.enclosures.segments import verify_witness
from bcv.errors import BcvError
from bcv.formats.proof import encoded_witness, proved_entry, replay_seconds
from bcv.formats.proof_reader import read_evidence, read_nodes, read_obligation, read_witness
from bcv.obligation import Obligation
from bcv.outcome import Known, Outcome, Proved, Reason, Refuted, Undecided
from bcv.rechecking import can_be_judged, holds, rests_on_a_word, tree_nodes
from bcv.stores.store import Record, Store, Warn, silent
from bcv.verdict import Stored

SCHEMA: Final = "bcv.outcome/1"
MOST_RELATIVES: Final = 8
"""Records of the same family that are looked at when a claim itself is unknown."""

LARGEST_COVER: Final = 2_000_000
"""Nodes; a larger cover is not stored."""

LASTING: Final = frozenset(
    {Reason.TIMEOUT, Reason.BOX_LIMIT, Reason.INCONCLUSIVE, Reason.UNSUPPORTED, Reason.DELTA_SAT}
)
"""Reasons that would come again; others depend on the day."""


@dataclass(frozen=True, slots=True)
class Found:
    """A stored outcome for a claim.

    ``obligation`` implies the one that was asked for, and keeps its name and words; it is what
    the evidence speaks about. ``stored`` is a proof as the checker would read it.
    """

    obligation: Obligation
    outcome: Outcome
    engine: str
    record: Record
    stored: Stored | None = None


@dataclass(frozen=True, slots=True)
class Effort:
    """How much was tried in vain: the seconds allowed, and a digest of all else that matters."""

    seconds: float
    setting: str


@dataclass(slots=True)
class Recall:
    """Looks for outcomes in a store, and puts new ones there."""

    store: Store
    warn: Warn = silent
    _names: dict[Obligation, Name] = field(default_factory=dict)
    _places: dict[Obligation, str] = field(default_factory=dict)
    _recognised: set[str] = field(default_factory=set)

    def recognise(self, problem: str, obligations: Sequence[Obligation]) -> None:
        """Take the claims' names from the store if this very problem was validated before.

        To make them anew takes normal forms. ``problem`` is a digest of the problem; a wrong name
        is only a wrong place to look.
        """
        names = self._names_in(problem)
        if len(names) == len(obligations):
            self._names.update(zip(obligations, names, strict=True))
            self._recognised.add(problem)
        self._places = {claim: place_of(problem, i) for i, claim in enumerate(obligations)}

    def _names_in(self, problem: str) -> list[Name]:
        data = self._own_data(_problem_key(problem)) or {"names": []}
        try:
            return [Name(d, tuple(o), f, tuple(fo)) for d, o, f, fo in data["names"]]
        except (LookupError, TypeError, ValueError):
            return []

    def _own_data(self, key: str) -> dict[str, Any] | None:
        """What we stored ourselves under a key; what makes no sense is soon replaced."""
        record = self.store.get(key)
        if record is None or not record.own:
            return None
        with suppress(ValueError):
            return unpacked(record.value)
        return None

    def remember(self, problem: str, obligations: Sequence[Obligation]) -> None:
        """Store the claims' names, which ``recognise`` looks for, unless it found them."""
        if problem in self._recognised:
            return
        names = [self._name(claim) for claim in obligations]
        told = [[name.digest, name.order, name.family, name.family_order] for name in names]
        data = {"kind": "problem", "words": "its conditions' names", "names": told}
        self.store.put([_plain_record(_problem_key(problem), data)])

    def remark(self, subject: str, found: Callable[[], str | None]) -> str | None:
        """A remark that does not depend on anything but its subject: made once, then stored."""
        key = _remark_key(subject)
        data = self._own_data(key)
        words = data.get("words", 0) if data else 0
        if words is None or isinstance(words, str):
            return words
        words = found()
        self.store.put([_plain_record(key, {"kind": "remark", "words": words})])
        return words

    def find(self, obligation: Obligation, deadline: float) -> Found | None:
        """A proof or a refutation of the claim, verified; None if there is none in time."""
        return self.confirmed(self.stored(obligation), deadline)

    def confirmed(self, stored: Iterable[Found], deadline: float) -> Found | None:
        """The first that is a refutation or a proof that holds; None if there is none in time."""
        for found in stored:
            if time.monotonic() > deadline:
                return None
            verified = _verified(found, deadline)
            if verified is not None:
                return verified
            if time.monotonic() <= deadline:
                self._reject(found.record, "its evidence proves nothing")
        return None

    def stored(self, obligation: Obligation) -> Iterator[Found]:
        """What is stored about the claim, and has to be checked."""
        name = self._name(obligation)
        for record in self._records(name):
            found = self._read(record, obligation, name)
            if found is not None:
                yield found

    def _records(self, name: Name) -> Iterator[Record]:
        own = self.store.get(f"{SEMANTICS}:{name.digest}")
        if own is not None:
            yield own
        for record in self.store.related(f"{SEMANTICS}:{name.family}", MOST_RELATIVES):
            if own is None or record.key != own.key:
                yield record

    def _name(self, obligation: Obligation) -> Name:
        if obligation not in self._names:
            self._names[obligation] = name_of(obligation)
        return self._names[obligation]

    def _read(self, record: Record, asked: Obligation, name: Name) -> Found | None:
        try:
            data = unpacked(record.value)
            if record.own and data.get("place", "") == self._places.get(asked):
                return _of_this_place(record, data, asked)
            names = _renaming(data, record.key == f"{SEMANTICS}:{name.digest}", name)
            if names is None:
                return None
            if data["kind"] == "refuted":
                return _refuted(record, data, asked, names)
            return _proved(record, data, asked, names)
        except (BcvError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            self._reject(record, str(error))
            return None

    def find_in_vain(self, asked: Obligation, effort: Effort) -> Found | None:
        """An Undecided that at least as much effort came to."""
        name = self._name(asked)
        record = self.store.get(_vain_key(name, effort))
        if record is None or not record.own:
            return None
        try:
            data = unpacked(record.value)
            if data["kind"] != "undecided" or data["seconds"] < effort.seconds:
                return None
            known = Known(**{key: value for key, value in data["known"].items() if key in _KNOWN})
            outcome = Undecided(Reason(data["reason"]), str(data["detail"]), known)
        except (BcvError, LookupError, TypeError, ValueError) as error:
            self._reject(record, str(error))
            return None
        return Found(asked, outcome, str(data["engine"]), record)

    def _reject(self, record: Record, why: str) -> None:
        self.warn(f"a stored outcome is dropped: {why}")
        self.store.drop(record.key)

    def keep(
        self,
        settled: Sequence[tuple[Obligation, Outcome, str]],
        effort: Effort | None = None,
        replays: Mapping[Obligation, float] | None = None,
    ) -> None:
        """Store outcomes, each with the engine that found it; all at once.

        ``replays`` are the seconds that the checker takes, as in ``Stored``.
        """
        records = [self._record(*item, effort, (replays or {}).get(item[0])) for item in settled]
        self.store.put([record for record in records if record is not None])

    def _record(
        self,
        obligation: Obligation,
        outcome: Outcome,
        engine: str,
        effort: Effort | None,
        replay: float | None,
    ) -> Record | None:
        name = self._name(obligation)
        data: dict[str, Any] = {
            "schema": SCHEMA,
            "bcv": bcv.__version__,
            "name": obligation.name,
            "words": obligation.statement,
            "engine": engine,
            "order": name.order,
            "family_order": name.family_order,
        }
        if obligation in self._places:
            data["place"] = self._places[obligation]
        key, family = f"{SEMANTICS}:{name.digest}", f"{SEMANTICS}:{name.family}"
        match outcome:
            case Proved(evidence):
                if tree_nodes(evidence) > LARGEST_COVER or not can_be_judged(evidence):
                    return None
                data |= {"kind": "proved", "entry": proved_entry(obligation, evidence)}
                data["expected"] = replay_seconds(obligation, evidence)
                if replay is not None:
                    data["replay"] = replay if replay < math.inf else None
            case Refuted(witness):
                data |= {"kind": "refuted", "witness": encoded_witness(witness)}
            case Undecided(reason, detail, known):
                if effort is None or reason not in LASTING:
                    return None
                key, family = _vain_key(name, effort), "vain"
                told = {item: getattr(known, item) for item in _KNOWN}
                data |= {"kind": "undecided", "reason": reason.value, "detail": detail}
                data |= {"known": told, "seconds": effort.seconds}
        return Record(key, family, packed(data))


_KNOWN: Final = ("smallest_margin", "largest_violation", "proved_share", "boxes", "boxes_left",
                 "samples", "violated_share", "uniform_points")  # fmt: skip


def place_of(problem: str, number: int) -> str:
    """What outcomes of a problem's condition are marked with, by the version that states it."""
    return f"{_problem_key(problem)} {number}"


def _problem_key(problem: str) -> str:
    return f"problem:{bcv.__version__}:{SEMANTICS}:{problem}"


def _remark_key(subject: str) -> str:
    return f"remark:{bcv.__version__}:{subject}"


def _plain_record(key: str, data: Mapping[str, Any]) -> Record:
    """A record that is no outcome."""
    return Record(key, "plain", packed({"schema": SCHEMA, "name": "", "engine": "", **data}))


def _vain_key(name: Name, effort: Effort) -> str:
    content = f"{SEMANTICS}|{name.digest}|{effort.setting}"
    return "vain:" + hashlib.sha256(content.encode()).hexdigest()


def packed(data: Mapping[str, Any]) -> bytes:
    """A record's value."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return zlib.compress(text.encode(), 1)


def unpacked(value: bytes) -> dict[str, Any]:
    """What ``packed`` packed. Raises ValueError for anything else."""
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(value, 1 << 30)
    except zlib.error as error:
        raise ValueError(f"it is not compressed ({error})") from None
    data = json.loads(text)
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise ValueError("it is of another schema")
    return data


def evidence_holds(record: Record) -> bool:
    """Whether a record can be read, and a proof in it proves the claim that it names."""
    try:
        data = unpacked(record.value)
        if data["kind"] == "refuted":
            read_witness(data["witness"])
        elif data["kind"] == "proved":
            entry = data["entry"]
            nodes = read_nodes(entry)
            known, evidence = read_obligation(nodes, entry), read_evidence(nodes, entry)
            return holds(known, evidence, time.monotonic() + 60.0)
        return data["kind"] in ("refuted", "undecided", "problem", "remark")
    except (BcvError, ArithmeticError, LookupError, TypeError, ValueError):
        return False


def _renaming(data: Mapping[str, Any], same: bool, name: Name) -> dict[str, str] | None:
    """From the stored claim's variables to the asked one's; None if their numbers differ."""
    stored = data["order"] if same else data["family_order"]
    own = name.order if same else name.family_order
    if len(stored) != len(own) or data["kind"] == "undecided":
        return None
    return dict(zip(stored, own, strict=True))


def _renamed_entry(entry: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any] | None:
    """The entry of a proof with other variable names; None if a name would mean two things."""
    inner = set(_own_variables(entry["evidence"]))
    if inner & set(names.values()) or inner & set(names):
        return None
    nodes = [
        ["var", names.get(node[1], node[1])] if node[0] == "var" else node
        for node in entry["nodes"]
    ]
    stated = dict(entry["obligation"])
    stated["variables"] = [names[name] for name in stated["variables"]]
    return {**entry, "nodes": nodes, "obligation": stated}


def _own_variables(evidence: Any) -> Iterator[str]:
    """The variables that evidence introduces."""
    if isinstance(evidence, dict):
        yield from (name for name, _ in evidence.get("variables", ()))
        for part in evidence.values():
            yield from _own_variables(part)


def _proved(
    record: Record, data: Mapping[str, Any], asked: Obligation, names: Mapping[str, str]
) -> Found | None:
    """The stored proof of a claim that implies the one asked; nobody has checked it yet."""
    entry = _renamed_entry(data["entry"], names)
    if entry is None:
        return None
    known = read_obligation(read_nodes(entry), entry)
    if not implies(known, asked):
        return None
    known = replace(
        known,
        name=asked.name,
        part=asked.part,
        statement=asked.statement,
        sufficient=asked.sufficient,
    )
    return _found(record, data, entry, known)


def _verified(found: Found, deadline: float) -> Found | None:
    """What was found, if it holds."""
    match found.outcome:
        case Proved(evidence):
            return found if holds(found.obligation, evidence, deadline) else None
        case Refuted(witness):
            verified = verify_witness(found.obligation, witness)
            return None if verified is None else replace(found, outcome=Refuted(verified))
    return None


def _of_this_place(record: Record, data: Mapping[str, Any], asked: Obligation) -> Found | None:
    """What was stored about this very condition of this very problem, if that was any use."""
    if data["kind"] == "refuted":
        outcome = Refuted(read_witness(data["witness"]))
        return Found(asked, outcome, str(data["engine"]), record)
    return _found(record, data, data["entry"], asked)


def _found(
    record: Record, data: Mapping[str, Any], entry: Mapping[str, Any], known: Obligation
) -> Found | None:
    """A stored proof that is said to be one of this claim."""
    evidence = read_evidence(read_nodes(entry), entry)
    if rests_on_a_word(evidence) and not record.own:
        return None
    entry = {**entry, "name": known.name, "part": known.part, "words": known.statement}
    replay = data.get("replay", -1.0)
    seconds = math.inf if replay is None else float(replay)
    estimate = data.get("expected")
    expected = replay_seconds(known, evidence) if estimate is None else abs(float(estimate))
    stored = Stored(entry, seconds if seconds >= 0.0 else None, expected)
    return Found(known, Proved(evidence), str(data["engine"]), record, stored)


def _refuted(
    record: Record, data: Mapping[str, Any], asked: Obligation, names: Mapping[str, str]
) -> Found | None:
    renamed = {
        key: [(names.get(name, name), x) for name, x in value] if isinstance(value, list) else value
        for key, value in data["witness"].items()
    }
    found = verify_witness(asked, read_witness(renamed))
    return None if found is None else Found(asked, Refuted(found), str(data["engine"]), record)


__all__ = ["Effort", "Found", "Recall"]
