"""The ignore oracle says what a model may not see, and by which rule; git is the judge of git's."""

import os
import unicodedata
from pathlib import Path

import pytest

from steward.workspace.ignore import IgnoreOracle
from steward.workspace.listing import list_files
from steward.workspace.paths import WorkspacePath
from tests.environment import git


def why_not(root: Path, path: str) -> str | None:
    oracle, parsed = IgnoreOracle(root), WorkspacePath.parse(path)
    reason = oracle.why_not(parsed)
    # Asked about many files, it says the same; it may name another rule that holds as well.
    assert (oracle.why_not_each([parsed])[parsed] is None) == (reason is None)
    return reason


@pytest.mark.parametrize(
    "name",
    [
        *(".env", ".ENV", "sub/.env", ".env.local", ".envrc", "prod.env", "server.pem", "a/b.key"),
        *("id_rsa", "id_ed25519", "x.p12", ".npmrc", ".netrc", ".pypirc", "credentials"),
        *(".aws/credentials", "credentials.json", ".git-credentials", "\uff49d_rsa"),
    ],
)
def test_a_file_named_like_a_secret_is_blocked_everywhere(tmp_path: Path, name: str) -> None:
    reason = why_not(tmp_path, name)
    assert reason is not None
    assert "built-in rule" in reason


@pytest.mark.parametrize(
    "name",
    [
        *(".env.example", ".env.sample", ".env.template", "environment.py", "credentials.py"),
        *("id_rsa.pub", "cacert.pem", "keys.py", "credentials/store.py"),
    ],
)
def test_a_file_that_only_sounds_like_a_secret_is_not(tmp_path: Path, name: str) -> None:
    assert why_not(tmp_path, name) is None


def test_no_ignore_file_can_bring_a_secret_back(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("!.env\n")
    (tmp_path / ".stewardignore").write_text("!.env\n")
    assert why_not(tmp_path, ".env") is not None


def test_the_reason_names_the_rule_and_its_file(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / ".stewardignore").write_text("# ours\nprivate/\n")
    assert why_not(tmp_path, "d/private/a.py") == (
        "'d/private' matches 'private/' in 'd/.stewardignore'"
    )
    assert why_not(tmp_path, "private/a.py") is None


@pytest.mark.parametrize("name", [".stewardignore", ".gitignore"])
def test_nothing_in_a_blocked_folder_is_taken_back_in(tmp_path: Path, name: str) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / name).write_text("private/\n")
    (tmp_path / "private" / name).write_text("!a.py\n")
    assert why_not(tmp_path, "private/a.py") is not None


def test_neither_set_of_rules_can_undo_the_other(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("a.txt\n!b.txt\n")
    (tmp_path / ".stewardignore").write_text("b.txt\n!a.txt\n")
    assert why_not(tmp_path, "a.txt") is not None
    assert why_not(tmp_path, "b.txt") is not None


def test_git_agrees_about_its_own_rules(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".git" / "info" / "exclude").write_text("excluded.txt\n")
    (tmp_path / ".gitignore").write_text("*.log\n!keep.log\nbuild/\n/top.txt\ndoc/*.txt\n**/deep\n")
    files = [
        *("a.log", "keep.log", "d/keep.log", "build/a", "build/keep.log", "d/build/x", "top.txt"),
        *("d/top.txt", "doc/a.txt", "doc/d/a.txt", "x/y/deep", "excluded.txt", "d/back.log"),
        *("d/only.txt", "build.txt"),
    ]
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("x")
    (tmp_path / "d" / ".gitignore").write_text("only.txt\n!back.log\n")
    shown = git(tmp_path, "ls-files", "--others", "--exclude-standard").splitlines()
    listed = [str(path) for path in list_files(tmp_path, IgnoreOracle(tmp_path)).files]
    assert sorted(listed) == sorted(shown)
    assert "d/back.log" in shown


def test_a_changed_ignore_file_counts_at_once(tmp_path: Path) -> None:
    oracle = IgnoreOracle(tmp_path)
    file = WorkspacePath.parse("a.py")
    assert oracle.why_not(file) is None
    (tmp_path / ".stewardignore").write_text("a.py\n")
    assert oracle.why_not(file) is not None
    (tmp_path / ".stewardignore").write_text("longer.py\n")
    assert oracle.why_not(file) is None
    (tmp_path / ".stewardignore").unlink()
    assert oracle.why_not(file) is None


def test_every_spelling_of_a_name_has_the_same_answer(tmp_path: Path) -> None:
    rule = unicodedata.normalize("NFD", "passwörter.txt")
    (tmp_path / ".stewardignore").write_text(rule, "utf-8")
    for name in ("passwörter.txt", "\uff50asswörter.txt"):
        assert why_not(tmp_path, unicodedata.normalize("NFC", name)) is not None
        assert why_not(tmp_path, unicodedata.normalize("NFD", name)) is not None


def test_a_rule_file_that_cannot_be_read_blocks_rather_than_allows(tmp_path: Path) -> None:
    for number, content in enumerate((b"\xff\xfea", b"a\n" * 200_000, None)):
        folder = tmp_path / str(number)
        folder.mkdir()
        if content is None:
            (folder / ".stewardignore").symlink_to("/etc/passwd")
        else:
            (folder / ".stewardignore").write_bytes(content)
        reason = why_not(tmp_path, f"{number}/a.py")
        assert reason is not None
        assert "cannot be read" in reason


def test_the_same_rules_are_not_read_again(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("a.py\n")
    oracle = IgnoreOracle(tmp_path)
    assert oracle.why_not(WorkspacePath.parse("a.py")) is not None
    status = (tmp_path / ".gitignore").stat()
    # Same inode, size and time: only what is remembered can still know the old rule.
    with (tmp_path / ".gitignore").open("r+") as file:
        file.write("b.py\n")
    os.utime(tmp_path / ".gitignore", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert oracle.why_not(WorkspacePath.parse("a.py")) is not None
