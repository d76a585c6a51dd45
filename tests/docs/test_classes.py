"""Do the worked examples of docs/classes.md get the verdicts that the page says?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bcv.formats.problem_yaml import parse_problem
from bcv.pipeline import Settings, validate

PAGE = Path(__file__).parents[2] / "docs" / "classes.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)


def _name(text: str) -> str:
    return text.split("name: ")[1].split()[0]


@pytest.mark.parametrize("text", EXAMPLES, ids=_name)
def test_the_example_gets_its_verdict(text: str) -> None:
    problem = parse_problem(text, "docs/classes.md")
    assert problem.expect is not None
    assert validate(problem, Settings(timeout=30)).answer.value == problem.expect
