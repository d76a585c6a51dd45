"""How is YAML text read? Into a tree of texts with their places, never into objects.

Soundness depends on this file: a scalar stays the text that the user wrote, so that ``0.1`` is
one tenth, ``y`` a name, and a repeated key an error instead of a silent loss.

Only what problem files need is accepted: one document of mappings, lists and scalars. Anchors,
aliases and tags are refused, and so are files too large or too deep to have been meant.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from bcv.errors import Place, ProblemError

MAX_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 40
MAX_NODES: Final = 50_000

# libyaml is about ten times faster than the pure Python reader; both produce the same events.
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text; ``style`` is None for a plain one, else the quote or block sign.

    ``raw`` is the source that spans it, from which the place of each character is found.
    """

    text: str
    place: Place
    style: str | None = None
    raw: str = ""
    in_flow: bool = False

    @property
    def is_null(self) -> bool:
        """True if it is plain and empty, ``~`` or ``null``."""
        return self.style is None and self.text in _NULLS

    def place_of(self, offset: int) -> Place:
        """The place in the file of the character ``text[offset]``.

        Folding changes only white space, so the n-th visible character of the text is the n-th
        of the source. Where quotes hide escapes the place of the whole scalar is returned.
        """
        body = _body_start(self)
        if body is None or self.place.line is None or self.place.column is None:
            return self.place
        if offset < len(self.text) and self.text[offset].isspace():
            following = len(self.text[offset:]) - len(self.text[offset:].lstrip())
            offset += following
        wanted = sum(not character.isspace() for character in self.text[:offset])
        at, last = body, body
        for at in range(body, len(self.raw)):
            if self.raw[at].isspace():
                continue
            if wanted == 0:
                break
            wanted, last = wanted - 1, at + 1
        else:
            at = last
        before = self.raw[:at]
        newlines = before.count("\n")
        column = at - before.rfind("\n") if newlines else self.place.column + at
        return Place(self.place.file, self.place.line + newlines, column)


def _body_start(scalar: Scalar) -> int | None:
    if scalar.style is None:
        return 0
    if scalar.style in "|>":
        return scalar.raw.find("\n") + 1 or None
    escaped = "\\" if scalar.style == '"' else "''"
    return None if escaped in scalar.raw[1:-1] else 1


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Entries:
    """A mapping with distinct scalar keys, in the order of the file.

    ``in_flow`` says that it was written with braces, where a comma ends a value.
    """

    entries: tuple[tuple[Scalar, Node], ...]
    place: Place
    in_flow: bool = False


Node = Scalar | Items | Entries


def describe(node: Node) -> str:
    """What the node is, in words for an error."""
    if isinstance(node, Items):
        return "a list"
    if isinstance(node, Entries):
        return "a mapping"
    return "nothing" if node.is_null else f"`{shorten(node.text)}`"


def shorten(text: str, limit: int = 60) -> str:
    """The text on one line, cut where it is long, without control characters."""
    line = " ".join(text.split())
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= limit else line[: limit - 3] + "..."


def read_text(path: Path) -> str:
    """The text of a problem file.

    Raises:
        ProblemError: it is missing, unreadable, not a regular file, too large or not UTF-8.
    """
    place = Place(str(path))
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise ProblemError(
                "this is a folder, not a problem file", f"Name a file in it: {path}/*.yaml", place
            )
        if not stat.S_ISREG(mode):
            raise ProblemError("this is not a regular file", "Name a YAML file", place)
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ProblemError("there is no such file", "Check the path", place) from None
    except PermissionError:
        raise ProblemError(
            "the file cannot be read: permission denied", "Check its permissions", place
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ProblemError(f"the file cannot be read: {reason}", "Check the path", place) from None
    return decode(content, str(path))


def decode(content: bytes, file: str) -> str:
    """The bytes as text; raises ProblemError if they are too many, binary or not UTF-8."""
    if len(content) > MAX_BYTES:
        raise ProblemError(
            f"the file is larger than {MAX_BYTES >> 20} MiB",
            "Is this a problem file? Shorten it with `define`",
            Place(file),
        )
    if b"\0" in content:
        raise ProblemError(
            "this is not a text file", "A problem file is YAML in UTF-8", Place(file)
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - before.rfind(b"\n")
        raise ProblemError(
            f"the byte {content[error.start]:#04x} is not UTF-8",
            "Save the file in the encoding UTF-8",
            Place(file, line, column),
        ) from None


def read_tree(text: str, file: str) -> Node:
    """The tree of the only document in the text.

    Raises:
        ProblemError: it is not YAML, or uses what problem files may not.
    """
    encoded = len(text.encode("utf-8", "surrogatepass"))
    if encoded > MAX_BYTES:
        raise ProblemError(
            f"the text is larger than {MAX_BYTES >> 20} MiB", "Shorten it", Place(file)
        )
    try:
        return _Builder(text.removeprefix("\ufeff"), file).build()
    except yaml.MarkedYAMLError as error:
        raise _as_problem_error(error, file) from None
    except (yaml.YAMLError, UnicodeError) as error:
        what = shorten(str(error).splitlines()[0] if str(error) else "unreadable characters", 120)
        raise ProblemError(
            f"this is not YAML: {what}", "A problem file is printable text in UTF-8", Place(file)
        ) from None


def _as_problem_error(error: yaml.MarkedYAMLError, file: str) -> ProblemError:
    mark = error.problem_mark or error.context_mark
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
    problem = error.problem or error.context or "unreadable"
    if "maximum nesting depth" in problem:  # libyaml's own limit, since 0.2.6; above ours
        return _too_deep(place)
    if "mapping values are not allowed" in problem:
        return ProblemError(
            "a second `:` stands where YAML allows none",
            "Indent the line as its neighbours, or put the text in quotes",
            place,
        )
    if "cannot start any token" in problem:
        remedy = "Indent with spaces, and quote a text that starts with a special character"
    else:
        remedy = "Check the indentation, the brackets and the quotes there"
    return ProblemError(f"this is not YAML: {shorten(problem, 120)}", remedy, place)


def _too_deep(place: Place) -> ProblemError:
    return ProblemError(
        f"the file nests deeper than {MAX_DEPTH} levels",
        "Flatten it: no problem needs so many",
        place,
    )


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been read yet."""

    place: Place
    is_mapping: bool
    in_flow: bool
    items: list[Node]


class _Builder:
    """Turns the events of the YAML parser into a tree, with a stack of its own: no recursion."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.text = text
        self.starts = [0]
        for line in text.split("\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.stack: list[_Open] = []
        self.root: Node | None = None
        self.count = 0

    def build(self) -> Node:
        documents = 0
        for event in yaml.parse(self.text, Loader=_LOADER):
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise ProblemError(
                        "the file holds a second YAML document",
                        "Put each problem in a file of its own",
                        self.place(event),
                    )
            elif isinstance(event, yaml.NodeEvent):
                self.refuse_extras(event)
                self.open_or_add(event)
            elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
                self.close()
        if self.root is None:
            raise ProblemError(
                "the file is empty", "Start from a file in problems/starters", Place(self.file, 1)
            )
        return self.root

    def place(self, event: Any) -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def refuse_extras(self, event: yaml.NodeEvent) -> None:
        if isinstance(event, yaml.AliasEvent):
            raise ProblemError(
                f"`*{shorten(event.anchor or '')}` is a YAML alias, which is not allowed here",
                "Name a shared expression under `define`, or quote a text that starts with `*`",
                self.place(event),
            )
        if event.anchor is not None:
            raise ProblemError(
                f"`&{shorten(event.anchor)}` is a YAML anchor, which is not allowed here",
                "Name a shared expression under `define`",
                self.place(event),
            )
        if event.tag is not None:  # type: ignore[attr-defined]
            tag = shorten(event.tag)  # type: ignore[attr-defined]
            raise ProblemError(
                f"`{tag}` is a YAML tag, which is not allowed here",
                "Remove it: every value is read as text",
                self.place(event),
            )
        self.count += 1
        if self.count > MAX_NODES:
            raise ProblemError(
                f"the file holds more than {MAX_NODES} values", "Shorten it", self.place(event)
            )

    def open_or_add(self, event: yaml.NodeEvent) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self.add(self.scalar(event))
            return
        if len(self.stack) >= MAX_DEPTH:
            raise _too_deep(self.place(event))
        self.stack.append(
            _Open(
                self.place(event),
                isinstance(event, yaml.MappingStartEvent),
                bool(getattr(event, "flow_style", False)),
                [],
            )
        )

    def scalar(self, event: yaml.ScalarEvent) -> Scalar:
        start, end = event.start_mark, event.end_mark
        raw = self.text[self.index(start) : self.index(end)]
        style = event.style if event.style in ("'", '"', "|", ">") else None
        in_flow = bool(self.stack) and self.stack[-1].in_flow
        return Scalar(event.value, self.place(event), style, raw, in_flow)

    def index(self, mark: Any) -> int:
        start = self.starts[min(int(mark.line), len(self.starts) - 1)]
        return min(start + int(mark.column), len(self.text))

    def add(self, node: Node) -> None:
        if self.stack:
            self.stack[-1].items.append(node)
        else:
            self.root = node

    def close(self) -> None:
        done = self.stack.pop()
        if not done.is_mapping:
            self.add(Items(tuple(done.items), done.place))
            return
        seen: dict[str, Place] = {}
        entries = []
        for key, value in zip(done.items[::2], done.items[1::2], strict=True):
            if not isinstance(key, Scalar):
                raise ProblemError(
                    f"a key is {describe(key)}", "Every key is a plain word", key.place
                )
            if key.text in seen:
                raise ProblemError(
                    f"the key `{shorten(key.text)}` is given twice (first in line "
                    f"{seen[key.text].line})",
                    "Remove one of them",
                    key.place,
                )
            seen[key.text] = key.place
            entries.append((key, value))
        self.add(Entries(tuple(entries), done.place, done.in_flow))
