"""All that a push would send: commits, files, and every byte of them searched for secrets.

What leaves is what git's own list of objects says, and not what the newest commit shows: a secret
that a later commit took out again is sent as well. All of this blocks: call it on a thread.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from steward.core.agent_limits import (
    PUSH_BYTES_MAX,
    PUSH_COMMITS_MAX,
    PUSH_FILES_MAX,
    PUSH_OBJECTS_MAX,
)
from steward.core.errors import InvalidInputError, LimitError, NotFoundError
from steward.core.secret_files import secret_rule
from steward.workspace.git.own_repository import check_is_own
from steward.workspace.git.process import GitProcess
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.paths import WorkspacePath
from steward.workspace.pull_request import SentCommit, SentFile
from steward.workspace.push.secret_scan import Finding, Scan

_NOWHERE = re.compile(r"0+")
_RAW = re.compile(
    r":\d{6} (?P<mode>\d{6}) (?P<old>[0-9a-f]{40,64}) (?P<new>[0-9a-f]{40,64}) [A-Z]\d*"
)
_SUBMODULE, _LINK = "160000", "120000"
_AT_ONCE = 64
"""Versions of files that are held in memory together."""
_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-renames")


@dataclass(frozen=True, slots=True)
class _Version:
    """A version of a file that a commit brings, and those that it comes from."""

    commit: str
    path: str
    new: str
    olds: tuple[str, ...]
    is_link: bool


@dataclass(frozen=True, slots=True)
class PushContents:
    """What lies between a commit that a remote has and one that it is to have."""

    git: GitProcess
    oracle: IgnoreOracle
    base: str
    head: str

    def commits(self) -> tuple[SentCommit, ...]:
        """Every commit that would be sent, newest first.

        Raises:
            InvalidInputError: there is none.
            LimitError: there are more than a person reads.
        """
        shown = self.git.run(
            *("log", "-z", "--no-show-signature", "--no-mailmap", "--format=%H%n%an <%ae>%n%s"),
            *(f"--max-count={PUSH_COMMITS_MAX + 1}", f"^{self.base}", self.head),
        )
        entries = [entry for entry in _words(shown) if entry]
        if not entries:
            raise InvalidInputError(
                "The branch holds no commit that its base lacks; there is nothing to open a pull"
                " request for."
            )
        if len(entries) > PUSH_COMMITS_MAX:
            raise LimitError(
                f"The branch has more than {PUSH_COMMITS_MAX} commits that its base lacks. Push it"
                " yourself, or make it smaller."
            )
        parts = [[*entry.split("\n", 2), "", ""] for entry in entries]
        return tuple(SentCommit(part[0], part[1], part[2]) for part in parts)

    def files(self) -> tuple[SentFile, ...]:
        """The files that differ in the end, as the pull request would show them.

        Raises:
            LimitError: there are more than a person reads.
            NotFoundError: the two have nothing in common.
        """
        found = self.git.attempt("merge-base", self.base, self.head)
        if found.status != 0:
            raise NotFoundError("The branch and its base have no commit in common.")
        start = found.out.decode().split()[0]
        shown = self.git.run(
            *("diff-tree", "-r", "-z", "--numstat", "--text", *_PLAIN, start, self.head)
        )
        lines = [entry.split("\t", 2) for entry in _words(shown) if entry]
        if len(lines) > PUSH_FILES_MAX:
            raise LimitError(
                f"The branch changes more than {PUSH_FILES_MAX} files. Push it yourself, or make it"
                " smaller."
            )
        return tuple(SentFile(path, _count(added), _count(gone)) for added, gone, path in lines)

    def findings(self, commits: Iterable[SentCommit], scan: Scan) -> list[Finding]:
        """Every secret, and every file that is kept from others, in all that would be sent.

        Raises:
            LimitError: it is more than we search.
        """
        sent = self._sent()
        found: list[Finding] = []
        versions = [each for each in self._versions(commits) if each.new in sent]
        for each, why in self._kept_back(versions):
            found.append(Finding(f"{each.path!a} in commit {each.commit[:12]}", why))
        seen = {each.new for each in versions}
        for each, olds, new in self._texts(versions):
            where = f"{each.path!a} in commit {each.commit[:12]}"
            found += scan.text(where, new, olds)
            found += scan.text("the name of a file", each.path)
        rest = {id_ for id_, kind in sent.items() if id_ not in seen and kind in ("blob", "commit")}
        for id_, content in self._read(rest):
            what = "the message of commit" if sent[id_] == "commit" else "the object"
            found += scan.text(f"{what} {id_[:12]}", content.decode(errors="replace"))
        return found

    def _sent(self) -> dict[str, str]:
        """The id of each object that may leave → its kind."""
        listed = self.git.run(
            "rev-list", "--objects", "--no-object-names", f"^{self.base}", self.head
        )
        ids = listed.split()
        if len(ids) > PUSH_OBJECTS_MAX:
            raise LimitError(
                f"The push would send more than {PUSH_OBJECTS_MAX} objects. Push it yourself."
            )
        checked = self.git.run("cat-file", "--batch-check", stdin=b"\n".join(ids) + b"\n")
        lines = [line.split() for line in checked.decode().splitlines()]
        total = sum(int(size) for _, _, size in lines)
        if total > PUSH_BYTES_MAX:
            raise LimitError(
                f"The push would send more than {PUSH_BYTES_MAX} bytes, which is more than is"
                " searched for secrets. Push it yourself."
            )
        return {id_: kind for id_, kind, _ in lines}

    def _versions(self, commits: Iterable[SentCommit]) -> Iterator[_Version]:
        """What each commit brings; of a merge, beside all that it brings together."""
        asked = "".join(f"{commit.id}\n" for commit in commits).encode()
        shown = self.git.run(
            *("diff-tree", "--stdin", "-r", "-m", "--root", "--raw", "--no-abbrev", "-z"),
            *_PLAIN,
            stdin=asked,
        )
        found: dict[tuple[str, str, str, bool], list[str]] = {}
        commit, words = "", iter(_words(shown))
        for word in words:
            raw = _RAW.fullmatch(word)
            if raw is None:
                commit = word[:40] if word else commit
                continue
            path = next(words, "")
            if raw["mode"] != _SUBMODULE and _NOWHERE.fullmatch(raw["new"]) is None:
                key = (commit, path, raw["new"], raw["mode"] == _LINK)
                found.setdefault(key, []).append(raw["old"])
        for (commit, path, new, is_link), olds in found.items():
            yield _Version(commit, path, new, tuple(olds), is_link)

    def _kept_back(self, versions: Iterable[_Version]) -> Iterator[tuple[_Version, str]]:
        """Those whose path says that they hold secrets, or is ignored, each with the reason."""
        check_is_own(self.git)
        top = self.git.run("rev-parse", "--show-prefix").decode(errors="replace").rstrip("\n")
        for each in {each.path: each for each in versions}.values():
            why = _secret(each.path)
            # Of a link its own few bytes are sent, and not what it leads to.
            if why is None and not each.is_link and each.path.startswith(top):
                why = self.oracle.why_not(WorkspacePath.parse(each.path[len(top) :]))
            if why is not None:
                yield each, why

    def _texts(self, versions: list[_Version]) -> Iterator[tuple[_Version, str, str]]:
        """Each version with the text that it comes from and its own."""
        for first in range(0, len(versions), _AT_ONCE):
            some = versions[first : first + _AT_ONCE]
            olds = {each: _standing(each.olds) for each in some}
            wanted = {id_ for each in some for id_ in (each.new, *olds[each])}
            contents = {id_: each.decode(errors="replace") for id_, each in self._read(wanted)}
            for each in some:
                yield each, "\n".join(contents[old] for old in olds[each]), contents[each.new]

    def _read(self, ids: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """Objects with what they hold."""
        if not ids:
            return
        asked = "".join(f"{id_}\n" for id_ in ids).encode()
        read = self.git.run("cat-file", "--batch", stdin=asked)
        at = 0
        while at < len(read):
            end = read.index(b"\n", at)
            id_, _, size = read[at:end].decode().split()
            at = end + 1 + int(size)
            yield id_, read[end + 1 : at]
            at += 1


def _standing(olds: Iterable[str]) -> tuple[str, ...]:
    """Those that are an object's id."""
    return tuple(old for old in olds if _NOWHERE.fullmatch(old) is None)


def _secret(path: str) -> str | None:
    """Why a path holds secrets, by the names in it."""
    for name in path.split("/"):
        rule = secret_rule(name)
        if rule is not None:
            return f"a file that holds secrets, by its name ({rule})"
    return None


def _count(number: str) -> int:
    return int(number) if number.isdigit() else 0


def _words(shown: bytes) -> list[str]:
    return shown.decode(errors="backslashreplace").split("\0")
