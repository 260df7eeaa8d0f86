"""Writes approved changes to the disk, all of them or none."""

from collections.abc import Sequence
from pathlib import Path

from steward.core.errors import UnavailableError
from steward.workspace.proposal import FileChange


def write_all(root: Path, changes: Sequence[FileChange], mark: str) -> None:
    """Not built yet."""
    raise UnavailableError(
        "This editor does not take the edit, and writing without it is not built yet."
    )


def finish(root: Path, changes: Sequence[FileChange], mark: str) -> None:
    """Not built yet."""
