"""What a tool is about to do, in the words in which it is decided whether it may."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

Capability = Literal[
    "files.read",
    "files.propose",
    "git.read",
    "git.propose",
    "git.send",
    "command.run",
    "model.ask",
    "agent.call",
    "mcp.call",
    "extension.call",
]
"""What a tool needs. A tool declares it, and an agent, a role and a policy grant it."""

EVERYTHING: frozenset[Capability] = frozenset(get_args(Capability))
HARMLESS: frozenset[Capability] = frozenset(("files.read", "git.read"))
"""What changes, runs and sends nothing."""
INERT: frozenset[Capability] = frozenset((*HARMLESS, "agent.call"))
"""What does nothing by itself in any mode: whatever a called agent goes on to do is decided about
on its own, under the authority of all who called it."""


@dataclass(frozen=True, slots=True)
class Act:
    """What a tool is about to do, as far as deciding needs to know."""

    tool: str
    capability: Capability
    paths: tuple[str, ...] = ()
    """The files and folders that it concerns, relative to the workspace and parsed by
    `WorkspacePath`; empty where it concerns no particular one."""
    commands: tuple[str, ...] | None = ()
    """Each simple command that would run, as one line of words; None where nobody can tell."""
    opaque: frozenset[str] = frozenset()
    """Those of `commands` whose first word does not tell what they do, because they run what the
    others say. A rule with a star does not cover them."""
    branch: str = ""
    """The branch that would be made or moved."""
    agent: str = ""
    """The agent that would be called, by its id."""
    is_contained: bool = False
    """Of a command, a server in the jail or an extension: nothing comes of it but what it prints
    or answers. It reaches no network, and what it writes is gone with its jail or becomes a
    proposal."""

    @property
    def is_reaching_out(self) -> bool:
        """Whether something may come of it elsewhere, at once and for good."""
        return self.capability == "mcp.call" and not self.is_contained


def is_given(tool: str, given: Collection[str]) -> bool:
    """Whether these names give this tool: its own, or `SERVER__*` for all of an MCP server.

    The tools of all extensions are `ext__*`.
    """
    server, mark, _ = tool.partition("__")
    return tool in given or bool(mark and server and f"{server}__*" in given)
