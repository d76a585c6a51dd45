"""Does a proof rest on the core and on the rules that it uses, and does the checker say so?"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from bcv.checker import UNREADABLE, check
from bcv.checker.library import RULES
from bcv.conditions import obligations_of
from bcv.engines.branch_and_bound import BranchAndBound
from bcv.engines.sampling import Sampling
from bcv.engines.sum_of_squares import SumOfSquaresEngine
from bcv.formats.problem_yaml import parse_problem
from bcv.formats.proof import proved_entry, refuted_entry, write_proof
from bcv.formats.statement import statement_of
from bcv.outcome import Proved, Refuted
from tests.checker.families import FAMILIES, dressed
from tests.checker.proofs import attempted, document

ROOT = Path(__file__).parents[2]
CHECKER = ROOT / "bcv" / "checker"
sys.path.insert(0, str(ROOT / "benchmarks"))
ALL = sorted(path.stem for path in (CHECKER / "rules").glob("[a-z]*.py"))
HALF = Fraction(1, 2)

PLAIN = """
bcv: 1
name: plain
time: continuous
states: {x: [-2, 2], y: [-2, 2]}
dynamics: {x: -x, y: -y}
initial: x**2 + y**2 <= 1/4
unsafe: x**2 + y**2 >= 2
certificate: {B: x**2 + y**2 - 1}
"""


def proved(text: str, *engines: Any) -> dict[str, Any]:
    """A proof, each condition by the first engine that proves it."""
    problem = parse_problem(text, "problem.yaml")
    entries = []
    for obligation in obligations_of(problem).obligations:
        outcomes = (attempted(engine, obligation, 2.0) for engine in engines)
        outcome = next(found for found in outcomes if isinstance(found, Proved))
        entries.append(proved_entry(obligation, outcome.evidence))
    return document(statement_of(problem), "valid", entries)


def by_lines(term: str) -> dict[str, Any]:
    """A proof by affine leaves, about a sum with this term, which lies in [-1, 1]."""
    text = PLAIN.replace("x**2 + y**2 - 1", f"x + ({term})/4").replace("-x,", "-1,")
    text = text.replace("-y}", "0*y}").replace("x**2 + y**2 <= 1/4", "x <= -1")
    proof = proved(text.replace("x**2 + y**2 >= 2", "x >= 1"), BranchAndBound())
    for entry in proof["conditions"]:
        for reason in entry["evidence"]["reasons"]:
            if reason[0] == "bounded":
                reason[1] = "affine"
    return proof


def rules_after(program: str) -> set[str]:
    """Which rules a new process has imported after a program."""
    ending = "\nimport sys; print(*(m for m in sys.modules if '.checker.rules.' in m))"
    run = subprocess.run([sys.executable, "-c", program + ending], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return {name.rpartition(".")[2] for name in run.stdout.split()}


def test_the_checker_imports_no_rule_before_it_is_needed() -> None:
    assert rules_after("import bcv.checker") == set()


@pytest.mark.parametrize("path", sorted(CHECKER.glob("*.py")), ids=lambda path: path.stem)
def test_no_file_of_the_core_imports_a_rule(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tree.body = [node for node in tree.body if "if TYPE_CHECKING" not in ast.unparse(node)]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert not (node.module or "").startswith("rules"), node.lineno
        if isinstance(node, ast.Call) and "import" in ast.unparse(node.func):
            assert path.stem in ("library", "__main__"), node.lineno


def test_every_rule_is_in_the_table_or_needed_by_one_that_is() -> None:
    from executed import needed

    named = {name for kinds in RULES.values() for name in kinds.values()}
    assert set().union(*map(needed, named)) == set(ALL)


def test_a_proof_by_sums_of_squares_loads_nothing_about_intervals(tmp_path: Path) -> None:
    proof = proved(PLAIN, SumOfSquaresEngine())
    assert check(proof).rules == ("sum_of_squares",)
    assert check(proof).trusted == "rests on the core and the rules sum of squares"
    file = tmp_path / "proof.json"
    write_proof(file, proof)
    program = f"import bcv.checker; assert bcv.checker.check({str(file)!r}).verified"
    assert rules_after(program) == {"sum_of_squares", "semidefinite"}


def test_a_witness_loads_no_rule_for_evidence() -> None:
    problem = dressed(FAMILIES[0], "initial", -HALF)
    entries = []
    for obligation in obligations_of(problem).obligations:
        outcome = attempted(Sampling(), obligation)
        if isinstance(outcome, Refuted):
            entries.append(refuted_entry(obligation, outcome.witness))
    result = check(document(statement_of(problem), "invalid", entries))
    assert result.verified
    assert result.rules == ("points",)


def test_what_a_result_names_is_what_its_own_proof_used() -> None:
    affine, plain = by_lines("tanh(y)"), proved(PLAIN, SumOfSquaresEngine())
    for _ in range(2):
        assert "affine" in check(affine).rules
        assert check(plain).rules == ("sum_of_squares",)


@pytest.mark.parametrize("term", ["tanh(y)", "y/2", "sin(y)", "y*y/4", "pi*y/8", "cos(exp(y))"])
def test_the_rules_that_are_named_are_all_that_were_imported(term: str, tmp_path: Path) -> None:
    from executed import needed

    for number, proof in enumerate((by_lines(term), proved(PLAIN, BranchAndBound()))):
        result = check(proof)
        assert result.verified, result.reason
        file = tmp_path / f"{number}.json"
        write_proof(file, proof)
        program = f"import bcv.checker; assert bcv.checker.check({str(file)!r}).verified"
        assert rules_after(program) == set().union(*map(needed, result.rules))


@pytest.mark.parametrize(
    "kind", ["programs", "points", "../cover", "cover.Cover", "os", "", "__init__",
             "functions", "fixed point", "leaves", ["cover"], {"cover": 1}, None, 7, True],
)  # fmt: skip
def test_a_proof_names_no_module(kind: Any) -> None:
    proof = proved(PLAIN, BranchAndBound())
    before = set(sys.modules)
    for entry in proof["conditions"]:
        cover = entry["evidence"]
        changes = [{"kind": kind}, {"reasons": [["bounded", kind, None]] * len(cover["reasons"])}]
        for change in changes:
            result = check({**proof, "conditions": [
                {**other, "evidence": {**other["evidence"], **change}}
                for other in proof["conditions"]
            ]})  # fmt: skip
            assert not result.verified
            assert UNREADABLE not in result.reason, result.reason
    witness = {"name": "initial", "witness": {"kind": kind, "point": []}}
    result = check({**proof, "claims": "invalid", "conditions": [witness]})
    assert not result.verified
    assert UNREADABLE not in result.reason, result.reason
    assert set(sys.modules) == before


def _rows(text: str) -> dict[str, int]:
    """From the name in the first column to the number in the second one."""
    found = re.findall(r"^\| `?([a-z_ ]+)`? \| ([\d,]+) \|", text, re.MULTILINE)
    return {name: int(number.replace(",", "")) for name, number in found}


def test_the_table_of_sizes_is_right() -> None:
    from executed import code_lines, core

    stated = _rows((ROOT / "docs" / "soundness.md").read_text(encoding="utf-8"))
    actual = {name: code_lines(CHECKER / "rules" / f"{name}.py") for name in ALL}
    actual["the core"] = sum(map(code_lines, core()))
    assert {name for name in stated if name in actual} == set(actual)
    for name, lines in actual.items():
        assert abs(stated[name] - lines) <= 2 + lines // 10, (name, stated[name], lines)
