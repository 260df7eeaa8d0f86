"""What was spent and what was done, as pages a person can read in the editor."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from steward.core.money import as_usd
from steward.lsp.features.commands import Arguments
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session
from steward.workspace.markdown import inline

if TYPE_CHECKING:
    from steward.core.audit import AuditEntry
    from steward.ledger.charge import Call, Standing

_LISTED_MAX = 200


async def usage(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """What model calls cost: `{runId?}` → `{markdown, entries}`."""
    run_id = arguments.get("runId")
    calls = await rooms.ledger.calls(
        rooms.principal, run_id if isinstance(run_id, str) else None, _LISTED_MAX
    )
    standing = await rooms.ledger.standing(rooms.principal)
    return {
        "markdown": _usage_page(calls, standing),
        "entries": [
            {
                "at": call.at.isoformat(),
                "task": call.task,
                "provider": call.provider,
                "model": call.model,
                "attempt": call.attempt,
                "inputTokens": call.usage.input_tokens,
                "outputTokens": call.usage.output_tokens,
                "cachedTokens": call.usage.cached_tokens,
                "cost": as_usd(call.cost_nano_usd),
                "costNanoUsd": call.cost_nano_usd,
                "savedNanoUsd": call.measured.saved_nano_usd,
                "state": call.state,
                "estimated": call.is_estimated,
                "runId": call.run_id,
            }
            for call in calls
        ],
    }


async def audit_trail(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Who decided and did what: `{runId?}` → `{markdown, verified, entries}`."""
    # Imported here because it brings the database layer along, which loads after `initialize`.
    from steward.core.audit import read, verify

    run_id = arguments.get("runId")
    subject = run_id if isinstance(run_id, str) else None
    tenant = rooms.principal.tenant_id
    entries = await rooms.database.read(
        lambda session: read(session, subject, _LISTED_MAX, tenant_id=tenant)
    )
    verdict = await rooms.database.read(verify)
    return {
        "markdown": _audit_page(entries, is_intact=verdict.is_intact),
        "verified": verdict.is_intact,
        "entries": [
            {
                "seq": entry.seq,
                "at": entry.at.isoformat(),
                "actor": entry.actor,
                "action": entry.action,
                "subject": entry.subject,
                "detail": dict(entry.detail),
            }
            for entry in entries
        ],
    }


def _usage_page(calls: "Sequence[Call]", standing: "Standing") -> str:
    lines = [
        "# What Steward spent",
        "",
        f"Today {as_usd(standing.spent_today)}, this month {as_usd(standing.spent)} of"
        f" {_limit(standing.limit)}; set aside {as_usd(standing.reserved)}. The next"
        f" month's budget begins on {standing.resets_on.isoformat()}.",
        "",
        "| at (UTC) | task | model | tokens in | cached | out | cost | state |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    lines += [
        f"| {call.at:%m-%d %H:%M:%S} | {call.task} | {_model(call)} | {call.usage.input_tokens}"
        f" | {call.usage.cached_tokens} | {call.usage.output_tokens}"
        f" | {as_usd(call.cost_nano_usd)} | {_state(call)} |"
        for call in reversed(calls)
    ]
    return "\n".join(lines) + "\n"


def _model(call: "Call") -> str:
    return f"{call.provider}/{call.model}" if call.provider else call.model


def _state(call: "Call") -> str:
    """How the call ended, and what is unusual about it."""
    unusual = [
        *(["estimated"] if call.is_estimated else []),
        *([f"attempt {call.attempt}"] if call.attempt > 1 else []),
        *(
            [f"known already, {as_usd(call.measured.saved_nano_usd)} saved"]
            if call.measured.saved_nano_usd
            else []
        ),
    ]
    return f"{call.state} ({', '.join(unusual)})" if unusual else call.state


def _limit(nano_usd: int | None) -> str:
    return "no limit" if nano_usd is None else as_usd(nano_usd, places=2)


def _audit_page(entries: "Sequence[AuditEntry]", *, is_intact: bool) -> str:
    chain = "The chain of entries is intact." if is_intact else "**The chain is broken.**"
    lines = ["# Audit trail", "", chain, "", "| at (UTC) | who | what | about |"]
    lines.append("| --- | --- | --- | --- |")
    lines += [
        f"| {entry.at:%m-%d %H:%M:%S} | {entry.actor} | {entry.action} | {_about(entry)} |"
        for entry in reversed(entries)
    ]
    return "\n".join(lines) + "\n"


def _about(entry: "AuditEntry") -> str:
    told = entry.detail.get("title") or entry.detail.get("tool") or entry.detail.get("outcome")
    about = told or entry.detail.get("message") or entry.detail.get("reason") or ""
    return f"{inline(str(about))} ({entry.subject[:8]})"
