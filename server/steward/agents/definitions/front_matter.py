"""The YAML between two lines of dashes at the top of an agent's file."""

import re
from dataclasses import dataclass

from steward.agents.definitions.limits import (
    FRONT_MATTER_CHARS_MAX,
    FRONT_MATTER_DEPTH_MAX,
    FRONT_MATTER_VALUES_MAX,
)
from steward.core.errors import InvalidInputError
from steward.workspace import plain_yaml
from steward.workspace.plain_yaml import PlainYaml, PlainYamlError, Where, YamlBounds

__all__ = ["FrontMatter", "FrontMatterError", "Parts", "Where", "read", "split"]

FrontMatter = PlainYaml

_FENCE = re.compile(r"---[ \t]*")
_BOUNDS = YamlBounds(
    "The front matter", FRONT_MATTER_CHARS_MAX, FRONT_MATTER_DEPTH_MAX, FRONT_MATTER_VALUES_MAX
)


class FrontMatterError(InvalidInputError):
    """The front matter cannot be taken; `line` counts from 1 in the whole text."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Parts:
    """A text with front matter, taken apart; lines count from 1."""

    head: str
    body: str
    body_line: int
    """The line on which the body begins."""


def split(text: str) -> Parts:
    """The text's two parts; line ends are LF afterwards, and a byte order mark is gone.

    Raises:
        FrontMatterError: it does not begin with front matter, or the front matter does not end.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    if _FENCE.fullmatch(lines[0]) is None:
        raise FrontMatterError(
            1, "The first line must be `---`: front matter says what the agent is and may do."
        )
    ends = (number for number, line in enumerate(lines[1:], 1) if _FENCE.fullmatch(line))
    end = next(ends, None)
    if end is None:
        raise FrontMatterError(
            1, "The front matter does not end; put a line `---` between it and the persona."
        )
    return Parts("\n".join(lines[1:end]) + "\n", "\n".join(lines[end + 1 :]), end + 2)


def read(head: str) -> FrontMatter:
    """What front matter says that begins on the second line of its text.

    Raises:
        FrontMatterError: it is not YAML that we take.
    """
    try:
        return plain_yaml.read(head, _BOUNDS, first_line=2, example="`name: Painter`")
    except PlainYamlError as error:
        raise FrontMatterError(error.line, str(error)) from None
