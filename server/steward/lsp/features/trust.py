"""What trusting the open folder would enable, to be looked at before anybody says yes.

What reads definitions brings pydantic along, so it is imported where it is first needed.
"""

import asyncio
from pathlib import Path

from steward.core.errors import InvalidInputError, StewardError
from steward.lsp.features.commands import Arguments
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session


async def show_enabled(session: Session, rooms: Rooms, _arguments: Arguments) -> object:
    """What trusting this folder enables, and nobody is asked: `{trusted, markdown, agents, files}`.

    `trusted` is `null` where nobody was asked before. `agents`: `[{id, name, description, may,
    path, problem}]`; `files`, of instructions that agents would follow: their paths. `problem` says
    why the folder's agents cannot be listed, and is empty where they can.
    """
    if session.root is None:
        raise InvalidInputError("Open a folder first; there is nothing here to trust.")
    agents, problem = await asyncio.to_thread(_agents, session.root)
    enabled = await rooms.trust.enables(str(session.root))
    return {
        "trusted": await rooms.trust.decided(rooms.principal),
        "markdown": await rooms.trust.page(rooms.principal),
        "agents": agents,
        "files": sorted(enabled.files),
        "problem": problem,
    }


def _agents(root: Path) -> tuple[list[dict[str, str]], str]:
    """The folder's agents, or why they cannot be listed."""
    from steward.agents.definitions.folder import agents_in
    from steward.agents.definitions.powers import in_words

    try:
        found = agents_in(root)
    except StewardError as error:
        return [], str(error)
    return [
        {
            "id": each.agent_id,
            "name": each.agent.name if each.agent else each.agent_id,
            "description": each.agent.description if each.agent else "",
            "may": in_words(each.agent) if each.agent else "",
            "path": each.path,
            "problem": each.problem,
        }
        for each in found
    ], ""
