"""The rows of runs, of their finished steps, and of what left for a model in them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import BigInteger, Field, SQLModel


def _text_since() -> Any:
    """A column that older rows have empty."""
    return Field(default="", sa_column_kwargs={"server_default": ""})


def _number_since(default: int) -> Any:
    """A column in which older rows have the default."""
    return Field(
        default=default, sa_type=BigInteger, sa_column_kwargs={"server_default": str(default)}
    )


class RunRow(SQLModel, table=True):
    """One run of an agent."""

    __tablename__ = "run"  # pyright: ignore[reportAssignmentType]  SQLModel types it badly.
    __table_args__ = (
        Index("ix_run_workspace", "tenant_id", "workspace", "state"),
        Index("ix_run_newest", "tenant_id", "created_at"),
        Index("ix_run_person", "tenant_id", "user", "created_at", "id"),
    )

    id: str = Field(primary_key=True)
    tenant_id: str
    user: str
    session: str
    workspace: str
    agent_id: str
    goal: str
    place: str
    """Where it was started, as `path:line`."""
    mode: str
    state: str
    """planning, waiting, working, finished, failed or cancelled."""
    owner: str
    """The executor whose lock says whether somebody still works on it."""
    message: str = ""
    created_at: datetime
    ended_at: datetime | None = None
    agent_name: str = _text_since()
    source: str = _text_since()
    """Where the agent's definition stands: shipped, stored or workspace."""
    specification: str = _text_since()
    """JSON: what the durable engine was, or is to be, given."""
    attempt: int = _number_since(1)
    """How often it was begun: one more each time it is resumed after its end."""
    capped: str = _text_since()
    """Which limit ended it; empty where none did."""
    cancel_asked_at: datetime | None = None
    cancel_asked_by: str = _text_since()
    resume_asked_at: datetime | None = None
    """Kept until the engine has the run again, so that a kill in between loses nothing."""
    raised: str = _text_since()
    """JSON: the limits that a person raised when they resumed it."""
    input_tokens: int = _number_since(0)
    output_tokens: int = _number_since(0)
    cost_nano_usd: int = _number_since(0)
    """With the two before it: what its model calls took, as booked at its end."""
    pruned_at: datetime | None = None
    """When its steps, its journal and what was sent in it were removed."""
    context: str = _text_since()
    """JSON: what its conversation takes of its room, as it is asked now; see `context.meter`."""


class RunStepRow(SQLModel, table=True):
    """One finished step, for people; the engine's own journal is what replay reads."""

    __tablename__ = "run_step"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("run_id", "attempt", "name", name="uq_run_step_place"),)

    id: int | None = Field(default=None, primary_key=True)
    tenant_id: str
    run_id: str
    name: str
    title: str
    ok: bool
    detail: str
    at: datetime
    """When it ended."""
    attempt: int = _number_since(1)
    """The run's attempt in which it was taken."""
    kind: str = _text_since()
    """plan, ask, think, tool, land, end or note."""
    started_at: datetime | None = None
    duration_ms: int | None = Field(default=None, sa_type=BigInteger)
    """With the time that a person took to answer."""
    input_tokens: int = _number_since(0)
    output_tokens: int = _number_since(0)
    cost_nano_usd: int = _number_since(0)
    approval_id: str = _text_since()
    """The question that was answered or used in it, the last one."""
    digest: str = _text_since()
    """What that answer was bound to."""
    context: str = _text_since()
    """JSON: what the conversation took of its room, where the model was asked; `covered_by`, the
    steps of the plan that cover it, where a tool was used."""


class SentTextRow(SQLModel, table=True):
    """One message or description of tools, as it left; kept once a run however often it left."""

    __tablename__ = "sent_text"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("run_id", "digest", name="uq_sent_text_digest"),)

    run_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """Counted from nought in each run."""
    tenant_id: str
    digest: str
    """SHA-256 of the content."""
    bytes: int = Field(sa_type=BigInteger)
    content: str | None
    """JSON, after redaction; nothing where the run had sent more than is kept."""


class SentCallRow(SQLModel, table=True):
    """One call of a model in a run: which texts it carried."""

    __tablename__ = "sent_call"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("run_id", "attempt", "step", name="uq_sent_call_place"),)

    id: int | None = Field(default=None, primary_key=True)
    tenant_id: str
    run_id: str
    attempt: int = Field(sa_type=BigInteger)
    step: str
    model: str
    """As it was asked for."""
    at: datetime
    messages: str
    """The numbers of its texts, in order, such as `0-58,61`."""
    tools: int | None = None
    """The number of what it said of tools; nothing where it offered none."""
