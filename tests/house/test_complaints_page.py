"""What the page about complaints names as its proof is there: each test by its file and name."""

import ast
import re
from functools import cache

from tests.environment import ROOT

PAGE = ROOT / "docs" / "explanation" / "complaints.md"


@cache
def names_in(path: str) -> frozenset[str]:
    """The tests that a file has, without importing it."""
    body = ast.parse((ROOT / path).read_text("utf-8")).body
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(each.name for each in body if isinstance(each, functions))


def test_each_row_names_a_test_and_each_test_that_is_named_exists() -> None:
    page = PAGE.read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    unproven = [row for row in rows if "::" not in row]
    assert [row.split("|")[1].strip() for row in unproven] == ["complaint", "wish", "hooks"]
    named = re.findall(r"`(tests/[^`:]+)::(test_\w+)`", page)
    assert len(named) == page.count("::")
    assert [(path, name) for path, name in named if name not in names_in(path)] == []
