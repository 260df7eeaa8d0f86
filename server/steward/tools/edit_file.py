"""Propose a change to one file."""

import asyncio
from dataclasses import dataclass
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

from steward.core.agent_limits import EDITS_MAX
from steward.core.errors import LimitError
from steward.core.limits import FILE_BYTES_MAX
from steward.permissions.decide import Act
from steward.tools.known import check_is_as_known
from steward.tools.tool import Call, Request
from steward.workspace.edits.apply import Blocks, Edits, Patch, Whole, apply
from steward.workspace.edits.block import Block
from steward.workspace.markdown import code, one_line
from steward.workspace.paths import check_is_no_control_file
from steward.workspace.proposal import EditProposal, FileChange

_ONE = frozenset({"old_text", "new_text", "replace_all"})


class TextEdit(BaseModel):
    """Which text becomes which."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    old_text: str
    """Copied exactly from the file, long enough to occur only once."""
    new_text: str
    """What stands there instead, written out in full."""
    replace_all: bool = False
    """Replace every place where old_text occurs."""


class EditFileArguments(BaseModel):
    """The file, and its change in one of three forms."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    path: str
    """Relative to the workspace; the file must exist."""
    edits: list[TextEdit] | None = Field(default=None, min_length=1, max_length=EDITS_MAX)
    """Replacements, all made together in the file as it is now."""
    text: str | None = None
    """Instead of edits: the whole new text of the file."""
    diff: str | None = None
    """Instead of edits: a unified diff of this file, with lines of context."""

    @model_validator(mode="before")
    @classmethod
    def _with_one_edit(cls, given: Any) -> Any:
        """Take a single edit that is written without the list, as many models do."""
        if not isinstance(given, dict):
            return given
        fields = cast("dict[str, Any]", given)
        one = {name: value for name, value in fields.items() if name in _ONE}
        rest = {name: value for name, value in fields.items() if name not in _ONE}
        if one and rest.get("edits") is None:
            return {**rest, "edits": [one]}
        return fields

    @model_validator(mode="after")
    def _in_one_form(self) -> "EditFileArguments":
        if sum(form is not None for form in (self.edits, self.text, self.diff)) != 1:
            raise ValueError("give exactly one of edits, text and diff")
        return self

    def as_edits(self) -> Edits:
        """The change, for applying it."""
        if self.text is not None:
            return Whole(self.text)
        if self.diff is not None:
            return Patch(self.diff)
        return Blocks(
            tuple(Block(one.old_text, one.new_text, one.replace_all) for one in self.edits or ())
        )


@dataclass(frozen=True, slots=True)
class EditFile:
    """A proposal; the file changes only when a person approves the diff."""

    name: str = "edit_file"
    description: str = (
        "Propose a change to one file: edits that each replace an old_text, which must occur"
        " exactly once, by a new_text; or the whole text; or a unified diff. Nothing may be left"
        " out with dots. The person sees the diff and decides."
    )
    arguments: type[EditFileArguments] = EditFileArguments

    def act(self, arguments: EditFileArguments, call: Call) -> Act:
        """Proposing a change of this file."""
        return Act(self.name, "files.propose", (str(call.workspace.resolve(arguments.path)),))

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
        if arguments.text is not None:
            check_is_as_known(str(path), snapshot.text, call)
        after = await asyncio.to_thread(apply, snapshot.text, arguments.as_edits())
        if len(after.encode("utf-8", "surrogatepass")) > FILE_BYTES_MAX:
            raise LimitError(f"'{path}' would have more than {FILE_BYTES_MAX} bytes.")
        change = FileChange(str(path), snapshot.text, after)
        return EditProposal(call.proposal_id, call.run_id, f"Edit {path}", (change,))
