"""The differences that a command left in its copy of the workspace, as a proposal."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from steward.core.errors import InvalidInputError, StewardError
from steward.core.limits import CHANGES_BYTES_MAX, CHANGES_MAX
from steward.sandbox.changes import Changes, FileResult
from steward.tools.tool import Call
from steward.workspace.encoding import decode
from steward.workspace.files import read_bytes
from steward.workspace.paths import WorkspacePath, check_is_no_control_file
from steward.workspace.proposal import EditProposal, FileChange

_NAMED_MAX = 20


@dataclass(slots=True)
class TakenOver:
    """What can be proposed, and what cannot."""

    changes: list[FileChange] = field(default_factory=list[FileChange])
    left_out: list[str] = field(default_factory=list[str])

    def proposal(self, call: Call, title: str) -> EditProposal | None:
        """All of it as one proposal; None if there is nothing to propose."""
        if not self.changes:
            return None
        return EditProposal(call.proposal_id, call.run_id, title, tuple(self.changes))

    def told(self) -> str:
        """What is not taken over, in lines for the model; empty where there is nothing."""
        if not self.left_out:
            return ""
        named = [f"- {reason}" for reason in self.left_out[:_NAMED_MAX]]
        if more := len(self.left_out) - _NAMED_MAX:
            named += [f"- and {more} more"] if more > 0 else []
        return "\nNot taken over of what it changed:\n" + "\n".join(named)


async def take_over(changes: Changes, overlays: Mapping[Path, bytes], call: Call) -> TakenOver:
    """The changes as texts of files that an agent may change.

    Args:
        changes: what the command did to its copy.
        overlays: the unsaved documents that it was shown.
        call: whose workspace it is.
    """
    taken = TakenOver(left_out=[f"'{one.path}': {one.reason}" for one in changes.left_out])
    if changes.unnamed:
        taken.left_out.append(f"{changes.unnamed} more files")
    room = CHANGES_BYTES_MAX
    for result in changes.files:
        try:
            change = await _change(result, overlays, call)
        except StewardError as error:
            taken.left_out.append(f"{result.path!r}: {error}")
            continue
        if change is None:
            continue
        room -= len(change.before or "") + len(result.content or b"")
        if len(taken.changes) >= CHANGES_MAX or room < 0:
            taken.left_out.append(f"{result.path!r}: the changes are more than one proposal takes")
            continue
        taken.changes.append(change)
    return taken


async def _change(
    result: FileResult, overlays: Mapping[Path, bytes], call: Call
) -> FileChange | None:
    path = WorkspacePath.parse(result.path)
    check_is_no_control_file(path)
    await call.workspace.check_for_model(str(path))
    before = None
    if result.before_sha256 is not None:
        content = overlays.get(path.under(call.workspace.root))
        if content is None:
            content = await asyncio.to_thread(read_bytes, call.workspace.root, path)
        if hashlib.sha256(content).hexdigest() != result.before_sha256:
            raise InvalidInputError("it has changed since the command was given it")
        before = decode(content, str(path))[0]
    after = None if result.content is None else decode(result.content, str(path))[0]
    if before == after:
        raise InvalidInputError("only whether it can be run changed, or how it is encoded")
    return FileChange(str(path), before, after)
