"""A change that nobody has made yet."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from steward.core.errors import InvalidInputError
from steward.workspace.commit import PreparedCommit
from steward.workspace.diff import unified_diff


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file's text before and after. `path` is relative to the workspace, with slashes."""

    path: str
    before: str
    after: str

    def diff(self) -> str:
        """A unified diff for people and for the digest's reader."""
        return unified_diff(self.path, self.before, self.after)


@dataclass(frozen=True, slots=True)
class EditProposal:
    """New text for files that exist."""

    id: str
    run_id: str
    title: str
    changes: tuple[FileChange, ...]

    def diff(self) -> str:
        """All files' diffs, in the order of the proposal."""
        return "".join(change.diff() for change in self.changes)

    def operands(self) -> dict[str, object]:
        """Exactly what would be written over exactly what."""
        return {
            "proposal": self.id,
            "files": [
                {"path": c.path, "before": fingerprint(c.before), "after": fingerprint(c.after)}
                for c in self.changes
            ],
        }

    def as_json(self) -> str:
        """For the proposal's row."""
        changes = [[change.path, change.before, change.after] for change in self.changes]
        return json.dumps({"title": self.title, "changes": changes})


@dataclass(frozen=True, slots=True)
class CommitProposal:
    """A commit on a branch of ours, prepared and not yet made."""

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


Proposal = EditProposal | CommitProposal


def edit_from_json(proposal_id: str, run_id: str, text: str) -> EditProposal:
    """The inverse of `EditProposal.as_json`."""
    body = json.loads(text)
    changes = tuple(FileChange(*change) for change in body["changes"])
    return EditProposal(proposal_id, run_id, body["title"], changes)


def commit_from_json(proposal_id: str, run_id: str, text: str) -> CommitProposal:
    """The inverse of `CommitProposal.as_json`."""
    body: dict[str, Any] = json.loads(text)
    fields: dict[str, Any] = {**body["prepared"], "files": tuple(body["prepared"]["files"])}
    return CommitProposal(proposal_id, run_id, body["title"], PreparedCommit(**fields))


def replace_once(text: str, old: str, new: str) -> str:
    """The text with the only occurrence of `old` replaced by `new`.

    Models write LF; a file's own CRLF line ends are kept.

    Raises:
        InvalidInputError: `old` is empty, missing or ambiguous.
    """
    if "\r\n" in text and "\r\n" not in old:
        old, new = old.replace("\n", "\r\n"), new.replace("\r\n", "\n").replace("\n", "\r\n")
    if not old:
        raise InvalidInputError("old_text is empty; copy the text to replace from the file.")
    found = text.count(old)
    if found == 0:
        raise InvalidInputError(
            "old_text does not occur in the file; read the file again and copy it exactly."
        )
    if found > 1:
        raise InvalidInputError(
            f"old_text occurs {found} times; include more of the lines around it."
        )
    return text.replace(old, new)


def fingerprint(text: str) -> str:
    """SHA-256 of the text's UTF-8 bytes, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
