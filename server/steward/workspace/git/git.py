"""Prepares and makes commits and branches.

A commit is a proposal: its tree is built beside the user's index from exactly the approved bytes,
its patch is what the person sees, and making it moves the one branch that was approved and nothing
else. The user's index, HEAD and working files stay as they are. Which branches an agent may move
is decided in `permissions`; here a branch that is checked out is never moved.
"""

import asyncio
import re
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from steward.core.errors import (
    InvalidInputError,
    NotFoundError,
    NotPermittedError,
    StaleError,
    UnavailableError,
)
from steward.workspace.git.branch import BRANCHES, PreparedBranch, check_branch_name
from steward.workspace.git.commit import PreparedCommit, check_message, check_size
from steward.workspace.git.leaks import check_holds_no_secret
from steward.workspace.git.own_repository import check_is_own
from steward.workspace.git.process import GitProcess, failed
from steward.workspace.paths import WorkspacePath

_COMMITS_SEARCHED = 100
_REVISION = re.compile(
    r"[A-Za-z0-9_][A-Za-z0-9_./+=,@#%-]{0,199}(?:@\{[A-Za-z0-9-]{1,30}\})?[~^0-9]{0,20}"
)
_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_FILE = "100644"
_FILE_MODES = (_FILE, "100755")


class Git:
    """One workspace's repository."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._git = GitProcess(root)

    async def prepare_commit(
        self, changes: Mapping[str, bytes | None], branch: str, message: str
    ) -> PreparedCommit:
        """Everything about a commit of exactly these bytes, without making it.

        Args:
            changes: path relative to the workspace → its new content, or None to remove it.
            branch: its name; if it exists, the commit comes after it, otherwise after HEAD.
            message: the commit message.

        Raises:
            NotPermittedError: the branch cannot be moved, a path is not ours to change, or a
                secret would be committed.
            InvalidInputError: the branch name, a path or the message is none.
            NotFoundError: this is no repository, or it has no commit yet.
            LimitError: the commit is larger than we make.
        """
        return await asyncio.to_thread(self._prepare, changes, branch, message)

    async def create_commit(self, prepared: PreparedCommit, when: datetime | None = None) -> str:
        """Make the prepared commit, in the name that the repository is configured with.

        Returns its id. `when` is the time it bears, with a zone; None means git's own clock.

        Raises:
            StaleError: the branch, or the HEAD it starts from, has moved since.
            NotPermittedError: the branch cannot be moved.
            InvalidInputError: git does not know who the user is.
        """
        return await asyncio.to_thread(self._create, prepared, when)

    async def find_commit(self, prepared: PreparedCommit) -> str | None:
        """The id of the prepared commit if it was made already and its branch still has it."""
        return await asyncio.to_thread(self._find, prepared)

    async def prepare_branch(self, branch: str, start: str) -> PreparedBranch:
        """Everything about a new branch, without making it.

        Args:
            branch: its name.
            start: the commit that it will name: an id, a branch, a tag, `HEAD~2`.

        Raises:
            InvalidInputError: the name or the start is none.
            NotPermittedError: there is such a branch, or the name leads out of the repository.
            NotFoundError: this is no repository, or there is no such commit.
        """
        return await asyncio.to_thread(self._prepare_branch, branch, start)

    async def create_branch(self, prepared: PreparedBranch) -> None:
        """Make the prepared branch; nothing is checked out.

        Raises:
            StaleError: there is such a branch by now.
            NotPermittedError: it was prepared for another workspace.
        """
        await asyncio.to_thread(self._create_branch, prepared)

    async def has_branch(self, prepared: PreparedBranch) -> bool:
        """Whether the branch is there, at the commit that it was prepared for."""
        return await asyncio.to_thread(self._tip, prepared.ref) == prepared.commit

    def _prepare_branch(self, branch: str, start: str) -> PreparedBranch:
        ref = self._checked_ref(branch)
        if self._tip(ref) is not None:
            raise NotPermittedError(f"There is a branch {branch!r} already; choose another name.")
        commit = resolve(self._git, start)
        shown = self._git.run("log", "-1", "--no-show-signature", "--format=%s", commit)
        subject = shown.decode(errors="replace").strip()
        return PreparedBranch(str(self.root), ref, commit, subject)

    def _create_branch(self, prepared: PreparedBranch) -> None:
        ref = self._checked_ref(prepared.ref.removeprefix(BRANCHES))
        if prepared.root != str(self.root):
            raise NotPermittedError("This branch was prepared for another workspace.")
        self._move(ref, prepared.commit, None, f"branch: Created from {prepared.commit}")

    def _prepare(
        self, changes: Mapping[str, bytes | None], branch: str, message: str
    ) -> PreparedCommit:
        check_size(changes)
        check_message(message)
        check_holds_no_secret("The commit message", b"", message.encode())
        ref = self._checked_ref(branch)
        expected_old = self._tip(ref)
        base = expected_old or self._tip("HEAD")
        if base is None:
            raise NotFoundError(
                f"{str(self.root)!r} has no commit to start from; make the first one yourself."
            )
        entries = self._entries(base, changes)
        tree = self._tree(base, entries)
        patch = self._patch(base, tree, set(entries))
        files = tuple(str(WorkspacePath.parse(path)) for path in sorted(changes))
        return PreparedCommit(str(self.root), base, tree, ref, expected_old, message, files, patch)

    def _create(self, prepared: PreparedCommit, when: datetime | None) -> str:
        check_message(prepared.message)
        ref = self._checked_ref(prepared.ref.removeprefix(BRANCHES))
        if prepared.root != str(self.root):
            raise NotPermittedError("This commit was prepared for another workspace.")
        start = self._tip("HEAD") if prepared.expected_old is None else prepared.expected_old
        if self._tip(ref) != prepared.expected_old or start != prepared.base_commit:
            raise _moved(ref)
        commit = (
            self._git.run(
                *("commit-tree", "-p", prepared.base_commit, "-F", "-", prepared.tree),
                stdin=prepared.message.encode(),
                env=self._identity(when),
            )
            .decode()
            .strip()
        )
        self._move(ref, commit, prepared.expected_old, "commit: by Steward", when)
        return commit

    def _move(
        self, ref: str, commit: str, old: str | None, why: str, when: datetime | None = None
    ) -> None:
        # git compares and moves in one step: what moved since the last check is seen here.
        # Not through a link between branches, which would move the branch it points to.
        done = self._git.attempt(
            *("update-ref", "--no-deref", "--create-reflog", "-m", why),
            *(ref, commit, old or "0" * len(commit)),
            env=self._identity(when),
        )
        if "but expected" in done.error or "reference already exists" in done.error:
            raise _moved(ref)
        if done.status != 0:
            raise UnavailableError(f"git could not move {ref!r}: {done.error.strip()[:500]}")

    def _find(self, prepared: PreparedCommit) -> str | None:
        if self._tip(prepared.ref) is None:
            return None
        since = (f"--max-count={_COMMITS_SEARCHED}", f"^{prepared.base_commit}", prepared.ref)
        for commit in self._git.run("rev-list", "--first-parent", *since).decode().split():
            header, _, message = self._git.run("cat-file", "commit", commit).partition(b"\n\n")
            wanted = {f"tree {prepared.tree}".encode(), f"parent {prepared.base_commit}".encode()}
            same_message = message.rstrip(b"\n") == prepared.message.encode().rstrip(b"\n")
            if same_message and wanted <= set(header.splitlines()):
                return commit
        return None

    def _tip(self, ref: str) -> str | None:
        found = self._git.attempt("rev-parse", "-q", "--verify", f"{ref}^{{commit}}")
        if found.status not in (0, 1):
            raise failed(found.error)
        return found.out.decode().strip() if found.status == 0 else None

    def _checked_ref(self, branch: str) -> str:
        """The full name of a branch that may be moved, as far as the repository can say."""
        check_branch_name(branch)
        check_is_own(self._git)
        ref = BRANCHES + branch
        if self._git.attempt("check-ref-format", ref).status != 0:
            raise InvalidInputError(f"{branch!a} is no branch name to git.")
        link = self._git.attempt("symbolic-ref", "-q", ref)
        if link.status == 0:
            target = link.out.decode(errors="replace").strip()
            raise NotPermittedError(
                f"{branch!r} is only another name for {target!r}; choose another."
            )
        self._check_is_the_only_spelling(ref)
        self._check_leads_nowhere_else(ref)
        checked_out = self._git.run("worktree", "list", "--porcelain").splitlines()
        if f"branch {ref}".encode() in checked_out:
            raise NotPermittedError(
                f"{branch!r} is checked out, and moving it would change what you see; "
                "choose another name or check out another branch."
            )
        return ref

    def _check_is_the_only_spelling(self, ref: str) -> None:
        """Where the disk ignores case, `Main` is the file of `main`."""
        known = self._git.run("for-each-ref", "--format=%(refname)", BRANCHES)
        for other in known.decode(errors="replace").splitlines():
            if other != ref and other.casefold() == ref.casefold():
                raise InvalidInputError(
                    f"{ref.removeprefix(BRANCHES)!r} differs from {other.removeprefix(BRANCHES)!r}"
                    " only in its capitals; choose another name."
                )

    def _check_leads_nowhere_else(self, ref: str) -> None:
        """Git writes a branch's file and its log where links planted in its folder lead."""
        common = self._git.run("rev-parse", "--git-common-dir").decode().rstrip("\n")
        for top in (self.root / common, self.root / common / "logs"):
            place = top
            for name in ("", *ref.split("/")):
                place = place / name
                # The repository's own folder may be a link; nothing in it has reason to be.
                if place != self.root / common and place.is_symlink():
                    raise NotPermittedError(
                        f"'.git/{place.relative_to(self.root / common)}' is a link, so the branch"
                        " would be written elsewhere; remove it."
                    )

    def _entries(self, base: str, changes: Mapping[str, bytes | None]) -> dict[str, str]:
        """Path from the repository's top → its entry as `update-index --index-info` wants it."""
        top = self._git.run("rev-parse", "--show-prefix").decode().rstrip("\n")
        entries: dict[str, str] = {}
        for given, content in changes.items():
            path = top + str(WorkspacePath.parse(given))
            if path in entries:
                raise InvalidInputError(f"{path!r} is changed twice; name it once.")
            entries[path] = self._entry(base, path, content)
        return entries

    def _entry(self, base: str, path: str, content: bytes | None) -> str:
        known = self._git.run("ls-tree", "-z", "--full-tree", base, "--", path).decode()
        mode = known.split(" ", 1)[0] if known else _FILE
        if mode not in _FILE_MODES:
            raise NotPermittedError(f"{path!r} is a link, folder or submodule in git; left alone.")
        if content is None:
            return f"0 {'0' * len(base)}\t{path}\0"
        old = self._git.run("cat-file", "blob", known.split()[2]) if known else b""
        check_holds_no_secret(repr(path), old, content)
        # No filters: they are programs that the repository names, and they change bytes.
        blob = self._git.run("hash-object", "-w", "--no-filters", "--stdin", stdin=content)
        return f"{mode} {blob.decode().strip()}\t{path}\0"

    def _tree(self, base: str, entries: Mapping[str, str]) -> str:
        with tempfile.TemporaryDirectory(prefix="steward-index-") as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
            self._git.run("read-tree", base, env=index)
            lines = "".join(entries.values()).encode()
            self._git.run("update-index", "-z", "--index-info", stdin=lines, env=index)
            return self._git.run("write-tree", env=index).decode().strip()

    def _patch(self, base: str, tree: str, paths: set[str]) -> str:
        """The whole difference, after making sure that it is in these paths only."""
        names = self._git.run("diff-tree", "-r", "-z", "--name-only", "--no-renames", base, tree)
        touched = {name.decode(errors="replace") for name in names.split(b"\0") if name}
        if not touched:
            raise InvalidInputError("These changes are in the repository already; nothing to do.")
        if not touched <= paths:
            # A new file takes the place of a folder or link of the same name.
            raise NotPermittedError(
                f"The commit would also change {sorted(touched - paths)[:5]!r}; choose other names."
            )
        # As text whatever .gitattributes say: they could otherwise hide a change as binary.
        patch = self._git.run(
            *("diff-tree", "-p", "--text", "--no-ext-diff", "--no-textconv", "--no-color"),
            *("--no-renames", "--full-index", "--unified=3", base, tree),
        )
        return patch.decode(errors="backslashreplace")

    def _identity(self, when: datetime | None) -> dict[str, str]:
        names: dict[str, str] = {}
        for key in ("name", "email"):
            found = self._git.attempt("config", "--get", f"user.{key}")
            value = found.out.decode(errors="replace").strip()
            if found.status != 0 or not value:
                raise InvalidInputError(
                    f"git does not know your {key}; run: git config --global user.{key} '…'"
                )
            names[key] = value
        if when is not None:
            names["date"] = f"{int(when.timestamp())} +0000"
        return {
            f"GIT_{role}_{field.upper()}": value
            for role in ("AUTHOR", "COMMITTER")
            for field, value in names.items()
        }


def resolve(git: GitProcess, name: str) -> str:
    """The id of the commit that a person or a model named. Blocks.

    Raises:
        InvalidInputError: it is no name of a commit that we take.
        NotFoundError: there is no such commit.
    """
    # Neither options, nor searches through all messages (`:/x`, `^{/x}`), nor files (`a:b`).
    if not _REVISION.fullmatch(name):
        raise InvalidInputError(
            f"{name[:100]!a} names no commit; give an id, a branch, a tag, or one like 'HEAD~2'."
        )
    found = git.attempt("rev-parse", "-q", "--verify", "--end-of-options", f"{name}^{{commit}}")
    if found.status not in (0, 1, 128) or "not a git repository" in found.error:
        raise failed(found.error)
    commit = found.out.decode(errors="replace").strip()
    if found.status != 0 or not _ID.fullmatch(commit):
        raise NotFoundError(f"There is no commit {name!r}.")
    return commit


def _moved(ref: str) -> StaleError:
    return StaleError(
        f"{ref.removeprefix(BRANCHES)!r}, or the commit it starts from, has moved since this "
        "commit was prepared; look at it again."
    )
