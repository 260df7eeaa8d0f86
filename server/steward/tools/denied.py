"""What exactly a person refused, in the words by which a tool's call or proposal is known again."""

from typing import Any, cast

from steward.permissions.denials import Exactly, exactly
from steward.workspace.proposal import EditProposal, Proposal


def of_proposal(proposal: Proposal) -> Exactly:
    """A proposal, known by the bytes that would come of it, whichever agent and call bring them.

    Of an edit, what the files held before does not count: the same text written over another is
    the same text that was refused.
    """
    operands = {name: value for name, value in proposal.operands().items() if name != "proposal"}
    if isinstance(proposal, EditProposal):
        files = cast(list[dict[str, Any]], operands["files"])
        kept = [{name: file[name] for name in ("path", "moved_from", "after")} for file in files]
        operands["files"] = sorted(kept, key=str)
    return exactly("proposal", "", proposal.title, operands)
