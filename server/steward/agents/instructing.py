"""Which instructions of files a run is told, at its start and where it comes to later.

The person is asked only at the start, before the run has read anything; what it comes upon later
and nobody has said yes to stays data. What was told is journaled with the step, so a run that is
played again is told the same, whatever the files say by then.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from steward.agents.work import Work
from steward.context.instructions.instruction import Instruction, InstructionFile
from steward.context.instructions.judged import judged
from steward.context.instructions.reader import InstructionReader
from steward.context.instructions.shown import fitting
from steward.context.tokens import count
from steward.core.database import Database
from steward.core.principal import Principal
from steward.permissions.accepted_files import said_of_files
from steward.permissions.folder import folder_at
from steward.permissions.seal import Seal
from steward.permissions.trust import decided_by
from steward.workspace.markdown import code, fenced

PART_OF_ROOM = 4
"""The part of a conversation's room that instructions may take."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a run is told, and what it is not."""

    instructions: tuple[Instruction, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    """Each file with why."""


NOTHING_TOLD = Told()


async def instructions_for(
    database: Database,
    seal: Seal,
    reader: InstructionReader,
    principal: Principal,
    paths: Iterable[str],
) -> tuple[InstructionFile, ...]:
    """The files that may hold instructions for these paths, each with whether it counts."""
    files = await asyncio.to_thread(reader.along, list(paths))
    if not any(each.writer == "repository" for each in files):
        return judged(files, {}, is_trusted=False)
    if await decided_by(database, seal, principal) is not True:
        return judged(files, {}, is_trusted=False)
    folder = await asyncio.to_thread(folder_at, principal.workspace)
    said = await database.read(lambda session: said_of_files(session, seal, principal, folder))
    return judged(files, said, is_trusted=True)


async def has_instructions(work: Work, paths: Sequence[str]) -> bool:
    """Whether the repository has words for this run, so that trust in the folder matters."""
    reader = work.hands.context.instructions
    if reader is None or not work.agent.instructions:
        return False
    files = await asyncio.to_thread(reader.along, paths)
    return any(each.counts and each.writer == "repository" for each in files)


async def told_at_start(work: Work, paths: Sequence[str], room_tokens: int) -> Told:
    """What counts where a run begins; words that nobody has said yes or no to are asked about."""
    files = await _files(work, paths)
    new = [each for each in files if each.is_new]
    if new:
        await work.enter("waiting", "gather", "Instructions of this folder wait for you")
        principal = work.specification.principal
        digests = {each.path: each.digest for each in new}
        body = _body(principal.workspace, new)
        if await work.hands.trust.ask_about_files(principal, work.run_id, body, digests):
            files = await _files(work, paths)
    return await _told(files, room_tokens // PART_OF_ROOM)


async def told_later(
    work: Work, paths: Sequence[str], told: Sequence[Instruction], known: Collection[str]
) -> Told:
    """What counts beside these paths and was neither `told` nor is `known` to be left out."""
    files = [each for each in await _files(work, paths) if each.path not in known]
    if not files:
        return NOTHING_TOLD
    room_tokens = work.room(()) // PART_OF_ROOM
    words = {" ".join(each.text.split()) for each in told}
    fresh = [each for each in files if " ".join(each.text.split()) not in words]
    return await _told(fresh, room_tokens - sum(count(each.text) for each in told))


async def _files(work: Work, paths: Sequence[str]) -> tuple[InstructionFile, ...]:
    reader = work.hands.context.instructions
    if reader is None or not work.agent.instructions:
        return ()
    trust = work.hands.trust
    principal = work.specification.principal
    found = await instructions_for(trust.database, trust.approvals.seal, reader, principal, paths)
    hide = await work.hands.invoker.placeholders.of_run(work.run_id)
    return await asyncio.to_thread(
        lambda: tuple(replace(each, text=hide(each.text)) for each in found)
    )


async def _told(files: Sequence[InstructionFile], room_tokens: int) -> Told:
    told, cut = await asyncio.to_thread(fitting, files, room_tokens)
    hidden = [each for each in files if each.counts and each.hidden]
    return Told(
        told,
        (
            *((each.path, each.why_not) for each in files if not each.counts),
            *((each.path, "there is no room for all of it") for each in cut),
            *(
                (each.path, f"{each.hidden} hidden characters in it are spelled out")
                for each in hidden
            ),
        ),
    )


def _body(folder: str, new: Sequence[InstructionFile]) -> str:
    lines = [
        f"These files of {code(folder)} say how agents should work"
        " here, and you have not said yes to them as they are now:",
    ]
    for each in new:
        hidden = f", {each.hidden} hidden characters in it" if each.hidden else ""
        lines += [
            "",
            f"**{code(each.path)}**, {each.bytes:,} bytes{hidden}",
            "",
            fenced(each.text, ""),
        ]
    lines += [
        "",
        "Yes: agents follow exactly these words here, until they change. They cannot approve"
        " anything, nor change what an agent may do or what you are asked about.",
        "",
        "No: they are not followed. Agents can still read the files, as data.",
    ]
    return "\n".join(lines)
