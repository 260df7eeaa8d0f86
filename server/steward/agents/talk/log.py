"""How conversations are kept: each belongs to one person in one workspace.

Everything that is written down has its secrets taken out first. What was said does not change; an
answer grows until it has ended.
"""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, cast

from pydantic import TypeAdapter
from sqlalchemy import delete, update
from sqlmodel import Session, col, func, select

from steward.agents.tables import SentCallRow, SentTextRow
from steward.agents.talk.as_run import chat_run
from steward.agents.talk.message import Author, ChatMode, Sending, State
from steward.agents.talk.tables import ChatMessageRow, ConversationRow
from steward.context.agent_context import LeftOut
from steward.context.block import Block
from steward.core.agent_limits import CHAT_LISTED_MAX, CHAT_MESSAGES_MAX, CHAT_TITLE_CHARS_MAX
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import InvalidInputError, NotFoundError
from steward.core.money import as_usd
from steward.core.principal import Principal
from steward.core.redact import redact


@dataclass(frozen=True, slots=True)
class Message:
    """Something that was said."""

    id: str
    conversation_id: str
    number: int
    author: Author
    text: str
    at: datetime
    mode: ChatMode
    agent: str = ""
    model: str = ""
    state: State = "finished"
    note: str = ""
    run_id: str = ""
    cost_nano_usd: int = 0
    owner: str = ""
    attachments: tuple[tuple[str, str], ...] = ()
    """Of each its kind and title."""
    mentions: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    shown: tuple[Block, ...] = ()
    """What went along with it."""

    @property
    def cost(self) -> str:
        """What it cost, for people; empty where it cost nothing yet."""
        return as_usd(self.cost_nano_usd) if self.cost_nano_usd else ""

    def as_told(self) -> dict[str, object]:
        """For a client."""
        return {
            "id": self.id,
            "author": self.author,
            "text": self.text,
            "at": self.at.isoformat(),
            "mode": self.mode,
            "agent": self.agent,
            "model": self.model,
            "state": self.state,
            "note": self.note,
            "runId": self.run_id,
            "cost": self.cost,
            "attachments": [{"kind": kind, "title": title} for kind, title in self.attachments],
            "mentions": list(self.mentions),
            "leftOut": [asdict(each) for each in self.left_out],
        }


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as a list shows it."""

    id: str
    title: str
    updated_at: datetime
    messages: int
    is_answering: bool

    def as_told(self) -> dict[str, object]:
        """For a client."""
        return {
            "id": self.id,
            "title": self.title,
            "updatedAt": self.updated_at.isoformat(),
            "messages": self.messages,
            "isAnswering": self.is_answering,
        }


@dataclass(frozen=True, slots=True)
class ChatLog:
    """Writes down what is said, and reads it."""

    database: Database
    clock: Clock

    async def begin(
        self, principal: Principal, sending: Sending, said: Message, answer: Message
    ) -> None:
        """Write down what the person says, and the answer that is to come.

        Raises:
            NotFoundError: there is no such conversation of this person here.
            InvalidInputError: something answers there already, or it is full.
        """

        def work(session: Session) -> None:
            if sending.conversation_id:
                conversation = conversation_of(session, principal, sending.conversation_id)
                number = _next_number(session, conversation.id)
            else:
                conversation = _new_conversation(principal, said)
                number = 0
            conversation.updated_at = said.at
            session.add(conversation)
            for offset, message in enumerate((said, answer)):
                session.add(_row(principal, replace(message, number=number + offset)))

        await self.database.run(work)

    async def messages(self, principal: Principal, conversation_id: str) -> tuple[Message, ...]:
        """All that was said in a conversation, in order.

        Raises:
            NotFoundError: there is no such conversation of this person here.
        """

        def work(session: Session) -> tuple[Message, ...]:
            conversation_of(session, principal, conversation_id)
            rows = session.exec(
                select(ChatMessageRow)
                .where(ChatMessageRow.conversation_id == conversation_id)
                .order_by(col(ChatMessageRow.number))
            )
            return tuple(map(message_from, rows))

        return await self.database.read(work)

    async def find(self, principal: Principal, conversation_id: str, message_id: str) -> Message:
        """One message.

        Raises:
            NotFoundError: there is none.
        """
        for message in await self.messages(principal, conversation_id):
            if message.id == message_id:
                return message
        raise NotFoundError(f"There is no message {message_id!r} in this conversation.")

    async def title(self, principal: Principal, conversation_id: str) -> str:
        """What a conversation is called; raises as `messages` does."""
        return await self.database.read(
            lambda session: conversation_of(session, principal, conversation_id).title
        )

    async def latest(self, principal: Principal) -> tuple[Conversation, ...]:
        """The person's conversations here, the one that changed last first."""

        def work(session: Session) -> tuple[Conversation, ...]:
            count, answering = func.count(), func.sum(col(ChatMessageRow.state) == "answering")
            rows = session.exec(
                select(ConversationRow, count, answering)
                .join(ChatMessageRow, col(ChatMessageRow.conversation_id) == ConversationRow.id)
                .where(*_own(principal))
                .group_by(col(ConversationRow.id))
                .order_by(col(ConversationRow.updated_at).desc())
                .limit(CHAT_LISTED_MAX)
            )
            return tuple(
                Conversation(row.id, row.title, row.updated_at, messages, bool(open_ones))
                for row, messages, open_ones in rows
            )

        return await self.database.read(work)

    async def delete(self, principal: Principal, conversation_id: str) -> None:
        """Remove a conversation, with what was sent to models in it.

        What an approved change or a run did stays, as do the books.
        """

        def work(session: Session) -> None:
            remove(session, (conversation_of(session, principal, conversation_id).id,))

        await self.database.run(work)

    async def note_run(self, message_id: str, run_id: str) -> None:
        """Name the run that answers."""
        await self._change(message_id, run_id=run_id)

    async def note_owner(self, message_id: str, owner: str) -> None:
        """Name who lands a change from this answer, or goes on with it."""
        statement = update(ChatMessageRow).where(col(ChatMessageRow.id) == message_id)
        await self.database.run(
            lambda session: session.connection().execute(statement.values(owner=owner))
        )

    def keep_text_soon(self, message_id: str, text: str) -> None:
        """Write down what has come of an answer so far; nobody waits for it."""
        kept = self.database.hand_in(lambda session: _grow(session, message_id, text))
        # What cannot be written now is written with the next piece, or at the end.
        kept.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def end(self, message: Message) -> None:
        """Write down how an answer ended; one that had ended stays as it is."""

        def work(session: Session) -> None:
            text, now = redact(message.text), self.clock.now()
            done = session.connection().execute(
                update(ChatMessageRow)
                .where(
                    col(ChatMessageRow.id) == message.id, col(ChatMessageRow.state) == "answering"
                )
                .values(
                    text=text,
                    model=message.model,
                    state=message.state,
                    note=redact(message.note),
                    cost_nano_usd=message.cost_nano_usd,
                )
            )
            if done.rowcount:
                session.connection().execute(
                    update(ConversationRow)
                    .where(col(ConversationRow.id) == message.conversation_id)
                    .values(updated_at=now)
                )

        await self.database.run(work)

    async def answering(self, principal: Principal) -> tuple[Message, ...]:
        """The person's answers here that have not ended."""

        def work(session: Session) -> tuple[Message, ...]:
            rows = session.exec(
                select(ChatMessageRow)
                .join(ConversationRow, col(ConversationRow.id) == ChatMessageRow.conversation_id)
                .where(ChatMessageRow.state == "answering", *_own(principal))
            )
            return tuple(map(message_from, rows))

        return await self.database.read(work)

    async def old(self, principal: Principal, before: datetime, limit: int) -> tuple[str, ...]:
        """Some conversations of the person here in which nothing was said since then."""

        def work(session: Session) -> tuple[str, ...]:
            rows = session.exec(
                select(ConversationRow.id)
                .where(*_own(principal), col(ConversationRow.updated_at) < before)
                .order_by(col(ConversationRow.updated_at))
                .limit(limit)
            )
            return tuple(rows)

        return await self.database.read(work)

    async def forget(self, conversation_ids: tuple[str, ...]) -> None:
        """Remove conversations for their age."""
        await self.database.run(lambda session: remove(session, conversation_ids))

    async def _change(self, message_id: str, **values: str) -> None:
        statement = update(ChatMessageRow).where(
            col(ChatMessageRow.id) == message_id, col(ChatMessageRow.state) == "answering"
        )
        await self.database.run(
            lambda session: session.connection().execute(statement.values(**values))
        )


def conversation_of(
    session: Session, principal: Principal, conversation_id: str
) -> ConversationRow:
    """A conversation of this person here.

    Raises:
        NotFoundError: there is none.
    """
    found = session.exec(
        select(ConversationRow).where(ConversationRow.id == conversation_id, *_own(principal))
    ).first()
    if found is None:
        raise NotFoundError(
            f"There is no conversation {conversation_id[:64]!r} here; it may have been deleted."
        )
    return found


def message_from(row: ChatMessageRow) -> Message:
    """A row as what was said."""
    values: dict[str, Any] = row.model_dump(exclude={"tenant_id"})
    for name in ("attachments", "mentions", "left_out", "shown"):
        values[name] = json.loads(values[name])
    return _MESSAGE.validate_python(values)


def remove(session: Session, conversation_ids: tuple[str, ...]) -> None:
    """A unit of work: conversations are gone, with all that was kept of them."""
    ids = session.exec(
        select(ChatMessageRow.id).where(col(ChatMessageRow.conversation_id).in_(conversation_ids))
    ).all()
    runs = [chat_run(each) for each in ids]
    connection = session.connection()
    for table in (SentCallRow, SentTextRow):
        connection.execute(delete(table).where(col(table.run_id).in_(runs)))
    connection.execute(
        delete(ChatMessageRow).where(col(ChatMessageRow.conversation_id).in_(conversation_ids))
    )
    connection.execute(delete(ConversationRow).where(col(ConversationRow.id).in_(conversation_ids)))


_MESSAGE = TypeAdapter(Message)


def _own(principal: Principal) -> tuple[Any, ...]:
    return (
        ConversationRow.tenant_id == principal.tenant_id,
        ConversationRow.user == principal.user,
        ConversationRow.workspace == principal.workspace,
    )


def _new_conversation(principal: Principal, said: Message) -> ConversationRow:
    title = " ".join(redact(said.text).split())
    if len(title) > CHAT_TITLE_CHARS_MAX:
        title = f"{title[: CHAT_TITLE_CHARS_MAX - 1]}…"
    return ConversationRow(
        id=said.conversation_id,
        tenant_id=principal.tenant_id,
        user=principal.user,
        workspace=principal.workspace,
        title=title,
        created_at=said.at,
        updated_at=said.at,
    )


def _next_number(session: Session, conversation_id: str) -> int:
    rows = session.exec(
        select(ChatMessageRow.number, ChatMessageRow.state)
        .where(ChatMessageRow.conversation_id == conversation_id)
        .order_by(col(ChatMessageRow.number))
    ).all()
    if any(state == "answering" for _, state in rows):
        raise InvalidInputError(
            "Something is being answered in this conversation. Wait for it, or stop it first."
        )
    if len(rows) >= CHAT_MESSAGES_MAX:
        raise InvalidInputError(
            f"This conversation holds {CHAT_MESSAGES_MAX} messages, which is all that one may."
            " Begin another one."
        )
    return rows[-1][0] + 1 if rows else 0


def _row(principal: Principal, message: Message) -> ChatMessageRow:
    values = cast("dict[str, Any]", _MESSAGE.dump_python(message, mode="python"))
    for name in ("attachments", "mentions", "left_out", "shown"):
        # As ASCII: what an editor sends may hold halves of characters, which no database takes.
        values[name] = json.dumps(values[name])
    return ChatMessageRow(tenant_id=principal.tenant_id, **values)


def _grow(session: Session, message_id: str, text: str) -> None:
    session.connection().execute(
        update(ChatMessageRow)
        .where(col(ChatMessageRow.id) == message_id, col(ChatMessageRow.state) == "answering")
        .values(text=redact(text))
    )
