"""What a model sees when it is asked for a commit message, or the text of a pull request.

The diff and the history were written by whoever wrote them: they are data, in a frame, and nothing
of them stands in the system message.
"""

from collections.abc import Sequence

from steward.context.block import Block, Frame
from steward.core.limits import DRAFT_LIST_CHARS_MAX
from steward.gateway.request import Message

_COMMIT = (
    "You write commit messages. Say what the change does and, where the diff or its comments tell"
    " it, why; never how each line was changed. The first line is the subject: at most 72"
    " characters, no full stop. Where more must be said, a blank line and a body of short lines"
    " (at most 72 characters) follow. Take the form of the earlier subjects: their language, mood,"
    " prefixes and capitals. Claim nothing that the diff does not show. Answer with the message"
    " alone: no quotes, no code fence, no word before or after it."
)
_PULL_REQUEST = (
    "You write the text of a pull request for those who will review it. The first line is the"
    " title: at most 72 characters, in the form of the commits' subjects. Then a blank line, then"
    " the body in Markdown: what changes for whoever uses the code, why, what a reviewer should"
    " look at first, and how it was tested as far as the changes show it. Short sentences, no"
    " praise, nothing that the commits and the diff do not show. Answer with title and body alone:"
    " no code fence around them, no word before or after."
)


def commit_messages(
    draft_id: str,
    diff: str,
    subjects: Sequence[str],
    new_files: Sequence[str],
    left_out: Sequence[str],
) -> tuple[Message, ...]:
    """Ask for the message of a commit.

    `subjects`: those of the last commits. `new_files`: names of files that git does not know yet.
    """
    blocks = [
        Block("git", "subjects of the last commits", _listed(subjects)),
        Block("git", "what would be committed", diff),
        Block("git", "new files that git does not know yet", _listed(new_files)),
        Block("git", "files that differ and are not shown", _listed(left_out)),
    ]
    return _messages(draft_id, _COMMIT, blocks, "Write the message of this commit.")


def pull_request_messages(
    draft_id: str, diff: str, commits: Sequence[str], left_out: Sequence[str]
) -> tuple[Message, ...]:
    """Ask for title and body. `commits`: the whole messages of those that it brings."""
    blocks = [
        Block("git", "the commits", _listed(commits)),
        Block("git", "what they change together", diff),
        Block("git", "files that differ and are not shown", _listed(left_out)),
    ]
    return _messages(draft_id, _PULL_REQUEST, blocks, "Write the text of this pull request.")


def _messages(draft_id: str, role: str, blocks: Sequence[Block], wish: str) -> tuple[Message, ...]:
    frame = Frame.of_run(draft_id)
    shown = [frame.around(block) for block in blocks if block.text]
    return (
        Message("system", f"[task: chat]\n{role}"),
        Message("user", "\n\n".join((frame.rule(), *shown, wish))),
    )


def _listed(lines: Sequence[str]) -> str:
    text = "\n".join(f"- {line}" for line in lines)
    return text if len(text) <= DRAFT_LIST_CHARS_MAX else f"{text[:DRAFT_LIST_CHARS_MAX]}\n…"
