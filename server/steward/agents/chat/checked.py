"""What may be sent in a conversation: within bounds, and to a model that may be chosen."""

from steward.agents.talk.message import Sending
from steward.core.agent_limits import (
    CHAT_ATTACHMENT_CHARS_MAX,
    CHAT_ATTACHMENTS_MAX,
    CHAT_TEXT_CHARS_MAX,
    CHAT_TITLE_CHARS_MAX,
    MENTION_CHARS_MAX,
    MENTIONS_MAX,
)
from steward.core.errors import InvalidInputError, NotPermittedError
from steward.core.principal import Principal
from steward.gateway.gateway import Gateway
from steward.gateway.request import Purpose

_NAMED_MAX = 20


def check_sending(sending: Sending) -> None:
    """Refuse what is nothing, or more than we take.

    Raises:
        InvalidInputError: says what, and how much may be sent.
    """
    if not sending.text.strip() or len(sending.text) > CHAT_TEXT_CHARS_MAX:
        raise InvalidInputError(
            f"Say something, in at most {CHAT_TEXT_CHARS_MAX} characters; longer texts go along as"
            " an attachment, or in a file that you point at."
        )
    if len(sending.mentions) > MENTIONS_MAX or any(
        len(each) > MENTION_CHARS_MAX for each in sending.mentions
    ):
        raise InvalidInputError(f"Point at {MENTIONS_MAX} things at most, each by its short name.")
    if len(sending.attachments) > CHAT_ATTACHMENTS_MAX:
        raise InvalidInputError(f"Hand along {CHAT_ATTACHMENTS_MAX} attachments at most.")
    for each in sending.attachments:
        if len(each.text) > CHAT_ATTACHMENT_CHARS_MAX or len(each.title) > CHAT_TITLE_CHARS_MAX:
            raise InvalidInputError(
                f"An attachment may have {CHAT_ATTACHMENT_CHARS_MAX} characters, and a title of"
                f" {CHAT_TITLE_CHARS_MAX}; this one has {len(each.text)} and {len(each.title)}."
                " Select less of it."
            )


def check_model(gateway: Gateway, principal: Principal, sending: Sending) -> None:
    """Refuse a model that this person cannot choose for what is sent.

    Raises:
        NotPermittedError: says which ones they can.
    """
    if not sending.model:
        return
    tasks: tuple[Purpose, ...] = ("chat",) if sending.mode == "ask" else ("plan", "agent")
    there = [model.id for model in gateway.models(principal, *tasks) if "chat" in model.abilities]
    if sending.model in there:
        return
    named = ", ".join(there[:_NAMED_MAX]) + (" …" if len(there) > _NAMED_MAX else "")
    raise NotPermittedError(
        f"The model {sending.model[:100]!r} cannot be chosen here; nothing was sent. These can:"
        f" {named or 'none'}."
    )
