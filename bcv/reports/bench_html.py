"""How does a run over a suite look in a browser? One self-contained page, nothing fetched.

Soundness does not depend on this file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.resources import files
from typing import Any

from bcv.bench.records import Record, disagreements, score, to_json
from bcv.reports.bench_text import tallies


def _entry(record: Record) -> dict[str, Any]:
    entry = to_json(record)
    entry["argued"] = disagreements(record)
    for (_, fields), (_, answer) in zip(entry["answers"], record.answers, strict=True):
        fields["score"] = score(record.expect, answer).value
    return entry


def html_page(records: Sequence[Record], limit: float, about: Mapping[str, Any]) -> str:
    """The page: sums, a cactus plot, a scatter per peer, a table to sort and search."""
    ordered = sorted(records, key=lambda record: record.file)
    content = {
        **about,
        "seconds": limit,
        "tallies": [asdict(row) for row in tallies(ordered, limit)],
        "records": [_entry(record) for record in ordered],
    }
    # "<" is written as an escape, so that no text in a file name can end the script element.
    data = json.dumps(content).replace("<", "\\u003c")
    template = (files("bcv.reports") / "bench_page.html").read_text(encoding="utf-8")
    return template.replace("@DATA@", data)
