"""What left for a model in a run, message by message, for whoever wants to see it.

It is kept as it leaves: after redaction, by the same code. A text is kept once a run, however many
calls carried it, so that a long conversation does not grow with the square of its length.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import func
from sqlmodel import Session, bindparam, col, insert, select

from steward.agents.asked import run_of
from steward.agents.run import RunSpecification
from steward.agents.tables import RunRow, SentCallRow, SentTextRow
from steward.core.agent_limits import SENT_MESSAGES_KNOWN_MAX, SENT_RUN_BYTES_MAX
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import NotPermittedError
from steward.core.principal import Principal
from steward.gateway.call.prepare import without_secrets
from steward.gateway.request import Message, ModelRequest, ToolSpec


@dataclass(frozen=True, slots=True)
class SentText:
    """A message, or what was said of the tools, as it left."""

    digest: str
    """SHA-256 of its JSON."""
    bytes: int
    value: Any
    """The JSON value; None where the run had sent more than is kept."""

    @property
    def is_tools(self) -> bool:
        """Whether it says what tools there are, and is no message."""
        return isinstance(self.value, list)


@dataclass(frozen=True, slots=True)
class SentCall:
    """One call of a model, as it left."""

    step: str
    attempt: int
    model: str
    at: str
    messages: tuple[SentText, ...]
    """Each `{role, content}`, with `tool_calls` and `tool_call_id` where there are some."""
    tools: SentText | None
    """The offered tools, each `{name, description, parameters}`; None where none was offered."""


@dataclass(frozen=True, slots=True)
class _Carrier:
    """What a call belongs to: a run in one of its attempts, or something with an id of its own."""

    id: str
    tenant_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class _Text:
    digest: str
    content: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Sent:
    """Keeps what leaves."""

    database: Database
    clock: Clock
    bytes_max: int = SENT_RUN_BYTES_MAX
    """Of one run; what comes beyond is named and left out."""
    _known: dict[tuple[str, Message], str] = field(default_factory=dict[tuple[str, Message], str])
    """Message of a run → its digest, of those that are written down."""

    async def keep(
        self,
        specification: RunSpecification,
        step: str,
        model: str,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
    ) -> None:
        """Write down what this step sends to a model. A replayed step overwrites its own call."""
        run_id = specification.run_id

        def carrier(session: Session) -> _Carrier:
            run = session.get_one(RunRow, run_id)
            return _Carrier(run.id, run.tenant_id, run.attempt)

        await self._keep(run_id, carrier, step, model, messages, tools)

    async def keep_apart(
        self, run_id: str, tenant_id: str, step: str, model: str, messages: Sequence[Message]
    ) -> None:
        """The same for a call that belongs to no run, under an id of its own."""
        carrier = _Carrier(run_id, tenant_id, attempt=1)
        await self._keep(run_id, lambda _session: carrier, step, model, messages, ())

    async def _keep(
        self,
        run_id: str,
        carrier_in: Callable[[Session], _Carrier],
        step: str,
        model: str,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
    ) -> None:
        now = self.clock.now()
        fresh = [message for message in messages if (run_id, message) not in self._known]
        texts, offered = await _as_sent(fresh, tools)
        by_message = dict(zip(fresh, texts, strict=True))
        digests = [
            by_message[each].digest if each in by_message else self._known[run_id, each]
            for each in messages
        ]

        def work(session: Session) -> None:
            run = carrier_in(session)
            new = texts if offered is None else [*texts, offered]
            numbers = self._numbers(session, run, new, digests)
            row = _call_row(session, run, step, now)
            row.model, row.at = model, now
            row.messages = _as_ranges(numbers[each] for each in digests)
            row.tools = None if offered is None else numbers[offered.digest]
            session.add(row)

        await self.database.run(work)
        if len(self._known) + len(fresh) > SENT_MESSAGES_KNOWN_MAX:
            self._known.clear()
        self._known.update({(run_id, each): text.digest for each, text in by_message.items()})

    def _numbers(
        self, session: Session, run: _Carrier, texts: Sequence[_Text], digests: Sequence[str]
    ) -> dict[str, int]:
        """Digest → the number of its text, for all of these; what is new is written down."""
        wanted = {*digests, *(text.digest for text in texts)}
        asked = {"run_id": run.id, "wanted": list(wanted)}
        found = session.connection().execute(_NUMBERS, asked)
        numbers: dict[str, int] = {row.digest: row.number for row in found}
        new = {text.digest: text for text in texts if text.digest not in numbers}
        if not new:
            return numbers
        last, held = session.connection().execute(_HELD, {"run_id": run.id}).one()
        rows: list[dict[str, object]] = []
        for number, text in enumerate(new.values(), int(last) + 1):
            held += text.bytes
            row: dict[str, object] = {
                "run_id": run.id,
                "number": number,
                "tenant_id": run.tenant_id,
                "digest": text.digest,
                "bytes": text.bytes,
                "content": text.content if held <= self.bytes_max else None,
            }
            rows.append(row)
            numbers[text.digest] = number
        session.connection().execute(_NEW, rows)
        return numbers


# Made once: they are asked for at each call, and making them takes longer than the answers.
_NUMBERS = select(SentTextRow.digest, SentTextRow.number).where(
    SentTextRow.run_id == bindparam("run_id"),
    col(SentTextRow.digest).in_(bindparam("wanted", expanding=True)),
)
_HELD = select(
    func.coalesce(func.max(col(SentTextRow.number)), -1),
    # Of what is left out nothing is held; only its size is known.
    func.coalesce(func.sum(func.length(col(SentTextRow.content))), 0),
).where(SentTextRow.run_id == bindparam("run_id"))
_NEW = insert(SentTextRow)
_CALL = select(SentCallRow).where(
    SentCallRow.run_id == bindparam("run_id"),
    SentCallRow.attempt == bindparam("attempt"),
    SentCallRow.step == bindparam("step"),
)


def sent_in_own(
    session: Session, principal: Principal, run_id: str, step: str | None = None
) -> tuple[SentCall, ...]:
    """What a person's own run sent, call by call; only one step's where one is named.

    Raises:
        NotFoundError: there is no such run that they may see.
        NotPermittedError: it is somebody else's.
    """
    if run_of(session, principal, run_id).user != principal.user:
        raise NotPermittedError("What a run sent is shown to its own person alone.")
    return sent_in(session, run_id, step)


def sent_in(session: Session, run_id: str, step: str | None = None) -> tuple[SentCall, ...]:
    """What a run sent, call by call; only one step's where one is named."""
    calls = session.exec(
        select(SentCallRow)
        .where(SentCallRow.run_id == run_id, *(() if step is None else (SentCallRow.step == step,)))
        .order_by(col(SentCallRow.id))
    ).all()
    rows = session.exec(select(SentTextRow).where(SentTextRow.run_id == run_id))
    texts = {row.number: _sent_text(row) for row in rows}
    return tuple(
        SentCall(
            call.step,
            call.attempt,
            call.model,
            call.at.isoformat(),
            tuple(texts[number] for number in _numbers_in(call.messages)),
            None if call.tools is None else texts[call.tools],
        )
        for call in calls
    )


def _sent_text(row: SentTextRow) -> SentText:
    return SentText(row.digest, row.bytes, None if row.content is None else json.loads(row.content))


def _call_row(session: Session, run: _Carrier, step: str, at: datetime) -> SentCallRow:
    place = {"run_id": run.id, "attempt": run.attempt, "step": step}
    row = session.exec(_CALL, params=place).first()
    return row or SentCallRow(
        tenant_id=run.tenant_id,
        run_id=run.id,
        attempt=run.attempt,
        step=step,
        model="",
        at=at,
        messages="",
    )


async def _as_sent(
    messages: Sequence[Message], tools: Sequence[ToolSpec]
) -> tuple[list[_Text], _Text | None]:
    request = ModelRequest("", "agent", tuple(messages), output_tokens_max=1, tools=tuple(tools))
    left = cast(ModelRequest, await without_secrets(request))
    offered = [
        {"name": each.name, "description": each.description, "parameters": each.parameters}
        for each in left.tools
    ]
    return [_text(_message(each)) for each in left.messages], _text(offered) if offered else None


def _message(message: Message) -> dict[str, object]:
    value: dict[str, object] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        value["tool_calls"] = [
            {"id": call.id, "name": call.name, "arguments": call.arguments}
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        value["tool_call_id"] = message.tool_call_id
    return value


def _text(value: object) -> _Text:
    # As ASCII: what an editor sends may hold halves of characters, which no database takes.
    content = json.dumps(value)
    encoded = content.encode("ascii")
    return _Text(hashlib.sha256(encoded).hexdigest(), content, len(encoded))


def _as_ranges(numbers: Iterable[int]) -> str:
    """Numbers in short: `0-58,61`. A conversation that only grows takes a few characters."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def _numbers_in(ranges: str) -> Iterable[int]:
    for each in ranges.split(",") if ranges else ():
        first, _, last = each.partition("-")
        yield from range(int(first), int(last or first) + 1)
