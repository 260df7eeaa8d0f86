"""Notices what is written in the files of a proposal while it waits, and merges it with that.

Whoever is asked about a diff may go on typing. Once they pause, what they were shown is no longer
what would be done: the merge is another proposal, and they are asked about that one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from steward.core.agent_limits import SUCCESSORS_MAX, WATCHED_CHARS_MAX
from steward.core.errors import StaleError, StewardError
from steward.workspace.proposal import EditProposal
from steward.workspace.successor import Successor, may_be_merged, merge, merges_before
from steward.workspace.workspace import Workspace

_LOOKS_ALIKE = 2
"""So many looks after another find the same text: then the person has paused."""
_SOON = 2
"""So many merges come after the first pauses. For each that follows the pause is twice as long:
who types for hours would otherwise use all of them up before they ever answer."""
_FOR_ANSWERS = 3
"""So many are left for whoever answers what was changed once more."""


Check = Callable[[EditProposal], Awaitable[None]]
"""Raises `StaleError` unless a proposal could land now."""


async def merged_now(
    workspace: Workspace, proposal: EditProposal, check: Check
) -> Successor | None:
    """The proposal merged with what its files hold now.

    `None` where they are as they were, or where the merge could not land: nobody is asked about it.

    Raises:
        StaleError: it contradicts what they hold, or was merged too often.
    """
    texts = await _texts(workspace, proposal)
    if not _is_changed(proposal, texts):
        return None
    if proposal.undo is not None:
        # It is worked out from the files as they are, so whoever asks again has the merge.
        again = "redo" if proposal.undo.is_redo else "undo"
        raise StaleError(
            f"The files were changed since the {again} was worked out, so nothing was touched. Ask"
            " for it again: it then starts from what they hold."
        )
    if not may_be_merged(proposal.id):
        raise StaleError(
            "The files were changed again and again while the change waited, so it is given up and"
            " nothing was touched. Read them again and propose the change anew."
        )
    successor = await asyncio.to_thread(merge, proposal, texts)
    try:
        await check(successor.proposal)
    except StaleError:
        return None
    return successor


async def overtaken(
    workspace: Workspace, proposal: EditProposal, check: Check, looks_every_s: float
) -> Successor:
    """Wait until other text stands in the files that the proposal can be merged with.

    As long as the two contradict each other it waits: the person may take theirs back. So it does
    with an undo, which is never merged.
    """
    sizes = (len(one.before or "") for one in proposal.by_path().values())
    merges = merges_before(proposal.id)
    pause = _LOOKS_ALIKE << max(0, merges - _SOON)
    is_never = proposal.undo is not None or merges >= SUCCESSORS_MAX - _FOR_ANSWERS
    if is_never or sum(sizes) > WATCHED_CHARS_MAX:
        await asyncio.Event().wait()  # Its answer finds out.
    last: Mapping[str, str | None] = {}
    alike = 0
    while True:
        await asyncio.sleep(looks_every_s)
        try:
            texts = await _texts(workspace, proposal)
            alike = alike + 1 if texts == last else 0
            last = texts
            if alike == pause and _is_changed(proposal, texts):
                successor = await asyncio.to_thread(merge, proposal, texts)
                await check(successor.proposal)
                return successor
        except StewardError:  # Unreadable, or a contradiction: whoever answers is told.
            continue


async def _texts(workspace: Workspace, proposal: EditProposal) -> dict[str, str | None]:
    paths = list(proposal.by_path())
    texts = await workspace.texts_now(map(workspace.resolve, paths))
    return dict(zip(paths, texts, strict=True))


def _is_changed(proposal: EditProposal, texts: Mapping[str, str | None]) -> bool:
    return any(texts[path] != one.before for path, one in proposal.by_path().items())
