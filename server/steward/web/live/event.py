"""What a socket carries: arrays of these, as JSON."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from steward.core.described import Described
from steward.core.outbox import Happening

Kind = Literal["cost", "run", "approval", "extension", "budget"]
"""What can be followed."""
KINDS: frozenset[str] = frozenset(("cost", "run", "approval", "extension", "budget"))


class _Told(Described):
    """A value that leaves: nothing in it changes, and nothing is in it that was not named."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cost(_Told):
    """A call of a model was paid for, or several that differ in nothing but their figures."""

    model: str
    agent: str
    """Empty where no agent called."""
    task: str
    cost_nano_usd: int
    """Below nought where a call turned out to be cheaper than what was booked for it."""
    input_tokens: int
    output_tokens: int
    user_today_nano_usd: int
    """What the person's calls of that day cost by then."""


class RunChange(_Told):
    """A run began, came to another state, or ended a step."""

    change: Literal["begun", "state", "step"]
    state: str
    agent: str
    attempt: int
    step: str | None = None
    """The step that ended."""
    outcome: Literal["ok", "failed"] | None = None
    """How."""


class ApprovalChange(_Told):
    """A question was put, answered, used, or is over."""

    state: str
    about: str
    """What kind of question it is."""
    run_id: str


class ExtensionChange(_Told):
    """An extension was installed, changed or removed, or something became of what it did."""

    change: str
    """`installed`, `changed`, `removed`, `strike`, or what happened."""
    state: str | None = None
    version: str | None = None
    what: str | None = None
    """Of a strike its kind, else what happened."""


class BudgetChange(_Told):
    """A budget was set or removed, or an account passed a mark."""

    change: Literal["set", "removed", "passed"]
    limit_nano_usd: int | None
    soft_limit_nano_usd: int | None
    mark: str | None = None
    """Of an account that passed one: `soft`, or so many hundredths of the limit."""
    period: str | None = None
    spent_nano_usd: int | None = None


Detail = Cost | RunChange | ApprovalChange | ExtensionChange | BudgetChange


class LiveEvent(_Told):
    """Something that was committed. There is nothing in it that anybody wrote."""

    seq: int
    """Its place; later ones have higher numbers, and numbers may be left out."""
    at: datetime
    """By the database's clock."""
    kind: Kind
    user: str
    """Whom it concerns; empty where it is nobody alone."""
    team: str
    workspace: str
    subject: str
    """The run's id (also of a cost), the approval's or extension's, the budget's scope."""
    detail: Detail


class Hello(_Told):
    """The first that a socket says."""

    kind: Literal["hello"] = "hello"
    seq: int
    """Where everything that happens now comes behind."""
    resumed: bool
    """Whether nothing is missing behind the number that was asked for."""
    reset: bool
    """Whether it was asked for in vain: reload, and go on from `seq`."""


class Mark(_Told):
    """Said now and then: up to here nothing was left out."""

    kind: Literal["mark"] = "mark"
    seq: int


Said = Annotated[LiveEvent | Hello | Mark, Field(union_mode="smart")]
"""One element of a message."""


def as_text(happening: Happening) -> str:
    """The JSON of an event; its kind is one of `KINDS`."""
    return _json(
        {
            "seq": happening.seq,
            "at": happening.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "kind": happening.kind,
            "user": happening.user,
            "team": happening.team,
            "workspace": happening.workspace,
            "subject": happening.subject,
            "detail": _detail(happening.detail),
        }
    )


def _detail(written: str) -> Any:
    try:
        # SQLite's triggers leave control characters as they are.
        return json.loads(written, strict=False)
    except ValueError:
        return {}  # Somebody wrote into the outbox; that must not end the server.


def message(elements: Iterable[str]) -> bytes:
    """A message of elements that are JSON already."""
    return f"[{','.join(elements)}]".encode("ascii")


def said(element: Hello | Mark) -> bytes:
    """A message that says one thing of the socket itself."""
    return message((_json(element.model_dump(mode="json")),))


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))
