"""What a person says in a conversation, and what is said back. Light: front doors import it."""

from dataclasses import dataclass
from typing import Literal

from steward.permissions.decide import Mode

ChatMode = Literal["ask"] | Mode
"""`ask` is one call of a model, which sees what was pointed at and does nothing; the others are a
run of an agent in that mode."""

Kind = Literal["selection", "diagnostics", "terminal"]
"""What was handed along."""

Author = Literal["person", "assistant"]

State = Literal["answering", "finished", "failed", "stopped"]
"""Of an answer; what a person says is finished when it is said."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """Something that a person hands along."""

    kind: Kind
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Sending:
    """What a person sends."""

    text: str
    mode: ChatMode = "ask"
    conversation_id: str = ""
    """Empty begins a new one."""
    agent_id: str = ""
    """Whose run it is; empty for the agent that is asked where nobody says which."""
    model: str = ""
    """`provider/model`; empty leaves the choice to the settings."""
    mentions: tuple[str, ...] = ()
    """What was pointed at: `path`, `path:first-last`, `#symbol`."""
    attachments: tuple[Attachment, ...] = ()
    place: str = ""
    """Where the cursor is, as `path:line`; empty where nowhere in particular."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What came of sending."""

    conversation_id: str
    message_id: str
    answer_id: str
    run_id: str
    """Empty where no run was begun."""
