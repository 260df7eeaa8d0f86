"""What stands in a run's place where a model's call, or a change, belongs to an answer."""

from sqlmodel import Session, select

from steward.agents.tables import RunRow
from steward.agents.talk.tables import ChatMessageRow, ConversationRow

_PREFIX = "chat:"


def chat_run(message_id: str) -> str:
    """What stands for the run where a model's call, or a proposal, belongs to an answer."""
    return f"{_PREFIX}{message_id}"


def message_of_run(run_id: str) -> str:
    """The answer that such an id stands for; empty where it is the id of a run."""
    return run_id.removeprefix(_PREFIX) if run_id.startswith(_PREFIX) else ""


def answer_as_run(session: Session, run_id: str) -> RunRow | None:
    """What stands in a run's place where a change came from an answer; None for any other id.

    It is no row and is not kept.
    """
    message_id = message_of_run(run_id)
    answer = session.get(ChatMessageRow, message_id) if message_id else None
    conversation = answer and session.get(ConversationRow, answer.conversation_id)
    if answer is None or conversation is None:
        return None
    asked = session.exec(
        select(ChatMessageRow.text).where(
            ChatMessageRow.conversation_id == conversation.id,
            ChatMessageRow.number == answer.number - 1,
        )
    ).first()
    return RunRow(
        id=run_id,
        tenant_id=conversation.tenant_id,
        user=conversation.user,
        session="",
        workspace=conversation.workspace,
        agent_id="",
        goal=asked or conversation.title,
        place="",
        mode=answer.mode,
        state="finished",
        owner="",
        created_at=answer.at,
    )
