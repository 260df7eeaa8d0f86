"""What a person is shown of a proposal before they decide.

For large texts this takes a while, so it is computed in a thread.
"""

from steward.permissions.question import Question
from steward.workspace.diff import changed_region
from steward.workspace.markdown import code, fenced
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
        body=_listed(proposal) + warning + fenced(proposal.diff()),
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


def _listed(proposal: EditProposal) -> str:
    """What happens to which file, where a diff alone would not put it plainly."""
    if len(proposal.changes) == 1 and "edit" in proposal.kinds:
        return ""
    done = {"edit": "changed", "create": "new", "rename": "renamed", "delete": "deleted"}
    lines = [
        f"- {done[change.kind]}: "
        + (f"{code(change.moved_from)} → " if change.moved_from is not None else "")
        + code(change.path)
        for change in proposal.changes
    ]
    return f"All of it or nothing ({len(lines)} files):\n\n" + "\n".join(lines) + "\n\n"


def _hidden_in_added_lines(change: FileChange) -> int:
    # Not the difference of two counts: a character taken away must not excuse one that is added.
    return reveal("".join(changed_region(change.before or "", change.after or "").new))[1]
