"""A `.git` that leads into somebody else's repository shows nothing of it and moves nothing in it.

The folder that a person opens was packed by a stranger, who guessed where another repository of
theirs lies. What git itself would show through it is looked at first, so that the trap is one.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from steward.core.errors import NotPermittedError
from steward.workspace.git.git import Git
from tests.attacks.test_git_reading import read_all
from tests.attacks.traps import loosely, new_repository
from tests.environment import git
from tests.rooms import Rooms, open_rooms
from tests.tools.agent import use

CANARY, MESSAGE = "canary-of-another-repository", "message-of-another-repository"


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A repository that the person did not open."""
    folder = new_repository(tmp_path / "private")
    (folder / "a.py").write_text(f"{CANARY}\n")
    git(folder, "commit", "--quiet", "--all", f"--message={MESSAGE}")
    return folder


def by_file(workspace: Path, private: Path) -> None:
    workspace.mkdir()
    (workspace / ".git").write_text(f"gitdir: {private}/.git\n")


def by_a_file_that_reads_two_ways(workspace: Path, private: Path) -> None:
    new_repository(workspace)
    (workspace / ".git").rename(workspace / "own")
    (workspace / "own\n").mkdir()
    up = "../" * len(workspace.parts)
    (workspace / ".git").write_text(f"gitdir: own\n/{up}{private}/.git\n")


def by_link(workspace: Path, private: Path) -> None:
    workspace.mkdir()
    (workspace / ".git").symlink_to(private / ".git")


def by_common_folder(workspace: Path, private: Path) -> None:
    new_repository(workspace)
    (workspace / ".git" / "commondir").write_text(f"{private}/.git\n")


def as_a_worktree_that_it_does_not_know(workspace: Path, private: Path) -> None:
    new_repository(workspace)
    planted = workspace / "x" / "worktrees" / "w"
    planted.mkdir(parents=True)
    (planted / "HEAD").write_text("ref: refs/heads/main\n")
    (planted / "commondir").write_text(f"{private}/.git\n")
    (planted / "gitdir").write_text(f"{workspace}/.git\n")
    (workspace / ".git").rename(workspace / "x" / "was")
    (workspace / ".git").write_text(f"gitdir: {planted}\n")


def by_a_link_to_the_branches(workspace: Path, private: Path) -> None:
    new_repository(workspace)
    refs = workspace / ".git" / "refs"
    (refs / "heads").rename(workspace / "was")
    (refs / "heads").symlink_to(private / ".git" / "refs" / "heads")
    (workspace / ".git" / "objects" / "info" / "alternates").write_text(f"{private}/.git/objects\n")


def by_quoted_alternates(workspace: Path, private: Path) -> None:
    by_a_link_to_the_branches(workspace, private)
    (workspace / ".git" / "objects" / "info" / "alternates").write_text(
        f'# of a friend\n"{private}/.git/\\157bjects"\n'
    )


def by_alternates_of_alternates(workspace: Path, private: Path) -> None:
    by_a_link_to_the_branches(workspace, private)
    (workspace / "store" / "info").mkdir(parents=True)
    (workspace / "store" / "info" / "alternates").write_text(f"{private}/.git/objects\n")
    (workspace / ".git" / "objects" / "info" / "alternates").write_text("../../store\n")


def by_linked_objects(workspace: Path, private: Path) -> None:
    by_a_link_to_the_branches(workspace, private)
    objects = workspace / ".git" / "objects"
    (objects / "info" / "alternates").unlink()
    for each in (private / ".git" / "objects").iterdir():
        if not (objects / each.name).exists():
            (objects / each.name).symlink_to(each)


WAYS = [
    *(by_file, by_a_file_that_reads_two_ways, by_link, by_common_folder),
    *(as_a_worktree_that_it_does_not_know, by_a_link_to_the_branches, by_quoted_alternates),
    *(by_alternates_of_alternates, by_linked_objects),
]


async def everything(rooms: Rooms) -> str:
    looks = [await use(rooms, "git_log", start=name) for name in ("main", "HEAD")]
    looks += [await use(rooms, "git_diff", of="commits", base="main~1", head="main")]
    return "\n".join([await read_all(rooms), *(look.text for look in looks)])


@pytest.mark.parametrize("plant", WAYS)
async def test_nothing_of_another_repository_is_shown_or_moved(
    tmp_path: Path, private: Path, plant: Callable[[Path, Path], None]
) -> None:
    workspace = tmp_path / "workspace"
    plant(workspace, private)
    assert MESSAGE in git(workspace, "log", "-p", "main")
    refs, objects = git(private, "for-each-ref"), git(private, "count-objects")
    async with open_rooms(tmp_path / "data" / "steward.db", workspace) as rooms:
        shown = await everything(rooms)
    assert CANARY not in shown
    assert MESSAGE not in shown
    door = Git(workspace)
    with pytest.raises(NotPermittedError):
        await door.prepare_commit({"a.py": b"two\n"}, "steward/fix", "Fix")
    with pytest.raises(NotPermittedError):
        await door.prepare_branch("steward/new", "main")
    assert (git(private, "for-each-ref"), git(private, "count-objects")) == (refs, objects)


async def test_a_repository_that_was_put_in_place_after_the_approval_is_not_moved(
    tmp_path: Path, private: Path
) -> None:
    workspace = tmp_path / "workspace"
    git(tmp_path, "clone", "--quiet", "--no-hardlinks", str(private), str(workspace))
    git(workspace, "config", "user.name", "Ada Tester")
    git(workspace, "config", "user.email", "ada@example.org")
    door, refs = Git(workspace), git(private, "for-each-ref")
    prepared = await door.prepare_commit({"a.py": b"two\n"}, "steward/fix", "Fix")
    branch = await door.prepare_branch("steward/new", "main")
    loosely(private, "fetch", str(workspace), prepared.tree)
    (workspace / ".git").rename(workspace / "was")
    (workspace / ".git").symlink_to(private / ".git")
    with pytest.raises(NotPermittedError):
        await door.create_commit(prepared)
    with pytest.raises(NotPermittedError):
        await door.create_branch(branch)
    assert git(private, "for-each-ref") == refs


async def test_worktrees_submodules_and_separate_folders_of_ones_own_are_read_and_moved(
    tmp_path: Path, private: Path
) -> None:
    git(private, "worktree", "add", "--quiet", str(tmp_path / "tree"), "-b", "other")
    whole = new_repository(tmp_path / "whole")
    allowed = ("-c", "protocol.file.allow=always")
    git(whole, *allowed, "submodule", "--quiet", "add", str(private), "inner")
    apart = tmp_path / "apart"
    git(tmp_path, "clone", "--quiet", "--separate-git-dir", "kept", str(private), str(apart))
    git(apart, "config", "core.worktree", str(apart))
    for number, place in enumerate((tmp_path / "tree", whole / "inner", apart)):
        git(place, "config", "user.name", "Ann")
        git(place, "config", "user.email", "ann@example.org")
        async with open_rooms(tmp_path / f"data-{number}" / "steward.db", place) as rooms:
            assert MESSAGE in await everything(rooms), place
        await Git(place).create_branch(await Git(place).prepare_branch("steward/new", "HEAD"))
        assert git(place, "rev-parse", "steward/new") == git(private, "rev-parse", "main")
        git(place, "branch", "--delete", "--force", "steward/new")
