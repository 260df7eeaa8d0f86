"""Writes approved changes to the disk, all of them or none: the only code that writes users' files.

Everything new is first written beside the files, under names that start with `.steward-` and
follow from the landing's mark. Then names change places, one after the other; from each such step
there is a way back that needs no space, because the old file still has a name. When all have been
made and nobody has interfered, one of our names is renamed: from then on the landing is done, and
only what is left of ours is removed. So what the names of a landing lead to says how far it got,
to us when a step fails and to another process when we are killed.

What somebody else saves meanwhile is never lost, and what they saved over is not restored.
All of this blocks: call it on a thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from steward.core.errors import StewardError, UnavailableError
from steward.workspace.disk.landing import Landing
from steward.workspace.disk.step import Step, steps_of
from steward.workspace.proposal import FileChange


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of a landing that a killed process had left behind."""

    did: Literal["nothing", "completed", "undone"]
    """`nothing`: no file had been changed, or all was over already."""
    others: tuple[str, ...] = ()
    """Files that somebody else has changed meanwhile; they were left alone."""


def write_all(root: Path, changes: Sequence[FileChange], mark: str) -> None:
    """Make all the changes. If that fails, everything is as it was.

    `mark` is the landing's own, in letters and digits.

    Raises:
        StaleError: a file is not what the proposal was computed from.
        UnavailableError: the disk or its permissions failed us, at the file that is named.
        UnfinishedError: they failed us on the way back, too; call `finish` later.
        InvalidInputError, LimitError, NotPermittedError: it is no proposal that we take.
    """
    steps = steps_of(changes, mark)
    with Landing(root, steps, mark) as landing:
        if landing.has_traces():
            raise UnavailableError(
                "An earlier attempt to write this proposal has not been finished, so nothing was"
                " touched. Restart Steward, which finishes it."
            )
        _go_on(landing, steps)


def finish(root: Path, changes: Sequence[FileChange], mark: str) -> Finished:
    """Complete or undo what a killed `write_all` with the same changes and mark left behind.

    Nothing of ours is left after it. What had not begun to change any file is only cleared away.

    Raises:
        StaleError, UnavailableError, UnfinishedError: as `write_all` does.
    """
    with Landing(root, steps_of(changes, mark), mark) as landing:
        if not landing.has_traces():
            return Finished("nothing")
        landing.put_in_order()
        if landing.is_committed():
            landing.clear()
            return Finished("completed", landing.others(is_done=True))
        if not landing.has_begun:
            landing.go_back()
            return Finished("nothing")
        rest = landing.rest()
        if rest is None:
            return Finished("undone", landing.go_back())
        _go_on(landing, rest)
        return Finished("completed", landing.others(is_done=True))


def _go_on(landing: Landing, steps: Sequence[Step]) -> None:
    """All the way to the end, or back."""
    try:
        landing.go_on(steps)
    except BaseException as error:
        others = landing.go_back()
        if isinstance(error, StewardError):
            aftermath = _aftermath(others) if landing.has_begun else "No file was touched."
            raise type(error)(f"{error} {aftermath}") from error
        raise
    landing.clear()


def _aftermath(others: Sequence[str]) -> str:
    if not others:
        return "Everything is as it was."
    names = ", ".join(repr(name) for name in others)
    return f"Nothing of the proposal stays; what somebody else has made of {names} does."
