"""The texts of a workspace, one after the other, as long as there is time.

Blocks: call it on a thread.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

from steward.core.errors import StewardError
from steward.core.limits import MAP_FILE_BYTES_MAX, MAP_FILES_MAX
from steward.workspace.encoding import decode
from steward.workspace.files import read_bytes
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.listing import list_files


@dataclass(frozen=True, slots=True)
class Texts:
    """Every file that a model may see, nearest to the top first; open documents as they are."""

    root: Path
    oracle: IgnoreOracle
    opened: Mapping[str, str]
    """Path → text of the documents that an editor has open."""
    goes_on: Callable[[], bool]
    """Asked before each file."""

    def __iter__(self) -> Generator[tuple[str, str]]:
        for path in list_files(self.root, self.oracle, MAP_FILES_MAX, self.goes_on).files:
            if not self.goes_on():
                return
            text = self.opened.get(str(path))
            if text is None:
                try:
                    content = read_bytes(self.root, path, MAP_FILE_BYTES_MAX)
                    text = decode(content, str(path))[0]
                except StewardError:
                    continue  # No text, too large to be written by hand, or gone.
            yield str(path), text
