"""All that an agent can do with one repository."""

from typing import Any

from steward.tools.commit import Commit
from steward.tools.create_branch import CreateBranch
from steward.tools.git_blame import GitBlame
from steward.tools.git_diff import GitDiff
from steward.tools.git_log import GitLog
from steward.tools.git_status import GitStatus
from steward.tools.tool import Tool
from steward.workspace.git.git import Git
from steward.workspace.git.process import GitProcess
from steward.workspace.git.reading import GitReader


def git_tools(git: Git) -> tuple[Tool[Any], ...]:
    """The tools that read the repository, and those that propose commits and branches."""
    reader = GitReader(GitProcess(git.root))
    return (
        GitStatus(reader),
        GitDiff(reader),
        GitLog(reader),
        GitBlame(reader),
        CreateBranch(git),
        Commit(git),
    )
