"""Propose a commit of what this run has landed."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from steward.core.errors import InvalidInputError
from steward.core.limits import BRANCH_NAME_CHARS_MAX, COMMIT_MESSAGE_CHARS_MAX
from steward.permissions.decide import Act
from steward.tools.tool import Call, Request
from steward.workspace.git.branch import check_branch_name
from steward.workspace.git.git import Git
from steward.workspace.markdown import code, one_line
from steward.workspace.proposal import CommitProposal


class CommitArguments(BaseModel):
    """What the commit says and where it goes."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    message: str = Field(min_length=1, max_length=COMMIT_MESSAGE_CHARS_MAX)
    """Imperative first line; why in the body."""
    branch: str = Field(min_length=1, max_length=BRANCH_NAME_CHARS_MAX)
    """A new or existing branch, under `steward/` unless the person asked for another one."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A proposal; index, HEAD and working tree of the person stay as they are."""

    git: Git
    name: str = "commit"
    description: str = (
        "Propose a commit of the files changed in this run, on a branch whose name begins with"
        " steward/ unless the person asked for another. The person sees it and decides."
    )
    arguments: type[CommitArguments] = CommitArguments

    def act(self, arguments: CommitArguments, call: Call) -> Act:
        """Proposing a commit on this branch."""
        check_branch_name(arguments.branch)
        return Act(self.name, "git.propose", branch=arguments.branch)

    async def request(self, arguments: CommitArguments, call: Call) -> Request:
        """Asked only where the plan does not name it; the commit is asked about anyway."""
        return Request(
            f"Propose a commit on {one_line(arguments.branch)}",
            f"The agent wants to propose a commit on {code(arguments.branch)}. You will see it"
            " whole before it is made.",
            {"branch": arguments.branch},
        )

    async def run(self, arguments: CommitArguments, call: Call) -> CommitProposal:
        """Prepare the commit with a temporary index."""
        if not call.landed:
            raise InvalidInputError("This run has changed no file yet; there is nothing to commit.")
        changes = {
            path: None if text is None else await call.workspace.bytes_of(text, path)
            for path, text in call.landed.items()
        }
        prepared = await self.git.prepare_commit(changes, arguments.branch, arguments.message)
        return CommitProposal(
            call.proposal_id,
            call.run_id,
            f"Commit to {arguments.branch}",
            prepared,
        )
