"""What happened, in plain words for people: sentences made of the audit trail.

Only what people speak of is told; everything else stands in the trail itself.
"""

from collections.abc import Callable, Mapping
from typing import Literal, cast

from steward.core.audit import AuditEntry
from steward.core.money import NanoUsd, as_usd

Kind = Literal["run", "approval", "change", "budget", "people", "extension", "agent", "folder"]

Said = Callable[[AuditEntry], str]
"""What an entry says in words."""


def sentence(entry: AuditEntry) -> str:
    """What happened, without who did it: `started the run abc`."""
    said = _SAID.get(entry.action)
    return entry.action if said is None else said[1](entry)


def kind_of(action: str) -> Kind | None:
    """What it is about; None for what is not told here."""
    said = _SAID.get(action)
    return None if said is None else said[0]


def actions_of(kind: Kind | None = None) -> frozenset[str]:
    """The actions that are told, of one kind or of all."""
    return frozenset(action for action, (each, _) in _SAID.items() if kind in (None, each))


def run_of(entry: AuditEntry) -> str | None:
    """The run that it belongs to; None where it is none."""
    return entry.subject if kind_of(entry.action) in ("run", "change") else None


def _part(name: str, before: str, otherwise: str = "") -> Said:
    """A sentence that ends with a part of the entry's detail."""

    def said(entry: AuditEntry) -> str:
        value = entry.detail.get(name)
        return f"{before} {value}" if value not in (None, "") else otherwise or before

    return said


def _about(before: str) -> Said:
    """A sentence that ends with what the entry is about, without the word for what that is."""

    def said(entry: AuditEntry) -> str:
        _, _, name = entry.subject.partition(" ")
        return f"{before} {name or entry.subject}"

    return said


def _plain(words: str) -> Said:
    return lambda _entry: words


def _person(entry: AuditEntry) -> str:
    before, after = _map(entry, "before"), _map(entry, "after")
    if not before:
        return f"added {after.get('user')} as {after.get('role')}{_team(after)}"
    if not after:
        return f"removed {before.get('user')} from the organisation"
    changed: list[str] = []
    if before.get("role") != after.get("role"):
        changed.append(f"made {after.get('user')} {after.get('role')}")
    if before.get("team") != after.get("team"):
        team = after.get("team")
        changed.append(f"moved {after.get('user')} to {f'the team {team}' if team else 'no team'}")
    if before.get("is_lead") != after.get("is_lead"):
        does = "lead" if after.get("is_lead") else "no longer lead"
        changed.append(f"let {after.get('user')} {does} the team {after.get('team')}")
    return " and ".join(changed) or f"left {after.get('user')} as they were"


def _budget(entry: AuditEntry) -> str:
    scope = entry.subject.removeprefix("budget ").removeprefix("account ")
    limit, before = entry.detail.get("limit_nano_usd"), entry.detail.get("before_nano_usd")
    return f"set the budget of {scope} to {_sum(limit)}; it was {_sum(before)}"


def _sum(limit: object) -> str:
    return as_usd(NanoUsd(limit)) if isinstance(limit, int) else "without a limit"


def _map(entry: AuditEntry, name: str) -> Mapping[str, object]:
    value = entry.detail.get(name)
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _team(person: Mapping[str, object]) -> str:
    return f" of the team {person['team']}" if person.get("team") else ""


_SAID: Mapping[str, tuple[Kind, Said]] = {
    "run.started": ("run", _plain("started a run")),
    "run.finished": ("run", _part("message", "finished a run:", "finished a run")),
    "run.failed": ("run", _part("message", "had a run fail:", "had a run fail")),
    "run.cancelled": ("run", _plain("cancelled a run")),
    "run.resume_asked": ("run", _plain("let a run go on")),
    "approval.asked": ("approval", _part("title", "was asked:")),
    "approval.approved": ("approval", _part("title", "approved:")),
    "approval.rejected": ("approval", _part("title", "said no to:")),
    "approval.expired": ("approval", _part("title", "left unanswered:")),
    "proposal.applied": ("change", _part("outcome", "landed a change:", "landed a change")),
    "proposal.partial": ("change", _part("outcome", "landed part of a change:")),
    "proposal.refused": ("change", _part("outcome", "did not land a change:")),
    "proposal.stale": ("change", _part("outcome", "could not land a change:")),
    "undo.asked": ("change", _plain("asked to undo a change")),
    "ledger.budget_set": ("budget", _budget),
    "gateway.price_set": ("budget", _about("set the price of")),
    "people.changed": ("people", _person),
    "token.created": ("people", _part("name", "made the token")),
    "token.revoked": ("people", _part("name", "revoked the token")),
    "extension.installed": ("extension", _about("installed the extension")),
    "extension.updated": ("extension", _about("updated the extension")),
    "extension.removed": ("extension", _about("removed the extension")),
    "extension.granted": ("extension", _about("granted something to the extension")),
    "extension.revoked": ("extension", _about("took something back from the extension")),
    "extension.faulted": ("extension", _about("switched off a faulty extension:")),
    "agent.created": ("agent", _about("wrote the agent")),
    "agent.changed": ("agent", _about("changed the agent")),
    "agent.deleted": ("agent", _about("deleted the agent")),
    "trust.given": ("folder", _about("trusts the folder")),
    "trust.refused": ("folder", _about("does not trust the folder")),
}
