"""An answer by one call of a model: it sees what it is shown, and does nothing."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypedDict

from steward.agents.chat.telling import Telling
from steward.agents.talk.as_run import chat_run
from steward.agents.talk.log import Message
from steward.agents.talk.message import Attachment, Sending
from steward.agents.work import Hands
from steward.context.agent_context import START_TOKENS_MAX, AgentContext, LeftOut, Wanted
from steward.context.block import Block, Frame
from steward.context.chat_prompt import ChatPrompt, Said, chat_prompt, said_before
from steward.context.room import room_for
from steward.context.tokens import count, cut_after
from steward.core.agent_limits import (
    CHAT_ATTACHED_TOKENS_MAX,
    CHAT_EARLIER_TOKENS_MAX,
    CHAT_TO_RUN_TOKENS_MAX,
)
from steward.core.errors import StewardError
from steward.core.origin import Origin
from steward.core.principal import Principal
from steward.gateway.call.answer import Answer
from steward.gateway.request import Hint, Message as Prompt, ModelRequest
from steward.workspace.lines import split_lines

_ORIGINS: dict[str, Origin] = {
    "selection": "editor",
    "diagnostics": "editor",
    "terminal": "command",
}
_NAMED = {
    "selection": "what I selected",
    "diagnostics": "what the editor reports",
    "terminal": "output of a terminal",
}
_STEP = "answer"
_ROOM_PART = 2
"""The part of the room that the conversation before may take; what is new has the rest."""


_NOTHING = "The model answered nothing. Ask again, or choose another model."


class _Took(TypedDict):
    cost: int
    model: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What goes along with what a person says."""

    text: str
    """Without secrets."""
    blocks: tuple[Block, ...]
    left_out: tuple[LeftOut, ...]
    hint: Hint | None = None
    """Which model would do, as an extension said."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Puts questions to a model."""

    hands: Hands

    async def shown(self, principal: Principal, sending: Sending, conversation_id: str) -> Shown:
        """What the person points at and hands along, as a model may see it."""
        hide = await self.hands.invoker.placeholders.of_run(conversation_id)
        attached = await asyncio.to_thread(
            lambda: _attached(
                tuple(
                    replace(each, title=hide(each.title), text=hide(each.text))
                    for each in sending.attachments
                )
            )
        )
        wanted = Wanted(sending.text, sending.place, sending.mentions)
        room = min(START_TOKENS_MAX, self.room(principal, sending.model) // 4)
        context = (
            await self.hands.context.gather(wanted, hide, room, is_pointed_at=True)
            if sending.mode == "ask"
            else AgentContext(await asyncio.to_thread(hide, sending.text))
        )
        context = replace(
            context,
            blocks=(*context.blocks, *attached.blocks),
            left_out=(*context.left_out, *attached.left_out),
        )
        if sending.mode == "ask":
            # Of a run, stages look at what it gathers.
            context = await self.hands.context.finish(context, "chat", hide)
        return Shown(context.goal, context.blocks, context.left_out, context.hint)

    async def prompt(
        self,
        principal: Principal,
        model: str,
        conversation_id: str,
        earlier: Sequence[Message],
        now: Shown,
    ) -> ChatPrompt:
        """What the model is asked, with as much of the conversation as there is room for."""
        frame = Frame.of_run(conversation_id)
        room = min(CHAT_EARLIER_TOKENS_MAX, self.room(principal, model) // _ROOM_PART)
        said = Said(now.text, now.blocks)
        return await asyncio.to_thread(chat_prompt, frame, exchanges(earlier), said, room)

    async def answer(
        self,
        principal: Principal,
        prompt: Sequence[Prompt],
        telling: Telling,
        hint: Hint | None = None,
    ) -> None:
        """Ask, and tell what comes; ends the answer, also where this is cancelled.

        Only cancellation is raised.
        """
        answer = telling.now
        run_id = chat_run(answer.id)
        request = ModelRequest(
            request_id=self.hands.new_id(),
            task="chat",
            messages=tuple(prompt),
            output_tokens_max=self.hands.output_tokens_max,
            run_id=run_id,
            model=answer.model or None,
            hint=hint,
        )
        came: Answer | None = None
        try:
            async with self.hands.gateway.call(principal, request) as came:
                model = came.trail.model
                # Before anything comes: what cannot be written down is not asked.
                await self.hands.sent.keep_apart(
                    run_id, principal.tenant_id, _STEP, model, request.messages
                )
                async for piece in came:
                    telling.add(piece)
        except asyncio.CancelledError:
            await telling.end("stopped", telling.why_stopped, **_took(came))
            raise
        except StewardError as error:
            await telling.end("failed", str(error), **_took(came))
        else:
            telling.settle()
            if telling.text.strip():
                await telling.end("finished", _note(came), **_took(came))
            else:
                await telling.end("failed", _NOTHING, **_took(came))

    def room(self, principal: Principal, model: str) -> int:
        """The tokens that may be sent to the model that will be asked."""
        gateway, window = self.hands.gateway, None
        with suppress(StewardError):  # The call itself will say why there is no model.
            window = (
                next(m.input_tokens_max for m in gateway.models(principal) if m.id == model)
                if model
                else gateway.model_for(principal, "chat").input_tokens_max
            )
        return room_for(window, self.hands.output_tokens_max)


def exchanges(messages: Sequence[Message]) -> list[Said]:
    """What was said before, each question with its answer."""
    answers = {each.number - 1: each.text for each in messages if each.author == "assistant"}
    return [
        Said(each.text, each.shown, answers.get(each.number, "").strip())
        for each in messages
        if each.author == "person"
    ]


def before_run(earlier: Sequence[Message]) -> tuple[tuple[Block, ...], tuple[LeftOut, ...]]:
    """The conversation before as data for an agent: the newest of it. Counts: on a thread."""
    said = exchanges(earlier)
    kept: list[Said] = []
    room = CHAT_TO_RUN_TOKENS_MAX
    for each in reversed(said):
        room -= count(said_before([each]))
        if room < 0:
            break
        kept.insert(0, each)
    gone = left_out_before(0, len(said) - len(kept))
    if not kept:
        return (), gone
    # Of an agent: it may hold words of strangers and private things, and nobody can tell any more.
    return (Block("agent", "our conversation before this", said_before(kept)),), gone


def left_out_before(shortened: int, left_out: int) -> tuple[LeftOut, ...]:
    """What of the conversation before is not shown, in words."""
    gone: list[LeftOut] = []
    if left_out:
        what = "1 earlier question" if left_out == 1 else f"{left_out} earlier questions"
        gone.append(LeftOut(what, "there is no room for all of the conversation"))
    if shortened:
        times = "1 earlier question" if shortened == 1 else f"{shortened} earlier questions"
        gone.append(LeftOut(f"what went along with {times}", "there is no room for it any more"))
    return tuple(gone)


def _attached(attachments: Sequence[Attachment]) -> AgentContext:
    """The attachments as blocks, cut to their room. Counts: on a thread."""
    blocks: list[Block] = []
    left_out: list[LeftOut] = []
    room = CHAT_ATTACHED_TOKENS_MAX
    for each in attachments:
        text = cut_after(each.text, room) if room > 0 else ""
        title = f"{_NAMED[each.kind]}: {each.title}" if each.title else _NAMED[each.kind]
        if text != each.text:
            gone = len(split_lines(each.text)) - len(split_lines(text))
            left_out.append(LeftOut(title, f"no room for {gone or 'a part'} of its lines"))
        if text.strip():
            blocks.append(Block(_ORIGINS[each.kind], title, text))
            room -= count(text)
    return AgentContext(blocks=tuple(blocks), left_out=tuple(left_out))


def _took(came: Answer | None) -> _Took:
    """What a call has taken, once its block has been left."""
    if came is None:
        return {"cost": 0, "model": ""}
    return {"cost": came.cost_nano_usd, "model": came.trail.model}


def _note(came: Answer) -> str:
    notes = list(came.trail.notes())
    if came.finish_reason == "length":
        notes.append("the answer is cut off: it came to the most that one may have")
    text = "; ".join(notes)
    return f"{text[:1].upper()}{text[1:]}." if text else ""
