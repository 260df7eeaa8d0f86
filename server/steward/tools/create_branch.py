"""Propose a new branch."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from steward.core.limits import BRANCH_NAME_CHARS_MAX
from steward.permissions.decide import Act
from steward.tools.tool import Call, Request
from steward.workspace.git.branch import BranchProposal, check_branch_name
from steward.workspace.git.git import Git
from steward.workspace.markdown import code, one_line


class CreateBranchArguments(BaseModel):
    """What it is called and where it begins."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    branch: str = Field(min_length=1, max_length=BRANCH_NAME_CHARS_MAX)
    """A name that begins with `steward/`, unless the person asked for another one."""
    start: str = Field(default="HEAD", max_length=256)
    """The commit that it begins at: an id, a branch, a tag."""


@dataclass(frozen=True, slots=True)
class CreateBranch:
    """A proposal; nothing is checked out, and no other branch moves."""

    git: Git
    name: str = "create_branch"
    description: str = (
        "Propose a new branch; its name begins with steward/ unless the person asked for another."
        " It is not checked out. The person decides."
    )
    arguments: type[CreateBranchArguments] = CreateBranchArguments

    def act(self, arguments: CreateBranchArguments, call: Call) -> Act:
        """Proposing this branch."""
        check_branch_name(arguments.branch)
        return Act(self.name, "git.propose", branch=arguments.branch)

    async def request(self, arguments: CreateBranchArguments, call: Call) -> Request:
        """Asked only where the plan does not name it; the branch is asked about anyway."""
        return Request(
            f"Propose the branch {one_line(arguments.branch)}",
            f"The agent wants to propose the branch {code(arguments.branch)} at"
            f" {code(arguments.start)}. You will be asked before it is made.",
            {"branch": arguments.branch, "start": arguments.start},
        )

    async def run(self, arguments: CreateBranchArguments, call: Call) -> BranchProposal:
        """Find the commit and check the name, without making anything."""
        prepared = await self.git.prepare_branch(arguments.branch, arguments.start)
        return BranchProposal(
            call.proposal_id, call.run_id, f"Make the branch {arguments.branch}", prepared
        )
