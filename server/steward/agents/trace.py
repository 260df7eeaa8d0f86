"""What each step of a run took: time, tokens and money, and the answer that it had."""

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session, bindparam, col, or_, select

from steward.agents.run import RunLog, kind_of, step_row
from steward.agents.tables import RunStepRow
from steward.agents.workflows.journal import Journal, JsonObject
from steward.core.errors import StewardError, UnavailableError
from steward.core.events import StepTaken
from steward.core.money import NanoUsd
from steward.ledger.reading import RunTotals, run_totals
from steward.permissions.tables import ApprovalRow

_TITLES = {
    "gather": "Looked around",
    "plan": "Made a plan",
    "ask": "Asked about the plan",
    "think": "Asked the model what to do next",
    "tool": "Used a tool",
    "land": "Landed a proposal",
    "end": "The end",
    "note": "",
}
"""Of a step that has not given itself one."""
_BEFORE = text(
    "SELECT CAST(COALESCE(SUM(input_tokens), 0) AS BIGINT) AS input_tokens,"
    " CAST(COALESCE(SUM(output_tokens), 0) AS BIGINT) AS output_tokens,"
    " CAST(COALESCE(SUM(cost_nano_usd), 0) AS BIGINT) AS cost_nano_usd"
    " FROM run_step WHERE run_id = :run_id AND id <> :id"
)


def for_agent(journal: Journal, agent_id: str) -> Journal:
    """The same journal, whose steps from here on are another agent's."""
    return replace(journal, agent_id=agent_id) if isinstance(journal, TracedJournal) else journal


@dataclass(frozen=True, slots=True)
class TracedJournal:
    """A journal whose steps are measured when they are taken; replayed ones are not."""

    journal: Journal
    log: RunLog
    run_id: str
    agent_id: str

    async def step(self, name: str, work: Callable[[], Awaitable[JsonObject]]) -> JsonObject:
        """As the journal below."""

        async def measured() -> JsonObject:
            clock = self.log.clock
            began, started_at = clock.monotonic_s(), clock.now()
            value: JsonObject = {}
            error: StewardError | None = None
            self.log.at_work[self.run_id] = (name, ())
            try:
                value = await work()
            except StewardError as raised:
                error = raised
                raise
            else:
                return value
            finally:
                self.log.at_work.pop(self.run_id, None)
                took_ms = round((clock.monotonic_s() - began) * 1000)
                if value or error is not None:  # It was not cancelled.
                    self._trace(_measured(name, started_at, took_ms, error, value))
                    self._tell(name, value, error, took_ms)

        return await self.journal.step(name, measured)

    def _tell(self, name: str, value: JsonObject, error: StewardError | None, took_ms: int) -> None:
        kind = kind_of(name)
        subject = (
            "plan"
            if name.rpartition("/")[2].startswith("ask-plan")
            else str(value.get("subject", ""))
        )
        outcome = _outcome(kind, value) if error is None else error.code
        self.log.events.send(StepTaken(self.run_id, self.agent_id, kind, subject, outcome, took_ms))

    def _trace(self, measured: "_Measured") -> None:
        """Nobody waits for it: a trace is worth no delay, and is written behind the step itself."""
        now = self.log.clock.now()
        with suppress(UnavailableError):
            self.log.database.hand_in(lambda session: _write(session, self.run_id, measured, now))


def _measured(
    name: str, started_at: datetime, took_ms: int, error: StewardError | None, value: JsonObject
) -> "_Measured":
    context = value.get("context")
    told = None if error is None else str(error)
    kept = context if isinstance(context, str) else ""
    if "covered_by" in value:
        kept = json.dumps({"covered_by": value["covered_by"]})
    return _Measured(name, started_at, took_ms, told, kept)


def _outcome(kind: str, value: JsonObject) -> str:
    """What became of a step, by what it left behind."""
    match kind:
        case "plan":
            return "ok" if "plan" in value else "unread" if "unread" in value else "capped"
        case "ask" if "edited" in value:
            return "edited"
        case "ask" if "state" not in value:
            return "approved" if value.get("approved") else "rejected"
        case "tool":
            return str(value.get("code") or "ok")
        case "land" if value.get("part") and value.get("state") == "applied":
            return "partial"  # What the person did not keep was refused.
        case _:
            return str(value.get("state") or "ok")


@dataclass(frozen=True, slots=True)
class _Measured:
    name: str
    started_at: datetime
    took_ms: int
    error: str | None
    context: str = ""
    """What the conversation took of its room, where a model was asked; and where a tool was used,
    which steps of the plan cover that."""


def _write(session: Session, run_id: str, measured: _Measured, now: datetime) -> None:
    row = step_row(session, run_id, measured.name)
    if row is None:
        return
    row.started_at, row.duration_ms, row.at = measured.started_at, measured.took_ms, now
    row.title = row.title or _TITLES[kind_of(measured.name)]
    row.context = measured.context
    if measured.error is not None:
        row.ok, row.detail = False, row.detail or measured.error
    before = _booked_before(session, row)
    totals = run_totals(session, run_id)
    # A run takes one step at a time: what was booked since the last one was booked in this one.
    row.input_tokens = max(0, totals.input_tokens - before.input_tokens)
    row.output_tokens = max(0, totals.output_tokens - before.output_tokens)
    row.cost_nano_usd = max(0, totals.cost_nano_usd - before.cost_nano_usd)
    row.approval_id, row.digest = _answer(session, row, measured.started_at)
    session.add(row)


def _booked_before(session: Session, row: RunStepRow) -> RunTotals:
    found = session.connection().execute(_BEFORE, {"run_id": row.run_id, "id": row.id or 0}).one()
    return RunTotals(found.input_tokens, found.output_tokens, NanoUsd(found.cost_nano_usd))


def _answer(session: Session, row: RunStepRow, since: datetime) -> tuple[str, str]:
    """The answer that was given or used since then, and in no step before, if there was one."""
    asked = {"run_id": row.run_id, "name": row.name, "since": since}
    found = session.connection().execute(_ANSWER, asked).first()
    return ("", "") if found is None else (found.id, found.digest)


# Made once: it is asked for behind each step, and making it takes longer than the answer.
_ANSWER = (
    select(ApprovalRow.id, ApprovalRow.digest)
    .where(
        ApprovalRow.run_id == bindparam("run_id"),
        or_(
            col(ApprovalRow.answered_at) >= bindparam("since"),
            col(ApprovalRow.used_at) >= bindparam("since"),
        ),
        col(ApprovalRow.id).not_in(
            select(RunStepRow.approval_id).where(
                RunStepRow.run_id == bindparam("run_id"),
                RunStepRow.approval_id != "",
                RunStepRow.name != bindparam("name"),
            )
        ),
    )
    .order_by(col(ApprovalRow.answered_at).desc())
    .limit(1)
)
