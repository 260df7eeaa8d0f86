"""Say what state the repository is in."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from steward.permissions.decide import Act
from steward.tools.tool import Call, Output, Request
from steward.workspace.git.reading import GitReader, Status
from steward.workspace.reveal import reveal

_LISTED_MAX = 200


class GitStatusArguments(BaseModel):
    """Nothing to choose."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class GitStatus:
    """The branch, what is staged, what is not, and what git does not know."""

    reader: GitReader
    name: str = "git_status"
    description: str = (
        "Say which branch is checked out and which files are staged, changed or new, as they are"
        " on the disk."
    )
    arguments: type[GitStatusArguments] = GitStatusArguments

    def act(self, arguments: GitStatusArguments, call: Call) -> Act:
        """Reading the repository's state."""
        return Act(self.name, "git.read")

    async def request(self, arguments: GitStatusArguments, call: Call) -> Request:
        """Reading is asked about only where the policy says so."""
        return Request("Read the state of the repository", "Show `git status` to the model.", {})

    async def run(self, arguments: GitStatusArguments, call: Call) -> Output:
        """Names only, and no content."""
        status = await asyncio.to_thread(self.reader.status)
        return Output(reveal(_report(status))[0], origin="git")


def _report(status: Status) -> str:
    lines = [_branch(status)]
    lines += _section("Staged", (f"{state}: {path}" for state, path in status.staged))
    lines += _section("Not staged", (f"{state}: {path}" for state, path in status.unstaged))
    lines += _section("In conflict", status.conflicts)
    lines += _section("New to git", status.untracked)
    if len(lines) == 1:
        lines.append("Nothing is changed.")
    if status.is_cut:
        lines.append("There is more than was looked at.")
    return "\n".join(lines)


def _branch(status: Status) -> str:
    head = f"On the branch {status.branch!r}" if status.branch else "On no branch"
    if not status.upstream:
        return f"{head}."
    return f"{head}; {status.ahead} ahead of {status.upstream!r} and {status.behind} behind it."


def _section(title: str, entries: Iterable[str]) -> list[str]:
    # A line break in a name would be another entry.
    listed = ["  " + entry.replace("\n", "⟨U+000A⟩") for entry in entries]
    more = len(listed) - _LISTED_MAX
    if more > 0:
        listed[_LISTED_MAX:] = [f"  … and {more} more"]
    return [f"{title}:", *listed] if listed else []
