"""What does a problem file say? YAML of format 1 to a ``Problem``, or an error with its place.

Soundness depends on this file: what it reads is what will be proved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal, cast

from bcv.errors import Place, ProblemError
from bcv.expr import Expr, Op, postorder
from bcv.formats import certificate, dynamics
from bcv.formats.expression import Scope
from bcv.formats.fields import Fields, choice_of, entries_of, expression_of, fields_of, text_of
from bcv.formats.names import Names, Role
from bcv.formats.networks import is_network, read_network
from bcv.formats.quantities import read_bounded, read_noise, read_parameters, read_states
from bcv.formats.sets import read_set
from bcv.formats.yaml_tree import Node, describe, read_text, read_tree, shorten
from bcv.problem import TIME_NAME, Certificate, Mode, Problem, TimeKind, Variable
from bcv.region import TRUE, Formula, Range, all_of, atoms

KEYS: Final = (
    *("bcv", "name", "description", "source", "expect", "time", "states", "parameters"),
    *("disturbances", "inputs", "noise", "define", "dynamics", "diffusion", "jumps", "modes"),
    *("transitions", "domain", "domain_is", "initial", "unsafe", "horizon", "certificate"),
)
MAX_NODES: Final = 200_000
MAX_DEGREE: Final = 1000
_EXAMPLE: Final = "keys such as `bcv: 1` and `name: ...`; see problems/starters"


def load_problem(path: Path) -> Problem:
    """The problem in a file.

    Raises:
        ProblemError: the file cannot be read, or what it says is wrong.
    """
    return parse_problem(read_text(path), str(path), path.parent)


def parse_problem(text: str, file: str, folder: Path | None = None) -> Problem:
    """The problem in a text.

    Args:
        text: the YAML.
        file: its name in errors.
        folder: where ONNX files that it names are; None if it may name none.

    Raises:
        ProblemError: what it says is wrong, with file, line, column and remedy.
    """
    root = read_tree(text, file)
    fields = fields_of(root, "a problem file", KEYS, _EXAMPLE)
    _check_version(fields)
    time = TimeKind(
        choice_of(
            fields.require("time", "time: continuous"), "`time`", [kind.value for kind in TimeKind]
        )
    )
    _check_kind(fields, time)
    declared = _declare(fields, time)
    problem = _assemble(fields, time, declared, file, folder)
    _check_size(problem, root.place)
    return problem


@dataclass(frozen=True, slots=True)
class _Declared:
    """The variables of a file, in the form of ``Problem``, and every name."""

    names: Names
    states: tuple[Variable, ...]
    parameters: tuple[Variable, ...]
    disturbances: tuple[Variable, ...]
    inputs: tuple[Variable, ...]
    horizon: Fraction | None


def _check_version(fields: Fields) -> None:
    node = fields.require("bcv", "bcv: 1")
    if text_of(node, "`bcv`") != "1":
        raise ProblemError(
            f"this file is of format {describe(node)}, and this bcv reads format 1",
            "Write `bcv: 1`",
            node.place,
        )


def _check_kind(fields: Fields, time: TimeKind) -> None:
    """Refuse the keys that belong to another kind of time."""
    system = f"has no meaning in a {time.value} system"
    if time is TimeKind.HYBRID:
        fields.refuse("dynamics", "stands within each mode of a hybrid system", "Move it there")
    else:
        for key in ("modes", "transitions"):
            fields.refuse(key, system, "Remove it, or write `time: hybrid`")
    if time is not TimeKind.DISCRETE:
        fields.refuse("noise", system, "Use `diffusion` or `jumps` in continuous time")
    else:
        fields.refuse("inputs", system, "Inputs are for continuous time")
    if time is not TimeKind.CONTINUOUS:
        for key in ("diffusion", "jumps"):
            fields.refuse(key, system, "They are for continuous time")


def _declare(fields: Fields, time: TimeKind) -> _Declared:
    names = Names()
    parameters = read_parameters(fields.get("parameters"), names)
    states = read_states(fields.require("states", "states: {x: [-1, 1]}"), names)
    disturbances = read_bounded(fields.get("disturbances"), names, Role.DISTURBANCE)
    inputs = read_bounded(fields.get("inputs"), names, Role.INPUT)
    node = fields.get("horizon")
    horizon = None if node is None else certificate.read_horizon(node, names, time)
    names.add_variable(TIME_NAME, Role.TIME, Range(Fraction(0), horizon))
    return _Declared(names, states, parameters, disturbances, inputs, horizon)


def _read_definitions(node: Node | None, names: Names, folder: Path | None) -> None:
    """Add the named sub-expressions, each of which may use the earlier ones.

    A network with one output gives its name to it; of several, ``name_1`` is the first.
    """
    if node is None:
        return
    entries = entries_of(node, "`define`", "`define: {h: x + y}`")
    waiting = {
        names.declare(key, "a definition"): "it is defined only here or further down"
        for key, _ in entries.entries
    }
    scope = Scope(names.values, waiting, names.ranges)
    for key, value in entries.entries:
        if is_network(value):
            outputs = read_network(value, scope, key.text, folder)
        else:
            outputs = (expression_of(value, scope, f"the definition of `{key.text}`"),)
        if len(outputs) == 1:
            names.add_value(key.text, outputs[0])
        for number, output in enumerate(outputs if len(outputs) > 1 else (), start=1):
            part = replace(key, text=f"{key.text}_{number}")
            names.add_value(names.declare(part, "an output"), output)
        del waiting[key.text]


def _assemble(
    fields: Fields, time: TimeKind, declared: _Declared, file: str, folder: Path | None
) -> Problem:
    names = declared.names
    noise = read_noise(fields.get("noise"), names)
    _read_definitions(fields.get("define"), names, folder)
    diffusion = dynamics.read_diffusion(fields.get("diffusion"), names)
    jumps = dynamics.read_jumps(fields.get("jumps"), names)
    claim = certificate.certificate_fields(
        fields.require("certificate", "certificate: {B: x**2 - 1}")
    )
    modes = _read_modes(fields, time, names, claim)
    setting = certificate.Setting(time, bool(noise or diffusion or jumps), names)
    expect = fields.get("expect")
    domain_is = fields.get("domain_is")
    return Problem(
        name=_label(fields, "name") or _missing_name(fields),
        time=time,
        states=declared.states,
        modes=modes,
        certificate=certificate.read_certificate(claim, setting),
        parameters=declared.parameters,
        disturbances=declared.disturbances,
        inputs=declared.inputs,
        noise=noise,
        diffusion=diffusion,
        jumps=jumps,
        transitions=dynamics.read_transitions(
            fields.get("transitions"), names, [mode.name for mode in modes]
        ),
        horizon=declared.horizon,
        domain_invariant=domain_is is not None
        and choice_of(domain_is, "`domain_is`", ["assumed", "invariant"]) == "invariant",
        description=_label(fields, "description"),
        source=_label(fields, "source"),
        expect=None
        if expect is None
        else cast(Literal["valid", "invalid"], choice_of(expect, "`expect`", ["valid", "invalid"])),
        file=file,
    )


def _read_modes(fields: Fields, time: TimeKind, names: Names, claim: Fields) -> tuple[Mode, ...]:
    node = fields.get("domain")
    shared = TRUE if node is None else read_set(node, names, "the domain")
    flows: dict[str, tuple[tuple[Expr, ...], Formula]] = {}
    if time is TimeKind.HYBRID:
        described = dynamics.read_modes(fields.require("modes", "modes: {on: ..., off: ...}"))
        for mode, part in described.items():
            flow, own = dynamics.read_mode(part, names, mode)
            flows[mode] = flow, all_of(shared, own)
    else:
        flow_node = fields.require("dynamics", "dynamics: {x: -x}")
        flows[""] = dynamics.read_dynamics(flow_node, names, time, "`dynamics`"), shared
    example = "x**2 <= 1"
    initial = dynamics.read_sets_of_modes(
        fields.require("initial", f"initial: {example}"), names, "the initial set", flows
    )
    unsafe = dynamics.read_sets_of_modes(
        fields.require("unsafe", "unsafe: x**2 >= 4"), names, "the unsafe set", flows
    )
    barriers = certificate.read_barriers(claim, names, flows)
    return tuple(
        Mode(mode, flow, domain, initial[mode], unsafe[mode], barriers[mode])
        for mode, (flow, domain) in flows.items()
    )


def _missing_name(fields: Fields) -> str:
    fields.require("name", "name: my-problem")
    return ""


def _label(fields: Fields, key: str) -> str:
    """A text for people: without control characters, which could fool a terminal."""
    node = fields.get(key)
    if node is None:
        return ""
    text = text_of(node, f"`{key}`")
    allowed = "" if key == "name" else "\n\t"
    wrong = [sign for sign in text if not sign.isprintable() and sign not in allowed]
    if wrong or (key == "name" and len(text) > 200):
        raise ProblemError(
            f"`{key}` is too long or holds a character that cannot be printed",
            "Write plain words" + (" on one line" if key == "name" else ""),
            node.place,
        )
    return text


def _roots(problem: Problem) -> list[Expr]:
    """Every expression that the claims are built from."""
    claim: Certificate = problem.certificate
    roots = [] if claim.rate is None else [claim.rate]
    for mode in problem.modes:
        roots += [*mode.dynamics, mode.barrier]
        sets = (mode.domain, mode.initial, mode.unsafe)
        roots += [atom.expr for formula in sets for atom in atoms(formula)]
    for transition in problem.transitions:
        roots += [*transition.reset, *(atom.expr for atom in atoms(transition.guard))]
    roots += [entry for row in problem.diffusion for entry in row]
    roots += [part for _, jump in problem.jumps for part in (jump.rate, jump.size)]
    return roots


def _check_size(problem: Problem, place: Place) -> None:
    """Refuse what no engine could work on: millions of nodes, degrees in the thousands."""
    degree: dict[Expr, int] = {}
    for count, node in enumerate(postorder(*_roots(problem))):
        inner = [degree[argument] for argument in node.args]
        degree[node] = _degree(node, inner)
        if count > MAX_NODES or degree[node] > MAX_DEGREE:
            what = (
                f"a degree beyond {MAX_DEGREE}"
                if count <= MAX_NODES
                else f"more than {MAX_NODES} operations"
            )
            raise ProblemError(
                f"the problem {shorten(problem.name)!r} has {what}", "Simplify it", place
            )


def _degree(node: Expr, inner: list[int]) -> int:
    """The degree of the node over its variables and elementary functions, not cancelled."""
    if node.op in (Op.MUL, Op.DIV):
        return inner[0] + inner[1]
    if node.op is Op.POW and isinstance(node.value, int):
        return inner[0] * node.value
    if node.op in (Op.ADD, Op.SUB, Op.NEG, Op.MIN, Op.MAX, Op.SELECT, Op.ABS):
        return max(inner)
    return 0 if node.op is Op.CONST or (inner and inner[0] == 0) else 1
