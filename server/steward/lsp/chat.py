"""Answers in conversations, as they come, for editors that show them."""

from steward.core.events import ChatChanged
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session


async def keep_chat(session: Session, rooms: Rooms) -> None:
    """Send `steward/chat` for each piece, until cancelled; who misses one asks for all."""
    if not session.can.shows_chat:
        return
    with rooms.events.watch() as events:
        async for event in events:
            if isinstance(event, ChatChanged):
                session.protocol.notify(
                    "steward/chat",
                    {
                        "conversationId": event.conversation_id,
                        "messageId": event.message_id,
                        "sequence": event.sequence,
                        "add": event.add,
                        "state": event.state,
                        "note": event.note,
                        "runId": event.run_id,
                        "step": event.step,
                        "cost": event.cost,
                    },
                )
