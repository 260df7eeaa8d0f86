"""Put open questions before the person, and take their answers back to the approvals.

The rows are the truth: whenever something changed, the open questions are read and compared with
what is on the screen. A question that is dismissed stays open and can be shown again.
"""

import asyncio
import logging
import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from steward.agents.question_told import choices, question_told
from steward.core.errors import StewardError
from steward.core.events import QuestionChanged
from steward.core.limits import SHOWN_CHARS_MAX, SHOWN_LINES_MAX
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session
from steward.permissions.question import NOTHING_MORE, OpenQuestion, Reply
from steward.permissions.reply import Given, given

if TYPE_CHECKING:
    from steward.core.store import Mark

_log = logging.getLogger(__name__)

_LOOK_AGAIN_S = 2.0
"""How soon a question that another process answered, or that ran out, leaves the screen."""
_LOOK_IDLE_S = 3.0
"""How soon a question that another process asked is seen when there is none on the screen."""

_FOR_RUN = "Allow for this run"


class QuestionBoard:
    """The questions on this editor's screen."""

    def __init__(self, session: Session, rooms: Rooms, tasks: asyncio.TaskGroup) -> None:
        self._session = session
        self._rooms = rooms
        self._tasks = tasks
        self._shown: dict[str, asyncio.Task[None]] = {}
        self._dismissed: set[str] = set()
        """Those whose view is being taken away because nobody wanted to answer."""

    async def keep_current(self) -> None:
        """Show what is asked and take away what is not, until cancelled."""
        seen: Mark | None = None
        with self._rooms.events.watch() as events:
            while True:
                mark = await self._rooms.database.mark()
                # What is open may also be too old by now, which nobody writes down.
                if mark is None or mark != seen or self._shown:
                    await self.refresh()
                seen = mark
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_AGAIN_S if self._shown else _LOOK_IDLE_S):
                        while not isinstance(await anext(events), QuestionChanged):
                            pass

    async def refresh(self) -> None:
        """Compare the screen with the rows once."""
        open_now = {q.id: q for q in await self._rooms.approvals.pending(self._rooms.principal)}
        for question_id in [shown for shown in self._shown if shown not in open_now]:
            self._take_away(question_id)
        for question in open_now.values():
            if question.id not in self._shown and not self._is_shown_as_diff(question):
                self._shown[question.id] = self._tasks.create_task(self._show(question))

    async def show_again(self) -> int:
        """Put dismissed questions back on the screen; returns how many are open."""
        ending = [task for key, task in self._shown.items() if key in self._dismissed]
        if ending:  # Its file is still being removed; a moment later it can be written anew.
            await asyncio.wait(ending)
        for question_id in [key for key, task in self._shown.items() if task.done()]:
            del self._shown[question_id]
        await self.refresh()
        return len(self._shown)

    def _is_shown_as_diff(self, question: OpenQuestion) -> bool:
        """Our own client shows a proposal when it is asked to apply it."""
        return question.kind == "edit" and self._session.can.confirms_edits

    def _take_away(self, question_id: str) -> None:
        task = self._shown.pop(question_id)
        if not task.done():
            task.cancel()
        if self._session.can.asks:
            self._session.protocol.notify("steward/askClosed", {"id": question_id})

    async def _show(self, question: OpenQuestion) -> None:
        try:
            shown = self._ask_ours(question) if self._session.can.asks else self._ask_any(question)
            said = await shown
            if said is not None:
                await self._rooms.approvals.answer(
                    self._rooms.principal,
                    question.id,
                    question.digest,
                    approve=said.is_yes,
                    channel="editor question",
                    reply=said.reply,
                )
        except StewardError as error:
            self._tell(str(error))
        except JsonRpcException as error:
            _log.info("the editor could not show a question: %s", error)
        except Exception:  # An outer boundary: the question stays open and can be shown again.
            _log.exception("a question could not be shown or answered")
            self._tell(f"The question {question.title!r} was not answered; show it again.")

    async def _ask_ours(self, question: OpenQuestion) -> Given | None:
        reply = await self._session.protocol.send_request_async(
            "steward/ask", question_told(question)
        )
        if not isinstance(reply, Mapping):
            return None
        said = given(cast(Mapping[str, Any], reply))
        # Else it is no answer to what was shown.
        return said if said.digest == question.digest else None

    async def _ask_any(self, question: OpenQuestion) -> Given | None:
        """Plain LSP: a message with buttons; what is too long for it is opened as a document."""
        buttons = _buttons(question)
        params = types.ShowMessageRequestParams(
            types.MessageType.Info,
            f"Steward: {question.title}\n\n{await self._text(question)}{_granted(question)}",
            [types.MessageActionItem(title) for title in buttons],
        )
        message_id = uuid.uuid5(uuid.NAMESPACE_OID, question.id).hex
        try:
            pressed = await self._session.protocol.send_request_async(
                types.WINDOW_SHOW_MESSAGE_REQUEST, params, message_id
            )
            if pressed is None:
                self._dismissed.add(question.id)
        except asyncio.CancelledError:
            self._session.protocol.notify(types.CANCEL_REQUEST, types.CancelParams(message_id))
            raise
        finally:
            await asyncio.to_thread(self._preview(question.id).unlink, missing_ok=True)
            self._dismissed.discard(question.id)
        return buttons.get(getattr(pressed, "title", ""))

    async def _text(self, question: OpenQuestion) -> str:
        body = question.body
        if body.count("\n") < SHOWN_LINES_MAX and len(body) < SHOWN_CHARS_MAX:
            return body
        path = self._preview(question.id)
        await asyncio.to_thread(_write_private, path, f"# {question.title}\n\n{body}\n")
        if self._session.can.shows_documents:
            await self._session.protocol.send_request_async(
                types.WINDOW_SHOW_DOCUMENT, types.ShowDocumentParams(path.as_uri())
            )
        return f"Read all of it before you answer: {path}"

    def _preview(self, question_id: str) -> Path:
        return self._rooms.previews / f"{question_id}.md"

    def _tell(self, message: str) -> None:
        params = types.ShowMessageParams(types.MessageType.Warning, f"Steward: {message}")
        self._session.protocol.notify(types.WINDOW_SHOW_MESSAGE, params)


def _buttons(question: OpenQuestion) -> dict[str, Given]:
    """What a message offers: title → what it answers.

    The no comes first: in Emacs a bare Enter takes what is first, and must approve nothing. A
    reason and another plan have no place in a message; `steward.answer` takes them.
    """
    approve, reject = choices(question)
    buttons = {
        reject: Given(is_yes=False, digest=question.digest, reply=NOTHING_MORE),
        approve: Given(is_yes=True, digest=question.digest, reply=NOTHING_MORE),
    }
    if "step_by_step" in question.takes:
        by_step = Reply(is_step_by_step=True)
        buttons["Step by step"] = Given(is_yes=True, digest=question.digest, reply=by_step)
    if "for_run" in question.takes:
        for_run = Reply(is_for_run=True)
        buttons[_FOR_RUN] = Given(is_yes=True, digest=question.digest, reply=for_run)
    return buttons


def _granted(question: OpenQuestion) -> str:
    if "for_run" not in question.takes:
        return ""
    return f"\n\n{_FOR_RUN!r} covers, until the run ends: {question.grant}"


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as stream:
        stream.write(text)
