"""Read a file of the workspace."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from steward.core.limits import TOOL_OUTPUT_CHARS_MAX
from steward.permissions.decide import Capability
from steward.tools.tool import Call, Output, Request
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


@dataclass(frozen=True, slots=True)
class ReadFile:
    """The document as the person has it, unsaved changes included."""

    name: str = "read_file"
    description: str = "Read a text file of the workspace, or some of its lines."
    capability: Capability = "files.read"
    arguments: type[ReadFileArguments] = ReadFileArguments

    async def request(self, arguments: ReadFileArguments, call: Call) -> Request:
        """Reading is asked about only where the policy says so."""
        path = arguments.path
        return Request(f"Read {one_line(path)}", f"Show {code(path)} to the model.", {"path": path})

    async def run(self, arguments: ReadFileArguments, call: Call) -> Output:
        """The lines, with a first line that says which they are."""
        snapshot = await call.workspace.read_for_model(arguments.path)
        lines = split_lines(snapshot.text)
        wanted = lines[arguments.first_line - 1 : arguments.last_line]
        shown: list[str] = []
        used = 0
        for line in wanted:
            used += len(line)
            if used > TOOL_OUTPUT_CHARS_MAX:
                break
            shown.append(line)
        last = arguments.first_line + len(shown) - 1
        head = f"{arguments.path}, lines {arguments.first_line} to {last} of {len(lines)}\n"
        return Output(head + "".join(shown))
