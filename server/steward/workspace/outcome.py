"""What is said of a landing, to the person and to the model."""

from collections.abc import Sequence

from steward.core.errors import StewardError
from steward.permissions.question import Answer
from steward.workspace.apply import Found
from steward.workspace.editor import EditorReply
from steward.workspace.land_refs import Landed
from steward.workspace.proposal import EditProposal, FileChange


def read_back(proposal: EditProposal, found: Found, how: str) -> Landed:
    """What the files hold, as it was read back; `how` it got there."""
    if found.share == "all":
        return Landed("applied", f"Changed {proposal.names()} ({how}, read back).")
    told = [
        f"{names(changes)} {holds}"
        for changes, holds in (
            (found.after, "as approved"),
            (found.before, "as before"),
            (found.other, "neither as before nor as approved"),
        )
        if changes
    ]
    return Landed("partial", f"It was not changed whole; look at the files: {', '.join(told)}.")


def names(changes: Sequence[FileChange]) -> str:
    """Some of a proposal's files, for a sentence."""
    return ", ".join(change.named() for change in changes)


def why_not(reply: EditorReply, left_out: str) -> str:
    """Why nothing was changed; `left_out`: what the editor had not changed of it."""
    if left_out:
        return (
            f"The editor left out {left_out}. A proposal is applied whole or not at all, so the"
            " rest was taken back."
        )
    if reply.is_applied:
        return "The editor said it applied the change, but no file changed."
    because = f": {reply.reason}" if reply.reason else ""
    return f"The change was not applied{because}; no file was touched."


def unread(error: StewardError) -> Landed:
    """The end of what was sent and cannot be read back."""
    return Landed(
        "partial",
        f"The edit was sent and cannot be read back, so look at the files yourself: {error}",
    )


def unapproved(done: Landed, answer: Answer) -> Landed:
    """The end of what an editor did without a yes to the whole of it."""
    had = "had no answer" if answer.state == "pending" else f"had been {answer.state}"
    had += " in part" if answer.is_partial else ""
    return Landed(
        "partial",
        f"The editor applied a change whose question {had}; look at the files and undo there"
        f" what you do not want. {done.outcome}",
    )
