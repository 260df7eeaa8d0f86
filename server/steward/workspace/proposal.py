"""A change that nobody has made yet."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

from steward.core.errors import InvalidInputError
from steward.workspace.diff import unified_diff
from steward.workspace.git.branch import BranchProposal
from steward.workspace.git.commit import PreparedCommit
from steward.workspace.pull_request import PullRequestProposal

ChangeKind = Literal["edit", "create", "rename", "delete"]


class Versions(NamedTuple):
    """A file's text before and after; `None` where there is no such file."""

    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class FileChange:
    """What becomes of one file. Paths are relative to the workspace, with slashes."""

    path: str
    """Where the text is afterwards; of a deletion, where it was."""
    before: str | None
    """`None`: the file is new, and there must not be one."""
    after: str | None
    """`None`: the file is deleted."""
    moved_from: str | None = None
    """Of a renamed file, where `before` is now; there must be nothing at `path`."""

    def __post_init__(self) -> None:
        is_something = self.before is not None or self.after is not None
        is_moved_whole = self.before is not None and self.after is not None
        if not is_something or (self.moved_from is not None and not is_moved_whole):
            raise InvalidInputError(f"The change of {self.path!r} says nothing that can be done.")

    @property
    def kind(self) -> ChangeKind:
        """What is done to the file, in a word."""
        if self.moved_from is not None:
            return "rename"
        if self.before is None:
            return "create"
        return "delete" if self.after is None else "edit"

    def by_path(self) -> dict[str, Versions]:
        """Every path that the change touches; a renamed file leaves one and arrives at another."""
        if self.moved_from is None:
            return {self.path: Versions(self.before, self.after)}
        return {
            self.moved_from: Versions(self.before, None),
            self.path: Versions(None, self.after),
        }

    def reversed(self) -> "FileChange":
        """The change that undoes this one."""
        if self.moved_from is None:
            return FileChange(self.path, self.after, self.before)
        return FileChange(self.moved_from, self.after, self.before, self.path)

    def named(self) -> str:
        """The file as a list of changes names it."""
        match self.kind:
            case "edit":
                return self.path
            case "create":
                return f"{self.path} (new)"
            case "delete":
                return f"{self.path} (deleted)"
            case "rename":
                return f"{self.moved_from} → {self.path}"

    def diff(self) -> str:
        """A unified diff for people."""
        old = f"a/{self.moved_from or self.path}" if self.before is not None else None
        new = f"b/{self.path}" if self.after is not None else None
        return unified_diff(old, new, self.before or "", self.after or "")


@dataclass(frozen=True, slots=True)
class Undo:
    """What a proposal takes back."""

    undoes: tuple[str, ...]
    """The proposals, newest first."""
    files: tuple[tuple[str, str, str], ...]
    """Which changes of agents are undone by it, or made again: the proposal that made one, its
    path there, and its path here."""
    is_redo: bool
    """Whether it takes back an undo, so that the changes are there again."""
    owner: str
    """The executor that lands it; its lock says whether it still lives."""
    together: tuple[tuple[str, ...], ...] = ()
    """Paths whose changes are one, such as of files that change names; they are taken back
    together or not at all."""


@dataclass(frozen=True, slots=True)
class EditProposal:
    """What becomes of some files, all of it or nothing."""

    id: str
    run_id: str
    title: str
    changes: tuple[FileChange, ...]
    undo: Undo | None = None
    """Of a proposal that takes others back."""

    def __post_init__(self) -> None:
        paths = [path for change in self.changes for path in change.by_path()]
        if len(paths) > len(set(paths)):
            raise InvalidInputError(f"The proposal {self.title!r} changes a file twice.")

    @property
    def kinds(self) -> frozenset[ChangeKind]:
        """What it does to files."""
        return frozenset(change.kind for change in self.changes)

    def by_path(self) -> dict[str, Versions]:
        """Every path that it touches."""
        return {
            path: versions for change in self.changes for path, versions in change.by_path().items()
        }

    def names(self) -> str:
        """The files, for a sentence."""
        return ", ".join(change.named() for change in self.changes)

    def diff(self) -> str:
        """All files' diffs, in the order of the proposal."""
        return "".join(change.diff() for change in self.changes)

    def operands(self) -> dict[str, object]:
        """Exactly what would be written over exactly what."""
        undoes: dict[str, object] = {"undoes": list(self.undo.undoes)} if self.undo else {}
        return undoes | {
            "proposal": self.id,
            "files": [
                {
                    "path": change.path,
                    "moved_from": change.moved_from,
                    "before": _fingerprint(change.before),
                    "after": _fingerprint(change.after),
                }
                for change in self.changes
            ],
        }

    def as_json(self) -> str:
        """For the proposal's row."""
        changes = [[c.path, c.before, c.after, c.moved_from] for c in self.changes]
        taken_back = {} if self.undo is None else asdict(self.undo)
        return json.dumps({"title": self.title, "changes": changes, **taken_back})


@dataclass(frozen=True, slots=True)
class CommitProposal:
    """A commit on a branch, prepared and not yet made."""

    id: str
    run_id: str
    title: str
    prepared: PreparedCommit

    def operands(self) -> dict[str, object]:
        """Base, tree, ref, expected old value and message; the tree names the content exactly."""
        return {"proposal": self.id, "commit": self.prepared.as_json()}

    def as_json(self) -> str:
        """For the proposal's row."""
        return json.dumps({"title": self.title, "prepared": asdict(self.prepared)})


Proposal = EditProposal | CommitProposal | BranchProposal | PullRequestProposal


def edit_from_json(proposal_id: str, run_id: str, text: str) -> EditProposal:
    """The inverse of `EditProposal.as_json`."""
    body = json.loads(text)
    changes = tuple(FileChange(*change) for change in body["changes"])
    return EditProposal(proposal_id, run_id, body["title"], changes, _undo_in(body))


def _undo_in(body: dict[str, Any]) -> Undo | None:
    if "undoes" not in body:
        return None
    files = tuple((str(change), str(path), str(here)) for change, path, here in body["files"])
    together = tuple(tuple(map(str, paths)) for paths in body["together"])
    return Undo(tuple(body["undoes"]), files, body["is_redo"], body["owner"], together)


def commit_from_json(proposal_id: str, run_id: str, text: str) -> CommitProposal:
    """The inverse of `CommitProposal.as_json`."""
    body: dict[str, Any] = json.loads(text)
    fields: dict[str, Any] = {**body["prepared"], "files": tuple(body["prepared"]["files"])}
    return CommitProposal(proposal_id, run_id, body["title"], PreparedCommit(**fields))


def _fingerprint(text: str | None) -> str | None:
    """SHA-256 of the text's UTF-8 bytes, in hex."""
    if text is None:
        return None
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
