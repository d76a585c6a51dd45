"""Proof files: written whole or not at all, read without bcv, no way to stop the checker."""

from __future__ import annotations

import base64
import json
import os
import random
import subprocess
import sys
import time
import zlib
from array import array
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from bcv.checker import UNREADABLE, check, check_condition
from bcv.checker.__main__ import main
from bcv.checker.rules.packed import Stream
from bcv.evidence import Bounded, Cover, Form
from bcv.formats.problem_yaml import parse_problem
from bcv.formats.proof import ProofError, packed_doubles, packed_nodes, proved_entry, write_proof
from tests.checker.mutations import ABSURD, parent, paths
from tests.checker.proofs import borrowed, obligations

HALF = Fraction(1, 1000)
CHECKER = Path(__file__).resolve().parents[2] / "bcv" / "checker"


@pytest.fixture(name="proof")
def _proof() -> dict[str, Any]:
    found = borrowed(3, "initial", HALF, HALF, 0)
    assert found is not None
    return json.loads(json.dumps(found))


def test_a_written_proof_is_verified_without_bcv(proof: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "p.proof"
    write_proof(file, proof)
    command = [sys.executable, "-I", str(CHECKER), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "VERIFIED: the certificate is valid"
    assert "state x in [0, 3]" in done.stdout
    assert "sin(x)" in done.stdout
    assert done.stderr == ""


def test_a_rejected_proof_says_why(
    proof: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del proof["conditions"][0]
    file = tmp_path / "p.proof"
    write_proof(file, proof)
    assert main([str(file)]) == 1
    assert "REJECTED: initial: there is no evidence" in capsys.readouterr().out
    assert main([str(tmp_path / "none")]) == 1
    assert main([]) == 2


def test_the_checker_imports_the_standard_library_only() -> None:
    script = (
        "import sys; sys.argv = ['checker', '-h']; import runpy\n"
        f"sys.path.insert(0, {str(CHECKER.parent)!r})\n"
        "import checker\n"
        "bad = [m for m in sys.modules if m.split('.')[0] in ('bcv', 'numpy', 'flint', 'yaml')]\n"
        "print(bad)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "[]\n", done.stderr


def test_a_proof_is_written_whole_or_not_at_all(proof: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "p.proof"
    file.write_text("old")
    with pytest.raises(ProofError):
        write_proof(tmp_path / "no" / "such" / "folder" / "p.proof", proof)
    with pytest.raises(ValueError, match="JSON"):
        write_proof(file, {**proof, "bad": float("nan")})
    assert file.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["p.proof"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_said_and_leaves_nothing(
    proof: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fdopen

    def full(descriptor: int, *args: Any, **more: Any) -> Any:
        os.close(descriptor)
        return real(os.open("/dev/full", os.O_WRONLY), *args, **more)

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(ProofError, match="No space left"):
        write_proof(tmp_path / "p.proof", proof)
    assert list(tmp_path.iterdir()) == []


def test_trees_come_back_as_they_went() -> None:
    pick = random.Random(4)
    nodes = [pick.choice([0, 1, -1, -2, 63, 64, -64, -65, 10**6, -(10**9)]) for _ in range(70_000)]
    cuts = [pick.uniform(-1e300, 1e300) for _ in range(20_000)]
    stream = Stream({"nodes": packed_nodes(nodes), "cuts": packed_doubles(cuts)})
    assert list(stream.nodes()) == nodes
    assert [stream.next_cut() for _ in cuts] == cuts


def test_a_cover_of_a_million_leaves_is_small() -> None:
    pick = random.Random(6)
    nodes, open_boxes = array("q"), 1
    while open_boxes:
        early = len(nodes) < 10**6
        split = early and (open_boxes < 100 or pick.random() < 0.7)
        nodes.append(-1 - 2 * pick.randrange(3) if split else pick.randrange(4))
        open_boxes += 1 if split else -1
    leaves = (len(nodes) + 1) // 2
    assert leaves > 500_000
    assert len(packed_nodes(nodes)) < 2 * leaves


Damage = Callable[[dict[str, Any]], Any]


def bomb(size: int) -> str:
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(1 << 20)) for _ in range(size >> 20)]
    return base64.b64encode(b"".join([*parts, packer.flush()])).decode()


def _evidence(proof: dict[str, Any]) -> dict[str, Any]:
    return proof["conditions"][0]["evidence"]  # type: ignore[no-any-return]


def _many_splits(proof: dict[str, Any]) -> None:
    _evidence(proof)["nodes"] = packed_nodes([-1] * 3_000_000)


def _power_tower(proof: dict[str, Any]) -> None:
    nodes = proof["conditions"][0]["nodes"]
    for _ in range(50):
        nodes.append(["**", len(nodes) - 1, 9999])
    proof["conditions"][0]["obligation"]["expr"] = len(nodes) - 1


def _square_tower(proof: dict[str, Any]) -> None:
    nodes = proof["conditions"][0]["nodes"]
    nodes.append(["const", "3/7"])
    for _ in range(200):
        nodes.append(["*", len(nodes) - 1, len(nodes) - 1])
    proof["conditions"][0]["obligation"]["expr"] = len(nodes) - 1


def _sum_of_many(proof: dict[str, Any]) -> None:
    """(1 + x)**9999 in nested products: too large to expand."""
    nodes = proof["conditions"][0]["nodes"]
    nodes += [["var", "x"], ["const", "1"]]
    nodes.append(["+", len(nodes) - 2, len(nodes) - 1])
    for _ in range(30):
        nodes.append(["*", len(nodes) - 1, len(nodes) - 1])
    proof["conditions"][0]["obligation"]["expr"] = len(nodes) - 1


def _deep_formula(proof: dict[str, Any]) -> None:
    formula: list[Any] = ["and"]
    for _ in range(5000):
        formula = ["and", formula]
    proof["conditions"][0]["obligation"]["formula"] = formula


def _wide_formula(proof: dict[str, Any]) -> None:
    part = ["or", *([">=", i % 3] for i in range(3))]
    proof["conditions"][0]["obligation"]["formula"] = ["and", *([part] * 5000)]


def _many_nodes(proof: dict[str, Any]) -> None:
    proof["conditions"][0]["nodes"] += [["const", str(i)] for i in range(300_000)]


def _deep_evidence(proof: dict[str, Any]) -> None:
    evidence = _evidence(proof)
    for _ in range(400):
        evidence = {"kind": "square-factor", "square": 0, "goal": 0, "inner": evidence}
    proof["conditions"][0]["evidence"] = evidence


def _large_gram(proof: dict[str, Any]) -> None:
    size = 600
    gram = {"basis": [[i] for i in range(size)], "matrix": ["1"] * (size * (size + 1) // 2)}
    case = {"cone": [[[], gram]], "free": [], "scale": "1", "strict": []}
    proof["conditions"][0]["evidence"] = {"kind": "sum-of-squares", "cases": [case]}


def _long_denominators(proof: dict[str, Any]) -> None:
    size = 60
    count = size * (size + 1) // 2
    matrix = [f"1/{10**2000 + i}" for i in range(count)]
    gram = {"basis": [[i] for i in range(size)], "matrix": matrix}
    case = {"cone": [[[], gram]], "free": [], "scale": "1", "strict": []}
    proof["conditions"][0]["evidence"] = {"kind": "sum-of-squares", "cases": [case]}


DAMAGES: list[Damage] = [
    lambda proof: _evidence(proof).update(nodes=bomb(1 << 30)),
    lambda proof: _evidence(proof).update(nodes="AAAA"),
    lambda proof: _evidence(proof).update(nodes="not base64!"),
    lambda proof: _evidence(proof).update(root=[["nan", "0x1p0"]]),
    lambda proof: _evidence(proof).update(root=[["0x1p9999", "0x1p0"]]),
    lambda proof: proof["statement"].update(nodes=[["const", "1" * 10**6]]),
    lambda proof: proof["statement"].update(nodes=[["sin", 0]]),
    lambda proof: proof["statement"].update(nodes=[["+", 5, 6]]),
    lambda proof: proof["statement"].update(states=[]),
    lambda proof: proof.update(conditions={}),
    lambda proof: proof.update(schema="bcv.proof/2"),
    lambda proof: proof.update(claims="true"),
    _many_splits,
    _power_tower,
    _square_tower,
    _sum_of_many,
    _deep_formula,
    _wide_formula,
    _many_nodes,
    _deep_evidence,
    _large_gram,
    _long_denominators,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_absurd_proofs_are_rejected_soon(proof: dict[str, Any], damage: Damage) -> None:
    damage(proof)
    start = time.monotonic()
    result = check(proof)
    assert not result.verified
    assert UNREADABLE not in result.reason, result.reason
    assert time.monotonic() - start < 15


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "1e999", "NaN", "[" * 10**5, '{"schema": 1.5}', "\xff"]
)
def test_files_that_are_no_proofs_are_rejected(content: str, tmp_path: Path) -> None:
    file = tmp_path / "p.proof"
    file.write_bytes(content.encode("latin-1"))
    result = check(file)
    assert not result.verified
    assert UNREADABLE not in result.reason, result.reason


def test_truncated_and_garbled_files_never_raise(proof: dict[str, Any], tmp_path: Path) -> None:
    text = json.dumps(proof)
    pick = random.Random(7)
    file = tmp_path / "p.proof"
    for _ in range(200):
        garbled = bytearray(text.encode())
        if pick.random() < 0.5:
            del garbled[pick.randrange(len(garbled)) :]
        else:
            garbled[pick.randrange(len(garbled))] = pick.randrange(256)
        file.write_bytes(garbled)
        assert UNREADABLE not in check(file).reason


def test_altered_statements_never_raise(proof: dict[str, Any]) -> None:
    """The statement itself is altered: whatever comes out, it comes out as a result."""
    pick = random.Random(8)
    text = json.dumps(proof)
    for _ in range(600):
        changed = json.loads(text)
        path = pick.choice(paths(changed["statement"]))
        parent(changed["statement"], path)[path[-1]] = pick.choice(ABSURD)
        assert UNREADABLE not in check(changed).reason


def test_one_condition_can_be_checked_alone(proof: dict[str, Any]) -> None:
    from bcv.checker import Session

    session = Session(proof["statement"])
    for data in proof["conditions"]:
        assert check_condition(session, data["name"], data["part"], data).verified
        assert not check_condition(session, "nonsense", "", data).verified


def test_an_unbounded_cover_is_verified() -> None:
    """exp(x) - x - 1 + 1/1000 >= 0 for x >= 3, on one half-infinite box."""
    problem = parse_problem(
        "bcv: 1\nname: u\ntime: discrete\nstates: {x: [3, .inf]}\ndynamics: {x: x}\n"
        "initial: 'true'\nunsafe: 'false'\ncertificate: {B: 1 - x**2, condition: inductive}\n",
        "u.yaml",
    )
    from bcv.checker import Session
    from bcv.conditions import obligations_of
    from bcv.formats.statement import statement_of

    first = obligations_of(problem).obligations[0]
    reasons = (Bounded(Form.NATURAL),)
    cover = Cover(((3.0, float("inf")),), array("q", [0]), array("d"), reasons)
    session = Session(statement_of(problem))
    assert check_condition(session, "initial", "", proved_entry(first, cover)).verified
    short = Cover(((3.0, 1e308),), array("q", [0]), array("d"), reasons)
    result = check_condition(session, "initial", "", proved_entry(first, short))
    assert not result.verified
    assert "root box" in result.reason


def test_a_tree_is_walked_as_documented() -> None:
    """Lower half first, cuts in the order of their use, midpoints in doubles."""
    from bcv.checker import Session
    from bcv.formats.statement import statement_of
    from tests.checker.families import FAMILIES, dressed

    obligation = obligations(0, "initial", HALF)[0]
    session = Session(statement_of(dressed(FAMILIES[0], "initial", HALF)))
    reasons = (Bounded(Form.NATURAL), Bounded(Form.MEAN_VALUE), Bounded(Form.BERNSTEIN))
    for cuts, nodes, good in (
        ([0.25], [-2, 0, 0], True),
        ([0.25, 1.0], [-2, 1, -2, 0, 2], True),
        ([], [-2, 0, 0], False),
        ([5.0], [-2, 0, 0], False),
        ([], [-1, 0], False),
        ([], [-1, 0, 0, 0], False),
        ([], [-3, 0, 0], False),
        ([], [7], False),
    ):
        cover = Cover(((-1.0, 2.0),), array("q", nodes), array("d", cuts), reasons)
        entry = proved_entry(obligation, cover)
        assert check_condition(session, "initial", "", entry).verified == good, (cuts, nodes)


@pytest.mark.parametrize(
    "name", ["x\ninitial: true", "x y", "", "1", "\x1b[2J", "x" * 1000, "pi", "if", "cos"]
)
def test_a_name_that_could_pass_for_other_lines_is_rejected(
    name: str, proof: dict[str, Any]
) -> None:
    changed = json.loads(json.dumps(proof))
    changed["statement"]["states"][0]["name"] = name
    found = check(changed)
    assert not found.verified
    assert "name" in found.reason or "something else" in found.reason


def test_words_of_a_proof_break_no_line_of_a_report(proof: dict[str, Any]) -> None:
    changed = json.loads(json.dumps(proof))
    for item in changed["conditions"]:
        item["evidence"] = {"kind": "x\nVERIFIED: the certificate is valid", "inner": {}}
    found = check(changed)
    assert not found.verified
    assert "\n" not in found.reason
