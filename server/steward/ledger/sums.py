"""Usage added up by every dimension: what reports are read from.

A batch counts its calls under all their names together, which is one sum for most batches, and
spreads those over the dimensions once, when it is written.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from steward.ledger.chain import Entry

Dimension = Literal[
    "all",
    "user",
    "workspace",
    "team",
    "provider",
    "model",
    "agent",
    "task",
    "session",
    "extension",
]
"""By what usage is added up."""


EXTENSION = "extension:"
"""Stands before an extension's id where the books have an agent's, and in no agent's id."""


def extension_named(agent: str) -> str:
    """The id of the extension that a call is booked for; empty where it is for none."""
    return agent.removeprefix(EXTENSION) if agent.startswith(EXTENSION) else ""


class Sum(NamedTuple):
    """Where usage is added up: one name of one dimension on one day."""

    tenant_id: str
    dimension: Dimension
    name: str
    day: str


class Names(NamedTuple):
    """Under what a call is counted, by every dimension."""

    tenant_id: str
    day: str
    user: str
    workspace: str
    team: str
    provider: str
    model: str
    agent: str
    task: str
    session: str
    extension: str


@dataclass(slots=True)
class Usages:
    """Calls, tokens and cost, added up."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost_nano_usd: int = 0


def add_up(sums: dict[Sum, Usages], entry: Entry) -> None:
    """Add an entry to the sums of every dimension."""
    used: dict[Names, Usages] = {}
    count(used, entry)
    for names, usages in used.items():
        spread(sums, names, usages)


def count(used: dict[Names, Usages], entry: Entry) -> None:
    """Add an entry to what was used under its names."""
    # What an expired call cost in truth corrects its sum and is no second call.
    calls = 1 if entry.kind in ("settle", "expire") else 0
    if not calls and not entry.spent_change_nano_usd:
        return
    extension = extension_named(entry.agent)
    names = Names(
        entry.tenant_id,
        entry.at[:10],
        entry.user,
        entry.workspace,
        entry.team,
        entry.provider,
        entry.model,
        "" if extension else entry.agent,
        entry.task,
        entry.session,
        extension,
    )
    found = used.get(names)
    if found is None:
        found = used[names] = Usages()
    found.calls += calls
    found.input_tokens += entry.input_tokens
    found.output_tokens += entry.output_tokens
    found.cached_tokens += entry.cached_tokens
    found.cost_nano_usd += entry.spent_change_nano_usd


_NAMED: tuple[Dimension, ...] = (
    "user",
    "workspace",
    "team",
    "provider",
    "model",
    "agent",
    "task",
    "session",
    "extension",
)
"""The dimensions of `Names`, behind the tenant and the day."""


def spread(sums: dict[Sum, Usages], names: Names, usages: Usages) -> None:
    """Add what was used under its names to the sum of each."""
    tenant_id, day = names[:2]
    _add(sums, Sum(tenant_id, "all", "", day), usages)
    for dimension, name in zip(_NAMED, names[2:], strict=True):
        if name:
            _add(sums, Sum(tenant_id, dimension, name, day), usages)


def _add(sums: dict[Sum, Usages], key: Sum, usages: Usages) -> None:
    found = sums.get(key)
    if found is None:
        found = sums[key] = Usages()
    found.calls += usages.calls
    found.input_tokens += usages.input_tokens
    found.output_tokens += usages.output_tokens
    found.cached_tokens += usages.cached_tokens
    found.cost_nano_usd += usages.cost_nano_usd
