"""What a person is shown of a proposal before they decide.

For large texts this takes a while, so it is computed in a thread.
"""

from steward.permissions.question import Question
from steward.workspace.diff import changed_region
from steward.workspace.markdown import fenced
from steward.workspace.proposal import CommitProposal, EditProposal, FileChange
from steward.workspace.reveal import reveal


def edit_question(proposal: EditProposal) -> Question:
    """Whether these files may change: the whole diff, and a warning of what would hide in it."""
    hidden = sum(map(_hidden_in_added_lines, proposal.changes))
    warning = (
        f"**Careful: the lines it adds hold {hidden} hidden characters**, spelled out as"
        " `⟨U+…⟩`.\n\n"
        if hidden
        else ""
    )
    return Question(
        key=proposal.id,
        kind="edit",
        title=proposal.title,
        body=warning + fenced(proposal.diff()),
        operands=proposal.operands(),
        run_id=proposal.run_id,
    )


def commit_question(proposal: CommitProposal) -> Question:
    """Whether this commit may be made: branch, base, message and the whole patch."""
    prepared = proposal.prepared
    message, _ = reveal(prepared.message)
    patch, _ = reveal(prepared.patch)
    body = (
        f"A commit on the branch `{prepared.branch}`, on top of `{prepared.base_commit[:12]}`."
        " Your index, your branch and your files stay as they are.\n\nMessage:\n\n"
        f"{fenced(message, '')}\n\n{fenced(patch)}"
    )
    return Question(
        key=proposal.id,
        kind="commit",
        title=proposal.title,
        body=body,
        operands=proposal.operands(),
        run_id=proposal.run_id,
    )


def _hidden_in_added_lines(change: FileChange) -> int:
    # Not the difference of two counts: a character taken away must not excuse one that is added.
    return reveal("".join(changed_region(change.before, change.after).new))[1]
