"""Show what differs: files from the index, the index from HEAD, one commit from another."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from steward.core.limits import TOOL_OUTPUT_CHARS_MAX
from steward.permissions.decide import Act
from steward.tools.tool import Call, Output, Request
from steward.workspace.differing import Comparison, diff_text, differing
from steward.workspace.git.reading import GitReader
from steward.workspace.reveal import reveal

_REST_CHARS = 4_000
"""Kept free for what is said about files that are not shown."""


class GitDiffArguments(BaseModel):
    """What is compared."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    of: Literal["working", "staged", "commits"] = "working"
    """`working`: the files, unsaved changes included, against what is staged. `staged`: what is
    staged against the last commit. `commits`: `head` against `base`."""
    base: str = Field(default="HEAD~1", max_length=256)
    """The older commit: an id, a branch, a tag."""
    head: str = Field(default="HEAD", max_length=256)
    """The newer commit."""
    paths: list[str] = Field(default=[], max_length=100)
    """Only these files and folders, relative to the workspace; empty for all."""


@dataclass(frozen=True, slots=True)
class GitDiff:
    """Unified diffs of the files that a model may see; the others are named."""

    reader: GitReader
    name: str = "git_diff"
    description: str = (
        "Show changes as a unified diff: of the files against what is staged, of what is staged"
        " against the last commit, or between two commits."
    )
    arguments: type[GitDiffArguments] = GitDiffArguments

    def act(self, arguments: GitDiffArguments, call: Call) -> Act:
        """Reading these files, as they are and as they were."""
        return Act(self.name, "git.read", _paths(arguments, call))

    async def request(self, arguments: GitDiffArguments, call: Call) -> Request:
        """Reading is asked about only where the policy says so."""
        operands = arguments.model_dump(mode="json")
        return Request("Read changes", f"Show `git diff` ({arguments.of}) to the model.", operands)

    async def run(self, arguments: GitDiffArguments, call: Call) -> Output:
        """What is shown, and then what is not and why."""
        what = Comparison(arguments.of, arguments.base, arguments.head, _paths(arguments, call))
        found = await differing(self.reader, call.workspace, what)
        room = TOOL_OUTPUT_CHARS_MAX - _REST_CHARS
        diff, left_out = await diff_text(found, self.reader, call.workspace, room)
        return Output(_told(diff, [*found.kept_back.values(), *left_out]), origin="git")


def _paths(arguments: GitDiffArguments, call: Call) -> tuple[str, ...]:
    return tuple(str(call.workspace.resolve(path)) for path in arguments.paths)


def _told(diff: str, left_out: list[str]) -> str:
    if not left_out:
        return diff or "Nothing differs."
    listed = reveal("\n".join(f"- {reason}" for reason in left_out))[0][: _REST_CHARS - 100]
    return f"{diff}Not shown:\n{listed}"
