"""Which paths a glob means, as an ignore file would read it."""

from collections.abc import Callable

from pathspec import GitIgnoreSpec

from steward.core.errors import InvalidInputError
from steward.workspace.paths import WorkspacePath


def paths_like(glob: str | None) -> Callable[[WorkspacePath], bool]:
    """Whether a path fits: `*.py` anywhere, `src/**` from the top; without a glob, all do.

    Raises:
        InvalidInputError: it is no such glob.
    """
    if glob is None:
        return lambda _path: True
    try:
        spec = GitIgnoreSpec.from_lines([glob])
    except ValueError as error:
        raise InvalidInputError(f"glob {glob!r} makes no sense ({error}); try '*.py'.") from error
    return lambda path: spec.match_file(str(path))
