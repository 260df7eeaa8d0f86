"""Read a file of the workspace."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from steward.core.agent_limits import READ_LINE_CHARS_MAX
from steward.core.errors import InvalidInputError
from steward.core.limits import TOOL_OUTPUT_CHARS_MAX
from steward.core.origin import Origin
from steward.permissions.decide import Act
from steward.tools.known import digest_of
from steward.tools.tool import Call, Output, Reading, Request
from steward.workspace.lines import split_lines
from steward.workspace.markdown import code, one_line


class ReadFileArguments(BaseModel):
    """Which file, and which of its lines."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    path: str
    """Relative to the workspace."""
    first_line: int = Field(default=1, ge=1)
    """Counted from 1."""
    last_line: int | None = Field(default=None, ge=1)
    """Inclusive; left out, as much as fits."""
    line_numbers: bool = False
    """Put its number before each line; numbers are never part of the text."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """The document as the person has it, unsaved changes included."""

    name: str = "read_file"
    description: str = "Read a text file of the workspace, or some of its lines."
    arguments: type[ReadFileArguments] = ReadFileArguments

    def act(self, arguments: ReadFileArguments, call: Call) -> Act:
        """Reading this file."""
        return Act(self.name, "files.read", (str(call.workspace.resolve(arguments.path)),))

    async def request(self, arguments: ReadFileArguments, call: Call) -> Request:
        """Reading is asked about only where the policy says so."""
        path = arguments.path
        return Request(f"Read {one_line(path)}", f"Show {code(path)} to the model.", {"path": path})

    async def run(self, arguments: ReadFileArguments, call: Call) -> Output:
        """The lines, with a first line that says which they are, and what to do about the rest."""
        snapshot = await call.workspace.read_for_model(arguments.path)
        lines = split_lines(snapshot.text)
        first = arguments.first_line
        if lines and first > len(lines):
            raise InvalidInputError(
                f"{arguments.path!r} has {len(lines)} lines, so none is numbered {first}."
            )
        wanted = lines[first - 1 : arguments.last_line]
        width = len(str(first + len(wanted))) if arguments.line_numbers else 0
        shown = _fitting(wanted, first, width)
        last = first + len(shown) - 1
        head = f"{arguments.path}, lines {first} to {last} of {len(lines)}"
        if len(shown) < len(wanted):
            head += f"; the rest does not fit, so go on with first_line {last + 1}"
        origin: Origin = "repository" if snapshot.version is None else "editor"
        is_whole = len(shown) == len(lines) and all(
            len(line) <= READ_LINE_CHARS_MAX for line in lines
        )
        path = str(call.workspace.resolve(arguments.path))
        reading = Reading(path, digest_of(snapshot.text), is_whole)
        return Output(f"{head}\n{''.join(shown)}", origin=origin, reading=reading)


def _fitting(lines: list[str], first: int, width: int) -> list[str]:
    """As many as fit, each with its number where `width` is not 0."""
    shown: list[str] = []
    used = 0
    for number, line in enumerate(lines, first):
        text = f"{number:>{width}}| {_cut(line)}" if width else _cut(line)
        used += len(text)
        if used > TOOL_OUTPUT_CHARS_MAX:
            break
        shown.append(text)
    return shown


def _cut(line: str) -> str:
    if len(line) <= READ_LINE_CHARS_MAX:
        return line
    end = line[len(line.rstrip("\r\n")) :]
    left = len(line) - len(end) - READ_LINE_CHARS_MAX
    return f"{line[:READ_LINE_CHARS_MAX]}… ({left} more characters on this line){end}"
