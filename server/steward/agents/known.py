"""What an agent knows of files: the text that it read last, and what its own changes made of it.

What somebody else wrote since is not in it; that is how the agent is kept from overwriting it.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

from steward.agents.workflows.journal import JsonObject
from steward.core.errors import StewardError
from steward.tools.known import digest_of
from steward.workspace.proposal import EditProposal
from steward.workspace.workspace import Workspace


async def known_at_start(workspace: Workspace, paths: Iterable[str]) -> dict[str, str]:
    """The files that a run begins with, as they are before any of them is shown."""
    known: dict[str, str] = {}
    for path in paths:
        with suppress(StewardError):  # Of what cannot be read nothing is shown.
            known[path] = digest_of((await workspace.read_for_model(path)).text)
    return known


def proposed(proposal: EditProposal) -> list[JsonObject]:
    """What would become of each file, told by digests; `None` where there is no file."""
    return [
        {
            "path": change.path,
            "moved_from": change.moved_from,
            "before": _digest(change.before),
            "after": _digest(change.after),
        }
        for change in proposal.changes
    ]


def _digest(text: str | None) -> str | None:
    return None if text is None else digest_of(text)


@dataclass(slots=True)
class Known:
    """The texts that one agent knows, by their digests."""

    digests: dict[str, str] = field(default_factory=dict[str, str])
    """Relative path → digest."""

    def read(self, outcome: JsonObject) -> None:
        """Take up what a call showed. A part of a file does not replace what was known of it."""
        reading = cast(JsonObject | None, outcome.get("read"))
        if reading is None:
            return
        path, digest = str(reading["path"]), str(reading["digest"])
        if reading["is_whole"]:
            self.digests[path] = digest
        else:
            self.digests.setdefault(path, digest)

    def landed(self, outcome: JsonObject) -> None:
        """Take up a change that was applied, as the agent proposed it.

        Where others' edits were merged in, or a person kept a part, the file is another one than
        this, and the agent must read it before it may overwrite it.
        """
        for change in cast("list[JsonObject]", outcome.get("proposed") or []):
            path, before, after = str(change["path"]), change["before"], change["after"]
            known = self.digests.pop(str(change["moved_from"] or path), None)
            if after is not None and known == before:
                self.digests[path] = str(after)
            elif after is not None and known is not None:
                self.digests[path] = known  # Another text than there is: to be read again.
