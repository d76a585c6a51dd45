"""`bcv schema`: which keys may a problem file have?

Soundness does not depend on this file.
"""

from __future__ import annotations

import json

import typer


def schema() -> None:
    """Print the JSON Schema of problem files, for editors."""
    from bcv.formats.schema import problem_schema

    typer.echo(json.dumps(problem_schema(), indent=2))
