"""Commit messages and pull requests' texts for a person to use; nothing is committed or opened."""

from typing import TYPE_CHECKING

from steward.core.errors import InvalidInputError
from steward.lsp.features.commands import Arguments
from steward.lsp.page import show_page
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session
from steward.lsp.working import working
from steward.workspace.markdown import fenced

if TYPE_CHECKING:
    from steward.agents.drafting import Drafting


async def commit_message(session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Have a commit message written: `{staged?, show?}` → `{message, staged, leftOut}`.

    About what is staged, or with `staged: false` about all that differs; without it about what is
    staged, or all where nothing is. A model is asked. Nothing is committed. `leftOut` says what the
    model did not see. With `show` the message is opened in the editor as a page too.
    """
    staged = arguments.get("staged")
    if staged is not None and not isinstance(staged, bool):
        raise InvalidInputError("`staged` must be true or false.")
    async with working(session, "Steward: commit message"):
        draft = await _drafting(rooms).commit_message(rooms.principal, staged=staged)
    if arguments.get("show") is True:
        page = f"# A commit message\n\n{fenced(draft.message, '')}\n{_left_out(draft.left_out)}"
        await show_page(session, rooms, "commit-message", page)
    return {
        "message": draft.message,
        "staged": draft.is_staged,
        "leftOut": list(draft.left_out),
    }


async def pull_request_text(session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Have a pull request's text written: `{base?, show?}` → `{title, body, base, …}`.

    And `commits`, how many it is about, and `leftOut`, what the model did not see. It is about the
    commits and the changes since the merge base with `base`, a branch, tag or commit; without one,
    with the branch that others begin from by custom. A model is asked. Nothing is pushed or opened.
    With `show` the text is opened in the editor as a page too.
    """
    base = arguments.get("base", "")
    if not isinstance(base, str):
        raise InvalidInputError("`base` must be the name of a branch, a tag or a commit.")
    async with working(session, "Steward: pull request text"):
        draft = await _drafting(rooms).pull_request(rooms.principal, base)
    if arguments.get("show") is True:
        # As it is written, and not drawn: a picture that a model names would be fetched.
        text = fenced(f"{draft.title}\n\n{draft.body}", "markdown")
        page = f"# A pull request's text\n\n{text}\n{_left_out(draft.left_out)}"
        await show_page(session, rooms, "pull-request", page)
    return {
        "title": draft.title,
        "body": draft.body,
        "base": draft.base,
        "commits": draft.commits,
        "leftOut": list(draft.left_out),
    }


def _left_out(reasons: tuple[str, ...]) -> str:
    if not reasons:
        return ""
    listed = "\n".join(f"- {reason}" for reason in reasons)
    return f"\n---\nThe model did not see:\n\n{fenced(listed, '')}\n"


def _drafting(rooms: Rooms) -> "Drafting":
    if rooms.drafting is None:
        raise InvalidInputError("Open a folder first; it is about a workspace's repository.")
    return rooms.drafting
