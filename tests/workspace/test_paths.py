"""A path from outside becomes names below the workspace, or is refused."""

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from steward.core.errors import InvalidInputError, NotPermittedError, StewardError
from steward.workspace.paths import WorkspacePath, is_control_file

ROOT = Path("/w/app")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.py", "a.py"),
        ("./src//a.py", "src/a.py"),
        ("/w/app/src/a.py", "src/a.py"),
        ("/w/app", "."),
        (".", "."),
        ("tests/", "tests"),
        (".github/workflows/ci.yml", ".github/workflows/ci.yml"),
        ("ünï/日本.py", "ünï/日本.py"),
        ("100%.txt", "100%.txt"),
        ("a b.txt", "a b.txt"),
    ],
)
def test_an_ordinary_path_is_taken(text: str, expected: str) -> None:
    assert str(WorkspacePath.parse(text, ROOT)) == expected


@given(st.text(max_size=40))
def test_whatever_is_taken_stays_below_the_workspace(text: str) -> None:
    try:
        path = WorkspacePath.parse(text, ROOT)
    except StewardError:
        return
    assert path.under(ROOT).is_relative_to(ROOT)
    assert ".." not in path.parts
    assert ".git" not in [part.casefold() for part in path.parts]
    assert WorkspacePath.parse(str(path)) == path


def test_a_folder_whose_name_only_begins_alike_does_not_hold_the_path() -> None:
    with pytest.raises(NotPermittedError):
        WorkspacePath.parse("/w/app-secrets/x", ROOT)


def test_an_absolute_path_needs_a_workspace_to_be_in() -> None:
    with pytest.raises(NotPermittedError):
        WorkspacePath.parse("/w/app/a.py")


def test_a_path_knows_its_name_and_folder() -> None:
    path = WorkspacePath.parse("a/b.py")
    assert (path.name, str(path.parent)) == ("b.py", "a")
    assert (WorkspacePath(()).name, str(WorkspacePath(()).parent)) == ("", ".")


@pytest.mark.parametrize("text", ["", "a" * 4097, "a" * 256, "é" * 128])
def test_a_path_has_a_length(text: str) -> None:
    with pytest.raises(InvalidInputError):
        WorkspacePath.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        ".vscode/SETTINGS.json",
        ".VSCode/settings.json",
        "sub/.github/workflows/ci.yml",
        ".GitModules",
        "pkg/.npmrc",
        ".envrc",
        ".mcp.json",
        "Jenkinsfile",
        ".idea/workspace.xml",
        "steward.toml",
    ],
)
def test_a_file_that_other_programs_obey_is_a_control_file(text: str) -> None:
    assert is_control_file(WorkspacePath.parse(text))


@pytest.mark.parametrize("text", ["src/a.py", "github/x", "README.md", "vscode/settings.json", "."])
def test_an_ordinary_file_is_no_control_file(text: str) -> None:
    assert not is_control_file(WorkspacePath.parse(text))
