"""Propose a change to one file."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from steward.permissions.decide import Capability
from steward.tools.tool import Call, Request
from steward.workspace.markdown import code, one_line
from steward.workspace.paths import check_is_no_control_file
from steward.workspace.proposal import EditProposal, FileChange, replace_once


class EditFileArguments(BaseModel):
    """Which text becomes which."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    path: str
    """Relative to the workspace; the file must exist."""
    old_text: str
    """Copied exactly from the file, long enough to occur only once."""
    new_text: str
    """What stands there instead."""


@dataclass(frozen=True, slots=True)
class EditFile:
    """A proposal; the file changes only when a person approves the diff."""

    name: str = "edit_file"
    description: str = (
        "Propose to replace old_text, which must occur exactly once in the file, by new_text. "
        "The person sees the diff and decides."
    )
    capability: Capability = "files.propose"
    arguments: type[EditFileArguments] = EditFileArguments

    async def request(self, arguments: EditFileArguments, call: Call) -> Request:
        """Asked only where the plan does not name edits; the diff is asked about anyway."""
        return Request(
            f"Propose a change to {one_line(arguments.path)}",
            f"The agent wants to propose a change to {code(arguments.path)}. You will see the diff"
            " before anything changes.",
            {"path": arguments.path},
        )

    async def run(self, arguments: EditFileArguments, call: Call) -> EditProposal:
        """Compute the change against the document as it is now."""
        path = call.workspace.resolve(arguments.path)
        check_is_no_control_file(path)
        snapshot = await call.workspace.read_for_model(arguments.path)
        after = replace_once(snapshot.text, arguments.old_text, arguments.new_text)
        change = FileChange(str(path), snapshot.text, after)
        return EditProposal(call.proposal_id, call.run_id, f"Edit {path}", (change,))
