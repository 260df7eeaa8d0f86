"""The part of the audit trail that matters for security, in groups, and what is unusual in it.

A day of a group is unusual when it has five entries or more and more than three times as many as
an average day of the four weeks before it. Where there are no four weeks yet, the average is that
of the days there are; the first day of all has nothing to be compared with.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from steward.core.audit_search import DayCount

Group = Literal[
    "sign-ins", "refused changes", "denied tools", "extensions", "foreign hands", "keys and tokens"
]

_GROUPS: Mapping[Group, tuple[str, ...]] = {
    "sign-ins": ("sign_in.failed",),
    "refused changes": (
        "people.refused",
        "token.refused",
        "agent.refused",
        "key.refused",
        "gateway.price_refused",
        "ledger.budget_refused",
    ),
    "denied tools": ("tool.denied", "tool.unplanned"),
    "extensions": ("extension.faulted", "extension.refused"),
    "foreign hands": ("approval.tampered", "audit.broken"),
    "keys and tokens": (
        "token.created",
        "token.revoked",
        "key.added",
        "key.rotated",
        "key.removed",
        "key.resealed",
        "session.opened",
        "session.ended",
    ),
}
"""What belongs together, by the actions that the trail has for it."""

GROUPS: Mapping[Group, str] = {
    "sign-ins": "Somebody showed a token that does not hold.",
    "refused changes": "Somebody tried to change what their role does not include.",
    "denied tools": "An agent wanted what it may not do, or what its plan does not cover.",
    "extensions": "An extension was refused what it was not granted, or failed.",
    "foreign hands": "Something else than Steward wrote in the database.",
    "keys and tokens": "Keys, tokens and sessions at pages came or went.",
}
"""What each group means, in words."""

_WEEKS = timedelta(weeks=4)
LEAST = 5
"""A day with fewer is never unusual."""
TIMES = 3
"""So many times an average day is unusual."""


RULE = (
    f"A day is unusual when it has {LEAST} or more, and more than {TIMES} times as many as an"
    " average day of the four weeks before it."
)


@dataclass(frozen=True, slots=True)
class Day:
    """How much of a group happened on a day."""

    day: date
    count: int
    is_unusual: bool


def actions_of(group: Group | None = None) -> frozenset[str]:
    """The actions of a group, or of all."""
    groups = _GROUPS if group is None else {group: _GROUPS[group]}
    return frozenset(action for actions in groups.values() for action in actions)


def group_of(action: str) -> Group | None:
    """The group that an action belongs to."""
    return next((group for group, actions in _GROUPS.items() if action in actions), None)


def days(counts: Mapping[date, int], first: date, last: date) -> tuple[Day, ...]:
    """Every day from `first` to `last`, with what is unusual marked.

    `counts` begins four weeks before `first`, or when the trail does.
    """
    began = min(counts, default=first)
    found: list[Day] = []
    for day in _days(first, last):
        count = counts.get(day, 0)
        before = [counts.get(each, 0) for each in _days(max(began, day - _WEEKS), day)][:-1]
        found.append(Day(day, count, _is_unusual(count, before)))
    return tuple(found)


def by_group(found: Sequence[DayCount], first: date, last: date) -> dict[Group, tuple[Day, ...]]:
    """Group → every day from `first` to `last`; `found` begins four weeks earlier."""
    # The first day that the whole log knows: before it nothing can be said to be usual.
    began = min((each.day for each in found), default=first)
    counts: dict[Group, Counter[date]] = {group: Counter[date]({began: 0}) for group in GROUPS}
    for each in found:
        group = group_of(each.action)
        if group is not None:
            counts[group][each.day] += each.count
    return {group: days(count, first, last) for group, count in counts.items()}


def looked_at_from(first: date) -> date:
    """The first day whose count says what is usual on `first`."""
    return first - _WEEKS


def _is_unusual(count: int, before: Sequence[int]) -> bool:
    if count < LEAST or not before:
        return False
    return count * len(before) > TIMES * sum(before)


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
