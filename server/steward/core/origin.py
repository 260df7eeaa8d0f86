"""Where a piece of text came from. It stays with the text, and says what the text may cause."""

from typing import Literal, get_args

Origin = Literal[
    "person",
    "editor",
    "repository",
    "git",
    "command",
    "model",
    "web",
    "agent",
    "mcp",
    "extension",
    "tool",
]
"""Who wrote it, as far as anybody can know.

`person`: typed to Steward by whoever started the run. `editor`: open documents, selections,
diagnostics. `repository`: files, names and search results. `git`: history, messages, branches.
`command`: what a program printed. `model`: an answer of a model. `web`: fetched from elsewhere.
`agent`: another agent's result. `mcp`: what an MCP server says, of itself or in an answer; one that
runs here has read the workspace. `extension`: what an extension says or answers; it may have
read the workspace, too. `tool`: any other tool's output, and whatever nobody can place.
"""

ORIGINS: frozenset[Origin] = frozenset(get_args(Origin))

UNTRUSTED: frozenset[Origin] = ORIGINS - {"person"}
"""What somebody other than the person may have written. A file or a commit message of a project
that the person trusts is still full of other people's words."""

PRIVATE: frozenset[Origin] = ORIGINS - {"person", "model", "web"}
"""What may hold things that are not for others. What the person said to Steward was said in order
to be sent; what a model answers holds nothing that it was not shown before."""
