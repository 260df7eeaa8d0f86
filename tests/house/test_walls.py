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
NOT_OURS = ("/sample/", "/vendor/")
CODE = [
    file
    for file in tracked(".py", ".ts", ".lua", ".sh", ".js")
    if not any(place in str(file) for place in NOT_OURS)
]
PYTHON = [file for file in CODE if file.suffix == ".py"]


FOLDERS = sorted({file.parent for file in CODE})
"""A test each: a test for each file would take longer to report than to play."""


def called(folder: Path) -> str:
    return str(folder.relative_to(ROOT))


def in_folder(files: list[Path], folder: Path) -> list[Path]:
    return [file for file in files if file.parent == folder]


@pytest.mark.parametrize("folder", FOLDERS, ids=called)
def test_a_file_fits_in_the_head(folder: Path) -> None:
    lines = {str(file): file.read_text("utf-8").count("\n") for file in in_folder(CODE, folder)}
    assert {name: count for name, count in lines.items() if count > FILE_LINES_MAX} == {}
    parts = {name: Path(name).relative_to(ROOT).with_suffix("").parts for name in lines}
    assert [name for name, words in parts.items() if REFUSED.intersection(words)] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=called)
def test_a_function_fits_on_a_screen_and_a_file_says_what_it_is(folder: Path) -> None:
    wrong = [said for file in in_folder(PYTHON, folder) for said in too_much(file)]
    assert wrong == []


def too_much(file: Path) -> list[str]:
    tree = ast.parse(file.read_text("utf-8"))
    wrong: list[str] = []
    if tree.body and not ast.get_docstring(tree):
        wrong.append(f"{file}: no docstring says what this file is")
    # A migration is a list of statements: one function however long the list.
    if "versions" in file.parts and "migrations" in file.parts:
        return wrong
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            if length > FUNCTION_LINES_MAX:
                wrong.append(f"{file}: {node.name} has {length} lines")
    return wrong
