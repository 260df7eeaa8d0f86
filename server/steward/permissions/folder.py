"""A folder as it stands on the disk: its canonical path, and which folder it is."""

import os
from dataclasses import dataclass

from steward.core.errors import UnavailableError
from steward.core.folder_identity import folder_identity


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as it stands on the disk."""

    path: str
    """Canonical: no link is in it."""
    identity: str


def folder_at(path: str) -> Folder:
    """The folder that a path leads to. Blocks: call it on a thread.

    Raises:
        UnavailableError: there is none, or it cannot be opened.
    """
    canonical = os.path.realpath(path)
    try:
        return Folder(canonical, folder_identity(canonical))
    except OSError as error:
        raise UnavailableError(
            f"The folder {canonical!r} cannot be looked at ({error.strerror}); name one that is"
            " there and that you may read."
        ) from error
