"""Show where each line of a file comes from."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from steward.core.agent_limits import GIT_BLAMED_LINES_MAX
from steward.core.errors import InvalidInputError
from steward.permissions.decide import Act
from steward.tools.tool import Call, Output, Request
from steward.workspace.git.reading import Blamed, GitReader
from steward.workspace.lines import split_lines
from steward.workspace.markdown import code
from steward.workspace.reveal import reveal


class GitBlameArguments(BaseModel):
    """Which lines."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    path: str
    """Relative to the workspace."""
    first_line: int = Field(default=1, ge=1)
    """Counted from 1."""
    last_line: int | None = Field(default=None, ge=1)
    """Inclusive; left out, as many as are shown at once."""


@dataclass(frozen=True, slots=True)
class GitBlame:
    """The document as the person has it, each line with the commit that last changed it."""

    reader: GitReader
    name: str = "git_blame"
    description: str = "Show for lines of a file which commit last changed each, when and by whom."
    arguments: type[GitBlameArguments] = GitBlameArguments

    def act(self, arguments: GitBlameArguments, call: Call) -> Act:
        """Reading this file and its history."""
        return Act(self.name, "git.read", (str(call.workspace.resolve(arguments.path)),))

    async def request(self, arguments: GitBlameArguments, call: Call) -> Request:
        """Reading is asked about only where the policy says so."""
        operands = arguments.model_dump(mode="json")
        body = f"Show `git blame` of {code(arguments.path)} to the model."
        return Request("Read where lines come from", body, operands)

    async def run(self, arguments: GitBlameArguments, call: Call) -> Output:
        """At most some hundred lines."""
        path = str(call.workspace.resolve(arguments.path))
        text = (await call.workspace.read_for_model(path)).text
        lines, first = len(split_lines(text)), arguments.first_line
        last = min(arguments.last_line or lines, lines, first + GIT_BLAMED_LINES_MAX - 1)
        if first > last:
            raise InvalidInputError(f"{path!r} has {lines} lines; ask for some of these.")
        await asyncio.to_thread(self.reader.prefix)
        found = await asyncio.to_thread(
            self.reader.blame, path, text.encode("utf-8", "surrogatepass"), first, last
        )
        head = f"{path}, lines {first} to {last} of {lines}\n"
        return Output(reveal(head + "\n".join(map(_told, found)))[0], origin="git")


def _told(line: Blamed) -> str:
    if line.commit is None:
        return f"{line.number} (not committed) {line.text}"
    day = datetime.fromtimestamp(line.when_s, UTC).date().isoformat()
    return f"{line.number} ({line.commit[:12]} {day} {line.author}) {line.text}"
