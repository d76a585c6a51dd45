"""`bcv cache`: what do earlier runs remember, and does it still hold?

Soundness does not depend on this file: whatever is in the cache is checked when it is used.
"""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bcv.cli.exit_code import ExitCode
from bcv.errors import BcvError, Place

if TYPE_CHECKING:
    from bcv.stores.store import Record, Store


class Action(enum.StrEnum):
    """What to do with the cache."""

    INFO = "info"
    LS = "ls"
    CLEAR = "clear"
    VERIFY = "verify"
    EXPORT = "export"
    IMPORT = "import"


def cache(
    action: Annotated[Action, typer.Argument(help="What to do.")] = Action.INFO,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="For export and import.")
    ] = None,
) -> None:
    """Look after the verdicts that are remembered between runs.

    info says where they are and how many; ls lists them; clear forgets them, and unfinished work
    as well; verify checks all of
    the evidence again and drops what does not hold; export and import copy them to and from a
    file. A solver's word is never remembered.
    """
    from bcv.cli.validate import warn
    from bcv.stores.folder import FILE, cache_folder, clear_checkpoints
    from bcv.stores.sqlite import SqliteStore

    if (file is not None) != (action in (Action.EXPORT, Action.IMPORT)):
        raise BcvError(f"cache {action} takes {'no' if file else 'a'} file")
    store = SqliteStore(cache_folder() / FILE, warn)
    code = ExitCode.OK
    match action:
        case Action.INFO:
            _info(store)
        case Action.LS:
            for record in store.records():
                typer.echo(_line(record))
        case Action.CLEAR:
            store.clear()
            clear_checkpoints()
        case Action.VERIFY:
            code = _verify(store)
        case Action.EXPORT:
            _export(store, _given(file))
        case Action.IMPORT:
            _import(store, _given(file))
    store.close()
    raise typer.Exit(code)


def _given(file: Path | None) -> Path:
    if file is None:
        raise BcvError("no file was named")
    return file


def _info(store: Any) -> None:
    contents = store.contents()
    typer.echo(f"folder   {store.path.parent}")
    typer.echo(f"records  {contents.records}")
    typer.echo(f"size     {contents.size / 1e6:.1f} MB of {contents.limit / 1e6:.0f} MB")


def _line(record: Record) -> str:
    from bcv.recall import unpacked

    try:
        data = unpacked(record.value)
        words = f"{data['kind']:<10} {data['name']:<14} {data['engine']:<18} {data['words']}"
    except (ValueError, LookupError, TypeError):
        words = "unreadable"
    own = "" if record.own else " (imported)"
    return f"{record.key.rpartition(':')[2][:12]}  {words}{own}"


def _verify(store: Store) -> ExitCode:
    """Check the evidence of every proof; 1 if some had to be dropped."""
    from bcv.recall import evidence_holds

    good = bad = 0
    for record in list(store.records()):
        if evidence_holds(record):
            good += 1
        else:
            bad += 1
            store.drop(record.key)
    typer.echo(f"{good} records hold, {bad} were dropped")
    return ExitCode.INVALID if bad else ExitCode.OK


def _export(store: Store, file: Path) -> None:
    from bcv.stores.exchange import written

    try:
        count = written(store.records(), file)
    except OSError as error:
        raise BcvError(f"it cannot be written: {error.strerror}", place=Place(str(file))) from None
    typer.echo(f"{count} records exported")


def _import(store: Store, file: Path) -> None:
    from bcv.stores.exchange import read

    count = 0
    for record in read(file):
        if store.get(record.key) is None:  # what we found out ourselves is worth more
            store.put([record])
            count += 1
    typer.echo(f"{count} records imported")
