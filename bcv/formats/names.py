"""Which names does a problem file introduce, and which of them may be used where?

Soundness depends on this file: it keeps an initial set from depending on a disturbance, and two
quantities from sharing a name.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from bcv import expr as ex
from bcv.errors import Place, ProblemError
from bcv.expr import Expr, Op
from bcv.formats.expression import RESERVED, Scope
from bcv.formats.functions import FUNCTIONS
from bcv.formats.tokens import MAX_NAME
from bcv.formats.yaml_tree import Scalar, shorten
from bcv.problem import TIME_NAME
from bcv.region import Range


class Role(enum.Enum):
    """What a variable is."""

    STATE = "state"
    TIME = "time"
    PARAMETER = "parameter with a range"
    DISTURBANCE = "disturbance"
    INPUT = "control input"
    NOISE = "noise"


MAX_NAMES: Final = 2000
_LASTING: Final = frozenset({Role.STATE, Role.TIME, Role.PARAMETER})


@dataclass(slots=True)
class Names:
    """The names declared so far; filled while a file is read, then only asked.

    Attributes:
        values: what each name stands for: a variable, a constant or a defined expression.
        roles: what each variable is; constants and defined names have none.
        places: where each name was declared.
        ranges: the bounds of the variables that keep to them.
    """

    values: dict[str, Expr] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    ranges: dict[str, Range] = field(default_factory=dict)
    _uses: dict[Expr, frozenset[str]] = field(default_factory=dict)
    _scopes: dict[tuple[str, frozenset[Role]], Scope] = field(default_factory=dict)

    def declare(self, key: Scalar, what: str) -> str:
        """Check that the key can name a new quantity and note its place."""
        name = key.text
        check_name(name, what, key.place)
        if name in self.places:
            raise ProblemError(
                f"the name `{name}` is taken (line {self.places[name].line})",
                "Give each quantity a name of its own",
                key.place,
            )
        if len(self.places) >= MAX_NAMES:
            raise ProblemError(
                f"the file has more than {MAX_NAMES} names", "Join some of them", key.place
            )
        self.places[name] = key.place
        return name

    def add_variable(self, name: str, role: Role, bounds: Range | None = None) -> None:
        """Let the name stand for a variable."""
        self.roles[name] = role
        if bounds is not None:
            self.ranges[name] = bounds
        self.add_value(name, ex.var(name))

    def add_value(self, name: str, value: Expr) -> None:
        """Let the name stand for an expression."""
        self.values[name] = value
        self._scopes.clear()

    def states(self) -> list[str]:
        """The names of the states, in order."""
        return [name for name, role in self.roles.items() if role is Role.STATE]

    def variables(self, expr: Expr) -> frozenset[str]:
        """The variables of an expression; each node is looked at once for the whole file."""
        stack = [expr]
        while stack:
            node = stack[-1]
            missing = [argument for argument in node.args if argument not in self._uses]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            own = {str(node.value)} if node.op is Op.VAR else set()
            self._uses[node] = frozenset(own.union(*(self._uses[a] for a in node.args)))
        return self._uses[expr]

    def scope(self, where: str, roles: Iterable[Role] = _LASTING) -> Scope:
        """The names for one place: ``where`` (``a set``) may use variables of these roles."""
        key = where, frozenset(roles)
        if key not in self._scopes:
            self._scopes[key] = Scope(dict(self.values), self._refused(*key), self.ranges)
        return self._scopes[key]

    def _refused(self, where: str, allowed: frozenset[Role]) -> dict[str, str]:
        refused = {}
        foreign = {name for name, role in self.roles.items() if role not in allowed}
        for name, value in self.values.items() if foreign else ():
            used = sorted(self.variables(value) & foreign)
            if used and name in foreign:
                refused[name] = f"it is a {self.roles[name].value}, and {where} cannot depend on it"
            elif used:
                kind = self.roles[used[0]].value
                refused[name] = f"it uses the {kind} `{used[0]}`, and {where} cannot depend on that"
        return refused

    def constants(self, where: str) -> Scope:
        """The scope in which only constants can be named."""
        return self.scope(where, ())


def check_name(name: str, what: str, place: Place) -> None:
    """Raise ProblemError unless the text can name a quantity."""
    shown = shorten(name, 40)
    if not name.isidentifier() or len(name) > MAX_NAME:
        raise ProblemError(
            f"`{shown}` cannot be the name of {what}",
            "A name is made of letters, digits and _, and does not start with a digit",
            place,
        )
    if name == TIME_NAME:
        raise ProblemError(
            f"{what} cannot be called `t`: that is time", "Choose another name", place
        )
    if name.startswith("__") or name in RESERVED or name in FUNCTIONS:
        why = "a function" if name in FUNCTIONS else "a word of the grammar"
        why = "reserved" if name.startswith("__") else why
        raise ProblemError(
            f"{what} cannot be called `{shown}`: that is {why}", "Choose another name", place
        )
