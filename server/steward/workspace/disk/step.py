"""A landing on disk as steps, each of which makes one name appear, disappear or change its text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from steward.core.errors import InvalidInputError, LimitError
from steward.core.limits import CHANGES_MAX, FILE_BYTES_MAX
from steward.workspace.paths import WorkspacePath
from steward.workspace.proposal import FileChange

_MARK_CHARS_MAX = 64


@dataclass(frozen=True, slots=True)
class Step:
    """One name and its text; `None` where there is no such file."""

    path: WorkspacePath
    before: str | None
    after: str | None
    temp: str
    """Stands in for the file in its folder: first the new text, then the old one."""
    like: "Step | None" = None
    """Of a renamed file, the step that takes it from its old name."""

    @property
    def part(self) -> str:
        """Where the new text is written until it is whole."""
        return f"{self.temp}.part"

    @property
    def aside(self) -> str:
        """Where a file is for the moments in which neither of its names will do."""
        return f"{self.temp}.aside"

    @property
    def done(self) -> str:
        """What `temp` is called once the whole landing is done, of one step only."""
        return f"{self.temp}.done"


def steps_of(changes: Sequence[FileChange], mark: str) -> tuple[Step, ...]:
    """What has to be done, in order; the same each time for the same changes and mark.

    A change of nothing is left out.

    Raises:
        InvalidInputError: a path is touched twice or a text cannot be written, or the mark is not
            made of letters and digits.
        NotPermittedError: a path leads out of the workspace.
        LimitError: it is too much.
    """
    if not mark.isalnum() or len(mark) > _MARK_CHARS_MAX:
        raise InvalidInputError(f"The mark {mark!r} must be up to {_MARK_CHARS_MAX} alphanumerics.")
    if len(changes) > CHANGES_MAX:
        raise LimitError(f"A proposal may have {CHANGES_MAX} changes; split it.")
    names = (f".steward-{mark}-{number}" for number in range(2 * CHANGES_MAX))
    steps = tuple(step for change in changes for step in _steps(change, names))
    if len({step.path for step in steps}) < len(steps):
        raise InvalidInputError("The proposal changes a file twice; make one change of it.")
    return steps


def _steps(change: FileChange, names: Iterator[str]) -> Iterator[Step]:
    path = WorkspacePath.parse(change.path)
    _check_text(path, change.after)
    if change.moved_from is not None:
        source = WorkspacePath.parse(change.moved_from)
        taking = Step(source, change.before, None, next(names))
        yield taking
        yield Step(path, None, change.after, next(names), taking)
    elif change.before != change.after:
        yield Step(path, change.before, change.after, next(names))


def _check_text(path: WorkspacePath, text: str | None) -> None:
    try:
        size = len((text or "").encode())
    except UnicodeEncodeError as error:
        raise InvalidInputError(
            f"The new text of '{path}' holds half a character at {error.start}; leave it out."
        ) from error
    if size > FILE_BYTES_MAX:
        raise LimitError(f"The new text of '{path}' is larger than {FILE_BYTES_MAX} bytes.")
