"""What a repository says of itself: its state, its differences, its history.

git never shows the content of a file on the disk here. It says which files differ, from its index
and its objects; the working files are read by `files`, which no link leads astray, and every path
is judged by the ignore oracle before any content of it is asked for. Names that people and models
give to commits become ids before git sees them anywhere else. All of this blocks: call it on a
thread.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from steward.core.agent_limits import GIT_READ_BYTES_MAX
from steward.core.errors import InvalidInputError, NotFoundError, NotPermittedError
from steward.core.limits import FILE_BYTES_MAX
from steward.workspace.git.git import resolve
from steward.workspace.git.own_repository import check_is_own
from steward.workspace.git.process import GitProcess, failed
from steward.workspace.paths import WorkspacePath

_QUIET = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-show-signature", "--no-mailmap")
_NOWHERE = re.compile(r"0+")
_FILES = ("100644", "100755")
_BASES = ("origin/HEAD", "origin/main", "origin/master", "main", "master", "trunk", "develop")

State = Literal["added", "modified", "deleted", "type changed", "in conflict", "unknown"]
_STATES: dict[str, State] = {
    "A": "added",
    "M": "modified",
    "D": "deleted",
    "T": "type changed",
    "U": "in conflict",
}


@dataclass(frozen=True, slots=True)
class Status:
    """The repository as `git status` sees it; paths from the repository's top."""

    branch: str
    """Its name; empty where no branch is checked out."""
    upstream: str
    ahead: int
    behind: int
    staged: tuple[tuple[State, str], ...]
    unstaged: tuple[tuple[State, str], ...]
    conflicts: tuple[str, ...]
    untracked: tuple[str, ...]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """One file that differs. A side is a blob's id, or None where there is none."""

    path: str
    """From the repository's top."""
    state: State
    old: str | None
    new: str | None
    """None too where the new side is the file on the disk."""
    is_file: bool
    """It is a regular file on both sides, and no link or submodule."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One entry of the log. All of it was written by whoever committed."""

    id: str
    author: str
    date: str
    message: str


@dataclass(frozen=True, slots=True)
class Blamed:
    """One line and where it comes from."""

    number: int
    commit: str | None
    """None for a line that is not committed."""
    author: str
    when_s: int
    text: str


@dataclass(frozen=True, slots=True)
class GitReader:
    """Reads one repository. Nothing in it changes anything or runs what the repository names."""

    git: GitProcess

    def prefix(self) -> str:
        """What stands between the repository's top and the workspace: empty, or `folder/`."""
        check_is_own(self.git)
        return self.git.run("rev-parse", "--show-prefix").decode(errors="replace").rstrip("\n")

    def status(self) -> Status:
        """What `git status` would say."""
        check_is_own(self.git)
        answer = self.git.attempt(
            *("status", "--porcelain=v2", "--branch", "-z", "--no-renames"),
            *("--untracked-files=normal", "--ignore-submodules=all", "--", "."),
            env=self.git.without_filters(),
            bytes_max=GIT_READ_BYTES_MAX,
        )
        if answer.status != 0:
            raise failed(answer.error)
        return _status(answer.out, is_cut=answer.is_cut)

    def unstaged(self, paths: Sequence[str]) -> list[Difference]:
        """What differs between the index and the files; of some, only by their time."""
        check_is_own(self.git)
        return self._differences("diff-files", paths)

    def staged(self, paths: Sequence[str]) -> list[Difference]:
        """What differs between HEAD and the index."""
        return self._differences("diff-index", paths, "--cached", self._id("HEAD"))

    def between(self, base: str, head: str, paths: Sequence[str]) -> list[Difference]:
        """What differs between two commits."""
        return self._differences("diff-tree", paths, "-r", self._id(base), self._id(head))

    def branches(self, count: int) -> list[str]:
        """The names of the branches here, of which the one moved last comes first."""
        check_is_own(self.git)
        named = self.git.run(
            *("for-each-ref", "--sort=-committerdate", f"--count={count}"),
            *("--format=%(refname:lstrip=2)", "refs/heads"),
        )
        return named.decode(errors="replace").splitlines()

    def in_index(self, paths: Sequence[str]) -> dict[str, str]:
        """The blobs of these files in the index: path from the top → id."""
        listed = self.git.run("ls-files", "--stage", "--full-name", "-z", "--", *paths)
        found: dict[str, str] = {}
        for entry in listed.decode(errors="surrogateescape").split("\0"):
            fields, _, path = entry.partition("\t")
            if fields.startswith(_FILES) and fields.endswith(" 0"):
                found[path] = fields.split()[1]
        return found

    def blobs(self, ids: Iterable[str]) -> dict[str, bytes]:
        """The content of these objects; those that are missing or too large are left out."""
        wanted = list(dict.fromkeys(ids))
        sizes = self._batch("--batch-check=%(objectname) %(objecttype) %(objectsize)", wanted)
        small: list[str] = []
        total = 0
        for line in sizes.decode(errors="replace").splitlines():
            name, _, rest = line.partition(" ")
            kind, _, size = rest.partition(" ")
            if kind == "blob" and int(size) <= FILE_BYTES_MAX:
                total += int(size)
                if total > 4 * FILE_BYTES_MAX:
                    break
                small.append(name)
        return _contents(self._batch("--batch", small))

    def log(self, name: str, paths: Sequence[str], skip: int, count: int) -> list[Commit]:
        """Commits that a commit comes after, itself first; with paths, those that touch them."""
        return self._log((self._id(name),), paths, skip, count)

    def since(self, base: str, head: str, count: int) -> list[Commit]:
        """Commits that are in `head` and not in `base`, the newest first."""
        return self._log((self._id(head), f"^{self._id(base)}"), (), 0, count)

    def merge_base(self, one: str, other: str) -> str:
        """The id of the last commit that two have in common.

        Raises:
            NotFoundError: they have none, or there is no such commit.
        """
        found = self.git.attempt("merge-base", self._id(one), self._id(other))
        if found.status == 1:
            raise NotFoundError(f"{one!r} and {other!r} have no commit in common.")
        if found.status != 0:
            raise failed(found.error)
        return found.out.decode(errors="replace").strip()

    def default_base(self) -> str:
        """The name of what branches of this repository begin from, by custom.

        Raises:
            NotFoundError: there is none of the names that are looked for.
        """
        for name in _BASES:
            try:
                self._id(name)
            except NotFoundError:
                continue
            return name
        raise NotFoundError(
            f"No branch to compare with is known (looked for {', '.join(_BASES)}); name a `base`."
        )

    def _log(
        self, revisions: Sequence[str], paths: Sequence[str], skip: int, count: int
    ) -> list[Commit]:
        answer = self.git.attempt(
            *("log", "-z", "--encoding=UTF-8", "--no-decorate", "--no-notes", "--no-follow"),
            *(*_QUIET, f"--skip={skip}", f"--max-count={count}"),
            *("--format=tformat:%H%x00%an <%ae>%x00%aI%x00%B%x00", *revisions, "--", *paths),
            bytes_max=GIT_READ_BYTES_MAX,
        )
        if answer.status != 0:
            raise failed(answer.error)
        fields = answer.out.decode(errors="replace").split("\0")
        # After each commit stand the end of its last field and the end of the commit.
        records = [fields[at : at + 4] for at in range(0, len(fields) - 4, 5)]
        return [Commit(i, author, date, text.strip()) for i, author, date, text in records]

    def blame(self, path: str, text: bytes, first: int, last: int) -> list[Blamed]:
        """Where the lines of a text come from, as the text of this path in the work that goes on.

        Raises:
            NotFoundError: HEAD has no such file.
        """
        check_is_own(self.git)
        answer = self.git.attempt(
            *("blame", "--line-porcelain", "--encoding=UTF-8", "--no-textconv"),
            *("-L", f"{first},{last}", "--contents", "-", "--", path),
            stdin=text,
            env=self.git.without_filters(),
            bytes_max=GIT_READ_BYTES_MAX,
        )
        if answer.status != 0:
            # Not git's own words: configuration can make it quote any file that it may read.
            raise NotFoundError(
                f"git knows no lines {first} to {last} of {path!r}; it must be committed once."
            )
        return _blamed(answer.out.decode(errors="replace"))

    def _differences(self, command: str, paths: Sequence[str], *arguments: str) -> list[Difference]:
        answer = self.git.attempt(
            *(command, "--raw", "-z", "--no-renames", "--no-abbrev", "--ignore-submodules=dirty"),
            *(*arguments, "--", *paths),
            env=self.git.without_filters(),
            bytes_max=GIT_READ_BYTES_MAX,
        )
        if answer.status != 0:
            raise failed(answer.error)
        fields = answer.out.decode(errors="surrogateescape").split("\0")
        pairs = zip(fields[0:-1:2], fields[1::2], strict=False)
        return [_difference(raw, path) for raw, path in pairs]

    def _id(self, name: str) -> str:
        check_is_own(self.git)
        return resolve(self.git, name)

    def _batch(self, how: str, ids: Sequence[str]) -> bytes:
        if not ids:
            return b""
        return self.git.run("cat-file", how, stdin="".join(f"{name}\n" for name in ids).encode())


def under_workspace(path: str, prefix: str) -> WorkspacePath | None:
    """A path from the repository's top as one of the workspace; None where it is outside."""
    if not path.startswith(prefix):
        return None
    try:
        return WorkspacePath.parse(path.removeprefix(prefix))
    except (InvalidInputError, NotPermittedError):
        return None


def _difference(raw: str, path: str) -> Difference:
    old_mode, new_mode, old, new, state = raw.removeprefix(":").split(" ")
    is_file = {old_mode, new_mode} <= {*_FILES, "000000"}
    return Difference(
        path,
        _STATES.get(state[:1], "unknown"),
        None if _NOWHERE.fullmatch(old) else old,
        None if _NOWHERE.fullmatch(new) else new,
        is_file,
    )


def _contents(batch: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    at = 0
    while (end := batch.find(b"\n", at)) >= 0:
        name, kind, *size = batch[at:end].decode(errors="replace").split(" ")
        at = end + 1
        if kind == "blob" and size:
            found[name] = batch[at : at + int(size[0])]
            at += int(size[0]) + 1
    return found


def _status(out: bytes, *, is_cut: bool) -> Status:
    head: dict[str, str] = {}
    staged: list[tuple[State, str]] = []
    unstaged: list[tuple[State, str]] = []
    conflicts: list[str] = []
    untracked: list[str] = []
    entries = out.decode(errors="surrogateescape").split("\0")
    for entry in entries[:-1]:
        mark, _, rest = entry.partition(" ")
        if mark == "#":
            name, _, value = rest.partition(" ")
            head[name] = value
        elif mark == "?":
            untracked.append(rest)
        elif mark == "u":
            conflicts.append(rest.split(" ", 9)[9])
        elif mark == "1":
            states, path = rest[:2], rest.split(" ", 7)[7]
            if states[0] != ".":
                staged.append((_STATES.get(states[0], "unknown"), path))
            if states[1] != ".":
                unstaged.append((_STATES.get(states[1], "unknown"), path))
    branch = head.get("branch.head", "")
    ahead, _, behind = head.get("branch.ab", "+0 -0").partition(" ")
    return Status(
        "" if branch == "(detached)" else branch,
        head.get("branch.upstream", ""),
        abs(int(ahead)),
        abs(int(behind)),
        tuple(staged),
        tuple(unstaged),
        tuple(conflicts),
        tuple(untracked),
        is_cut,
    )


def _blamed(porcelain: str) -> list[Blamed]:
    lines: list[Blamed] = []
    fields: dict[str, str] = {}
    for line in porcelain.split("\n"):
        if line.startswith("\t"):
            commit, _, rest = fields["commit"].partition(" ")
            lines.append(
                Blamed(
                    int(rest.split(" ")[1]),
                    None if _NOWHERE.fullmatch(commit) else commit,
                    fields.get("author", ""),
                    int(fields.get("author-time", "0")),
                    line[1:].removesuffix("\r"),
                )
            )
            fields = {}
        elif "commit" not in fields:
            fields["commit"] = line
        else:
            name, _, value = line.partition(" ")
            fields[name] = value
    return lines
