"""What each tool needs and does, in words for whoever writes an agent."""

from collections.abc import Mapping
from dataclasses import dataclass

from steward.permissions.decide import Capability
from steward.tools.extension_name import extension_of
from steward.tools.mcp.names import server_of


@dataclass(frozen=True, slots=True)
class KnownTool:
    """A tool as a definition names it."""

    needs: Capability
    """What an agent must be granted to use it."""
    what: str
    """What it does, as the end of "This agent may …"."""


TOOLS: Mapping[str, KnownTool] = {
    "read_file": KnownTool("files.read", "read files of the workspace"),
    "list_files": KnownTool("files.read", "list files of the workspace"),
    "search": KnownTool("files.read", "search in the files of the workspace"),
    "edit_file": KnownTool("files.propose", "propose changes of a file"),
    "change_files": KnownTool(
        "files.propose", "propose to create, rename, delete and change files"
    ),
    "git_status": KnownTool("git.read", "see what git calls changed"),
    "git_diff": KnownTool("git.read", "see what was changed since a commit"),
    "git_log": KnownTool("git.read", "read the history of commits"),
    "git_blame": KnownTool("git.read", "see who wrote a line, and in which commit"),
    "create_branch": KnownTool("git.propose", "propose a branch"),
    "commit": KnownTool("git.propose", "propose commits"),
    "open_pull_request": KnownTool(
        "git.send", "propose to push a branch and open a pull request for it"
    ),
    "run_command": KnownTool("command.run", "run commands in a jail, once you allow each"),
    "run_tests": KnownTool("command.run", "run the tests in a jail, once you allow it"),
    "ask_model": KnownTool("model.ask", "ask a model a question of its own"),
    "ask_agent": KnownTool("agent.call", "have agents that it was given do a part of the work"),
}
"""Every tool of the product by name, in the order in which they are shown; those of MCP servers are
called `SERVER__tool`, those of extensions `ext__PUBLISHER_NAME__tool`."""


def needs_of(name: str) -> Capability | None:
    """What an agent must be granted to use the tool; None for one that nobody knows."""
    if server_of(name) is not None:
        return "mcp.call"
    if extension_of(name) is not None:
        return "extension.call"
    return TOOLS[name].needs if name in TOOLS else None


MEANINGS: Mapping[Capability, str] = {
    "files.read": "read, list and search files of the workspace",
    "files.propose": "propose changes of files; each is shown to you first",
    "git.read": "read the state and history of the repository",
    "git.propose": "propose branches and commits; each is shown to you first",
    "git.send": "propose to push branches and open pull requests; each is shown to you first",
    "command.run": "run commands in a jail; you are asked before",
    "model.ask": "ask a model questions of its own",
    "mcp.call": "call tools of MCP servers that you approved; you are asked before",
    "extension.call": "call tools of extensions that you enabled; you are asked before",
    "agent.call": "call agents that it was given; they have no more rights than it",
}
"""Every capability, in words."""
