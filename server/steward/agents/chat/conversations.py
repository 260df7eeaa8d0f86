"""The conversations of one window: what is sent is answered, stopped, shown, and remembered.

An answer is one call of a model (`asking`) or a run (`following`). It belongs to the process whose
lock its row names: where that has died, the next look at it says so, and goes on with a run.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from steward.agents.assignment import Assigned
from steward.agents.chat.applying import Applying
from steward.agents.chat.asking import Asking, Shown, before_run, left_out_before
from steward.agents.chat.checked import check_model, check_sending
from steward.agents.chat.export import as_markdown
from steward.agents.chat.following import follow
from steward.agents.chat.live import Live
from steward.agents.chat.telling import Telling
from steward.agents.definitions.roster import Roster
from steward.agents.runs import Runs
from steward.agents.sent import sent_in
from steward.agents.talk.as_run import chat_run
from steward.agents.talk.log import Message
from steward.agents.talk.message import Begun, Sending
from steward.agents.trace_page import sent_page
from steward.context.agent_context import LeftOut
from steward.core.agent_limits import CHAT_ANSWERS_MAX, CHAT_PRUNED_AT_ONCE
from steward.core.errors import InvalidInputError, NotFoundError, StewardError
from steward.core.principal import Principal
from steward.core.redact import redact
from steward.workspace.land_refs import Landed

_log = logging.getLogger(__name__)

_AGENT = "fix"
_CUT_OFF = "Steward ended while it answered; what had come by then stands here."
_ELSEWHERE = "Another window answers in this conversation; do it there, or wait for the answer."
_BROKE = "Something went wrong inside Steward; the log has the details."
_PRUNED_TURNS_MAX = 4


class Conversations:
    """What the person of this window says to models and agents."""

    def __init__(self, applying: Applying, runs: Runs, roster: Roster, keep: timedelta) -> None:
        self._applying = applying
        self._log = applying.log
        self._owner = applying.owner
        self._runs = runs
        self._roster = roster
        self._keep = keep
        self._asking = Asking(runs.hands)
        self._live: dict[str, Live] = {}
        """Conversation → its answer under way here."""
        self._beginning: set[str] = set()
        """Conversations in which one is about to begin."""
        self._group: asyncio.TaskGroup | None = None

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Inside, answers can come; leaving stops those of models and leaves runs to the next."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                yield
            finally:
                self._group = None
                for live in self._live.values():
                    live.task.cancel()

    async def keep(self, principal: Principal) -> None:
        """End what the dead have left, follow their runs, and remove what is old."""
        await self.recover(principal)
        await self._applying.recover(principal)
        before = self._log.clock.now() - self._keep
        for _ in range(_PRUNED_TURNS_MAX):
            old = await self._log.old(principal, before, CHAT_PRUNED_AT_ONCE)
            if not old:
                return
            await self._log.forget(old)

    async def send(self, principal: Principal, sending: Sending) -> Begun:
        """Say something, and let the answer come.

        Raises:
            InvalidInputError: it is nothing, too much, or cannot be said there now.
            NotFoundError: there is no such conversation, or no such agent for this person here.
            NotPermittedError: the model is none that this person may choose.
        """
        check_sending(sending)
        check_model(self._runs.hands.gateway, principal, sending)
        conversation_id = sending.conversation_id or self._new_id()
        if conversation_id in self._beginning:
            raise InvalidInputError("Something is being asked in this conversation already.")
        under_way = len(self._live.keys() | self._beginning)
        if self._group is None or under_way >= CHAT_ANSWERS_MAX:
            raise InvalidInputError(
                f"{under_way} answers are coming already. Wait for one, or stop one."
            )
        # Before anything is waited for: many that are sent at once would all find room.
        self._beginning.add(conversation_id)
        try:
            return await self._sent(principal, sending, conversation_id)
        finally:
            self._beginning.discard(conversation_id)

    async def _sent(self, principal: Principal, sending: Sending, conversation_id: str) -> Begun:
        if sending.mode != "ask":
            sending = replace(sending, agent_id=sending.agent_id or _AGENT)
            await self._roster.find(principal, sending.agent_id)
        await asyncio.to_thread(self._owner.claim)
        earlier: tuple[Message, ...] = ()
        if sending.conversation_id:
            await self._recover(principal, conversation_id)
            earlier = await self._log.messages(principal, conversation_id)
        return await self._begin(principal, sending, conversation_id, earlier)

    async def _begin(
        self,
        principal: Principal,
        sending: Sending,
        conversation_id: str,
        earlier: tuple[Message, ...],
    ) -> Begun:
        shown = await self._asking.shown(principal, sending, conversation_id)
        said = Message(
            self._new_id(),
            conversation_id,
            number=0,
            author="person",
            text=redact(sending.text),
            at=self._log.clock.now(),
            mode=sending.mode,
            agent=sending.agent_id if sending.mode != "ask" else "",
            model=sending.model,
            attachments=tuple((each.kind, redact(each.title)) for each in sending.attachments),
            mentions=tuple(map(redact, sending.mentions)),
            left_out=shown.left_out,
            shown=shown.blocks,
        )
        begin = self._asked if sending.mode == "ask" else self._started
        left_out, work = await begin(principal, sending, said, earlier, shown)
        said = replace(said, left_out=(*left_out, *said.left_out))
        answer = Message(
            self._new_id(),
            conversation_id,
            number=1,
            author="assistant",
            text="",
            at=said.at,
            mode=said.mode,
            agent=said.agent,
            model=said.model,
            state="answering",
            owner=self._owner.name,
        )
        await self._log.begin(principal, sending, said, answer)
        live = self._let_come(answer, work)
        run_id = "" if sending.mode == "ask" else await asyncio.shield(live.run_id)
        return Begun(conversation_id, said.id, answer.id, run_id)

    async def _asked(
        self,
        principal: Principal,
        sending: Sending,
        said: Message,
        earlier: tuple[Message, ...],
        shown: Shown,
    ) -> tuple[tuple[LeftOut, ...], Callable[[Live], Awaitable[None]]]:
        """One call of a model."""
        prompt = await self._asking.prompt(
            principal, sending.model, said.conversation_id, earlier, shown
        )

        async def work(live: Live) -> None:
            await self._asking.answer(principal, prompt.messages, live.telling, shown.hint)

        return left_out_before(prompt.shortened, prompt.left_out), work

    async def _started(
        self,
        principal: Principal,
        sending: Sending,
        said: Message,
        earlier: tuple[Message, ...],
        shown: Shown,
    ) -> tuple[tuple[LeftOut, ...], Callable[[Live], Awaitable[None]]]:
        """A run of an agent."""
        assert sending.mode != "ask"
        before, gone = await asyncio.to_thread(before_run, earlier)
        assigned = Assigned(
            agent_id=said.agent,
            goal=shown.text,
            place=sending.place,
            mode=sending.mode,
            mentions=sending.mentions,
            model=sending.model,
            blocks=(*before, *shown.blocks),
        )

        async def work(live: Live) -> None:
            try:
                run_id = await self._runs.start(principal, assigned)
            except StewardError as error:
                await live.telling.end("failed", str(error))
                return
            live.begin_run(run_id)
            await self._log.note_run(live.telling.now.id, run_id)
            await follow(self._runs.hands, run_id, live.telling)

        return gone, work

    def _let_come(self, answer: Message, work: Callable[[Live], Awaitable[None]]) -> Live:
        """Begin to answer."""
        if self._group is None:
            raise InvalidInputError("Steward is being closed; nothing was asked.")
        live = Live(Telling(answer, self._log, self._runs.hands.log.events))
        self._live[answer.conversation_id] = live
        live.task = self._group.create_task(self._guarded(answer, live, work))
        return live

    async def _guarded(
        self, answer: Message, live: Live, work: Callable[[Live], Awaitable[None]]
    ) -> None:
        try:
            await work(live)
        except Exception:  # An outer boundary: this answer fails, the others come.
            _log.exception("an answer broke")
            await live.telling.end("failed", _BROKE)
        finally:
            live.begin_run("")  # Whoever waits for a run's id waits for none.
            live.telling.leave()
            self._live.pop(answer.conversation_id, None)

    async def stop(self, principal: Principal, conversation_id: str) -> str:
        """Stop the answer under way; returns its state. What has come of it stays.

        Raises:
            NotFoundError: there is no such conversation of this person here.
            InvalidInputError: another window answers there.
        """
        messages = await self._log.messages(principal, conversation_id)
        if (live := self._live.get(conversation_id)) is not None:
            return await live.stop(lambda run_id: self._runs.cancel(principal, run_id))
        if messages[-1].state == "answering":
            await self.recover(principal)
            messages = await self._log.messages(principal, conversation_id)
        last = messages[-1]
        if last.state == "answering" and last.run_id:
            await self._runs.cancel(principal, last.run_id)
            return "stopped"
        if last.state == "answering":
            raise InvalidInputError(_ELSEWHERE)
        return last.state

    async def latest(self, principal: Principal) -> list[dict[str, object]]:
        """The conversations of this person here, the newest first."""
        return [each.as_told() for each in await self._log.latest(principal)]

    async def show(self, principal: Principal, conversation_id: str) -> dict[str, object]:
        """A conversation as it is now; raises as `stop` does."""
        title = await self._log.title(principal, conversation_id)
        messages = await self._now(principal, conversation_id)
        return {"id": conversation_id, "title": title, "messages": messages}

    async def _now(self, principal: Principal, conversation_id: str) -> list[dict[str, object]]:
        messages = await self._log.messages(principal, conversation_id)
        live = self._live.get(conversation_id)
        is_lost = live is None and any(each.state == "answering" for each in messages)
        if is_lost and conversation_id not in self._beginning:
            await self.recover(principal)
            messages = await self._log.messages(principal, conversation_id)
            live = self._live.get(conversation_id)
        told = [each.as_told() | {"sequence": 0} for each in messages]
        if live is not None and messages and live.telling.now.id == messages[-1].id:
            # What was sent is further on than what was written down.
            told[-1] = live.telling.now.as_told() | {"sequence": live.telling.sequence}
        return told

    async def delete(self, principal: Principal, conversation_id: str) -> None:
        """Remove a conversation; what runs and approved changes did stays. Raises as `stop`."""
        await self.stop(principal, conversation_id)
        await self._log.delete(principal, conversation_id)

    async def export(self, principal: Principal, conversation_id: str) -> str:
        """A conversation as Markdown; raises as `stop` does."""
        title = await self._log.title(principal, conversation_id)
        messages = await self._log.messages(principal, conversation_id)
        return as_markdown(title, principal.user, messages)

    async def apply(
        self, principal: Principal, conversation_id: str, message_id: str, block: int, path: str
    ) -> Landed:
        """Make a code block of an answer a proposal, and land it if the person says yes.

        Raises:
            StewardError: as `Applying.apply`; or there is no such message of this person here.
        """
        answer = await self._log.find(principal, conversation_id, message_id)
        return await self._applying.apply(principal, answer, block, path)

    async def sent(self, principal: Principal, conversation_id: str, message_id: str) -> str:
        """What was sent to models for one answer, as Markdown.

        Raises:
            NotFoundError: there is no such message of this person here.
        """
        messages = await self._log.messages(principal, conversation_id)
        asked = next((each for each in messages if each.id == message_id), None)
        if asked is not None and asked.author == "person":
            asked = next((each for each in messages if each.number == asked.number + 1), None)
        if asked is None:
            raise NotFoundError(f"There is no message {message_id[:64]!r} in this conversation.")
        if asked.run_id:
            return await self._runs.sent(principal, asked.run_id)
        run_id = chat_run(asked.id)
        return sent_page(
            run_id, await self._log.database.read(lambda session: sent_in(session, run_id))
        )

    async def recover(self, principal: Principal) -> None:
        """Say of answers whose process has died that they were cut off; follow their runs on."""
        await self._recover(principal, "")

    async def _recover(self, principal: Principal, sent_in: str) -> None:
        """The same. Of what is sent in the conversation `sent_in` nothing is written down yet."""
        for answer in await self._log.answering(principal):
            conversation_id = answer.conversation_id
            if conversation_id in self._live or conversation_id in self._beginning - {sent_in}:
                continue
            if answer.owner == self._owner.name or await self._adopt(answer):
                self._go_on(answer)
                if not answer.run_id:
                    ended = replace(answer, state="stopped", note=_CUT_OFF)
                    await self._log.end(ended)

    def _go_on(self, answer: Message) -> None:
        if not answer.run_id or self._group is None:
            return

        async def work(live: Live) -> None:
            live.begin_run(answer.run_id)
            await follow(self._runs.hands, answer.run_id, live.telling)

        # What a dead process wrote down of it comes again with the run's last words.
        self._let_come(replace(answer, owner=self._owner.name), work)

    async def _adopt(self, answer: Message) -> bool:
        """Whether the answer's process has died; then it is ours."""
        lock = ExitStack()
        try:
            held = self._owner.if_dead(answer.owner)
            is_dead = await asyncio.to_thread(lock.enter_context, held)
            if is_dead and answer.run_id:
                await asyncio.to_thread(self._owner.claim)
                await self._log.note_owner(answer.id, self._owner.name)
        finally:
            await asyncio.to_thread(lock.close)
        return is_dead

    def _new_id(self) -> str:
        return self._runs.hands.new_id()
