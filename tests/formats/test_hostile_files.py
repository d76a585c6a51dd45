"""Does every wrong, hostile or absurd problem file give one error that helps, within a second?"""

from __future__ import annotations

import os
import random
import stat
import time
from contextlib import suppress
from pathlib import Path

import pytest

from bcv.errors import ProblemError
from bcv.formats.problem_yaml import load_problem, parse_problem
from bcv.formats.yaml_tree import MAX_BYTES

PROBLEMS = Path(__file__).parents[2] / "problems"

GOOD = """\
bcv: 1
name: good
time: continuous
states: {x: [-2, 2], y: [-2, 2]}
parameters: {k: 1/10}
define:
  h: x + y
dynamics:
  x: y
  y: -x - k*y
initial: x**2 + y**2 <= 0.25
unsafe: x >= 1.5
certificate:
  B: x**2 + y**2 - 1
"""

DISCRETE = GOOD.replace("continuous", "discrete").replace("  h: x + y", "  h: x + 2*y")

STOCHASTIC = """\
bcv: 1
name: walk
time: discrete
states: {x: null}
noise: {w: {normal: [0, 0.1]}}
dynamics: {x: 0.5*x + w}
initial: x**2 <= 0.01
unsafe: x**2 >= 1
certificate: {B: x**2, condition: supermartingale, gamma: 0.01, lambda: 1, c: 0.01}
"""

HYBRID = """\
bcv: 1
name: thermostat
time: hybrid
states: {T: null}
modes:
  on: {dynamics: {T: 30 - T}, domain: T <= 22}
  off: {dynamics: {T: 10 - T}, domain: T >= 18}
transitions:
  - {from: on, to: off, guard: T >= 21}
initial: {on: 19 <= T <= 20}
unsafe: T >= 25
certificate: {B: {on: T - 24, off: T - 24}, condition: boundary}
"""


def changed(old: str, new: str, text: str = GOOD) -> str:
    """The text with a part replaced, which must be there."""
    assert old in text, old
    return text.replace(old, new, 1)


def certificate(line: str, text: str = GOOD) -> str:
    return changed("  B: x**2 + y**2 - 1", f"  B: x**2 + y**2 - 1\n  {line}", text)


# What is wrong, the line of the error (None if it is about the whole file), words of the message.
CASES: dict[str, tuple[str, int | None, str]] = {
    "an empty file": ("", 1, "empty"),
    "only a comment": ("# nothing\n", 1, "empty"),
    "a text": ("hello", 1, "must be a mapping"),
    "a list": ("- 1\n- 2", 1, "must be a mapping"),
    "null": ("null", 1, "must be a mapping"),
    "a control character": ("bcv: \x01", None, "not YAML"),
    "a lone surrogate": ("bcv: \ud800", None, "not YAML"),
    "a tab for indentation": ("bcv:\n\t1", 2, "Indent with spaces"),
    "an open quote": (GOOD + 'source: "abc', 15, "quotes"),
    "an open bracket": ("states: [1, 2", 2, "brackets"),
    "two colons": (changed("name: good", "name: a: b"), 2, "second `:`"),
    "a directive": ("%YAML 9.9\n---\nbcv: 1", 1, "YAML"),
    "two documents": (GOOD + "---\n" + GOOD, 15, "second YAML document"),
    "a bomb of aliases": (
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: &d [*c, *c]\n", 1, "anchor"),
    "a billion laughs": (
        "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)),
        1, "anchor"),
    "an alias": ("bcv: *x", 1, "alias"),
    "a product that starts with a star": (changed("x >= 1.5", "*x >= 1.5"), 12, "quote"),
    "a python tag": ("bcv: !!python/object/apply:os.system ['true']", 1, "tag"),
    "a string tag": (changed("bcv: 1", "bcv: !!str 1"), 1, "tag"),
    "a local tag": (changed("bcv: 1", "bcv: !x 1"), 1, "tag"),
    "a merge key": ("<<: {bcv: 1}\n" + GOOD, 1, "no key `<<`"),
    "deep lists": ("bcv: " + "[" * 100_000, 1, "deeper"),
    "deep mappings": ("{a: " * 100_000, 1, "deeper"),
    "deep block lists": ("- " * 100_000, 1, "deeper"),
    "deep complex keys": ("? " * 10_000, 1, "deeper"),
    "many values": ("bcv: [" + "1," * 250_000 + "]", 1, "values"),
    "too large": ("# " + "x" * MAX_BYTES, None, "MiB"),
    "a list as a key": ("{[a]: b}", 1, "a key is a list"),
    "a key twice": (GOOD + "name: again\n", 15, "twice"),
    "a state twice": (changed("y: [-2, 2]}", "x: [-2, 2]}"), 4, "twice"),
    "an unknown key": (changed("unsafe:", "unsave:"), 12, "`unsafe`"),
    "an unknown condition": (certificate("condition: boundry"), 15, "`boundary`"),
    "an unknown key of the certificate": (certificate("level: auto"), 15, "`levels`"),
    "no version": (changed("bcv: 1\n", ""), 1, "has no `bcv`"),
    "a later version": (changed("bcv: 1", "bcv: 2"), 1, "format 1"),
    "no name": (changed("name: good\n", ""), 1, "has no `name`"),
    "an empty name": (changed("name: good", "name:"), 2, "empty"),
    "a list for a name": (changed("name: good", "name: [a]"), 2, "must be a text"),
    "a terminal escape in the name": (
        changed("name: good", 'name: "\\e[31mred"'), 2, "cannot be printed"),
    "no time": (changed("time: continuous\n", ""), 1, "has no `time`"),
    "a wrong time": (changed("continuous", "continous"), 3, "`continuous`"),
    "no states": (changed("{x: [-2, 2], y: [-2, 2]}", "{}"), 4, "no states"),
    "states as a list": (changed("{x: [-2, 2], y: [-2, 2]}", "[x, y]"), 4, "mapping"),
    "reversed bounds": (changed("x: [-2, 2]", "x: [2, -2]"), 4, "Exchange"),
    "reversed irrational bounds": (changed("x: [-2, 2]", "x: [pi, 3]"), 4, "Exchange"),
    "zero width": (changed("x: [-2, 2]", "x: [1, 1]"), 4, "single value"),
    "three bounds": (changed("x: [-2, 2]", "x: [-2, 0, 2]"), 4, "a list of 3"),
    "one bound": (changed("x: [-2, 2]", "x: -2"), 4, "pair"),
    "a null bound": (changed("x: [-2, 2]", "x: [null, 2]"), 4, "nothing"),
    "a NaN bound": (changed("x: [-2, 2]", "x: [nan, 2]"), 4, "not a number"),
    "a YAML NaN": (changed("x: [-2, 2]", "x: [.nan, 2]"), 4, "`.`"),
    "an infinity of the wrong sign": (changed("x: [-2, 2]", "x: [.inf, 2]"), 4, "nothing lies"),
    "a bound with a state": (changed("x: [-2, 2]", "x: [-y, 2]"), 4, "not defined"),
    "an undefined bound": (changed("x: [-2, 2]", "x: [log(1 - 1), 2]"), 4, "undefined"),
    "an enormous bound": (changed("x: [-2, 2]", "x: [0, exp(exp(99))]"), 4, "proportion"),
    "a state called t": (changed("states: {x:", "states: {t:"), 4, "time"),
    "a state called sin": (changed("states: {x:", "states: {sin:"), 4, "function"),
    "a state called and": (changed("states: {x:", "states: {and:"), 4, "grammar"),
    "a state called pi": (changed("states: {x:", "states: {pi:"), 4, "grammar"),
    "a state called 1x": (changed("states: {x:", "states: {1x:"), 4, "letters"),
    "a state called __class__": (changed("states: {x:", "states: {__class__:"), 4, "reserved"),
    "a state with an empty name": (changed("states: {x:", 'states: {"":'), 4, "letters"),
    "a state named as a parameter": (changed("{k: 1/10}", "{x: 1/10}"), 4, "taken"),
    "a definition named as a state": (changed("  h: x", "  x: x"), 7, "taken"),
    "a definition of itself": (changed("h: x + y", "h: h + y"), 7, "further down"),
    "a cycle of definitions": (changed("h: x + y", "h: g + y\n  g: h"), 7, "further down"),
    "an infinite number": (changed("1.5", "inf"), 12, "not a number"),
    "a huge exponent": (changed("1.5", "1e999999999"), 12, "exponent"),
    "a huge power": (changed("x**2 + y**2 <= 0.25", "x**99999 <= 1"), 11, "exponent"),
    "a power tower": (changed("0.25", "9**9**9**9"), 11, "exponent"),
    "a degree by definitions": (
        changed("  h: x + y", "  h0: (x+1)*(y+1)\n" + "".join(
            f"  h{i}: (h{i - 1} + 1)*(h{i - 1} + x)\n" for i in range(1, 40)
        ) + "  h: x").replace("B: x**2", "B: h39"), 1, "degree"),
    "deep parentheses": (changed("1.5", "(" * 50_000 + "1"), 12, "deeper"),
    "an import": (changed("1.5", "__import__('os').system('true')"), 12, "`'`"),
    "a builtin": (changed("1.5", "eval(x)"), 12, "no function"),
    "an attribute": (changed("1.5", "x.__class__"), 12, "attributes"),
    "a lambda": (changed("1.5", "(lambda: 0)()"), 12, "`:`"),
    "a comprehension": (changed("1.5", "max(x for y)"), 12, "`for`"),
    "a division by zero": (changed("x >= 1.5", "x/0 >= 1.5"), 12, "divides by zero"),
    "an undefined logarithm": (changed("x >= 1.5", "log(-1) >= x"), 12, "undefined"),
    "an unknown name": (changed("-x - k*y", "-x - kk*y"), 10, "`k`"),
    "a missing dynamics": (changed("  y: -x - k*y\n", ""), 9, "has no `y`"),
    "a dynamics too many": (changed("  y: -x - k*y", "  y: -x\n  z: x"), 11, "no key `z`"),
    "dynamics as a list": (changed("  x: y\n  y: -x - k*y", "  [y, -x]"), 9, "mapping"),
    "a constraint as dynamics": (changed("  x: y\n", "  x: y > 0\n"), 9, "constraint"),
    "an empty dynamics": (changed("  x: y\n", "  x:\n"), 9, "nothing"),
    "an expression as a set": (changed("x >= 1.5", "x - 1.5"), 12, "Compare"),
    "an empty set key": (changed("x >= 1.5", ""), 12, "empty"),
    "an empty list as a set": (changed("x >= 1.5", "[]"), 12, "empty list"),
    "a wrong set form": (changed("x >= 1.5", "{bawl: {}}"), 12, "`ball`"),
    "two set forms": (changed("x >= 1.5", "{box: {}, ball: {}}"), 12, "one of the keys"),
    "any without a list": (changed("x >= 1.5", "{any: x >= 1}"), 12, "list of sets"),
    "a box of an unknown state": (changed("x >= 1.5", "{box: {z: [0, 1]}}"), 12, "no key `z`"),
    "a reversed box": (changed("x >= 1.5", "{box: {x: [1, 0]}}"), 12, "Exchange"),
    "a ball without a radius": (changed("x >= 1.5", "{ball: {center: {x: 0}}}"), 12, "radius"),
    "a negative radius": (
        changed("x >= 1.5", "{ball: {center: {x: 0}, radius: -1}}"), 12, "negative"),
    "a ball in a wrong space": (
        changed("x >= 1.5", "{ball: {center: [0, 0, 0], radius: 1}}"), 12, "mapping"),
    "a comma in braces": (changed("  x: y\n  y: -x - k*y", "  {x: max(x, y), y: x}"), 9, "comma"),
    "a set of a disturbance": (
        changed("x >= 1.5", "x >= d\ndisturbances: {d: [-1, 1]}"), 12, "disturbance"),
    "a barrier of an input by a definition": (
        changed("h: x + y", "h: x + u\ninputs: {u: [-1, 1]}").replace("B: x**2", "B: h"),
        15, "uses the control input `u`"),
    "an input that is squared": (
        changed("-x - k*y", "-x + u**2\ninputs: {u: [-1, 1]}"), 10, "a + b*u"),
    "an input in discrete time": (
        DISCRETE + "inputs: {u: [-1, 1]}\n", 15, "continuous time"),
    "a null parameter": (changed("{k: 1/10}", "{k: null}"), 5, "nothing"),
    "a parameter of a state": (changed("{k: 1/10}", "{k: x}"), 5, "not defined"),
    "a negative horizon": (GOOD + "horizon: -1\n", 15, "positive"),
    "half a step": (DISCRETE + "horizon: 1/2\n", 15, "whole number"),
    "expect maybe": (GOOD + "expect: maybe\n", 15, "valid, invalid"),
    "a wrong domain_is": (GOOD + "domain_is: invarient\n", 15, "`invariant`"),
    "no certificate": (changed("certificate:\n  B: x**2 + y**2 - 1\n", ""), 1, "certificate"),
    "a certificate without B": (changed("  B: x**2 + y**2 - 1", "  strict: initial"), 14, "`B`"),
    "B as a list": (changed("  B: x**2 + y**2 - 1", "  B: [x, y]"), 14, "a list"),
    "B per mode in one mode": (changed("  B: x**2 + y**2 - 1", "  B: {a: x}"), 14, "hybrid"),
    "a rate without a number": (certificate("condition: exponential"), 15, "rate"),
    "levels with a rate": (
        certificate("condition: {exponential: 1}\n  levels: {initial: 0, unsafe: 1}"),
        16, "exponential"),
    "between levels without levels": (certificate("condition: between-levels"), 14, "levels"),
    "half of the levels": (certificate("levels: {initial: 0}"), 15, "`unsafe`"),
    "levels of a state": (certificate("levels: {initial: x, unsafe: 1}"), 15, "state"),
    "inductive in continuous time": (certificate("condition: inductive"), 15, "discrete"),
    "a boundary in discrete time": (certificate("condition: boundary", DISCRETE), 15, "continuous"),
    "a discrete rate above 1": (certificate("condition: {exponential: 2}", DISCRETE), 15, "[0, 1]"),
    "a wrong strict": (certificate("strict: unsafe"), 15, "initial"),
    "a wrong convention": (certificate("convention: positive"), 15, "`positive-safe`"),
    "gamma without noise": (certificate("gamma: 1"), 15, "supermartingale"),
    "noise in continuous time": (GOOD + "noise: {w: {normal: [0, 1]}}\n", 15, "diffusion"),
    "diffusion in discrete time": (DISCRETE + "diffusion: {x: 1}\n", 15, "continuous"),
    "modes without hybrid": (GOOD + "modes: {}\n", 15, "time: hybrid"),
    "a negative deviation": (changed("[0, 0.1]", "[0, -1]", STOCHASTIC), 5, "positive or zero"),
    "an empty uniform": (changed("normal: [0, 0.1]", "uniform: [1, 1]", STOCHASTIC), 5, "positive"),
    "a rate of zero": (changed("normal: [0, 0.1]", "exponential: 0", STOCHASTIC), 5, "positive"),
    "chances beyond 1": (
        changed("normal: [0, 0.1]", "discrete: {0: 0.3, 1: 0.6}", STOCHASTIC), 5, "sum to 9/10"),
    "chances of odd fractions": (
        changed("normal: [0, 0.1]", "discrete: {" + ", ".join(
            f"{i}: 1/{10**900 + i}" for i in range(800)) + "}", STOCHASTIC), 5, "sum to about"),
    "a negative chance": (
        changed("normal: [0, 0.1]", "discrete: {0: -1, 1: 2}", STOCHASTIC), 5, "within [0, 1]"),
    "a value twice": (
        changed("normal: [0, 0.1]", "discrete: {0.5: 0.5, 1/2: 0.5}", STOCHASTIC), 5, "twice"),
    "an unknown noise": (changed("normal:", "gauss:", STOCHASTIC), 5, "normal"),
    "two noises in one": (
        changed("0.1]", "0.1], exponential: 1", STOCHASTIC), 5, "exactly one"),
    "noise in the barrier": (changed("B: x**2", "B: x*w", STOCHASTIC), 9, "noise"),
    "noise without expectation": (
        changed("condition: supermartingale, gamma: 0.01, lambda: 1, c: 0.01",
                "condition: nonincreasing", STOCHASTIC), 9, "stochastic"),
    "no gamma": (changed(" gamma: 0.01,", "", STOCHASTIC), 9, "gamma"),
    "a lambda of zero": (changed("lambda: 1", "lambda: 0", STOCHASTIC), 9, "positive"),
    "a negative c": (changed("c: 0.01", "c: -1", STOCHASTIC), 9, "negative"),
    "no modes": (changed(
        "modes:\n  on: {dynamics: {T: 30 - T}, domain: T <= 22}\n"
        "  off: {dynamics: {T: 10 - T}, domain: T >= 18}", "modes: {}", HYBRID), 5, "no modes"),
    "dynamics outside of modes": (HYBRID + "dynamics: {T: 1}\n", 13, "within each mode"),
    "a mode called box": (changed("  on:", "  box:", HYBRID), 6, "name of a mode"),
    "an unknown mode": (changed("to: off", "to: of", HYBRID), 9, "`off`"),
    "a reset of nothing": (changed("T >= 21", "T >= 21, reset: {U: 1}", HYBRID), 9, "no key `U`"),
    "no guard": (changed(", guard: T >= 21", "", HYBRID), 9, "guard"),
    "transitions as a mapping": (
        changed("  - {from", "  {from", HYBRID), 9, "must be a list"),
    "a barrier for one mode only": (changed(", off: T - 24", "", HYBRID), 12, "`off`"),
    "an initial set of no mode": (changed("{on: 19", "{onn: 19", HYBRID), 10, "`on`"),
}  # fmt: skip


@pytest.mark.parametrize("text", [GOOD, DISCRETE, STOCHASTIC, HYBRID])
def test_the_originals_are_right(text: str) -> None:
    parse_problem(text, "good.yaml")


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_file_gives_one_error_that_helps(case: str) -> None:
    text, line, words = CASES[case]
    start = time.process_time()  # the machine may be busy with other things
    with pytest.raises(ProblemError) as caught:
        parse_problem(text, "bad.yaml")
    seconds = time.process_time() - start
    message = str(caught.value)
    assert words in message
    assert message.startswith("bad.yaml:")
    assert "\n" not in message
    assert len(message) < 600
    assert caught.value.remedy
    assert caught.value.place is not None
    assert caught.value.place.line == line
    assert seconds < 1.5


def _refused(path: Path, words: str) -> None:
    with pytest.raises(ProblemError) as caught:
        load_problem(path)
    assert words in str(caught.value)
    assert str(path)[:100] in str(caught.value)
    assert caught.value.remedy


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    _refused(tmp_path / "none.yaml", "no such file")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    _refused(tmp_path, "folder")


def test_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    _refused(tmp_path / "a" / "b.yaml", "cannot be read")


def test_a_path_too_long_is_refused() -> None:
    _refused(Path("x" * 5000), "cannot be read")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    _refused(tmp_path / "pipe", "regular file")


def test_an_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.yaml"
    path.write_text(GOOD)
    path.chmod(stat.S_IWUSR)

    def deny(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)  # root may read everything
    _refused(path, "permission denied")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x00\x01\x02", "not a text file"),
        (b"\x7fELF\x02\x01\x01\x00" * 100, "not a text file"),
        (b"bcv: 1\nname: \xff\xfe", "not UTF-8"),
        (GOOD.encode("utf-16"), "not"),
        (b"x" * (MAX_BYTES + 1), "larger"),
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
    ],
)
def test_bytes_that_are_no_problem_are_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "binary.yaml"
    path.write_bytes(content)
    _refused(path, words)


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "windows.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_problem(path).name == "good"


def test_an_error_points_into_folded_text() -> None:
    text = changed("  B: x**2 + y**2 - 1", "  B: x**2 +\n     y**2 +\n     oops*y")
    with pytest.raises(ProblemError) as caught:
        parse_problem(text, "f.yaml")
    assert str(caught.value.place) == "f.yaml:16:6"
    text = changed("x >= 1.5", "'x >= oops'")
    with pytest.raises(ProblemError) as caught:
        parse_problem(text, "f.yaml")
    assert str(caught.value.place) == "f.yaml:12:15"
    text = changed("  B: x**2 + y**2 - 1", "  B: >-\n    x**2\n    + oops")
    with pytest.raises(ProblemError) as caught:
        parse_problem(text, "f.yaml")
    assert str(caught.value.place) == "f.yaml:16:7"


def _mutant(text: str, rng: random.Random) -> str:
    words = ["null", ".inf", "1e99", "**", "not ", " if ", " else ", "box", "\n  ", "- ", "!!str "]
    signs = [*"()[]{}:,-+*/<>=!&*#|'\"\n \t0189.eE_xyt%@`?\x85\u2028é", *words]
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(text) + 1)
        to = min(len(text), at + rng.choice((0, 1, 1, 2, 5, 20)))
        piece = rng.choice((rng.choice(signs), "", text[to : to + rng.randint(1, 40)]))
        text = text[:at] + piece + text[to:]
    return text


@pytest.mark.parametrize("seed", range(4))
def test_mutants_of_real_files_are_read_or_refused(seed: int) -> None:
    rng = random.Random(seed)
    texts = [path.read_text() for path in sorted(PROBLEMS.rglob("*.yaml"))]
    for _ in range(250):
        text = _mutant(rng.choice(texts), rng)
        start = time.perf_counter()
        with suppress(ProblemError):
            parse_problem(text, "mutant.yaml")
        assert time.perf_counter() - start < 1.5, text
