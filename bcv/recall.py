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
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any, Final

import bcv
from bcv.canonical.claims import SEMANTICS, Name, implies, name_of
from bcv.enclosures.segments import verify_witness
from bcv.engines.registry import ENGINES
from bcv.evidence import rests_on_a_word
from bcv.formats.proof import encoded_witness, proved_entry, replay_seconds
from bcv.formats.proof_reader import (
    MOST_NODES,
    EntryError,
    read_evidence,
    read_nodes,
    read_obligation,
    read_witness,
)
from bcv.obligation import Obligation
from bcv.outcome import Known, Outcome, Proved, Reason, Refuted, Undecided
from bcv.rechecking import holds, tree_nodes
from bcv.sandbox import Overrun, alarm
from bcv.stores.store import Record, Store, Warn, silent
from bcv.verdict import Stored

SCHEMA: Final = "bcv.outcome/1"
MOST_RELATIVES: Final = 8
"""Records of the same family that are looked at when a claim itself is unknown."""

LARGEST_RECORD: Final = 128 << 20
"""Bytes of a record once it is unpacked: a small one could otherwise fill the memory."""

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
            names = [Name(d, tuple(o), f, tuple(fo)) for d, o, f, fo in data["names"]]
        except (LookupError, TypeError, ValueError):
            return []
        return names if all(map(_well_formed, names)) else []

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
        if words is None or (isinstance(words, str) and words.isprintable()):
            return words
        words = found()
        self.store.put([_plain_record(key, {"kind": "remark", "words": words})])
        return words

    def find(self, obligation: Obligation, deadline: float) -> Found | None:
        """A proof or a refutation of the claim, verified; None if there is none in time."""
        return self.confirmed(self.stored(obligation, deadline), deadline)

    def confirmed(self, stored: Iterable[Found], deadline: float) -> Found | None:
        """The first that is a refutation or a proof that holds; None if there is none in time."""
        for found in stored:
            if time.monotonic() > deadline:
                return None
            verified = self._made_of(found.record, partial(_verified, found, deadline))
            if verified is not None:
                return verified
        return None

    def stored(self, obligation: Obligation, deadline: float = math.inf) -> Iterator[Found]:
        """What is stored about the claim, as far as it is read in time.

        Witnesses are verified; proofs have to be checked.
        """
        name = self._name(obligation)
        for record in self._records(name):
            found = self._made_of(
                record, partial(self._in_time, record, obligation, name, deadline)
            )
            if found is not None:
                yield found

    def _in_time(
        self, record: Record, asked: Obligation, name: Name, deadline: float
    ) -> Found | None:
        try:
            with alarm(deadline):
                return self._read(record, asked, name)
        except Overrun:
            return None

    def _made_of(self, record: Record, action: Callable[[], Found | None]) -> Found | None:
        """What the action makes of a record; if it fails, None, a warning, and no record any more.

        This is broad on purpose. A store is foreign input: a cache may be imported, shared or
        damaged, and what it says goes through most of our arithmetic before it is known to be
        worth nothing. Whatever breaks on the way, there is no stored outcome then, no more.
        """
        try:
            return action()
        except Exception as error:
            why = str(error)[:200].rstrip(".")
            self._reject(record, why if why.isprintable() and why else type(error).__name__)
            return None

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
        data = unpacked(record.value)
        if record.own and data.get("place", "") == self._places.get(asked):
            return _of_this_place(record, data, asked)
        names = _renaming(data, record.key == f"{SEMANTICS}:{name.digest}", name)
        if names is None:
            return None
        if data["kind"] == "refuted":
            return _refuted(record, data, asked, names)
        return _proved(record, data, asked, names)

    def find_in_vain(self, asked: Obligation, effort: Effort) -> Found | None:
        """An Undecided that at least as much effort came to."""
        name = self._name(asked)
        record = self.store.get(_vain_key(name, effort))
        if record is None or not record.own:
            return None
        return self._made_of(record, lambda: _undecided(record, asked, effort))

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
                if tree_nodes(evidence) > MOST_NODES or rests_on_a_word(evidence):
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


_NUMBERS: Final = ("smallest_margin", "largest_violation")
_SHARES: Final = ("proved_share", "violated_share")
_COUNTS: Final = ("boxes", "boxes_left", "samples", "uniform_points")
_KNOWN: Final = _NUMBERS + _SHARES + _COUNTS


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
        text = unpacker.decompress(value, LARGEST_RECORD)
    except zlib.error as error:
        raise ValueError(f"it is not compressed ({error})") from None
    if not unpacker.eof:
        raise ValueError("it ends too early or is too large")
    try:
        data = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise ValueError("it is of another schema")
    return data


def evidence_holds(record: Record) -> bool:
    """Whether a record can be read, and a proof in it proves the claim that it names."""
    deadline = time.monotonic() + 60.0
    try:
        data = unpacked(record.value)
        if data["kind"] == "refuted":
            read_witness(data["witness"])
        elif data["kind"] == "proved":
            entry = data["entry"]
            nodes = read_nodes(entry)
            known, evidence = read_obligation(nodes, entry), read_evidence(nodes, entry)
            return holds(known, evidence, deadline)
        return data["kind"] in ("refuted", "undecided", "problem", "remark")
    except Exception:  # foreign input, as in Recall
        return False


def _well_formed(name: Name) -> bool:
    """Whether a stored name may be one: it is looked up in the store."""
    texts = (name.digest, name.family, *name.order, *name.family_order)
    return all(isinstance(text, str) and text.isprintable() for text in texts)


def _engine(data: Mapping[str, Any]) -> str:
    """Who is said to have found it; only names that we know are shown."""
    name = data["engine"]
    return name if isinstance(name, str) and name in ENGINES else ""


def _known(data: Mapping[str, Any]) -> Known:
    """What is known of a claim nevertheless. Raises EntryError for what no run writes."""
    told = {key: data[key] for key in _KNOWN if data.get(key) is not None}
    for key, value in told.items():
        kinds = (int,) if key in _COUNTS else (int, float)
        if type(value) not in kinds or not math.isfinite(value):
            raise EntryError(f"{key} is no number of its kind")
        if not (key in _NUMBERS or 0 <= value <= (1 if key in _SHARES else math.inf)):
            raise EntryError(f"{key} is out of range")
    return Known(**told)


def _undecided(record: Record, asked: Obligation, effort: Effort) -> Found | None:
    """The stored Undecided, if at least as much was tried; raises anything if it is malformed."""
    data = unpacked(record.value)
    if data["kind"] != "undecided" or data["seconds"] < effort.seconds:
        return None
    detail, reason = data["detail"], Reason(data["reason"])
    if reason not in LASTING or not isinstance(detail, str) or not detail.isprintable():
        raise EntryError("its reason is none that is stored")
    return Found(
        asked,
        Undecided(reason, detail, _known(data["known"])),
        _engine(data),
        record,
    )


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
    """What was found, if it holds; None if time is up. Raises EntryError.

    Of a stored proof only the evidence is looked at here, so that no more of it is handed on.
    """
    if isinstance(found.outcome, Refuted):
        return found  # verified as it was read
    assert isinstance(found.outcome, Proved)
    if holds(found.obligation, found.outcome.evidence, deadline):
        return replace(found, stored=found.stored and replace(found.stored, entry=None))
    if time.monotonic() > deadline:
        return None
    raise EntryError("its evidence proves nothing")


def _of_this_place(record: Record, data: Mapping[str, Any], asked: Obligation) -> Found | None:
    """What was stored about this very condition of this very problem, if that was any use."""
    if data["kind"] == "refuted":
        found = _refuted(record, data, asked, {})
        if found is None:
            raise EntryError("its witness shows nothing")
        return found
    return _found(record, data, data["entry"], asked)


def _found(
    record: Record, data: Mapping[str, Any], entry: Mapping[str, Any], known: Obligation
) -> Found | None:
    """A stored proof that is said to be one of this claim."""
    evidence = read_evidence(read_nodes(entry), entry)
    if rests_on_a_word(evidence):
        raise EntryError("it is a solver's word, which nothing can check")
    entry = {**entry, "name": known.name, "part": known.part, "words": known.statement}
    replay = data.get("replay", -1.0)
    seconds = math.inf if replay is None else float(replay)
    estimate = data.get("expected")
    expected = replay_seconds(known, evidence) if estimate is None else abs(float(estimate))
    stored = Stored(entry, seconds if seconds >= 0.0 else None, expected)
    return Found(known, Proved(evidence), _engine(data), record, stored)


def _refuted(
    record: Record, data: Mapping[str, Any], asked: Obligation, names: Mapping[str, str]
) -> Found | None:
    """The stored witness as one against the claim asked, if it is; all but its place is ours."""
    renamed = {
        key: [(names.get(name, name), x) for name, x in value] if isinstance(value, list) else value
        for key, value in data["witness"].items()
    }
    witness = read_witness(renamed)
    for point in (getattr(witness, item.name) for item in fields(witness)):
        own = sorted(asked.region.variables)
        if isinstance(point, tuple) and sorted(name for name, _ in point) != own:
            raise EntryError("its coordinates are not those of the claim")
    found = verify_witness(asked, witness)
    return None if found is None else Found(asked, Refuted(found), _engine(data), record)


__all__ = ["Effort", "Found", "Recall"]
