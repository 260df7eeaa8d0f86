"""What a person is shown of a proposal before they decide.

For large texts this takes a while, so it is computed in a thread.
"""

from steward.permissions.act import Act
from steward.permissions.control_files import is_control_path
from steward.permissions.question import Extra, Question
from steward.workspace.choice import draft_of, is_choice, listed
from steward.workspace.diff import changed_regions
from steward.workspace.git.branch import BranchProposal
from steward.workspace.markdown import code, fenced
from steward.workspace.marks import marks_of
from steward.workspace.proposal import CommitProposal, EditProposal, Proposal
from steward.workspace.pull_request import PullRequestProposal
from steward.workspace.pull_request_shown import pull_request_question
from steward.workspace.reveal import reveal
from steward.workspace.suspect import Suspicion, suspicion_of

_TAKES: frozenset[Extra] = frozenset(("reason",))
"""Who says no may say why, and the model reads it."""
_TAKES_CHOICE: frozenset[Extra] = _TAKES | frozenset[Extra](("choice",))


def question_of(proposal: Proposal) -> Question:
    """What a person is asked about this proposal."""
    match proposal:
        case EditProposal():
            return edit_question(proposal)
        case CommitProposal():
            return commit_question(proposal)
        case BranchProposal():
            return branch_question(proposal)
        case PullRequestProposal():
            return pull_request_question(proposal)


def edit_question(proposal: EditProposal) -> Question:
    """Whether these files may change: how much, what would hide in it, and the whole diff."""
    added, removed, suspicion = 0, 0, Suspicion()
    for change in proposal.changes:
        for region in changed_regions(change.before or "", change.after or ""):
            # Not the difference of two counts: what is taken away must not excuse what is added.
            suspicion += suspicion_of(change.before, region.new)
            added, removed = added + len(region.new), removed + region.end - region.start
    count = f"{_lines(added)} added, {_lines(removed)} removed.\n\n"
    warning = "".join(f"{said}\n\n" for said in suspicion.warnings())
    hunks = listed(proposal)
    can_choose = is_choice(proposal, hunks)
    return Question(
        key=proposal.id,
        kind="edit",
        title=proposal.title,
        body=_listed(proposal, can_choose=can_choose) + count + warning + fenced(proposal.diff()),
        operands=proposal.operands(),
        run_id=proposal.run_id,
        takes=_TAKES_CHOICE if can_choose else _TAKES,
        draft=draft_of(proposal, hunks, marks_of(proposal)),
        acts=tuple(
            Act(change.kind, "files.propose", tuple(change.by_path()))
            for change in proposal.changes
        ),
    )


def commit_question(proposal: CommitProposal) -> Question:
    """Whether this commit may be made: branch, base, message and the whole patch."""
    prepared = proposal.prepared
    steers = any(is_control_path(path.split("/")) for path in prepared.files)
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
        takes=_TAKES,
        acts=() if steers else (Act("commit", "git.propose", branch=prepared.branch),),
    )


def branch_question(proposal: BranchProposal) -> Question:
    """Whether this branch may be made: its name, and the commit that it will name."""
    prepared = proposal.prepared
    body = (
        f"A new branch {code(prepared.branch)} at the commit `{prepared.commit}`"
        f" ({code(prepared.subject)}). It is not checked out; your index, your branch and your"
        " files stay as they are."
    )
    return Question(
        key=proposal.id,
        kind="commit",
        title=proposal.title,
        body=body,
        operands=proposal.operands(),
        run_id=proposal.run_id,
        takes=_TAKES,
        acts=(Act("create_branch", "git.propose", branch=prepared.branch),),
    )


def _listed(proposal: EditProposal, *, can_choose: bool) -> str:
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
    how = "All of it, the hunks that you keep, or nothing" if can_choose else "All of it or nothing"
    files = "1 file" if len(lines) == 1 else f"{len(lines)} files"
    return f"{how} ({files}):\n\n" + "\n".join(lines) + "\n\n"


def _lines(number: int) -> str:
    return "1 line" if number == 1 else f"{number} lines"
