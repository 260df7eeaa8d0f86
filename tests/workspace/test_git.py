"""A commit is prepared beside the user's work, shown whole, and made exactly as shown."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from steward.core.errors import (
    InvalidInputError,
    LimitError,
    NotFoundError,
    NotPermittedError,
    StewardError,
)
from steward.core.limits import COMMIT_FILES_MAX
from steward.workspace.git.git import Git
from steward.workspace.proposal import CommitProposal, commit_from_json
from tests.environment import git

WHEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit on main: a.txt and an executable run.sh."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "config", "user.name", "Ada Tester")
    git(folder, "config", "user.email", "ada@example.org")
    (folder / "a.txt").write_text("one\n")
    (folder / "run.sh").write_text("true\n")
    (folder / "run.sh").chmod(0o755)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=First")
    return folder


async def test_a_commit_has_exactly_the_bytes_the_name_and_the_time_given(repository: Path) -> None:
    door = Git(repository)
    changes = {"a.txt": b"two\n", "d/new.py": b"x = 1\n", "run.sh": b"false\n"}
    prepared = await door.prepare_commit(changes, "steward/fix", "Fix it\n\nBecause.\n")
    commit = await door.create_commit(prepared, WHEN)

    assert git(repository, "rev-parse", "steward/fix") == commit
    assert git(repository, "rev-parse", f"{commit}^{{tree}}") == prepared.tree
    assert git(repository, "rev-parse", f"{commit}^") == prepared.base_commit
    shown = git(repository, "show", "-s", "--format=%an|%ae|%cn|%at|%ct|%B", commit)
    stamp = int(WHEN.timestamp())
    expected = f"Ada Tester|ada@example.org|Ada Tester|{stamp}|{stamp}|Fix it\n\nBecause."
    assert shown.rstrip() == expected
    assert git(repository, "cat-file", "blob", f"{commit}:a.txt") == "two"
    modes = git(repository, "ls-tree", "-r", "--format=%(objectmode) %(path)", commit)
    assert modes.splitlines() == ["100644 a.txt", "100644 d/new.py", "100755 run.sh"]
    assert prepared.files == ("a.txt", "d/new.py", "run.sh")


async def test_the_patch_is_the_whole_difference(repository: Path) -> None:
    door = Git(repository)
    prepared = await door.prepare_commit({"a.txt": b"two\n"}, "steward/fix", "Fix")
    commit = await door.create_commit(prepared)
    shown = git(repository, "diff", "--full-index", f"{commit}^", commit)
    assert prepared.patch.rstrip("\n") == shown
    assert "-one\n+two\n" in prepared.patch


async def test_index_head_and_files_stay_as_they_are(repository: Path) -> None:
    (repository / "a.txt").write_text("unsaved work\n")
    (repository / "staged.txt").write_text("staged\n")
    git(repository, "add", "staged.txt")

    def state() -> list[bytes]:
        files = [".git/index", ".git/HEAD", "a.txt", "staged.txt", ".git/refs/heads/main"]
        return [(repository / name).read_bytes() for name in files]

    before = state()
    door = Git(repository)
    prepared = await door.prepare_commit({"a.txt": b"two\n"}, "steward/fix", "Fix")
    assert state() == before
    assert git(repository, "branch", "--list", "steward/*") == ""
    await door.create_commit(prepared, WHEN)
    assert state() == before


async def test_a_second_commit_comes_after_the_first_on_its_branch(repository: Path) -> None:
    door = Git(repository)
    first = await door.create_commit(
        await door.prepare_commit({"a.txt": b"two\n"}, "steward/fix", "Second")
    )
    prepared = await door.prepare_commit({"b.txt": b"b\n"}, "steward/fix", "Third")
    assert prepared.expected_old == first
    second = await door.create_commit(prepared)
    assert git(repository, "rev-parse", f"{second}^") == first
    assert git(repository, "show", "steward/fix:a.txt") == "two"


async def test_a_file_can_be_removed(repository: Path) -> None:
    door = Git(repository)
    prepared = await door.prepare_commit({"a.txt": None}, "steward/fix", "Remove it")
    commit = await door.create_commit(prepared)
    assert git(repository, "ls-tree", "-r", "--name-only", commit) == "run.sh"


async def test_a_workspace_below_the_top_of_its_repository_commits_its_own_files(
    repository: Path,
) -> None:
    (repository / "sub").mkdir()
    prepared = await Git(repository / "sub").prepare_commit(
        {"a.txt": b"sub\n"}, "steward/fix", "Fix"
    )
    assert prepared.files == ("a.txt",)
    assert "+++ b/sub/a.txt" in prepared.patch


async def test_a_prepared_commit_survives_being_kept_and_is_found_once_it_is_made(
    repository: Path,
) -> None:
    door = Git(repository)
    prepared = await door.prepare_commit({"a.txt": b"two\n"}, "steward/fix", "Fix\n")
    kept = CommitProposal("p1", "r1", "Fix", prepared).as_json()
    again = commit_from_json("p1", "r1", kept).prepared
    assert again == prepared
    assert again.branch == "steward/fix"
    assert await door.find_commit(again) is None
    commit = await door.create_commit(again)
    await door.create_commit(await door.prepare_commit({"b": b"b"}, "steward/fix", "Next"))
    assert await door.find_commit(again) == commit


async def test_a_folder_that_is_no_repository_is_told_to_make_it_one(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="git init"):
        await Git(tmp_path).prepare_commit({"a": b"a"}, "steward/fix", "Fix")


async def test_a_repository_without_a_commit_is_told_to_make_one(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    with pytest.raises(NotFoundError, match="no commit"):
        await Git(tmp_path).prepare_commit({"a": b"a"}, "steward/fix", "Fix")


async def test_who_has_no_name_is_told_how_to_set_it(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    git(repository, "config", "--unset", "user.name")
    door = Git(repository)
    prepared = await door.prepare_commit({"a.txt": b"two\n"}, "steward/fix", "Fix")
    with pytest.raises(InvalidInputError, match=r"git config --global user\.name"):
        await door.create_commit(prepared, WHEN)
    assert git(repository, "branch", "--list", "steward/*") == ""


async def test_a_commit_that_changes_nothing_is_refused(repository: Path) -> None:
    with pytest.raises(InvalidInputError, match="already"):
        await Git(repository).prepare_commit({"a.txt": b"one\n"}, "steward/fix", "Fix")
    with pytest.raises(InvalidInputError):
        await Git(repository).prepare_commit({}, "steward/fix", "Fix")


async def test_a_commit_has_a_size(repository: Path) -> None:
    many: dict[str, bytes | None] = {f"{n}.txt": b"" for n in range(COMMIT_FILES_MAX + 1)}
    with pytest.raises(LimitError):
        await Git(repository).prepare_commit(many, "steward/fix", "Fix")


@pytest.mark.parametrize("message", ["", " \n", "x" * 10_001])
async def test_a_message_has_a_length(repository: Path, message: str) -> None:
    with pytest.raises(InvalidInputError):
        await Git(repository).prepare_commit({"a.txt": b"two\n"}, "steward/fix", message)


async def test_a_link_in_the_repository_is_not_replaced(repository: Path) -> None:
    (repository / "link").symlink_to("a.txt")
    git(repository, "add", "link")
    git(repository, "commit", "--quiet", "--message=Link")
    for path in ("link", "link/below.txt", "a.txt/below.txt"):
        with pytest.raises(NotPermittedError):
            await Git(repository).prepare_commit({path: b"x"}, "steward/fix", "Fix")


async def test_a_failing_git_is_reported_with_what_it_said(repository: Path) -> None:
    (repository / ".git" / "config").write_text("[broken")
    with pytest.raises(StewardError, match="config"):
        await Git(repository).prepare_commit({"a.txt": b"two\n"}, "steward/fix", "Fix")
    assert os.listdir(repository / ".git" / "refs" / "heads") == ["main"]
