"""Agents that a folder brings along, read without following a link. Blocks: call it on a thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from steward.agents.agent import Agent
from steward.agents.definitions.agent_file import FOLDER, SUFFIX, Origin, parse
from steward.agents.definitions.limits import ENABLED_SHOWN_MAX, FILE_BYTES_MAX, FILES_MAX
from steward.core.errors import LimitError, StewardError
from steward.workspace.encoding import decode
from steward.workspace.files import read_bytes
from steward.workspace.listing import entries_of
from steward.workspace.markdown import code, inline
from steward.workspace.paths import WorkspacePath


@dataclass(frozen=True, slots=True)
class Found:
    """One file of the folder: the agent, or why it is none."""

    agent_id: str
    path: str
    agent: Agent | None
    problem: str = ""


def agents_in(root: Path) -> tuple[Found, ...]:
    """Every agent that the folder brings along, by id, whether or not anybody trusts it.

    Raises:
        LimitError: there are more files than we take.
    """
    folder = WorkspacePath.parse(FOLDER)
    entries = entries_of(root, folder, FILES_MAX + 1)
    if len(entries) > FILES_MAX:
        raise LimitError(
            f"`{FOLDER}` holds more than {FILES_MAX} entries, so no agent of it is used; remove"
            " what is none."
        )
    paths = [path for path, is_folder in entries if not is_folder and path.name.endswith(SUFFIX)]
    return tuple(_found(root, path) for path in paths)


def enabled_by(root: Path) -> Sequence[str]:
    """What the folder's agents would be, if it were trusted: lines of Markdown for a person."""
    try:
        found = agents_in(root)
    except StewardError as error:
        return (inline(str(error)),)
    lines = [_line(each) for each in found[:ENABLED_SHOWN_MAX]]
    if len(found) > ENABLED_SHOWN_MAX:
        lines.append(f"and {len(found) - ENABLED_SHOWN_MAX} more agents in {code(FOLDER)}.")
    return lines


def written_in(root: Path, agent_id: str) -> str:
    """The file of one of the folder's agents, as it was written.

    Raises:
        StewardError: it cannot be read.
    """
    path = WorkspacePath.parse(f"{FOLDER}/{agent_id}{SUFFIX}")
    text, _ = decode(read_bytes(root, path, FILE_BYTES_MAX), str(path))
    return text


def _found(root: Path, path: WorkspacePath) -> Found:
    agent_id = path.name.removesuffix(SUFFIX)
    try:
        text, _ = decode(read_bytes(root, path, FILE_BYTES_MAX), str(path))
        agent = parse(agent_id, text, Origin("workspace", str(path), str(path)))
    except StewardError as error:
        return Found(agent_id, str(path), None, str(error))
    return Found(agent_id, str(path), agent)


def _line(found: Found) -> str:
    if found.agent is None:
        return f"{code(found.path)} is no agent as it stands;"
    tools = ", ".join(sorted(found.agent.allowed_tools))
    allowed = ", ".join(str(rule) for rule in found.agent.rules if rule.effect == "allow")
    unasked = f", and without being asked about {code(allowed)}" if allowed else ""
    return (
        f"the agent {code(found.agent_id)} can be started, with these tools: {code(tools)}"
        f"{unasked}: {inline(found.agent.description)}"
    )
