"""Conversations with models and agents, for any client; an answer comes as `steward/chat`.

Who cannot take that notification reads `steward.chat.show` as often as they like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, get_args

from steward.agents.talk.message import Attachment, Kind, Sending
from steward.core.errors import InvalidInputError
from steward.lsp.features.commands import mentions_of, place_of
from steward.lsp.status import status
from steward.permissions.decide import MODES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steward.agents.chat.conversations import Conversations
    from steward.lsp.rooms import Rooms
    from steward.lsp.session import Session

_KINDS = frozenset(get_args(Kind))
_ASK = {
    "id": "ask",
    "title": "Ask",
    "detail": "The model answers. It sees what you point at, and changes nothing.",
}
_RUNS = {
    "analysis_only": ("Analyse", "The agent reads the workspace, and changes and runs nothing."),
    "dry_run": ("Dry run", "The agent writes down what it would do, and does nothing."),
    "step": ("Step by step", "The agent asks about each step before it takes it."),
    "normal": ("Work", "The agent works by a plan that you approve; each change is asked about."),
}


async def choices(_session: Session, rooms: Rooms, _arguments: Mapping[str, Any]) -> object:
    """Whom and how one can ask: → `{agents, models, modes, isUnavailable}`.

    `agents: [{id, name, description, mode}]`, `models: [{id, name, isDefault}]`, `modes: [{id,
    title, detail}]`. The mode `ask` is answered by a model; the others are a run of the chosen
    agent. `isUnavailable` says why there is no AI now, or is empty.
    """
    principal, gateway = rooms.principal, rooms.gateway
    listed = await rooms.roster.list(principal)
    agents = [each.agent for each in listed if each.counts and each.agent is not None]
    why_off = gateway.unavailable_reason(principal, "chat")
    default = None if why_off else gateway.model_for(principal, "chat").id
    return {
        "agents": [
            {
                "id": agent.agent_id,
                "name": agent.name,
                "description": agent.description,
                "mode": agent.mode,
            }
            for agent in agents
        ],
        "models": [
            {"id": model.id, "name": model.name, "isDefault": model.id == default}
            for model in gateway.models(principal, "chat")
            if "chat" in model.abilities
        ],
        "modes": [
            _ASK,
            *(
                {"id": mode, "title": title, "detail": detail}
                for mode, (title, detail) in _RUNS.items()
            ),
        ],
        "isUnavailable": why_off or (await status(rooms))["reason"] or "",
    }


async def send(session: Session, rooms: Rooms, arguments: Mapping[str, Any]) -> object:
    """Say something: → `{conversationId, messageId, answerId, runId}`; the answer comes later.

    `{conversationId?, text, mode, agent?, model?, mentions?: ["path", "path:10-20", "#symbol"],
    attachments?: [{kind: "selection"|"diagnostics"|"terminal", title, text}], uri?, range?}`. One
    answer comes at a time in a conversation; without `conversationId` a new one begins.
    """
    mode = _text(arguments, "mode", "ask")
    if mode != "ask" and mode not in MODES:
        known = ", ".join(f'"{one}"' for one in ("ask", *sorted(MODES)))
        raise InvalidInputError(f"`mode` is one of {known}, not {mode[:60]!r}.")
    sending = Sending(
        text=_text(arguments, "text"),
        mode=mode,
        conversation_id=_text(arguments, "conversationId", ""),
        agent_id=_text(arguments, "agent", ""),
        model=_text(arguments, "model", ""),
        mentions=tuple(
            dict.fromkeys((*_texts(arguments, "mentions"), *mentions_of(session, arguments)))
        ),
        attachments=_attachments(arguments),
        place=place_of(session, arguments),
    )
    begun = await _conversations(rooms).send(rooms.principal, sending)
    return {
        "conversationId": begun.conversation_id,
        "messageId": begun.message_id,
        "answerId": begun.answer_id,
        "runId": begun.run_id,
    }


async def stop(_session: Session, rooms: Rooms, arguments: Mapping[str, Any]) -> object:
    """Stop the answer under way: `{conversationId}` → `{state}`; what has come of it stays."""
    conversation_id = _text(arguments, "conversationId")
    return {"state": await _conversations(rooms).stop(rooms.principal, conversation_id)}


async def list_conversations(
    _session: Session, rooms: Rooms, _arguments: Mapping[str, Any]
) -> object:
    """Your conversations here: `[{id, title, updatedAt, messages, isAnswering}]`, newest first."""
    return await _conversations(rooms).latest(rooms.principal)


async def show(_session: Session, rooms: Rooms, arguments: Mapping[str, Any]) -> object:
    """A conversation as it is now: `{conversationId}` → `{id, title, messages}`.

    Of each message `{id, author, text, at, mode, agent, model, state, note, runId, cost,
    attachments: [{kind, title}], mentions, leftOut: [{what, why}], sequence}`. The state is
    `answering`, `finished`, `failed` or `stopped`; `sequence` is that of the last `steward/chat`
    whose text is in it.
    """
    conversation_id = _text(arguments, "conversationId")
    return await _conversations(rooms).show(rooms.principal, conversation_id)


async def delete(_session: Session, rooms: Rooms, arguments: Mapping[str, Any]) -> object:
    """Delete a conversation: `{conversationId}` → `{}`; what runs and changes did stays."""
    await _conversations(rooms).delete(rooms.principal, _text(arguments, "conversationId"))
    return {}


async def export(_session: Session, rooms: Rooms, arguments: Mapping[str, Any]) -> object:
    """A conversation as Markdown, with who, when and cost: `{conversationId}` → `{markdown}`."""
    conversation_id = _text(arguments, "conversationId")
    return {"markdown": await _conversations(rooms).export(rooms.principal, conversation_id)}


async def sent(_session: Session, rooms: Rooms, arguments: Mapping[str, Any]) -> object:
    """What was sent to models for an answer: `{conversationId, messageId}` → `{markdown}`."""
    conversation_id, message_id = _text(arguments, "conversationId"), _text(arguments, "messageId")
    said = await _conversations(rooms).sent(rooms.principal, conversation_id, message_id)
    return {"markdown": said}


async def apply(session: Session, rooms: Rooms, arguments: Mapping[str, Any]) -> object:
    """Propose a code block of an answer: `{conversationId, messageId, block, uri?}`.

    Blocks are counted from nought. A diff is applied as one; a new file that the block names is
    created; whole definitions take the place of those of the same name, in the file that the block
    names or else in that of `uri`. Where no place is certain, it is refused in words. Shown and
    asked about like any proposal → `{state, outcome}`.
    """
    conversation_id, message_id = _text(arguments, "conversationId"), _text(arguments, "messageId")
    block, uri = arguments.get("block"), _text(arguments, "uri", "")
    if type(block) is not int:
        raise InvalidInputError("`block` must be the number of a code block, from nought.")
    place = session.workspace_path(uri) if uri else None
    landed = await _conversations(rooms).apply(
        rooms.principal, conversation_id, message_id, block, "" if place is None else str(place)
    )
    return {"state": landed.state, "outcome": landed.outcome}


def _conversations(rooms: Rooms) -> Conversations:
    if rooms.conversations is None:
        raise InvalidInputError("Open a folder first; a conversation belongs to a workspace.")
    return rooms.conversations


def _attachments(arguments: Mapping[str, Any]) -> tuple[Attachment, ...]:
    given: object = arguments.get("attachments") or []
    if not isinstance(given, list):
        raise InvalidInputError("`attachments` must be a list.")
    found: list[Attachment] = []
    for each in cast("list[object]", given):
        if not isinstance(each, dict):
            raise InvalidInputError("Each of the `attachments` is an object.")
        one = cast("dict[str, Any]", each)
        kind = _text(one, "kind")
        if kind not in _KINDS:
            raise InvalidInputError(
                f"`kind` is one of {', '.join(sorted(_KINDS))}, not {kind[:60]!r}."
            )
        found.append(Attachment(cast("Kind", kind), _text(one, "title", ""), _text(one, "text")))
    return tuple(found)


def _texts(arguments: Mapping[str, Any], name: str) -> tuple[str, ...]:
    given: object = arguments.get(name) or []
    if not isinstance(given, list) or not all(
        isinstance(each, str) for each in cast("list[object]", given)
    ):
        raise InvalidInputError(f"`{name}` must be a list of texts.")
    return tuple(cast("list[str]", given))


def _text(arguments: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = arguments.get(name, default)
    if not isinstance(value, str):
        raise InvalidInputError(f"`{name}` must be given as text.")
    return value
