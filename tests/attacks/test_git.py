"""What a hostile repository or a misled model tries with git, judged by what ran and what moved.

Every trap is first sprung by git itself: a trap that cannot go off would prove nothing.
"""

import asyncio
import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from steward.core.errors import (
    InvalidInputError,
    NotPermittedError,
    StaleError,
    StewardError,
    UnavailableError,
)
from steward.workspace.git.commit import PreparedCommit
from steward.workspace.git.git import Git
from tests.attacks.traps import Traps, loosely, new_repository
from tests.environment import git

CHANGE = {"a.py": b"two\n"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return new_repository(tmp_path / "repository")


@pytest.fixture
def traps(tmp_path: Path) -> Traps:
    return Traps(tmp_path / "traps")


async def commit_through(door: Git, branch: str = "steward/fix") -> str:
    """Everything that we ever do with git, once."""
    prepared = await door.prepare_commit(CHANGE, branch, "Fix")
    commit = await door.create_commit(prepared)
    assert await door.find_commit(prepared) == commit
    return commit


async def test_programs_named_in_the_configuration_never_run(
    repository: Path, traps: Traps
) -> None:
    for key in ("core.fsmonitor", "diff.external", "core.pager", "core.editor", "gpg.program"):
        git(repository, "config", key, traps.program(key))
    for key in ("diff.evil.command", "diff.evil.textconv", "core.sshCommand", "core.askPass"):
        git(repository, "config", key, traps.program(key))
    git(repository, "config", "commit.gpgSign", "true")
    (repository / ".gitattributes").write_text("* diff=evil\n")
    (repository / "a.py").write_text("changed\n")
    loosely(repository, "status")
    loosely(repository, "diff", "--textconv")
    loosely(repository, "log", "-p", "--ext-diff")
    loosely(repository, "commit", "--allow-empty", "--message=x")
    assert traps.sprung() >= {"core.fsmonitor", "diff.evil.command", "gpg.program"}

    await commit_through(Git(repository))
    assert traps.sprung() == set()


@pytest.mark.parametrize("where", [".git/hooks", "hooks"])
async def test_hooks_do_not_run(repository: Path, traps: Traps, where: str) -> None:
    names = [
        "pre-commit",
        "commit-msg",
        "post-commit",
        "reference-transaction",
        "post-index-change",
    ]
    for name in names:
        traps.program(name, repository / where / name)
    git(repository, "config", "core.hooksPath", where)
    loosely(repository, "commit", "--allow-empty", "--message=x")
    assert traps.sprung() >= {"pre-commit", "reference-transaction"}

    await commit_through(Git(repository))
    assert traps.sprung() == set()


async def test_filters_do_not_run_and_do_not_change_what_was_approved(
    repository: Path, traps: Traps
) -> None:
    (repository / ".gitattributes").write_text("*.py filter=evil text eol=lf ident\n")
    for key in ("clean", "smudge"):
        git(repository, "config", f"filter.evil.{key}", traps.program(key))
    (repository / "a.py").write_text("changed\n")
    loosely(repository, "add", "a.py")
    assert traps.sprung() == {"clean"}

    door = Git(repository)
    bytes_approved = b"$Id$\r\ntwo\r\n"
    prepared = await door.prepare_commit({"a.py": bytes_approved}, "steward/fix", "Fix")
    await door.create_commit(prepared)
    assert traps.sprung() == set()
    shown = subprocess.run(
        ["git", "cat-file", "blob", "steward/fix:a.py"],
        cwd=repository,
        capture_output=True,
        check=True,
    )
    assert shown.stdout == bytes_approved


@pytest.mark.parametrize(
    "branch",
    [
        *("main", "MAIN", "HEAD", "head", "refs/heads/main", "/steward/x", "", "-steward/x"),
        *("steward/../main", "steward/..", "steward/", "steward//x", "steward/x.lock"),
        *("steward/x@{0}", "steward/@{-1}", "steward/x~1", "steward/x^", "steward/a:b"),
        *("steward/a b", "steward/a\nb", "steward/a\0b", "steward/\x1b[2J", "steward/a\u202eb"),
        *("steward/;touch x", "steward/$(touch x)", "--upload-pack=x", "steward/*", "steward/[a"),
        *("steward/.x", "steward/x.", "steward/a\\b", "steward/" + "x" * 300, "steward/ünï"),
        "steward/~x",
    ],
    ids=ascii,
)
async def test_a_branch_name_that_is_none_or_means_something_else_is_refused(
    repository: Path, branch: str
) -> None:
    refs = git(repository, "for-each-ref")
    with pytest.raises((InvalidInputError, NotPermittedError)):
        await Git(repository).prepare_commit(CHANGE, branch, "Fix")
    with pytest.raises((InvalidInputError, NotPermittedError)):
        await Git(repository).prepare_branch(branch, "HEAD")
    assert git(repository, "for-each-ref") == refs
    assert sorted(os.listdir(repository)) == [".git", "a.py"]


async def test_the_branch_that_is_checked_out_is_not_moved(
    repository: Path, tmp_path: Path
) -> None:
    git(repository, "branch", "steward/elsewhere")
    git(repository, "worktree", "add", "--quiet", str(tmp_path / "other"), "steward/elsewhere")
    git(repository, "checkout", "--quiet", "-b", "steward/here")
    for branch in ("steward/here", "steward/elsewhere"):
        with pytest.raises(NotPermittedError, match="checked out"):
            await Git(repository).prepare_commit(CHANGE, branch, "Fix")


async def test_a_branch_of_ours_that_is_only_a_name_for_main_does_not_move_main(
    repository: Path,
) -> None:
    main = git(repository, "rev-parse", "main")
    git(repository, "checkout", "--quiet", "--detach")
    git(repository, "symbolic-ref", "refs/heads/steward/fix", "refs/heads/main")
    with pytest.raises(NotPermittedError, match="main"):
        await Git(repository).prepare_commit(CHANGE, "steward/fix", "Fix")

    git(repository, "symbolic-ref", "--delete", "refs/heads/steward/fix")
    prepared = await Git(repository).prepare_commit(CHANGE, "steward/fix", "Fix")
    git(repository, "symbolic-ref", "refs/heads/steward/fix", "refs/heads/main")
    with pytest.raises(StewardError):
        await Git(repository).create_commit(prepared)
    assert git(repository, "rev-parse", "main") == main


@pytest.mark.parametrize(
    "message",
    ["-F /etc/passwd", "--amend", "Fix\n\nSigned-off-by: Eve <eve@example.org>", "# no comment"],
)
async def test_a_message_is_text_and_never_an_option(repository: Path, message: str) -> None:
    door = Git(repository)
    prepared = await door.prepare_commit(CHANGE, "steward/fix", message)
    await door.create_commit(prepared)
    assert git(repository, "show", "-s", "--format=%B", "steward/fix").rstrip() == message


@pytest.mark.parametrize("message", ["Fix\x1b[2J", "Fix\u202eerutuf", "a\rb", "a\0b", "a\u200bb"])
async def test_a_message_that_looks_other_than_it_is_is_refused(
    repository: Path, message: str
) -> None:
    with pytest.raises(InvalidInputError, match="invisible"):
        await Git(repository).prepare_commit(CHANGE, "steward/fix", message)


async def test_what_is_staged_stays_out_of_the_commit(repository: Path) -> None:
    (repository / "staged.py").write_text("staged\n")
    (repository / "a.py").write_text("staged too\n")
    git(repository, "add", ".")
    commit = await commit_through(Git(repository))
    assert git(repository, "diff", "--name-only", "main", commit) == "a.py"
    assert git(repository, "show", f"{commit}:a.py") == "two"


def move_head(repository: Path) -> None:
    git(repository, "commit", "--quiet", "--allow-empty", "--message=Meanwhile")


def move_branch(repository: Path) -> None:
    git(repository, "branch", "steward/fix")


@pytest.mark.parametrize("move", [move_head, move_branch])
async def test_a_commit_approved_for_another_state_is_not_made(
    repository: Path, move: Callable[[Path], None]
) -> None:
    door = Git(repository)
    prepared = await door.prepare_commit(CHANGE, "steward/fix", "Fix")
    move(repository)
    refs = git(repository, "for-each-ref")
    with pytest.raises(StaleError):
        await door.create_commit(prepared)
    assert git(repository, "for-each-ref") == refs


async def test_an_existing_branch_that_moved_or_went_is_not_touched(repository: Path) -> None:
    door = Git(repository)
    await commit_through(door)
    prepared = await door.prepare_commit({"b.py": b"b\n"}, "steward/fix", "Next")
    git(repository, "branch", "--force", "steward/fix", "main")
    with pytest.raises(StaleError):
        await door.create_commit(prepared)
    git(repository, "branch", "--delete", "--force", "steward/fix")
    with pytest.raises(StaleError):
        await door.create_commit(prepared)
    assert git(repository, "branch", "--list", "steward/*") == ""


async def test_a_commit_is_made_once(repository: Path) -> None:
    door = Git(repository)
    prepared = await door.prepare_commit(CHANGE, "steward/fix", "Fix")
    commit = await door.create_commit(prepared)
    with pytest.raises(StaleError):
        await door.create_commit(prepared)
    assert git(repository, "rev-parse", "steward/fix") == commit


async def test_of_commits_made_at_the_same_moment_one_wins(repository: Path) -> None:
    door = Git(repository)
    changes = [{"a.py": f"{n}\n".encode()} for n in range(6)]
    prepared = [await door.prepare_commit(change, "steward/fix", "Fix") for change in changes]
    made: list[str] = []

    async def create(one: PreparedCommit) -> None:
        with suppress(StewardError):
            made.append(await door.create_commit(one))

    async with asyncio.TaskGroup() as group:
        for one in prepared:
            group.create_task(create(one))
    assert made == [git(repository, "rev-parse", "steward/fix")]


async def test_a_commit_prepared_for_another_workspace_is_refused(
    repository: Path, tmp_path: Path
) -> None:
    prepared = await Git(repository).prepare_commit(CHANGE, "steward/fix", "Fix")
    other = tmp_path / "other"
    git(tmp_path, "clone", "--quiet", str(repository), str(other))
    with pytest.raises(NotPermittedError):
        await Git(other).create_commit(prepared)


@pytest.mark.parametrize("path", ["../a.py", "/etc/passwd", ".git/hooks/x", ".GIT/config", "a\nb"])
async def test_a_path_that_leaves_the_workspace_is_refused(repository: Path, path: str) -> None:
    with pytest.raises((InvalidInputError, NotPermittedError)):
        await Git(repository).prepare_commit({path: b"x"}, "steward/fix", "Fix")


async def test_variables_of_the_environment_do_not_redirect_git(
    repository: Path, tmp_path: Path, traps: Traps, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    git(tmp_path, "init", "--quiet", str(other))
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git" / "objects"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", traps.program("GIT_EXTERNAL_DIFF"))
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    commit = await commit_through(Git(repository))
    assert git(repository, "rev-parse", "steward/fix") == commit
    assert not (tmp_path / "index").exists()
    assert not (tmp_path / "trace").exists()
    assert traps.sprung() == set()


async def test_a_git_that_the_workspace_brought_along_does_not_run(
    repository: Path, traps: Traps, monkeypatch: pytest.MonkeyPatch
) -> None:
    traps.program("git", repository / "git")
    monkeypatch.setenv("PATH", f"{repository}:{os.environ['PATH']}")
    with pytest.raises(UnavailableError):
        await Git(repository).prepare_commit(CHANGE, "steward/fix", "Fix")
    monkeypatch.setenv("PATH", f".:{os.environ['PATH']}")
    monkeypatch.chdir(repository)
    with pytest.raises(UnavailableError):
        await Git(repository).prepare_commit(CHANGE, "steward/fix", "Fix")
    assert traps.sprung() == set()


async def test_attributes_cannot_hide_a_change_from_who_approves_it(repository: Path) -> None:
    (repository / ".gitattributes").write_text("*.py -diff binary\n")
    prepared = await Git(repository).prepare_commit(CHANGE, "steward/fix", "Fix")
    assert "-one\n+two\n" in prepared.patch


async def test_a_replaced_object_does_not_change_what_is_shown(
    repository: Path, tmp_path: Path
) -> None:
    (tmp_path / "evil").write_text("two\n")
    evil = git(repository, "hash-object", "-w", str(tmp_path / "evil"))
    git(repository, "replace", git(repository, "rev-parse", "main:a.py"), evil)
    assert git(repository, "show", "main:a.py") == "two"
    # git may read an unchanged file from disk instead of the object that it replaced.
    (repository / "a.py").write_text("changed\n")
    prepared = await Git(repository).prepare_commit(CHANGE, "steward/fix", "Fix")
    assert "-one\n+two\n" in prepared.patch


async def test_links_in_the_repositorys_folder_do_not_lead_a_branch_out_of_it(
    repository: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    for place in ("refs/heads/steward", "logs/refs/heads/steward"):
        outside.mkdir()
        planted = repository / ".git" / place
        planted.parent.mkdir(parents=True, exist_ok=True)
        planted.symlink_to(outside)
        with pytest.raises(NotPermittedError, match="is a link"):
            await commit_through(Git(repository))
        with pytest.raises(NotPermittedError, match="is a link"):
            await Git(repository).prepare_branch("steward/fix", "HEAD")
        planted.unlink()
        assert list(outside.iterdir()) == []
        outside.rmdir()


async def test_a_planted_folder_for_worktrees_stays_empty(repository: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (repository / ".worktrees").symlink_to(outside)
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message=Plant it")
    door = Git(repository)
    await door.create_branch(await door.prepare_branch("steward/new", "HEAD"))
    await commit_through(door)
    assert list(outside.iterdir()) == []
    assert git(repository, "rev-parse", "steward/new") == git(repository, "rev-parse", "main")


async def test_a_branch_that_somebody_made_meanwhile_is_left_alone(repository: Path) -> None:
    door = Git(repository)
    prepared = await door.prepare_branch("steward/new", "main")
    git(repository, "commit", "--quiet", "--allow-empty", "--message=Second")
    git(repository, "branch", "steward/new")
    there = git(repository, "rev-parse", "steward/new")
    assert there != prepared.commit
    with pytest.raises(StaleError):
        await door.create_branch(prepared)
    assert git(repository, "rev-parse", "steward/new") == there


OPENAI, PASSWORD = "sk-" + "canary" * 4, "correct" + "horsebattery"
SECRETS = [
    f"key = 1\nx = {OPENAI!r}\n",
    f"password = {PASSWORD!r}\n",
    "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE\nabc\n-----END RSA " + "PRIVATE KEY-----\n",
    "postgres://ann:" + "hunter2hunter2" + "@db.example.org/x\n",
]


@pytest.mark.parametrize("secret", SECRETS, ids=["key", "password", "private key", "URL"])
async def test_a_secret_is_not_committed(repository: Path, secret: str) -> None:
    door, objects = Git(repository), git(repository, "count-objects")
    for content in (secret, "one\n" + secret):
        with pytest.raises(NotPermittedError, match="secret") as refused:
            await door.prepare_commit({"a.py": content.encode()}, "steward/fix", "Fix")
        assert OPENAI not in str(refused.value)
    with pytest.raises(NotPermittedError, match="The commit message"):
        await door.prepare_commit(CHANGE, "steward/fix", f"Fix\n\n{secret}")
    assert git(repository, "count-objects") == objects


async def test_a_secret_in_place_of_another_is_not_committed_and_one_that_stays_is(
    repository: Path,
) -> None:
    (repository / "a.py").write_text(f"one = {OPENAI!r}\n")
    git(repository, "commit", "--quiet", "--all", "--message=Too late")
    door = Git(repository)
    await door.prepare_commit({"a.py": f"one = {OPENAI!r}\ntwo\n".encode()}, "steward/fix", "Fix")
    with pytest.raises(NotPermittedError, match="openai key"):
        await door.prepare_commit({"a.py": f"one = '{OPENAI}0'\n".encode()}, "steward/fix", "Fix")
