"""Propose to push a branch and to open a pull request for it."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from steward.core.agent_limits import (
    PULL_REQUEST_TEXT_CHARS_MAX,
    PULL_REQUEST_TITLE_CHARS_MAX,
    REMOTE_NAME_CHARS_MAX,
)
from steward.core.limits import BRANCH_NAME_CHARS_MAX
from steward.permissions.decide import Act
from steward.tools.tool import Call, Request
from steward.workspace.git.branch import check_branch_name
from steward.workspace.markdown import code, one_line
from steward.workspace.pull_request import PullRequestProposal, Words
from steward.workspace.push.pull_requests import Asked, PullRequests


class OpenPullRequestArguments(BaseModel):
    """What is asked for, and in which words."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    title: str = Field(min_length=1, max_length=PULL_REQUEST_TITLE_CHARS_MAX)
    """One line, in the imperative."""
    text: str = Field(default="", max_length=PULL_REQUEST_TEXT_CHARS_MAX)
    """What it does and why, as Markdown."""
    branch: str = Field(min_length=1, max_length=BRANCH_NAME_CHARS_MAX)
    """The branch with the commits, as it is called here; it is pushed under the same name."""
    base: str = Field(min_length=1, max_length=BRANCH_NAME_CHARS_MAX)
    """The branch of the remote that it is for, such as `main`."""
    draft: bool = False
    remote: str = Field(default="origin", max_length=REMOTE_NAME_CHARS_MAX)


@dataclass(frozen=True, slots=True)
class OpenPullRequest:
    """A proposal; nothing leaves before a person approved exactly that."""

    pull_requests: PullRequests
    name: str = "open_pull_request"
    description: str = (
        "Propose to push a branch to a remote and to open a pull request for it. The commits must"
        " be made already. The person sees all of it and decides."
    )
    arguments: type[OpenPullRequestArguments] = OpenPullRequestArguments

    def act(self, arguments: OpenPullRequestArguments, call: Call) -> Act:
        """Proposing to send this branch."""
        check_branch_name(arguments.branch)
        check_branch_name(arguments.base)
        return Act(self.name, "git.send", branch=arguments.branch)

    async def request(self, arguments: OpenPullRequestArguments, call: Call) -> Request:
        """Asked only where the plan does not name it; the pull request is asked about anyway."""
        return Request(
            f"Propose a pull request of {one_line(arguments.branch)}",
            f"The agent wants to propose that the branch {code(arguments.branch)} is pushed to"
            f" {code(arguments.remote)}, and a pull request opened for {code(arguments.base)}:"
            f" {code(arguments.title)}. The remote is asked where its branches are; you will see"
            " all of it before anything is sent.",
            {name: getattr(arguments, name) for name in ("branch", "base", "remote", "title")},
        )

    async def run(self, arguments: OpenPullRequestArguments, call: Call) -> PullRequestProposal:
        """Look at all that would leave, without sending any of it."""
        words = Words(arguments.title, arguments.text, arguments.draft)
        asked = Asked(arguments.remote, arguments.base, arguments.branch, words)
        prepared = await self.pull_requests.prepare(asked)
        title = f"Open a pull request: {one_line(arguments.title)}"
        return PullRequestProposal(call.proposal_id, call.run_id, title, prepared)
