"""The system's errors in our words, by how far a landing has got."""

import errno
from collections.abc import Generator
from contextlib import contextmanager

from steward.core.errors import StaleError, UnavailableError, UnfinishedError
from steward.workspace.disk.step import Step

GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
"""What the system says of a name that leads nowhere, or over a link."""


@contextmanager
def naming(step: Step) -> Generator[None]:
    """The system's errors in our words, with the file's name."""
    try:
        yield
    except OSError as error:
        if error.errno in GONE:
            raise StaleError(
                f"'{step.path}' is not there any more, or a link is on the way to it."
            ) from error
        raise UnavailableError(
            f"'{step.path}' could not be changed: {error.strerror}. Make that possible and propose"
            " the change anew."
        ) from error


@contextmanager
def unavailable() -> Generator[None]:
    """The same where nothing has been changed yet, or everything can be taken back."""
    try:
        yield
    except OSError as error:
        raise UnavailableError(
            f"The disk failed: {error.strerror}. See to it and propose the change anew."
        ) from error


@contextmanager
def unfinished() -> Generator[None]:
    """The same where some files may be changed and others not."""
    try:
        yield
    except OSError as error:
        raise UnfinishedError(
            f"The disk failed while a change was being finished or taken back: {error.strerror}."
            " Files that start with '.steward-' belong to it. Make the disk writable and restart"
            " Steward, which ends it."
        ) from error
