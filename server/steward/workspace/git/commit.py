"""A commit that nobody has made yet, and what it may be."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from steward.core.errors import InvalidInputError, LimitError
from steward.core.limits import COMMIT_BYTES_MAX, COMMIT_FILES_MAX, COMMIT_MESSAGE_CHARS_MAX
from steward.workspace.git.branch import BRANCHES


@dataclass(frozen=True, slots=True)
class PreparedCommit:
    """The whole of it: approving the commit is approving all of these."""

    root: str
    base_commit: str
    """The commit it comes after."""
    tree: str
    """The digest of every file it will hold."""
    ref: str
    """The branch it will move, in full: `refs/heads/…`."""
    expected_old: str | None
    """Where that branch is now; None if it will be new."""
    message: str
    files: tuple[str, ...]
    """What it changes, relative to the workspace, sorted."""
    patch: str
    """The unified diff from the base, complete; `tree` binds it."""

    @property
    def branch(self) -> str:
        """The branch's name as people write it."""
        return self.ref.removeprefix(BRANCHES)

    def as_json(self) -> dict[str, object]:
        """All but the patch, for a digest."""
        fields: dict[str, object] = {name: getattr(self, name) for name in self.__slots__}
        del fields["patch"]
        return fields | {"files": list(self.files)}


def check_size(changes: Mapping[str, bytes | None]) -> None:
    """Raise unless these changes are neither nothing nor too much for one commit."""
    if not changes:
        raise InvalidInputError("A commit must change at least one file.")
    total = sum(len(content or b"") for content in changes.values())
    if len(changes) > COMMIT_FILES_MAX or total > COMMIT_BYTES_MAX:
        raise LimitError(
            f"A commit may have {COMMIT_FILES_MAX} files and {COMMIT_BYTES_MAX} bytes; split it."
        )


def check_message(message: str) -> None:
    """Raise unless all of the message can be seen by who reads it."""
    if not message.strip() or len(message) > COMMIT_MESSAGE_CHARS_MAX:
        raise InvalidInputError(
            f"A commit message must have 1 to {COMMIT_MESSAGE_CHARS_MAX} characters."
        )
    for character in message:
        if character not in "\n\t" and unicodedata.category(character) in ("Cc", "Cf", "Cs"):
            raise InvalidInputError(
                f"The commit message holds the invisible character {character!a}; leave it out."
            )
