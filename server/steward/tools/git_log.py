"""Show the history."""

import asyncio
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from steward.core.agent_limits import GIT_COMMITS_MAX
from steward.permissions.decide import Act
from steward.tools.tool import Call, Output, Request
from steward.workspace.git.reading import Commit, GitReader
from steward.workspace.reveal import reveal

_MESSAGE_CHARS_MAX = 2_000


class GitLogArguments(BaseModel):
    """Which commits."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    start: str = Field(default="HEAD", max_length=256)
    """The newest one: an id, a branch, a tag."""
    paths: list[str] = Field(default=[], max_length=100)
    """Only commits that touch these files and folders; empty for all."""
    count: int = Field(default=20, ge=1, le=GIT_COMMITS_MAX)
    skip: int = Field(default=0, ge=0, le=1_000_000)
    """How many of the newest to leave out."""


@dataclass(frozen=True, slots=True)
class GitLog:
    """Commits with author, date and message, the newest first."""

    reader: GitReader
    name: str = "git_log"
    description: str = "List commits, the newest first, with author, date and message."
    arguments: type[GitLogArguments] = GitLogArguments

    def act(self, arguments: GitLogArguments, call: Call) -> Act:
        """Reading the history."""
        return Act(self.name, "git.read", _paths(arguments, call))

    async def request(self, arguments: GitLogArguments, call: Call) -> Request:
        """Reading is asked about only where the policy says so."""
        operands = arguments.model_dump(mode="json")
        return Request("Read the history", "Show `git log` to the model.", operands)

    async def run(self, arguments: GitLogArguments, call: Call) -> Output:
        """One paragraph a commit."""
        commits = await asyncio.to_thread(
            self.reader.log,
            arguments.start,
            _paths(arguments, call),
            arguments.skip,
            arguments.count,
        )
        told = reveal("\n\n".join(map(_told, commits)))[0]
        return Output(told or "There are no such commits.", origin="git")


def _paths(arguments: GitLogArguments, call: Call) -> tuple[str, ...]:
    return tuple(str(call.workspace.resolve(path)) for path in arguments.paths)


def _told(commit: Commit) -> str:
    message = commit.message[:_MESSAGE_CHARS_MAX]
    cut = " …" if len(message) < len(commit.message) else ""
    indented = "\n".join(f"    {line}" for line in message.splitlines())
    return f"{commit.id[:12]} {commit.date} {commit.author}\n{indented}{cut}"
