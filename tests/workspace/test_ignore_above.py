"""A workspace inside a repository is under all of the repository's rules, as git has it."""

from pathlib import Path

import pytest

from steward.workspace.ignore import IgnoreOracle
from steward.workspace.paths import WorkspacePath
from tests.environment import git

FILES = (
    "main.py",
    "customers/a.csv",
    "x/deep/b.txt",
    "local.txt",
    "kept.log",
    "other.log",
    "x/main.py",
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    top = tmp_path / "repository"
    for name in FILES:
        (top / "app" / name).parent.mkdir(parents=True, exist_ok=True)
        (top / "app" / name).write_text("canary\n")
    (top / ".gitignore").write_text("customers/\n/app/x/deep\n*.log\n!kept.log\n")
    git(top, "init", "-q")
    (top / ".git" / "info" / "exclude").write_text("/app/local.txt\n")
    return top


def ignored_by_git(top: Path, workspace: Path) -> set[str]:
    listed = git(top, "ls-files", "--others", "--ignored", "--exclude-standard")
    below = workspace.relative_to(top).as_posix() + "/"
    return {name.removeprefix(below) for name in listed.splitlines() if name.startswith(below)}


def ignored_by_us(workspace: Path) -> set[str]:
    oracle = IgnoreOracle(workspace)
    ignored = {name for name in FILES if oracle.why_not(WorkspacePath.parse(name)) is not None}
    together = oracle.why_not_each(map(WorkspacePath.parse, FILES))
    assert {str(path) for path, reason in together.items() if reason is not None} == ignored
    return ignored


def test_rules_above_the_workspace_count_as_they_do_for_git(repository: Path) -> None:
    app = repository / "app"
    assert ignored_by_us(app) == ignored_by_git(repository, app)
    assert ignored_by_us(app) == {"customers/a.csv", "x/deep/b.txt", "local.txt", "other.log"}


def test_the_reason_names_the_file_above(repository: Path) -> None:
    reason = IgnoreOracle(repository / "app").why_not(WorkspacePath.parse("customers/a.csv"))
    assert reason is not None
    assert "'../.gitignore'" in reason


def test_nothing_below_an_ignored_workspace_can_be_taken_back_in(repository: Path) -> None:
    (repository / ".gitignore").write_text("app/\n")
    (repository / "app" / ".gitignore").write_text("!main.py\n")
    assert ignored_by_us(repository / "app") == set(FILES)


def test_a_worktree_is_under_the_excludes_of_its_repository(
    repository: Path, tmp_path: Path
) -> None:
    git(repository, "config", "user.name", "Ada")
    git(repository, "config", "user.email", "ada@example.org")
    git(repository, "add", ".gitignore")
    git(repository, "commit", "-qm", "Begin")
    tree = tmp_path / "tree"
    git(repository, "worktree", "add", "-q", str(tree))
    for name in FILES:
        (tree / "app" / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / "app" / name).write_text("canary\n")
    assert ignored_by_us(tree / "app") == ignored_by_git(tree, tree / "app")
    assert "local.txt" in ignored_by_us(tree / "app")


def test_an_empty_git_folder_in_between_is_no_repository(repository: Path) -> None:
    (repository / "app" / ".git").mkdir()
    assert "customers/a.csv" in ignored_by_us(repository / "app")
