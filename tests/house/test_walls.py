"""Files and functions stay small, and names say what things are."""

import ast
from pathlib import Path

import pytest

from tests.environment import ROOT
from tests.house.tracked import tracked

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
REFUSED = {
    *("util", "utils", "helper", "helpers", "common", "base"),
    *("misc", "manager", "service", "processor"),
}
"""Names that say nothing; what needs one has a concept in it that wants a name."""
CODE = [file for file in tracked(".py", ".ts", ".lua", ".sh", ".js") if "/sample/" not in str(file)]
PYTHON = [file for file in CODE if file.suffix == ".py"]


def called(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", CODE, ids=called)
def test_a_file_fits_in_the_head(file: Path) -> None:
    assert file.read_text("utf-8").count("\n") <= FILE_LINES_MAX
    assert not REFUSED.intersection(file.relative_to(ROOT).with_suffix("").parts)


@pytest.mark.parametrize("file", PYTHON, ids=called)
def test_a_function_fits_on_a_screen_and_a_file_says_what_it_is(file: Path) -> None:
    tree = ast.parse(file.read_text("utf-8"))
    if tree.body:
        assert ast.get_docstring(tree), "no docstring says what this file is"
    # A migration is a list of statements: one function however long the list.
    if "versions" in file.parts:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= FUNCTION_LINES_MAX, f"{node.name} has {length} lines"
